"""Run folders of strangers are data: nothing they name is run, read, overwritten or awaited."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smartplay.cards.capabilities import Capability
from smartplay.cli import main
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.core.untrusted import read_packed_lines
from smartplay.games.registry import find_card, get_card
from smartplay.leaderboard import verify_run
from smartplay.play.watch import Recording
from smartplay.records import GameHeader
from smartplay.records.folder import RunFolder
from smartplay.records.replay import Replay
from smartplay.report import build_report, keep_report
from smartplay.report.html import pictures, write_html
from tests.games import unique, write_game
from tests.tampering import (
    HANOI,
    change_header,
    change_records,
    change_steps,
    hanoi,
    put_steps,
    steps_of,
)

EVIL = 'from pathlib import Path\nPath({mark!r}).write_text("a stranger\'s code ran")\n'
CARD = """
[defaults]
title = "Evil"
family = "evil"
environment = "evil.py:Env"
describer = "evil.py:Text"
steps = 50
episodes = 1
score = "nothing"
[defaults.degrees]
"""


@pytest.fixture
def evil(victim: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run with a card and a module in it; the module leaves a mark when it is run."""
    mark = victim / "mark"
    (victim / "evil.py").write_text(EVIL.format(mark=str(mark)))
    degrees = "".join(f"{capability.key} = 1\n" for capability in Capability)
    (victim / "evil.toml").write_text(f"{CARD}{degrees}[ids.Hanoi3Disk-v1]\n")
    monkeypatch.syspath_prepend(str(victim))
    yield victim
    assert not mark.exists(), "code of the run folder was run"


def only_hanoi(run: Path, **plan: Any) -> None:
    """Leave of a run its Hanoi games, planned differently."""

    def change(header: dict[str, Any]) -> None:
        header["games"] = {HANOI: header["games"][HANOI] | plan}

    change_header(run, change)
    change_records(run, lambda lines: lines.__setitem__(slice(None), [
        line for line in lines if line["game"] == HANOI
    ]))  # fmt: skip


# Code


