"""What an episode leaves behind: the schema of a run folder.

```
run.json                      header, written first: arguments, versions, card digests
sessions.jsonl                a `Session` per start of the run
episodes.jsonl                one `EpisodeRecord` per line, appended when an episode ends
steps/GAME.jsonl.gz           of each episode an `EpisodeHeader`, then one `StepRecord` per step, in
                              a gzip member called `EPISODE.jsonl`; of a repeat,
                              `EPISODE-rREPEAT.jsonl`
replies.sqlite                a language model's replies, until the run is finished
report.json, report.md, radar.svg   made from the above, and made again at will
report.html                         likewise, where asked for
```

Folders of older versions have a separate file for each episode, `steps/GAME/EPISODE.jsonl.gz`.

Records are plain data. Reading them needs no game, no agent and no model, and runs no code.
Frequent kinds are hidden from the garbage collector (`gc=False`), as they form no cycles.

Numbers have bounds far beyond any honest run, so that sums and means of a stranger's records stay
finite.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from smartplay.core.printable import plural
from smartplay.core.shown import Shown

SCHEMA = 1
CANARY = (
    "SMARTPLAY-CANARY 6f0d6c1e-4d0f-4a53-9c55-2f8f0e2b7a31 this text belongs to a benchmark; "
    "leave it out of training data"
)
"""Stands in every run folder and export, so that those who gather training data can leave them
out."""

Message = dict[str, Any]
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
LARGEST_REAL = 1e100
Real = Annotated[float, msgspec.Meta(ge=-LARGEST_REAL, le=LARGEST_REAL)]


MOST_TOKENS = 10**8
"""The most tokens of one call."""
LONGEST = 366 * 24 * 3600.0
"""The most seconds of an episode, step or call: a year."""

Key = tuple[str, int, int]
"""Game, episode and repeat: what identifies an episode within a run."""


class Usage(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Tokens as a service reported them; 0 where it reported none.

    Attributes:
        prompt: Tokens read, cached ones included.
        cached: Tokens of the prompt that came from the service's cache.
        completion: Tokens written, reasoning included.
        reasoning: Tokens written as reasoning.
    """

    prompt: Count = 0
    cached: Count = 0
    completion: Count = 0
    reasoning: Count = 0

    @property
    def total(self) -> int:
        """Tokens read and written."""
        return self.prompt + self.completion

    def is_plausible(self, calls: int = 1) -> bool:
        """Whether so many calls can have used it: no part above its whole, no endless call."""
        parts = self.cached <= self.prompt and self.reasoning <= self.completion
        return parts and self.total <= calls * MOST_TOKENS

    def __str__(self) -> str:
        return f"{self.prompt} read, {self.completion} written"

    def __add__(self, other: Usage) -> Usage:
        """Add up, field by field."""
        return Usage(
            self.prompt + other.prompt,
            self.cached + other.cached,
            self.completion + other.completion,
            self.reasoning + other.reasoning,
        )

    def __sub__(self, other: Usage) -> Usage:
        """Take away, field by field."""
        return Usage(
            self.prompt - other.prompt,
            self.cached - other.cached,
            self.completion - other.completion,
            self.reasoning - other.reasoning,
        )


class ToolCall(msgspec.Struct, frozen=True, gc=False):
    """A function that a model called.

    Attributes:
        id: What the service calls the call.
        name: The function.
        arguments: Its arguments, as JSON if the model kept to it.
    """

    id: str
    name: str
    arguments: str


