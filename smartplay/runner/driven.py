"""Plays episodes whose replies come from outside, one by one: a training loop, a server, a client.

```python
with DrivenRun("my-client", adapter="mine", protocol="chat") as run:
    episode = run.start("Hanoi3Disk")
    while not episode.over:
        episode.reply(my_model(episode.messages))
    print(episode.record.score)
```

It is the runner's own loop that plays, with the agent that asks a language model: only the model's
answer is awaited here instead of at a service. So the messages, the reading of replies, complaints,
fallback, scores and records are those of `smartplay run`, and so is the run folder.

Nothing here waits or needs an event loop. An episode may be driven from any thread, by one at a
time; a run is safe to use from several.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from smartplay.agents.catalog import AgentSource
from smartplay.agents.context import Agent, Context
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS, PROTOCOLS
from smartplay.agents.methods.turn import ROLE
from smartplay.cards.card import GameCard
from smartplay.core import printable
from smartplay.core.errors import AgentError, UsageError, known_name
from smartplay.models.base import Settings, Tool
from smartplay.models.lending import RunModels
from smartplay.models.pace import Pace
from smartplay.records import Call, EpisodeRecord, Message, RunHeader, StepRecord, ToolCall, Usage
from smartplay.records.encoding import encode, mended
from smartplay.records.folder import RunFolder
from smartplay.runner.budget import Budget, Limits
from smartplay.runner.episode import Job, Outcome, play_episode
from smartplay.runner.plan import LARGEST, default_folder, job_of, names_of, plan_run, select_games

GIVEN_UP = "the episode was given up before its end"
LONGEST_NAME = 80  # characters
NOT_TOLD = Call([], "").usage  # the very default, which is not written
OVER = "the episode is over; start another one"
ENDED = "The episode is over."


class Question(NamedTuple):
    """What an episode waits for an answer to.

    Attributes:
        messages: The conversation, in the chat format.
        tools: The functions that may be called; None for none.
    """

    messages: list[Message]
    tools: Sequence[Tool] | None = None

    def __await__(self) -> Generator[Question, Call, Call]:
        return (yield self)


class Client:
    """A model whose answers come from whoever drives the coroutine that asks it.

    Args:
        name: What records call it.
    """

    notes: list[str] = []
    concurrency = 1
    settings = Settings(temperature=None, max_tokens=None)

    def __init__(self, name: str) -> None:
        self.name, self.pace = name, Pace()

    async def chat(
        self,
        messages: list[Message],
        *,
        samples: int = 1,
        tools: Sequence[Tool] | None = None,
        **_: Any,
    ) -> list[Call]:
        """Hand the conversation out, and take in the answers."""
        return [await Question(messages, tools) for _ in range(samples)]

    async def aclose(self) -> None:
        """Nothing is held."""


class DrivenEpisode:
    """An episode while it is played.

    Args:
        job: The episode.
        source: The agent, of a model that is a `Client`.
        keep: Called with it and its outcome once it is over.

    Attributes:
        job: As above.
        actions: Names of the actions.
        messages: What is to be replied to, as the model of a run gets it; empty once it is over.
        tools: The functions that may be called (protocol `tools`); else None.
        new: Of these, the messages that came after the last reply. With the protocols `chat` and
            `tools` they are all that whoever keeps the conversation has not seen yet.
        step: The last step that was taken: action, reward, score and more; None before the first.
        outcome: What came of it, with its steps, packed; None until it is over.
    """

    def __init__(
        self,
        job: Job,
        source: AgentSource,
        keep: Callable[[DrivenEpisode, Outcome], None] = lambda episode, outcome: None,
    ) -> None:
        self.job, self._source, self._keep = job, source, keep
        self.step: StepRecord | None = None
        self.outcome: Outcome | None = None
        self.actions: list[str] = []
        self.messages: list[Message] = []
        self.new: list[Message] = []
        self.tools: Sequence[Tool] | None = None
        lent = RunModels(source.models, Budget(Limits())).lend(job.agent_seed, job.repeat)
        self._playing: Coroutine[Any, Call | None, Outcome] = play_episode(
            job, self._make, lent, self._tick
        )
        self._go_on(lambda: self._playing.send(None))

    @property
    def over(self) -> bool:
        """Whether it has ended, by its rules, its step limit, or a failure."""
        return self.outcome is not None

    @property
    def told(self) -> str:
        """The texts of the new messages, one below the other."""
        return "\n\n".join(filter(None, (text_of(message) for message in self.new)))

    @property
    def record(self) -> EpisodeRecord:
        """Its line in `episodes.jsonl`.

        Raises:
            UsageError: If it is not over.
        """
        if self.outcome is None:
            raise UsageError("the episode is not over yet")
        return self.outcome.record

    def reply(
        self,
        text: str,
        *,
        reasoning: str = "",
        finish: str = "stop",
        usage: Usage = NOT_TOLD,
        model: str = "",
        tools: Sequence[ToolCall] = (),
    ) -> None:
        """Answer; the episode goes on to its next question, or to its end.

        Args:
            text: The reply.
            reasoning: Thoughts that were told apart.
            finish: Why the reply ended: `stop`, `length` if it was cut off, `withheld`.
            usage: Its tokens.
            model: The model as its service names it.
            tools: The functions that were called in it.

        Raises:
            UsageError: If the episode is over.
        """
        if self.over:
            raise UsageError(OVER)
        call = Call(
            messages=[],
            text=text,
            reasoning=reasoning,
            finish=finish,
            model=model,
            usage=usage,
            seconds=time.perf_counter() - self._asked,
            tools=list(tools),
        )
        self._go_on(lambda: self._playing.send(mended(call)))

    def act(self, action: str) -> str:
        """Call the function `act` of the protocol `tools`, for whoever calls functions alone.

        Args:
            action: The action, word for word.

        Returns:
            What the call leads to: what a model of a run is told, or that the episode is over.

        Raises:
            UsageError: If the episode is over, or its protocol is another one.
        """
        if not self.over and self.tools is None:
            raise UsageError('no function may be called; start the run with protocol="tools"')
        arguments = encode({"action": action}).decode()
        self.reply("", tools=[ToolCall("", "act", arguments)])
        return self.told or ENDED

    def give_up(self, why: BaseException | None = None) -> None:
        """End it as unscored, if it is not over.

        Args:
            why: What is recorded as the cause, such as a `ModelError` if no reply can be had.
        """
        if not self.over:
            self._go_on(lambda: self._playing.throw(why or AgentError(GIVEN_UP)))

    def _make(self, context: Context) -> Agent:
        self.actions = list(context.actions)
        return self._source.make(context)

    def _tick(self, step: StepRecord) -> None:
        self.step = step

    def _go_on(self, resume: Callable[[], Any]) -> None:
        before = self.messages
        try:
            question: Question = resume()
        except StopIteration as end:
            self.messages, self.new, self.tools, self.outcome = [], [], None, end.value
        else:
            self.messages, self.tools = question
            self.new = _after(before, self.messages)
            self._asked = time.perf_counter()
        if self.outcome is not None:
            self._keep(self, self.outcome)


class DrivenRun:
    """A run folder whose episodes are driven from outside, as they are asked for.

    Its header plans what was started: any game, and of each the episodes up to the highest. An
    episode that is started again is a repeat of it: the same world, another seed for the agent.

    Args:
        client: Who replies, as records are to call it.
        adapter: What it comes by, such as `mcp`; a part of the agent's name and of the track.
        protocol: How it is talked to, as a model with that protocol is: `direct`, `think`, `chat`
            or `tools`.
        out: The run folder; by default a new one under `runs/`.
        keep: Whether there is to be a folder at all.
        seed: The suite seed.
        split: The split of `smartplay.runner.plan.SPLITS` to play instead of the suite.
        steps: Step limit per episode; the card's by default.
        retries: How often the agent is asked again after a reply without an action.
        game_settings: Settings of games, by name or family.

    Attributes:
        protocol: As above.
        header: What is played, as far as it is known.
        path: The run folder.

    Raises:
        UsageError: If something asked for does not exist.
        RunFolderError: If the folder cannot be written, or holds something.
    """

    def __init__(
        self,
        client: str,
        *,
        adapter: str,
        protocol: str = "chat",
        out: str | Path | None = None,
        keep: bool = True,
        seed: int = 0,
        split: str = "",
        steps: int | None = None,
        retries: int = 1,
        game_settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.protocol = known_name("protocol", protocol, PROTOCOLS)
        name = printable.line(f"{adapter}:{client}", LONGEST_NAME)
        self._source = AgentSource(
            name=name,
            settings={"protocol": protocol, "adapter": adapter},
            make=partial(LLMAgent, method=METHODS[protocol]()),
            models={ROLE: Client(name)},
            asynchronous=True,
        )
        self._how: dict[str, Any] = {
            "steps": steps,
            "seed": seed,
            "split": split,
            "retries": retries,
        }
        self._settings = game_settings or {}
        self._out, self._keeps = None if out is None else Path(out), keep
        self._folder: RunFolder | None = None
        self._header: RunHeader | None = None
        self._plays: Counter[tuple[str, int]] = Counter()
        self._next: Counter[str] = Counter()
        self._under_way: set[DrivenEpisode] = set()
        self._lock, self._open = threading.RLock(), ExitStack()

    @property
    def header(self) -> RunHeader:
        """What is played, as far as it is known.

        Raises:
            UsageError: If nothing was started yet.
        """
        if self._header is None:
            raise UsageError("the run has no episode yet")
        return self._header

    @property
    def path(self) -> Path:
        """The run folder.

        Raises:
            UsageError: If there is none, or none yet.
        """
        if self._folder is None:
            raise UsageError("the run has no folder" + (" yet" if self._keeps else ""))
        return self._folder.path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self, game: str, episode: int | None = None) -> DrivenEpisode:
        """Start an episode.

        Args:
            game: Its id, whole or short.
            episode: Its number, from 0, which its seed follows from; by default the one after the
                highest that was started of this game.

        Raises:
            UsageError: If there is no such game, or the number is none.
            RunFolderError: If it cannot be written down.
        """
        with self._lock:
            selected = select_games([game])
            if len(selected) > 1:
                raise UsageError(f"{game} is {len(selected)} games; name one of them")
            card = selected[0]
            if episode is None:
                episode = self._next[card.id]
            job = self._plan(card, episode)
        started = DrivenEpisode(job, self._source, self._add)  # a world may take seconds
        with self._lock:
            if not started.over:
                self._under_way.add(started)
        return started

    def close(self) -> None:
        """Give up what is not over, as unscored, and let go of the folder."""
        for episode in list(self._under_way):
            episode.give_up()
        self._open.close()

    def _plan(self, card: GameCard, episode: int) -> Job:
        """The job of an episode; the header plans it from now on."""
        if not 0 <= episode <= LARGEST:
            raise UsageError(f"the number of an episode must be 0 to {LARGEST}, not {episode}")
        header = self._header
        if header is None or card.id not in header.games:
            settings = {k: v for k, v in self._settings.items() if k in names_of(card)}
            first = plan_run(
                self._source,
                [card],
                episodes=1,
                settings=settings,
                arguments={"games": card.name},
                **self._how,
            )
            if header is None:
                header = first
            else:
                header = msgspec.structs.replace(
                    header,
                    games=header.games | first.games,
                    versions=first.versions | header.versions,
                )
        repeat = self._plays[card.id, episode]
        plan = header.games[card.id]
        plan = msgspec.structs.replace(plan, episodes=max(plan.episodes, episode + 1))
        header = msgspec.structs.replace(
            header,
            games=header.games | {card.id: plan},
            repeats=max(header.repeats, repeat + 1),
        )
        if self._keeps and header != self._header:
            self._write(header)
        self._header = header
        self._plays[card.id, episode] += 1
        self._next[card.id] = max(self._next[card.id], episode + 1)
        return job_of(header, (card.id, episode, repeat))

    def _write(self, header: RunHeader) -> None:
        if self._folder is not None:
            self._folder.plan_more(header)
            return
        path = self._out if self._out is not None else default_folder(header, resumable=False)
        folder = RunFolder(path.absolute())
        with ExitStack() as stack:
            stack.enter_context(folder.lock())
            folder.create(header)
            folder.begin(header)
            self._open.push(stack.pop_all())
        self._folder = folder

    def _add(self, episode: DrivenEpisode, outcome: Outcome) -> None:
        with self._lock:
            self._under_way.discard(episode)
            if self._folder is not None:
                self._folder.add(outcome.record, outcome.trace)


def text_of(message: Message) -> str:
    """The text of a message, without its pictures."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n\n".join(part["text"] for part in content if "text" in part)


def _after(before: list[Message], now: list[Message]) -> list[Message]:
    """The messages after the reply to a conversation that goes on; all of one that is new."""
    goes_on = before and len(now) > len(before) and now[: len(before)] == before
    return now[len(before) + 1 :] if goes_on else now
