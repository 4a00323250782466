"""Shortcuts: ways to play the rounds of Four Doors without what they demand.

They read what an agent reads and know nothing else of the game. Beside the tricks that go for any
text there are, for each capability, ways of doing a part of what its rounds take.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import pairwise

from smartplay.cards.capabilities import Capability
from smartplay.validity.tricks import nth_name
from smartplay.validity.views import Choice, Shortcut, View, words_of

# Long Text Understanding


def _told_story(
    view: View,
    keep: Callable[[int, int, str], bool] = lambda k, length, sentence: True,
    changes: Callable[[list[list[str]]], list[list[str]]] = list,
) -> Choice:
    """Follow the animals through those sentences of the story that are kept."""
    told = re.split(r"(?<=\.)\s+", view.manual)
    found: dict[str, int] = {}
    seen = []
    for k, sentence in enumerate(told):
        if not keep(k, len(told), sentence):
            continue
        words = words_of(sentence)
        doors = view.doors_in(words)
        if len(set(doors)) == 1 and (hung := re.search(HUNG, sentence)):
            found[hung[1] or hung[2]] = doors[0]
        pair = list(dict.fromkeys(word for word in words if word in found))
        if len(pair) == 2:
            seen.append(pair)
    for one, two in changes(seen):
        found[one], found[two] = found[two], found[one]
    return found.get(view.words[-1])


HUNG = r"(?:hung|put up|painted|for it,) the (\w+)|[Tt]he (\w+) (?:was given|came to|was nailed)"


def _partner(view: View, last: bool) -> Choice:
    """Where the animal hung at first with which this one is named last, or first."""
    animal = view.words[-1]
    told = [words_of(each) for each in re.split(r"(?<=\.)\s+", view.manual)]
    found = {
        word: view.doors_in(words)[0]
        for words in told
        for word in words
        if len(set(view.doors_in(words))) == 1
    }
    pairs = [
        word
        for words in told
        if animal in words and not view.doors_in(words)
        for word in words
        if word in found and word != animal and words.count(word) < 3 and len(word) > 3
    ]
    return found.get(pairs[-1 if last else 0]) if pairs else None


def _found(form: str, k: int, length: int, sentence: str) -> bool:
    return bool(re.search(f"{HUNG}|{form}", sentence))


def _early(share: float, k: int, length: int, sentence: str) -> bool:
    return k < share * length


def _late(share: float, k: int, length: int, sentence: str) -> bool:
    return k >= share * length


def long_text() -> Iterator[tuple[str, Shortcut]]:
    """Parts of a story."""
    parts: dict[str, Callable[[list[list[str]]], list[list[str]]]] = {
        "where the animal hung first": lambda found: [],
        "first change only": lambda found: found[:1],
        "last change only": lambda found: found[-1:],
        "first half of the changes": lambda found: found[: len(found) // 2],
        "last half of the changes": lambda found: found[len(found) // 2 :],
        "all that looks like a change": list,
    }
    for name, some in parts.items():
        yield name, partial(_told_story, changes=some)
    yield "where the first partner hung", partial(_partner, last=False)
    yield "where the last partner hung", partial(_partner, last=True)
    for form in ("changed places", "exchanged", "place", "let|made|exchanged"):
        yield f"changes found by searching {form}", partial(_told_story, keep=partial(_found, form))
    for share in (0.25, 0.5, 0.7):
        told = f"{100 * share:.0f} % of the story"
        yield f"first {told}", partial(_told_story, keep=partial(_early, share))
        yield f"last {told}", partial(_told_story, keep=partial(_late, 1 - share))
    yield "every other sentence", partial(_told_story, keep=lambda k, n, told: k % 2 == 0)


# Reasoning


def _boxes(view: View, hops: int, nearest: bool) -> Choice:
    """Follow so many facts, then take the next or the nearest door named in the text."""
    words = view.words
    things = [
        (k, words[k - 1], word) for k, word in enumerate(words) if k and word in ("box", "door")
    ]
    pairs = list(zip(things[::2], things[1::2], strict=False))
    boxes = [name for _, name, kind in things if kind == "box"]
    place, thing = things[-1][0] if things else 0, boxes[-1] if boxes else words[-2]
    seen: set[int] = set()
    for _ in range(hops):
        at = next(
            (
                k
                for k, pair in enumerate(pairs)
                if k not in seen and thing in (pair[0][1], pair[1][1])
            ),
            None,
        )
        if at is None:
            break
        seen.add(at)
        one, other = pairs[at]
        place = one[0]
        thing = other[1] if one[1] == thing else one[1]
    if thing in view.doors:
        return view.doors.index(thing)
    doors = [
        (k, view.doors.index(name))
        for k, name, kind in things
        if kind == "door" and name in view.doors
    ]
    if not doors:
        return None
    if nearest:
        return min(doors, key=lambda each: abs(each[0] - place))[1]
    return next((door for k, door in doors if k > place), doors[0][1])


def reasoning() -> Iterator[tuple[str, Shortcut]]:
    """A few facts of a row."""
    for hops in range(5):
        for nearest in (False, True):
            where = "nearest" if nearest else "next"
            yield (
                f"{hops} facts, then the {where} door",
                partial(_boxes, hops=hops, nearest=nearest),
            )


# Instruction Following


def _moves(
    view: View, lines: Callable[[list[str]], list[str]], branch: str = "right", thing: str = "key"
) -> Choice:
    """Obey some of the lines; of a line the branch that holds, its first, last or largest move."""
    start = view.named[:1]
    told = [line for line in view.text.split("\n")[1:] if thing in line]
    if not start or not told or "The key" not in view.text:
        return None
    stated = view.text.split("\n")[0], *view.sentences[1:2]
    now = dict(pair for each in stated for pair in re.findall(r"the (\w+) is (\w+)", each))
    door = start[0]
    form = r"stay where it is|go (?:one|two) doors? (?:on|back)"
    size = {"stay where it is": 0, "go one door on": 1, "go two doors on": 2, "go one door back": 3}
    for line in lines(told):
        moves = [size[move] for move in re.findall(form, line)]
        states = re.findall(r"(?:the \w+|it) is (\w+)", re.sub(form, "move", line))
        if len(moves) != 2 or len(states) != 2:
            continue
        holds = next((k for k, state in enumerate(states) if state in now.values()), 0)
        taken = {"right": holds, "first": 0, "last": 1, "wrong": 1 - holds}
        door += max(moves) if branch == "most" else moves[taken[branch]]
    return door % len(view.doors)


def instructions() -> Iterator[tuple[str, Shortcut]]:
    """Some of the rules."""
    parts: dict[str, Callable[[list[str]], list[str]]] = {
        "no rule": lambda told: [],
        "the first rule": lambda told: told[:1],
        "the last rule": lambda told: told[-1:],
        "the first three rules": lambda told: told[:3],
        "the first half of the rules": lambda told: told[: len(told) // 2],
        "all rules but one": lambda told: told[1:],
        "rules that begin with If or While": lambda told: [t for t in told if t[0] in "IW"],
        "rules that begin with The": lambda told: [t for t in told if t.startswith("The")],
        "short rules": lambda told: [t for t in told if len(t) < 90],
    }
    for name, lines in parts.items():
        yield name, partial(_moves, lines=lines)
    for branch in ("first", "last", "wrong", "most"):
        yield f"all rules, the {branch} move of each", partial(_moves, lines=list, branch=branch)
    yield "rules for all things", partial(_moves, lines=list, thing="")


# Planning


Plan = tuple[str, str, dict[str, list[tuple[int, str]]]]


@lru_cache(maxsize=4)
def _plan(view: View) -> Plan | None:
    at = re.search(r"in the (\w+)\. Your target is the (\w+)", view.text)
    if not at:
        return None
    ways = {}
    for line in view.text.split("\n")[1:]:
        words = words_of(line)
        room = next((k for k, w in enumerate(words) if k + 1 < len(words) and words[k + 1] in
                     (*view.doors, "has")), 0)  # fmt: skip
        ways[words[room]] = [
            (view.doors.index(door), there) for door, there in pairwise(words) if door in view.doors
        ]
    return at[1], at[2], ways


def _room_named(view: View, least: bool) -> Choice:
    found = _plan(view)
    if not found or found[0] not in found[2]:
        return None
    here, _, ways = found
    counts = Counter(view.words)
    order = sorted(ways[here], key=lambda way: counts[way[1]])
    return order[0 if least else -1][0]


def _looking(view: View, ahead: int, then: str) -> Choice:
    """Look some doors ahead; if the target is not seen, something else."""
    found = _plan(view)
    if not found or found[0] not in found[2]:
        return None
    here, target, ways = found
    reached: list[set[str]] = []
    for door, room in sorted(ways[here]):
        seen, edge = {here, room}, deque([(room, 1)])
        while edge:
            there, depth = edge.popleft()
            if there == target:
                return door
            if depth < ahead:
                for _, following in ways.get(there, ()):
                    if following not in seen:
                        seen.add(following)
                        edge.append((following, depth + 1))
        reached.append(seen)
    sizes = [len(seen) for seen in reached]
    if then in ("most", "fewest"):
        return sizes.index(max(sizes) if then == "most" else min(sizes))
    to_target = {room for room, doors in ways.items() for _, there in doors if there == target}
    near = [len(seen & to_target) for seen in reached]
    return near.index(max(near))


def _door_to_target(view: View, k: int) -> Choice:
    found = _plan(view)
    doors = (
        [d for ways in found[2].values() for d, there in ways if there == found[1]] if found else []
    )
    return doors[k] if doors else None


def _walked_back(view: View, steps: int) -> Choice:
    """From the target back by the first room that leads there; then its door that was used last."""
    found = _plan(view)
    if not found:
        return None
    here, room, ways = found
    door, seen = None, {room}
    for _ in range(steps):
        into = [(r, d) for r, doors in ways.items() for d, there in doors if there == room]
        into = [each for each in into if each[0] not in seen]
        if not into:
            break
        room, door = min(into, key=lambda each: each[0] != here)
        seen.add(room)
        if room == here:
            break
    return door


def planning() -> Iterator[tuple[str, Shortcut]]:
    """A few doors of a way."""
    yield "door to the room named least", partial(_room_named, least=True)
    yield "door to the room named most", partial(_room_named, least=False)
    most = {"most": "most rooms", "fewest": "fewest rooms", "near": "most ways to the target"}
    for ahead in (1, 2, 3, 4):
        for then, name in most.items():
            look = partial(_looking, ahead=ahead, then=then)
            yield f"{ahead} doors ahead, else {name}", look
    for k in (0, -1):
        yield (
            f"{nth_name(k)} door that leads to the target from anywhere",
            partial(_door_to_target, k=k),
        )
    for steps in (1, 2, 3, 8):
        yield f"{steps} rooms back from the target", partial(_walked_back, steps=steps)


# Generalization


def _call(view: View) -> tuple[list[str], dict[tuple[str, ...], int]]:
    quoted = [(tuple(q.split()), view.doors_in(words_of(each)))
              for each in view.sentences for q in re.findall(r'"([a-z ]+)"', each)]  # fmt: skip
    call = quoted[-1][0] if quoted else ()
    return list(call), {words: doors[0] for words, doors in quoted[:-1] if doors}


def _called(view: View, parts: Callable[[list[str]], list[str]]) -> Choice:
    """The call made of some of its words only."""
    call, shown = _call(view)
    first = shown.get(tuple(call[:1]))
    if first is None:
        return None
    for word in parts(call[1:]):
        known = next((c for c in shown if len(c) == 2 and c[1] == word), None)
        if known and known[:1] in shown:
            first += shown[known] - shown[known[:1]]
    return first % len(view.doors)


def _like_call(view: View, k: int) -> Choice:
    call, shown = _call(view)
    found = [door for words, door in shown.items() if set(words) & set(call)]
    if not found:
        return None
    return found[k] if k in (0, -1) else Counter(found).most_common(1)[0][0]


def _heard(view: View, k: int) -> Choice:
    """What the example of one word of the call means."""
    call, shown = _call(view)
    heard = call[k:][:1]
    return next((door for words, door in shown.items() if [words[-1]] == heard), None)


def generalization() -> Iterator[tuple[str, Shortcut]]:
    """Some words of a call."""
    parts: dict[str, Callable[[list[str]], list[str]]] = {
        "the first word only": lambda words: [],
        "the first two words only": lambda words: words[:1],
        "the first and the last word": lambda words: words[-1:],
        "the first half of the words": lambda words: words[: len(words) // 2],
        "all words but the last": lambda words: words[:-1],
        "all words but the second": lambda words: words[1:],
    }
    for name, some in parts.items():
        yield name, partial(_called, parts=some)
    for k in (0, -1, 1):
        which = "most frequent" if k == 1 else nth_name(k)
        yield f"{which} example with a word of the call", partial(_like_call, k=k)
    for k in (0, 1, -1):
        yield f"example of the {nth_name(k)} word of the call", partial(_heard, k=k)


# Understanding the Odds


def _offered(view: View) -> dict[int, tuple[int, int]]:
    """The numbers in each door's sentence, those before "in 100" last."""
    found: dict[int, tuple[int, int]] = {}
    for each in view.sentences if "coins" in view.words else ():
        doors = view.doors_in(words_of(each))
        chance = re.search(r"(\d+) (?:times )?in 100", each)
        coins = re.search(r"(\d+) coins", each)
        if doors and chance and coins:
            found[doors[0]] = (int(coins[1]), int(chance[1]))
    return found


