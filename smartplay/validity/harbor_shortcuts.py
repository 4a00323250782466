"""Shortcuts: ways to play the first moves of Harbor Days by a part of what they demand.

They read what an agent reads and know nothing else of the game. Those of `BOUNDED` leave out what
the level demands, and are bounded; those of `REPORTED` do most of it, but not well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import NamedTuple

from smartplay.cards.capabilities import Capability
from smartplay.validity.tricks import nth_name
from smartplay.validity.views import Choice, Shortcut, View, words_of

NUMBERS = {word: k for k, word in enumerate(("no", "one", "two", "three", "four", "five"))}
RING = 6
Named = Iterator[tuple[str, Shortcut]]
Part = Callable[[list[str]], list[str]]
PARTS: dict[str, Part] = {
    "none": lambda told: [],
    "the first": lambda told: told[:1],
    "the last": lambda told: told[-1:],
    "the first three": lambda told: told[:3],
    "the last three": lambda told: told[-3:],
    "the first half": lambda told: told[: len(told) // 2],
    "the last half": lambda told: told[len(told) // 2 :],
    "all but the first": lambda told: told[1:],
    "all but the last": lambda told: told[:-1],
    "all but the first and last": lambda told: told[1:-1],
    "every second": lambda told: told[::2],
    "each kind once": lambda told: list(dict.fromkeys(told)),
    "those named an odd number of times": lambda told: [
        each for each in dict.fromkeys(told) if told.count(each) % 2
    ],
}


# Long Text Understanding


@lru_cache(maxsize=64)
def _sentences(text: str) -> list[list[str]]:
    return [words_of(each) for each in re.split(r"(?<=\.)\s+", text)]


def _logged(view: View, last: bool, heeded: bool, corrected: bool) -> Choice:
    """The room named with the mark of the good; heeded: not where it is said not to have been."""
    told = _sentences(view.manual.partition("The log:")[2])
    marks = (_mark(view.manual, word) for word in reversed(view.words))
    mark = next(filter(None, marks), "")
    rooms = [
        doors[0]
        for words in told
        if mark in words and (doors := view.doors_in(words))
        if not (heeded and {"before", "thought", "wanted"} & set(words))
    ]
    if not rooms:
        return None
    room = rooms[-1 if last else 0]
    if not corrected:
        return room
    pairs = [doors for words in told if len(set(doors := view.doors_in(words))) == 2]
    return next((a if b == room else b for a, b in pairs if room in (a, b)), room)


@lru_cache(maxsize=256)
def _mark(manual: str, good: str) -> str:
    forms = (
        rf"The {good} came aboard in chests marked with a (\w+)",
        rf"A (\w+) is painted on each chest that holds {good}\b",
        rf"We took in {good}, in chests that bear a (\w+)",
        rf"The {good} is packed in chests with a (\w+)",
        rf"For {good} the clerk chose chests with a (\w+)",
    )
    return next((found[1] for form in forms if (found := re.search(form, manual))), "")


def long_text() -> Named:
    """Search for the good and its mark, without the corrections."""
    for last in (False, True):
        for heeded in (False, True):
            name = f"{nth_name(-1 if last else 0)} room named with the mark"
            search = partial(_logged, last=last, heeded=heeded, corrected=False)
            yield f"{name}{', not in vain' if heeded else ''}", search


def corrected_text() -> Named:
    """The same, and one of the corrections."""
    for last in (False, True):
        name = (
            f"{nth_name(-1 if last else 0)} room named with the mark, then the room named with it"
        )
        yield name, partial(_logged, last=last, heeded=True, corrected=True)


# Reasoning

_DAYS = r"(one|two|three) days?"
_FACTS = (
    (rf"the (.+) takes place {_DAYS} (earlier|later) than the (.+)", (1, 4, 2, 3)),
    (rf"the (.+) is {_DAYS} (before|after) the (.+)", (1, 4, 2, 3)),
    (rf"{_DAYS} (before|after) the (.+) comes the (.+)", (4, 3, 1, 2)),
    (rf"the (.+) (precedes) the (.+) by {_DAYS}", (1, 3, 4, 2)),
    (rf"the (.+) is (followed) by the (.+) {_DAYS} later", (1, 3, 4, 2)),
)
_SAME = (
    r"the (.+) is on the same day as the (.+)",
    r"on the day of the (.+) comes the (.+)",
    r"the (.+) takes place on the day of the (.+)",
    r"the (.+) and the (.+) share a day",
)


@lru_cache(maxsize=64)
def _facts(text: str) -> list[tuple[str, str, int]]:
    """Pairs of events, and by how many days the first is later."""
    facts = []
    for sentence in re.split(r"(?<=\.)\s+", text.lower()):
        told = sentence.rstrip(".")
        for form, places in _FACTS:
            if found := re.fullmatch(form, told):
                one, other, days, word = (found[place] for place in places)
                facts.append(
                    (one, other, NUMBERS[days] * (1 if word in ("later", "after") else -1))
                )
        same = [re.fullmatch(form, told) for form in _SAME]
        facts += [(found[1], found[2], 0) for found in same if found]
    return facts


def _dated(
    view: View, steps: int, guess: int = 0, forwards: bool = False, directed: bool = True
) -> Choice:
    """Follow so many facts from the event whose day is told."""
    told = re.search(r"the ([a-z ]+?) (?:is|takes place) on (\w+)\.", view.text.lower())
    told = told or re.search(r"(\w+) is the day of the ([a-z ]+)\.", view.text.lower())
    asked = re.search(r"on which day is the ([a-z ]+)\?", view.text.lower())
    if not told or not asked:
        return None
    event, day = (told[1], told[2]) if told[2] in view.doors else (told[2], told[1])
    if day not in view.doors:
        return None
    known = {event: view.doors.index(day)}
    facts = _facts(view.text)
    for _ in range(steps):
        before = dict(known)
        for one, other, later in facts:
            away = later if directed else abs(later)
            if other in before:
                known.setdefault(one, before[other] + away)
            elif one in before and not forwards:
                known.setdefault(other, before[one] - (away if directed else -away))
    return known.get(asked[1], view.doors.index(day) + guess) % RING


def reasoning() -> Named:
    """Some facts in a row, and else some day."""
    for steps in (0, 1, 2, 4, 6):
        for guess in range(RING):
            name = f"{steps} facts in a row, else {guess} after the day that is told"
            yield name, partial(_dated, steps=steps, guess=guess)
    yield "facts from the later event to the earlier only", partial(_dated, steps=12, forwards=True)


def undirected_facts() -> Named:
    """All facts, but earlier is taken for later."""
    yield "facts without their direction", partial(_dated, steps=12, directed=False)


# Instruction Following


def _obeyed(
    view: View, some: Part, kinds: str = "Order", case: int | None = None, sign: int = 1
) -> Choice:
    """Obey some of the lines, each in its first case (0), its second (1), or the wrong one (2)."""
    called = re.search(r"called to berth (\d)", view.text)
    if not called:
        return None
    lines = view.text.split("\n")
    berth = int(called[1]) - 1
    for line in some([each for each in lines if re.match(kinds, each)]):
        ways = re.findall(r"(one|two|three) (?:berths?|hours?) (on|back|early|late)", line)
        told = re.search(r"the (\w+) (?:is|be) (\w+)", line)
        if not told or len(ways) != 2:
            continue
        holds = f"the {told[1]} is {told[2]}" in lines[-1].lower()
        chosen = {None: not holds, 0: 0, 1: 1, 2: holds}[case]
        number, way = ways[int(chosen)]
        berth += sign * NUMBERS[number] * (1 if way in ("on", "early") else -1)
    return berth % RING


def instructions() -> Named:
    """Some orders, remarks as if they were orders, and cases that do not hold."""
    shapes: dict[str, Part] = {
        "those that begin with the sign": lambda told: [
            each for each in told if re.match(r"\w+: (?:if|when|should)", each)
        ],
        "those that begin with the move": lambda told: [
            each for each in told if not re.match(r"\w+: (?:if|when|should)", each)
        ],
    }
    for name, some in {**PARTS, **shapes}.items():
        if name not in ("each kind once", "those named an odd number of times"):
            yield f"orders: {name}", partial(_obeyed, some=some)
        yield f"orders and remarks: {name}", partial(_obeyed, some=some, kinds="Order|Remark")
    yield "orders and remarks: all", partial(_obeyed, some=list, kinds="Order|Remark")
    for case, name in enumerate(("first", "second", "other")):
        yield f"always the {name} case", partial(_obeyed, some=list, case=case)


def reversed_orders() -> Named:
    """Every order, but the wrong way round the ring."""
    yield "the wrong way round the ring", partial(_obeyed, some=list, sign=-1)


# Planning


class Trade(NamedTuple):
    """Who gives what for what."""

    trader: str
    given: str
    taken: str


class Barter(NamedTuple):
    """The trades of a market, what one has, and what one wants."""

    trades: list[Trade]
    has: str
    wanted: str

    def firsts(self) -> dict[str, str]:
        """What each trader gives for what one has."""
        return {each.trader: each.given for each in self.trades if each.taken == self.has}

    def within(self, start: str, steps: int, back: bool = False) -> set[str]:
        """What can be had for a thing by so many trades; back: what it can be had for."""
        found, edge = {start}, {start}
        for _ in range(steps):
            edge = {
                each.taken if back else each.given
                for each in self.trades
                if (each.given if back else each.taken) in edge
            } - found
            found |= edge
        return found


@lru_cache(maxsize=64)
def _barter(text: str) -> Barter | None:
    head, *lines = text.lower().split("\n")
    asked = lines.pop() if lines else ""
    has = re.search(r"has (\w+)", asked)
    wanted = re.search(r"wants (\w+)|^(\w+) for|like (\w+)", asked)
    if not head.endswith("market:") or not has or not wanted:
        return None
    trades = []
    for line in lines:
        trader = re.search(r"\bthe (\w+)", line)
        pairs = re.findall(r"(\w+) for (\w+)", line)
        trades += [Trade(trader[1], *pair) for pair in pairs if trader]
    return Barter(trades, has[1], next(filter(None, wanted.groups())))


def _bartered(view: View, how: Callable[[Barter], str | None]) -> Choice:
    told = _barter(view.text)
    trader = how(told) if told else None
    return view.doors.index(trader) if trader in view.doors else None


def _dealing(told: Barter, given: bool, last: bool) -> str | None:
    """A trader who gives what is wanted, or takes it."""
    found = [t.trader for t in told.trades if (t.given if given else t.taken) == told.wanted]
    return found[-1 if last else 0] if found else None


def _frequent(told: Barter, most: bool, given: bool) -> str | None:
    """The trader whose first thing is given, or taken, most often, or least."""
    counts = Counter(trade.given if given else trade.taken for trade in told.trades)
    firsts = told.firsts()
    return max(firsts, key=lambda each: counts[firsts[each]] * (1 if most else -1), default=None)


def _back(told: Barter, steps: int) -> str | None:
    """So many trades back from what is wanted; there, the one who gives most of what was found."""
    near = told.within(told.wanted, steps, back=True)
    first = next((trader for trader, thing in told.firsts().items() if thing in near), None)
    dealers = Counter(trade.trader for trade in told.trades if trade.given in near)
    return first or dealers.most_common(1)[0][0]


def _ahead(told: Barter, steps: int, value: Callable[[Barter, set[str]], float]) -> str | None:
    """So many trades ahead; there, what looks most promising."""
    seen = {trader: told.within(thing, steps) for trader, thing in told.firsts().items()}
    return max(seen, key=lambda trader: (told.wanted in seen[trader], value(told, seen[trader])))


VALUES: dict[str, Callable[[Barter, set[str]], float]] = {
    "most things": lambda told, seen: len(seen),
    "fewest things": lambda told, seen: -len(seen),
    "most that is given for what was wanted": lambda told, seen: len(
        seen & told.within(told.wanted, 1)
    ),
    "most that the wanted is given for": lambda told, seen: len(
        seen & told.within(told.wanted, 1, back=True)
    ),
}


def planning() -> Named:
    """A few trades ahead, or back, or none."""
    for given, verb in ((True, "gives"), (False, "takes")):
        for last in (False, True):
            name = f"{nth_name(-1 if last else 0)} who {verb} what is wanted"
            yield name, partial(_bartered, how=partial(_dealing, given=given, last=last))
        for most in (True, False):
            name = f"{'given' if given else 'taken'} {'most' if most else 'least'}"
            yield (
                f"whose first thing is {name}",
                partial(_bartered, how=partial(_frequent, most=most, given=given)),
            )
    for steps in (1, 2, 4):
        yield f"{steps} trades back", partial(_bartered, how=partial(_back, steps=steps))
        for name, value in VALUES.items():
            how = partial(_ahead, steps=steps, value=value)
            yield f"{steps} trades ahead, {name}", partial(_bartered, how=how)


# Generalization


@lru_cache(maxsize=64)
def _tunes(text: str) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """The tunes of words, and the parts of the word that is asked for."""
    tunes: dict[str, tuple[int, ...]] = {}
    told, _, asked = text.lower().partition("now ring ")
    for sentence in re.split(r"(?<=\.)\s+", told):
        words = [word for word in re.findall(r"[a-z]+(?:-[a-z]+)*", sentence) if word not in _SMALL]
        bells = [int(bell) - 1 for bell in re.findall(r"\d", sentence)]
        for k, word in enumerate(words[: len(bells) // 3]):
            tunes[word] = tuple(bells[3 * k : 3 * k + 3])
    return tunes, re.match(r"[\w-]*", asked)[0].split("-")  # type: ignore[index]


_SMALL = {"to", "one", "rings", "is", "they", "ring", "for", "and", "the", "word", "calls"}


def _change(tunes: dict[str, tuple[int, ...]], ending: str) -> tuple[int, list[int]]:
    """By how much an ending moves a tune up, and the places from which its bells are taken."""
    for word, after in tunes.items():
        stem, _, tail = word.partition("-")
        before = tunes.get(stem)
        if tail == ending and before and stem != word:
            if set(before) == set(after):
                return 0, [before.index(bell) for bell in after]
            return (after[0] - before[0]) % RING, [0, 1, 2]
    return 0, [0, 1, 2]


def _rung(view: View, some: Part, up: bool = True, order: bool = True) -> Choice:
    tunes, (stem, *endings) = _tunes(view.text)
    if stem not in tunes:
        return None
    tune = tunes[stem]
    for ending in some(endings):
        bells, places = _change(tunes, ending)
        if order:
            tune = tuple(tune[place] for place in places)
        if up:
            tune = tuple((bell + bells) % RING for bell in tune)
    return tune[0]


def _shown(view: View, ending: int) -> Choice:
    """The first bell of the example of an ending."""
    tunes, (_, *endings) = _tunes(view.text)
    tail = (endings or [""])[ending]
    return next((tune[0] for word, tune in tunes.items() if word.endswith(f"-{tail}")), None)


def generalization() -> Named:
    """Some endings, or one kind of change, or an example."""
    for name, some in {**PARTS, "all from the last to the first": lambda told: told[::-1]}.items():
        yield f"endings: {name}", partial(_rung, some=some)
    yield "endings that move the tune up", partial(_rung, some=list, order=False)
    yield "endings that change the order", partial(_rung, some=list, up=False)
    for k in (0, -1):
        yield f"example of the {nth_name(k)} ending", partial(_shown, ending=k)


# Understanding the Odds


class Urn(NamedTuple):
    """What is told of an urn."""

    coins: int
    white: int
    balls: int


def _urns(view: View) -> dict[int, Urn]:
    found = {}
    for sentence in view.sentences if "coins" in view.words else ():
        doors = view.doors_in(words_of(sentence))
        coins, balls = (re.search(rf"(\d+) {what}", sentence) for what in ("coins", "balls"))
        white = re.search(r"(\d+)(?: of (?:them|\d+ balls))?(?: are)? white", sentence)
        if doors and coins and balls and white:
            found[doors[0]] = Urn(int(coins[1]), int(white[1]), int(balls[1]))
    return found


def _drawn(view: View, value: Callable[[Urn], float], rank: int = 0) -> Choice:
    told = _urns(view)
    return sorted(told, key=lambda door: -value(told[door]))[rank] if len(told) == RING else None


def odds() -> Named:
    """Prizes alone, or balls alone."""
    values: dict[str, Callable[[Urn], float]] = {
        "prize": lambda urn: urn.coins,
        "number of white balls": lambda urn: urn.white,
        "number of balls": lambda urn: urn.balls,
        "share of white balls": lambda urn: urn.white / urn.balls,
    }
    for name, value in values.items():
        for rank in range(RING):
            yield f"{name}, rank {rank + 1}", partial(_drawn, value=value, rank=rank)


def combined_odds() -> Named:
    """Two of the three numbers, or all of them roughly."""
    yield "prize times white balls", partial(_drawn, value=lambda urn: urn.coins * urn.white)
    yield "prize by number of balls", partial(_drawn, value=lambda urn: urn.coins / urn.balls)
    yield "first digits", partial(_drawn, value=_first_digits)


def _first_digits(urn: Urn) -> float:
    coins, white, balls = (int(str(number)[0]) for number in urn)
    return coins * white / balls


# Learning from Interactions

_BIRD = r"(?:an? (\w+) (?:sits|is seen)|(?:points at|call of) an? (\w+))"


def _cast(view: View, more: Callable[[int], int], last: bool) -> Choice:
    """The pool that was cast into when the bird was seen, moved on by some use of the outcome."""
    now = re.search(_BIRD, view.text.lower())
    if not now:
        return None
    met = [
        (int(pool) - 1, outcome)
        for one, other, pool, outcome in re.findall(
            _BIRD + r"[^\n]*\n?[^\n]*?cast into pool (\d)\. ([^\n.]*)\.", view.past.lower()
        )
        if (one or other) == (now[1] or now[2])
    ]
    if not met:
        return None
    pool, outcome = met[-1 if last else 0]
    away = next((NUMBERS[word] for word in words_of(outcome) if NUMBERS.get(word)), 0)
    return (pool + more(away)) % RING


def _on(number: int, away: int) -> int:
    return number


def _seen_again(uses: dict[str, Callable[[int], int]]) -> Named:
    for last in (False, True):
        for name, more in uses.items():
            when = "last" if last else "first"
            yield f"{name}, {when} time the bird was seen", partial(_cast, more=more, last=last)


def learning() -> Named:
    """A cast without its outcome."""
    yield from _seen_again({f"{k} on from the cast": partial(_on, k) for k in range(RING)})


def learning_in_part() -> Named:
    """A cast and a part of its outcome."""
    yield from _seen_again(
        {
            "as far the other way": lambda away: -away,
            "one on unless the net was full": lambda away: int(away > 0),
        }
    )


# Error/Mistake Handling

Square = tuple[int, int]
STEPS = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0), "wait": (0, 0)}


class Tug(NamedTuple):
    """Orders, the moves as made, and the first and last step in doubt."""

    orders: list[str]
    made: list[str]
    first: int
    last: int

    def doubtful(self, told: Sequence[str]) -> list[str]:
        """The part of orders or moves that is in doubt."""
        return list(told[self.first - 1 : self.last])


@lru_cache(maxsize=64)
def _tug(text: str) -> Tug | None:
    span = re.search(r"[Ss]teps (\d+) to (\d+)", text)
    orders = re.findall(rf"\d+ ({'|'.join(STEPS)})\b", text)
    squares = [(ord(a), int(b)) for a, b in re.findall(r"\b([A-Z])(\d+)", text)]
    if not span or len(squares) != len(orders) + 1:
        return None
    names = {way: name for name, way in STEPS.items()}
    made = [names.get((b[0] - a[0], b[1] - a[1]), "") for a, b in pairwise(squares)]
    return Tug(orders, made, int(span[1]), int(span[2]))


def _tugged(view: View, how: Callable[[Tug], str | None]) -> Choice:
    told = _tug(view.text)
    order = how(told) if told else None
    return view.doors.index(order) if order in view.doors else None


def _lacking(told: Tug, rank: int) -> str:
    """An order by how much oftener it was given than carried out."""
    lack = Counter(told.doubtful(told.orders))
    lack.subtract(told.doubtful(told.made))
    return sorted(STEPS, key=lambda order: -lack[order])[rank]


def _net(told: Tug, sign: int) -> str:
    """The way from where the tug came to where it should have come."""
    x, y = (
        sign * sum(STEPS[o][k] - STEPS[m][k] for o, m in zip(told.orders, told.made, strict=True))
        for k in (0, 1)
    )
    if not (x or y):
        return "wait"
    if abs(x) > abs(y):
        return "east" if x > 0 else "west"
    return "north" if y > 0 else "south"


def _placed(told: Tug, place: int) -> str | None:
    return dict(enumerate(told.doubtful(told.orders))).get(place)


def _frequent_order(told: Tug, most: bool) -> str:
    return Counter(told.doubtful(told.orders)).most_common()[0 if most else -1][0]


def _checked(
    told: Tug, differ: Callable[[Square, Square], bool], some: Callable[[list[int]], list[int]]
) -> str | None:
    """The order of the second step that went astray, as far as that was looked for."""
    steps = some(list(range(told.first - 1, told.last)))
    found = [told.orders[k] for k in steps if differ(STEPS[told.orders[k]], STEPS[told.made[k]])]
    return found[min(1, len(found) - 1)] if found else None


def errors() -> Named:
    """Counts, sums and places, without a look at single steps."""
    for rank in (0, 1, -1):
        name = f"{nth_name(rank)} of the orders carried out too seldom"
        yield name, partial(_tugged, how=partial(_lacking, rank=rank))
    for sign, name in ((1, "what is left of the way"), (-1, "back what is left of the way")):
        yield name, partial(_tugged, how=partial(_net, sign=sign))
    for place in range(8):
        yield f"order in doubt no. {place + 1}", partial(_tugged, how=partial(_placed, place=place))
    for most in (True, False):
        name = f"{'most' if most else 'least'} frequent order in doubt"
        yield name, partial(_tugged, how=partial(_frequent_order, most=most))


def coarse_checks() -> Named:
    """A look at each step in doubt, for a part of what can differ; or at half of them."""
    differences: dict[str, Callable[[Square, Square], bool]] = {
        "columns": lambda order, made: order[0] != made[0],
        "rows": lambda order, made: order[1] != made[1],
        "waits": lambda order, made: (order == (0, 0)) != (made == (0, 0)),
    }
    for name, differ in differences.items():
        how = partial(_checked, differ=differ, some=list)
        yield f"checks {name} only", partial(_tugged, how=how)
    for name, some in {
        "first": lambda steps: steps[: len(steps) // 2],
        "last": lambda steps: steps[len(steps) // 2 :][::-1],
    }.items():
        how = partial(_checked, differ=lambda order, made: order != made, some=some)
        yield f"checks the {name} half", partial(_tugged, how=how)


# Spatial Reasoning

BEHIND = {"north": "south", "east": "west", "up": "down"}
BEHIND |= {one: other for other, one in BEHIND.items()}
AROUND = ("north", "east", "south", "west")


def _dived(view: View, some: Part, swapped: str = "") -> Choice:
    """Dive with some of the turns; those of a swapped pair are taken for each other."""
    start = re.search(r"starts facing (\w+)", view.text)
    if not start:
        return None
    face, crown = start[1], "up"
    right = AROUND[(AROUND.index(face) + 1) % 4]
    for turn in some(re.findall(r"(?:turns|tilts) (\w+)", view.text)):
        pair = swapped.split()
        way = pair[1 - pair.index(turn)] if turn in pair else turn
        if way == "left":
            face, right = BEHIND[right], face
        elif way == "right":
            face, right = right, BEHIND[face]
        elif way == "up":
            face, crown = crown, BEHIND[face]
        else:
            face, crown = BEHIND[crown], face
    return view.doors.index(face)


def spatial() -> Named:
    """Some turns."""
    hands = ("left", "right")
    some: dict[str, Part] = {
        "left and right": lambda told: [turn for turn in told if turn in hands],
        "up and down": lambda told: [turn for turn in told if turn not in hands],
    }
    for name, part in {**PARTS, **some}.items():
        yield f"turns: {name}", partial(_dived, some=part)


def _sorted(told: list[str], late: bool) -> list[str]:
    return sorted(told, key=lambda turn: (turn in ("up", "down")) == late)


def mirrored_dives() -> Named:
    """All turns, but in a mirror, or in another order."""
    yield "all turns backwards", partial(_dived, some=lambda told: told[::-1])
    for late, name in ((True, "left and right first"), (False, "up and down first")):
        yield f"all turns, {name}", partial(_dived, some=partial(_sorted, late=late))
    yield "left for right", partial(_dived, some=list, swapped="left right")
    yield "up for down", partial(_dived, some=list, swapped="up down")


BOUNDED = (long_text, reasoning, instructions, planning, generalization, odds, learning, errors,
           spatial)  # fmt: skip
REPORTED = {
    Capability.LONG_TEXT_UNDERSTANDING: corrected_text,
    Capability.REASONING: undirected_facts,
    Capability.INSTRUCTION_FOLLOWING: reversed_orders,
    Capability.UNDERSTANDING_THE_ODDS: combined_odds,
    Capability.LEARNING_FROM_INTERACTIONS: learning_in_part,
    Capability.ERROR_HANDLING: coarse_checks,
    Capability.SPATIAL_REASONING: mirrored_dives,
}
