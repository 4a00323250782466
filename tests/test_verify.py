"""Runs are verified by replay, and whatever was tampered with is refused, with the reason."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartplay
from smartplay.cli import main
from smartplay.errors import RunFolderError
from smartplay.leaderboard import Verification, verify_run
from smartplay.leaderboard.checks import differences
from smartplay.report import write_report

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"
BANDIT, HANOI = "smartplay/BanditTwoArmedHighLowFixed-v0", "smartplay/Hanoi3Disk-v0"


class Mumbler:
    """Answers now and then with something that names no action, or two."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.actions, self.turn = actions, 0

    def act(self, observation: str) -> Any:
        self.turn += 1
        odd = ["", "Who knows?", f"{self.actions[0]} or {self.actions[1]}", 99, -1]
        return odd[self.turn // 2 % 5] if self.turn % 3 else f"Answer: {self.actions[-1]}"


def moody(manual: str, actions: list[str], seed: int) -> Any:
    """Plays some episodes, fails in others."""
    if seed % 2:
        raise RuntimeError("not today")
    return Mumbler(manual, actions, seed)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "random"
    smartplay.run("random", GAMES, episodes=3, steps=12, out=path, progress=False)
    write_report(path)
    return path


@pytest.fixture
def run(played: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be tampered with."""
    return Path(shutil.copytree(played, tmp_path / "run"))


def refused(run: Path, *words: str) -> Verification:
    found = verify_run(run)
    told = "\n".join(map(str, found.problems))
    assert not found.verified, "the run was verified"
    for word in words:
        assert word in told, f"{word!r} is missing in: {told}"
    return found


def change_records(run: Path, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    path = run / "episodes.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    change(records)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def change_header(run: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    header = json.loads((run / "run.json").read_text())
    change(header)
    (run / "run.json").write_text(json.dumps(header))


def steps_file(run: Path, game: str = "Hanoi3Disk-v0") -> Path:
    return run / "steps" / game / "00000.jsonl.gz"


def change_steps(run: Path, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Change the lines of Hanoi's first episode; the first line is its header."""
    lines = [
        json.loads(line) for line in gzip.decompress(steps_file(run).read_bytes()).splitlines()
    ]
    change(lines)
    steps_file(run).write_bytes(
        gzip.compress("".join(json.dumps(x) + "\n" for x in lines).encode())
    )


def hanoi(records: list[dict[str, Any]]) -> dict[str, Any]:
    return next(r for r in records if r["game"] == HANOI and r["episode"] == 0)


# What holds.


def test_an_untouched_run_is_verified(played: Path) -> None:
    found = verify_run(played)
    assert found.problems == []
    assert (found.verified, found.complete, found.episodes) == (True, True, 6)
    lines = (played / "episodes.jsonl").read_text().splitlines()
    assert found.steps == sum(json.loads(line)["steps"] for line in lines)


def test_invalid_answers_and_indices_are_verified(tmp_path: Path) -> None:
    smartplay.run(Mumbler, GAMES, episodes=2, steps=20, out=tmp_path / "run", progress=False)
    assert verify_run(tmp_path / "run").problems == []


def test_unscored_episodes_are_told_and_make_a_run_incomplete(tmp_path: Path) -> None:
    smartplay.run(moody, GAMES, episodes=6, steps=5, out=tmp_path / "run", progress=False)
    found = verify_run(tmp_path / "run")
    assert found.verified
    assert not found.complete
    assert found.unscored > 0
    assert "unscored" in found.notes[0]


def test_settings_are_replayed_in_a_worker(tmp_path: Path) -> None:
    settings = {"Hanoi": {"disks": 4}}
    out = tmp_path / "run"
    options: dict[str, Any] = {"episodes": 2, "steps": 9, "progress": False}
    smartplay.run("random", "Hanoi", out=out, game_settings=settings, **options)
    assert verify_run(out, workers=1).problems == []
    change_header(out, lambda h: h["games"]["smartplay/Hanoi-v0"].update(settings={"disks": 3}))
    refused(out, "manual, actions or first observation differ")


def test_the_command_tells_and_exits(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(run)]) == 0
    assert "verified: 6 episodes" in capsys.readouterr().out
    change_records(run, lambda records: hanoi(records).update(score=3.0))
    assert main(["verify", str(run)]) == 1
    out = capsys.readouterr().out
    assert "NOT verified" in out
    assert "Hanoi3Disk-v0, episode 0: the episode's score differs: expected" in out
    assert main(["verify", str(run), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["game"] == HANOI


def test_verifying_is_much_faster_than_a_language_model(played: Path) -> None:
    found = verify_run(played)
    reply = 0.05  # seconds a fast service takes for one reply
    assert found.seconds < found.steps * reply / 20 + 1, "slower than 20 times the play"


# What was tampered with.


@pytest.mark.parametrize("field", ["score", "return", "steps", "seed", "agent_seed"])
def test_a_changed_number_of_a_record_is_found(run: Path, field: str) -> None:
    change_records(run, lambda records: hanoi(records).update({field: hanoi(records)[field] + 1}))
    refused(run, "Hanoi3Disk-v0, episode 0", "seed" if "seed" in field else field)


@pytest.mark.parametrize("field", ["completed", "terminated", "truncated"])
def test_a_changed_end_is_found(run: Path, field: str) -> None:
    change_records(run, lambda records: hanoi(records).update({field: not hanoi(records)[field]}))
    refused(run, field)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("reward", 100.0, "the reward differs: expected"),
        ("score", 3, "the score differs: expected"),
        ("observation", "You won.", "the observation differs: expected"),
        ("step", 7, "not numbered in order"),
        ("name", "Win", "another name"),
        ("valid", False, "called valid"),
        ("attempts", [], "no reply"),
        ("attempts", [{"reply": "Who knows?"}], "does not mean what is recorded"),
    ],
)
def test_a_changed_step_is_found_at_its_place(
    run: Path, field: str, value: Any, words: str
) -> None:
    change_steps(run, lambda lines: lines[4].update({field: value}))
    found = refused(run, words, "step 4")
    assert len(found.problems) == 1


def test_a_changed_action_is_found(run: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        other = (lines[3]["action"] + 1) % 6
        name = lines[0]["actions"][other]
        lines[3].update(action=other, name=name, attempts=[{"reply": name}])

    change_steps(run, change)
    refused(run, "step", "differs")


def test_an_invalid_answer_may_only_be_played_by_the_fallback(run: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[3].update(valid=False, attempts=[{"reply": "", "cause": "empty"}] * 2)
        lines[3].update(action=5, name=lines[0]["actions"][5])

    change_steps(run, change)
    change_records(run, lambda rs: hanoi(rs).update(invalid={"empty": 1}, rejected={"empty": 2}))
    refused(run, "fallback")


def test_hidden_invalid_answers_are_found(tmp_path: Path) -> None:
    smartplay.run(Mumbler, GAMES, episodes=1, steps=20, out=tmp_path / "run", progress=False)
    change_records(tmp_path / "run", lambda rs: [record.update(invalid={}) for record in rs])
    refused(tmp_path / "run", "invalid answers")


def test_invented_calls_are_found(run: Path) -> None:
    change_records(run, lambda rs: hanoi(rs).update(calls=5))
    refused(run, "calls: expected 0, found 5")


def test_stopping_while_ahead_is_found(run: Path) -> None:
    def stop(lines: list[dict[str, Any]]) -> None:
        del lines[6:]

    change_steps(run, stop)
    last = json.loads(gzip.decompress(steps_file(run).read_bytes()).splitlines()[-1])
    change_records(run, lambda rs: hanoi(rs).update(steps=5, score=last["score"]))
    refused(run, "it stopped before its end")


def test_steps_after_the_end_are_found(run: Path) -> None:
    change_steps(run, lambda lines: lines.append(lines[-1] | {"step": len(lines)}))
    change_records(run, lambda rs: hanoi(rs).update(steps=hanoi(rs)["steps"] + 1))
    refused(run, "the episode was over before this step")


def test_a_missing_episode_is_found(run: Path) -> None:
    change_records(run, lambda records: records.pop())
    refused(run, "episodes are missing: expected 3, found 2")


def test_a_dropped_episode_is_found_by_the_steps_it_left(run: Path) -> None:
    change_header(run, lambda h: h["games"][HANOI].update(episodes=2))

    def drop(records: list[dict[str, Any]]) -> None:
        records[:] = [r for r in records if (r["game"], r["episode"]) != (HANOI, 2)]

    change_records(run, drop)
    (run / "report.json").unlink()
    refused(run, "belongs to no recorded episode")


def test_a_scored_episode_may_not_be_played_again(run: Path) -> None:
    change_records(run, lambda records: records.append(dict(hanoi(records))))
    refused(run, "recorded again after it was scored")


def test_an_unplanned_episode_is_found(run: Path) -> None:
    change_records(run, lambda records: records.append(hanoi(records) | {"episode": 3}))
    refused(run, "does not plan this episode")


def test_seeds_of_choice_are_found(run: Path) -> None:
    change_header(run, lambda header: header.update(seed=7))
    refused(run, "seeds do not follow from the suite seed")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"digest": "0" * 16}, "another version of the game's card"),
        ({"card": "mine.toml"}, "a card of its own"),
        ({"history": 9}, "impossible history"),
        ({"steps": 0}, "impossible history, steps"),
        ({"steps": 11}, "manual, actions or first observation differ"),
        ({"settings": {"disks": 1}}, "manual, actions or first observation differ"),
        ({"settings": {"wings": 2}}, "no setting of the game"),
        ({"episodes": 10**12}, "episodes are missing"),
    ],
)
def test_another_card_or_setting_is_found(run: Path, change: dict[str, Any], words: str) -> None:
    change_header(run, lambda header: header["games"][HANOI].update(change))
    refused(run, words)


