"""Repeats of an episode are no duplicates, and count as one value in every score."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from smartplay.cli import main
from smartplay.core.errors import RunFolderError
from smartplay.games.registry import get_card
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.entry import add_entry
from smartplay.leaderboard.rows import Row, read_entry
from smartplay.play.watch import Recording
from smartplay.records import EpisodeRecord
from smartplay.records.folder import RunFolder, encode
from smartplay.report import build_report, keep_report
from smartplay.report.content import entries_of
from smartplay.report.html import write_html
from smartplay.runner.jobs import seed_of_agent
from smartplay.scores.intervals import mean_interval
from smartplay.scores.scoring import episode_means, score_game
from tests.folders import HANOI, members_of, pack_trace, play, put_trace
from tests.tampering import change_header, change_records, refused

FULL = f"smartplay/{HANOI}-v0"
EPISODES = 3


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Three episodes, each of which was played twice, the second time alike."""
    path = play(tmp_path / "run", games=HANOI, episodes=EPISODES, steps=None).path
    change_header(path, lambda header: header.update(repeats=2))
    folder = RunFolder(path)
    lines = []
    for record in folder.episodes():
        header, steps = folder.steps(record.game, record.episode)
        seed = seed_of_agent(0, record.game, record.episode, 1)
        trace = pack_trace(msgspec.structs.replace(header, repeat=1, agent_seed=seed), steps)
        put_trace(path, (record.game, record.episode, 1), trace)
        lines += [record, msgspec.structs.replace(record, repeat=1, agent_seed=seed)]
    lines.reverse()
    (path / "episodes.jsonl").write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    return path


def record(episode: int, repeat: int, score: float, **more: Any) -> EpisodeRecord:
    return EpisodeRecord(
        game=FULL, episode=episode, repeat=repeat, seed=100 + episode, agent_seed=1,
        status="scored", score=score, steps=5, **more,
    )  # fmt: skip


def test_repeats_are_read_in_order_and_have_steps_of_their_own(run: Path) -> None:
    folder = RunFolder(run)
    keys = [record.key for record in folder.results(folder.header())]
    assert keys == [(FULL, episode, repeat) for episode in range(EPISODES) for repeat in (0, 1)]
    names = sorted(members_of(run / "steps" / f"{HANOI}-v0.jsonl.gz"))
    assert names[:2] == ["00000-r1.jsonl", "00000.jsonl"]
    assert folder.steps(FULL, 2, repeat=1)[0].repeat == 1
    put_trace(run, (FULL, 0, 1), gzip.compress(gzip.decompress(folder.trace((FULL, 0, 0)))))
    with pytest.raises(RunFolderError, match="the steps of another episode"):
        folder.steps(FULL, 0, repeat=1)


def test_a_record_of_an_unplanned_repeat_is_refused(run: Path) -> None:
    change_header(run, lambda header: header.update(repeats=1))
    with pytest.raises(RunFolderError, match="does not plan"):
        build_report(run)
    refused(run, "episode 2, repeat 1: the run does not plan this episode")


def test_runs_of_before_have_one_play_of_each(tmp_path: Path) -> None:
    path = play(tmp_path / "old", games=HANOI).path
    change_header(path, lambda header: header.pop("repeats"))
    change_records(path, lambda records: [each.pop("repeat") for each in records])
    folder = RunFolder(path)
    assert folder.header().repeats == 1
    assert {each.repeat for each in folder.episodes()} == {0}
    assert verify_run(path).problems == []


def test_repeats_are_verified_each_by_itself(run: Path) -> None:
    keep_report(build_report(run), run)
    found = verify_run(run)
    assert (found.problems, found.episodes, found.complete) == ([], 2 * EPISODES, True)
    change_records(run, lambda records: records.pop())
    refused(run, "episodes are missing: expected 6, found 5")