def _ranked(view: View, value: Callable[[int, int], float], k: int) -> Choice:
    told = _offered(view)
    return sorted(told, key=lambda door: -value(*told[door]))[k] if len(told) == 4 else None


def _likeliest(view: View, most: int) -> Choice:
    told = _offered(view)
    rich = sorted(told, key=lambda door: -told[door][0])[:most]
    return max(rich, key=lambda door: told[door][1], default=None)


def _above(view: View, chance: int) -> Choice:
    told = _offered(view)
    good = [door for door in told if told[door][1] >= chance]
    return max(good, key=lambda door: told[door][0], default=None)


def odds() -> Iterator[tuple[str, Shortcut]]:
    """Prizes alone, or chances alone."""
    for k, place in enumerate(("largest", "second largest", "second smallest", "smallest")):
        yield f"{place} prize", partial(_ranked, value=lambda coins, chance: coins, k=k)
        yield f"{place} chance", partial(_ranked, value=lambda coins, chance: chance, k=k)


def _sum(weight: int, coins: int, chance: int) -> float:
    return coins + weight * chance


def _first_digits(coins: int, chance: int) -> float:
    return int(str(coins)[0]) * int(str(chance)[0])


def combined_odds() -> Iterator[tuple[str, Shortcut]]:
    """Rules that combine prize and chance: arithmetic near the average, not a way past it."""
    for weight in (1, 2, 4, 10, 30):
        yield f"prize + {weight} · chance", partial(_ranked, value=partial(_sum, weight), k=0)
    yield "product of the first digits", partial(_ranked, value=_first_digits, k=0)
    for most in (2, 3):
        yield f"likeliest of the {most} largest prizes", partial(_likeliest, most=most)
    for chance in (5, 10, 20, 30, 50):
        yield f"largest prize with a chance of {chance} or more", partial(_above, chance=chance)


