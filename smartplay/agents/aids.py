"""Aids: filters that do one thing for an agent, to see what it lacks.

An aid reads what the agent reads (manual, actions, observations) and nothing else. It ends an
observation with a line such as `Hint (map): …`, and adds nothing where it has nothing to say. There
is one aid per capability, and a placebo, which says as much and helps nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import permutations
from math import hypot, log
from typing import Any

import msgspec

from smartplay.agents.context import Observation
from smartplay.agents.wrappers import Filter
from smartplay.cards.capabilities import Capability
from smartplay.core.errors import UnknownNameError
from smartplay.games.messenger.deal import ENTITIES, SPLITS
from smartplay.games.messenger.grammar import vocabulary
from smartplay.games.messenger.reading import MOVEMENT_CUES, ROLE_CUES, read

BANDIT, ROPASCI, HANOI = "Slot Machines", "Rock, Paper, Scissors", "Tower of Hanoi"
MESSENGER, CRAFTER, BIOME, LAKE = "Messenger", "Crafter", "Finding a biome", "Frozen Lake"

LONG_MANUAL = 150  # words; a shorter manual needs no excerpt
PIECES = 4  # of a manual in an excerpt or a checklist
LISTED = 6  # outcomes in a digest
REACH, FAR = 40, 12  # steps to the farthest thing that a map of Crafter names, and tells a way to

Cell = tuple[int, int]
WAYS: dict[str, Cell] = {"west": (-1, 0), "east": (1, 0), "north": (0, -1), "south": (0, 1)}
WINDS = (
    "north", "north-north-east", "north-east", "east-north-east", "east", "east-south-east",
    "south-east", "south-south-east", "south", "south-south-west", "south-west",
    "west-south-west", "west", "west-north-west", "north-west", "north-north-west",
)  # fmt: skip


class Notes:
    """What an aid has read so far in an episode.

    Args:
        manual: The rules.
        actions: Names of the actions.

    Attributes:
        seen: The game's observations, the present one last.
        outcomes: How often each action was followed by which sentence.
        places: The places of Crafter's and Minecraft's things, from where the episode began.
        done: What was unlocked.
        at: Where the agent is in Crafter, from where it began.
    """

    def __init__(self, manual: str, actions: Sequence[str]) -> None:
        self.manual, self.actions = manual, list(actions)
        self.title = manual.split("\n", 1)[0]
        self.seen: list[str] = []
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.places: dict[Cell, str] = {}
        self.done: dict[str, None] = {}
        self.at: Cell = (0, 0)

    @property
    def now(self) -> str:
        """The present observation."""
        return self.seen[-1]

    def add(self, text: str) -> None:
        """Take in an observation."""
        self.seen.append(text)
        if done := self.last():
            self.outcomes[done] += 1
        self.done |= dict.fromkeys(re.findall(r"Achievement unlocked: ([a-z ]+)\.", text))
        if self.title == CRAFTER:
            _chart(self)

    def last(self) -> tuple[str, str] | None:
        """The last action and what the game said of it, where it names the action."""
        found = re.search(r"[Yy]ou chose:? (.+?)\. (.+)", self.now)
        return (found[1], found[2]) if found and found[1] in self.actions else None

    def quote(self, pattern: str) -> list[Any]:
        """What the manual says, by a pattern."""
        return re.findall(pattern, self.manual, re.MULTILINE)


Teller = Callable[[Notes], str]
"""What an aid says about the present; empty for nothing."""


class AidFilter(Filter):
    """An aid at work in one episode.

    Args:
        aid: The aid.
        actions: Names of the actions.
    """

    def __init__(self, aid: Aid, actions: list[str]) -> None:
        super().__init__(actions)
        self._aid = aid
        self._notes = Notes("", actions)
        self._hint = ""

    def manual(self, text: str) -> str:
        """Read it, and let it pass."""
        self._notes = Notes(text, self.actions)
        return text

    def observation(self, seen: Observation) -> Observation:
        """Add a hint, the same one again after an invalid reply."""
        if not seen.complaint or not self._notes.seen:
            self._notes.add(re.sub(r"\nHint \(\w+\): .*", "", seen.text))
            told = self._aid.tell(self._notes)
            self._hint = f"\nHint ({self._aid.name}): {told}" if told else ""
        text = seen.text + self._hint
        return Observation(text, seen.history, seen.complaint, seen.image) if self._hint else seen


class Aid(msgspec.Struct, frozen=True):
    """Something that can be done for an agent.

    Attributes:
        name: What the command line calls it.
        summary: What it tells.
        tellers: What it says, by the title of the game; `""` is for all others.
        capability: The capability it stands in for; None for the placebo.
    """

    name: str
    summary: str
    tellers: dict[str, Teller]
    capability: Capability | None = None

    def tell(self, notes: Notes) -> str:
        """What it says about the present; empty for nothing."""
        teller = self.tellers.get(notes.title) or self.tellers.get("")
        return teller(notes) if teller else ""

    def filter(self, actions: list[str]) -> Filter:
        """The aid for one episode."""
        return AidFilter(self, actions)


# Long text: the words of the manual that matter now, word for word.


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z]{3,}", text.lower())}


def _relevant(pieces: Sequence[str], now: str) -> list[str]:
    """The pieces that have most rare words in common with the observation, in their order."""
    known = [_words(piece) for piece in pieces]
    often = Counter(word for words in known for word in words)
    there = _words(now)
    weights = [sum(log(len(pieces) / often[word]) for word in words & there) for words in known]
    best = sorted(range(len(pieces)), key=lambda k: (-weights[k], k))[:PIECES]
    return [pieces[k] for k in sorted(best) if weights[k] > 0]


def _sentences(notes: Notes) -> list[str]:
    body = notes.manual.partition("\n")[2]
    return [each.strip() for each in re.split(r"(?<=[.!?])\s+|\n+", body) if each.strip()]


def _quoted(pieces: Sequence[str]) -> str:
    return "the manual says: " + " ".join(f'"{piece}"' for piece in pieces) if pieces else ""


def _excerpt(notes: Notes) -> str:
    if len(notes.manual.split()) < LONG_MANUAL:
        return ""
    return _quoted(_relevant(_sentences(notes), notes.now))


def _reports(notes: Notes) -> list[str]:
    return re.findall(r"^- (.+)$", notes.manual.partition("\nReports:\n")[2], re.MULTILINE)


def _excerpt_crafter(notes: Notes) -> str:
    items, near = _amounts(notes.now), _nearest(notes.now)
    lines = notes.quote(r"^- (.+)$")
    takes = [line for line in lines if line.split(":")[0] in near]
    used = [
        line
        for line in lines
        if (uses := re.findall(r"(\d+) (\w+)", line.partition("uses ")[2].partition(";")[0]))
        and all(items.get(item, 0) >= int(count) for count, item in uses)
    ]
    return _quoted([*takes, *used])


# Reasoning: what follows from several facts together.


def _conclude_ropasci(notes: Notes) -> str:
    beaten = notes.quote(r"([Rr]ock|[Pp]aper|[Ss]cissors) beats? (rock|paper|scissors)")
    answers = [f"if your opponent chooses {low}, {top.lower()} wins" for top, low in beaten]
    return "; ".join(answers) + "." if answers else ""


def _conclude_hanoi(notes: Notes) -> str:
    rods = _rods(notes.now)
    astray = [disk for disk, rod in rods.items() if rod != "C"]
    if not astray:
        return ""
    largest = max(astray)
    above = sorted(d for d in rods if d < largest and rods[d] in (rods[largest], "C"))
    way = f"in its way: {_listed(above)}" if above else "nothing is in its way"
    return f"disk {largest} is the largest that is not on rod C; {way}."


def _conclude_messenger(notes: Notes) -> str:
    looks = Counter(re.findall(r"^- (\w+), ", notes.seen[0], re.MULTILINE))
    if "decoys" not in notes.manual or max(looks.values(), default=0) < 2:
        return ""
    alone = next(look for look, count in looks.items() if count == 1)
    false = [
        f' The report "{report}" is false.'
        for report in _reports(notes)
        if (found := read(report)).entity == alone and found.role not in (None, "enemy")
    ]
    return (
        f"the {alone} is there once, so it is the enemy that is no decoy; of each look that is "
        f"there twice one is a decoy.{''.join(false)}"
    )


def _conclude_crafter(notes: Notes) -> str:
    items, enough = _amounts(notes.now), []
    for name, uses in notes.quote(r"^- ((?:Place|Make) [\w ]+): uses (.+?);"):
        needs = re.findall(r"(\d+) (\w+)", uses)
        if all(items.get(item, 0) >= int(count) for count, item in needs):
            enough.append(name)
    return f"what you carry is enough for: {', '.join(enough)}." if enough else ""


def _climate(notes: Notes) -> tuple[float | None, float | None]:
    """Warmth and wetness that the plants around tell, 0 to 1."""
    found: list[float | None] = []
    for first, last in (("cold", "hot"), ("dry", "wet")):
        (told,) = notes.quote(rf"From {first} to {last} grow: (.+?)\.") or [""]
        plants = told.split(", ")
        there = [k for k, plant in enumerate(plants) if plant and f"- {plant}:" in notes.now]
        cold = first == "cold" and re.search(r"^- (snow|ice|packed ice)", notes.now, re.M)
        ranks = [k / (len(plants) - 1) for k in there] or ([0.0] if cold else [])
        found.append(sum(ranks) / len(ranks) if ranks else None)
    return found[0], found[1]


def _lands(notes: Notes) -> list[list[str]]:
    """The lands from the coldest to the hottest, each row from dry to wet."""
    told = notes.quote(r"each row from dry to wet: (.+?)\.")
    return [row.split(", ") for row in told[0].split("; ")] if told else []


def _goal_land(notes: Notes) -> str:
    return next(iter(notes.quote(r"find this land: (.+?)\.")), "")


def _conclude_biome(notes: Notes) -> str:
    rows, goal = _lands(notes), _goal_land(notes)
    spots = [
        (k / (len(rows) - 1), row.index(goal) / max(1, len(row) - 1))
        for k, row in enumerate(rows)
        if goal in row
    ]
    if not spots:
        return "your goal lies at the sea, and low land with coast grass lies towards it."
    differences = []
    for axis, (less, more) in enumerate((("colder", "warmer"), ("drier", "wetter"))):
        here = _climate(notes)[axis]
        wanted = sum(spot[axis] for spot in spots) / len(spots)
        if here is not None and abs(wanted - here) > 0.2:
            differences.append(more if wanted > here else less)
    return f"your goal has a {' and '.join(differences)} climate than here." if differences else ""


# Instructions: which of the rules bind now.

_BINDING = re.compile(r"\b(must|may|never|cannot|only|as long as|at most|exactly|ends?|goal)\b")


def _rules(notes: Notes) -> str:
    binding = [each for each in _sentences(notes) if _BINDING.search(each)]
    pieces = _relevant(binding, notes.now)
    return f"now these rules apply: {' '.join(pieces)}" if pieces else ""


def _rules_hanoi(notes: Notes) -> str:
    tops = {rod: min(d for d, r in _rods(notes.now).items() if r == rod) for rod in
            sorted(set(_rods(notes.now).values()))}  # fmt: skip
    bans = [
        f"disk {tops[a]} may not go on disk {tops[b]} (rod {a} to rod {b})"
        for a in tops
        for b in tops
        if tops[a] > tops[b]
    ]
    empty = [f"nothing can be taken from rod {rod}" for rod in "ABC" if rod not in tops]
    return "now " + "; ".join([*bans, *empty]) + "." if bans or empty else ""


def _rules_messenger(notes: Notes) -> str:
    if "You have the message." in notes.now:
        return "you have the message, so touch the goal and nobody else."
    return (
        "you do not have the message, so touch the one who keeps it and nobody else: the goal "
        "kills you now, too."
    )


def _rules_crafter(notes: Notes) -> str:
    items, around = _amounts(notes.now), _around(notes)
    told = []
    for name, uses, needs in notes.quote(r"^- (Make [\w ]+): uses (.+?); needs (.+?) beside you"):
        if all(items.get(i, 0) >= int(n) for n, i in re.findall(r"(\d+) (\w+)", uses)):
            away = [kind for kind in re.findall(r"an? (\w+)", needs) if kind not in around]
            told += [f"{name} needs a {kind} beside you, and there is none." for kind in away]
    if re.search(r"^- lava: 1 step away", notes.now, re.MULTILINE):
        told.append("Do not step into the lava beside you.")
    return " ".join(told)


def _rules_lake(notes: Notes) -> str:
    ways = {way: _tile(notes, *cell) for way, cell in _lake_ways(notes).items()}
    holes = [f"Move {way}" for way, tile in ways.items() if tile == "H"]
    return f"a hole ends the game: {' and '.join(holes)} would lead into one." if holes else ""


# Planning: the next subgoal.


def _plan_bandit(notes: Notes) -> str:
    pulls = _pulls(notes)
    least = min(pulls, key=lambda name: sum(pulls[name]), default="")
    if least and sum(pulls[least]) < 3:
        return f"first get to know every machine; next, {least}."
    return "the machines are known well enough; next, stay with the one that does best."


def _plan_hanoi(notes: Notes) -> str:
    rods, rod, steps = _rods(notes.now), "C", []
    for disk in sorted(rods, reverse=True):
        if rods[disk] != rod:
            steps.append(f"bring disk {disk} to rod {rod}")
            (rod,) = {"A", "B", "C"} - {rods[disk], rod}
    return "your next subgoal: " + "; for that, first ".join(steps) + "." if steps else ""


def _plan_messenger(notes: Notes) -> str:
    if "the first touch ends the game" in notes.manual:
        return ""  # a plan of one step
    if "You have the message." in notes.now:
        return "your next subgoal: reach the goal, on a way that keeps clear of the enemies."
    return (
        "your next subgoal: reach the one who keeps the message, on a way that keeps clear of the "
        "goal and the enemies."
    )


_CRAFTER_PLAN = (
    "Place Table", "Make Wood Pickaxe", "Make Wood Sword", "Make Stone Pickaxe",
    "Make Stone Sword", "Place Furnace", "Make Iron Pickaxe", "Make Iron Sword",
)  # fmt: skip


def _plan_crafter(notes: Notes) -> str:
    items = _amounts(notes.now)
    low = {"food": "eat a cow", "drink": "drink water"}
    urgent = [deed for vital, deed in low.items() if items.get(vital, 9) <= 3]
    costs = dict(notes.quote(r"^- ((?:Place|Make) [\w ]+): uses (.+?);"))
    for name in _CRAFTER_PLAN:
        if urgent or name.lower() in notes.done or name not in costs:
            continue
        needs = re.findall(r"(\d+) (\w+)", costs[name])
        short = [f"{n} {item}" for n, item in needs if items.get(item, 0) < int(n)]
        if short:
            return f"your next subgoal: {name}; for that, first have {' and '.join(short)}."
        return f"your next subgoal: {name}."
    return f"your next subgoal: {(urgent or ['collect diamond'])[0]}."


def _plan_biome(notes: Notes) -> str:
    been = [_position(text) for text in notes.seen]
    x, z = been[-1]
    last = been[-2] if len(been) > 1 else been[-1]

    def newness(way: str) -> float:
        dx, dz = WAYS[way]
        aim = (x + 80 * dx, z + 80 * dz)
        straight = 10 * (dx * (x - last[0]) + dz * (z - last[1]) > 0)
        return min(hypot(aim[0] - a, aim[1] - b) for a, b in been) + straight

    return f"your next subgoal: look at the land 80 blocks {max(WAYS, key=newness)} of you."


def _plan_lake(notes: Notes) -> str:
    start = _spot(notes.now)
    ways, queue = {start: [start]}, [start]
    for row, column in queue:
        for cell in ((row, column - 1), (row + 1, column), (row, column + 1), (row - 1, column)):
            if cell not in ways and _tile(notes, *cell) in ("S", "F", "G"):
                ways[cell] = [*ways[row, column], cell]
                queue.append(cell)
    goal = next((cell for cell in queue if _tile(notes, *cell) == "G"), start)
    if goal == start:
        return ""
    row, column = ways[goal][1]
    return f"your next subgoal on a way round the holes: row {row}, column {column}."


# Generalization: unknown names in terms of known ones.


@lru_cache(maxsize=1)
def _nouns() -> dict[str, str]:
    """Messenger's nouns, each with the plain name of the look."""
    nouns: dict[str, str] = {}
    for split in SPLITS:
        for entity, words in vocabulary(split).nouns.items():
            nouns |= dict.fromkeys(words, entity)
    return {noun: look for noun, look in nouns.items() if noun not in ENTITIES}


