"""Plays episodes whose replies come from outside, one by one: a training loop, a server, a client.

```python
with DrivenRun("my-client", adapter="mine", protocol="chat") as run:
    episode = run.start("Hanoi3Disk")
    while not episode.over:
        episode.reply(my_model(episode.messages))
    print(episode.record.score)
```

The runner's own loop plays, with the agent that asks a language model; only the model's answers
come from the caller instead of a service. So messages, parsing, complaints, fallback, scores,
records and the run folder are those of `smartplay run`.

Nothing here waits or needs an event loop. Any thread may drive an episode, but only one at a time;
several threads may share a run.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
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
from smartplay.runner.episode import Outcome, play_episode
from smartplay.runner.jobs import Job, job_of
from smartplay.runner.plan import LARGEST, default_folder, names_of, plan_run, select_games

GIVEN_UP = "the episode was given up before its end"
LONGEST_NAME = 80  # characters
NOT_TOLD = Call([], "").usage  # the default itself, which records leave out
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
        """Hand out the conversation and take in the answers."""
        return [await Question(messages, tools) for _ in range(samples)]

    async def aclose(self) -> None:
        """Nothing is held."""


class DrivenEpisode:
    """An episode while it is played.

    Args:
        job: The episode.
        source: The agent; its model is a `Client`.
        keep: Called with the job and its outcome once the episode is over.

    Attributes:
        job: As above.
        actions: Names of the actions.
        messages: The conversation to reply to, as a model in a run gets it; empty once the episode
            is over.
        tools: The functions that may be called (protocol `tools`); else None.
        new: Those of `messages` that came after the last reply. With the protocols `chat` and
            `tools` a caller who keeps the conversation needs no others.
        step: The last step that was taken: action, reward, score and more; None before the first.
        outcome: The result, with the packed steps; None until the episode is over.
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
        """Whether the episode has ended: by its rules, its step limit or a failure."""
        return self.outcome is not None

    @property
    def told(self) -> str:
        """The texts of the new messages, one below the other."""
        return "\n\n".join(filter(None, (text_of(message) for message in self.new)))

    @property
    def record(self) -> EpisodeRecord:
        """Its line in `episodes.jsonl`.

        Raises:
            UsageError: If the episode is not over.
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
        """Answer the question; the episode goes on to its next question or to its end.

        Args:
            text: The reply.
            reasoning: The model's thoughts, where they come apart from the reply.
            finish: Why the reply ended: `stop`, `length` if it was cut off, `withheld`.
            usage: Its tokens.
            model: The model as its service names it.
            tools: The functions that the reply calls.

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
        """Call the function `act` of the protocol `tools`, for a client that only calls functions.

        Args:
            action: The action, word for word.

        Returns:
            What a model in a run would be told after the call, or that the episode is over.

        Raises:
            UsageError: If the episode is over, or is played with another protocol.
        """
        if not self.over and self.tools is None:
            raise UsageError('no function may be called; start the run with protocol="tools"')
        arguments = encode({"action": action}).decode()
        self.reply("", tools=[ToolCall("", "act", arguments)])
        return self.told or ENDED

    def give_up(self, why: BaseException | None = None) -> None:
        """End the episode as unscored, if it is not over.

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

    Any game may be started. The header plans, for each game, the episodes up to the highest that
    was started. Starting an episode again makes a repeat: the same world, another seed for the
    agent.

    Args:
        client: The name of who replies, for the records.
        adapter: How the client connects, such as `mcp`; part of the agent's name and of the track.
        protocol: How the client is asked: `direct`, `think`, `chat` or `tools`, as a model is.
        out: The run folder; by default a new one under `runs/`.
        keep: Whether to write a folder at all.
        seed: The suite seed.
        split: The split of `smartplay.runner.jobs.SPLITS` to play instead of the suite.
        steps: Step limit per episode; the card's by default.
        retries: How often the agent is asked again after a reply without an action.
        game_settings: Settings of games, by name or family.

    Attributes:
        protocol: As above.
        header: What the run plays, as far as it is known yet.
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
        """What the run plays, as far as it is known yet.

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
            UsageError: If the run keeps no folder, or has none yet.
        """
        if self._folder is None:
            raise UsageError("the run has no folder" + (" yet" if self._keeps else ""))
        return self._folder.path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self, game: str, episode: int | None = None) -> DrivenEpisode:
        """Start an episode.

        Args:
            game: The game's id, whole or short.
            episode: The episode's number, from 0, which decides its seed; by default the one after
                the highest started of this game; after the last of all, the first not started yet.

        Raises:
            UsageError: If there is no such game, or the number is out of range.
            RunFolderError: If the header cannot be written.
        """
        with self._lock:
            selected = select_games([game])
            if len(selected) > 1:
                raise UsageError(f"{game} is {len(selected)} games; name one of them")
            card = selected[0]
            if episode is None:
                episode = self._next[card.id]
                if episode > LARGEST:
                    episode = next(k for k in count() if not self._plays[card.id, k])
            job = self._plan(card, episode)
        started = DrivenEpisode(job, self._source, self._add)  # a world may take seconds
        with self._lock:
            if not started.over:
                self._under_way.add(started)
        return started

    def close(self) -> None:
        """End unfinished episodes as unscored and release the folder."""
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
            header = header or first
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
