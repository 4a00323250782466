"""Crafter in words."""

from __future__ import annotations

from functools import lru_cache

from smartplay.core.errors import known_name
from smartplay.games.base import Describer, Description, Turn
from smartplay.games.crafter.env import CrafterEnv
from smartplay.games.crafter.manual import manual
from smartplay.games.crafter.outcome import Moment, outcome
from smartplay.games.crafter.rules import ACHIEVEMENTS, ITEMS, NAMES, PLAYER, VITALS
from smartplay.games.crafter.words import ACTION_NAMES, WAYS, plain
from smartplay.games.crafter.world import DIRECTIONS

STYLES = ("nearest", "full")


class CrafterText(Describer[CrafterEnv]):
    """Crafter in words.

    The score is the original's: the sum over the steps of the number of different achievements
    unlocked so far. `state` holds the native `info` and `facing` ([dx, dy]), `sleeping`,
    `daylight`, `unlocked` (achievements in the order they were first reached), `unlockable` (all
    22) and `scores`: the `achievements` unlocked, the total `reward` and the steps of `survival`.

    Args:
        env: The native environment.
        describe: `"nearest"` for the nearest of each kind in view, `"full"` for every cell.
    """

    actions = ACTION_NAMES
    KEPT = ("_before",)

    def __init__(self, env: CrafterEnv, describe: str = "nearest") -> None:
        super().__init__(env)
        self._style = known_name("style of description", describe, STYLES)
        self._view, self._seen = b"", ""
        self._score, self._known = 0.0, 0
        self._before: Moment | None = None

    def manual(self, steps: int | None) -> str:
        """The rules, with the sizes of this environment."""
        return manual(self.env, steps)

    def describe(self, turn: Turn) -> Description:
        """Tell what the last action did and what the player sees, has and feels."""
        env, now = self.env, self.env.now
        assert now is not None
        light, unlocked = env.daylight, env.unlocked
        if now.view != self._view:
            self._view = now.view
            self._seen = view_text(now.view, env.grid, self._style)
        action, before = turn.action, self._before
        if action is None or before is None:
            self._score, self._known = 0.0, len(unlocked)
        else:
            self._score += len(unlocked)
        text = moment_text(action, before, now, unlocked[self._known :], light, self._seen)
        self._known = len(unlocked)
        self._before = now
        state = {
            **turn.info,
            "facing": list(DIRECTIONS[now.facing]),
            "sleeping": now.sleeping,
            "daylight": light,
            "unlocked": unlocked,
            "unlockable": ACHIEVEMENTS,
            "engine": env.engine_name,
            "scores": {
                "achievements": float(len(unlocked)),
                "reward": turn.total,
                "survival": float(turn.step),
            },
        }
        return Description(text, self._score, len(unlocked) == len(ACHIEVEMENTS), state)


def moment_text(
    action: int | None,
    before: Moment | None,
    now: Moment,
    unlocked: list[str],
    light: float,
    seen: str,
) -> str:
    """What is told of a moment.

    Args:
        action: The last action, or None at the beginning.
        before: The moment before it, or None at the beginning.
        now: This moment.
        unlocked: The achievements that the action unlocked.
        light: Daylight.
        seen: From `view_text`.
    """
    return (
        f"{_events(action, before, now, unlocked)}\n{seen}\n"
        f"{FRONT[now.facing][now.beside(now.facing)]}\n"
        f"{_state(now.amounts, light, now.sleeping)}"
    )


def view_text(view: bytes, grid: tuple[int, int], describe: str) -> str:
    """What is told of what is in view.

    Args:
        view: The codes in the local view, column by column.
        grid: Its width and height.
        describe: One of `STYLES`.

    Raises:
        UnknownNameError: If it is none of these.
    """
    known_name("style of description", describe, STYLES)
    survey = _survey(*grid)
    return survey.nearest(view) if describe == "nearest" else survey.rows(view)


def _events(action: int | None, before: Moment | None, now: Moment, unlocked: list[str]) -> str:
    """What happened."""
    if action is None or before is None:
        return "You stand in a new world."
    told = outcome(action, before, now)
    health, was = now.inventory["health"], before.inventory["health"]
    if health != was:
        told += f"\nYour health {'rose' if health > was else 'fell'} from {was} to {health}."
    if unlocked:
        told += "".join([f"\nAchievement unlocked: {plain(it)}." for it in unlocked])
    return told if health > 0 else f"{told}\nYou died. The game is over."