def _gloss_messenger(notes: Notes) -> str:
    means: dict[str, str] = {}
    cues = {"enemy": "the enemy", "goal": "the goal"}
    ways = {"chaser": "that it chases you", "fleeing": "that it flees", "immovable": "that it "
            "never moves"}  # fmt: skip
    for report in _reports(notes):
        text = report.lower()
        nouns = {n: look for n, look in _nouns().items() if re.search(rf"\b{n}\b", text)}
        means |= {n: look for n, look in nouns.items() if not any(n in m and n != m for m in nouns)}
        found = read(report)
        for table, names, key in ((ROLE_CUES, cues, found.role), (MOVEMENT_CUES, ways,
                                                                  found.movement)):  # fmt: skip
            if key in names and (cue := re.search(table[key], text)):
                means[cue[0].strip()] = names[key]
        if found.role == "message" and "message" not in text:
            noun = re.search(r"\b(letter|note|memo|document|dispatch|missive|classified report|"
                             r"papers?|parcel|package|file|report)\b", text)  # fmt: skip
            means |= {noun[0]: "the message"} if noun else {}
    return "; ".join(f'"{word}" means {plain}' for word, plain in means.items()) + "." * bool(means)


def _gloss_crafter(notes: Notes) -> str:
    roles = {"cow": "food that walks", "zombie": "an enemy that strikes when beside you",
             "skeleton": "an enemy that shoots", "arrow": "a missile that hurts",
             "lava": "death to step into", "plant": "a sapling that grows",
             "ripe plant": "food"}  # fmt: skip
    gives = {kind: f"a source of {item}" for kind, item in notes.quote(r"^- (\w+): 1 (\w+)")}
    told = [f"{kind} is {role}" for kind, role in (gives | roles).items()
            if kind in _nearest(notes.now)]  # fmt: skip
    return "; ".join(told) + "." if told else ""


