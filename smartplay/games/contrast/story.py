"""Long Text Understanding: where eight animals hang at the end of a story of 32 to 6 400 words."""

from __future__ import annotations

import random
from collections.abc import Iterator

from smartplay.games.contrast.cues import ANIMALS
from smartplay.games.contrast.house import DOORS, Kind, capital, listed, shuffled

HUNG = 8
SENTENCES_OF_PARAGRAPH = (3, 6)
HUNG_UP = (
    "{when}, {who} hung the {animal} at the {door} door.",
    "the {animal} was given its place at the {door} door {when}.",
    "at the {door} door {who} put up the {animal} {when}.",
    "the {animal} came to the house {when} and was hung at the {door} door.",
    "{who} painted the {animal} {when}, and it was hung at the {door} door.",
    "{when}, the {animal} was nailed to the wall at the {door} door.",
    "since {who} asked for it, the {animal} was hung at the {door} door {when}.",
)
EXCHANGED = (
    "{when}, {who} exchanged all animals at {a} and {b}, and likewise those at {c} and {d}.",
    "{when}, the animals at {a} were carried to {b} and those at {b} to {a}; {c} and {d} did the "
    "same.",
    "{who} let {a} and {b} trade their animals {when}, and also {c} and {d}.",
    "{when}, the animals at {a} and {b} changed places, as did those at {c} and {d}.",
    "{when}, whatever animals hung at {a} went to {b}, what hung at {b} went to {a}, and {c} and "
    "{d} were treated in the same way.",
    "{when}, the animals of {a} were hung at {b} and those of {b} at {a}, those of {c} at {d} and "
    "those of {d} at {c}.",
)
LEFT = (
    "{when}, {who} took the animals down at {a} and {b} and at {c} and {d}, and put each back.",
    "{when}, the animals at {a} and {b} were washed, as were those at {c} and {d}.",
    "{who} counted the animals at {a} and {b} {when}, and also those at {c} and {d}.",
    "{when}, the animals at {a} and {b} were given new nails, as were those at {c} and {d}.",
)
ALMOST = (
    "{when}, {who} wished to exchange the animals at {a} and {b}, and likewise those at {c} and "
    "{d}, but was talked out of it.",
    "{when}, it was said in jest that the animals at {a} and {b} had changed places, as had those "
    "at {c} and {d}.",
    "{who} exchanged the curtains at {a} and {b} {when}, and likewise those at {c} and {d}.",
    "{when}, the lamps at {a} and {b} changed places, as did those at {c} and {d}.",
    "{who} forbade {when} that the animals at {a} and {b} be exchanged, and those at {c} and {d}.",
    "{when}, the mats at {a} were carried to {b} and those at {b} to {a}; {c} and {d} did the "
    "same.",
)
OTHERS = (
    "{when}, {who} {did} {thing} {where}{tail}.",
    "{who} {did} {thing} {where} {when}{tail}.",
    "nobody remembers why {who} {did} {thing} {when}.",
    "it is said that {who} {did} {thing} {where}{tail}.",
    "{when}, {who} {did} {thing} and {then}.",
    "{where} {who} once {did} {thing}{tail}.",
    "people still talk about how {who} {did} {thing} {when}.",
    "when {who} {did} {thing}, {other} {then}.",
    "{who} {did} {thing} twice, first {where} and then {elsewhere}{tail}.",
    "after {who} had {done} {thing}, {other} {then}.",
)
VERBS = {
    "mended": "mended", "sold": "sold", "painted": "painted", "lost": "lost", "found": "found",
    "borrowed": "borrowed", "praised": "praised", "measured": "measured", "hid": "hidden",
    "polished": "polished", "forgot": "forgotten", "admired": "admired", "drew": "drawn",
    "bought": "bought", "repaired": "repaired", "inherited": "inherited", "dropped": "dropped",
    "described": "described", "wrapped up": "wrapped up", "gave away": "given away",
}  # fmt: skip
WHO = (
    "the keeper", "the miller's daughter", "an old sailor", "the baker", "a travelling painter",
    "the cook", "a lady from the valley", "the clockmaker", "a retired judge", "the gardener",
    "a schoolteacher", "the ferryman", "the doctor's widow", "a young mason", "the postman",
    "a guest from the coast", "the chimney sweep", "the tailor", "a piper", "the night watchman",
    "the keeper's aunt", "a dealer in salt", "the beekeeper", "a student of law", "the smith",
    "the innkeeper", "a monk on his way south", "the town clerk", "a retired pilot", "the carter",
)  # fmt: skip
THINGS = (
    "a brass lamp", "the kitchen clock", "an iron kettle", "the tall ladder", "a box of candles",
    "the garden bench", "a copper bath", "the best teapot", "a bundle of letters", "a fiddle",
    "an oak chest", "the cellar key", "a straw hat", "the weathercock", "a pair of boots",
    "the long table", "a map of the valley", "the dinner bell", "a wooden horse", "a rain barrel",
    "a basket of pears", "the guest book", "a broken mirror", "the coal shovel", "a silver spoon",
    "a sack of flour", "the large umbrella", "two feather beds", "a jar of honey", "the old sledge",
    "a cage without a bird", "the chessboard", "a painting of the sea", "the spare wheel",
    "a drawing of the {animal}", "a song about the {animal}", "a small carved {animal}",
)  # fmt: skip
WHERE = (
    "in the long corridor", "under the stairs", "in the winter kitchen", "behind the stable",
    "near the old well", "in the tower room", "in the music room", "at the garden gate",
    "in the attic", "next to the bread oven", "on the landing", "in the laundry", "by the pond",
    "between two apple trees", "in the cellar", "in the wood shed", "on the roof", "in the porch",
    "close to the {door} door", "not far from the {door} door", "in sight of the {door} door",
)  # fmt: skip
WHEN = (
    "in a wet spring", "in a hot summer", "late one autumn", "in the coldest winter",
    "shortly before harvest", "between two fairs", "in the year of the flood", "one Sunday",
    "after the mill had burned down", "when the river froze over", "on a foggy morning",
    "before the bridge was built", "while the road was closed", "on the longest day of the year",
    "during a thunderstorm", "in the week of the great fair", "after a bad night", "one evening",
    "when the lime tree fell", "at the time of the first frost", "on a market day", "years later",
)  # fmt: skip
THEN = (
    "said nothing about it", "went home early", "laughed until supper", "wrote to a cousin",
    "slept for a whole day", "asked for more soup", "counted the spoons", "bought a dog",
    "took up the flute", "locked the pantry", "sent for the doctor", "opened all the windows",
    "planted a row of beans", "learnt to swim", "moved to the coast", "gave up pipe smoking",
)  # fmt: skip
TAIL = (
    "", "", "", ", and nobody was surprised", ", which took three days", ", much to the delight of "
    "the children", ", but only after supper", ", without a word", ", as far as anyone knows",
    ", and was thanked for it", ", to win a bet", ", although it was raining", ", for no reason at "
    "all", ", and did so again the next day", ", with some help from the neighbours",
)  # fmt: skip