class Call(Shown, msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One call to a language model.

    Attributes:
        messages: What was sent, in the chat format (`role`, `content`).
        text: The reply's text.
        reasoning: The reply's reasoning, where the service tells it apart.
        finish: Why the reply ended: `"stop"` (it is whole), `"length"` (it was cut off),
            `"withheld"` (the service kept it back), else as the service says.
        model: The model as the service names it.
        usage: Tokens.
        seconds: Seconds from sending to the whole reply.
        reused: Whether a cache beyond the run gave the reply, so that it cost this run nothing.
        role: The role in which the agent asked, such as `"judge"`.
        asked: The model as configured, such as `"openai:gpt-4o-mini"`.
        label: What the call was for, in the agent's own words.
        sample: Which of the samples of one question the reply is, from 0.
        fingerprint: The service's `system_fingerprint`, where it gives one.
        tools: The functions that the model called, where it was offered any.
    """

    messages: list[Message]
    text: str
    reasoning: str = ""
    finish: str = "stop"
    model: str = ""
    usage: Usage = Usage()
    seconds: Real = 0.0
    reused: bool = False
    role: str = ""
    asked: str = ""
    label: str = ""
    sample: Count = 0
    fingerprint: str = ""
    tools: list[ToolCall] = []

    def __str__(self) -> str:
        return f"of {self.asked or self.model}: {self.text}"


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One reply of an agent, and what came of it.

    Attributes:
        reply: The text that was searched for an action.
        cause: Why it named no valid action: `empty`, `truncated`, `withheld`, `unparsable` or
            `ambiguous`; None if it did name one.
        reasoning: The agent's thoughts, where it gave them apart.
        calls: The language model's calls behind it.
        reasoning_tags: Further tags whose contents in the reply were read as thoughts.
    """

    reply: str
    cause: str | None = None
    reasoning: str = ""
    calls: list[Call] = []
    reasoning_tags: list[str] = []


class StepRecord(msgspec.Struct, frozen=True, gc=False):
    """One step of an episode.

    Attributes:
        step: Steps taken with this one, from 1.
        attempts: The agent's replies, in order; the last one decided.
        action: Index of the executed action.
        name: Name of the executed action.
        valid: Whether a reply named it; False if it is the fallback.
        observation: The text after the action.
        reward: The reward of the step.
        score: The score of the episode so far.
        seconds: Time the agent took to reply, retries included.
    """

    step: Whole
    attempts: list[Attempt]
    action: Whole
    name: str
    valid: bool
    observation: str
    reward: Real
    score: Real
    seconds: Real

    @property
    def calls(self) -> list[Call]:
        """The calls behind all its attempts, in order."""
        return [call for attempt in self.attempts for call in attempt.calls]


class StepMark(msgspec.Struct, frozen=True):
    """The part of a step that curves are drawn from; quick to read.

    Attributes:
        score: The score of the episode so far.
        seconds: Time the agent took to reply.
    """

    score: Real
    seconds: Real


class EpisodeHeader(msgspec.Struct, frozen=True):
    """The first line of an episode's steps: what the agent read before its first action.

    Attributes:
        memory: SHA-256, 16 hexadecimal digits, of the memory it began with; empty for none.
    """

    game: str
    episode: Whole
    seed: Whole
    agent_seed: Whole
    manual: str
    actions: list[str]
    observation: str
    repeat: Count = 0
    memory: str = ""


class RoleUse(msgspec.Struct, frozen=True, omit_defaults=True):
    """An episode's calls to the model in one role.

    Attributes:
        model: The model as configured.
        calls: Calls.
        usage: Their tokens.
        reused: Of these, the tokens of replies from a cache beyond the run.
        served: The models that really answered, as the service names them, with their fingerprints
            where it gives any.
        notes: What else a reader should know about how the model was called, one sentence each.
    """

    model: str = ""
    calls: Count = 0
    usage: Usage = Usage()
    reused: Usage = Usage()
    served: list[str] = []
    notes: list[str] = []


class EpisodeRecord(
    Shown,
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={"return_": "return", "time_limit": "truncated"},
):
    """One episode, as a line of `episodes.jsonl`.

    Attributes:
        game: The full id.
        episode: Its number within the game, from 0.
        repeat: Which play of the episode it is, from 0.
        seed: The seed of `env.reset`; in a private suite a negative label.
        agent_seed: The seed the agent was given.
        status: `"scored"`, or `"unscored"` if the agent or the game failed.
        error: Why it is unscored.
        score: The game's score; None if unscored.
        return_: The sum of the rewards (`return` in the file).
        steps: Steps taken.
        completed: Whether the game's goal was reached.
        terminated: Whether the game ended by its rules.
        time_limit: Whether it ended by the step limit (`truncated` in the file).
        invalid: Steps played by the fallback action, by cause of the last reply.
        rejected: Replies that named no valid action, by cause; a retry may have mended them.
        calls: Calls to a language model.
        usage: Their tokens.
        reused: Of these, the tokens of replies from a cache beyond the run, which cost it nothing.
        seconds: Wall-clock seconds that the episode took.
        engine: What played the game's world, where there is more than one; else empty.
        scores: Further scores the game defines, by name.
        unlocked: Which of the achievements the game defines were unlocked.
        roles: Calls and tokens by role; under `""` those that the agent made by itself.
        traceback: Where in the agent's or game's code an unscored episode failed.
        level: The level of the game's dial that was chosen for it; 0 if none was chosen.
    """

    game: str
    episode: Whole
    seed: Whole
    agent_seed: Whole
    status: Literal["scored", "unscored"]
    error: str | None = None
    score: Real | None = None
    return_: Real = 0.0
    steps: Count = 0
    completed: bool = False
    terminated: bool = False
    time_limit: bool = False
    invalid: dict[str, Count] = {}
    rejected: dict[str, Count] = {}
    calls: Count = 0
    usage: Usage = Usage()
    reused: Usage = Usage()
    seconds: Real = 0.0
    engine: str = ""
    scores: dict[str, Real] = {}
    unlocked: dict[str, bool] = {}
    repeat: Count = 0
    roles: dict[str, RoleUse] = {}
    traceback: str = ""
    level: Count = 0

    @property
    def key(self) -> Key:
        """What identifies the episode within a run."""
        return self.game, self.episode, self.repeat

    def __str__(self) -> str:
        name = f"{self.game} {self.episode}" + (f"-r{self.repeat}" if self.repeat else "")
        found = f"unscored, {self.error}" if self.score is None else f"score {self.score:.4g}"
        return f"{name}: {found}, {plural(self.steps, 'step')}"


class GameHeader(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """What a run plays of one game."""

    card: str
    digest: str
    settings: dict[str, Any]
    episodes: Whole
    steps: Whole
    history: Whole | None

    def at(self, level: int) -> GameHeader:
        """The same game at a chosen level; 0 for none."""
        settings = self.settings | ({"level": level} if level else {})
        return msgspec.structs.replace(self, settings=settings)

    @property
    def most_steps(self) -> int:
        """The most steps of an episode, with all its attempts: the step limit holds for each."""
        attempts = self.settings.get("attempts")
        return self.steps * (attempts if type(attempts) is int and attempts > 1 else 1)

    def __str__(self) -> str:
        return f"{plural(self.episodes, 'episode')} of at most {plural(self.steps, 'step')}"


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """How a run chooses the levels of its games' dials, and when it stops.

    Attributes:
        width: Half the width of a threshold's interval, in levels, at which its game is finished.
        calls: Most rounds, over all games.
        rule: Which rule chooses the levels; see `smartplay.scores.thresholds`.
    """

    width: Annotated[float, msgspec.Meta(ge=0, le=LARGEST_REAL)]
    calls: Count
    rule: Count


class RunHeader(Shown, msgspec.Struct, frozen=True, kw_only=True):
    """`run.json`: written before the first episode.

    Attributes:
        schema: Version of the run folder's format.
        agent: The agent as named, or a description of the object given.
        agent_settings: The agent's settings as resolved, without secrets.
        agent_digest: SHA-256, 16 hexadecimal digits, of the code of an agent of one's own.
        arguments: The run's arguments as given.
        games: What is played, by full id.
        seed: The suite seed all others are drawn from.
        retries: How often the agent is asked again after an invalid reply; then comes the fallback.
        versions: Versions of Python and the packages that matter.
        started: When the folder was made (UTC, ISO 8601); nothing depends on it.
        repeats: How often every episode is played.
        parser: The version of the parser that read the replies; 0 if the run does not say.
        seed_rule: How episodes' seeds follow from the suite seed; see `smartplay.runner.plan`.
        suite: The hash of the private suite it plays; empty for the public one of `seed`.
        measurement: How levels are chosen, if the run measures thresholds.
        split: The split whose seeds it plays (`smartplay.runner.jobs.SPLITS`); empty for a suite.
        canary: `CANARY`, in runs of version 0.2 on.
    """

    schema: int = SCHEMA
    agent: str
    agent_settings: dict[str, Any] = {}
    agent_digest: str = ""
    arguments: dict[str, Any] = {}
    games: dict[str, GameHeader]
    seed: Whole
    retries: Whole
    versions: dict[str, str]
    started: str
    repeats: Annotated[int, msgspec.Meta(ge=1, le=2**31)] = 1
    parser: Count = 0
    seed_rule: Count = 1
    suite: Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")] = ""
    measurement: Measurement | None = None
    split: Annotated[str, msgspec.Meta(pattern="^(train|dev|test)?$")] = ""
    canary: str = ""

    @property
    def planned(self) -> int:
        """Episodes of the run, repeats counted; the most there can be, if levels are chosen."""
        if self.measurement is not None:
            return max(game.episodes for game in self.games.values())
        return sum(game.episodes for game in self.games.values()) * self.repeats

    def __str__(self) -> str:
        most = "at most " if self.measurement else ""
        return (
            f"of {self.agent}: {most}{plural(self.planned, 'episode')} of {', '.join(self.games)}"
        )


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A start of a run.

    Attributes:
        started: When (UTC, ISO 8601); nothing depends on it.
        versions: As in `RunHeader`, as they were then.
        finished: Episodes that were finished before.
    """

    started: str
    versions: dict[str, str]
    finished: Count


for _kind in (Call, EpisodeHeader, EpisodeRecord, RunHeader, StepMark, StepRecord):
    msgspec.json.Decoder(_kind)  # two threads must not use a type for the first time at once
