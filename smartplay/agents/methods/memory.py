"""Memory across episodes: a fold over finished episodes, shown as text.

The memory follows from the records alone. Both methods here see what the agent saw, what it did and
how the episode ended, never the game's own state.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from smartplay.agents.context import Reply, Trajectory
from smartplay.agents.methods.method import Arm, Length, Method, Number
from smartplay.agents.methods.turn import Conversation, Turn

LESSONS = (
    "Before this game begins, learn from games of the same kind that you played before:\n\n{games}"
    "\n\nChoose no action yet. What went well, what went wrong, and what will you do otherwise? "
    "Reply with a few short lessons."
)
LEARNED = "Lessons you drew from games you played before:\n\n{lessons}"
SOLVED = "This is a game of the same kind that was won:\n\n{game}"
LEFT_OUT = "(…)"
_WORD = re.compile(r"\w+")


class Game(msgspec.Struct, frozen=True):
    """A finished episode, as it is remembered.

    Attributes:
        first: Its first observation.
        told: What was seen and done, and how it ended.
    """

    first: str
    told: str


class Reflect(Method):
    """Draws lessons from the last episodes at the beginning of each, and keeps them in view.

    Attributes:
        episodes: How many of the last episodes are remembered.
        length: Most characters of each, its middle left out.
    """

    summary = "lessons that the model draws from its earlier episodes of a game"
    episodes: Number = 3
    length: Length = 1000
    _lessons: str | None = None

    def learn(self, memory: bytes | None, trajectory: Trajectory) -> bytes:
        """Remember an episode, and forget the oldest if there are too many."""
        games = [*remembered(memory), game_of(trajectory, self.length)]
        return msgspec.json.encode(games[-self.episodes :])

    async def choose(self, turn: Turn) -> Reply:
        """Ask with the lessons in view; at first for the lessons."""
        games = remembered(turn.context.memory)
        if games and self._lessons is None:
            told = "\n\n".join(f"Game {k}\n{game.told}" for k, game in enumerate(games, 1))
            talk = Conversation(turn.prompt, LESSONS.format(games=told))
            self._lessons = turn.said(await turn.ask(talk, label="lessons"))
        words = LEARNED.format(lessons=self._lessons) if self._lessons else ""
        return turn.reply(await turn.ask(turn.carry_on(words), decides=True))

    def controls(self) -> list[Arm]:
        """No memory, and the same episodes in other orders."""
        own = {"episodes": self.episodes, "length": self.length}
        return [Arm("no memory", "direct"), *shuffled("reflect", own)]


class Recall(Method):
    """Shows the most similar episode that was won before, while it plays.

    Episodes are similar if their beginnings share words: the measure is the cosine of word counts,
    each weighted by how rare the word is among the remembered episodes (TF-IDF).

    Attributes:
        episodes: How many won episodes are remembered, the latest ones.
        length: Most characters of the one that is shown, its middle left out.
    """

    summary = "the most similar episode that was won before, shown as an example"
    episodes: Number = 100
    length: Length = 1000

    def learn(self, memory: bytes | None, trajectory: Trajectory) -> bytes:
        """Remember an episode if its goal was reached."""
        won = [game_of(trajectory, self.length)] if trajectory.completed else []
        return msgspec.json.encode([*remembered(memory), *won][-self.episodes :])

    async def choose(self, turn: Turn) -> Reply:
        """Ask with the example in view."""
        return turn.reply(await turn.ask(turn.carry_on(example(turn)), decides=True))

    def controls(self) -> list[Arm]:
        """No memory, and the same episodes in other orders."""
        own = {"episodes": self.episodes, "length": self.length}
        return [Arm("no memory", "direct"), *shuffled("recall", own)]


def example(turn: Turn) -> str:
    """The most similar of the remembered episodes, as words before the question, if any is."""
    games = remembered(turn.context.memory)
    seen = turn.prompt.observation
    first = seen.history[0] if seen.history else seen.text
    place = most_similar(first, [game.first for game in games])
    return "" if place is None else SOLVED.format(game=games[place].told)


def shuffled(method: str, settings: Mapping[str, Any]) -> list[Arm]:
    """A method on the same episodes in two other orders."""
    return [
        Arm(f"shuffled order {k}", method, {**settings, "episode_order": f"shuffled:{k}"})
        for k in (1, 2)
    ]


def remembered(memory: bytes | None) -> list[Game]:
    """The episodes of a memory, the oldest first."""
    return [] if memory is None else msgspec.json.decode(memory, type=list[Game])


def game_of(trajectory: Trajectory, length: int) -> Game:
    """An episode as it is remembered."""
    end = "reached" if trajectory.completed else "not reached"
    told = course(trajectory.observations, trajectory.taken, length)
    return Game(
        shortened(trajectory.observations[0], length),
        f"{told}\nThe goal was {end}; the score was {trajectory.score:g}.",
    )


def course(observations: Sequence[str], taken: Sequence[str], length: int) -> str:
    """The observations and actions of an episode, in at most `length` characters."""
    steps = zip(["", *taken], observations, strict=True)
    lines = [f"{f'You chose: {name}' if name else ''}\n{seen}".strip() for name, seen in steps]
    return shortened("\n".join(lines), length)


def shortened(text: str, length: int) -> str:
    """A text without its middle, if it is longer than that."""
    if len(text) <= length:
        return text
    half = max((length - len(LEFT_OUT)) // 2, 1)
    return f"{text[:half]}{LEFT_OUT}{text[-half:]}"


def most_similar(text: str, others: Sequence[str]) -> int | None:
    """The index of the text that is most like this one; the latest wins a tie.

    None if no text shares a distinctive word with it.
    """
    counts = [Counter(_WORD.findall(each.lower())) for each in [text, *others]]
    texts = Counter(word for count in counts for word in count)
    rare = {word: math.log((1 + len(counts)) / (1 + number)) for word, number in texts.items()}
    weighed = [{word: n * rare[word] for word, n in count.items()} for count in counts]
    own, *rest = weighed
    found = [_cosine(own, each) for each in rest]
    best = max(found, default=0.0)
    if best <= 0.0:
        return len(others) - 1 if text in others else None
    return max(place for place, value in enumerate(found) if value == best)


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    dot = math.fsum(value * other.get(word, 0.0) for word, value in sorted(one.items()))
    sizes = (math.sqrt(math.fsum(v * v for v in each.values())) for each in (one, other))
    norm = math.prod(sizes)
    return dot / norm if norm else 0.0