class Story(Kind):
    """The manual tells, in a few words or many, where each animal was hung and what changed.

    The animals are hung up in the first half; in the second, all doors exchange their animals in
    pairs now and then, the last time near the end. Each time the three exchanges and none at all
    are equally likely, so who misses one of them knows nothing.
    """

    values = (32, 64, 100, 160, 250, 400, 640, 1000, 1600, 2500, 4000, 6400)
    size = 50_000

    def _begin(self) -> None:
        rng = self.rng
        self._animals = rng.sample(ANIMALS, HUNG)
        doors = dict(zip(self._animals, shuffled(rng, [*range(4), *range(4)]), strict=True))
        changes = [_change(rng) for _ in range(_number_of_changes(self.value))]
        self._doors = {a: _changed(changes, door) for a, door in doors.items()}
        self.story = _story(rng, doors, changes, int(self.value))

    def _draw(self) -> None:
        self._shown = self.rng.choice(self._animals)
        self.right = self._doors[self._shown]

    def manual(self, rounds: str) -> str:
        """The rules and the story."""
        return (
            f"{rounds} Right is the door at which the sign's animal hangs at the end of this story."
            f"\n\n{self.story}"
        )

    def text(self) -> str:
        """The sign."""
        return f"The sign shows the {self._shown}."


