"""A language model as an agent: a method asks it at every step."""

from __future__ import annotations

import copy

from smartplay.agents.context import Context, Observation, Reply
from smartplay.agents.history import History
from smartplay.agents.methods.direct import Direct
from smartplay.agents.methods.method import Method
from smartplay.agents.methods.turn import SLIDING, Prompt, Turn
from smartplay.agents.prompts import PLAIN, PromptStyle


class LLMAgent:
    """Plays one episode with the language models that the run lends it.

    Args:
        context: What the run gives.
        method: How they are asked; a copy of it keeps the episode's state.
        style: How the prompt is laid out.
        history: How the prompt shows the past.
    """

    def __init__(
        self,
        context: Context,
        method: Method | None = None,
        style: PromptStyle = PLAIN,
        history: History = SLIDING,
    ) -> None:
        self._context = context
        self._method = copy.deepcopy(method or Direct())
        self._prompt = Prompt(context, style, history)
        self._turn: Turn | None = None

    async def act(self, observation: Observation) -> Reply:
        """Reply to an observation, or again to the same one after a complaint.

        Raises:
            ModelError: If a model gives no reply.
        """
        if self._turn is None or not observation.complaint:
            self._prompt.see(observation)
            self._turn = Turn(self._context, self._prompt, next(iter(self._method.roles)))
        self._turn.complaint = observation.complaint
        return await self._method.choose(self._turn)