def test_invented_achievements_are_found(tmp_path: Path) -> None:
    options: dict[str, Any] = {"episodes": 1, "steps": 5, "progress": False}
    smartplay.run("random", "Crafter", out=tmp_path / "run", **options)
    assert verify_run(tmp_path / "run").problems == []
    change_records(tmp_path / "run", lambda rs: rs[0]["unlocked"].update(collect_diamond=True))
    refused(tmp_path / "run", "the episode's unlocked.collect_diamond differs: expected false")


def test_a_changed_report_is_found(run: Path) -> None:
    report = json.loads((run / "report.json").read_text())
    report["games"][0]["score"]["mean"] += 1
    (run / "report.json").write_text(json.dumps(report))
    refused(run, "report.json, games.0.score.mean, differs")


def test_an_unscored_episode_has_no_score(run: Path) -> None:
    change_records(run, lambda rs: hanoi(rs).update(status="unscored", error="bad luck"))
    refused(run, "a scored episode has a score and no error")


# Folders made to do harm.


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
def test_malformed_files_are_refused(run: Path, name: str, data: bytes) -> None:
    (run / name).write_bytes(data)
    refused(run, name if name != "run.json" else "")


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
def test_malformed_steps_are_refused(run: Path, data: bytes) -> None:
    steps_file(run).write_bytes(data)
    refused(run, "00000.jsonl.gz")
    with pytest.raises(RunFolderError):
        smartplay_steps(run)


