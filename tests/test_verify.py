"""Runs are verified by replay, and whatever was tampered with is refused, with the reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay import Call, Reply, Usage
from smartplay.cli import main
from smartplay.games.hanoi import HanoiText
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.checks import differences
from tests.fake_server import FakeServer
from tests.tampering import (
    GAMES,
    HANOI,
    change_header,
    change_records,
    change_steps,
    hanoi,
    refused,
    steps_of,
)


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


# What holds.


def test_an_untouched_run_is_verified(untouched: Path) -> None:
    found = verify_run(untouched)
    assert found.problems == []
    assert (found.verified, found.complete, found.episodes) == (True, True, 6)
    lines = (untouched / "episodes.jsonl").read_text().splitlines()
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


class Breaks:
    """Fails in its third step, for which it has asked a model by then."""

    def __init__(self, context: Any) -> None:
        self.model, self.steps = context.models["player"], 0

    async def act(self, observation: Any) -> int:
        self.steps += 1
        await self.model.chat([{"role": "user", "content": observation.text}])
        if self.steps == 3:
            raise ValueError
        return 0


def test_calls_of_a_step_that_failed_are_no_fault(server: FakeServer, tmp_path: Path) -> None:
    asked = {"agent": "openai:fake", "base_url": server.url}
    run = smartplay.run(
        Breaks, "Hanoi3Disk", episodes=1, out=tmp_path, agent_settings={"models": {"player": asked}}
    )
    assert (run.episodes[0].steps, run.episodes[0].calls) == (2, 3)
    assert verify_run(tmp_path).verified
    change_records(tmp_path, lambda rs: rs[0].update(calls=1, roles={}))
    refused(tmp_path, "calls: expected 2, found 1")


class Says:
    """Says the same at each step."""

    reply: Any

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        pass

    def act(self, observation: str) -> Any:
        return self.reply


@pytest.mark.parametrize("reply", ["\ud800", "Answer: 1\ud83d", Reply("\udcff", withheld=True)])
def test_half_a_character_is_read_as_it_is_recorded(tmp_path: Path, reply: Any) -> None:
    says = type("Says", (Says,), {"reply": reply})
    smartplay.run(says, GAMES, episodes=1, steps=2, out=tmp_path, progress=False)
    assert verify_run(tmp_path).problems == []


def test_half_a_character_of_a_game_is_replayed_as_it_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manual, describe = HanoiText.manual, HanoiText.describe

    def odd(self: HanoiText, turn: Any) -> Any:
        found = describe(self, turn)
        return found._replace(text=f"{found.text}\ud800")

    monkeypatch.setattr(HanoiText, "describe", odd)
    monkeypatch.setattr(HanoiText, "manual", lambda *told: f"{manual(*told)}\ud800")
    smartplay.run("random", "Hanoi3Disk", episodes=1, steps=2, out=tmp_path, progress=False)
    assert verify_run(tmp_path).problems == []


@pytest.mark.parametrize("reply", ["0", "-1", "99", "07", 0, -1, 99, "1" * 5000])
def test_numbers_are_verified_as_texts_and_as_indices(tmp_path: Path, reply: Any) -> None:
    says = type("Says", (Says,), {"reply": reply})
    smartplay.run(says, GAMES, episodes=1, steps=2, out=tmp_path, progress=False)
    assert verify_run(tmp_path).problems == []


UNWRITTEN: Any = None  # where a text belongs


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Answer: 1", calls=[Call([], UNWRITTEN)]),
        Reply("Answer: 1", calls=[Call([], "", seconds=-0.1)]),
        Reply("Answer: 1", calls=[Call([], "", seconds=1e9)]),
        Reply("Answer: 1", calls=[Call([], "", usage=Usage(prompt=10**9))]),
    ],
)
def test_a_step_that_cannot_be_recorded_leaves_nothing_behind(tmp_path: Path, reply: Any) -> None:
    says = type("Says", (Says,), {"reply": reply})
    run = smartplay.run(says, "Hanoi3Disk", episodes=1, steps=1, out=tmp_path, progress=False)
    (record,) = run.unscored
    assert (record.steps, record.time_limit) == (0, False)
    assert verify_run(tmp_path).verified
    assert str(record.error).startswith("AgentError: ")


class Improves:
    """Fails as long as the file named by `FAILING` is there."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        if Path(os.environ["FAILING"]).exists():
            raise RuntimeError("not today")

    def act(self, observation: str) -> int:
        return 0


def test_a_run_goes_on_after_its_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = tmp_path / "failing"
    failing.touch()
    monkeypatch.setenv("FAILING", str(failing))
    for _ in range(2):
        run = smartplay.run(
            Improves, "Hanoi3Disk", episodes=2, steps=2, out=tmp_path / "run", progress=False
        )
        assert verify_run(run.path).verified
        run.report()
        failing.unlink(missing_ok=True)
    assert run.unscored == []
    assert verify_run(run.path).verified