class Survey:
    """Puts the local view into words.

    Args:
        width: Columns of the view.
        height: Rows of the view.
    """

    def __init__(self, width: int, height: int) -> None:
        middle, centre = width // 2, height // 2
        self._width, self._height = width, height
        self._middle, self._centre = middle, centre
        offsets = [(x - middle, y - centre) for x in range(width) for y in range(height)]
        others = [i for i, offset in enumerate(offsets) if offset != (0, 0)]
        others.sort(key=lambda i: abs(offsets[i][0]) + abs(offsets[i][1]))
        self._by_distance = others
        self._order = bytes(others) if len(offsets) <= 256 else None
        self._phrases = [f"{_away(*offsets[i])}; " for i in others]

    def nearest(self, view: bytes) -> str:
        """The nearest of each kind, with its place and the number of its kind."""
        cells = others = self._sorted(view)
        phrases, place, left = self._phrases, cells.index, len(cells)
        told = "The nearest of each kind in view:"
        while others:
            code = others[0]
            others = others.replace(ALONE[code], b"")
            told += f"{KIND[code]}{phrases[place(code)]}{left - len(others)} in view"
            left = len(others)
        return told

    def _sorted(self, view: bytes) -> bytes:
        """All cells but the middle one, the nearest first."""
        if self._order is None:
            return bytes([view[place] for place in self._by_distance])
        return self._order.translate(view.ljust(256))  # places into codes, the view as the table

    def rows(self, view: bytes) -> str:
        """Every cell, row by row from north to south."""
        middle, last = self._middle, self._width - 1 - self._middle
        lines = [
            f"What you see, each row from {middle} west of you to {last} east of you "
            "(- is beyond the edge of the map):"
        ]
        for y in range(self._height):
            words = ", ".join([CELLS[code] for code in view[y :: self._height]])
            lines.append(f"{_row(y - self._centre)}: {words}")
        return "\n".join(lines)


@lru_cache(16)
def _survey(width: int, height: int) -> Survey:
    return Survey(width, height)


KIND = [f"\n- {name}: " for name in NAMES]
ALONE = [bytes([code]) for code in range(len(NAMES))]
CELLS = ["-", *NAMES[1:]]
CELLS[PLAYER] = "you"


def _away(dx: int, dy: int) -> str:
    """Such as "3 steps away (1 west, 2 north)"."""
    parts = [f"{abs(dx)} {'west' if dx < 0 else 'east'}"] if dx else []
    parts += [f"{abs(dy)} {'north' if dy < 0 else 'south'}"] if dy else []
    steps = abs(dx) + abs(dy)
    return f"{steps} {'step' if steps == 1 else 'steps'} away ({', '.join(parts)})"


def _row(dy: int) -> str:
    return f"{abs(dy)} {'north' if dy < 0 else 'south'}" if dy else "your row"


FRONT = [[f"You face {way}; in front of you: {name}." for name in NAMES] for way in WAYS]
"""What is told of the cell in front of the player, by direction and code."""


def _state(amounts: bytes, light: float, sleeping: bool) -> str:
    """The vitals and what is carried, from the amounts of all items in order; day or night."""
    return (
        f"{_vitals(amounts[:4])}\n{_carried(amounts[4:])}\n"
        f"{_daylight(light)} You are {'asleep' if sleeping else 'awake'}."
    )


@lru_cache(10_000)
def _vitals(amounts: bytes) -> str:
    vitals = zip(VITALS, amounts, strict=True)
    return f"Of at most 9 each: {', '.join([f'{name} {amount}' for name, amount in vitals])}."


@lru_cache(4096)
def _carried(amounts: bytes) -> str:
    owned = zip(ITEMS[4:], amounts, strict=True)
    carried = ", ".join([f"{amount} {plain(item)}" for item, amount in owned if amount])
    return f"You carry: {carried or 'nothing'}."


def _daylight(light: float) -> str:
    if light >= 0.75:
        return "It is day."
    if light >= 0.5:
        return "It is twilight."
    return "It is night." if light >= 0.15 else "It is deep night."
