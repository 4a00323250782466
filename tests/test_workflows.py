"""What GitHub's workflows run is there: sessions of nox, extras, tools and tests."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def commands(path: Path) -> str:
    """What the jobs of a workflow run, a value of its matrix in the place of each expression."""
    yaml = pytest.importorskip("yaml")
    jobs: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    lines = []
    for job in jobs.values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            found = [step.get("run", "")]
            for key, values in matrix.items():
                written = f"${{{{ matrix.{key} }}}}"
                if any(written in line for line in found):
                    found = [line.replace(written, str(v)) for line in found for v in values]
            lines += found
    return "\n".join(lines)


@each_workflow
def test_sessions_of_nox_exist(path: Path) -> None:
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    known = set(re.findall(r"^def (\w+)\(session", text, re.M))
    known |= {f"adapters({name})" for name in ("inspect", "openenv", "mcp")}
    for called in re.findall(r"nox -s (.+)", commands(path)):
        for session in called.replace('"', "").split():
            assert session in known, f"{path.name} runs nox -s {session}, which does not exist"


@each_workflow
def test_extras_exist(path: Path) -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    for extra in re.findall(r"\[(\w+)\]\"", commands(path)):
        assert extra in setup["options.extras_require"], f"{path.name} installs [{extra}]"


@each_workflow
def test_tools_exist(path: Path) -> None:
    for module in re.findall(r"python -m (tools\.\w+)", commands(path)):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), f"{path.name} runs {module}"
