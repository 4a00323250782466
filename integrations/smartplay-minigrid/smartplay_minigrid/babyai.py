"""BabyAI in words: missions such as `put the red ball next to a box`, in the world of MiniGrid."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from minigrid.envs.babyai.core import roomgrid_level
from minigrid.utils.baby_ai_bot import BabyAIBot, DisappearedBoxError
from smartplay.games.base import Description, Turn

from smartplay_minigrid.minigrid import MiniGridText

# The package prints every layout that it rejects before an episode begins.
vars(roomgrid_level)["print"] = lambda *words: None


class _Plan(NamedTuple):
    """What the bot would do at a moment."""

    bot: BabyAIBot
    moment: tuple[int, ...]
    action: int


class BabyAIText(MiniGridText):
    """As MiniGrid; its best actions are those of BabyAI's own bot, which explores as it goes."""

    truth = "agreement"
    title = "BabyAI"

    _turn: tuple[int, int | None] = 0, None

    def describe(self, turn: Turn) -> Description:
        """Say what is in view."""
        self._turn = turn.step, turn.action
        return super().describe(turn)

    def best_actions(self) -> frozenset[int] | None:
        """What the bot does now; None where it gives up, or was not asked at every step so far."""
        step, last = self._turn
        moment = (step, *map(int, self.env.agent_pos), int(self.env.agent_dir))
        plan = _plans.get(self)
        if plan is None or plan.moment != moment:
            if step and (plan is None or plan.moment[0] != step - 1):
                return None
            bot = plan.bot if step and plan else BabyAIBot(self.env)
            try:
                plan = _Plan(bot, moment, int(bot.replan(last)))
            except (AssertionError, DisappearedBoxError):
                plan = _Plan(bot, moment, len(self.actions))
            _plans[self] = plan
        return frozenset({plan.action}) if plan.action < len(self.actions) else None


_plans: WeakKeyDictionary[BabyAIText, _Plan] = WeakKeyDictionary()
"""Not in the describers themselves, as snapshots hold those and a bot holds its environment."""
