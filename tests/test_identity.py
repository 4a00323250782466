"""Which run a folder holds: what may move, what may not change, what is refused before it."""

from __future__ import annotations

import functools
import json
import linecache
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smartplay
from smartplay import Run
from smartplay.agents.identity import object_digest
from smartplay.cli import main
from smartplay.core.errors import RunFolderError, SmartPlayError
from smartplay.records.folder import RunFolder
from smartplay.report import build_report
from tests.asking import ASKING, define, fake
from tests.fake_server import FakeServer
from tests.games import write_game

BANDIT, HANOI = "BanditTwoArmedDeterministicFixed", "Hanoi3Disk"
ROOT = Path(smartplay.__file__).parents[1]


def play(agent: Any, out: Path | None = None, **options: Any) -> Run:
    given: dict[str, Any] = {"games": BANDIT, "episodes": 2, "steps": 4, "progress": False}
    return smartplay.run(agent, out=out, **(given | options))


def actions(run: Run) -> set[str]:
    """The names of all actions of the first episode."""
    _, steps = RunFolder(run.path).steps(run.episodes[0].game, 0)
    return {step.name for step in steps}


def cli(folder: Path, agent: str, *options: str) -> subprocess.CompletedProcess[str]:
    """The command line, started in a folder."""
    command = [sys.executable, "-m", "smartplay", "run", agent, "--episodes", "2", "--steps", "4"]
    return subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, timeout=60
    )


# A notebook

FIRST, SECOND = "Pull slot machine 1", "Pull slot machine 2"


def typed(source: str, name: str = "agent") -> Any:
    """What code without a file defines."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(source, space)
    return space[name]


def cell(source: str, number: int, name: str = "agent") -> Any:
    """What a notebook's cell defines: its source can be looked up, but lies in no file."""
    file = f"<ipython-input-{number}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, file, "exec"), space)
    return space[name]


SHAPES = {
    "function": "def agent(prompt):\n    return 'Answer: {}'\n",
    "lambda": "agent = lambda prompt: 'Answer: {}'\n",
    "async": "async def agent(prompt):\n    return 'Answer: {}'\n",
    "class": (
        "class agent:\n    def __init__(self, manual, actions, seed):\n        pass\n"
        "    def act(self, observation):\n        return 'Answer: {}'\n"
    ),
    "global": "ANSWER = '{}'\ndef agent(prompt):\n    return 'Answer: ' + ANSWER\n",
    "called": ("def helper():\n    return 'Answer: {}'\ndef agent(prompt):\n    return helper()\n"),
    "base": (
        "class base:\n    answer = '{}'\nclass agent(base):\n"
        "    def __init__(self, manual, actions, seed):\n        pass\n"
        "    def act(self, observation):\n        return 'Answer: ' + self.answer\n"
    ),
}