def _gloss_biome(notes: Notes) -> str:
    rows, goal, told = _lands(notes), _goal_land(notes), []
    for k, row in enumerate(rows):
        if goal in row:
            place = row.index(goal)
            near = [("drier", row[:place][-1:]), ("wetter", row[place + 1 :][:1]),
                    ("colder", rows[k - 1] if k else []), ("hotter", rows[k + 1 :][:1] and
                                                           rows[k + 1])]  # fmt: skip
            told += [f"{word} than it: {', '.join(lands)}" for word, lands in near if lands]
    return f"the lands most like {goal} are, {'; '.join(told)}." if told else ""


# Odds: chances worked out from the history.


def _pulls(notes: Notes) -> dict[str, tuple[int, int]]:
    """Wins and losses of each machine."""
    told = Counter(re.findall(r"you pulled (slot machine \d+) and (won|lost)", "\n".join(
        notes.seen)))  # fmt: skip
    names = [name.removeprefix("Pull ") for name in notes.actions]
    return {name: (told[name, "won"], told[name, "lost"]) for name in names}


def _odds_bandit(notes: Notes) -> str:
    chances = [
        f"{name} wins with a chance of about {100 * (won + 1) / (won + lost + 2):.0f} percent"
        for name, (won, lost) in _pulls(notes).items()
    ]
    return "; ".join(chances) + "."


