"""An experiment with people, as a file describes it: what each participant does, and what is kept.

```toml
title = "Towers and bandits"
consent = "What happens, what is kept, and that one may leave at any time."
instructions = "What to do."
practice = "Hanoi3Disk"      # one episode that does not count; optional
games = ["Hanoi3Disk", "BanditTwoArmedHighLowFixed"]
episodes = 2                      # of each game
seeds = [0, 1]                    # suite seeds, assigned in turn
measure = ["contrast"]            # games with a dial whose thresholds are measured; optional
calls = 120                       # most rounds of that

[[checks]]                        # a question that shows whether someone reads
after = 1                         # episodes of the games
question = "Choose the third answer."
options = ["first", "second", "third"]
right = "third"
```

The order of the games follows a Williams design, in which every game stands equally often in every
place and after every other one; each newcomer gets the order and seed that were given least often.

```
FOLDER/ID/participant.json    a `Participant`
FOLDER/ID/practice, games, measure    run folders, as of any run
```

A participant is a random word. Nothing else is kept of who it is.
"""

from __future__ import annotations

import csv
import io
import re
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from smartplay.core.errors import RunFolderError, UsageError
from smartplay.core.toml_file import read_toml
from smartplay.core.untrusted import HEADER_LIMIT, read_file
from smartplay.core.whole_files import write_atomically, writing
from smartplay.play import human
from smartplay.play.journal import Journal
from smartplay.records import Measurement, RunHeader
from smartplay.records.encoding import encode
from smartplay.records.folder import RunFolder
from smartplay.runner.plan import check_same_run, select_dials, select_games
from smartplay.scores.thresholds import RULE

PRACTICE, GAMES, MEASURE = PARTS = ("practice", "games", "measure")
ID = re.compile("[0-9a-f]{12}")
PARTICIPANT = "participant.json"
Text = Annotated[str, msgspec.Meta(min_length=1)]
Number = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question that shows whether someone reads.

    Attributes:
        after: After how many episodes of the games it is asked.
        question: The question.
        options: What may be answered.
        right: Which of them is right.
    """

    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    question: Text
    options: Annotated[list[Text], msgspec.Meta(min_length=2, max_length=20)]
    right: Text


class Design(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of an experiment.

    Attributes:
        title: What it is called.
        consent: What participants agree to.
        instructions: What they are told before they play.
        thanks: What they are told at the end.
        practice: A game for one episode that does not count; empty for none.
        games: What is played.
        episodes: Episodes of each game.
        steps: Step limit; the cards' by default.
        seeds: Suite seeds, assigned in turn.
        shown: What participants see: `text`, `picture` or `both`.
        scores: Whether they are told the score when an episode is over.
        measure: Games with a dial whose thresholds are measured.
        width: Half the width of an interval, in levels, at which a threshold is known well enough.
        calls: Most rounds over all measured games.
        checks: Questions that show whether someone reads.
    """

    title: Text
    consent: Text
    instructions: Text
    thanks: str = "Thank you for taking part."
    practice: str = ""
    games: list[Text] = []
    episodes: Number = 1
    steps: Number | None = None
    seeds: Annotated[list[Seed], msgspec.Meta(min_length=1)] = msgspec.field(
        default_factory=lambda: [0]
    )
    shown: str = human.TEXT
    scores: bool = False
    measure: list[Text] = []
    width: Annotated[float, msgspec.Meta(gt=0)] = 0.5
    calls: Number = 120
    checks: list[Check] = []


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a participant besides the runs.

    Attributes:
        id: A random word.
        code: What shows at the end that someone took part to the end.
        order: The full ids of the games, in the order in which they are played.
        seed: The suite seed.
        instructed: Whether the instructions were read.
        answers: The answers to the checks so far.
        finished: Whether all was done.
    """

    id: str
    code: str
    order: list[str]
    seed: int
    instructed: bool = False
    answers: list[str] = []
    finished: bool = False


class Row(NamedTuple):
    """A line of the export; `place` counts the games from 1, as the participant met them."""

    participant: str
    code: str
    finished: bool
    checks_right: int
    checks_asked: int
    part: str
    place: int
    game: str
    episode: int
    level: int
    suite_seed: int
    seed: int
    score: float | None
    completed: bool
    steps: int
    seconds: float
    sittings: int


OF_RECORDS = ("game", "episode", "level", "seed", "score", "completed", "steps")
"""Columns that are fields of an episode's record."""


