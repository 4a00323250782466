"""Run folders made to do harm are refused, and nothing in them is run."""

from __future__ import annotations

import gzip
import os
import signal
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartplay
from smartplay.cli import main
from smartplay.core.errors import RunFolderError
from smartplay.leaderboard import verify_run
from smartplay.records.members import PLAIN
from smartplay.report import build_report
from tests.folders import put_trace
from tests.tampering import (
    BANDIT,
    HANOI,
    change_header,
    change_records,
    change_steps,
    put_steps,
    refused,
    steps_of,
)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("run.json", b"{"),
        ("run.json", b"\xff\xfe{}"),
        ("run.json", b"[" * 10**6),
        ("run.json", b'{"schema": 99}'),
        ("episodes.jsonl", b'{"game": \n'),
        ("episodes.jsonl", b'{"x": ' * 10**5 + b"\n"),
        ("episodes.jsonl", b"\xc3\x28\n"),
        ("report.json", b"{" * 10**5),
        ("report.json", b"\xff"),
    ],
)
def test_malformed_files_are_refused(victim: Path, name: str, data: bytes) -> None:
    (victim / name).write_bytes(data)
    refused(victim, name if name != "run.json" else "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no gzip",
        gzip.compress(b""),
        gzip.compress(b"\xff\xff\n"),
        gzip.compress(b'{"game": 1}\n'),
        gzip.compress(b'{"x":' * 10**5 + b"\n"),
        gzip.compress(b"x" * 100)[:-9],
        gzip.compress(b"")[:10] + zlib.compress(b"x"),
    ],
    ids=["empty", "plain", "no line", "no UTF-8", "no header", "deep", "cut off", "damaged"],
)
def test_malformed_steps_are_refused(victim: Path, data: bytes) -> None:
    put_trace(victim, (HANOI, 0, 0), data if data.startswith(PLAIN) else PLAIN.ljust(10) + data)
    refused(victim, "steps/Hanoi3Disk-v0.jsonl.gz, 00000.jsonl")
    with pytest.raises(RunFolderError):
        smartplay_steps(victim)


def smartplay_steps(run: Path) -> object:
    from smartplay.records.folder import RunFolder

    return RunFolder(run).steps(HANOI, 0)