def _theirs(notes: Notes) -> Counter[str]:
    return Counter(re.findall(r"your opponent chose (\w+)", "\n".join(notes.seen)))


def _odds_ropasci(notes: Notes) -> str:
    seen = _theirs(notes)
    total = sum(seen.values()) + len(notes.actions)
    chances = [f"{name} {100 * (seen[name] + 1) / total:.0f} percent" for name in notes.actions]
    return f"your opponent's next option: {', '.join(chances)}."


def _odds_crafter(notes: Notes) -> str:
    if "in front of you: grass" not in notes.now or "collect sapling" in notes.done:
        return ""
    tries = sum(n for (_, said), n in notes.outcomes.items() if "found no sapling" in said)
    (told,) = notes.quote(r"sapling with a chance of (\d+) percent") or ["10"]
    ten = 100 * (1 - (1 - int(told) / 100) ** 10)
    return f"{tries} tries gave no sapling so far; ten more give one with {ten:.0f} percent."


def _odds_lake(notes: Notes) -> str:
    if "slippery" not in notes.manual:
        return ""
    ways = [_tile(notes, *cell) == "H" for cell in _lake_ways(notes).values()]
    names = list(_lake_ways(notes))
    falls = [ways[k - 1] + ways[k] + ways[(k + 1) % 4] for k in range(4)]
    told = [f"Move {name} {100 * n / 3:.0f} percent" for name, n in zip(names, falls, strict=True)]
    return f"the chance to fall into a hole: {', '.join(told)}."


