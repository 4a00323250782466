"""What a run claims of an episode: all that a replay needs, and no text.

Claims come from the steps of a run folder, or from the packed files of a leaderboard entry:

```
replays/GAME.jsonl.gz   one `Claim` per line, in the order of the episodes
```
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from smartplay.core.errors import RunFolderError
from smartplay.records import EpisodeHeader, StepRecord
from smartplay.records.folder import RunFolder

STEP_DIGITS = 8


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
        repeat: Which play of the episode.
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
    digests: list[str] = []
    lists: dict[str, Any] = {"actions": [], "rewards": [], "scores": []}
    claim = Claim(
        episode=header.episode,
        seed=header.seed,
        agent_seed=header.agent_seed,
        start=start_digest(header.manual, header.actions, header.observation),
        repeat=header.repeat,
        observations="",
        **lists,
    )
    for number, step in enumerate(steps, start=1):
        claim.actions.append(step.action)
        claim.rewards.append(step.reward)
        claim.scores.append(step.score)
        digests.append(step_digest(step.observation))
        found = [attempt.cause for attempt in step.attempts]
        if found != [None]:
            claim.causes[number] = found
    return msgspec.structs.replace(claim, observations="".join(digests))


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
            raise RunFolderError(f"{replays_name(game)} has episode {claim.episode} twice")
        found[claim.episode, claim.repeat] = claim
    return found


def pack_claims(claims: Iterable[Claim]) -> bytes:
    """The content of a packed file; equal bytes for equal claims."""
    return gzip.compress(b"".join(msgspec.json.encode(c) + b"\n" for c in claims), 9, mtime=0)
