"""Private suites: played from a secret, recorded by its hash, verified once it is revealed."""

from __future__ import annotations

import json
import re
import shutil
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.cli import main
from smartplay.core.errors import RunFolderError, UsageError
from smartplay.games.registry import cards
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.entry import add_entry
from smartplay.leaderboard.rows import Row, read_entry
from smartplay.leaderboard.site import build
from smartplay.records.folder import RunFolder
from smartplay.report import build_report
from smartplay.runner.jobs import jobs_of
from smartplay.runner.suite import SEED_BITS, Suite, find_suite, new_suite, seed_label, write_suite
from smartplay.scores.comparison import suite_gaps
from smartplay.scores.entries import Entry
from tests.tampering import change_header, change_records

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"
SECRET = "00112233445566778899aabbccddeeff"
OTHER = "ff112233445566778899aabbccddeeff"


def play(out: Path, suite: Path | None, agent: Any = "random", **options: Any) -> Path:
    options = {"episodes": 3, "steps": 9} | options
    smartplay.run(agent, GAMES, suite=suite, out=out, progress=False, **options)
    return out


def file_of(folder: Path, secret: str = SECRET) -> Path:
    path = folder / f"{secret[:4]}.json"
    write_suite(Suite(secret), path, 0o600)
    return path


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private")
    return play(folder / "run", file_of(folder))


@pytest.fixture
def victim(private: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(private, tmp_path / "victim"))


# The secret