def smartplay_steps(run: Path) -> object:
    from smartplay.run_folder import RunFolder

    return RunFolder(run).steps(HANOI, 0)


def test_a_bomb_is_not_unpacked(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.bounded.LINE_LIMIT", 2**20)
    first = gzip.decompress(steps_file(run).read_bytes()).split(b"\n")[0]
    steps_file(run).write_bytes(gzip.compress(first + b"\n" + b" " * 2**26))
    refused(run, "unpacks to more than the limit")


def test_a_huge_file_is_not_read(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartplay.run_folder.HEADER_LIMIT", 2**20)
    with (run / "run.json").open("ab") as file:
        file.truncate(2**30)  # sparse
    refused(run, "larger than 1 MB")


@pytest.mark.parametrize(
    "game", ["../../run", "smartplay/../../../etc-v0", "smartplay/", "..", "a\0b"]
)
def test_path_tricks_in_game_ids_are_refused(run: Path, game: str) -> None:
    def change(header: dict[str, Any]) -> None:
        header["games"][game] = header["games"].pop(HANOI)

    change_header(run, change)
    change_records(
        run, lambda records: [r.update(game=game) for r in records if r["game"] == HANOI]
    )
    refused(run, "no such game")
    with pytest.raises(RunFolderError):
        write_report(run)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no links and pipes")
@pytest.mark.parametrize("name", ["run.json", "episodes.jsonl", "steps", "steps/Hanoi3Disk-v0"])
def test_links_are_not_followed(run: Path, name: str, tmp_path: Path) -> None:
    (run / name).rename(tmp_path / "elsewhere")
    (run / name).symlink_to(tmp_path / "elsewhere")
    refused(run, "is a link")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no links and pipes")
def test_pipes_are_not_waited_for(run: Path) -> None:
    (run / "episodes.jsonl").unlink()
    os.mkfifo(run / "episodes.jsonl")
    refused(run, "no plain file")


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
def evil(run: Path) -> Iterator[Path]:
    """A run folder with a module in it that leaves a mark when it is run."""
    from smartplay.capabilities import Capability

    mark = run / "mark"
    (run / "evil.py").write_text(EVIL.format(mark=str(mark)))
    degrees = "".join(f"{capability.key} = 1\n" for capability in Capability)
    (run / "evil.toml").write_text(f"{CARD}{degrees}[ids.Evil-v0]\n")
    yield run
    assert not mark.exists(), "code of the run folder was run"


def test_a_card_in_the_folder_runs_nothing(evil: Path) -> None:
    def change(header: dict[str, Any]) -> None:
        plan = header["games"].pop(HANOI) | {"card": str(evil / "evil.toml")}
        header["games"]["smartplay/Evil-v0"] = plan

    change_header(evil, change)
    own = "smartplay/Evil-v0"
    change_records(evil, lambda rs: [r.update(game=own) for r in rs if r["game"] == HANOI])
    refused(evil, "this version has no such game")
    write_report(evil)


@pytest.mark.parametrize("key", ["environment", "describer", "arms", "render_mode", "history"])
def test_settings_run_nothing(evil: Path, key: str) -> None:
    value = {key: f"{evil / 'evil.py'}:Evil"}
    change_header(evil, lambda header: header["games"][BANDIT].update(settings=value))
    refused(evil, "setting")


def test_a_world_of_any_size_is_not_built(run: Path) -> None:
    settings = {"disks": 10**9}
    change_header(run, lambda header: header["games"][HANOI].update(settings=settings))
    refused(run, "Hanoi3Disk-v0")


SLOW = """
import os, time
import gymnasium as gym
from smartplay.text import Describer, Description

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


@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="the system has no alarms")
def test_a_card_of_ones_own_and_a_game_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartplay.capabilities import Capability

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
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_steps(run, lambda lines: lines[2].update(name="\x1b[2J\x07 gone"))
    assert main(["verify", str(run)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2J" in out


@given(st.binary(max_size=200), st.sampled_from(["run.json", "episodes.jsonl", "steps"]))
def test_any_bytes_are_refused_in_words(data: bytes, name: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        (run / "run.json").write_bytes(b"{}")
        (run / name).write_bytes(data)
        assert not verify_run(run).verified


def test_differences_name_the_place() -> None:
    one = {"a": [1.0, {"b": 2}], "c": True, "new": 1}
    assert list(differences(one, {"a": [1.0 + 1e-12, {"b": 2}], "c": True})) == []
    assert list(differences(one, {"a": [1.0, {"b": 3}]})) == [("a.1.b", 2, 3)]
    assert list(differences(one, {"c": 1})) == [("c", True, 1)]
    assert list(differences({"c": True}, {"d": 1}, "x", strict=True)) == [
        ("x.c", True, None),
        ("x.d", None, 1),
    ]


def test_verify_in_another_process_with_another_hash_seed(played: Path) -> None:
    command = [sys.executable, "-m", "smartplay", "verify", str(played)]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
