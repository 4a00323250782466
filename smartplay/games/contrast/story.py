"""Long Text Understanding: where eight animals hang at the end of a story of 32 to 6 400 words."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from smartplay.games.contrast.cues import ANIMALS
from smartplay.games.contrast.house import DOORS, Kind, capital, listed, shuffled

HUNG, TIMES, LONG = 8, 4, 400
FEW_CHANGES = {32: 0, 64: 2, 100: 3, 160: 4, 250: 6}
"""How many changes there are in stories of less than `LONG` words."""
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
    "{when}, {who} let the {one} and the {two} change places.",
    "{when}, the {one} was put where the {two} had been, and the {two} where the {one} had been.",
    "the {one} and the {two} changed places {when}.",
    "{who} exchanged the {one} and the {two} {when}.",
    "{when}, the {one} gave up its place to the {two} and took that of the {two} instead.",
    "the {one} took over the place of the {two} {when}, and the {two} that of the {one}.",
    "{when}, {who} made the {two} and the {one} trade places.",
)
ALMOST = (
    "{when}, {who} wished to exchange the {one} and the {two}, but was talked out of it.",
    "it was said in jest that the {one} and the {two} had changed places {when}.",
    "{who} forbade {when} that the {one} and the {two} change places.",
    "{when}, {who} exchanged the frames of the {one} and the {two}.",
    "the lamps over the {one} and the {two} changed places {when}.",
    "{when}, {who} dreamt that the {one} and the {two} traded places.",
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
    """The manual tells, in a few words or many, where animals were hung and which changed places.

    The animals are hung up in the first half and change places in the last third; in long stories
    every animal does so `TIMES` times. Of the eight exactly two end where they began, where they
    were in between, or where the animal began with which they changed places last: so who knows no
    more than that knows nothing.
    """

    values = (32, 64, 100, 160, 250, 400, 640, 1000, 1600, 2500, 4000, 6400)
    size = 50_000

    def _begin(self) -> None:
        rng, words = self.rng, int(self.value)
        self._animals = rng.sample(ANIMALS, HUNG)
        doors = dict(zip(self._animals, shuffled(rng, [*range(4), *range(4)]), strict=True))
        changes = _changes(rng, doors, words)
        self._doors = _changed(doors, changes)
        self._coming: list[str] = []
        self.story = _story(rng, doors, changes, words)

    def _draw(self) -> None:
        *self._coming, self._shown = self._coming or shuffled(self.rng, self._animals)
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


Change = tuple[str, str]
"""Two animals that change places."""


def _changes(rng: random.Random, doors: dict[str, int], words: int) -> list[Change]:
    """Draw them; in a long story so that a part of them tells nothing."""
    while True:
        number = TIMES if words > LONG else 2
        times = [_pairs(shuffled(rng, list(doors))) for _ in range(number)]
        changes = [change for each in times for change in each]
        if words < LONG:
            return changes[: FEW_CHANGES[words]]
        end = _changed(doors, changes)
        parts = [_changed(doors, changes[: k * len(times[0])]) for k in range(number)]
        if all(_agree(part, end) for part in (*parts, _changed(doors, times[-1]))):
            return changes


def _agree(guess: dict[str, int], end: dict[str, int]) -> bool:
    """Whether a guess is right for exactly one animal in four."""
    return len(DOORS) * sum(guess[animal] == door for animal, door in end.items()) == len(end)


def _pairs(animals: list[str]) -> list[Change]:
    return list(zip(animals[::2], animals[1::2], strict=True))


def _changed(doors: dict[str, int], changes: Sequence[Change]) -> dict[str, int]:
    """The animals' doors after some changes."""
    found = dict(doors)
    for one, two in changes:
        found[one], found[two] = found[two], found[one]
    return found


def _at_first(rng: random.Random, doors: dict[str, int]) -> str:
    parts: list[str] = []
    for door in shuffled(rng, range(len(DOORS))):
        one, other = (animal for animal, there in doors.items() if there == door)
        hung = " hung" if not parts else ""
        parts.append(f"the {one} and the {other}{hung} at {DOORS[door]}")
    return f"At first {listed(parts)}."


def _story(rng: random.Random, doors: dict[str, int], changes: list[Change], words: int) -> str:
    """The story in paragraphs, of about so many words."""
    first = [_at_first(rng, doors)]
    if words >= 250:
        first = [
            _sentence(rng, rng.choice(HUNG_UP), animal=animal, door=DOORS[door])
            for animal, door in shuffled(rng, list(doors.items()))
        ]
    second = [_sentence(rng, rng.choice(EXCHANGED), one=a, two=b) for a, b in changes]
    for one, two in _almost_changed(rng, list(doors), words):
        sentence = _sentence(rng, rng.choice(ALMOST), one=one, two=two)
        second.insert(rng.randrange(len(second)), sentence)
    free = words - sum(len(each.split()) for each in (*first, *second))
    other = _others(rng, list(doors), free) if words >= 100 else []
    half, late = len(other) // 2, 2 * len(other) // 3
    told = [
        *_mixed(rng, first, other[:half]),
        *other[half:late],
        *_mixed(rng, second, other[late:]),
    ]
    return "\n\n".join(_paragraphs(rng, told))


def _almost_changed(rng: random.Random, animals: list[str], words: int) -> list[Change]:
    """Animals that are said to change places in vain."""
    times = sum(words >= least for least in (LONG, 640, 1000))
    return [pair for _ in range(times) for pair in _pairs(shuffled(rng, animals))]


def _others(rng: random.Random, animals: list[str], words: int) -> list[str]:
    """Sentences that matter not at all, of about so many words together."""
    found: list[str] = []
    while words > 0:
        sentence = _sentence(rng, rng.choice(OTHERS), animal=rng.choice(animals))
        words -= len(sentence.split())
        if words > -6:
            found.append(sentence)
    return found


def _mixed(rng: random.Random, told: list[str], other: list[str]) -> list[str]:
    """Both lists in one, each in its order."""
    number = len(told) + len(other)
    places = set(rng.sample(range(number), len(told)))
    told_one, other_one = iter(told), iter(other)
    return [next(told_one if k in places else other_one) for k in range(number)]


def _paragraphs(rng: random.Random, sentences: list[str]) -> Iterator[str]:
    while sentences:
        length = rng.randint(*SENTENCES_OF_PARAGRAPH)
        yield " ".join(sentences[:length])
        sentences = sentences[length:]


def _sentence(rng: random.Random, form: str, **words: str) -> str:
    """Fill in a form; what is not given is drawn."""
    verb = rng.choice(list(VERBS))
    who, other = rng.sample(WHO, 2)
    where, elsewhere = rng.sample(WHERE, 2)
    words = {"door": rng.choice(DOORS), "animal": "", **words}
    filled = form.format(
        when=rng.choice(WHEN), who=who, other=other, did=verb, done=VERBS[verb],
        thing=rng.choice(THINGS).format(**words), then=rng.choice(THEN), tail=rng.choice(TAIL),
        where=where.format(**words), elsewhere=elsewhere.format(**words),
        **words,
    )  # fmt: skip
    return capital(filled)
