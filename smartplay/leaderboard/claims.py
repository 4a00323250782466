"""What a run claims of an episode: all that a replay needs, and no text.

Claims come from the steps of a run folder, or from the packed files of a leaderboard entry:

```
replays/GAME.jsonl.gz   one `Claim` per line, in the order of the episodes
```
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from smartplay.bounded import read_packed_lines
from smartplay.card import ID_PATTERN
from smartplay.errors import RunFolderError
from smartplay.records import EpisodeHeader, StepRecord

STEP_DIGITS = 8

StructT = TypeVar("StructT", bound=msgspec.Struct)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in an episode, as the run has it.

    Attributes:
        episode: The episode's number within its game.
        seed: The seed of the game.
        agent_seed: The seed of the agent.
        start: Digest of what the agent read first, see `start_digest`.
        actions: Indices of the executed actions.
        rewards: The reward of each step.
        scores: The score after each step.
        observations: A digest of each step's text, `STEP_DIGITS` hexadecimal digits per step.
        causes: By step (from 1) why each of its replies named no action, None where it did; a
            step that is not in here had one reply, and that named the action.
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

    def observation(self, step: int) -> str:
        """The digest of the text after a step, counted from 1."""
        return self.observations[(step - 1) * STEP_DIGITS : step * STEP_DIGITS]


def step_digest(text: str) -> str:
    """The first `STEP_DIGITS` hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:STEP_DIGITS]


def start_digest(manual: str, actions: Sequence[str], observation: str) -> str:
    """SHA-256, 16 hexadecimal digits, of what an agent reads before its first action."""
    data = msgspec.json.encode([manual, list(actions), observation])
    return hashlib.sha256(data).hexdigest()[:16]


def make_claim(header: EpisodeHeader, steps: Iterable[StepRecord]) -> Claim:
    """Reduce an episode's steps to a claim; they are read once and not kept."""
    actions: list[int] = []
    rewards: list[float] = []
    scores: list[float] = []
    observations: list[str] = []
    causes: dict[int, list[str | None]] = {}
    for number, step in enumerate(steps, start=1):
        actions.append(step.action)
        rewards.append(step.reward)
        scores.append(step.score)
        observations.append(step_digest(step.observation))
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
        observations="".join(observations),
        causes=causes,
    )


def steps_name(game: str, episode: int) -> str:
    """Where a run folder keeps an episode's steps, as a path inside it."""
    return f"steps/{_plain(game)}/{episode:05d}.jsonl.gz"


def replays_name(game: str) -> str:
    """Where an entry keeps a game's claims, as a path inside it."""
    return f"replays/{_plain(game)}.jsonl.gz"


def is_packed(path: Path) -> bool:
    """Whether a folder holds claims instead of steps."""
    return (path / "replays").is_dir() and not (path / "steps").is_dir()


def read_steps(
    path: Path, game: str, episode: int, most: int
) -> tuple[EpisodeHeader, Iterator[StepRecord]]:
    """Read an episode's steps from a run folder, one at a time.

    Args:
        path: The run folder.
        game: The full id.
        episode: The episode's number.
        most: How many steps its record says.

    Raises:
        RunFolderError: Here or while iterating, if the file is missing, damaged or too large.
    """
    name = steps_name(game, episode)
    lines = read_packed_lines(path, name, most + 1)
    first = next(lines, None)
    if first is None:
        raise RunFolderError(f"{path / name} is empty")
    header = _decode(first, EpisodeHeader, f"{path / name}, line 1")
    return header, (
        _decode(line, StepRecord, f"{path / name}, line {number}")
        for number, line in enumerate(lines, start=2)
    )


def read_claims(path: Path, game: str, episodes: int) -> dict[int, Claim]:
    """Read a game's claims from an entry, by episode.

    Args:
        path: The entry.
        game: The full id.
        episodes: How many there may be.

    Raises:
        RunFolderError: If the file is missing, damaged or too large, or names an episode twice.
    """
    name = replays_name(game)
    found: dict[int, Claim] = {}
    for number, line in enumerate(read_packed_lines(path, name, episodes + 1), start=1):
        claim = _decode(line, Claim, f"{path / name}, line {number}")
        if claim.episode in found or number > episodes:
            raise RunFolderError(f"{path / name}, line {number}: an episode too many")
        found[claim.episode] = claim
    return found


def pack_claims(claims: Iterable[Claim]) -> bytes:
    """The content of a packed file; equal bytes for equal claims."""
    return gzip.compress(b"".join(msgspec.json.encode(c) + b"\n" for c in claims), 9, mtime=0)


def _plain(game: str) -> str:
    name = game.removeprefix("smartplay/")
    if not ID_PATTERN.fullmatch(name):
        raise RunFolderError(f"{game!r} is no game's id")
    return name


def _decode(data: bytes, kind: type[StructT], where: str) -> StructT:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise RunFolderError(f"{where} is malformed: {error}") from error
