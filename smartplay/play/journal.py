"""What a person did, key by key: written before the next question is asked.

```
journal.jsonl   one `Move` per line
```

A session that ends without a word, as by `kill -9` or a loss of power, loses no action, and that
it was begun can be seen afterwards. Together with the times of the steps it is what tells a
person's run from a program's, as far as files can.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

import msgspec

from smartplay.core.errors import RunFolderError
from smartplay.core.untrusted import LINES_LIMIT, own_path, read_file
from smartplay.core.whole_files import drop_half_line, writing
from smartplay.records import LARGEST_REAL, Count, EpisodeRecord, Key, StepRecord
from smartplay.records.encoding import encode
from smartplay.records.folder import RunFolder

JOURNAL = "journal.jsonl"
ROUNDING = 0.001
"""Seconds by which two measures of a waiting time may be apart, rounded as they are."""


class Move(msgspec.Struct, frozen=True):
    """One action of a person, or the start of a sitting.

    Attributes:
        game: The full id.
        episode: The episode's number.
        step: The step it takes, from 1; of a sitting's start, how many were taken before.
        action: Index of the action; None where a sitting begins.
        seconds: Time from the question to the key.
        repeat: Which play of the episode.
    """

    game: str
    episode: Count
    step: Count
    action: Count | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=LARGEST_REAL)] = 0.0
    repeat: Count = 0

    @property
    def key(self) -> Key:
        """The episode."""
        return self.game, self.episode, self.repeat

    @property
    def note(self) -> str:
        """What the record of a step says that a later sitting takes again."""
        return f"Taken before a break, after {self.seconds:.3f} s."


class Journal:
    """The journal of a run folder.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def add(self, move: Move) -> None:
        """Write a move; when this returns it is on the disk.

        Raises:
            RunFolderError: If it cannot be written.
        """
        path = own_path(self._folder.path, JOURNAL)
        with writing(path, RunFolderError), path.open("ab") as file:
            file.write(encode(move) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def moves(self, key: Key) -> list[Move]:
        """What was done in an episode, in order; a line that was cut off is left out.

        Raises:
            RunFolderError: If it is no journal.
        """
        try:
            data = read_file(self._folder.path, JOURNAL, LINES_LIMIT)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunFolderError(f"cannot read {JOURNAL}: {error.strerror or error}") from error
        try:
            lines = msgspec.json.Decoder(Move).decode_lines(data[: data.rfind(b"\n") + 1])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise RunFolderError(f"{JOURNAL} is malformed: {error}") from error
        return [move for move in lines if move.key == key]

    def sit_down(self, record: EpisodeRecord) -> list[Move]:
        """Begin a sitting at an episode, and see what was played of it before.

        A sitting that ended without a record gets one now, so that no try goes unseen.

        Args:
            record: What is then recorded of it.

        Returns:
            The actions taken so far.
        """
        path = own_path(self._folder.path, JOURNAL)
        if path.exists():
            drop_half_line(path)
        found = self.moves(record.key)
        taken = [move for move in found if move.action is not None]
        told = sum(line.key == record.key for line in self._folder.lines())
        for _ in range(len(found) - len(taken) - told):
            self._folder.add(record, b"")
        game, episode, repeat = record.key
        self.add(Move(game, episode, len(taken), repeat=repeat))
        return taken


def doubt(moves: Sequence[Move], steps: Sequence[StepRecord], tries: int) -> str:
    """Why an episode's journal is not that of its steps; empty if it is.

    Args:
        moves: The journal of the episode.
        steps: Its steps.
        tries: How many lines of `episodes.jsonl` it has.
    """
    taken: list[Move] = []
    before = 0  # steps of earlier sittings
    for move in moves:
        if move.step != len(taken) + (move.action is not None):
            return "its journal of keys has gaps"
        if move.action is None:
            before = len(taken)
        else:
            taken.append(move)
    if [move.action for move in taken] != [step.action for step in steps] or len(moves) - len(
        taken
    ) != max(1, tries):
        return "its journal of keys is missing or tells of other actions or sittings"
    for place, (move, step) in enumerate(zip(taken, steps, strict=True)):
        if [attempt.reply for attempt in step.attempts] != [step.name] or not move.seconds:
            return "its replies are not those of keys"
        fits = move.seconds <= step.seconds + ROUNDING
        if not (step.attempts[0].reasoning == move.note if place < before else fits):
            return "its journal of keys tells of other times"
    return ""
