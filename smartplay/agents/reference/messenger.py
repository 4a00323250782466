"""Plays Messenger: reads the reports, tracks everyone, plans around danger."""

from __future__ import annotations

import re
from collections import Counter
from itertools import permutations

from smartplay.agents.reference.hints import take_hints
from smartplay.agents.reference.messenger_belief import Guess, Look, Place, Position, blend, place
from smartplay.agents.reference.messenger_plan import Scene, best_action, square
from smartplay.core.errors import AgentError
from smartplay.games.messenger.deal import ENTITIES, MOVEMENTS, STARTS, UNKNOWN, Square
from smartplay.games.messenger.reading import Reading, read
from smartplay.games.messenger.world import LAST, MOVES, SIZE

DEPTH = 3
"""How many steps the search looks ahead."""

_LINE = re.compile(r"^- (\w+), (\d+) steps? to the ([\w-]+)$", re.MULTILINE)
_LEVELS = {"There are six reports": 3, "on the four squares": 2}


class MessengerReference:
    """Knows the words of the corpora and the rules of the manual, and sees only the text.

    Args:
        manual: The rules.
        actions: Names of the actions.
        seed: Not used.
        without: `names`: knows the plain names of looks and roles only.
    """

    title = "Messenger"
    faculties = ("names",)

    def __init__(self, manual: str, actions: list[str], seed: int, without: str = "") -> None:
        rules, _, reports = manual.partition("\nReports:\n")
        self._reports = [line.removeprefix("- ") for line in reports.splitlines()]
        self._read = _plain_reading if without == "names" else read
        self._readings: list[Reading] = []
        self._level = next((n for words, n in _LEVELS.items() if words in rules), 1)
        self._actions = actions
        self._has_message = False
        self._at: Position | None = None
        self._before: Position = (0, 0)
        self._guesses: list[Guess] = []
        self._visits = [0] * SIZE**2
        self._way = ""

    def act(self, observation: str) -> str:
        """The next step towards the message or, once it is in hand, the goal."""
        observation, hints = take_hints(observation)
        if not self._readings:
            reports = self._reports or re.findall(r'"(.+?)"', hints["excerpt"])
            words = re.findall(r'"(.+?)" means (.+?)(?=; "|\.$)', hints["glossary"])
            self._readings = [self._read(_in_plain_words(report, words)) for report in reports]
        lines = [(name, (int(steps), way)) for name, steps, way in _LINE.findall(observation)]
        had, self._has_message = self._has_message, "You have the message." in observation
        if self._level == 1:
            return self._choose(lines)
        if self._at is None:
            self._at = self._start(lines)
        else:
            made = re.search(r"You chose: (.+?)\. ", observation)
            if made and made[1] in self._actions:
                self._at = self._after(self._actions.index(made[1]))
            self._follow(self._at, lines, self._has_message and not had)
        if had != self._has_message:
            self._visits = [0] * SIZE**2
        return self._step()

    def _choose(self, lines: list[tuple[str, Place]]) -> str:
        """Level 1: walk to the one that matters; it is two steps away in a straight line."""
        if not self._way:
            roles = cast_of_three([name for name, _ in lines], self._readings)
            wanted = roles["goal" if self._has_message else "message"]
            _, self._way = dict(lines)[wanted]
        return next(name for name in self._actions if name.lower().endswith(self._way))

    def _start(self, lines: list[tuple[str, Place]]) -> Position:
        """Find out who is who, and where, from the first observation."""
        names = [name for name, _ in lines]
        if self._level == 2:
            roles = cast_of_three(names, self._readings)
            behind = {name: [role] for role, name in roles.items()}
        else:
            behind = cast_of_five(names, self._readings)
        fitting = locate(STARTS[self._level], lines)
        self._guesses = [
            Guess(
                {
                    name: Look(
                        behind[name],
                        [self._movements(name, role) for role in behind[name]],
                        [where for other, where in spots if other == name],
                    )
                    for name in behind
                }
            )
            for _, spots in fitting
        ]
        return fitting[0][0]

    def _follow(self, at: Position, lines: list[tuple[str, Place]], taken: bool) -> None:
        for guess in self._guesses:
            guess.follow(self._before, at, lines, taken)
        left = [guess for guess in self._guesses if guess.weight]
        if not left:
            left = self._guesses[:1]
            left[0].start_over(at, lines, taken)
        self._guesses = left

    def _movements(self, name: str, role: str) -> list[str]:
        told = "enemy" if role.endswith("decoy") else role
        found = [r.movement for r in self._readings if r.entity == name and r.role == told]
        known = [movement for movement in found if movement in MOVEMENTS]
        return known[:1] or list(MOVEMENTS)

    def _step(self) -> str:
        assert self._at is not None
        beliefs = {role: blend(self._guesses, role) for role in self._guesses[0].roles}
        enemies = [b for role, b in beliefs.items() if role not in ("message", "goal")]
        scene = Scene(
            *self._at,
            self._has_message,
            beliefs.get("message", {}),
            beliefs["goal"],
            tuple(enemies),
            self._visits,
        )
        self._visits[square(*self._at)] += 1
        action = best_action(scene, DEPTH)
        self._before = self._at
        self._at = self._after(action)
        return self._actions[action]

    def _after(self, action: int) -> Position:
        """Where an action leads from where the agent was; the one made need not be its own."""
        x, y = self._before
        dx, dy = MOVES[action]
        return _inside(x, dx), _inside(y, dy)