# Error/Mistake Handling


KINDS = ("two four", "four two", "two three", "three two")
"""How many of nine entries are moved to the front, and how many to the end."""


def _logs(view: View) -> tuple[list[str], list[str], Mapping[str, int]] | None:
    lines = view.text.split("\n")
    if len(lines) < 4 or "Plan" not in lines[0]:
        return None
    plan, log = (words_of(line.partition(":")[2]) for line in lines[:2])
    repairs = {}
    for part in lines[2].partition(":")[2].split(";"):
        doors = view.doors_in(words_of(part))
        if doors:
            repairs[" ".join(re.findall("two|three|four", part))] = doors[0]
    return plan, log, repairs


def _repair(view: View, kind: str) -> Choice:
    found = _logs(view)
    return found[2].get(kind) if found else None


def _compared(view: View, entries: Callable[[int], range]) -> Choice:
    """Compare some entries only; which repair there is for what they show, else the first."""
    found = _logs(view)
    if not found:
        return None
    plan, log, repairs = found
    for k in entries(len(log)):
        if log[k] != plan[k] and log[k] in plan[k : k + 9]:
            return repairs.get({5: KINDS[0], 6: KINDS[2]}.get(plan.index(log[k], k) - k, KINDS[1]))
    return repairs.get(KINDS[0])


