"""Crafter in words."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Any

from smartplay.errors import UnknownNameError
from smartplay.games.crafter.env import CrafterEnv
from smartplay.games.crafter.manual import manual
from smartplay.games.crafter.outcome import Moment, outcome
from smartplay.games.crafter.rules import ACHIEVEMENTS, ITEMS, NAMES, PLAYER
from smartplay.games.crafter.words import ACTION_NAMES, WAYS, one, plain
from smartplay.text import Describer, Description, Turn

STYLES = ("nearest", "full")


class CrafterText(Describer[CrafterEnv]):
    """Crafter in words.

    The score is the original's: the sum over the steps of the number of different achievements
    unlocked so far. `state` holds the native `info` and `facing` ([dx, dy]), `sleeping`,
    `daylight`, `unlocked` (achievements in the order they were first reached) and `scores`: the
    `achievements` unlocked, the total `reward` and the steps of `survival`.

    Args:
        env: The native environment.
        describe: `"nearest"` for the nearest of each kind in view, `"full"` for every cell.
    """

    actions = ACTION_NAMES

    def __init__(self, env: CrafterEnv, describe: str = "nearest") -> None:
        super().__init__(env)
        if describe not in STYLES:
            raise UnknownNameError("style of description", describe, STYLES)
        survey = Survey(*env.game.grid)
        self._seen = survey.nearest if describe == "nearest" else survey.rows
        self._around = survey.around
        self._score = 0.0
        self._before: Moment | None = None
        self._known = 0

    def manual(self, steps: int | None) -> str:
        """The rules, with the sizes of this environment."""
        return manual(self.env, steps)

    def describe(self, turn: Turn) -> Description:
        """Tell what the last action did and what the player sees, has and feels."""
        player, info = self.env.game.player, turn.info
        view = turn.observation["view"].tobytes()
        items = turn.observation["inventory"].tobytes()
        now = Moment(
            self._around(view),
            (player.x, player.y),
            player.facing,
            player.sleeping,
            info["inventory"],
            info["achievements"],
        )
        unlocked = player.unlocked.copy()
        text = (
            f"{self._events(turn.action, now, unlocked)}\n"
            f"{self._seen(view)}\n"
            f"You face {WAYS[now.facing]}; in front of you: {NAMES[now.front]}.\n"
            f"{_vitals(items[:4])}\n"
            f"{_inventory(items[4:])}\n"
            f"{_daylight(self.env.game.daylight)}"
            f"{' You are asleep.' if now.sleeping else ' You are awake.'}"
        )
        self._before = now
        state = info | {
            "facing": FACING[now.facing].copy(),
            "sleeping": now.sleeping,
            "daylight": self.env.game.daylight,
            "unlocked": unlocked,
            "scores": {
                "achievements": float(len(unlocked)),
                "reward": turn.total,
                "survival": float(turn.step),
            },
        }
        return Description(text, self._score, len(unlocked) == len(ACHIEVEMENTS), state)

    def _events(self, action: int | None, now: Moment, unlocked: list[str]) -> str:
        """What happened, and the score's account of it."""
        before = self._before
        if action is None or before is None:
            self._score, self._known = 0.0, len(unlocked)
            return "You stand in a new world."
        self._score += len(unlocked)
        told = outcome(action, before, now)
        health, was = now.inventory["health"], before.inventory["health"]
        if health != was:
            told += f"\nYour health {'rose' if health > was else 'fell'} from {was} to {health}."
        if len(unlocked) > self._known:
            told += "".join(f"\nAchievement unlocked: {plain(it)}." for it in unlocked[self._known :])
            self._known = len(unlocked)
        return told if health > 0 else f"{told}\nYou died. The game is over."


FACING = ([-1, 0], [1, 0], [0, -1], [0, 1])


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
        self._sort = itemgetter(*others)
        self._phrases = [_away(*offsets[i]) for i in others]
        corner = (middle - 1) * height + centre - 1
        self._square = itemgetter(*(corner + x * height + y for x in range(3) for y in range(3)))

    def around(self, view: bytes) -> bytes:
        """The codes of the nine cells around the player, column by column."""
        return bytes(self._square(view))

    def nearest(self, view: bytes) -> str:
        """The nearest of each kind, with its place and the number of its kind."""
        cells = bytes(self._sort(view))
        phrases, count, find = self._phrases, cells.count, cells.index
        lines = ["The nearest of each kind in view:"]
        lines += [
            f"- {NAMES[code]}: {phrases[find(code)]}; {count(code)} in view"
            for code in dict.fromkeys(cells)
        ]
        return "\n".join(lines)

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


@lru_cache(4096)
def _vitals(amounts: bytes) -> str:
    named = [f"{name} {amount}" for name, amount in zip(ITEMS, amounts, strict=False)]
    return f"Of at most 9 each: {', '.join(named)}."


@lru_cache(4096)
def _inventory(amounts: bytes) -> str:
    named = zip(ITEMS[4:], amounts, strict=True)
    owned = [f"{amount} {plain(name)}" for name, amount in named if amount]
    return f"You carry: {', '.join(owned) or 'nothing'}."


def _daylight(light: float) -> str:
    if light >= 0.75:
        return "It is day."
    if light >= 0.5:
        return "It is twilight."
    return "It is night." if light >= 0.15 else "It is deep night."