def _in_plain_words(report: str, words: list[tuple[str, str]]) -> str:
    """A report with what words mean beside them."""
    meant = [plain for word, plain in words if word in report.lower()]
    return " ".join([report, *meant])


def _plain_reading(report: str) -> Reading:
    """What the plain names in a report say."""
    looks = [name for name in ENTITIES if re.search(rf"\b{name}\b", report)]
    roles = [role for role in ("goal", "enemy", "message") if re.search(rf"\b{role}\b", report)]
    return Reading(looks[0] if looks else None, roles[0] if roles else None, UNKNOWN)


def _inside(coordinate: int, squares: int) -> int:
    moved = coordinate + 2 * squares
    return moved if 0 <= moved <= LAST else coordinate


def cast_of_three(names: list[str], readings: list[Reading]) -> dict[str, str]:
    """Role → look: the cast that agrees with most readings."""
    told = {(reading.entity, reading.role) for reading in readings}
    casts = [
        dict(zip(("enemy", "message", "goal"), order, strict=True)) for order in permutations(names)
    ]
    return max(casts, key=lambda cast: sum((name, role) in told for role, name in cast.items()))


def cast_of_five(names: list[str], readings: list[Reading]) -> dict[str, list[str]]:
    """Look → roles behind it: the one look that is there once is the enemy's.

    A report that gives that look another role is the false one.
    """
    counts = Counter(names)
    pair = sorted(name for name, count in counts.items() if count == 2)
    enemy = next(name for name, count in counts.items() if count == 1)
    told = {(reading.entity, reading.role) for reading in readings}
    message, goal = max(
        (pair, pair[::-1]),
        key=lambda two: ((two[0], "message") in told) + ((two[1], "goal") in told),
    )
    return {
        enemy: ["enemy"],
        message: ["message", "message_decoy"],
        goal: ["goal", "goal_decoy"],
    }


def locate(
    squares: tuple[Square, ...], lines: list[tuple[str, Place]]
) -> list[tuple[Position, list[tuple[str, Position]]]]:
    """Find the starts that fit the first observation.

    Args:
        squares: Where everyone starts, in unknown order.
        lines: Look, distance and direction of each of the others.

    Returns:
        For each start that fits, the agent's lattice position, and look and lattice position of
        each of the others. Starts that differ only in who of one look is where count once.
    """
    spots = [(2 * x, 2 * y) for x, y in squares]
    fitting: dict[tuple[Position, tuple[tuple[str, Position], ...]], None] = {}
    for at in spots:
        for order in permutations([spot for spot in spots if spot != at]):
            if all(
                place(at, (UNKNOWN, *spot)) == seen
                for spot, (_, seen) in zip(order, lines, strict=True)
            ):
                names = [name for name, _ in lines]
                fitting[at, tuple(sorted(zip(names, order, strict=True)))] = None
    if not fitting:
        raise AgentError("the first observation fits no start of Messenger")
    return [(at, list(others)) for at, others in fitting]
