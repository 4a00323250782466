"""A cheap model tries an episode first, a dear one where it failed; won episodes are examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec

from smartplay.agents.context import Observation, Reply, Trajectory
from smartplay.agents.methods.memory import (
    course,
    example,
    game_of,
    remembered,
    shuffled,
)
from smartplay.agents.methods.method import Arm, Length, Method, Number
from smartplay.agents.methods.turn import Conversation, Turn
from smartplay.games.base import attempt_in

ATTEMPT = "This is how an attempt at the game went:\n\n{course}"
VERDICT = "Did this attempt reach the goal of the game?"
ONE_WORD = "You are asked about a game of another player. Reply with one word: yes or no."


class Eco(Method):
    """Lets the weak model try first, and the strong one start over where it failed.

    An episode is tried `attempts` times (2 unless set otherwise), in the same world. Won episodes
    are remembered; both models see the one that is most like the present one.

    Attributes:
        memory: Whether won episodes are remembered.
        weak_attempts: Attempts of the weak model before the strong one tries.
        verdict: Who says whether an attempt failed: `"game"`, which no player could know, or
            `"model"`, the model in the role of the judge. If the judge says that an attempt won, it
            stands: the same replies are given again. Either way the game decides which episodes
            count as won in memory.
        episodes: How many won episodes are remembered; the latest are.
        length: Most characters of the example and of the judged attempt; the middle is left out.
    """

    summary = "a weak model, a strong one where it failed, and won episodes as examples"
    roles = {"weak": "", "strong": "", "judge": "strong"}
    memory: bool = True
    weak_attempts: Number = 1
    verdict: Literal["game", "model"] = "game"
    episodes: Number = 100
    length: Length = 1000
    _attempt: int = 1
    _place: int = -1
    _stands: bool = False
    _seen: list[str] = []
    _replies: list[Reply] = []

    def game_settings(self) -> Mapping[str, Any]:
        """Another attempt after a failed one, or always if a model is the judge."""
        return {"attempts": 2} | ({"again": "always"} if self.verdict == "model" else {})

    @property
    def learn(self) -> Callable[[bytes | None, Trajectory], bytes] | None:
        """What remembers an episode; None without memory."""
        return self._learned if self.memory else None

    def _learned(self, memory: bytes | None, trajectory: Trajectory) -> bytes:
        won = [game_of(_last_attempt(trajectory), self.length)] if trajectory.completed else []
        return msgspec.json.encode([*remembered(memory), *won][-self.episodes :])

    async def choose(self, turn: Turn) -> Reply:
        """Ask the model whose attempt it is, or repeat the replies of an attempt that stands."""
        if not turn.complaint:
            await self._go_on(turn)
        if self._stands:
            return self._replies[min(self._place, len(self._replies) - 1)]
        role = "weak" if self._attempt <= self.weak_attempts else "strong"
        talk = turn.carry_on(example(turn) if self.memory else "")
        reply = turn.reply(await turn.ask(talk, decides=True, role=role))
        self._replies = [*self._replies[: self._place], reply]
        return reply

    async def _go_on(self, turn: Turn) -> None:
        """Go on to the next step, and to another attempt if one begins there.

        The models learn nothing of the attempt before.
        """
        seen = turn.prompt.observation
        ended, text = attempt_in(seen.text)
        history = [attempt_in(past)[1] for past in seen.history]
        turn.prompt.observation = Observation(text, history, image=seen.image)
        self._place += 1
        if ended is not None:
            if self.verdict == "model" and not self._stands:
                self._stands = await self._won(turn, [*self._seen, ended])
            self._attempt, self._place, self._seen = self._attempt + 1, 0, []
            self._replies = self._replies if self._stands else []
        self._seen = [*self._seen, text]

    async def _won(self, turn: Turn, seen: list[str]) -> bool:
        """Whether the judge says that an attempt won; more than one word counts as no."""
        chosen = [turn.named(reply.text) or "(nothing)" for reply in self._replies]
        words = ATTEMPT.format(course=course(seen, chosen, self.length))
        talk = Conversation(turn.prompt, VERDICT, words, ONE_WORD)
        call = await turn.ask(talk, label="verdict", role="judge")
        return turn.said(call).strip("*.!").lower() == "yes"

    def controls(self) -> list[Arm]:
        """Each model alone, with as many attempts, each half of the method, and other orders."""
        tried = {"attempts": 2}
        own = {
            key: getattr(self, key) for key in ("weak_attempts", "verdict", "episodes", "length")
        }
        return [
            Arm("weak", "direct", {"attempts": 1}, role="weak"),
            Arm("strong", "direct", {"attempts": 1}, role="strong"),
            Arm("weak, two attempts", "direct", tried, role="weak"),
            Arm("strong, two attempts", "direct", tried, role="strong"),
            Arm("other memory", "eco", own | {"memory": not self.memory}),
            Arm("weak with memory, two attempts", "recall", tried, role="weak"),
            *(shuffled("eco", own) if self.memory else []),
        ]


def _last_attempt(trajectory: Trajectory) -> Trajectory:
    """The last attempt of an episode, as an episode."""
    begins = [
        k for k, text in enumerate(trajectory.observations) if attempt_in(text)[0] is not None
    ]
    if not begins:
        return trajectory
    first, *later = trajectory.observations[begins[-1] :]
    return msgspec.structs.replace(
        trajectory,
        observations=[attempt_in(first)[1], *later],
        taken=trajectory.taken[begins[-1] :],
    )
