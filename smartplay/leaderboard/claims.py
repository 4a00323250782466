"""The part of a run that a leaderboard entry packs: all that a replay needs, and no text.

```
leaderboard/entries/DATE_AGENT/
    entry.json               `EntryInfo`
    run.json                 as in the run folder, without the arguments as typed
    episodes.jsonl           as in the run folder: every line, those of failed tries too
    replays/GAME.jsonl.gz    one `Claim` per line, in the order of the episodes; or, with traces,
    steps/                   as in the run folder: prompts and replies as well
```
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from smartplay.core import printable
from smartplay.core.errors import RunFolderError
from smartplay.core.untrusted import LINES_LIMIT, read_file
from smartplay.core.version import __version__
from smartplay.records import EpisodeHeader, EpisodeRecord, RunHeader, StepRecord
from smartplay.records.encoding import whole
from smartplay.records.folder import RunFolder

STEP_DIGITS = 8
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LINK = re.compile(r"https?://[^\s\"'<>]{1,500}")

Line = Annotated[str, msgspec.Meta(max_length=printable.LINE)]
Digest = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]


class EntryInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The submitter's statement on a run; only the digest can be checked.

    Attributes:
        agent: The name in the table.
        model: The model behind the agent; empty if there is none.
        author: Who played.
        date: The day the run was begun (ISO 8601).
        link: Where to read more: code, paper, model.
        note: One sentence on how the agent works.
        cost: A cost that version 0.1 let submitters state; it is not shown.
        version: The version of SmartPlay that packed the entry.
        digest: SHA-256 over the other files, see `entry_digest`; empty in entries of version 0.1.
    """

    agent: Line
    model: Line = ""
    author: Line = ""
    date: Line
    link: Annotated[str, msgspec.Meta(max_length=520)] = ""
    note: Line = ""
    cost: float | None = None
    version: Line = __version__
    digest: Digest = ""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in an episode, by the run's account.

    Attributes:
        episode: The episode's number within its game.
        seed: The seed of the game, or its label.
        agent_seed: The seed of the agent.
        start: Digest of what the agent read first, see `start_digest`.
        actions: Indices of the executed actions.
        rewards: The reward of each step.
        scores: The score after each step.
        observations: A digest of each step's text, `STEP_DIGITS` hexadecimal digits per step.
        causes: By step (from 1), why each of its replies named no action, or None for one that did;
            a step that is missing here had one reply, which named the action.
        repeat: Which play of the episode.
        replies: SHA-256 over all replies in order, each with its cause; empty in entries of
            version 0.1.
        memory: Digest of the memory the agent began with; empty for none.
    """

    episode: int
    seed: int
    agent_seed: int
    start: str
    actions: list[int]
    rewards: list[float]
    scores: list[float]
    observations: str
    causes: dict[int, list[str | None]] = {}
    repeat: int = 0
    replies: Digest = ""
    memory: str = ""

    def observation(self, step: int) -> str:
        """The digest of the text after a step, counted from 1."""
        return self.observations[(step - 1) * STEP_DIGITS : step * STEP_DIGITS]


def step_digest(text: str) -> str:
    """The first `STEP_DIGITS` hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:STEP_DIGITS]


def start_digest(manual: str, actions: Sequence[str], observation: str) -> str:
    """SHA-256, 16 hexadecimal digits, of what an agent reads before its first action."""
    data = msgspec.json.encode([whole(manual), [*map(whole, actions)], whole(observation)])
    return hashlib.sha256(data).hexdigest()[:16]


def make_claim(header: EpisodeHeader, steps: Iterable[StepRecord]) -> Claim:
    """Reduce an episode's steps to a claim; they are read once and not kept."""
    actions, rewards, scores = list[int](), list[float](), list[float]()
    causes: dict[int, list[str | None]] = {}
    digests, replies = list[str](), hashlib.sha256()
    for number, step in enumerate(steps, start=1):
        actions.append(step.action)
        rewards.append(step.reward)
        scores.append(step.score)
        digests.append(step_digest(step.observation))
        replies.update(msgspec.json.encode([[each.reply, each.cause] for each in step.attempts]))
        found = [attempt.cause for attempt in step.attempts]
        if found != [None]:
            causes[number] = found
    return Claim(
        episode=header.episode,
        seed=header.seed,
        agent_seed=header.agent_seed,
        start=start_digest(header.manual, header.actions, header.observation),
        actions=actions,
        rewards=rewards,
        scores=scores,
        observations="".join(digests),
        causes=causes,
        repeat=header.repeat,
        replies=replies.hexdigest(),
        memory=header.memory,
    )


def replays_name(game: str) -> str:
    """Where an entry keeps a game's claims, as a path inside it."""
    return f"replays/{game.split('/')[-1]}.jsonl.gz"