def test_commit_makes_a_secret_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told = []
    for _ in range(2):
        assert main(["suite", "commit", "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    first, second = (find_suite(each["file"]) for each in told)
    assert first.secret != second.secret
    assert [first.hash, second.hash] == [each["hash"] for each in told]
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(first.secret in str(each) for each in told), "commit shows the secret"


def test_a_suite_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file_of(tmp_path)
    before = path.read_bytes()
    assert main(["suite", "commit", "--out", str(path)]) == 2
    assert "is not overwritten" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_reveal_publishes_what_anyone_can_use(
    private: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = tmp_path / "public.json"
    assert main(["suite", "reveal", str(file_of(tmp_path)), "--out", str(public)]) == 0
    out = capsys.readouterr().out
    assert SECRET in out
    assert Suite(SECRET).hash in out
    assert stat.S_IMODE(public.stat().st_mode) & 0o044
    assert find_suite(public) == find_suite(SECRET)
    assert main(["verify", str(private), "--suite", str(public)]) == 0


@pytest.mark.parametrize("arguments", [["commit", "x"], ["reveal"]])
def test_the_tasks_want_what_they_need(arguments: list[str]) -> None:
    assert main(["suite", *arguments]) == 2


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", '{"secret": "abc"}', f'{{"secret": "{SECRET}", "rule": 2}}', "[" * 10**5,
        f'{{"secret": "{SECRET}", "more": 1}}', f'{{"secret": "{SECRET.upper()}"}}', "\xff",
    ],
)  # fmt: skip
def test_what_is_no_suite_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=r"x\.json"):
        find_suite(tmp_path / "x.json")


def test_the_hash_commits_to_secret_and_rule() -> None:
    """Fixed for ever: a published hash must go on to mean the same."""
    suite = Suite(SECRET)
    assert suite.hash == "dd8ba141d57038e27c09a1f7922f86fe59cc53ec9e02f6520a40ece78af9f4c9"
    assert suite.seed("smartplay/Hanoi3Disk-v0", 1) == 2407552592766445
    assert len({Suite(SECRET).hash, Suite(OTHER).hash}) == 2


def test_seeds_are_as_many_as_can_be_and_suit_every_game() -> None:
    suite = new_suite()
    seeds = [suite.seed("x", episode) for episode in range(2000)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**SEED_BITS for seed in seeds)
    assert sum(seed >> (SEED_BITS - 1) for seed in seeds) == pytest.approx(1000, abs=150)
    import gymnasium as gym

    for card in [card for card in cards() if card.playable and not card.heavy]:
        env = gym.make(card.id, disable_env_checker=True)
        env.reset(seed=2**SEED_BITS - 1)
        env.close()


# What a run tells


def test_a_run_tells_the_hash_and_nothing_else(private: Path) -> None:
    header = RunFolder(private).header()
    suite = Suite(SECRET)
    assert (header.suite, header.seed) == (suite.hash, 0)
    jobs = jobs_of(header, suite)
    told = b"".join(path.read_bytes() for path in private.rglob("*.json*"))
    steps = [RunFolder(private).steps(job.game, job.episode) for job in jobs]
    text = told.decode("latin-1") + str([head for head, _ in steps])
    assert SECRET not in text
    for job in jobs:
        assert not re.search(rf"\b{job.seed}\b", text), "a world's seed is told"
    records = RunFolder(private).results(header)
    assert [record.seed for record in records] == [job.label for job in jobs]
    assert all(record.seed < 0 for record in records)


def test_agents_seeds_follow_from_the_hash_alone(private: Path) -> None:
    header = RunFolder(private).header()
    with_secret, without = jobs_of(header, Suite(SECRET)), jobs_of(header)
    assert [job.agent_seed for job in with_secret] == [job.agent_seed for job in without]
    assert all(job.seed == job.label for job in without), "without the secret there is a seed"


TIRED = """
import os

def tired(prompt):
    if os.environ.get("TIRED"):
        raise RuntimeError("not today")
    return "Answer: 1"
"""


def test_a_run_is_taken_up_with_its_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tired.py").write_text(TIRED)
    agent, file, run = f"{tmp_path}/tired.py:tired", file_of(tmp_path), tmp_path / "run"
    monkeypatch.setenv("TIRED", "1")
    play(run, file, agent)
    monkeypatch.delenv("TIRED")
    for suite in (None, file_of(tmp_path, OTHER)):
        with pytest.raises(RunFolderError, match="seed differs"):
            play(run, suite, agent)
    play(run, file, agent)
    assert verify_run(run, suites=[Suite(SECRET)]).complete


def test_a_private_suite_has_no_suite_seed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave the suite seed out"):
        play(tmp_path / "run", file_of(tmp_path), seed=3)


def test_pictures_wait_for_the_secret(private: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", str(private), "--out", "x.gif"]) == 2
    assert "private suite" in capsys.readouterr().err
    assert main(["report", str(private), "--html"]) == 0


# Verification


def test_only_the_replay_waits_for_the_secret(
    private: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed = verify_run(private)
    assert (sealed.verified, sealed.sealed, sealed.complete) == (False, True, True)
    assert sealed.suite == Suite(SECRET).hash
    assert main(["verify", str(private)]) == 1
    assert "not verified yet" in capsys.readouterr().out
    assert main(["verify", str(private), "--suite", OTHER]) == 1
    assert main(["verify", str(private), "--suite", SECRET]) == 0
    revealed = verify_run(private, suites=[Suite(OTHER), Suite(SECRET)])
    assert (revealed.verified, revealed.sealed) == (True, False)


@pytest.mark.parametrize("field", ["seed", "agent_seed", "steps"])
def test_what_can_be_checked_before_is_checked(victim: Path, field: str) -> None:
    change_records(victim, lambda records: records[0].update({field: records[0][field] + 1}))
    found = verify_run(victim)
    assert not found.sealed
    assert found.problems


def test_scores_of_other_worlds_do_not_verify(victim: Path) -> None:
    """A run of one's own choice of worlds, dressed as one of a suite that others committed to."""
    hashes = Suite(SECRET).hash, Suite(OTHER).hash
    change_header(victim, lambda header: header.update(suite=hashes[1]))
    header = RunFolder(victim).header()
    jobs = {job.key: job for job in jobs_of(header)}

    def dress(records: list[dict[str, Any]]) -> None:
        for record in records:
            job = jobs[record["game"], record["episode"], 0]
            record.update(seed=job.recorded_seed, agent_seed=job.agent_seed)

    change_records(victim, dress)
    assert not verify_run(victim, suites=[Suite(OTHER)]).verified


def test_labels_are_the_same_for_the_same_episode_only() -> None:
    labels = {
        seed_label(suite, stream, episode)
        for suite in ("a", "b")
        for stream in ("x", "y")
        for episode in (0, 1)
    }
    assert len(labels) == 8
    assert seed_label("a", "x", 0) in labels


# The leaderboard


def test_the_table_says_public_committed_or_revealed(private: Path, tmp_path: Path) -> None:
    root = tmp_path / "board"
    with pytest.raises(UsageError, match="private suite"):
        add_entry(private, root / "entries")
    path, _ = add_entry(private, root / "entries", suites=[Suite(SECRET)])
    add_entry(play(tmp_path / "public", None), root / "entries", agent="public")
    assert SECRET not in "".join(p.read_text("latin-1") for p in path.rglob("*") if p.is_file())
    row, _ = read_entry(path)
    assert isinstance(row, Row)
    assert row.status == "committed"
    short = Suite(SECRET).hash[:8]
    board = build(root)
    assert board.refused == []
    assert {row.suite for table in board.tables for row in table.rows if row.suite} == {
        "public", f"private {short}, committed",
    }  # fmt: skip
    (root / "suites").mkdir()
    write_suite(Suite(SECRET), root / "suites" / "first.json", 0o644)
    (root / "suites" / "junk.json").write_text("{")
    build(root)
    for text in (root / "README.md").read_text(), (root / "site" / "index.html").read_text():
        assert f"private {short}, revealed" in text
        assert "committed |" not in text


def test_an_untrue_entry_is_refused_once_its_suite_is_revealed(
    victim: Path, tmp_path: Path
) -> None:
    path, _ = add_entry(victim, tmp_path / "entries", suites=[Suite(SECRET)])
    from tests.tampering import reseal

    change_records(path, lambda records: records[-1].update(score=3.0))
    reseal(path)
    assert verify_run(path).sealed
    assert not isinstance(read_entry(path, [Suite(SECRET)])[0], Row)


# How much better on the public suite


def entry(name: str, scores: dict[str, list[float]], suite: str = "") -> Entry:
    by_seed = {game: dict(enumerate(values)) for game, values in scores.items()}
    return Entry(name=name, agent=name, normalized=by_seed, scores=by_seed, suite=suite)


def test_the_gap_is_that_of_the_games_means() -> None:
    public = entry("a", {"x": [1.0, 0.8, 1.0, 0.8], "y": [0.5, 0.7], "z": [1.0]})
    private = entry("a", {"x": [0.5, 0.3, 0.4], "y": [0.5, 0.7, 0.6]}, "h")
    (gap,) = suite_gaps([private, public, entry("b", {"x": [0.0, 0.0]}, "h")])
    assert (gap.public, gap.private, gap.suite) == (1, 0, "h")
    assert set(gap.games) == {"x", "y"}
    assert gap.games["x"].mean == pytest.approx(0.5)
    assert gap.games["y"].mean == pytest.approx(0.0)
    assert gap.overall is not None
    assert gap.overall.mean == pytest.approx(0.25)
    assert gap.overall.low is not None
    assert gap.overall.high is not None
    assert gap.overall.low < 0.25 < gap.overall.high
    assert gap.overall.low < 0, "two episodes of a game leave room for none"


def test_two_runs_of_an_agent_are_compared_across_suites(tmp_path: Path, private: Path) -> None:
    public = play(tmp_path / "public", None)
    comparison = smartplay.compare([public, private])
    (gap,) = comparison.suite_gaps
    assert gap.suite == Suite(SECRET).hash
    assert any("public suite" in note for note in comparison.notes)
    assert not any("--seed" in note for note in comparison.notes)
    for interval in gap.games.values():
        assert interval.low is not None
        assert interval.high is not None
        assert interval.low <= 0 <= interval.high


def test_the_report_of_two_runs_shows_the_gap(
    private: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = play(tmp_path / "public", None)
    assert main(["report", str(public), str(private)]) == 0
    out = capsys.readouterr().out
    assert f"private suite {Suite(SECRET).hash[:8]}" in out
    assert msgspec.json.encode(build_report(public).run.suite) == b'""'