@pytest.mark.parametrize("written", [typed, cell])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_redefined_agent_is_played(
    shape: str, written: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    numbers = (1, 2) if written is cell else ("agent", "agent")
    runs = []
    for answer, number in zip("12", numbers, strict=True):
        runs.append(play(written(SHAPES[shape].format(answer), number)))
    assert [actions(run) for run in runs] == [{FIRST}, {SECOND}]
    assert runs[0].path != runs[1].path


@pytest.mark.parametrize("shape", SHAPES)
def test_a_redefined_agent_is_refused_in_a_named_folder(shape: str, tmp_path: Path) -> None:
    play(typed(SHAPES[shape].format(1)), tmp_path / "typed")
    play(cell(SHAPES[shape].format(1), 1), tmp_path / "cell")
    before = (tmp_path / "typed" / "episodes.jsonl").read_bytes()
    with pytest.raises(RunFolderError):
        play(typed(SHAPES[shape].format(2)), tmp_path / "typed")
    with pytest.raises(RunFolderError):
        play(cell(SHAPES[shape].format(2), 2), tmp_path / "cell")
    assert (tmp_path / "typed" / "episodes.jsonl").read_bytes() == before


class Stateful:
    """An agent by its state, not by its code."""

    def __init__(self, answer: int) -> None:
        self.answer = answer

    def __call__(self, prompt: str) -> str:
        return f"Answer: {self.answer}"

    def method(self, prompt: str) -> str:
        return f"Answer: {self.answer}"


def by_default(answer: int) -> Any:
    def agent(prompt: str, answer: int = answer) -> str:
        return f"Answer: {answer}"

    return agent


def by_keyword(answer: int) -> Any:
    def agent(prompt: str, *, answer: int = answer) -> str:
        return f"Answer: {answer}"

    return agent


def partly(answer: int, prompt: str) -> str:
    return f"Answer: {answer}"


def decorated(answer: int) -> Any:
    @functools.wraps(partly_first)
    def agent(prompt: str) -> str:
        return partly(answer, prompt)

    return agent


def in_a_list(answer: int) -> Any:
    answers = [{"first": answer}]
    return lambda prompt: f"Answer: {answers[0]['first']}"


def made_class(answer: int) -> Any:
    class Agent:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None: ...

        def act(self, observation: str) -> str:
            return f"Answer: {answer}"

    return Agent


def class_with_a_mark(answer: int) -> Any:
    class Agent:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None: ...

        def act(self, observation: str) -> str:
            return f"Answer: {self.answer}"  # type: ignore[attr-defined]

    Agent.answer = answer  # type: ignore[attr-defined]
    return Agent


def with_a_property(answer: int) -> Any:
    class Agent:
        def __init__(self, manual: str, actions: list[str], seed: int) -> None: ...

        @property
        def answer(self) -> int:
            return answer

        def act(self, observation: str) -> str:
            return f"Answer: {self.answer}"

    return Agent


def on_one_line(answer: int) -> Any:
    return [lambda prompt: "Answer: 1", lambda prompt: "Answer: 2"][answer - 1]


MADE: dict[str, Callable[[int], Any]] = {
    "closure": lambda answer: lambda prompt: f"Answer: {answer}",
    "default": by_default,
    "keyword": by_keyword,
    "partial": lambda answer: functools.partial(partly, answer),
    "object": Stateful,
    "method": lambda answer: Stateful(answer).method,
    "decorated": decorated,
    "list": in_a_list,
    "class": made_class,
    "mark": class_with_a_mark,
    "property": with_a_property,
    "two on one line": on_one_line,
    "closure of an object": lambda answer: (lambda it: lambda prompt: it(prompt))(Stateful(answer)),
}


@pytest.mark.parametrize("made", MADE)
def test_what_an_agent_holds_belongs_to_it(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = [play(MADE[made](answer)) for answer in (1, 2)]
    assert [actions(run) for run in runs] == [{FIRST}, {SECOND}]
    play(MADE[made](1), tmp_path / "named")
    with pytest.raises(RunFolderError):
        play(MADE[made](2), tmp_path / "named")


def test_an_object_of_a_file_goes_on_in_a_named_folder(tmp_path: Path) -> None:
    path = tmp_path / "run"
    first = play(partly_first, path)
    lines = (path / "episodes.jsonl").read_bytes()
    assert play(partly_first, path).episodes == first.episodes
    assert (path / "episodes.jsonl").read_bytes() == lines


def test_a_module_that_a_cell_names_belongs_to_its_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for answer, expected in ((1, FIRST), (2, SECOND)):
        file = tmp_path / "cell_helper.py"
        file.write_text(f"def answer():\n    return 'Answer: {answer}'\n")
        os.utime(file, (answer, answer))
        sys.modules.pop("cell_helper", None)  # as `importlib.reload` in a notebook
        agent = cell("import cell_helper\ndef agent(p):\n    return cell_helper.answer()\n", 7)
        try:
            run = play(agent, tmp_path / "run")
        except RunFolderError:
            assert answer == 2
        else:
            assert actions(run) == {expected}, "the helper of before has answered"


def partly_first(prompt: str) -> str:
    return partly(1, prompt)


# A file and what it imports

USES = {
    "import": "import helper_{0}\ndef agent(prompt):\n    return helper_{0}.answer()\n",
    "from": "from helper_{0} import answer\ndef agent(prompt):\n    return answer()\n",
    "as": "import helper_{0} as h\ndef agent(prompt):\n    return h.answer()\n",
    "star": "from helper_{0} import *\ndef agent(prompt):\n    return answer()\n",
    "lazy": "def agent(prompt):\n    from helper_{0} import answer\n    return answer()\n",
    "tried": (
        "try:\n    import helper_{0} as h\nexcept ImportError:\n    h = None\n"
        "def agent(prompt):\n    return h.answer()\n"
    ),
    "package": "from pack_{0} import answer\ndef agent(prompt):\n    return answer()\n",
    "submodule": (
        "import pack_{0}.inner\ndef agent(prompt):\n    return pack_{0}.inner.answer()\n"
    ),
    "submodule by from": (
        "from pack_{0} import inner\ndef agent(prompt):\n    return inner.answer()\n"
    ),
    "two deep": "import relay_{0}\ndef agent(prompt):\n    return relay_{0}.answer()\n",
    "lazy two deep": "import late_{0}\ndef agent(prompt):\n    return late_{0}.answer()\n",
    "no init": "from plain_{0} import inner\ndef agent(prompt):\n    return inner.answer()\n",
    "no init by as": (
        "import plain_{0}.inner as inner\ndef agent(prompt):\n    return inner.answer()\n"
    ),
    "by name": (
        "import importlib\ndef agent(prompt):\n"
        "    return importlib.import_module('plain_{0}.inner').answer()\n"
    ),
}


def write(folder: Path, use: str, answer: int, mark: str) -> str:
    """An agent with helpers of every kind, all of which give an answer."""
    said = f"def answer():\n    return 'Answer: {answer}'\n"
    folder.mkdir(exist_ok=True)
    pack = folder / f"pack_{mark}"
    pack.mkdir(exist_ok=True)
    (pack / "__init__.py").write_text("from .inner import answer\n")
    (pack / "inner.py").write_text(said)
    plain = folder / f"plain_{mark}"
    plain.mkdir(exist_ok=True)
    (plain / "inner.py").write_text(said)
    (folder / f"helper_{mark}.py").write_text(said)
    (folder / f"relay_{mark}.py").write_text(f"from helper_{mark} import answer\n")
    (folder / f"late_{mark}.py").write_text(
        f"def answer():\n    import helper_{mark}\n    return helper_{mark}.answer()\n"
    )
    (folder / "mine.py").write_text(USES[use].format(mark))
    for file in folder.rglob("*.py"):  # bytecode is told from older bytecode by size and second
        os.utime(file, (answer, answer))
    return f"{folder / 'mine.py'}:agent"


@pytest.mark.parametrize("use", USES)
def test_an_edited_helper_is_another_agent(use: str, tmp_path: Path) -> None:
    mark = use.replace(" ", "")
    agent = write(tmp_path, use, 1, mark)
    first = play(agent, tmp_path / "run")
    assert actions(first) == {FIRST}
    again = play(agent, tmp_path / "run")
    assert again.episodes == first.episodes
    write(tmp_path, use, 2, mark)
    with pytest.raises(RunFolderError, match=r"holds another run: .*agent"):
        play(agent, tmp_path / "run")


@pytest.mark.parametrize("use", USES)
def test_an_edited_helper_is_played(use: str, tmp_path: Path) -> None:
    """Not what the process still remembers of it: the header says which code played."""
    mark = "again" + use.replace(" ", "")
    play(write(tmp_path, use, 1, mark), tmp_path / "run")
    other = play(write(tmp_path, use, 2, mark), tmp_path / "other")
    assert actions(other) == {SECOND}


def test_an_edited_agent_is_played(tmp_path: Path) -> None:
    for answer, expected in ((1, FIRST), (2, SECOND)):
        file = tmp_path / "mine.py"
        file.write_text(f"def agent(prompt):\n    return 'Answer: {answer}'\n")
        os.utime(file, (answer, answer))
        run = play(f"{file}:agent", tmp_path / f"{answer}")
        assert actions(run) == {expected}


def test_helpers_of_one_name_in_two_folders(tmp_path: Path) -> None:
    """In one process, as in a notebook, each agent has its own."""
    for name, answer, expected in (("a", 1, FIRST), ("b", 2, SECOND), ("a", 1, FIRST)):
        agent = write(tmp_path / name, "from", answer, "twins")
        assert actions(play(agent, tmp_path / "runs" / f"{name}")) == {expected}


@pytest.mark.slow
def test_an_edited_helper_is_refused_by_the_command(tmp_path: Path) -> None:
    write(tmp_path, "lazy two deep", 1, "cli")
    options = ["--games", BANDIT, "--out", "run"]
    assert cli(tmp_path, "mine.py:agent", *options, "--max-time", "60").returncode == 0
    write(tmp_path, "lazy two deep", 2, "cli")
    done = cli(tmp_path, "mine.py:agent", *options)
    assert done.returncode == 2, done.stderr
    assert "holds another run" in done.stderr
    assert "--out" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_helper_that_nobody_imports_changes_nothing(tmp_path: Path) -> None:
    agent = write(tmp_path, "import", 1, "unused")
    first = play(agent, tmp_path / "run")
    (tmp_path / "stranger.py").write_text("import helper_unused\n")
    (tmp_path / "notes.txt").write_text("mine")
    assert play(agent, tmp_path / "run").episodes == first.episodes


@pytest.mark.parametrize("form", ["module", "package", "no init"])
def test_a_helper_elsewhere_on_the_path_belongs_to_the_agent(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = form.replace(" ", "")
    library, own = tmp_path / "library", tmp_path / "own"
    inner = library / f"far_{mark}" / "inner.py" if form != "module" else library / f"far_{mark}.py"
    inner.parent.mkdir(parents=True)
    own.mkdir()
    if form == "package":
        (inner.parent / "__init__.py").write_text("")
    name = f"far_{mark}" if form == "module" else f"far_{mark}.inner"
    (own / "mine.py").write_text(f"from {name} import answer as agent\n")
    monkeypatch.syspath_prepend(library)
    inner.write_text("def answer(prompt):\n    return 'Answer: 1'\n")
    assert actions(play(f"{own / 'mine.py'}:agent", tmp_path / "run")) == {FIRST}
    inner.write_text("def answer(prompt):\n    return 'Answer: 2'\n")
    with pytest.raises(RunFolderError, match=r"agent_digest differs .* code and all that it"):
        play(f"{own / 'mine.py'}:agent", tmp_path / "run")
    os.utime(inner, (2, 2))
    assert actions(play(f"{own / 'mine.py'}:agent", tmp_path / "other")) == {SECOND}


@pytest.mark.slow
def test_the_version_of_a_package_that_an_agent_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    (site / "oracle").mkdir(parents=True)
    (site / "oracle" / "__init__.py").write_text("def answer(prompt):\n    return 'Answer: 1'\n")
    monkeypatch.syspath_prepend(site)
    (tmp_path / "mine.py").write_text("from oracle import answer as agent\n")
    for version in ("1.0", "2.0"):
        shutil.rmtree(site / "oracle_package-1.0.dist-info", ignore_errors=True)
        told = site / f"oracle_package-{version}.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Name: oracle-package\nVersion: {version}\n")
        (told / "top_level.txt").write_text("oracle\n")
        if version == "1.0":
            run = play(f"{tmp_path / 'mine.py'}:agent", tmp_path / "run")
            assert run.header.versions["oracle-package"] == "1.0"
    with pytest.raises(RunFolderError, match=r"oracle-package differs \(1.0 there, 2.0 here\)"):
        play(f"{tmp_path / 'mine.py'}:agent", tmp_path / "run")


def test_every_start_is_noted_with_its_versions(tmp_path: Path) -> None:
    play("random", tmp_path / "run", episodes=3, limits=smartplay.Limits(seconds=60))
    with (tmp_path / "run" / "sessions.jsonl").open("a") as file:
        file.write('{"started": "cut o')  # as a killed run leaves it
    play("random", tmp_path / "run", episodes=3)
    lines = (tmp_path / "run" / "sessions.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert (first["finished"], second["finished"]) == (0, 3)
    assert first["versions"] == second["versions"] == RunFolder(tmp_path / "run").header().versions
    assert {"python", "numpy", "gymnasium", "smartplay", "code"} <= set(first["versions"])


def test_a_moved_folder_is_the_same_agent(tmp_path: Path) -> None:
    first = play(write(tmp_path / "a", "two deep", 1, "moved"), tmp_path / "run")
    lines = (tmp_path / "run" / "episodes.jsonl").read_bytes()
    shutil.copytree(tmp_path / "a", tmp_path / "b" / "deeper")
    again = play(f"{tmp_path / 'b' / 'deeper' / 'mine.py'}:agent", tmp_path / "run")
    assert again.episodes == first.episodes
    assert (tmp_path / "run" / "episodes.jsonl").read_bytes() == lines


@pytest.mark.parametrize("named", ["mine.py:agent", "mine.toml"])
def test_other_spellings_of_a_path_are_the_same_run(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "agents", "from", 1, "spelt" + named[-1])
    (tmp_path / "agents" / "mine.toml").write_text('agent = "mine.py:agent"\n')
    (tmp_path / "link").symlink_to(tmp_path / "agents")
    monkeypatch.chdir(tmp_path)
    spelt = [f"agents/{named}", f"./agents/{named}", f"agents/../agents/{named}",
             f"{tmp_path}/agents/{named}", f"link/{named}"]  # fmt: skip
    paths = {play(agent).path.resolve() for agent in spelt}
    monkeypatch.chdir(tmp_path / "agents")
    again = play(named, paths.copy().pop())
    assert len(paths) == 1
    assert len((again.path / "episodes.jsonl").read_text().splitlines()) == 2


def test_a_renamed_key_is_the_same_run(
    server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server.say(f"Answer: {FIRST}")
    paths = []
    for name in ("FIRST_KEY", "SECOND_KEY"):
        monkeypatch.setenv(name, "sk-very-secret-0123456789")
        settings = {"base_url": server.url, "api_key_env": name}
        paths.append(play("openai:fake", agent_settings=settings).path)
        paths.append(play("openai:fake", Path("named"), agent_settings=settings).path)
        agent = define(tmp_path, ASKING, "Asking", {"player": fake(server, api_key_env=name)})
        paths.append(play(agent, Path("plug-in")).path)
    assert paths[:3] == paths[3:]
    assert len(server.requests) == 3 * 8, "the same run was played twice"


def test_other_settings_are_another_run(server: FakeServer, tmp_path: Path) -> None:
    agent = define(tmp_path, ASKING, "Asking", {"player": fake(server)})
    play(agent, tmp_path / "run")
    for key, value in (("temperature", 0.5), ("agent", "openai:other"), ("max_tokens", 5)):
        define(tmp_path, ASKING, "Asking", {"player": fake(server, **{key: value})})
        with pytest.raises(RunFolderError, match="player") as refused:
            play(agent, tmp_path / "run")
        assert str(value).removeprefix("openai:") in str(refused.value)


# Cards


def card_run(folder: Path, card: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return cli(folder, "random", "--games", str(card), "--out", str(out))


@pytest.mark.slow
def test_a_card_in_another_checkout_is_the_same_run(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_game(tmp_path / name, name="Moved-v0", steps=4)
    out = tmp_path / "run"
    assert card_run(tmp_path, tmp_path / "a" / "ticks.toml", out).returncode == 0
    lines = (out / "episodes.jsonl").read_bytes()
    shutil.rmtree(tmp_path / "a")
    done = card_run(tmp_path, Path("b/ticks.toml"), out)
    assert done.returncode == 0, done.stderr
    assert (out / "episodes.jsonl").read_bytes() == lines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edited", "old", "new"),
    [
        ("ticks.py", "Tick {", "Tock {"),
        ("ticks.toml", 'title = "Ticks"', 'title = "Tocks"'),
        ("ticks.toml", "fallback = 0", "fallback = 1"),
        ("helper.py", "ticks", "tocks"),
    ],
)
def test_an_edited_game_is_another_run(edited: str, old: str, new: str, tmp_path: Path) -> None:
    card = write_game(tmp_path, name="Edited-v0", steps=4)
    code = (tmp_path / "ticks.py").read_text().replace("A clock ticks.", "{WORDS}")
    (tmp_path / "ticks.py").write_text("from helper import WORDS\n" + code)
    (tmp_path / "helper.py").write_text("WORDS = 'A clock ticks.'\n")
    out = tmp_path / "run"
    done = card_run(tmp_path, card, out)
    assert done.returncode == 0, done.stderr
    lines = (out / "episodes.jsonl").read_bytes()
    file = tmp_path / edited
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    done = card_run(tmp_path, card, out)
    assert done.returncode == 2, done.stderr
    assert "holds another run" in done.stderr
    assert (out / "episodes.jsonl").read_bytes() == lines


# Versions


def test_the_packages_of_a_game_of_ones_own_are_noted(tmp_path: Path) -> None:
    card = write_game(tmp_path, name="Packaged-v0", steps=4)
    code = (tmp_path / "ticks.py").read_text()
    (tmp_path / "ticks.py").write_text(f"import helper\n{code}")
    (tmp_path / "helper.py").write_text("import rich\n")
    run = smartplay.run("random", [card], episodes=1, out=tmp_path / "run")
    assert run.header.versions["rich"] == metadata.version("rich")
    assert "rich" not in smartplay.run("random", "Hanoi3Disk", quick=True).header.versions


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (("versions", "numpy"), "1.26.4"),
        (("versions", "smartplay"), "0.0.9"),
        (("versions", "code"), "another"),
        (("versions", "a package of the agent"), "7.1"),
        (("parser",), 99),
        (("seed",), 5),
        (("repeats",), 2),
        (("retries",), 7),
    ],
)
def test_what_changed_since_is_refused_and_told(
    field: tuple[str, ...], value: Any, tmp_path: Path
) -> None:
    play("random", tmp_path / "run")
    file = tmp_path / "run" / "run.json"
    header = json.loads(file.read_text())
    place = header
    for key in field[:-1]:
        place = place[key]
    place[field[-1]] = value
    file.write_text(json.dumps(header))
    with pytest.raises(RunFolderError, match=field[-1]) as refused:
        play("random", tmp_path / "run")
    assert str(value) in str(refused.value)
    assert "\n" not in str(refused.value)


# What cannot be read back is not written

STRANGE = {
    "none": None,
    "nan": float("nan"),
    "infinite": float("inf"),
    "object": object(),
    "set": {1, 2},
    "bytes": b"\xff",
    "path": Path("x"),
    "long": 2**70,
    "surrogate": "\ud800",
    "keys": {1: 2},
    "nested": {"a": [{"b": (1, None)}]},
    "function": len,
    "type": int,
    "complex": 1j,
    "true": True,
    "tuple": (1, 2),
    "large": 1e150,
}


class Settable:
    def __init__(self, manual: str, actions: list[str], seed: int, depth: Any = 0) -> None: ...

    def act(self, observation: str) -> int:
        return 0


def refused_or_readable(play: Callable[[], Run], out: Path) -> None:
    """A run either is refused with a sentence, or leaves a folder that is taken up and reported.

    Raises:
        AssertionError: If it does neither.
    """
    try:
        run = play()
    except SmartPlayError as error:
        told = str(error)
        assert "\n" not in told
        if not (out / "run.json").exists():
            return
    else:
        assert play().episodes == run.episodes
    folder = RunFolder(out)
    for record in folder.results(folder.header()):
        if record.status == "scored":
            folder.steps(record.game, record.episode)
    build_report(out)


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_settings_of_an_agent(kind: str, tmp_path: Path) -> None:
    out, given_ = tmp_path / "run", {"depth": STRANGE[kind]}
    refused_or_readable(lambda: play(Settable, out, agent_settings=given_), out)


@pytest.mark.parametrize("key", ["history", "disks", "steps", "fallback", "surprise"])
@pytest.mark.parametrize("kind", ["none", "nan", "object", "long", "true", "large", "nested"])
def test_strange_settings_of_a_game(kind: str, key: str, tmp_path: Path) -> None:
    out, given_ = tmp_path / "run", {HANOI: {key: STRANGE[kind]}}
    refused_or_readable(lambda: play("random", out, games=HANOI, game_settings=given_), out)


@pytest.mark.slow
@pytest.mark.parametrize("history", [None, 5, 0, 1])
def test_a_setting_that_plays_is_verified(history: Any, tmp_path: Path) -> None:
    settings = {HANOI: {"history": history}}
    try:
        play("random", tmp_path / "run", games=HANOI, game_settings=settings)
    except SmartPlayError:
        assert not (tmp_path / "run" / "run.json").exists()
        return
    assert main(["verify", str(tmp_path / "run")]) == 0


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=15)
@given(value=plain)
def test_any_setting_is_refused_or_comes_back(
    value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("any") / "run"
    given_ = {"depth": value}
    refused_or_readable(
        lambda: play(Settable, out, agent_settings=given_, episodes=1, steps=1), out
    )


REWARDS = ["1e150", "-1e150", "float('nan')", "float('inf')", "True", "None", "'1'", "1j",
           "np.float32(3)", "np.array(1.0)", "np.int64(2)", "10**400", "1e99"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("place", ["reward", "score"])
@pytest.mark.parametrize("value", REWARDS)
def test_figures_of_a_game_that_cannot_be(value: str, place: str, tmp_path: Path) -> None:
    card = write_game(tmp_path, steps=3)
    code = (tmp_path / "ticks.py").read_text()
    reward = 'float("nan") if FAULT == "reward" else 1.0'
    score = 'float("inf") if FAULT == "score" else float(self.env.ticks)'
    assert reward in code
    assert score in code
    (tmp_path / "ticks.py").write_text(code.replace(reward if place == "reward" else score, value))
    out = tmp_path / "run"
    run = play("random", out, games=str(card))
    assert all(record.error for record in run.unscored)
    folder = RunFolder(out)
    assert folder.results(folder.header()) == run.episodes
    for record in run.episodes:
        if record.status == "scored":
            folder.steps(record.game, record.episode)
    build_report(out)


# Seeds


@pytest.mark.parametrize(
    ("game", "seed", "expected"),
    [
        (HANOI, 0, [1835713226, 129769561, 734400729]),
        ("BanditTwoArmedHighLowFixed", 0, [404088309, 1726079470, 1204918139]),
        (HANOI, 7, [1684306703, 658868273]),
    ],
)
def test_the_seeds_of_games_stay(game: str, seed: int, expected: list[int], tmp_path: Path) -> None:
    """As they were drawn from the beginning: older runs are replayed by them."""
    run = play("random", tmp_path / "run", games=game, seed=seed, episodes=len(expected), steps=1)
    assert [record.seed for record in run.episodes] == expected


def test_agents_have_seeds_of_their_own(tmp_path: Path) -> None:
    games = "contrast,bandit,Hanoi3Disk,RockPaperScissorBasic"
    run = play("random", tmp_path / "run", games=games, steps=1)
    seeds = [record.agent_seed for record in run.episodes]
    assert len(set(seeds)) == len(seeds), "two ids or episodes share an agent's seed"
    assert not set(seeds) & {record.seed for record in run.episodes}
    worlds = [record.seed for record in run.episodes]
    assert len(set(worlds)) == len(worlds), "two ids share a world, the settings of a contrast too"


def test_an_agents_seed_does_not_hang_on_what_else_is_played(tmp_path: Path) -> None:
    together = play("random", tmp_path / "a", games=f"{HANOI},{BANDIT}", episodes=3, steps=1)
    alone = play("random", tmp_path / "b", games=BANDIT, steps=1)
    told = [(r.seed, r.agent_seed) for r in together.episodes if BANDIT in r.game]
    assert told[:2] == [(r.seed, r.agent_seed) for r in alone.episodes]


def test_nothing_of_a_test_is_registered() -> None:
    assert not [name for name in gym.registry if "Edited" in name or "Moved" in name]


def test_a_number_too_long_to_be_written_has_no_digest() -> None:
    number = 10**5000

    def agent(prompt: str) -> str:
        return str(number)[:1]

    assert object_digest(agent) is None