# Learning: what each action brought so far.


def _digest(notes: Notes) -> str:
    told = [
        f'{action}, {n} times: "{said}"' for (action, said), n in notes.outcomes.most_common(LISTED)
    ]
    return "so far: " + " ".join(told) if told else ""


def _digest_bandit(notes: Notes) -> str:
    told = [f"{name} won {won} and lost {lost} times" for name, (won, lost) in
            _pulls(notes).items()]  # fmt: skip
    return f"so far, {'; '.join(told)}." if len(notes.seen) > 1 else ""


def _digest_ropasci(notes: Notes) -> str:
    theirs = _theirs(notes)
    told = [f"{name} {theirs[name]} times" for name in notes.actions]
    return f"so far your opponent chose {', '.join(told)}." if theirs else ""


def _digest_crafter(notes: Notes) -> str:
    unlocked = ", ".join(notes.done) or "nothing"
    return f"{len(notes.seen) - 1} steps so far; unlocked: {unlocked}. {_digest(notes)}".strip()


def _digest_biome(notes: Notes) -> str:
    moves: dict[str, list[float]] = {}
    for text in notes.seen[1:]:
        if found := re.search(r"You moved (\w+) for .*? got (-?[\d.]+) blocks", text):
            moves.setdefault(found[1], []).append(float(found[2]))
    told = [f"{way} {len(gains)} times, {sum(gains):.0f} blocks in all" for way, gains in
            moves.items()]  # fmt: skip
    return f"so far you moved {'; '.join(told)}." if told else ""


# Errors: did the last action have its effect?

_FAILED = re.compile(r"did not move|Nothing (?:happened|was|moved)|not allowed|slipped|was not "
                     r"carried out|kept you where|You found no|could not|no effect")  # fmt: skip


