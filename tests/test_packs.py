"""Games that installed packages bring, and the scaffold of a new one."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from smartplay import Capability, UsageError, run
from smartplay.cards.anchors import Anchors, Measured
from smartplay.cards.card import GameCard, read_cards
from smartplay.cli import main
from smartplay.core import plugins as core_plugins
from smartplay.core.errors import CardError
from smartplay.core.loading import code_of
from smartplay.core.plugins import plugins
from smartplay.games import registry
from smartplay.games.ids import GROUP
from smartplay.games.registry import cards, packs, register_cards
from smartplay.games.scaffold import write_game
from smartplay.validity.card_anchors import _with_lines, write_anchors
from smartplay.validity.conformance import check_game, transcript
from tests.dial_game import write_dials
from tests.games import write_game as write_ticks
from tests.golden import all_cards, first_of_code, golden_path

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new game, as the command writes it, measured."""
    folder = tmp_path_factory.mktemp("new")
    out = "lamp row's"
    told = smartplay("new-game", "lamp-row", "--out", out, cwd=folder, path=ROOT)
    line = shlex.split(told.stdout.partition("Next: ")[2].replace("(", "").replace(")", ""))
    assert line == ["pip", "install", "-e", f"{out}[test]", "&&", "cd", out, "&&", "pytest"]
    return folder / out


@pytest.fixture
def site(written: Path, tmp_path: Path) -> Path:
    """A folder on Python's path in which the new game is installed."""
    site = tmp_path / "site-packages"
    install(site, written / "smartplay_lamp_row", "lamp_row")
    return site


def install(site: Path, package: Path, name: str, version: str = "0.1.0", value: str = "") -> None:
    """What an installer does: the package, and what it says of itself."""
    shutil.copytree(package, site / package.name, dirs_exist_ok=True)
    facts = site / f"{package.name}-{version}.dist-info"
    facts.mkdir(exist_ok=True)
    (facts / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package.name.replace('_', '-')}\nVersion: {version}\n"
    )
    group = f"[smartplay.games]\n{name} = {value or package.name}\n"
    (facts / "entry_points.txt").write_text(group)


