"""The long text: the story of the house, in which the doors of the six animals are told.

An animal is introduced by "the sign with the …"; some sentences later its door is told of "this
animal", or of "the former" and "the latter" where two were introduced together. Doors of former
times are told too, in the past tense. All the rest has to do with the house and not with the task.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from smartplay.games.contrast.house import DOORS

WORDS = 1500

SINGLE = (
    (
        "The sign with the {animal} is {rank} in the house.",
        "{Painter} painted it {season}, on a board of {wood}, and asked for nothing but {fee}.",
        "Under the {nth} keeper the animal belonged to the {past} door, and a brass plate said so.",
        "The plate was taken down when {event}.",
        "People who come back after many years often look for the plate and shake their heads.",
        "This animal belongs to the {door} door, whatever the older visitors say.",
        "Every {season_noun} the board is wiped with {care}, and then it looks like new.",
    ),
    (
        "In the {place} one passes the sign with the {animal}, {look}.",
        "It came to the house {season} as a present from {giver}, wrapped in {wrap}.",
        "For {number} years nobody knew where to hang it, and it stood with its face to the wall.",
        "Its board is of {wood}, and one corner is chipped, since {event}.",
        "This animal belongs to the {door} door, and to that door only.",
        "Some say that it once belonged to the {past} door, and they are right, but that was long "
        "ago.",
        "Children like to ask for its name, and the keepers like to make up another each time.",
    ),
)
PAIR = (
    (
        "The signs with the {animal} and the {other} were painted in one night, {season}.",
        "{Painter} had promised both to {giver} and had forgotten it until the evening before.",
        "One can still see where the brush ran dry on the {wood}, and where {fee} was spilled.",
        "In those days the former belonged to the {past} door and the latter to the {older} one.",
        "That was changed by the {nth} keeper, after {event}, and it has not been changed since.",
        "The former belongs to the {door} door, the latter to the {second} door.",
        "Both are washed with {care}, always on the same day, so that neither looks older.",
    ),
    (
        "Two boards hang side by side in the {place}: the signs with the {animal} and the {other}.",
        "{Painter} is said to have painted them both, on {wood}, in two sizes that look like one.",
        "A guest from {town} once offered {number} coins for the pair and was shown the way out.",
        "The latter belongs to the {second} door, and has its nail a little higher on the wall.",
        "The former belongs to the {door} door, although it used to be otherwise.",
        "When {event}, they were carried outside first, before the silver and the clocks.",
        "Since then each has a small number on its back, {number} and one more than that.",
    ),
)
FILLERS = (
    (
        "The house was built by a merchant from {town} who dealt in {goods} and disliked stairs.",
        "He drew the plan himself, on the back of a bill, and forgot the kitchen at first.",
        "The masons found out when the walls stood man-high, and laughed for {number} days.",
        "So the kitchen was put where the coach should have stood, and the coach in the {place}.",
        "It smelled of {goods} there until the merchant died, and some say that it still does.",
        "His portrait was sold long ago, and nobody remembers whether he wore a beard.",
    ),
    (
        "All four doors are made of {wood}, and each was painted by another hand.",
        "The {color} door sticks in wet weather, and one has to lift it a little by the handle.",
        "The {color2} one was hung upside down at first, which nobody noticed for {number} years.",
        "A smith from {town} made the hinges, and was paid in {goods}.",
        "He put a small mark under each of them, and took the meaning of the mark to his grave.",
        "Once in every {season_noun} the hinges are oiled, and for some days the house is silent.",
    ),
    (
        "The {nth} keeper was fond of birds and kept {number} of them in the {place}.",
        "She taught one of them to call the hours, but it was always a little late.",
        "Guests who trusted it missed their coaches, and so they stayed for another night.",
        "It is not known whether she had planned this, but the house never earned more.",
        "When {event}, she opened all the windows, and every bird came back by the evening.",
        "A cage still hangs in the {place}, with its small door open.",
    ),
    (
        "Winters are long in this valley, and the house is heated with three stoves.",
        "The largest of them stands in the {place} and was brought from {town} on a sledge.",
        "It took {number} men and one very patient horse, and the horse is still praised for it.",
        "The tiles show ships, although the sea is far away and none of the keepers ever saw it.",
        "Before the snow comes, {goods} and firewood are bought for the whole season.",
        "Whoever lights the first fire of the year may choose the supper of that day.",
    ),
    (
        "A school stood next to the house until {event}.",
        "Its teacher came over every {season_noun} to have the children draw what they saw.",
        "Most of them drew the {animal}, because it is easy, and some drew the cook.",
        "The best {number} drawings were kept in a drawer in the {place}, under the tablecloths.",
        "Mice found them before anyone else did, so that only the corners are left.",
        "The teacher moved to {town} later and wrote a small book about mice.",
    ),
    (
        "In the year of the flood the water stood as high as the third step.",
        "The {nth} keeper carried everything of value to the {place}, beginning with the {goods}.",
        "For {number} days people rowed through the garden and picked pears from their boats.",
        "A line beside the {color} door shows how far the water came.",
        "It was drawn twice, as the first line was washed off by the painter's own bucket.",
        "Since then a boat has been hanging under the roof, and it has never been used.",
    ),
    (
        "Guests are asked to write their names into a heavy book beside the {color} door.",
        "The first name in it is that of a dealer in {goods}, the second that of his dog.",
        "Somebody from {town} filled a whole page with a poem about the {animal}.",
        "It has {number} verses, of which the last one is rather good.",
        "A page was torn out when {event}, and nobody knows what stood on it.",
        "The book is full now, and a second one has been ordered, but not yet paid for.",
    ),
    (
        "The garden behind the house is older than the house itself.",
        "Its paths were laid by monks who dealt in {goods}, or so a letter from {town} says.",
        "There are {number} apple trees, and each of them is known by the name of a keeper.",
        "The tree of the {nth} keeper bears the sourest fruit, which she is said to have enjoyed.",
        "In spring the view from the {place} is so white that visitors ask about the snow.",
        "A bench beside the {color2} door is the best place to sit at that time.",
    ),
    (
        "There is a clock in the {place} that has never shown the right time for a whole day.",
        "It was made in {town} by a man who could not hear and did not trust the sun.",
        "The {nth} keeper had it taken apart, and {number} wheels were left over afterwards.",
        "It has been running better since then, which nobody has been able to explain.",
        "When {event}, it stopped for an hour and then went on as if nothing had happened.",
        "The spare wheels are used to hold down papers on windy days.",
    ),
    (
        "Paint is a matter of much talk in this house, as one may imagine.",
        "The red of the doors comes from a root, the blue from a stone, the green from copper.",
        "The yellow was mixed by a cook in {town}, who kept the recipe under a sack of {goods}.",
        "It takes {number} coats before a door is done, and a week of dry weather.",
        "A fifth colour was once considered, and the keepers quarrelled about it until {event}.",
        "The trial board hangs in the {place}, where it is too dark to see which colour it was.",
    ),
    (
        "Music used to be made in the {place} on the evenings of {season_noun}.",
        "The {nth} keeper played the flute, and the neighbours paid her in {goods} to stop early.",
        "A song about the {animal} was sung at the end, with {number} verses and a whistle.",
        "Nobody has written it down, so each family in {town} sings it in another way.",
        "All of them agree about the whistle, which has to come a little too late.",
        "When {event}, the flute was lost, and the evenings became quieter.",
    ),
    (
        "Letters for the house are left in a box beside the {color2} door.",
        "Most of them are bills for {goods}, and some are questions about the {animal}.",
        "The {nth} keeper answered every one of them by hand, and needed {number} pens a year.",
        "Once a letter came that had been on its way since before {event}.",
        "It was an invitation to a wedding in {town}, and the couple had grandchildren by then.",
        "They came to the {place} for tea and brought what was left of the cake.",
    ),
    (
        "Below the {place} there is a cellar that was used for {goods} in former times.",
        "Its door is grey and counts for nothing, as guests are told when they ask.",
        "A tunnel is said to lead from there to {town}, but {number} steps in there is a wall.",
        "The {nth} keeper knocked on it every {season_noun}, and said that something knocked back.",
        "It was quiet after {event}, and she took to knocking less and less.",
        "The key hangs beside the {color} door, where everyone can reach it and nobody does.",
    ),
    (
        "Cats have always lived in the house, never fewer than two and never more than {number}.",
        "They sleep in the {place}, on sacks that once held {goods}.",
        "The {color} door has a hole for them, and so has the {color2} one, which they prefer.",
        "One of them used to stare at the picture of the {animal} for hours, without moving.",
        "She was found in {town} after {event}, well fed and not at all sorry.",
        "The {nth} keeper brought her back in a hat, and wore the hat for years afterwards.",
    ),
)
SLOTS: dict[str, Sequence[str]] = {
    "rank": (
        "the oldest", "the smallest", "the most admired", "the heaviest", "the least faded",
    ),
    "Painter": (
        "A travelling painter", "The miller's daughter", "A sailor without a ship",
        "The baker's uncle", "A retired judge", "One of the masons",
    ),
    "season": (
        "in a wet spring", "in a hot summer", "late in autumn", "in the coldest winter",
        "shortly before harvest", "between two fairs",
    ),
    "season_noun": ("spring", "summer", "autumn", "winter"),
    "wood": ("oak", "ash", "walnut", "cherry wood", "pine", "elm", "old ship's timber"),
    "fee": ("a bowl of soup", "a pair of boots", "lamp oil", "a jug of cider", "dry straw"),
    "nth": ("first", "second", "third", "fourth", "fifth", "sixth", "last but one"),
    "event": (
        "the roof of the barn came down", "the river froze over", "the bridge was built",
        "the mill burned", "the road was moved", "the old lime tree fell", "the great fair ended",
    ),
    "care": ("a soft cloth and vinegar", "warm water and soap", "bread crumbs", "linseed oil"),
    "place": (
        "long corridor", "upper hall", "winter kitchen", "reading room", "old stable", "tower room",
        "music room",
    ),
    "look": (
        "which seems to look at whoever passes", "half hidden by a curtain",
        "lit by a small window", "a little crooked on its nail",
    ),
    "giver": ("a grateful guest", "the town clerk", "two sisters", "a doctor", "the ferryman"),
    "wrap": ("a sail", "old newspapers", "a carpet", "three flour sacks"),
    "town": (
        "Altmoor", "Breck", "Carrow", "Dunhollow", "Eastmere", "Fenwick", "Garrow", "Holmfirth",
        "Lower Tarn", "Marsh End",
    ),
    "goods": ("pepper", "wool", "salt", "soap", "honey", "rope", "tea", "cheese", "glue", "flax"),
    "number": ("three", "four", "five", "six", "seven", "nine", "eleven", "twelve", "fourteen"),
}  # fmt: skip


def chronicle(
    rng: random.Random, animals: list[str], doors: list[str], strangers: list[str]
) -> list[str]:
    """Write the story of the house.

    Args:
        rng: Draws which paragraphs there are, their order and their details.
        animals: Six animals whose doors are told.
        doors: The colour of each one's door.
        strangers: Animals without a door, mentioned in passing.

    Returns:
        Paragraphs of about `WORDS` words together; the animals stand in four of them.
    """
    order = list(range(len(animals)))
    rng.shuffle(order)
    told = [(animals[k], doors[k]) for k in order]
    telling = [
        _single(rng, SINGLE[0], told[0]),
        _single(rng, SINGLE[1], told[1]),
        _pair(rng, PAIR[0], told[2], told[3]),
        _pair(rng, PAIR[1], told[4], told[5]),
    ]
    words = sum(map(_length, telling))
    paragraphs = [(True, paragraph) for paragraph in telling]
    for filler in rng.sample(FILLERS, len(FILLERS)):
        if words >= WORDS - _length(" ".join(filler)) / 2:
            break
        color, color2 = rng.sample(DOORS, 2)
        text = _fill(rng, filler, animal=rng.choice(strangers), color=color, color2=color2)
        words += _length(text)
        paragraphs.append((False, text))
    rng.shuffle(paragraphs)
    opening = next(k for k, (tells, _) in enumerate(paragraphs) if not tells)
    paragraphs.insert(0, paragraphs.pop(opening))
    return [text for _, text in paragraphs]


def _single(rng: random.Random, sentences: Sequence[str], sign: tuple[str, str]) -> str:
    animal, door = sign
    return _fill(rng, sentences, animal=animal, door=door, past=_another(rng, door))


def _pair(
    rng: random.Random, sentences: Sequence[str], first: tuple[str, str], second: tuple[str, str]
) -> str:
    (animal, door), (other, second_door) = first, second
    past, older = _another(rng, door), _another(rng, second_door)
    return _fill(
        rng, sentences, animal=animal, door=door, other=other, second=second_door, past=past,
        older=older,
    )  # fmt: skip


def _another(rng: random.Random, door: str) -> str:
    return rng.choice([other for other in DOORS if other != door])


def _fill(rng: random.Random, sentences: Sequence[str], **given: str) -> str:
    """Fill the slots of a paragraph, alike throughout it."""
    drawn = {slot: rng.choice(choices) for slot, choices in SLOTS.items()}
    return " ".join(sentences).format(**drawn, **given)


def _length(text: str) -> int:
    return len(text.split())
