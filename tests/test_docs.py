"""What pages show can be typed: commands and options exist, commands and code run."""

from __future__ import annotations

import argparse
import importlib.util
import re
import shlex
import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.cli import main, parser
from smartplay.games import registry
from tests.fake_server import FakeServer

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("games/*/README.md"),
        ROOT / "SECURITY.md",
    ]
)
each_page = pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
RUN_WHOLE = ("README.md", "docs/agents.md", "docs/environments.md", "docs/tutorial.md")
COMMAND = re.compile(r"\bsmartplay ([a-z]+(?:-[a-z]+)*)\b((?: [^`\n#|&;)]*)?)")
SYNOPSIS = re.compile(r"[\[\]…|]")
STANDS_FOR = {
    r"\b(openai|anthropic):\w+": "openai:small",
    r"\bAGENT\b": "random",
    r"\bRUN RUN\b": "runs/one runs/two",
    r"\bRUN\b": "runs/one",
    r"runs/\*": "runs/one runs/two",
    r"\bOWNER/NAME\b": "owner/name",
    r"--base-url \S+": "",
}
"""What a reader has, for what a page writes in its place; the service is one on this machine."""
NOT_RUN = {
    r" > ": "writes into the reader's home: tests/test_completion.py",
    r"\blocal\b": "needs the weights of the embedded model: tests/test_models_local.py",
    r"\binspect:|\bimport\b": "needs Inspect AI: tests/test_inspect.py",
    r" serve ": "stays up: tests/test_openenv.py and tests/test_mcp.py",
    r"--cluster": "needs workers: tests/test_cluster.py",
    r" play ": "needs a terminal: tests/test_play_terminal.py",
    r" suite |--suite": "needs a secret that is made first: tests/test_suite.py",
    r"diagnose .*crafter": "takes minutes: tests/test_diagnosis.py",
    r"validity --": "takes minutes: tests/test_validity.py and tests/test_attacks.py",
    r"lights": "needs a package to be installed: tests/test_packs.py",
    r"vote\.py|my_agent\.py": "needs the page's own file: tests/test_agents.py",
    r"[A-Z]+\.toml|PRIVATE": "needs a file of the reader's",
    r" study ": "takes minutes: tests/test_studies.py",
    r"towers/": "needs people who took part: tests/test_web_experiment.py",
}
"""Shown commands that are not run here, and why not."""
SHORT = {
    "run": ["--episodes", "1", "--steps", "2"],
    "measure": ["--max-calls", "60"],
}
"""Options by which a command takes seconds."""
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def code(page: Path, *languages: str) -> list[str]:
    """The blocks of code of a page, in these languages."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    blocks = re.findall(r"^ *```([^`\n]*)\n(.*?)^ *```$", text, re.M | re.S)
    return [textwrap.dedent(block) for language, block in blocks if language in languages]


def options() -> dict[str, set[str]]:
    """The options of each command."""
    (commands,) = (
        each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)
    )
    return {
        name: {option for action in command._actions for option in action.option_strings}
        for name, command in commands.choices.items()
    }


@each_page
def test_commands_and_options_exist(page: Path) -> None:
    known = options()
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    shown = "\n".join(re.findall(r"`[^`\n]+`", text) + code(page, "bash", "sh", "text", ""))
    for command, rest in COMMAND.findall(shown):
        assert command in known, f"there is no command smartplay {command}"
        unknown = set(OPTION.findall(rest)) - known[command]
        assert not unknown, f"smartplay {command} has no {', '.join(sorted(unknown))}"


@each_page
def test_whole_commands_are_understood(page: Path) -> None:
    for written in "\n".join(code(page, "bash", "sh")).splitlines():
        line = written.partition(" > ")[0]
        if line.startswith("smartplay ") and not re.search(r"[\[\]…|&;]", line.split("#")[0]):
            parser().parse_args(shlex.split(line, comments=True)[1:])


def shown(page: Path) -> list[str]:
    """The commands that a page shows whole, as typed."""
    found = []
    for line in "\n".join(code(page, "bash", "sh", "text", "")).splitlines():
        typed = re.split(r"\s{2,}|\s#|&&", line)[0].strip()
        if typed.startswith("smartplay ") and not SYNOPSIS.search(typed):
            found.append(typed)
    return found


@each_page
def test_tools_exist(page: Path) -> None:
    for module in re.findall(r"python -m ((?:tools|tests)\.\w+)", page.read_text("utf-8")):
        assert importlib.util.find_spec(module), f"there is no {module}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [p for p in PAGES if shown(p)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_shown_commands_run(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: FakeServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for card in smartplay.cards():
        if not card.environment.startswith("smartplay."):  # other tests', from other folders
            monkeypatch.delitem(registry._cards, card.id)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-reader")
    server.say("Answer: 1")
    for folder in ("agents", "games"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "leaderboard" / "entries").mkdir(parents=True)
    for name in ("one", "two"):
        smartplay.run(
            "reference", ["Hanoi3Disk"], episodes=6, out=Path("runs", name), progress=False
        )
    for typed in shown(page):
        if any(re.search(pattern, typed) for pattern in NOT_RUN):
            if out := re.search(r"--out (runs/\S+)", typed):  # what comes after it is run
                shutil.copytree(Path("runs", "one"), out[1])
            continue
        for pattern, meant in STANDS_FOR.items():
            typed = re.sub(pattern, meant, typed)
        _, command, *rest = shlex.split(typed)
        short = [] if "--quick" in rest else SHORT.get(command, [])
        if command == "run" and "--games" not in rest:
            short = [*short, "--games", "hanoi"]
        assert main([command, *rest, *short]) == 0, f"{typed}\n{capsys.readouterr().err}"


@each_page
def test_python_is_valid(page: Path) -> None:
    for block in code(page, "python"):
        compile(block, str(page), "exec")


@pytest.mark.parametrize("page", RUN_WHOLE)
def test_python_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    smartplay.run("random", ["Hanoi3Disk"], episodes=2, out=Path("runs/other"), progress=False)
    names: dict[str, Any] = {"__name__": "page"}
    for block in code(ROOT / page, "python"):
        exec(compile(block, page, "exec"), names)
    for made in ("env", "envs"):
        if made in names:
            names[made].close()


def test_every_page_is_on_the_site() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in ROOT.glob("docs/*.md"):
        assert page.name == "index.md" or re.search(rf"^{page.stem}$", index, re.M), page.name