Change = tuple[list[int], bool]
"""Two pairs of doors, one after the other, and whether they exchange their animals."""


def _number_of_changes(words: float) -> int:
    return sum(words >= least for least in (64, 160, 400))


def _change(rng: random.Random) -> Change:
    first = shuffled(rng, range(4))
    return first, rng.random() < 0.75


def _changed(changes: list[Change], door: int) -> int:
    for pairs, exchanged in changes:
        if exchanged:
            door = pairs[pairs.index(door) ^ 1]
    return door


def _told_change(rng: random.Random, change: Change) -> str:
    pairs, exchanged = change
    return _sentence(rng, rng.choice(EXCHANGED if exchanged else LEFT), pairs)


def _at_first(rng: random.Random, doors: dict[str, int]) -> str:
    parts = []
    for door in shuffled(rng, range(len(DOORS))):
        one, other = (animal for animal, there in doors.items() if there == door)
        hung = " hung" if not parts else ""
        parts.append(f"the {one} and the {other}{hung} at {DOORS[door]}")
    return f"At first {listed(parts)}."


def _story(rng: random.Random, doors: dict[str, int], changes: list[Change], words: int) -> str:
    """The story in paragraphs, of about so many words."""
    first = [_at_first(rng, doors)]
    if words >= 160:
        first = [
            _sentence(rng, rng.choice(HUNG_UP), animal=animal, door=DOORS[door])
            for animal, door in shuffled(rng, list(doors.items()))
        ]
    second = [_told_change(rng, change) for change in changes]
    if words >= 250:
        second[:-1] = shuffled(
            rng, [*second[:-1], *(_sentence(rng, rng.choice(ALMOST)) for _ in changes)]
        )
    free = words - sum(len(each.split()) for each in (*first, *second))
    other = _others(rng, list(doors), free) if words >= 100 else []
    half = len(other) // 2
    tail = other[len(other) - len(other) // 12 :]
    told = [
        *_merged(rng, first, other[:half]),
        *_merged(rng, second, other[half : len(other) - len(tail)]),
        *tail,
    ]
    return "\n\n".join(_paragraphs(rng, told))


def _others(rng: random.Random, animals: list[str], words: int) -> list[str]:
    """Sentences that matter not at all, of about so many words together."""
    found: list[str] = []
    while words > 0:
        sentence = _sentence(rng, rng.choice(OTHERS), animal=rng.choice(animals))
        words -= len(sentence.split())
        if words > -6:
            found.append(sentence)
    return found


def _merged(rng: random.Random, told: list[str], other: list[str]) -> list[str]:
    """Both lists in one, each in its order, but the last of `told` at the end."""
    if not told:
        return other
    number = len(told) + len(other) - 1
    places = set(rng.sample(range(number), len(told) - 1))
    told_one, other_one = iter(told), iter(other)
    merged = [next(told_one if k in places else other_one) for k in range(number)]
    return [*merged, *told_one]


def _paragraphs(rng: random.Random, sentences: list[str]) -> Iterator[str]:
    while sentences:
        length = rng.randint(*SENTENCES_OF_PARAGRAPH)
        yield " ".join(sentences[:length])
        sentences = sentences[length:]


def _sentence(rng: random.Random, form: str, pairs: list[int] | None = None, **words: str) -> str:
    """Fill in a form; what is not given is drawn."""
    verb = rng.choice(list(VERBS))
    who, other = rng.sample(WHO, 2)
    where, elsewhere = rng.sample(WHERE, 2)
    a, b, c, d = (DOORS[door] for door in pairs or shuffled(rng, range(len(DOORS))))
    words = {"door": rng.choice(DOORS), "animal": "", **words}
    filled = form.format(
        when=rng.choice(WHEN), who=who, other=other, did=verb, done=VERBS[verb],
        thing=rng.choice(THINGS).format(**words), then=rng.choice(THEN), tail=rng.choice(TAIL),
        where=where.format(**words), elsewhere=elsewhere.format(**words), a=a, b=b, c=c, d=d,
        **words,
    )  # fmt: skip
    return capital(filled)