def _check(notes: Notes) -> str:
    last = notes.last()
    if last is None:
        same = len(notes.seen) > 1 and notes.seen[-2] == notes.now
        return "your last action changed nothing that you can see." if same else ""
    action, said = last
    if _FAILED.search(said):
        return f"your last action, {action}, did not have its effect: {said}"
    return f"your last action, {action}, had its effect."


def _check_biome(notes: Notes) -> str:
    found = re.search(r"You moved (\w+) for .*? got (-?[\d.]+) blocks", notes.now)
    if not found:
        return ""
    if float(found[2]) < 3:
        return f"your last move, {found[1]}, was stopped: something is in the way."
    return f"your last move, {found[1]}, had its effect."


def _check_lake(notes: Notes) -> str:
    last = re.search(r"You chose: Move (\w+)", notes.now)
    if not last or len(notes.seen) < 2:
        return ""
    before = Notes(notes.manual, notes.actions)
    before.seen = notes.seen[-2:-1]
    aim, now = _lake_ways(before)[last[1]], _spot(notes.now)
    if now == aim:
        return f"your last action, Move {last[1]}, had its effect."
    return f"your last action, Move {last[1]}, did not have its effect: you are elsewhere."


# Space: maps and coordinates.


def _offset(dx: int, dy: int) -> str:
    parts = [f"{abs(dx)} {'west' if dx < 0 else 'east'}"] if dx else []
    parts += [f"{abs(dy)} {'north' if dy < 0 else 'south'}"] if dy else []
    return ", ".join(parts) or "here"


def _map_crafter(notes: Notes) -> str:
    x, y = notes.at
    near: dict[str, list[tuple[int, int, int]]] = {}
    for (a, b), kind in notes.places.items():
        if (far := abs(a - x) + abs(b - y)) <= REACH:
            near.setdefault(kind, []).append((far, a - x, b - y))
    told = [
        f"{kind} {_offset(dx, dy)}" for kind, cells in near.items() for _, dx, dy in
        sorted(cells)[:PIECES]
    ]  # fmt: skip
    seen = f" Seen so far, from where you are: {'; '.join(told)}." if told else ""
    ways = "; ".join(f"to {kind}: go {way}" for kind, way in _ways_crafter(notes).items())
    nearest = f" The ways to the nearest begin so: {ways}." if ways else ""
    return f"from where you began you are: {_offset(x, y)}.{seen}{nearest}"


def _ways_crafter(notes: Notes) -> dict[str, str]:
    """The first step of the shortest way to the nearest of each kind, round what is known."""
    aims = notes.places | {(notes.at[0] + dx, notes.at[1] + dy): kind for kind, (dx, dy) in
                           _nearest(notes.now).items() if kind not in _GROUND}  # fmt: skip
    first: dict[Cell, str] = {notes.at: ""}
    queue, found = [notes.at], dict[str, str]()
    for x, y in queue:
        for way, (dx, dy) in WAYS.items():
            cell = x + dx, y + dy
            if cell in first or abs(cell[0] - notes.at[0]) + abs(cell[1] - notes.at[1]) > FAR:
                continue
            first[cell] = first[x, y] or way
            if cell in aims:
                found.setdefault(aims[cell], first[cell])
            else:
                queue.append(cell)
    return found


def _map_messenger(notes: Notes) -> str:
    """Where everyone was at the start, as only one order of the squares fits, and where one is."""
    squares = [(int(x), int(y)) for x, y in notes.quote(r"column (\d+), row (\d+)") or []]
    told = re.findall(r"^- (\w+), (\d+) steps? to the ([\w-]+)$", notes.seen[0], re.M)
    if "two north, two south" in notes.manual:
        return "; ".join(f"{look}: {n} steps straight {way}" for look, n, way in told
                         if "-" not in way) + "."  # fmt: skip
    if "third and the eighth row" in notes.manual:
        squares = [(3, 3), (8, 3), (3, 8), (8, 8)]
    for me in squares:
        rest = [square for square in squares if square != me]
        for order in permutations(rest):
            if all(_place(me, spot) == (int(n), way) for spot, (_, n, way) in
                   zip(order, told, strict=True)):  # fmt: skip
                began = "; ".join(f"{look} column {x}, row {y}" for (x, y), (look, *_) in
                                  zip(order, told, strict=True))  # fmt: skip
                x, y = me
                for text in notes.seen[1:]:
                    if step := re.search(r"You moved one square (\w+)", text):
                        x, y = x + WAYS[step[1]][0], y + WAYS[step[1]][1]
                return f"you are in column {x}, row {y}. At the start: {began}."
    return ""


