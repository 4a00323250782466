"""An agent of your own that asks a language model: three samples a step, and the majority's action.

Run it with `smartplay run agents/vote.toml`. The run lends it the model: it paces and repeats the
calls, counts their tokens, keeps to limits and never pays for a reply twice.
"""

from __future__ import annotations

from collections import Counter

from smartplay import Context, Observation


class Vote:
    """Asks for several samples and takes the reply that came most often.

    Args:
        context: What the run gives: manual, actions, models and more.
        samples: How many samples a step.
    """

    def __init__(self, context: Context, samples: int = 3) -> None:
        self._model, self._samples = context.models["voter"], samples
        actions = "\n".join(context.actions)
        self._system = f"{context.manual}\n\nReply with one of these actions, alone:\n{actions}"

    async def act(self, observation: Observation) -> str:
        """Reply with the action that was named most often, the first of equals."""
        messages = [
            {"role": "system", "content": self._system},
            {"role": "user", "content": "\n\n".join([*observation.history, observation])},
        ]
        calls = await self._model.chat(messages, samples=self._samples)
        return Counter(call.text.strip() for call in calls).most_common(1)[0][0]