def python(*words: str, path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def smartplay(*words: str, path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = python("-m", "smartplay", *words, path=path, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.slow
def test_what_is_written_is_green(written: Path) -> None:
    for tool in (["pytest", "-q", "-p", "no:cacheprovider"], ["ruff", "check", "."],
                 ["ruff", "format", "--check", "."]):  # fmt: skip
        done = python("-m", *tool, path=written, cwd=written)
        assert done.returncode == 0, done.stdout + done.stderr
    own_rules = ["ruff", "check", "--config", str(ROOT / "pyproject.toml"), "."]
    assert python("-m", *own_rules, path=written, cwd=written).returncode == 0


@pytest.mark.slow
def test_what_is_written_has_strict_types(written: Path) -> None:
    silent = ["--cache-dir", os.devnull, "--follow-imports", "silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *silent],
        cwd=written,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_what_is_written_is_measured(written: Path) -> None:
    (card,) = read_cards(written / "smartplay_lamp_row" / "lamp_row.toml")
    assert card.anchors.optimum == 1.0
    assert card.anchors.random is not None
    assert 0.2 < card.anchors.random.mean < 0.6
    assert card.anchors.random.episodes == 200
    assert card.anchors.trivial is not None
    assert "Go Right" in (written / "golden" / "LampRow-v0.txt").read_text()


@pytest.mark.slow
def test_a_pack_is_found_played_reported_and_verified(site: Path, tmp_path: Path) -> None:
    made = python("-c", "import gymnasium as gym, smartplay, sys;"
                  "before = 'smartplay_lamp_row' in sys.modules;"
                  "print(before, gym.make('smartplay/LampRow-v0').reset(seed=0)[0])",
                  path=site, cwd=tmp_path)  # fmt: skip
    assert made.stdout.startswith("False You stand on square "), made.stderr
    assert made.stderr == ""
    listed = smartplay("games", path=site, cwd=tmp_path).stdout
    assert listed.splitlines()[-1].split()[-1] == "lamp_row"
    run = ["run", "random", "--games", "lamp_row", "--episodes", "4", "--out", "r"]
    smartplay(*run, path=site, cwd=tmp_path)
    header = json.loads((tmp_path / "r" / "run.json").read_text())
    assert header["versions"]["smartplay-lamp-row"] == "0.1.0"
    assert header["games"]["smartplay/LampRow-v0"]["card"] == "smartplay_lamp_row/lamp_row"
    told = smartplay("report", "r", "--json", path=site, cwd=tmp_path).stdout
    assert json.loads(told)["games"][0]["episodes"] == 4
    assert "verified: 4 episodes" in smartplay("verify", "r", path=site, cwd=tmp_path).stdout
    without = python("-m", "smartplay", "report", "r", path=ROOT, cwd=tmp_path)
    assert without.returncode == 2
    assert "if it comes in a package, install that" in without.stderr


@pytest.mark.slow
def test_a_run_is_the_same_only_with_the_same_code_and_version(
    site: Path, written: Path, tmp_path: Path
) -> None:
    run = ["run", "random", "--games", "LampRow", "--episodes", "2", "--out", "r"]
    smartplay(*run, path=site, cwd=tmp_path)
    smartplay(*run, path=site, cwd=tmp_path)
    game = site / "smartplay_lamp_row" / "lamp_row.py"
    whole = game.read_text()
    game.write_text(whole.replace("self.squares - 1)", "self.squares - 2)"))
    other = python("-m", "smartplay", *run, path=site, cwd=tmp_path)
    assert other.returncode == 2
    assert "LampRow-v0 digest differs" in other.stderr
    verified = python("-m", "smartplay", "verify", "r", path=site, cwd=tmp_path)
    assert "another version of the game's card" in verified.stdout
    game.write_text(whole)
    shutil.rmtree(site / "smartplay_lamp_row-0.1.0.dist-info")
    install(site, written / "smartplay_lamp_row", "lamp_row", "0.2.0")
    other = python("-m", "smartplay", *run, path=site, cwd=tmp_path)
    assert "versions smartplay-lamp-row differs (0.1.0 there, 0.2.0 here)" in other.stderr


def test_the_code_of_a_pack_counts_wherever_it_is_installed(
    written: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "smartplay_lamp_row.lamp_row"
    found = {}
    for folder in (site, written):
        with monkeypatch.context() as patch:
            patch.syspath_prepend(folder)
            found[folder] = code_of(module, "smartplay_lamp_row")
            assert len(found[folder].files) == 2
            if folder == site:
                assert not code_of(module).files, "an installed module is otherwise left out"
    assert found[site].digest == found[written].digest
    assert found[site].packages == found[written].packages == ["gymnasium", "numpy"]


PLAY = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import smartplay

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        there = smartplay.run("random", "lamp_row", episodes=3, executor=executor, out="there")
    here = smartplay.run("random", "lamp_row", episodes=3, out="here")
    assert [r.score for r in there.episodes] == [r.score for r in here.episodes]
    assert all(r.status == "scored" for r in there.episodes)
    print("alike", smartplay.get_card("LampRow").code[0].digest)
"""


@pytest.mark.slow
def test_other_processes_find_it(site: Path, tmp_path: Path) -> None:
    (tmp_path / "play.py").write_text(PLAY)
    done = python("play.py", path=site, cwd=tmp_path)
    assert done.stdout.startswith("alike "), done.stdout + done.stderr


@pytest.mark.slow
def test_a_card_file_of_an_installed_pack_is_the_packs(site: Path, tmp_path: Path) -> None:
    card = site / "smartplay_lamp_row" / "lamp_row.toml"
    smartplay("run", "random", "--games", str(card), "--episodes", "1", "--out", "r",
              path=site, cwd=tmp_path)  # fmt: skip
    smartplay("verify", "r", path=site, cwd=tmp_path)
    told = smartplay("anchors", "lamp_row", "--episodes", "5", path=site, cwd=tmp_path).stdout
    assert str(card) in told
    (measured,) = read_cards(card)
    assert measured.anchors.random is not None
    assert measured.anchors.random.episodes == 5


BROKEN = {
    "no package": ("", "there is no Python package 'smartplay_broken'"),
    "no card": (None, r"there is no card \(\*.toml\)"),
    "not TOML": ("[ids", "not valid TOML"),
    "no degrees": ("[ids.Broken-v0]\ntitle = 1", r"\[ids.Broken-v0\]"),
    "a taken game": ("{card}", "the game Hanoi3Disk is taken by hanoi"),
    "a taken game of another version": ("{newer}", "the game Hanoi3Disk is taken by hanoi"),
    "a taken family": ("{family}", "the name hanoi is taken by hanoi"),
    "core": ("{core}", "core and contrast are for SmartPlay's own games"),
    "a file": ("{file}", "name the module, as in package.module:Class, not x.py:Text"),
    "twice": ("{twice}", "the pack has two games of this name"),
}


def card(name: str, more: str = "", family: str = "broken") -> str:
    degrees = "\n".join(f"{capability.key} = 1" for capability in Capability)
    return (
        f'[defaults]\ntitle = "Broken"\nfamily = "{family}"\nsteps = 3\nepisodes = 2\n'
        f'score = "none"\n{more}\n[defaults.degrees]\n{degrees}\n[ids.{name}]\n'
    )


CARDS = {
    "{card}": card("Hanoi3Disk-v0"),
    "{newer}": card("Hanoi3Disk-v1"),
    "{family}": card("Broken-v0", family="hanoi"),
    "{core}": card("Broken-v0", "core = true"),
    "{file}": card("Broken-v0", 'environment = "a.b:C"\ndescriber = "x.py:Text"'),
    "{twice}": card("Broken-v0") + "[ids.Broken-v1]\n",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_pack_is_left_out_with_one_sentence(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, told = BROKEN[fault]
    folder = tmp_path / "smartplay_broken"
    if content != "":
        folder.mkdir()
    if content:
        (folder / "broken.toml").write_text(CARDS.get(content, content))
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("broken", "smartplay_broken", GROUP)
    monkeypatch.setattr(registry, "plugins", lambda group: [entry])
    before = cards()
    with pytest.warns(UserWarning, match=f"leaves out the games of broken .*{told}") as warned:
        registry._register_packs()
    assert len(warned) == 1
    assert cards() == before
    assert not packs()


@pytest.mark.parametrize(("name", "told"), [
    ("all", "the name all is taken by SmartPlay"),
    ("messenger", "the name messenger is taken by messenger"),
    ("two words", "a pack's name must be a word such as my_games"),
])  # fmt: skip
def test_a_packs_name_must_be_free(
    name: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "smartplay_broken").mkdir()
    (tmp_path / "smartplay_broken" / "a.toml").write_text(card("Broken-v0"))
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint(name, "smartplay_broken", GROUP)
    monkeypatch.setattr(registry, "plugins", lambda group: [entry])
    with pytest.warns(UserWarning, match=told):
        registry._register_packs()


def test_a_broken_pack_does_not_break_the_house(site: Path, written: Path, tmp_path: Path) -> None:
    copy = tmp_path / "smartplay_other"
    shutil.copytree(written / "smartplay_lamp_row", copy)
    install(site, copy, "other")
    done = python("-m", "smartplay", "games", path=site, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.count("leaves out") == 1
    assert "the name lamp_row is taken" in done.stderr
    assert "smartplay/LampRow-v0" in done.stdout
    assert "Hanoi3Disk" in done.stdout


def test_start_up_looks_for_packs_without_reading_metadata() -> None:
    """`importlib.metadata` takes longer to import than all packages take to be looked at."""
    assert plugins("smartplay.no_such_group") == []
    core_plugins._entry_points_files.cache_clear()
    started = time.perf_counter()
    plugins("smartplay.no_such_group")
    assert time.perf_counter() - started < 0.25


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Lights", "lower-case words such as lights-out"),
        ("9lives", "lower-case words"),
        ("../up", "lower-case words"),
        ("", "lower-case words"),
        ("hanoi", "the name hanoi is taken"),
        ("hanoi3-disk", "the name hanoi3-disk is taken"),
        ("class", "the name class is taken"),
        ("json", "the name json is taken"),
        ("all", "the name all is taken"),
    ],
)
def test_the_name_of_a_new_game(name: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        write_game(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError, match="already exists; choose another folder with --out"):
        write_game("lamps", tmp_path)
    with pytest.raises(UsageError, match="already exists"):
        write_game("lamps", tmp_path / "mine")


PLAIN = [each for each in all_cards() if each.family not in ("crafter", "minedojo")]


@pytest.mark.parametrize("each", first_of_code(PLAIN))
def test_our_own_games_hold_what_is_asked_of_others(each: GameCard) -> None:
    assert check_game(each.id, golden_path(each)) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('actions = ("Pull', 'actions = ("Wait", "Pull', "it cannot be played: UsageError"),
        ('"Wait")', '"Pull slot machine 1")', "a reply cannot choose the action 'Pull slot"),
        ("A clock", "A clock", ""),
        ("Tick {self", "Tick \u00e9 {self", "of other characters than ASCII"),
        ("float(self.env.ticks)", "time.time()", "the same seed and actions gave another episode"),
        ('return f"', 'return "Other" + f"', "the manual's first line is not the title 'Ticks'"),
        ("float(self.env.ticks)", "-1.0", "the score -1 lies outside of the card's bounds"),
        ("def manual", "def best_actions(self):\n        return frozenset({9})\n\n    def manual",
         "best_actions names actions that there are not: [9]"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_game_is_said(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = write_ticks(tmp_path, own="bounds = { low = 0 }")
    code = path.with_suffix(".py")
    text = code.read_text()
    assert old in text
    code.write_text(text.replace(old, new))
    (ticks,) = register_cards(path)
    problems = check_game(ticks.id)
    assert (problems == []) if not told else any(told in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ""),
        ("chance = 0.25", "chance = 0", "of 144 rounds right, which does not fit the dial"),
        ("chance = 0.25", "chance = 0.5", "which does not fit the dial's chance of 0.5"),
        ("level=1, render_mode=None):", "render_mode=None):\n        level = 1",
         "unknown setting 'level'"),
        ("self.level = level", "self.level = {1: 1, 2: 2}[level]", "cannot be played: KeyError: 3"),
        ("self.score += reward", "self.score -= 1", "level 1 scored -12, which is not a number of"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_dial_is_said(old: str, new: str, told: str, tmp_path: Path) -> None:
    path, _ = write_dials(tmp_path, {"planning": 5.0}, prefix=f"Wrong{len(new)}")
    for file in (Path(path), Path(path).with_suffix(".py")):
        file.write_text(file.read_text().replace(old, new))
    (card,) = register_cards(path)
    problems = check_game(card.id)
    assert (problems == []) if not told else any(told in problem for problem in problems), problems


def test_a_fallback_that_there_is_not_is_said(tmp_path: Path) -> None:
    (ticks,) = register_cards(write_ticks(tmp_path, fallback=2))
    told = "the fallback is action 2, counted from 0, which there is not"
    assert check_game(ticks.id) == [told]


def test_a_golden_playthrough_that_differs_is_said(tmp_path: Path) -> None:
    (ticks,) = register_cards(write_ticks(tmp_path))
    golden = tmp_path / "golden.txt"
    golden.write_text(transcript(ticks, 0).replace("Tick 2.", "Tock 2."))
    assert check_game(ticks.id, golden) == ["golden.txt, line 14 was 'Tock 2.' and is 'Tick 2.'"]
    (problem,) = check_game(ticks.id, tmp_path / "none.txt")
    assert problem.startswith("the golden playthrough cannot be played again")


LAID_OUT = """\
# mine
[defaults]
title = "x"  # kept

[ids.A-v0]
steps = 3

[ids.A-v0.anchors]
human = 2  # published
random = {{ mean = 0, episodes = 2 }}

# about B
[ids.B-v0]
steps = 4
"""


def test_anchors_are_written_in_their_place() -> None:
    text = LAID_OUT.replace("{{", "{").replace("}}", "}")
    lines = {"random": "random = 1", "optimum": "optimum = 3"}
    one = _with_lines(text, "ids.A-v0", lines)
    assert one == text.replace("random = { mean = 0, episodes = 2 }", "random = 1\noptimum = 3")
    assert _with_lines(one, "ids.A-v0", lines) == one, "again, nothing changes"
    other = _with_lines(text, "ids.B-v0", lines)
    assert other == text + "\n[ids.B-v0.anchors]\nrandom = 1\noptimum = 3\n"


def test_anchors_that_cannot_be_written_leave_the_card_as_it_was(tmp_path: Path) -> None:
    path = write_ticks(tmp_path, own="anchors.random = { mean = 1.0, episodes = 2 }")
    (ticks,) = register_cards(path)
    whole = path.read_text()
    with pytest.raises(CardError, match="write these lines by hand: random = "):
        write_anchors(path, ticks, Anchors(random=Measured(mean=2.0, episodes=9)), "me")
    assert path.read_text() == whole


def test_anchors_are_for_games_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["anchors", "Hanoi3Disk"]) == 2
    assert "smartplay/Hanoi3Disk-v0 is SmartPlay's own" in capsys.readouterr().err


def test_a_reference_agent_of_ones_own(tmp_path: Path) -> None:
    agent = (
        "class Second:\n    def __init__(self, manual, actions, seed):\n"
        "        self.actions = actions\n    def act(self, observation):\n"
        "        return self.actions[1]\n"
    )
    title = "Ticks with a reference"
    path = write_ticks(tmp_path, title=title, own='reference = "second.py:Second"')
    (tmp_path / "second.py").write_text(agent)
    (ticks,) = register_cards(path)
    done = run("reference", ticks.id, episodes=1, out=tmp_path / "run")
    assert done.episodes[0].steps == 10