@pytest.mark.parametrize("game", ["Hanoi3Disk", "Hanoi3Disk-v1", "smartplay/Hanoi3Disk-v1"])
def test_watching_registers_no_card_that_a_run_names(
    evil: Path, game: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only_hanoi(evil, card=str(evil / "evil.toml"))
    change_steps(evil, lambda lines: lines[0].update(game=game))
    assert main(["watch", str(evil), "--out", str(tmp_path / "film.gif")]) == 2
    assert "the steps of another episode" in capsys.readouterr().err
    assert find_card("smartplay/Hanoi3Disk-v1") is None


def test_a_replay_registers_nothing(evil: Path) -> None:
    plan = RunFolder(evil).header().games[HANOI]
    plan = msgspec.structs.replace(plan, card=str(evil / "evil.toml"))
    with pytest.raises(UsageError, match="a card of its own"):
        Replay(HANOI, plan, 0)
    assert find_card("smartplay/Hanoi3Disk-v1") is None
    with pytest.raises(UsageError, match="name its card file with --card"):
        Replay("smartplay/Hanoi3Disk-v1", plan, 0)
    with pytest.raises(UsageError, match="has no card here"):
        Replay("Hanoi3Disk", plan, 0)


def test_steps_of_another_episode_are_refused(victim: Path) -> None:
    change_steps(victim, lambda lines: lines[0].update(episode=1))
    with pytest.raises(RunFolderError, match="the steps of another episode"):
        RunFolder(victim).steps(HANOI, 0)


def test_the_page_imports_no_module_that_steps_name(evil: Path, tmp_path: Path) -> None:
    only_hanoi(evil)
    change_steps(evil, lambda lines: lines[0].update(game="evil:Nothing-v0"))
    write_html([build_report(evil)], [evil], tmp_path / "page.html")
    assert "the steps of another episode" in (tmp_path / "page.html").read_text()
    assert "evil" not in sys.modules


def test_a_game_that_the_steps_name_is_not_imported(evil: Path) -> None:
    folder = RunFolder(evil)
    header, steps = folder.steps(HANOI, 0)
    header = msgspec.structs.replace(header, game="evil:Nothing-v0")
    assert pictures.draw_episode(folder.header().games[HANOI], header, steps) == {}
    assert "evil" not in sys.modules


# Time and memory


@pytest.mark.parametrize(
    ("game", "settings", "words"),
    [
        ("Crafter", {"area": [3000, 3000]}, "more than can be drawn"),
        ("Crafter", {"size": [576, 577]}, "more than can be drawn"),
        ("Crafter", {"area": [[9] * 60] * 2}, "more than can be drawn"),
        ("Crafter", {"engine": "package"}, "another engine"),
        ("Crafter", {"environment": "evil.py:Env"}, "not a setting of the game"),
        ("Crafter", {"area": [32, 32], "size": [576, 576], "engine": "smartplay"}, ""),
        ("Hanoi3Disk", {"disks": 5}, ""),
        ("Hanoi3Disk", {"history": 1000}, ""),
        ("BanditTwoArmedHighLowFixed", {"arms": [0.5, 0.25, 1]}, ""),
        ("BanditTwoArmedHighLowFixed", {"arms": [0.5] * 101}, "more than can be drawn"),
    ],
)
def test_only_what_costs_little_is_drawn(game: str, settings: dict[str, Any], words: str) -> None:
    card = get_card(game)
    plan = GameHeader(
        card=card.source,
        digest=card.digest,
        settings=settings,
        episodes=1,
        steps=1,
        history=settings.get("history", card.history),
    )
    reason = pictures.why_no_pictures(card.id, plan)
    assert words in reason if words else not reason


def test_a_large_world_is_not_watched_as_a_picture(victim: Path) -> None:
    only_hanoi(victim, settings={"disks": 10**9})
    with pytest.raises(UsageError, match="more than can be drawn; watch it without --out"):
        Recording(victim, None, 0, True)
    Recording(victim, None, 0, False).close()


def test_a_bomb_in_the_steps_is_not_unpacked(victim: Path) -> None:
    put_steps(victim, steps_of(victim) + b'{"score":0,"seconds":0}\n' * 4_000_000)
    started = time.process_time()
    tracemalloc.start()
    try:
        report = build_report(victim)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60 * 2**20
    assert time.process_time() - started < 5
    curve = next(detail.curve for detail in report.details if detail.game == HANOI)
    assert curve is not None
    assert curve.episodes == 2, "the episode with the bomb is in the curve"
    with pytest.raises(RunFolderError, match="more than 13 lines: refused"):
        Recording(victim, HANOI, 0, False)
    found = verify_run(victim)
    assert any("more than 13 lines" in str(problem) for problem in found.problems)


@pytest.mark.slow
def test_few_lines_unpack_to_little(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress((b"x" * 2**20 + b"\n") * 80, 1))
    assert sum(1 for _ in read_packed_lines(tmp_path, "x.gz", 80)) == 80
    with pytest.raises(RunFolderError, match="unpacks to more than the limit"):
        list(read_packed_lines(tmp_path, "x.gz", 80, 20 * 2**20))
    (tmp_path / "x.gz").write_bytes(gzip.compress((b"x" * 2**24 + b"\n") * 5, 1))
    with pytest.raises(RunFolderError, match="unpacks to more than the limit"):
        list(read_packed_lines(tmp_path, "x.gz", 5))


def test_more_steps_than_planned_are_refused(victim: Path) -> None:
    change_records(victim, lambda lines: hanoi(lines).update(steps=13))
    with pytest.raises(RunFolderError, match=r"expected 12, found 13"):
        build_report(victim)
    found = verify_run(victim)
    assert any("more steps than the run plans" in str(problem) for problem in found.problems)


def test_a_game_of_very_many_steps_has_a_curve_of_its_first_episodes(
    victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.report.details.MOST_MARKS", 30)
    curves = [detail.curve for detail in build_report(victim).details]
    assert [curve and curve.episodes for curve in curves] == [2, 2]


# Numbers


@pytest.mark.parametrize("number", [10**400, 2**60])
@pytest.mark.parametrize(
    "field", ["steps", "calls", "seed", "invalid", "rejected", "usage", "seconds", "scores"]
)
def test_numbers_beyond_all_bounds_are_malformed(
    victim: Path, field: str, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    if field in ("seconds", "scores"):
        number **= 6
    inner = {"usage": {"prompt": number}, "invalid": {"empty": number}}
    value = inner.get(field, {"empty": number} if field in ("rejected", "scores") else number)
    change_records(victim, lambda lines: hanoi(lines).update({field: value}))
    for command in (["report"], ["verify"], ["leaderboard", "add"]):
        assert main([*command, str(victim)]) in (1, 2)
        told = capsys.readouterr()
        assert "malformed" in told.out + told.err
        assert "Error:" not in told.err


def test_numbers_beyond_all_bounds_in_free_fields_are_compared(victim: Path) -> None:
    change_header(victim, lambda header: header.update(arguments={"a": 10**400}))
    keep_report(build_report(victim), victim)
    assert verify_run(victim).verified
    change_header(victim, lambda header: header.update(arguments={"a": 10**400 + 1}))
    assert "report.json, run.arguments.a, differs" in str(verify_run(victim).problems[0])


@pytest.mark.parametrize("field", ["steps", "episodes", "history"])
def test_plans_beyond_all_bounds_are_refused(victim: Path, field: str) -> None:
    for number in (10**400, 2**40):
        change_header(victim, lambda header: header["games"][HANOI].update({field: number}))  # noqa: B023
        assert not verify_run(victim).verified


@pytest.mark.parametrize("command", [["watch", "--json"], ["watch"]])
def test_a_run_without_games_cannot_be_watched(
    victim: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    change_header(victim, lambda header: header.update(games={}))
    (victim / "episodes.jsonl").unlink()
    assert main([*command, str(victim)]) == 2
    assert "plays no game" in capsys.readouterr().err


def test_messages_of_any_depth_are_shown() -> None:
    message: dict[str, Any] = {"role": "user", "content": []}
    for _ in range(5000):
        message["content"] = [message["content"]]
    from smartplay.records import Attempt, Call, EpisodeHeader, StepRecord
    from smartplay.report.html.packing import pack_episode

    step = StepRecord(1, [Attempt("a", calls=[Call([message], "x")])], 0, "a", True, "", 0, 0, 0)
    assert pack_episode(EpisodeHeader(HANOI, 0, 1, 2, "m", ["a"], "o"), [step], {}, "")


# Cards


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """A run on a game of one's own, played by another process, and the game's card."""
    card = write_game(tmp_path)
    run = tmp_path / "run"
    command = [sys.executable, "-m", "smartplay", "run", "random", "--games", str(card)]
    command += ["--episodes", "1", "--out", str(run)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Ticks" in told.stdout, "the run does not show its report"
    return run, card


@pytest.mark.slow
def test_a_run_on_a_game_of_ones_own_needs_its_card(
    own: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, card = own
    film = ["--out", str(tmp_path / "film.gif")]
    for command in (["report"], ["watch", *film], ["verify"]):
        assert main([command[0], str(run), *command[1:]]) in (1, 2)
        told = capsys.readouterr()
        assert "name its card" in told.out + told.err
        assert "--card" in told.out + told.err
    assert main(["watch", str(run), "--json"]) == 0
    assert unique(tmp_path)[:-3] in Recording(run, None, 0, False).view(0).title
    assert main(["report", str(run), "--card", str(card)]) == 0
    assert main(["verify", str(run), "--card", str(card)]) == 0
    capsys.readouterr()
    main(["watch", str(run), "--card", str(card), *film])
    assert "has no card here" not in capsys.readouterr().err


def test_a_card_that_a_run_names_is_not_read(victim: Path) -> None:
    card = victim / "card.toml"
    only_hanoi(victim, card=str(card))
    change_header(victim, lambda header: header.update(
        games={"smartplay/Gone-v0": header["games"][HANOI]}
    ))  # fmt: skip
    (victim / "episodes.jsonl").unlink()
    card.write_text('api_key = "in a file of the reader"')
    with pytest.raises(RunFolderError, match="has no card here") as caught:
        build_report(victim)
    assert "api_key" not in str(caught.value)
    card.unlink()
    os.mkfifo(card)
    with pytest.raises(RunFolderError, match="has no card here"):
        build_report(victim)
