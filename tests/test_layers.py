"""Imports inside the library point down only.

`LAYERS` is the whole picture, from the top. A module belongs to the longest name that begins its
own; it may import its own layer (unless the layer's names are kept apart) and every layer below.
"""

from __future__ import annotations

import ast
import functools
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "smartplay"

LAYERS = [
    "cli __main__ __init__",
    "web",
    "adapters",
    "bench bench_vectors play results original",
    "leaderboard studies",
    "report",
    "validity",
    "runner",
    "scores",
    "agents models",
    "parsing",
    "records",
    "games",
    "cards",
    "core",
]

ONLY = {
    "scores": "cards records core",
    "runner": "scores agents models games records cards parsing core",
}
"""Names that may import less than all that lies below them."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names.split()}
FILES = sorted(ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    """`scoring`, `games.hanoi`, … : the dotted name below `smartplay`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The name in the table a module belongs to."""
    part = module.split(".")[0] or "__init__"
    assert part in LEVEL, f"smartplay.{module} is in no layer; give it a place in LAYERS"
    return part


@functools.cache
def imports(path: Path, source: str) -> list[tuple[int, str]]:
    """Line and dotted name below `smartplay` of everything a module imports, anywhere in it."""
    package = ["smartplay", *path.relative_to(ROOT).parts[:-1]]
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        found += [
            (node.lineno, name.removeprefix("smartplay").lstrip("."))
            for name in names
            if name == "smartplay" or name.startswith("smartplay.")
        ]
    return found


def wrong(path: Path, source: str) -> list[str]:
    """Every import of a module that goes the wrong way."""
    own = part_of(module_of(path))
    allowed = ONLY.get(own)
    found = []
    for line, name in imports(path, source):
        part = name.split(".")[0]
        if part not in LEVEL:  # `from smartplay import Observation` goes through the top
            part = "__init__"
        upwards = LEVEL[part] < LEVEL[own]
        outside = allowed is not None and part not in {own, *allowed.split()}
        if upwards or outside:
            found.append(f"smartplay.{module_of(path)}, line {line}: imports smartplay.{name}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: module_of(path) or "top")
def test_imports_point_down(path: Path) -> None:
    assert not wrong(path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("scores/scoring.py", "from smartplay.runner import run"),
        ("scores/scoring.py", "from smartplay.games.registry import cards"),
        ("scores/scoring.py", "def f():\n    import smartplay.games.hanoi"),
        ("cards/card.py", "from smartplay.games import registry"),
        ("cards/card.py", "import smartplay"),
        ("cards/card.py", "from smartplay import get_card"),
        ("cards/card.py", "from .. import runner"),
        ("cards/card.py", "from ..runner import run"),
        ("games/hanoi.py", "if True:\n    from smartplay.agents.context import Reply"),
        ("games/hanoi.py", "from ..agents import context"),
        ("scores/thresholds.py", "from smartplay.runner.plan import plan_run"),
        ("runner/plan.py", "from smartplay.report import build_report"),
        ("agents/catalog.py", "def f():\n    from smartplay.runner import run"),
        ("report/build.py", "from smartplay.cli.output import OK"),
        ("leaderboard/table.py", "from smartplay.cli import main"),
    ],
)
def test_a_wrong_import_is_seen(module: str, source: str) -> None:
    assert wrong(ROOT / module, source), f"{source!r} in {module} went unnoticed"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("scores/scoring.py", "from smartplay.records import Usage"),
        ("cards/card.py", "from ..core.errors import CardError"),
        ("games/hanoi/env.py", "from . import rules\nfrom ..pictures import x"),
        ("cli/commands/run.py", "from smartplay.bench import run"),
        ("agents/llm.py", "from smartplay.models.base import Model"),
        ("runner/streams.py", "from smartplay.scores.thresholds import choices"),
        ("leaderboard/table.py", "from smartplay.report import build_report"),
    ],
)
def test_a_right_import_is_let_through(module: str, source: str) -> None:
    assert not wrong(ROOT / module, source)


def reached(module: str) -> set[str]:
    """All modules that importing one imports, itself among them."""
    found, left = set[str](), [module]
    paths = {module_of(path): path for path in FILES}
    while left:
        name = left.pop()
        for place in (name, name.rpartition(".")[0]):  # `from smartplay.a import b` is a.b or a
            if place in paths and place not in found:
                found.add(place)
                source = paths[place].read_text(encoding="utf-8")
                left += [each for _, each in imports(paths[place], source)]
    return found


def test_aids_know_the_text_and_no_agent() -> None:
    paths = [path for path in FILES if module_of(path).startswith("agents.aids")]
    told = [name for path in paths for _, name in imports(path, path.read_text("utf-8"))]
    named = {name.rpartition(".")[0] for name in told if not name.startswith("agents.aids")}
    words = {f"games.messenger.{name}" for name in ("deal", "grammar", "reading")}
    assert named == words | {"agents.context", "agents.wrappers", "cards.capabilities",
                             "core.errors"}  # fmt: skip
    known = reached("agents.aids")
    assert {module_of(path) for path in paths} <= known
    assert not {name for name in known if name.startswith("agents.reference")}
    assert "agents.ablations" not in known
    assert "agents.aids" not in reached("agents.reference")


def test_a_module_without_a_layer_fails() -> None:
    with pytest.raises(AssertionError, match="in no layer"):
        wrong(ROOT / "novelty.py", "")


def test_no_layer_is_empty() -> None:
    there = {part_of(module_of(path)) for path in FILES}
    assert set(LEVEL) - there <= {"leaderboard", "models"}, "a name in LAYERS has no module"


def circle(sources: dict[str, str]) -> list[str]:
    """Modules of a room that import one another in a circle, from their sources by path."""
    named = {module_of(ROOT / path): path for path in sources}

    def module(name: str) -> str:
        while name and name not in named:  # a name inside a module
            name = name.rpartition(".")[0]
        return name

    graph = {
        own: {module(name) for _, name in imports(ROOT / path, sources[path])} - {own, ""}
        for own, path in named.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize(
    "room", sorted({part_of(module_of(path)) for path in FILES} - {"__init__"})
)
def test_no_room_goes_in_circles(room: str) -> None:
    files = [path for path in FILES if part_of(module_of(path)) == room]
    told = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files}
    assert circle(told) == []


def test_a_circle_is_seen() -> None:
    below = {"report/a.py": "def f():\n    from smartplay.report.b import g", "report/c.py": ""}
    assert circle(below | {"report/b.py": "from smartplay.report import c"}) == []
    found = circle(below | {"report/b.py": "from . import a"})
    assert set(found) == {"report.a", "report.b"}