def test_a_bomb_is_not_unpacked(victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.core.untrusted.LINE_LIMIT", 2**20)
    first = steps_of(victim).split(b"\n")[0]
    put_steps(victim, first + b"\n" + b" " * 2**26)
    refused(victim, "unpacks to more than the limit")


def test_a_huge_file_is_not_read(victim: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.records.folder.HEADER_LIMIT", 2**20)
    with (victim / "run.json").open("ab") as file:
        file.truncate(2**30)  # sparse
    refused(victim, "larger than 1 MB")


@pytest.mark.parametrize(
    "game", ["../../run", "smartplay/../../../etc-v0", "smartplay/", "..", "a\0b"]
)
def test_path_tricks_in_game_ids_are_refused(victim: Path, game: str) -> None:
    def change(header: dict[str, Any]) -> None:
        header["games"][game] = header["games"].pop(HANOI)

    change_header(victim, change)
    change_records(
        victim, lambda records: [r.update(game=game) for r in records if r["game"] == HANOI]
    )
    refused(victim, "no such game")
    with pytest.raises(RunFolderError):
        build_report(victim)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no links and pipes")
@pytest.mark.parametrize(
    "name", ["run.json", "episodes.jsonl", "steps", "steps/Hanoi3Disk-v0.jsonl.gz"]
)
def test_links_are_not_followed(victim: Path, name: str, tmp_path: Path) -> None:
    (victim / name).rename(tmp_path / "elsewhere")
    (victim / name).symlink_to(tmp_path / "elsewhere")
    refused(victim, "is a link")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no links and pipes")
def test_pipes_are_not_waited_for(victim: Path) -> None:
    (victim / "episodes.jsonl").unlink()
    os.mkfifo(victim / "episodes.jsonl")
    refused(victim, "not a regular file")


EVIL = """
from pathlib import Path
Path({mark!r}).write_text("code of a stranger ran")
class Evil:
    def __init__(self, env=None, render_mode=None): ...
"""

CARD = """
[defaults]
title = "Evil"
family = "evil"
environment = "evil.py:Evil"
describer = "evil.py:Evil"
steps = 5
episodes = 1
score = "nothing"
[defaults.degrees]
"""


@pytest.fixture
def evil(victim: Path) -> Iterator[Path]:
    """A run folder with a module in it that leaves a mark when it is run."""
    from smartplay.cards.capabilities import Capability

    mark = victim / "mark"
    (victim / "evil.py").write_text(EVIL.format(mark=str(mark)))
    degrees = "".join(f"{capability.key} = 1\n" for capability in Capability)
    (victim / "evil.toml").write_text(f"{CARD}{degrees}[ids.Evil-v0]\n")
    yield victim
    assert not mark.exists(), "code of the run folder was run"


def test_a_card_in_the_folder_runs_nothing(evil: Path) -> None:
    def change(header: dict[str, Any]) -> None:
        plan = header["games"].pop(HANOI) | {"card": str(evil / "evil.toml")}
        header["games"]["smartplay/Evil-v0"] = plan

    change_header(evil, change)
    own = "smartplay/Evil-v0"
    change_records(evil, lambda rs: [r.update(game=own) for r in rs if r["game"] == HANOI])
    refused(evil, "this version has no such game")
    with pytest.raises(RunFolderError, match="has no card here"):
        build_report(evil)
    build_report(evil, own_cards=[evil / "evil.toml"])


@pytest.mark.parametrize("key", ["environment", "describer", "arms", "render_mode", "history"])
def test_settings_run_nothing(evil: Path, key: str) -> None:
    value = {key: f"{evil / 'evil.py'}:Evil"}
    change_header(evil, lambda header: header["games"][BANDIT].update(settings=value))
    refused(evil, "setting")


@pytest.mark.slow
def test_a_world_of_any_size_is_not_built(victim: Path) -> None:
    settings = {"disks": 10**9}
    change_header(victim, lambda header: header["games"][HANOI].update(settings=settings))
    refused(victim, "Hanoi3Disk-v0")


SLOW = """
import os, time
import gymnasium as gym
from smartplay.games.base import Describer, Description

class SlowEnv(gym.Env):
    metadata = {"render_modes": []}
    observation_space = gym.spaces.Discrete(2)
    action_space = gym.spaces.Discrete(2)
    def __init__(self, render_mode=None, nap=0): self.nap = nap
    def reset(self, *, seed=None, options=None): return 0, {}
    def step(self, action):
        time.sleep(600 if os.environ.get("SLOW") else 0)
        return 0, 0.0, False, False, {}

class SlowText(Describer):
    actions = ("Wait", "Go")
    def manual(self, steps): return "Slow"
    def describe(self, turn): return Description("Still here.", 0.0, False, {})
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="the system has no alarms")
def test_a_card_of_ones_own_and_a_game_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartplay.cards.capabilities import Capability

    monkeypatch.setattr("smartplay.leaderboard.workers.SECONDS", 3)
    card = tmp_path / "slow.toml"
    (tmp_path / "slow.py").write_text(SLOW)
    text = CARD.replace("evil.py:Evil", "slow.py:SlowEnv", 1).replace(
        "evil.py:Evil", "slow.py:SlowText"
    )
    degrees = "".join(f"{capability.key} = 1\n" for capability in Capability)
    card.write_text(f"{text}{degrees}[ids.Slow-v0]\nheavy = true\n")
    smartplay.run("random", str(card), out=tmp_path / "run", progress=False)
    refused(tmp_path / "run", "name its card with --card")
    assert verify_run(tmp_path / "run", cards=[card]).problems == []
    monkeypatch.setenv("SLOW", "1")
    found = verify_run(tmp_path / "run", cards=[card])
    assert [problem.what for problem in found.problems] == [
        "the replay took too much time or memory and was stopped"
    ]


def test_control_characters_are_shown_not_sent(
    victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_steps(victim, lambda lines: lines[2].update(name="\x1b[2J\x07 gone"))
    assert main(["verify", str(victim)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u27e8001B\u27e9[2J" in out


@given(st.binary(max_size=200), st.sampled_from(["run.json", "episodes.jsonl", "steps"]))
def test_any_bytes_are_refused_in_words(data: bytes, name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        (run / "run.json").write_bytes(b"{}")
        (run / name).write_bytes(data)
        assert not verify_run(run).verified