def _place(me: Cell, spot: Cell) -> tuple[int, str]:
    dx, dy = spot[0] - me[0], spot[1] - me[1]
    ways = ["north" if dy < 0 else "south"] * bool(dy) + ["west" if dx < 0 else "east"] * bool(dx)
    return abs(dx) + abs(dy), "-".join(ways)


def _map_biome(notes: Notes) -> str:
    x, z = _position(notes.now)
    x0, z0 = _position(notes.seen[0])
    spots = {}
    for text in notes.seen:
        a, b = _position(text)
        for kind, far, wind in re.findall(r"^- ([\w ]+): ([\d.]+) blocks ([a-z-]+)", text, re.M):
            if wind in WINDS:
                dx, dz = _bearing(wind)
                spots[kind] = (a + float(far) * dx, b + float(far) * dz)
    told = [f"{kind} {_offset(round(a - x), round(b - z))}" for kind, (a, b) in spots.items()]
    return (
        f"from where you began you are: {_offset(round(x - x0), round(z - z0))}. Seen last, from "
        f"where you are: {'; '.join(told)}."
    )


def _map_lake(notes: Notes) -> str:
    row, column = _spot(notes.now)
    rows = _lake_rows(notes)
    goal = next(((r + 1, line.index("G") + 1) for r, line in enumerate(rows) if "G" in line), None)
    names = {"S": "ice", "F": "ice", "H": "a hole", "G": "the goal", "": "the edge"}
    beside = [f"{way} of you: {names[_tile(notes, *cell)]}" for way, cell in
              _lake_ways(notes).items()]  # fmt: skip
    aim = f"the goal is {_offset(goal[1] - column, goal[0] - row)} of you. " if goal else ""
    return f"{aim}{'; '.join(beside)}.".replace("Up of", "Above").replace("Down of", "Below")


# What the texts of single games say.


def _rods(text: str) -> dict[int, str]:
    lines = re.findall(r"^Rod ([ABC]).*: ([\d, ]+)$", text, re.MULTILINE)
    return {int(disk): rod for rod, disks in lines for disk in disks.split(",")}


def _listed(disks: Sequence[int]) -> str:
    return ("disk " if len(disks) == 1 else "disks ") + ", ".join(map(str, disks))


def _nearest(text: str) -> dict[str, Cell]:
    """Where the nearest of each kind in view is in Crafter, from the player."""
    found = {}
    for kind, place in re.findall(r"^- ([a-z ]+): \d+ steps? away \((.+?)\)", text, re.MULTILINE):
        parts = [(int(n), WAYS[way]) for n, way in re.findall(r"(\d+) (\w+)", place)]
        found[kind] = (sum(n * way[0] for n, way in parts), sum(n * way[1] for n, way in parts))
    return found


def _amounts(text: str) -> dict[str, int]:
    """Crafter's vitals and what is carried."""
    lines = re.findall(r"^(?:Of at most 9 each|You carry): (.+)\.$", text, re.MULTILINE)
    vitals = [(name, n) for line in lines for name, n in re.findall(r"([a-z]+) (\d+)", line)]
    carried = [(name, n) for line in lines for n, name in re.findall(r"(\d+) ([a-z ]+)", line)]
    return {name: int(n) for name, n in [*vitals, *carried]}


def _around(notes: Notes) -> set[str]:
    x, y = notes.at
    return {notes.places.get((x + i, y + j), "") for i in (-1, 0, 1) for j in (-1, 0, 1)}


_GROUND = ("grass", "sand", "path")
_FLEETING = (*_GROUND, "cow", "zombie", "skeleton", "arrow", "you")


def _chart(notes: Notes) -> None:
    """Bring the map of Crafter up to date."""
    if moved := re.search(r"You moved one step (\w+)", notes.now):
        notes.at = (notes.at[0] + WAYS[moved[1]][0], notes.at[1] + WAYS[moved[1]][1])
    x, y = notes.at
    near = {kind.split(" flying")[0]: place for kind, place in _nearest(notes.now).items()}
    far = notes.quote(r"(\d+) west to (\d+) east and from (\d+) north to (\d+) south")
    west, east, north, south = map(int, far[0] if far else (4, 4, 3, 3))
    for dx in range(-west, east + 1):
        for dy in range(-north, south + 1):
            kind = notes.places.get((x + dx, y + dy), "")
            seen = near.get(kind)
            if kind and (seen is None or sum(map(abs, seen)) > abs(dx) + abs(dy)):
                del notes.places[x + dx, y + dy]
    if front := re.search(r"You face (\w+); in front of you: ([a-z ]+)\.", notes.now):
        dx, dy = WAYS[front[1]]
        notes.places.pop((x + dx, y + dy), None)
        near[front[2]] = (dx, dy)
    for kind, (dx, dy) in near.items():
        if kind not in _FLEETING:
            notes.places[x + dx, y + dy] = kind