def _surface(view: View, how: Callable[[list[str], list[str]], int]) -> Choice:
    found = _logs(view)
    return found[2].get(KINDS[how(found[0], found[1]) % 4]) if found else None


def errors() -> Iterator[tuple[str, Shortcut]]:
    """Always the same repair, or a comparison of a few entries."""
    for kind in KINDS:
        yield f"always the repair for {kind}", partial(_repair, kind=kind)
    for name, entries in {
        "first four entries": lambda n: range(4),
        "first half of the entries": lambda n: range(n // 3),
        "last four entries": lambda n: range(n - 4, n),
        "last third of the entries": lambda n: range(2 * n // 3, n),
    }.items():
        yield f"compares the {name}", partial(_compared, entries=entries)
    for name, how in {
        "length of the log": lambda plan, log: len(log),
        "chores in the log": lambda plan, log: len(set(log)),
        "neighbours alike": lambda plan, log: sum(a == b for a, b in pairwise(log)),
        "one but neighbours alike": lambda plan, log: sum(
            a == b for a, b in zip(log, log[2:], strict=False)
        ),
        "last entry in the plan": lambda plan, log: plan.index(log[-1]) if log[-1] in plan else 0,
        "last entry against the plan": lambda plan, log: log[-1] != plan[len(log) - 1],
        "entries out of place": lambda plan, log: sum(
            a != b for a, b in zip(log, plan, strict=False)
        ),
        "new pairs of neighbours": lambda plan, log: len({*pairwise(log)} - {*pairwise(plan)}),
        "new triples of neighbours": lambda plan, log: len(
            {*zip(log, log[1:], log[2:], strict=False)}
            - {*zip(plan, plan[1:], plan[2:], strict=False)}
        ),
        "chores counted": lambda plan, log: sum(
            (Counter(log) - Counter(plan[: len(log)])).values()
        ),
    }.items():
        yield f"by {name}", partial(_surface, how=how)


# Spatial Reasoning


def _walked(
    view: View,
    pieces: Callable[[list[str]], list[str]] = list,
    turning: Callable[[str], int] = lambda piece: 0,
    back: int = -1,
    axes: tuple[int, int] = (1, 1),
) -> Choice:
    """Walk, with parts of what is told left out."""
    if "The floor" not in view.text:
        return None
    rows = [view.named[k : k + 4] for k in range(0, 16, 4)]
    ordinals, headings = ("first", "second", "third", "fourth"), ("north", "east", "south", "west")
    at = re.search(r"on the (\w+) tile of the (\w+) row and face (\w+)", view.text)
    if not at or any(len(row) < 4 for row in rows):
        return None
    column, row = ordinals.index(at[1]), ordinals.index(at[2])
    facing = headings.index(at[3])
    told = view.text.partition("The walk: ")[2].rstrip(".").split(", ")
    for piece in pieces(told):
        facing += turning(piece)
        words = piece.split()
        if len(words) == 3:
            number = {"one": 1, "two": 2, "three": 3}[words[1]] * (
                1 if words[2] == "ahead" else back
            )
            step = ((-1, 0), (0, 1), (1, 0), (0, -1))[facing % 4]
            row, column = row + axes[0] * number * step[0], column + axes[1] * number * step[1]
    return rows[row % 4][column % 4]


def _turn(piece: str) -> int:
    return {"turn right": 1, "turn left": -1}.get(piece, 0)


def spatial() -> Iterator[tuple[str, Shortcut]]:
    """Walks without turns, or with one axis, or in part."""
    yield "stays where it is", partial(_walked, pieces=lambda told: [])
    yield "never turns", _walked
    yield (
        "turns when it looks",
        partial(
            _walked,
            turning=lambda piece: (1 if "right" in piece else -1) * (len(piece.split()) == 2),
        ),
    )
    yield "always turns right", partial(_walked, turning=lambda piece: int("turn" in piece))
    for axes, name in (((1, 0), "rows only"), ((0, 1), "columns only")):
        yield name, partial(_walked, turning=_turn, axes=axes)
    for name, some in {
        "the first leg": lambda told: told[:1],
        "the last leg": lambda told: told[-1:],
        "the first and the last leg": lambda told: [told[0], told[-1]],
        "the first half": lambda told: told[: len(told) // 2],
        "the last half": lambda told: told[len(told) // 2 :],
        "up to the second turn": lambda told: told[: ([k for k, p in enumerate(told) if "turn" in p]
                                                      + [99, 99])[1]],
    }.items():  # fmt: skip
        yield name, partial(_walked, pieces=some, turning=_turn)


# Learning from Interactions

RINGS = ("not at all", "once", "twice", "three times")
BELLS = "|".join(RINGS)


def _rang(view: View, more: Callable[[int], int], last: bool) -> Choice:
    """The door chosen when the mask was shown, moved on by some use of one outcome."""
    found = re.search(r"the (\w+) mask", view.text)
    if not found:
        return None
    form = rf"you chose the (\w+) door\.[^.]*?({BELLS}) for the {found[1]} mask"
    met = re.findall(form, view.past)
    if not met:
        return None
    door, times = met[-1 if last else 0]
    return (view.doors.index(door) + more(RINGS.index(times))) % len(view.doors)


def _last_bell(view: View) -> Choice:
    rang = re.findall(rf"({BELLS}) for the", view.past)
    return RINGS.index(rang[-1]) if rang else None


def learning() -> Iterator[tuple[str, Shortcut]]:
    """One outcome of two, or a choice without its outcome."""
    uses: dict[str, Callable[[int], int]] = {
        "as chosen": lambda rang: 0,
        "as many doors on as the bell rang": lambda rang: rang,
        "as many doors back as the bell rang": lambda rang: -rang,
        "as chosen if the bell was silent, else one on": lambda rang: int(rang > 0),
        "as chosen if the bell was silent, else two on": lambda rang: 2 * (rang > 0),
    }
    for last in (False, True):
        for name, more in uses.items():
            when = "the second time" if last else "the first time"
            yield f"{name}, {when} the mask was shown", partial(_rang, more=more, last=last)
    yield "by the last bell", _last_bell


def mirrored_walks() -> Iterator[tuple[str, Shortcut]]:
    """Walks that mind every leg and every turn, and mistake a direction."""
    yield "left for right", partial(_walked, turning=lambda piece: -_turn(piece))
    yield "goes ahead when told to go back", partial(_walked, turning=_turn, back=1)


BOUNDED = (long_text, reasoning, instructions, planning, generalization, odds, learning, errors,
           spatial)  # fmt: skip
REPORTED = {
    Capability.UNDERSTANDING_THE_ODDS: combined_odds,
    Capability.SPATIAL_REASONING: mirrored_walks,
}
"""They do most of what is demanded, but not well."""