@pytest.mark.parametrize("lines", [0, 1])
def test_a_run_killed_before_a_record_is_incomplete(tmp_path: Path, lines: int) -> None:
    run = smartplay.run(
        Mumbler, "Hanoi3Disk", episodes=lines + 1, steps=2, out=tmp_path, progress=False
    )
    records = (run.path / "episodes.jsonl").read_bytes().splitlines(keepends=True)
    (run.path / "episodes.jsonl").write_bytes(b"".join(records[:lines]))
    found = verify_run(run.path)
    assert (found.verified, found.incomplete) == (False, True)
    assert "belongs to no recorded episode" in str(found)


@pytest.mark.slow
def test_settings_are_replayed_in_a_worker(tmp_path: Path) -> None:
    settings = {"Hanoi": {"disks": 4}}
    out = tmp_path / "run"
    options: dict[str, Any] = {"episodes": 2, "steps": 9, "progress": False}
    smartplay.run("random", "Hanoi", out=out, game_settings=settings, **options)
    assert verify_run(out, workers=1).problems == []
    change_header(out, lambda h: h["games"]["smartplay/Hanoi-v0"].update(settings={"disks": 3}))
    refused(out, "manual, actions or first observation differ")


def test_the_command_tells_and_exits(victim: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(victim)]) == 0
    assert "verified: 6 episodes" in capsys.readouterr().out
    change_records(victim, lambda records: hanoi(records).update(score=3.0))
    assert main(["verify", str(victim)]) == 1
    out = capsys.readouterr().out
    assert "NOT verified" in out
    assert "Hanoi3Disk-v0, episode 0: the episode's score differs: expected" in out
    assert main(["verify", str(victim), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["game"] == HANOI


def test_verifying_is_much_faster_than_a_language_model(untouched: Path) -> None:
    found = verify_run(untouched)
    reply = 0.05  # seconds a fast service takes for one reply
    assert found.seconds < found.steps * reply / 20 + 1, "slower than 20 times the play"


def test_differences_name_the_place() -> None:
    one = {"a": [1.0, {"b": 2}], "c": True, "new": 1}
    assert list(differences(one, {"a": [1.0 + 1e-12, {"b": 2}], "c": True})) == []
    assert list(differences(one, {"a": [1.0, {"b": 3}]})) == [("a.1.b", 2, 3)]
    assert list(differences(one, {"c": 1})) == [("c", True, 1)]
    assert list(differences({"c": True}, {"d": 1}, "x", strict=True)) == [
        ("x.c", True, None),
        ("x.d", None, 1),
    ]


@pytest.mark.slow
def test_verify_in_another_process_with_another_hash_seed(untouched: Path) -> None:
    command = [sys.executable, "-m", "smartplay", "verify", str(untouched)]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# What was tampered with.


@pytest.mark.parametrize("field", ["score", "return", "steps", "seed", "agent_seed"])
def test_a_changed_number_of_a_record_is_found(victim: Path, field: str) -> None:
    change_records(
        victim, lambda records: hanoi(records).update({field: hanoi(records)[field] + 1})
    )
    refused(victim, "Hanoi3Disk-v0, episode 0", "seed" if "seed" in field else field)


@pytest.mark.parametrize("field", ["completed", "terminated", "truncated"])
def test_a_changed_end_is_found(victim: Path, field: str) -> None:
    change_records(
        victim, lambda records: hanoi(records).update({field: not hanoi(records)[field]})
    )
    refused(victim, field)


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
    victim: Path, field: str, value: Any, words: str
) -> None:
    change_steps(victim, lambda lines: lines[4].update({field: value}))
    found = refused(victim, words, "step 4")
    assert len(found.problems) == 1


def test_a_changed_action_is_found(victim: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        other = (lines[3]["action"] + 1) % 6
        name = lines[0]["actions"][other]
        lines[3].update(action=other, name=name, attempts=[{"reply": name}])

    change_steps(victim, change)
    refused(victim, "step", "differs")


def test_an_invalid_answer_may_only_be_played_by_the_fallback(victim: Path) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[3].update(valid=False, attempts=[{"reply": "", "cause": "empty"}] * 2)
        lines[3].update(action=5, name=lines[0]["actions"][5])

    change_steps(victim, change)
    change_records(victim, lambda rs: hanoi(rs).update(invalid={"empty": 1}, rejected={"empty": 2}))
    refused(victim, "fallback")


@pytest.mark.slow
def test_hidden_invalid_answers_are_found(tmp_path: Path) -> None:
    smartplay.run(Mumbler, GAMES, episodes=1, steps=20, out=tmp_path / "run", progress=False)
    change_records(tmp_path / "run", lambda rs: [record.update(invalid={}) for record in rs])
    refused(tmp_path / "run", "invalid answers")


def test_invented_calls_are_found(victim: Path) -> None:
    change_records(victim, lambda rs: hanoi(rs).update(calls=5))
    refused(victim, "calls: expected 0, found 5")


def test_stopping_while_ahead_is_found(victim: Path) -> None:
    def stop(lines: list[dict[str, Any]]) -> None:
        del lines[6:]

    change_steps(victim, stop)
    last = json.loads(steps_of(victim).splitlines()[-1])
    change_records(victim, lambda rs: hanoi(rs).update(steps=5, score=last["score"]))
    refused(victim, "it stopped before its end")


def one_step_more(run: Path) -> None:
    change_steps(run, lambda lines: lines.append(lines[-1] | {"step": len(lines)}))
    change_records(run, lambda rs: hanoi(rs).update(steps=hanoi(rs)["steps"] + 1))


def test_steps_after_the_end_are_found(victim: Path, tmp_path: Path) -> None:
    solved = tmp_path / "solved"
    smartplay.run("reference", HANOI, episodes=1, steps=12, out=solved, progress=False)
    one_step_more(solved)
    refused(solved, "the episode was over before this step")
    one_step_more(victim)
    refused(victim, "more steps than the run plans: expected 12, found 13")


def test_a_missing_episode_is_found(victim: Path) -> None:
    change_records(victim, lambda records: records.pop())
    refused(victim, "episodes are missing: expected 3, found 2")


def test_a_dropped_episode_is_found_by_the_steps_it_left(victim: Path) -> None:
    change_header(victim, lambda h: h["games"][HANOI].update(episodes=2))

    def drop(records: list[dict[str, Any]]) -> None:
        records[:] = [r for r in records if (r["game"], r["episode"]) != (HANOI, 2)]

    change_records(victim, drop)
    (victim / "report.json").unlink()
    refused(victim, "belongs to no recorded episode")


def test_a_scored_episode_may_not_be_played_again(victim: Path) -> None:
    change_records(victim, lambda records: records.append(dict(hanoi(records))))
    refused(victim, "recorded again after it was scored")
    assert not verify_run(victim).notes, "no unscored episode was played again"


def test_one_episode_of_one_step_is_told_as_such(tmp_path: Path) -> None:
    run = smartplay.run(
        "random", "RockPaperScissorBasic", episodes=1, steps=1, out=tmp_path, progress=False
    )
    assert "verified: 1 episode, 1 step replayed in" in str(verify_run(run.path))
    assert str(run.episodes[0]).endswith(", 1 step")


def test_an_unplanned_episode_is_found(victim: Path) -> None:
    change_records(victim, lambda records: records.append(hanoi(records) | {"episode": 3}))
    refused(victim, "does not plan this episode")


def test_seeds_of_choice_are_found(victim: Path) -> None:
    change_header(victim, lambda header: header.update(seed=7))
    refused(victim, "seeds do not follow from the suite seed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"digest": "0" * 16}, "another version of the game's card"),
        ({"card": "mine.toml"}, "a card of its own"),
        ({"history": 9}, "impossible history"),
        ({"steps": 0}, "impossible history, steps"),
        ({"steps": 11}, "more steps than the run plans: expected 11, found 12"),
        ({"steps": 13}, "manual, actions or first observation differ"),
        ({"steps": 2**31}, "impossible history, steps"),
        ({"settings": {"disks": 1}}, "manual, actions or first observation differ"),
        ({"settings": {"wings": 2}}, "not a setting of the game"),
        ({"episodes": 10**12}, "episodes are missing"),
    ],
)
def test_another_card_or_setting_is_found(victim: Path, change: dict[str, Any], words: str) -> None:
    change_header(victim, lambda header: header["games"][HANOI].update(change))
    refused(victim, words)


def test_versions_of_unreleased_pythons_and_of_many_packages_are_no_fault(victim: Path) -> None:
    more = {f"google-cloud-{k}": "1.0" for k in range(150)}
    change_header(victim, lambda h: h["versions"].update(more, python="3.14.0a1+"))
    (victim / "report.json").unlink()
    assert verify_run(victim).verified


@pytest.mark.slow
def test_invented_achievements_are_found(tmp_path: Path) -> None:
    options: dict[str, Any] = {"episodes": 1, "steps": 5, "progress": False}
    smartplay.run("random", "Crafter", out=tmp_path / "run", **options)
    assert verify_run(tmp_path / "run").problems == []
    change_records(tmp_path / "run", lambda rs: rs[0]["unlocked"].update(collect_diamond=True))
    refused(tmp_path / "run", "the episode's unlocked.collect_diamond differs: expected false")


def test_a_changed_report_is_found(victim: Path) -> None:
    report = json.loads((victim / "report.json").read_text())
    report["games"][0]["score"]["mean"] += 1
    (victim / "report.json").write_text(json.dumps(report))
    refused(victim, "report.json, games.0.score.mean, differs")
    assert "makes the report anew" in verify_run(victim).notes[-1]


def test_an_unscored_episode_has_no_score(victim: Path) -> None:
    change_records(victim, lambda rs: hanoi(rs).update(status="unscored", error="bad luck"))
    refused(victim, "a scored episode has a score and no error")
