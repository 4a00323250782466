"""What cheats meet: each is an entry or run that a forger made, and what becomes of it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.core.errors import UsageError
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.claims import (
    Claim,
    claims_of,
    make_claim,
    pack_claims,
    play_of,
    read_claims,
    read_info,
)
from smartplay.leaderboard.entry import add_entry
from smartplay.leaderboard.rows import Row, read_entries, read_entry
from smartplay.leaderboard.site import build
from smartplay.leaderboard.tracks import Track, track_of
from smartplay.records import RunHeader
from smartplay.records.folder import RunFolder
from tests.tampering import (
    BANDIT,
    HANOI,
    change_header,
    change_records,
    change_steps,
    refused,
    reseal,
)

GAMES = "BanditTwoArmedHighLowFixed,Hanoi3Disk"


class Babbler:
    """Names an action in every third reply only."""

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self.actions, self.turn = actions, seed % 7

    def act(self, observation: str) -> str:
        self.turn += 1
        return "Who knows?" if self.turn % 3 else f"Answer: {self.actions[self.turn % 2]}"


def play(out: Path, agent: Any = "random", **options: Any) -> Path:
    smartplay.run(agent, GAMES, out=out, progress=False, **({"episodes": 4} | options))
    return out


@pytest.fixture(scope="module")
def babbled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("babbled") / "run", Babbler)


@pytest.fixture
def entry(babbled: Path, tmp_path: Path) -> Path:
    return add_entry(babbled, tmp_path / "board" / "entries", agent="babbler")[0]


@pytest.fixture
def victim(babbled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(babbled, tmp_path / "victim"))


def change_claims(
    entry: Path, change: Callable[[Claim], Claim], game: str = "Hanoi3Disk-v0"
) -> None:
    claims = read_claims(RunFolder(entry), f"smartplay/{game}", 99).values()
    (entry / "replays" / f"{game}.jsonl.gz").write_bytes(pack_claims(map(change, claims)))


def row_of(entry: Path) -> Row:
    row, _ = read_entry(entry)
    assert isinstance(row, Row), row.reasons
    return row


# An invalid answer cannot be erased


def erase(entry: Path) -> None:
    """Call every answer of an entry valid, in all places that tell of it."""
    for game in ("Hanoi3Disk-v0", "BanditTwoArmedHighLowFixed-v0"):
        change_claims(entry, lambda claim: msgspec.structs.replace(claim, causes={}), game)
    change_records(entry, lambda records: [r.update(invalid={}, rejected={}) for r in records])


def test_erased_invalid_answers_show(entry: Path) -> None:
    assert row_of(entry).invalid
    erase(entry)
    refused(entry, "changed after it was packed")


@pytest.mark.parametrize("name", ["run.json", "episodes.jsonl", "replays/Hanoi3Disk-v0.jsonl.gz"])
def test_any_changed_byte_of_an_entry_shows(entry: Path, name: str) -> None:
    data = (entry / name).read_bytes()
    if name == "run.json":
        data = data.replace(b'"agent_digest": "', b'"agent_digest": "0')
    elif name == "episodes.jsonl":
        data = data.replace(b'"seconds":0.', b'"seconds":1.', 1)
    else:
        data = data[:9] + bytes([data[9] ^ 1]) + data[10:]  # the system that packed it
    (entry / name).write_bytes(data)
    refused(entry, "changed after it was packed")


@pytest.mark.parametrize(
    "digest", ["", "0" * 64, None], ids=["without a digest", "another", "without entry.json"]
)
def test_a_digest_cannot_be_left_out(entry: Path, digest: str | None) -> None:
    path = entry / "entry.json"
    if digest is None:
        path.unlink()
        refused(entry, "no entry.json")
        return
    path.write_text(json.dumps(json.loads(path.read_text()) | {"digest": digest}))
    refused(entry, "changed after it was packed")


def test_the_digests_of_the_replies_cannot_be_left_out(entry: Path) -> None:
    change_claims(entry, lambda claim: msgspec.structs.replace(claim, replies=""))
    reseal(entry)
    refused(entry, "the digest of its replies is missing")


def test_a_claims_digest_is_that_of_replies_and_causes(babbled: Path, tmp_path: Path) -> None:
    folder = RunFolder(babbled)
    header, steps = folder.steps(HANOI, 0)
    claim = make_claim(header, steps)
    for field, value in {"reply": "Who cares?", "cause": None}.items():
        attempts = [msgspec.structs.replace(steps[0].attempts[0], **{field: value})]
        changed = msgspec.structs.replace(steps[0], attempts=attempts)
        assert make_claim(header, [changed, *steps[1:]]).replies != claim.replies


def test_with_the_replies_at_hand_a_rewritten_entry_is_found(entry: Path, babbled: Path) -> None:
    """What a forger who rewrites all digests cannot do: fit the run folder."""
    true = read_info(entry).digest
    erase(entry)
    reseal(entry)
    assert verify_run(entry).verified, "docs/trust.md says that this cannot be seen by itself"
    assert read_info(entry).digest != true
    folder, header = RunFolder(babbled), RunFolder(babbled).header()
    kept = claims_of(folder, header, folder.results(header))
    packed = claims_of(RunFolder(entry), header, RunFolder(entry).results(header))
    assert play_of(kept) != play_of(packed)


def test_an_entry_cannot_pass_for_one_of_version_0_1(entry: Path) -> None:
    change_header(entry, lambda header: header.update(seed_rule=1, parser=0))
    refused(entry, "seeds do not follow")


def test_entries_of_version_0_1_are_verified_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("smartplay.runner.plan.SEED_RULE", 1)
        run = play(tmp_path / "run")
    path, _ = add_entry(run, tmp_path / "entries")
    for game in ("Hanoi3Disk-v0", "BanditTwoArmedHighLowFixed-v0"):
        change_claims(path, lambda claim: msgspec.structs.replace(claim, replies=""), game)
    change_header(path, lambda header: [header.pop(k) for k in ("parser", "seed_rule", "suite")])
    info = json.loads((path / "entry.json").read_text())
    del info["digest"]
    (path / "entry.json").write_text(json.dumps(info))
    found = verify_run(path)
    assert found.verified
    assert any("version 0.1" in note for note in found.notes)
    track = row_of(path).track
    assert track is not None
    assert track.is_old
    assert "version 0.1" in track.title
    with pytest.raises(UsageError, match="already"):
        add_entry(run, path.parent, agent="another name")


# Best-of and best-prefix selection


def test_the_best_episodes_do_not_stand_above_the_honest(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    add_entry(run, tmp_path / "board" / "entries", agent="honest")
    cheat = Path(shutil.copytree(run, tmp_path / "cheat"))

    def keep_the_best(records: list[dict[str, Any]]) -> None:
        for game in {record["game"] for record in records}:
            own = sorted((r for r in records if r["game"] == game), key=lambda r: -r["score"])
            for record in own[1:]:
                record.update(
                    status="unscored", error="the service failed", score=None, steps=0,
                    completed=False, terminated=False, truncated=False, engine="",
                    invalid={}, rejected={}, scores={}, unlocked={}, **{"return": 0.0},
                )  # fmt: skip

    change_records(cheat, keep_the_best)
    add_entry(cheat, tmp_path / "board" / "entries", agent="cheat")
    (table, _) = build(tmp_path / "board").tables
    assert [(row.info.agent, row.status) for row in table.rows] == [
        ("honest", "verified"),
        ("cheat", "incomplete"),
    ]
    overall = [row.overall for row in table.rows]
    assert overall[0] is not None
    assert overall[1] is not None
    assert overall[1].mean > overall[0].mean, "the cheat would not have paid anyway"
    assert table.rows[1].ties == ""


def test_a_left_out_episode_is_no_entry(victim: Path, tmp_path: Path) -> None:
    change_records(victim, lambda records: records.pop())
    refused(victim, "episodes are missing")


def track(run: Path, change: Callable[[RunHeader], RunHeader] = lambda header: header) -> Track:
    return track_of(change(RunFolder(run).header()))


@pytest.mark.parametrize("number", [1, 9, 11, 60])
def test_another_number_of_episodes_than_the_cards_is_a_trial(babbled: Path, number: int) -> None:
    header = RunFolder(babbled).header()
    plan = msgspec.structs.replace(header.games[HANOI], episodes=number)
    full = msgspec.structs.replace(plan, episodes=10)
    one, other = (
        track_of(msgspec.structs.replace(header, games={HANOI: each})) for each in (plan, full)
    )
    assert (one.is_trial, other.is_trial) == (True, False)
    assert one != other
    assert "trial" in one.title
    assert f"{number} in Hanoi3Disk" in one.details


def test_a_short_run_is_welcome_as_a_trial(entry: Path) -> None:
    found = row_of(entry).track
    assert found is not None
    assert found.is_trial


# All that moves a score belongs to the track


@pytest.mark.parametrize(
    "change",
    [
        {"retries": 1000},
        {"retries": 0},
        {"repeats": 3},
        {"seed": 4},
        {"suite": "0" * 64},
        {"parser": 1},
        {"seed_rule": 1},
        {"agent_settings": {"method": "vote"}},
        {"agent_settings": {"protocol": "think"}},
        {"agent_settings": {"prompt": "reworded"}},
        {"agent_settings": {"aid": ["map"]}},
        {"agent_settings": {"ablation": ["no-history"]}},
        {"agent_settings": {"models": {"judge": {}}}},
    ],
    ids=str,
)
def test_what_moves_a_score_makes_a_track(babbled: Path, change: dict[str, Any]) -> None:
    plain = track(babbled)
    other = track(babbled, lambda header: msgspec.structs.replace(header, **change))
    assert plain != other
    assert not other.is_standard


@pytest.mark.parametrize(
    "change",
    [{"steps": 7}, {"settings": {"history": 1}, "history": 1}, {"settings": {"engine": "x"}},
     {"settings": {"observation": "both"}}, {"settings": {"disks": 4}}],
    ids=str,
)  # fmt: skip
def test_what_changes_a_game_makes_a_track(babbled: Path, change: dict[str, Any]) -> None:
    def changed(header: RunHeader) -> RunHeader:
        games = {HANOI: msgspec.structs.replace(header.games[HANOI], **change)}
        return msgspec.structs.replace(header, games=header.games | games)

    assert track(babbled) != track(babbled, changed)


def test_calls_and_memory_make_a_track(babbled: Path) -> None:
    header = RunFolder(babbled).header()
    tracks = [track_of(header), track_of(header, calls=True), track_of(header, memory=True)]
    assert len(set(map(str, tracks))) == 3
    assert "memory" in tracks[2].title


class Learner(Babbler):
    """Remembers how many episodes there were."""

    def __init__(self, context: Any) -> None:
        super().__init__(context.manual, context.actions, context.seed)

    @staticmethod
    def learn(memory: bytes | None, trajectory: Any) -> bytes:
        return (memory or b"") + b"x"


def test_memory_of_earlier_episodes_is_seen_in_an_entry(tmp_path: Path) -> None:
    path, _ = add_entry(play(tmp_path / "run", Learner), tmp_path / "entries", agent="learner")
    found = row_of(path).track
    assert found is not None
    assert found.memory


# Copies


def test_equal_content_under_another_name_is_refused(
    entry: Path, victim: Path, tmp_path: Path
) -> None:
    """Names, times, tokens and costs do not make it another run; nor does packing its replies."""
    change_records(victim, lambda rs: [r.update(seconds=r["seconds"] + 1) for r in rs])
    change_header(victim, lambda h: h.update(agent="mine", started="2026-12-01T00:00:00+00:00"))
    with pytest.raises(UsageError, match=f"already, as {entry.name}"):
        add_entry(victim, entry.parent, agent="mine")
    other, _ = add_entry(victim, tmp_path / "other", agent="mine", with_traces=True)
    shutil.copytree(other, entry.parent / "2026-12-01_mine")
    rows, out = read_entries(entry.parent)
    assert [row.key for row in rows] == [entry.name]
    assert [each.reasons for each in out] == [[f"the same run as {entry.name}"]]


def test_repeats_of_the_same_episodes_are_no_copies(tmp_path: Path) -> None:
    run = play(tmp_path / "run", "constant", repeats=3, episodes=2)
    path, _ = add_entry(run, tmp_path / "entries")
    assert row_of(path).status == "verified"
    other, _ = add_entry(play(tmp_path / "more", "constant", repeats=3, episodes=2, seed=1),
                         tmp_path / "entries", agent="other")  # fmt: skip
    assert [len(read_entries(tmp_path / "entries")[k]) for k in (0, 1)] == [2, 0]
    assert other != path


def test_a_try_that_failed_stays_on_record(tmp_path: Path) -> None:
    run = play(tmp_path / "run")
    last = (run / "episodes.jsonl").read_text().splitlines()[-1]
    failed = json.loads(last) | {
        "status": "unscored", "error": "RuntimeError: it went badly", "score": None,
    }  # fmt: skip
    lines = (run / "episodes.jsonl").read_text()
    (run / "episodes.jsonl").write_text(json.dumps(failed) + "\n" + lines)
    path, _ = add_entry(run, tmp_path / "board" / "entries")
    assert row_of(path).again == 1
    build(tmp_path / "board")
    for text in ("README.md", "site/index.html"):
        assert "1 tried again" in (tmp_path / "board" / text).read_text()


# Claims have bounds


def usage(**tokens: int) -> dict[str, Any]:
    return {"calls": 9, "usage": {"prompt": 900, "completion": 90} | tokens}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seconds": -1e9}, "seconds"),
        ({"seconds": 1e12}, "seconds"),
        ({"usage": {"prompt": -(2**53)}, "calls": 1}, "malformed"),
        ({"usage": {"prompt": 2**53}, "calls": 1}, "tokens"),
        ({"usage": {"prompt": 5}}, "tokens"),
        (usage(cached=901), "tokens"),
        (usage(reasoning=91), "tokens"),
        (usage() | {"reused": {"prompt": 901}}, "tokens"),
        (usage() | {"roles": {"a": {"calls": 1, "usage": {"prompt": 900}}}}, "roles"),
        ({"calls": -1}, "malformed"),
        ({"score": 1e300}, "malformed"),
        ({"engine": "x" * 3000}, "text"),
        ({"error": "x" * 3000, "status": "unscored", "score": None}, "text"),
        ({"scores": {"x" * 3000: 1.0}}, "text"),
    ],
    ids=str,
)
def test_impossible_claims_of_an_episode_are_refused(
    victim: Path, change: dict[str, Any], words: str
) -> None:
    change_records(victim, lambda records: records[0].update(change))
    refused(victim, words)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_numbers(victim: Path, number: str) -> None:
    path = victim / "episodes.jsonl"
    path.write_text(re.sub('"return":[^,]+', f'"return":{number}', path.read_text(), count=1))
    refused(victim, "malformed")


@pytest.mark.parametrize("where", ["step", "call"])
def test_impossible_times_and_tokens_of_a_step_are_refused(victim: Path, where: str) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        call = {"messages": [], "text": "", "usage": {"prompt": 1, "cached": 2}}
        lines[2].update({"seconds": -1.0} if where == "step" else {})
        lines[2]["attempts"][0]["calls"] = [call] if where == "call" else []

    change_steps(victim, change)
    refused(victim, "impossible")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"versions": {}}, "versions"),
        ({"versions": {"smartplay": "99.0", "python": "3", "gymnasium": "1", "numpy": "2"}}, "99"),
        ({"versions": {"smartplay": "x", "python": "3", "gymnasium": "1", "numpy": "2"}}, "vers"),
        ({"parser": 999}, "parser"),
        ({"seed_rule": 999}, "seeds"),
        ({"seed_rule": 0}, "seeds"),
        ({"retries": 10**6}, "retries"),
        ({"started": "soon"}, "when it was begun"),
        ({"suite": "0" * 64, "seed": 1}, "suite"),
        ({"suite": "abc"}, "malformed"),
        ({"agent": "x" * 10**5}, "text"),
    ],
    ids=str,
)
def test_impossible_claims_of_a_run_are_refused(
    victim: Path, change: dict[str, Any], words: str
) -> None:
    change_header(victim, lambda header: header.update(change))
    refused(victim, words)


@pytest.mark.parametrize("name", ["hanoi", "bandit2", "../bandit", "my/bandit.toml", ""])
def test_a_false_name_of_a_card_is_refused(victim: Path, name: str) -> None:
    change_header(victim, lambda header: header["games"][BANDIT].update(card=name))
    refused(victim, "card")


def test_what_is_said_of_an_unscored_episode_is_replayed_too(victim: Path) -> None:
    def change(records: list[dict[str, Any]]) -> None:
        record = next(r for r in records if r["game"] == HANOI)
        record.update(status="unscored", error="x", score=None, completed=True)

    change_records(victim, change)
    refused(victim, "completed differs")


@pytest.mark.parametrize("date", ["2026-13-01", "2026-02-30", "0000-00-00"])
def test_a_date_is_a_day(entry: Path, date: str) -> None:
    path = entry / "entry.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"date": date}))
    refused(entry, "date")
