"""The registry and `gym.make`: names, settings, cards of one's own, the original's names."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import smartplay
from smartplay.core.errors import CardError, MissingPackageError, UnknownNameError, UsageError
from smartplay.core.loading import load_module, load_object
from smartplay.games.base import CHARACTERS, TextGame
from smartplay.games.registry import cards, get_card, register_cards
from tests.games import unique, write_game

ORIGINAL = [
    "BanditTwoArmedDeterministicFixed",
    "BanditTwoArmedHighHighFixed",
    "BanditTwoArmedHighLowFixed",
    "BanditTwoArmedLowLowFixed",
    "RockPaperScissorBasic",
    "RockPaperScissorDifferentScore",
    "Hanoi3Disk",
    "Hanoi4Disk",
    "MessengerL1",
    "MessengerL2",
    "MessengerL3",
    "Crafter",
    "MinedojoCreative0",
    "MinedojoCreative1",
    "MinedojoCreative2",
    "MinedojoCreative4",
    "MinedojoCreative5",
    "MinedojoCreative7",
    "MinedojoCreative8",
    "MinedojoCreative9",
]


def manual(env: gym.Env[Any, Any]) -> str:
    text: str = env.reset(seed=0)[1]["manual"]
    env.close()
    return text


# Names


@pytest.mark.parametrize("name", ORIGINAL[:8])
def test_the_originals_ids(name: str) -> None:
    spellings = [f"smartplay/{name}-v0", f"smartplay:{name}-v0", f"{name}-v0"]
    texts = [manual(gym.make(spelling)) for spelling in spellings]
    assert texts[0] == texts[1] == texts[2]


def test_env_list_holds_the_originals_ids_and_they_can_be_made() -> None:
    assert set(smartplay.env_list) <= {f"{name}-v0" for name in ORIGINAL}
    assert set(ORIGINAL[:8]) <= {name.removesuffix("-v0") for name in smartplay.env_list}
    for name in smartplay.env_list:
        assert f"smartplay/{name}" in gym.registry
    assert set(smartplay.benchmark_games_v0) <= set(ORIGINAL)


@pytest.mark.parametrize(
    "name", ["Hanoi3Disk", "Hanoi3Disk-v0", "smartplay/Hanoi3Disk-v0", "smartplay:Hanoi3Disk-v0"]
)
def test_a_card_by_any_of_its_names(name: str) -> None:
    assert get_card(name).id == "smartplay/Hanoi3Disk-v0"


@pytest.mark.parametrize("name", ["", "hanoi3disk", "Hanoi", "Hanoi3Disk-v1", "smartplay/", "☃"])
def test_near_misses(name: str) -> None:
    if name == "Hanoi":
        assert get_card(name).parametric
        return
    with pytest.raises(UnknownNameError, match="unknown game"):
        get_card(name)


def test_the_nearest_names_are_told() -> None:
    with pytest.raises(UnknownNameError, match="did you mean Hanoi3Disk"):
        get_card("Hanoi3Dsik")


def test_unknown_name_errors_survive_pickling_and_have_an_end() -> None:
    error = pickle.loads(pickle.dumps(UnknownNameError("game", "x", ["y"])))
    assert isinstance(error, UsageError)
    assert str(error) == "unknown game 'x'; known: y"
    many = str(UnknownNameError("game", "x", [f"Game{k}" for k in range(30)]))
    assert many.endswith("Game18, Game19 and 10 more")
    assert str(UnknownNameError("setting", "x", [])) == "unknown setting 'x'; there are none"


# Settings


def test_parameters_are_open() -> None:
    env = gym.make("smartplay/Hanoi-v0", disks=5, noise=0.1)
    assert "5 disks" in manual(env)
    env = gym.make("smartplay/Bandit-v0", arms=[0.1, 0.2, 0.3])
    assert env.action_space.n == 3  # type: ignore[attr-defined]
    env = gym.make("smartplay/RockPaperScissor-v0", distribution=(0, 0, 1), values=(1, 2, 3))
    assert env.reset(seed=0)[1]["state"]["probabilities"].count(1.0) == 1


@pytest.mark.parametrize("history", [0, 1, 3, None])
def test_history_is_open(history: int | None) -> None:
    env = gym.make("smartplay/Bandit-v0", history=history)
    env.reset(seed=0)
    for _ in range(4):
        info = env.step(0)[-1]
    assert len(info["history"]) == (4 if history is None else history)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("Hanoi", {"disk": 3}, "did you mean disks"),
        ("Hanoi", {"disks": 0}, "disks must be"),
        ("Hanoi", {"disks": 100}, "disks must be"),
        ("Hanoi", {"disks": 2.5}, "disks must be"),
        ("Hanoi", {"noise": 1.1}, "noise must be"),
        ("Hanoi", {"noise": float("nan")}, "noise must be"),
        ("Hanoi", {"history": -1}, "history must be"),
        ("Hanoi", {"history": "all"}, "history must be"),
        ("Bandit", {"arms": []}, "arms must be"),
        ("Bandit", {"arms": [0.5]}, "arms must be"),
        ("Bandit", {"arms": [0.5, 1.5]}, "arms must be"),
        ("Hanoi", {"noise": "0.5"}, "noise must be"),
        ("Bandit", {"arms": [0.5, float("nan")]}, "arms must be"),
        ("Bandit", {"arms": 1.5}, "arms must be"),
        ("Bandit", {"arms": "01"}, "arms must be"),
        ("RockPaperScissor", {"distribution": None}, "distribution must be"),
        ("RockPaperScissor", {"values": [1, 2, None]}, "values must be"),
        ("Contrast", {"capability": 1.5}, "unknown capability 1.5"),
        ("Contrast", {"capability": []}, "unknown capability"),
        ("Harbor", {"capability": None}, "unknown capability None"),
        ("Harbor", {"level": 3.0}, "level must be a whole number from 1 to 12, not 3.0"),
        ("Crafter", {"engine": 1.5}, "unknown engine 1.5"),
        ("Crafter", {"describe": None}, "unknown style of description None"),
        ("MinedojoCreative0", {"goal": []}, "unknown goal"),
        ("MinedojoCreative0", {"nearest": None}, "nearest and farthest must be"),
        ("RockPaperScissor", {"distribution": [0.5, 0.5]}, "distribution must be"),
        ("RockPaperScissor", {"distribution": [0.5, 0.6, -0.1]}, "distribution must be"),
        ("RockPaperScissor", {"distribution": [0.5, 0.5, 0.5]}, "distribution must be"),
        ("RockPaperScissor", {"distribution": [float("nan"), 0.5, 0.5]}, "distribution must be"),
        ("RockPaperScissor", {"values": [1, 2]}, "values must be"),
        ("RockPaperScissor", {"values": [1, 2, -1]}, "values must be"),
        ("RockPaperScissor", {"values": [1, 2, float("nan")]}, "values must be"),
        ("RockPaperScissor", {"values": [1, 2, float("inf")]}, "values must be"),
    ],
)
def test_wrong_settings_say_what_is_right(name: str, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        gym.make(f"smartplay/{name}-v0", **settings)


def test_without_a_step_limit_the_manual_tells_none() -> None:
    for name in ("Bandit", "Hanoi", "RockPaperScissor"):
        env = gym.make(f"smartplay/{name}-v0", max_episode_steps=-1)
        text = manual(env)
        assert "-1" not in text
        assert "50" not in text
        assert "30" not in text
        assert "7" in manual(gym.make(f"smartplay/{name}-v0", max_episode_steps=7))


def test_the_native_environment_is_below() -> None:
    env = gym.make("smartplay/Hanoi3Disk-v0")
    native = env.unwrapped
    assert not isinstance(native, TextGame)
    native.reset(seed=0)
    observation, reward, terminated, truncated, _ = native.step(0)
    assert observation.tolist() == [1, 0, 0]
    assert (reward, terminated, truncated) == (0.0, False, False)


def test_specs_make_the_same_environment_again() -> None:
    env = gym.make("smartplay/Hanoi-v0", disks=4, history=2, max_episode_steps=9)
    assert env.spec is not None
    again = gym.make(copy.deepcopy(env.spec))
    assert manual(again) == manual(env)
    assert "4 disks" in manual(again)
    again.reset(seed=0)
    for step in range(9):
        *_, truncated, info = again.step(step % 2)
    assert truncated
    assert len(info["history"]) == 2


def test_the_space_is_wide_enough_for_the_characters() -> None:
    space = gym.make("smartplay/Hanoi3Disk-v0").observation_space
    assert space.contains(CHARACTERS)
    assert not space.contains("")
    assert not space.contains("\u2192")


def test_an_observation_is_the_same_object_in_info() -> None:
    env = gym.make("smartplay/Hanoi3Disk-v0")
    text, info = env.reset(seed=0)
    info["actions"].clear()
    info["history"].append("rubbish")
    info["state"]["rods"]["A"].clear()
    after, _, _, _, info = env.step(0)
    assert info["history"] == [text]
    assert len(info["actions"]) == 6
    assert info["state"]["rods"] == {"A": [3, 2], "B": [1], "C": []}
    assert "Rod A, from bottom to top: 3, 2" in after


# Cards of one's own


def test_a_card_of_ones_own_can_be_played(tmp_path: Path) -> None:
    path = write_game(tmp_path)
    (card,) = register_cards(path)
    assert register_cards(path) == [card]
    assert card in cards()
    text, _ = gym.make(card.id).reset(seed=0)
    assert text == "Tick 0."


def test_any_gymnasium_environment_can_become_a_game(tmp_path: Path) -> None:
    path = write_game(tmp_path, environment="CartPole-v1")
    (card,) = register_cards(path)
    env = gym.make(card.id)
    assert type(env.unwrapped).__name__ == "CartPoleEnv"
    assert env.spec is not None
    assert env.spec.max_episode_steps == 10


def test_an_id_that_is_taken(tmp_path: Path) -> None:
    path = write_game(tmp_path, name="Hanoi3Disk-v0")
    with pytest.raises(CardError, match="is taken by hanoi"):
        register_cards(path)
    assert get_card("Hanoi3Disk").title == "Tower of Hanoi"


def test_a_card_that_changed_on_disk_is_not_silently_the_old_one(tmp_path: Path) -> None:
    path = write_game(tmp_path)
    register_cards(path)
    write_game(tmp_path, history=3)
    with pytest.raises(CardError, match=r"has changed since"):
        register_cards(path)


def test_a_broken_card_registers_nothing(tmp_path: Path) -> None:
    path = write_game(tmp_path)
    path.write_text(path.read_text() + "[ids.Broken-v0]\nsteps = 0\n")
    before = cards()
    with pytest.raises(CardError):
        register_cards(path)
    assert cards() == before


def test_a_describer_that_is_not_there(tmp_path: Path) -> None:
    path = write_game(tmp_path)
    (tmp_path / "ticks.py").write_text("class TickText: pass")
    register_cards(path)
    with pytest.raises(UsageError, match="did you mean TickText"):
        gym.make(f"smartplay/{unique(tmp_path).removeprefix('smartplay/')}")


def test_a_card_without_a_namespace_does_not_hide_a_gymnasium_game(tmp_path: Path) -> None:
    (card,) = register_cards(write_game(tmp_path, name="CartPole-v1"))
    assert type(gym.make("CartPole-v1").unwrapped).__name__ == "CartPoleEnv"
    assert type(gym.make(card.id).unwrapped).__name__ == "TicksEnv"


# Loading


@pytest.mark.parametrize(
    ("reference", "kind", "words"),
    [
        ("nothing", UsageError, "names nothing to load"),
        (":x", UsageError, "names nothing to load"),
        ("x:", UsageError, "names nothing to load"),
        ("no_such_module:x", MissingPackageError, "no module named 'no_such_module'"),
        ("no/such/file.py:x", UsageError, "no file"),
        ("math:pie", UnknownNameError, "did you mean pi"),
        (".x:y", UsageError, "cannot load"),
    ],
)
def test_what_cannot_be_loaded(reference: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        load_object(reference)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def", "SyntaxError"),
        ("import no_such_package", "no module named 'no_such_package'"),
        ("raise SystemExit(0)", "SystemExit"),
        ("x = '\udc80'", "cannot load"),
    ],
)
def test_a_file_that_fails(code: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_bytes(code.encode("utf-8", "surrogateescape"))
    for _ in range(2):
        with pytest.raises(UsageError, match=words) as caught:
            load_object(f"{path}:x")
        assert str(path) in str(caught.value)


def test_a_file_is_loaded_once_even_by_threads(tmp_path: Path) -> None:
    path = tmp_path / "slow.py"
    path.write_text("import time\ntime.sleep(0.1)\nMADE = object()\n")
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(load_object(f"{path}:MADE"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(map(id, found))) == 1
    assert load_module(str(tmp_path / "." / "slow.py")).MADE is found[0]


def test_importing_touches_no_game_and_no_model() -> None:
    code = (
        "import sys, gymnasium; theirs = set(sys.modules); import smartplay;"
        "heavy = ('smartplay.games.', 'smartplay.models.', 'pygame', 'crafter', 'ssl', 'PIL',"
        " 'scipy', 'numba', 'msgspec', 'importlib.metadata');"
        "light = theirs | {'smartplay.games.ids', 'smartplay.games.vectors'};"
        "print([m for m in sys.modules if m.startswith(heavy) and m not in light])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
    assert told.stderr == ""
