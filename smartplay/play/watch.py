"""Shows a recorded episode: forth and back, at any speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from smartplay.core.errors import RunFolderError, UnknownNameError, UsageError
from smartplay.games.registry import find_card, register_cards
from smartplay.play.view import QUIT, Display, View
from smartplay.records import EpisodeHeader, RunHeader, StepRecord
from smartplay.records.folder import RunFolder
from smartplay.records.replay import Replay

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
KEYS = (
    ("space", "pause, go on"),
    ("left", "step back"),
    ("right", "step forth"),
    ("+ -", "speed"),
    ("0", "from the start"),
    ("e", "to the end"),
    ("Esc", "leave"),
)


class Recording:
    """A recorded episode, moment by moment: 0 is the start, n what the n-th step led to.

    Args:
        run: The run folder.
        game: Which of its games, by id or name; the first by default.
        episode: Which episode.
        pictured: Whether to make pictures.
        own_cards: Card files of your own that the run may have been played with; making pictures
            runs the code they name. No card that the run itself names is read.
        repeat: Which play of the episode, from 0.

    Attributes:
        header: The episode's header.
        steps: Its steps.

    Raises:
        UsageError: If there is no such episode, or its game has no pictures.
    """

    def __init__(
        self,
        run: Path,
        game: str | None,
        episode: int,
        pictured: bool,
        own_cards: Sequence[str | Path] = (),
        repeat: int = 0,
    ) -> None:
        for own in own_cards:
            register_cards(own)
        folder = RunFolder(run)
        self.run = folder.header()
        name = find_game(self.run, game)
        played = {record.key: record for record in folder.results(self.run) if record.game == name}
        record = played.get((name, episode, repeat))
        if record is None:
            known = ", ".join(_label(*key[1:]) for key in list(played)[:20]) or "none yet"
            raise UsageError(
                f"{run} holds no episode {_label(episode, repeat)} of {name}; played: {known}"
            )
        self.header, self.steps = folder.steps(name, episode, record.steps, repeat)
        self._replay = None
        try:
            if pictured:
                self._replay = Replay.of(
                    self.run.games[name].at(record.level), self.header, self.steps
                )
        except UsageError as error:
            raise UsageError(f"{error}; watch it without --out") from error

    def __len__(self) -> int:
        return len(self.steps) + 1

    def view(self, number: int, notice: str = "", keys: Sequence[tuple[str, str]] = KEYS) -> View:
        """One moment."""
        picture = None if self._replay is None else self._replay.picture(number)
        departed = None if self._replay is None else self._replay.departed
        if departed is not None and number >= departed:
            picture = None
            notice = f"{notice} No picture: this version plays step {departed} differently."
        card = find_card(self.header.game)
        game = self.header.game if card is None else card.title
        status = [f"step {number} of {len(self.steps)}"]
        status += [f"score {self.steps[number - 1].score:g}"] if number else []
        which = _label(self.header.episode, self.header.repeat)
        return View(
            title=f"{self.run.agent}: {game}, episode {which}",
            status=status,
            text=describe(self.header, self.steps, number),
            keys=keys,
            picture=picture,
            notice=notice.strip(),
            from_top=True,
        )

    def close(self) -> None:
        """Free what the game holds."""
        if self._replay is not None:
            self._replay.close()


def find_game(header: RunHeader, game: str | None) -> str:
    """The full id of one of a run's games.

    Args:
        header: The run.
        game: Its id or name; None for the first.

    Raises:
        UnknownNameError: If the run does not have it.
        RunFolderError: If the run plays no game at all.
    """
    if not header.games:
        raise RunFolderError("the run plays no game: there is nothing to watch")
    if game is None:
        return next(iter(header.games))
    for name in header.games:
        if game in (name, name.split("/")[-1], name.split("/")[-1].rsplit("-v", 1)[0]):
            return name
    raise UnknownNameError("game of this run", game, list(header.games))


def _label(episode: int, repeat: int) -> str:
    return f"{episode}, repeat {repeat}" if repeat else str(episode)


def describe(header: EpisodeHeader, steps: Sequence[StepRecord], number: int) -> str:
    """What led to a moment, and what was read then."""
    if number == 0:
        return f"{header.observation}\n\n{header.manual}"
    step = steps[number - 1]
    parts = []
    for attempt in step.attempts:
        if attempt.reasoning:
            parts.append(f"Thoughts: {attempt.reasoning}")
        parts.append(f"Reply: {attempt.reply}")
        if attempt.cause:
            parts.append(f"(not valid: {attempt.cause})")
    how = "" if step.valid else " (the fallback)"
    parts.append(f"Action: {step.name}{how}")
    return "\n".join(parts) + f"\n\n{step.observation}"


def watch(display: Display, recording: Recording, speed: float) -> None:
    """Show a recording until the person leaves.

    Args:
        display: Where.
        recording: What.
        speed: Steps per second at first.
    """
    now, last, playing = 0, len(recording) - 1, True
    while True:
        state = f"{speed:g} steps/s" if playing else "paused"
        key = display.ask(recording.view(now, state), 1 / speed if playing else None)
        if key is None:
            now += 1
        elif key == QUIT:
            return
        elif key == "space":
            playing = not playing
            now = 0 if playing and now == last else now
        elif key in ("left", "right"):
            playing, now = False, now + (1 if key == "right" else -1)
        elif key in ("0", "e"):
            playing, now = False, 0 if key == "0" else last
        elif key in ("+", "=", "-"):
            speed = faster(speed, key != "-")
        now = min(max(0, now), last)
        playing = playing and now < last


def faster(speed: float, up: bool) -> float:
    """The next speed up or down."""
    if up:
        return next((s for s in SPEEDS if s > speed), speed)
    return next((s for s in reversed(SPEEDS) if s < speed), speed)