def _position(text: str) -> tuple[float, float]:
    found = re.search(r"You are at x = (\S+), y = \S+, z = ([-.\d]+)", text)
    return (float(found[1]), float(found[2])) if found else (0.0, 0.0)


def _bearing(wind: str) -> tuple[float, float]:
    """East and south of a compass direction, as parts of its length."""
    parts = [WAYS[part] for part in wind.split("-")]
    dx, dz = sum(p[0] for p in parts), sum(p[1] for p in parts)
    return dx / hypot(dx, dz), dz / hypot(dx, dz)


def _lake_rows(notes: Notes) -> list[str]:
    return notes.quote(r"^([SFHG]+)$")


def _spot(text: str) -> Cell:
    found = re.search(r"in row (\d+), column (\d+)", text)
    return (int(found[1]), int(found[2])) if found else (1, 1)


def _lake_ways(notes: Notes) -> dict[str, Cell]:
    row, column = _spot(notes.now)
    return {"Left": (row, column - 1), "Down": (row + 1, column), "Right": (row, column + 1),
            "Up": (row - 1, column)}  # fmt: skip


def _tile(notes: Notes, row: int, column: int) -> str:
    rows = _lake_rows(notes)
    return rows[row - 1][column - 1] if 1 <= row <= len(rows) and 1 <= column <= len(
        rows[0]) else ""  # fmt: skip


_FILLING = (
    "This is one step of the game, and there are others before or after it.",
    "Games have been played in many places and at many times, by people of every age.",
    "A game has a beginning and an end, and steps in between, of which this is one.",
    "You are reading a line of text, written in English, that ends with a full stop.",
)


def _placebo(notes: Notes) -> str:
    first = len(notes.seen) % len(_FILLING)
    return f"{_FILLING[first]} {_FILLING[first - 1]}"


AIDS: tuple[Aid, ...] = (
    Aid("excerpt", "the parts of the manual that matter now",
        {MESSENGER: lambda notes: _quoted(_reports(notes)), CRAFTER: _excerpt_crafter,
         "": _excerpt},
        Capability.LONG_TEXT_UNDERSTANDING),
    Aid("conclusions", "what follows from several facts together",
        {ROPASCI: _conclude_ropasci, HANOI: _conclude_hanoi, MESSENGER: _conclude_messenger,
         CRAFTER: _conclude_crafter, BIOME: _conclude_biome},
        Capability.REASONING),
    Aid("rules", "the instructions that apply now",
        {HANOI: _rules_hanoi, MESSENGER: _rules_messenger, CRAFTER: _rules_crafter,
         LAKE: _rules_lake, "": _rules},
        Capability.INSTRUCTION_FOLLOWING),
    Aid("subgoal", "what to bring about next",
        {BANDIT: _plan_bandit, HANOI: _plan_hanoi, MESSENGER: _plan_messenger,
         CRAFTER: _plan_crafter, BIOME: _plan_biome, LAKE: _plan_lake},
        Capability.PLANNING),
    Aid("glossary", "unknown names in terms of known ones",
        {MESSENGER: _gloss_messenger, CRAFTER: _gloss_crafter, BIOME: _gloss_biome},
        Capability.GENERALIZATION),
    Aid("odds", "chances, worked out from the history",
        {BANDIT: _odds_bandit, ROPASCI: _odds_ropasci, CRAFTER: _odds_crafter, LAKE: _odds_lake},
        Capability.UNDERSTANDING_THE_ODDS),
    Aid("digest", "what each action has brought so far",
        {BANDIT: _digest_bandit, ROPASCI: _digest_ropasci, CRAFTER: _digest_crafter,
         BIOME: _digest_biome, "": _digest},
        Capability.LEARNING_FROM_INTERACTIONS),
    Aid("check", "whether the last action had its effect",
        {BANDIT: lambda notes: "", ROPASCI: lambda notes: "", BIOME: _check_biome,
         LAKE: _check_lake, "": _check},
        Capability.ERROR_HANDLING),
    Aid("map", "where things are, with coordinates",
        {MESSENGER: _map_messenger, CRAFTER: _map_crafter, BIOME: _map_biome, LAKE: _map_lake},
        Capability.SPATIAL_REASONING),
)  # fmt: skip
"""One per capability, in the order of the capabilities."""

PLACEBO = Aid("placebo", "as many words, which help nothing", {"": _placebo})


def find_aid(name: str) -> Aid:
    """The aid of that name.

    Raises:
        UnknownNameError: If there is none.
    """
    known = {aid.name: aid for aid in (*AIDS, PLACEBO)}
    if name not in known:
        raise UnknownNameError("aid", name, known)
    return known[name]
