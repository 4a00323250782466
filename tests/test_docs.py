"""What pages show can be typed: commands and options exist, code runs."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay.cli import parser

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
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def code(page: Path, *languages: str) -> list[str]:
    """The blocks of code of a page, in these languages."""
    kinds = "|".join(languages)
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(rf"^```(?:{kinds})\n(.*?)^```", text, re.M | re.S)


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
