"""Wheel and sdist, built from a clean copy: complete, and playable outside the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "runs", "*.pyc"
)


class Built(NamedTuple):
    wheel: Path
    sdist: Path


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    line = list(map(str, command))
    told = subprocess.run(
        line, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
    return told.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The wheel is built from the sdist, so that what the sdist lacks is seen."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT, folder / "clean", ignore=LEFT_OUT)
    run(
        sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, "clean", cwd=folder
    )  # fmt: skip
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="module")
def python(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, and a path to the packages of this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index",
        "--quiet", built.wheel, cwd=folder,
    )  # fmt: skip
    (packages / "present.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def of_library() -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "smartplay").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_the_wheel_holds_the_library_and_nothing_else(built: Built) -> None:
    names = set(zipfile.ZipFile(built.wheel).namelist())
    inside = {name for name in names if name.startswith("smartplay/")}
    own = {name for name in names if ".dist-info/" in name}
    assert names == inside | own, "the wheel installs other top-level packages"
    wanted = of_library()
    assert wanted - inside == set()
    assert "smartplay/py.typed" in inside
    assert "smartplay/games/hanoi.toml" in inside
    assert any(name.endswith("/LICENSE") for name in own)
    entry_points = zipfile.ZipFile(built.wheel).read(
        next(name for name in own if name.endswith("entry_points.txt"))
    )
    assert b"smartplay = smartplay.cli:main" in entry_points


@pytest.mark.slow
def test_the_sdist_holds_all_that_the_tests_need(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = of_library()
    wanted |= {"README.md", "LICENSE", "setup.cfg", "pyproject.toml", "smartplay/py.typed"}
    wanted |= {"CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "SECURITY.md", "noxfile.py"}
    for folder in ("tests", "games", "agents", "docs", "tools"):
        wanted |= {
            str(path.relative_to(ROOT))
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and path.suffix in {".py", ".toml", ".md", ".txt", ".png", ".ipynb"}
            if not {"reference", "_build"} & {*path.relative_to(ROOT).parts}
        }
    assert wanted - names == set()
    assert not [name for name in names if name.endswith(".pyc")]


@pytest.mark.slow
def test_the_metadata(built: Built) -> None:
    archive = zipfile.ZipFile(built.wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
    told = archive.read(name).decode()
    for extra in ("local", "openai", "anthropic", "cluster", "test", "fast"):
        assert f"Provides-Extra: {extra}" in told
    assert "Requires-Python: >=3.11" in told
    assert "Description-Content-Type: text/markdown" in told
    core = [
        line.split()[1].split(">")[0]
        for line in told.splitlines()
        if line.startswith("Requires-Dist: ") and ";" not in line
    ]
    assert set(core) <= {
        "filelock", "gymnasium", "jinja2", "markupsafe", "numpy", "crafter", "pygame", "msgspec",
        "pillow", "rich", "scipy",
    }  # fmt: skip


OUTSIDE = """
import gymnasium as gym
import smartplay
from pathlib import Path

assert Path(smartplay.__file__).is_relative_to({packages!r}), smartplay.__file__
for name in smartplay.env_list:
    if name.startswith(("Bandit", "Rock", "Hanoi", "MessengerL1")):
        env = gym.make(f"smartplay/{{name}}")
        env.reset(seed=0)
        text, *_ = env.step(0)
        assert text
print(len(smartplay.env_list))
"""


@pytest.mark.slow
def test_games_can_be_made_outside_the_repository(python: Path, tmp_path: Path) -> None:
    packages = str(python.parents[1])
    told = run(python, "-c", OUTSIDE.format(packages=packages), cwd=tmp_path)
    assert int(told) >= 8


@pytest.mark.slow
def test_the_command_works_outside_the_repository(python: Path, tmp_path: Path) -> None:
    command = python.parent / "smartplay"
    told = run(command, "run", "reference", "--games", "Hanoi3Disk", cwd=tmp_path)
    assert re.search(r"3\.00? \[\d\.\d+, 3\.00?\]", told), told
    assert list(tmp_path.glob("runs/reference-*/report.md"))
