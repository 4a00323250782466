"""Entries that strangers made: nothing in them steers a terminal or a page, nothing lies about."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.cards.capabilities import Capability
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.leaderboard import verify_run
from smartplay.leaderboard.entry import add_entry, read_info
from smartplay.leaderboard.rows import Row, read_entries, read_entry
from smartplay.leaderboard.site import build
from smartplay.play.human import source
from smartplay.records.folder import RunFolder
from tests.folders import play
from tests.tampering import change_header, change_records, reseal
from tests.test_verify_hostile import CARD, SLOW

FORGED = "2026-01-01_x\x1b[2J\nrandom: verified"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("played") / "run").path


@pytest.fixture
def entry(played: Path, tmp_path: Path) -> Path:
    return add_entry(played, tmp_path / "board" / "entries")[0]


def texts(root: Path) -> str:
    return (root / "site" / "index.html").read_text() + (root / "README.md").read_text()


# What is shown


def test_a_folders_name_forges_no_line(entry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = entry.parent.parent
    (entry.parent / FORGED).mkdir()
    assert main(["leaderboard", "build", "--root", str(root)]) == 1
    told = capsys.readouterr()
    lines = (told.out + told.err).splitlines()
    assert not [line for line in lines if line.startswith("random: ")]
    assert "2026-01-01_x\u27e8001B\u27e9[2J random: verified: NOT verified" in lines
    for text in (told.out, told.err, texts(root)):
        assert "\x1b" not in text


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\x9b", "\xad", "\u3164"])
@pytest.mark.parametrize("field", ["agent", "author", "model", "note", "version"])
def test_texts_that_hide_or_turn_others_are_refused(
    entry: Path, field: str, character: str
) -> None:
    path = entry / "entry.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: f"a{character}b"}))
    root = entry.parent.parent
    (refused,) = build(root).refused
    assert f"{field} holds characters that cannot be shown" in refused.reasons[0]
    assert character not in texts(root)


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "x" * 3_000_000},
        {"protocol": "\u202edirect\u200b\n# more"},
        {"protocol": "direct", "constrained": "y" * 10**6},
    ],
    ids=["long", "turned", "constrained"],
)
def test_what_names_a_track_is_short_and_plain(entry: Path, change: dict[str, Any]) -> None:
    change_header(entry, lambda header: header["agent_settings"].update(change))
    reseal(entry)
    root = entry.parent.parent
    board = build(root)
    assert board.refused == []
    title = board.tables[0].title
    assert len(title) <= 300
    assert title.isprintable()
    assert len(texts(root)) < 200_000
    assert not set("\u202e\u200b") & set(texts(root))


@pytest.mark.parametrize("name", ["\u3164", "\u2800", "\u115f\u1160", "\u0301", "\xa0", " "])
def test_a_name_that_shows_nothing_is_refused(played: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="agent"):
        add_entry(played, tmp_path / "entries", agent=name)
    assert not (tmp_path / "entries").exists()


# What is written is what is read


def test_a_text_that_is_too_long_is_refused_before_it_is_written(
    played: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="note"):
        add_entry(played, tmp_path / "entries", note="x" * 301)
    assert not (tmp_path / "entries").exists()


def test_names_in_any_script_have_folders_of_their_own(tmp_path: Path) -> None:
    names = ["Агент", "Агенты", "エージェント", "x" * 61 + "1", "x" * 61 + "2"]
    for place, name in enumerate(names):
        run = play(tmp_path / f"run{place}", seed=place).path
        path, _ = add_entry(run, tmp_path / "entries", agent=name)
        assert path.name.isascii()
        assert read_info(path).agent == name
    assert len(list((tmp_path / "entries").iterdir())) == len(names)


def test_one_run_under_two_names_has_one_row(entry: Path, played: Path) -> None:
    with pytest.raises(UsageError, match=f"on the leaderboard already, as {entry.name}"):
        add_entry(played, entry.parent, agent="another name")
    copy = Path(shutil.copytree(entry, entry.with_name("2099-01-01_another")))
    (copy / "entry.json").write_text(
        (copy / "entry.json").read_text().replace('"random"', '"another"')
    )
    rows, refused = read_entries(entry.parent)
    assert [row.key for row in rows] == [entry.name]
    assert [each.reasons for each in refused] == [[f"the same run as {entry.name}"]]


def test_an_agent_without_a_name_is_asked_for_one(tmp_path: Path) -> None:
    run = play(tmp_path / "run", lambda prompt: "Answer: 1").path
    with pytest.raises(UsageError, match="--agent"):
        add_entry(run, tmp_path / "entries")
    add_entry(run, tmp_path / "entries", agent="first")


def test_outside_a_clone_nothing_is_made(
    played: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["add", str(played)], ["build"]):
        assert main(["leaderboard", *command]) == 2
        assert "clone" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "leaderboard" / "entries").mkdir(parents=True)
    assert main(["leaderboard", "add", str(played)]) == 0


# What lies about


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "replays/x",
        "replays/Other-v0.jsonl.gz",
        "report.html",
        "sub/x.py",
        ".x",
    ],
)
def test_a_stray_file_is_found_in_an_entry(entry: Path, name: str) -> None:
    assert isinstance(read_entry(entry)[0], Row)
    (entry / name).parent.mkdir(exist_ok=True)
    (entry / name).write_text("x")
    assert f"{name} belongs to no recorded episode" in str(verify_run(entry).problems)
    assert not isinstance(read_entry(entry)[0], Row)


@pytest.mark.parametrize("name", ["steps/notes.txt", "steps/Other-v0/00000.jsonl.gz", "replays/x"])
def test_a_stray_file_is_found_among_the_steps_of_a_run(
    played: Path, tmp_path: Path, name: str
) -> None:
    run = Path(shutil.copytree(played, tmp_path / "run"))
    (run / "notes.txt").write_text("the player's own")
    (run / "steps" / "x.jsonl.gz.0123.part").write_text("left by a run that was killed")
    assert verify_run(run).problems == []
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).write_text("x")
    assert [problem.what for problem in verify_run(run).problems] == [
        f"{name} belongs to no recorded episode"
    ]


# Workers that break


DYING = SLOW.replace(
    "def reset(self, *, seed=None, options=None): return 0, {}",
    """def reset(self, *, seed=None, options=None):
        if os.environ.get("DIES") == str(seed):
            os._exit(1)
        return 0, {}""",
)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="the system has no alarms")
def test_the_episode_that_breaks_the_workers_is_the_one_that_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = tmp_path / "dying.toml"
    (tmp_path / "dying.py").write_text(DYING)
    text = CARD.replace("evil.py:Evil", "dying.py:SlowEnv", 1)
    text = text.replace("evil.py:Evil", "dying.py:SlowText")
    degrees = "".join(f"{capability.key} = 1\n" for capability in Capability)
    card.write_text(f"{text}{degrees}[ids.Dying-v0]\nheavy = true\n")
    run = tmp_path / "run"
    smartplay.run("random", str(card), episodes=4, out=run, progress=False)
    folder = RunFolder(run)
    monkeypatch.setenv("DIES", str(folder.results(folder.header())[2].seed))
    found = verify_run(run, cards=[card], workers=2)
    assert [(problem.episode, problem.what) for problem in found.problems] == [
        (2, "the replay took too much time or memory and was stopped")
    ]


# People


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (lambda run: None, "not played with smartplay play"),
        (lambda run: as_shown(run, 99.0), "does not verify"),
        (lambda run: as_shown(run, None, "\u3164"), "not played with smartplay play"),
    ],
    ids=["renamed", "raised", "nameless"],
)
def test_a_renamed_run_is_no_baseline(
    played: Path,
    tmp_path: Path,
    forge: Callable[[Path], None],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = Path(shutil.copytree(played, tmp_path / "run"))
    change_header(run, lambda header: header.update(agent="human:bob"))
    forge(run)
    (tmp_path / "games" / "bandit").mkdir(parents=True)
    assert main(["baseline", str(run), "--games", str(tmp_path / "games")]) == 2
    assert words in capsys.readouterr().err
    assert list((tmp_path / "games" / "bandit").iterdir()) == []


def as_shown(run: Path, score: float | None, name: str = "bob") -> None:
    shown = {"agent": f"human:{name}", "agent_settings": {"shown": "text"}}
    change_header(run, lambda header: header.update(shown))
    if score is not None:
        change_records(run, lambda records: [record.update(score=score) for record in records])


@pytest.mark.parametrize("name", ["\u3164", "\u115fann", "a\xadb", " ann", ""])
def test_a_player_has_a_name_that_can_be_seen(name: str) -> None:
    with pytest.raises(UsageError, match="not a name for a player"):
        source(name)