def test_a_tampered_repeat_is_named(run: Path) -> None:
    def lift(records: list[dict[str, Any]]) -> None:
        next(r for r in records if (r["episode"], r["repeat"]) == (1, 1))["score"] += 1

    change_records(run, lift)
    refused(run, "episode 1, repeat 1: the episode's score differs")


def test_steps_of_an_unrecorded_repeat_are_found(run: Path) -> None:
    change_header(run, lambda header: header.update(repeats=1))
    change_records(run, lambda rs: rs.__setitem__(slice(None), [r for r in rs if not r["repeat"]]))
    refused(run, "Hanoi3Disk-v0.jsonl.gz, 00000-r1.jsonl belongs to no recorded episode")


def test_one_play_can_be_watched(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "episode 1, repeat 1" in Recording(run, None, 1, True, repeat=1).view(0).title
    assert main(["watch", str(run), "--episode", "1", "--repeat", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["episode"]["repeat"] == 1
    assert main(["watch", str(run), "--repeat", "2"]) == 2
    assert "no episode 0, repeat 2" in capsys.readouterr().err


@pytest.mark.slow
def test_a_page_shows_every_play(run: Path, tmp_path: Path) -> None:
    report = build_report(run)
    write_html([report], [run], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    for label in ("0", "0-r1", "2-r1"):
        assert f'id="steps-0-{HANOI}-v0-{label}"' in page
        assert f'href="#0/{HANOI}-v0/{label}/1"' in page
    assert re.search(r'"number":"1-r1"', page)
    assert any("2 times" in note for note in report.notes)


def test_an_entry_holds_every_play(run: Path, tmp_path: Path) -> None:
    for traces in (False, True):
        path, _ = add_entry(run, tmp_path / f"entries{traces}", with_traces=traces)
        row, verification = read_entry(path)
        assert isinstance(row, Row)
        assert verification is not None
        assert (row.coverage, verification.episodes) == ("6/6", 6)
        assert len(row.samples[FULL]) == EPISODES
        assert row.track is not None
        assert "each episode 2 times" in row.track.title


def test_the_plays_of_an_episode_make_one_value() -> None:
    records = [
        record(0, 0, 1.0, completed=True, return_=2.0, scores={"x": 1.0}),
        record(0, 1, 3.0, return_=4.0, scores={"x": 3.0}),
        record(1, 0, 5.0, completed=True, return_=8.0, scores={"x": 6.0}),
        EpisodeRecord(
            game=FULL, episode=1, repeat=1, seed=101, agent_seed=1, status="unscored", error="no"
        ),
    ]
    score = score_game(get_card(HANOI), records, 4, 9)
    assert score.score == mean_interval([2.0, 5.0], get_card(HANOI).bounds_within(9))
    assert (score.return_mean, score.completed) == (5.5, 0.75)
    assert score.further["x"] == mean_interval([2.0, 6.0])
    assert (score.episodes, score.planned, score.unscored) == (3, 4, {"no": 1})
    alike = [record(k, r, float(k)) for k in range(3) for r in range(5)]
    once = [record(k, 0, float(k)) for k in range(3)]
    card = get_card(HANOI)
    assert score_game(card, alike, 15, 9).score == score_game(card, once, 3, 9).score
    assert episode_means([(7, 1.0), (7, None), (7, 2.0), (8, None)]) == {7: 1.5}


def test_repeats_narrow_no_interval(run: Path, tmp_path: Path) -> None:
    once = build_report(play(tmp_path / "once", games=HANOI, episodes=EPISODES, steps=None).path)
    twice = build_report(run)
    assert twice.games[0].score == once.games[0].score
    assert twice.overall == once.overall
    assert twice.capabilities == once.capabilities
    assert (twice.episodes, twice.planned, twice.missing) == (6, 6, 0)
    one, two = once.details[0].curve, twice.details[0].curve
    assert one is not None
    assert two is not None
    assert (one.score, one.gain) == (two.score, two.gain)
    (entry,) = entries_of([twice])
    assert {len(values) for values in entry.scores.values()} == {EPISODES}
