"""One replay serves all who look at a recorded episode; reading and writing check alike."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.leaderboard import verify_run
from smartplay.play.watch import Recording
from smartplay.records import StepRecord
from smartplay.records.encoding import checked
from smartplay.records.folder import RunFolder, misfit
from smartplay.records.replay import Replay
from smartplay.report.html import pictures
from tests.folders import HANOI, play
from tests.tampering import change_header

FULL = f"smartplay/{HANOI}-v0"


def replay_of(run: Path) -> tuple[Replay, list[StepRecord]]:
    folder = RunFolder(run)
    header, steps = folder.steps(FULL, 0)
    return Replay.of(folder.header().games[FULL], header, steps), steps


def test_a_replay_gives_what_was_recorded(tmp_path: Path) -> None:
    play(tmp_path / "run", games=HANOI, steps=9)
    replay, steps = replay_of(tmp_path / "run")
    with replay:
        start, *moments = list(replay)
        assert (start.number, start.score) == (0, 0.0)
        assert [(m.text, m.reward, m.score) for m in moments] == [
            (step.observation, step.reward, step.score) for step in steps
        ]
        assert [moment.over for moment in moments] == [False] * 8 + [True]
        assert replay.departed is None
        last = replay.picture()
        assert (replay.picture(9) == last).all()
        assert (replay.picture(0) != last).any()
        assert (replay.picture(9) == last).all(), "the way back and forth changed the picture"


@pytest.mark.slow
@pytest.mark.parametrize("observation", ["text", "image", "both"])
def test_pictures_are_drawn_whatever_the_agent_was_shown(observation: str, tmp_path: Path) -> None:
    settings = {HANOI: {"observation": observation}}
    play(tmp_path / "run", games=HANOI, steps=9, game_settings=settings)
    folder = RunFolder(tmp_path / "run")
    plan = folder.header().games[FULL]
    assert pictures.why_no_pictures(FULL, plan) == ""
    drawn = pictures.draw_episode(plan, *folder.steps(FULL, 0))
    assert sorted(drawn) == list(range(10))
    recording = Recording(tmp_path / "run", None, 0, True)
    assert recording.view(9).picture is not None
    recording.close()
    assert verify_run(tmp_path / "run").problems == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"digest": "0" * 16}, "another version of the game's card"),
        ({"card": "mine.toml"}, "a card of its own"),
        ({"settings": {"environment": "evil.py:Env"}}, "not a setting of the game"),
        ({"settings": {"disks": "/etc/passwd"}}, "neither numbers nor plain words"),
        ({"steps": 0}, "impossible history, steps"),
    ],
)
def test_all_who_replay_refuse_alike(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    run = tmp_path / "run"
    play(run, games=HANOI, steps=9)
    change_header(run, lambda header: header["games"][FULL].update(change))
    plan = RunFolder(run).header().games[FULL]
    assert words in pictures.why_no_pictures(FULL, plan)
    assert words in str(verify_run(run).problems[0])
    with pytest.raises(UsageError, match=words):
        Replay(FULL, plan, 0)
    if change != {"steps": 0}:  # which no step fits, so there is nothing to watch either
        with pytest.raises(UsageError, match=f"{words}.*watch it without --out"):
            Recording(run, None, 0, True)


@pytest.mark.parametrize("history", [None, 0, 5])
def test_every_history_that_is_played_is_read_and_verified(
    history: int | None, tmp_path: Path
) -> None:
    play(tmp_path / "run", games=HANOI, game_settings={HANOI: {"history": history}})
    assert RunFolder(tmp_path / "run").header().games[FULL].history == history
    assert verify_run(tmp_path / "run", workers=1).problems == []


def test_what_is_checked_on_reading_can_be_checked_before_writing(tmp_path: Path) -> None:
    run = play(tmp_path / "run", games=HANOI)
    record = run.episodes[0]
    step = RunFolder(run.path).steps(FULL, 0)[1][0]
    replace = msgspec.structs.replace
    for good in (record, step, run.header):
        assert msgspec.json.decode(checked(good), type=type(good)) == good
    for bad in (replace(step, reward=1e150), replace(record, score=-1e101, steps=-1)):
        with pytest.raises(msgspec.ValidationError, match="Expected"):
            checked(bad)
    assert misfit(run.header, record) == ""
    assert "plan" in misfit(run.header, replace(record, episode=3))
    assert "plan" in misfit(run.header, replace(record, repeat=1))
    assert "more steps" in misfit(run.header, replace(record, steps=99))


def test_a_film_needs_no_display_and_says_nothing_of_it(tmp_path: Path) -> None:
    pytest.importorskip("pygame", reason="the game of the test draws with pygame")
    card = Path(__file__).parents[1] / "games" / "frozen_lake" / "frozen_lake.toml"
    run, film = tmp_path / "run", tmp_path / "film.gif"
    smartplay.run("random", str(card), episodes=1, steps=3, out=run, progress=False)
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "XDG_RUNTIME_DIR")
    done = subprocess.run(
        [sys.executable, "-m", "smartplay", "watch", str(run), "--card", str(card), "--out", film],
        env={key: value for key, value in os.environ.items() if key not in displays},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert film.stat().st_size > 0


@pytest.mark.slow
def test_a_film_stores_only_what_changes(tmp_path: Path) -> None:
    play(tmp_path / "run", "reference", games="Crafter", episodes=1, steps=20)
    film = tmp_path / "film.gif"
    assert main(["watch", str(tmp_path / "run"), "--out", str(film)]) == 0
    assert film.stat().st_size < 21 * 50_000