class Experiment:
    """An experiment and what its participants have done.

    Args:
        design: What is done in it.
        folder: Where it is kept.

    Raises:
        UsageError: If the design cannot be carried out.
    """

    def __init__(self, design: Design, folder: Path) -> None:
        self.design, self.folder = design, folder
        self._lock = threading.Lock()
        if folder.is_file():
            raise UsageError(f"{folder} is a file; name a folder for what is played with --out")
        human.source("anonymous", design.shown)  # or it cannot be shown so
        self._games = [card.id for card in select_games(design.games)] if design.games else []
        self._dials = select_dials(design.measure, []) if design.measure else []
        if not self._games and not self._dials:
            raise UsageError("the experiment has nothing to play; name games or measure")
        for check in design.checks:
            if check.right not in check.options:
                raise UsageError(f"the right answer {check.right!r} is none of the options")
        self.plan(Participant(id="0" * 12, code="", order=self._games, seed=design.seeds[0]))

    @classmethod
    def read(cls, file: Path, folder: Path | None) -> Experiment:
        """The experiment of a file.

        Args:
            file: The file.
            folder: Where it is kept; by default a folder beside the file, with its name.

        Raises:
            UsageError: If the file cannot be read or carried out.
        """
        try:
            design = msgspec.convert(read_toml(file, "experiment"), Design)
        except msgspec.ValidationError as error:
            raise UsageError(f"{file}: {error}") from error
        return cls(design, folder or file.with_suffix(""))

    def enroll(self, own: str) -> Participant:
        """A new participant, or the one there is already.

        Args:
            own: The random word that is the participant's own.

        Raises:
            RunFolderError: If the folder cannot be written.
        """
        with self._lock:
            known = self.find(own)
            if known is not None:
                return known
            used = Counter((tuple(each.order), each.seed) for each in self.participants())
            orders = [tuple(self._games[k] for k in row) for row in williams(len(self._games))]
            cells = [(order, seed) for seed in self.design.seeds for order in orders]
            order, seed = min(cells, key=lambda cell: used[cell])
            code = secrets.token_hex(4).upper()
            return self.keep(Participant(id=own, code=code, order=list(order), seed=seed))

    def find(self, own: str) -> Participant | None:
        """A participant.

        Raises:
            RunFolderError: If what is kept of them cannot be read.
        """
        assert ID.fullmatch(own)
        try:
            data = read_file(self.folder / own, PARTICIPANT, HEADER_LIMIT)
            return msgspec.json.decode(data, type=Participant)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise RunFolderError(f"{self.folder / own / PARTICIPANT}: {error}") from error

    def keep(self, participant: Participant, **changes: Any) -> Participant:
        """Write down what a participant has done, with changes; returns that."""
        changed = msgspec.structs.replace(participant, **changes)
        folder = self.folder / participant.id
        with writing(folder, RunFolderError):
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / PARTICIPANT, encode(changed))
        return changed

    def participants(self) -> Iterator[Participant]:
        """All participants, by id."""
        paths = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        for path in paths:
            if ID.fullmatch(path.name) and (found := self.find(path.name)):
                yield found

    def plan(self, participant: Participant) -> dict[str, tuple[RunHeader, Path]]:
        """What a participant plays, in order: the header and folder of each part."""
        design, folder = self.design, self.folder / participant.id
        player = human.source(participant.id, design.shown)
        own = participant.seed
        rule = Measurement(width=design.width, calls=design.calls, rule=RULE)
        parts: dict[str, tuple[Any, int, int | None, int | None, dict[str, Any]]] = {
            PRACTICE: (design.practice, 0, 1, design.steps, {"split": "train"}),
            GAMES: (participant.order, own, design.episodes, design.steps, {}),
            MEASURE: (self._dials, own, None, None, {"measurement": rule}),
        }
        return {
            part: human.plan(games, player, seed, episodes, steps, folder / part, **more)
            for part, (games, seed, episodes, steps, more) in parts.items()
            if games
        }

    def check_begun(self) -> None:
        """Make sure that all who have begun and not finished can go on.

        Raises:
            RunFolderError: If the file has changed so that they would play something else.
        """
        under_way = (each for each in self.participants() if not each.finished)
        for header, path in chain.from_iterable(self.plan(each).values() for each in under_way):
            if (folder := RunFolder(path)).exists:
                check_same_run(path, folder.header(), header)

    def delete(self, who: str) -> int:
        """Delete all that is kept of a participant, named by id or code, or of `all`.

        Returns:
            How many participants that were.

        Raises:
            UsageError: If there is no such participant, or something cannot be deleted.
        """
        found = [each.id for each in self.participants() if who in ("all", each.id, each.code)]
        if not found and who != "all":
            raise UsageError(f"{self.folder} has no participant {who!r}")
        for own in found:
            try:
                (self.folder / own / PARTICIPANT).unlink()  # first, so that no half of one counts
                shutil.rmtree(self.folder / own)
            except OSError as error:
                raise UsageError(f"cannot delete {own}: {error.strerror or error}") from error
        return len(found)

    def export(self, file: Path) -> int:
        """Write every episode that counts as a line of a CSV file.

        Returns:
            How many there are.

        Raises:
            UsageError: If the file cannot be written.
        """
        rows = [row for each in self.participants() for row in self._rows(each)]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(rows)
        with writing(file):
            write_atomically(file, text.getvalue().encode())
        return len(rows)

    def _rows(self, participant: Participant) -> Iterator[Row]:
        asked = list(zip(self.design.checks, participant.answers, strict=False))
        for part in (GAMES, MEASURE):
            folder = RunFolder(self.folder / participant.id / part)
            if not folder.exists:
                continue
            header = folder.header()
            tries = Counter(record.key for record in folder.lines())
            places = {game: place for place, game in enumerate(header.games, start=1)}
            for record in folder.results(header):
                moves = Journal(folder).moves(record.key)
                yield Row(
                    participant=participant.id,
                    code=participant.code,
                    finished=participant.finished,
                    checks_right=sum(check.right == answer for check, answer in asked),
                    checks_asked=len(asked),
                    part=part,
                    place=places[record.game],
                    suite_seed=participant.seed,
                    **{name: getattr(record, name) for name in OF_RECORDS},
                    seconds=round(sum(move.seconds for move in moves), 3),
                    sittings=tries[record.key],
                )


def williams(number: int) -> list[list[int]]:
    """Orders of so many things that are balanced for place and for what came just before.

    Each thing stands equally often in each place, and follows each other one equally often: by as
    many orders as there are things, or by twice as many if their number is odd (Williams, 1949).
    """
    first = [k // 2 + 1 if k % 2 else -(k // 2) for k in range(number)]
    rows = [[(k + turn) % number for k in first] for turn in range(number)]
    return rows + [row[::-1] for row in rows if number > 1 and number % 2] or [[]]