def read_claims(folder: RunFolder, game: str, most: int) -> dict[tuple[int, int], Claim]:
    """Read a game's claims from an entry, by episode and repeat.

    Args:
        folder: The entry.
        game: The full id.
        most: How many there may be.

    Raises:
        RunFolderError: If the file is missing, damaged or too large, or names an episode twice.
    """
    found: dict[tuple[int, int], Claim] = {}
    for claim in folder.packed(replays_name(game), most, Claim):
        if (claim.episode, claim.repeat) in found:
            raise RunFolderError(f"{replays_name(game)} lists episode {claim.episode} twice")
        found[claim.episode, claim.repeat] = claim
    return found


def claims_of(
    folder: RunFolder, header: RunHeader, records: Iterable[EpisodeRecord]
) -> dict[str, list[Claim]]:
    """The claims of a run folder or entry by game, of the episodes that have steps, in order.

    Raises:
        RunFolderError: If one cannot be read.
    """
    found: dict[str, list[Claim]] = {game: [] for game in header.games}
    packed: dict[str, dict[tuple[int, int], Claim]] = {}
    for record in records:
        game = record.game
        if not record.steps:
            continue
        if not folder.is_packed:
            steps = folder.stream(record.key, record.steps, StepRecord)
            found[game].append(make_claim(*steps))
            continue
        if game not in packed:
            planned = header.games[game].episodes * header.repeats
            packed[game] = read_claims(folder, game, planned)
        claim = packed[game].get((record.episode, record.repeat))
        if claim is None:
            raise RunFolderError("the episode's actions are missing")
        found[game].append(claim)
    return found


def pack_claims(claims: Iterable[Claim]) -> bytes:
    """The content of a packed file; equal bytes for equal claims."""
    return gzip.compress(b"".join(msgspec.json.encode(c) + b"\n" for c in claims), 9, mtime=0)


def read_info(path: Path) -> EntryInfo:
    """Read `entry.json`.

    Raises:
        RunFolderError: If it is missing or malformed, or its date or link is invalid.
    """
    try:
        info = RunFolder(path).read("entry.json", EntryInfo)
    except FileNotFoundError as error:
        raise RunFolderError(f"{path} holds no entry (no entry.json)") from error
    check_info(info, str(path))
    return info


def check_info(info: EntryInfo, where: str) -> None:
    """Check an entry's statement against the rules for reading one; writers call this too.

    Raises:
        RunFolderError: If it breaks one.
    """
    try:
        msgspec.convert(msgspec.to_builtins(info), EntryInfo)
    except msgspec.ValidationError as error:
        raise RunFolderError(f"{where}: {error}") from error
    for name in ("agent", "model", "author", "note", "link", "version"):
        if not printable.is_clean(getattr(info, name)):
            raise RunFolderError(f"{where}: {name} holds characters that cannot be shown")
    if printable.is_blank(info.agent):
        raise RunFolderError(f"{where}: agent is empty; give the agent a name")
    if not is_date(info.date):
        raise RunFolderError(f"{where}: the date {info.date[:20]!r} is not of the form 2026-01-31")
    if info.link and not LINK.fullmatch(info.link):
        raise RunFolderError(f"{where}: the link must be an http or https address")


def is_date(text: str) -> bool:
    """Whether a text is a day such as 2026-01-31."""
    try:
        return bool(DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def entry_digest(root: Path, names: Iterable[str]) -> str:
    """SHA-256 over the names and contents of an entry's files, also those with digests of replies.

    Raises:
        RunFolderError: If one of them cannot be read.
    """
    lines = []
    for name in sorted(names):
        try:
            content = read_file(root, name, LINES_LIMIT)
        except OSError as error:
            raise RunFolderError(f"cannot read {root / name}: {error.strerror}") from error
        lines.append(f"{name} {hashlib.sha256(content).hexdigest()}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class Play(NamedTuple):
    """What was played, regardless of the stated names, times and tokens.

    Attributes:
        actions: Digest of the worlds, the actions and what came of them; empty if nothing was
            played.
        replies: Digest of the wording of the replies; empty if an entry does not hold it.
    """

    actions: str
    replies: str

    def is_same(self, other: Play) -> bool:
        """Whether two runs are the same run, or were played exactly alike."""
        told = self.replies and other.replies
        return self == other if told else bool(self.actions) and self.actions == other.actions


def play_of(claims: Mapping[str, Iterable[Claim]]) -> Play:
    """What was played, from an entry's claims by game."""
    alike = hashlib.sha256()
    replies: list[str] = []
    for game in sorted(claims):
        for claim in claims[game]:
            key = [game, claim.episode, claim.repeat, claim.start, claim.actions]
            alike.update(msgspec.json.encode([key, claim.observations, claim.causes]))
            replies.append(claim.replies)
    wording = hashlib.sha256("".join(replies).encode()).hexdigest() if all(replies) else ""
    return Play(alike.hexdigest() if replies else "", wording)
