"""Builds the site from what stands in the repository: `sphinx-build -W -c docs . docs/_build`.

The pages are the Markdown files that people also read in the repository, so its root is the root of
the site. The reference of commands is written from their parsers, that of Python and of files from
docstrings, the leaderboard and the text that agents read from the files that are kept of them; the
notebooks are run.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import re
import shutil
from pathlib import Path
from typing import Any

import smartplay
from smartplay.cli import parser

ROOT = Path(__file__).parents[1]
SHOWN = 40  # lines of a transcript
PAGE_LINK = re.compile(r"\[([^]]+)\]\(((?:site/|prices)[^)]*)\)")

project = "SmartPlay"
version = release = smartplay.__version__
root_doc = "docs/index"
include_patterns = [
    "docs/**", "games/*/README.md", "leaderboard/README.md", "CHANGELOG.md", "CONTRIBUTING.md"
]  # fmt: skip
exclude_patterns = ["docs/_build", "**/.ipynb_checkpoints"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
napoleon_use_ivar = True
default_role = "code"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
html_theme = "furo"
html_title = "SmartPlay"
html_copy_source = False
html_show_copyright = False

FILES = {
    "A run folder": ("smartplay.records", "RunHeader GameHeader Measurement Session EpisodeRecord "
        "RoleUse Usage EpisodeHeader StepRecord Attempt Call ToolCall"),
    "A game card": ("smartplay.cards.card", "GameCard Dial Contrast"),
    "An entry of the leaderboard": ("smartplay.leaderboard.claims", "EntryInfo Claim"),
    "A file of prices": ("smartplay.records.prices", "Prices Price"),
    "A private suite": ("smartplay.runner.suite", "Suite"),
}  # fmt: skip
"""What is kept in files: the module that describes each, and its classes."""


def setup(app: Any) -> None:
    """Write the reference before the pages are read, and what belongs beside them at the end."""
    app.connect("builder-inited", _write_reference)
    app.connect("source-read", _complete)
    app.connect("build-finished", _add_pages)


def _write_reference(app: Any) -> None:
    folder = ROOT / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    (folder / "commands.md").write_text(_commands(), encoding="utf-8")
    (folder / "python.rst").write_text(_python(), encoding="utf-8")
    (folder / "files.md").write_text(_files(), encoding="utf-8")


def _commands() -> str:
    os.environ["COLUMNS"] = "100"
    whole = parser()
    (commands,) = (each for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    parts = ["# Commands", "Every command takes `--help`.", _block(whole.format_help())]
    for name, command in commands.choices.items():
        parts += [f"## smartplay {name}", _block(command.format_help())]
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _python() -> str:
    parts = ["Python", "======", "", "What ``import smartplay`` offers.", ""]
    offered = [(name, getattr(smartplay, name)) for name in smartplay.__all__]
    for title, kind, fits in (
        ("Functions", "function", inspect.isfunction),
        ("Classes", "class", lambda found: isinstance(found, type)),
    ):
        parts += [title, "-" * len(title), ""]
        for _, found in filter(lambda each: fits(each[1]), offered):
            parts += [f".. auto{kind}:: {found.__module__}.{found.__qualname__}", ""]
    return "\n".join(parts)


def _files() -> str:
    parts = ["# Files", "What SmartPlay keeps in files, as the code describes it."]
    for title, (module, names) in FILES.items():
        described = inspect.getdoc(importlib.import_module(module))
        classes = "\n\n".join(
            f".. autoclass:: {module}.{name}\n   :no-members:\n   :no-index:"
            for name in names.split()
        )
        parts += [f"## {title}", str(described), f"```{{eval-rst}}\n{classes}\n```"]
    return "\n\n".join(parts) + "\n"


def _complete(app: Any, name: str, source: list[str]) -> None:
    """Put what an agent reads below a game's dossier, and link the leaderboard's own pages."""
    if name.startswith("games/"):
        source[0] += _beginning(sorted((ROOT / name).parent.glob("*.txt")))
    elif name == "leaderboard/README":
        source[0] = PAGE_LINK.sub(
            r'<a href="\2">\1</a>', source[0].replace("[`", "[").replace("`]", "]")
        )


def _beginning(transcripts: list[Path]) -> str:
    first, *others = transcripts
    lines = first.read_text(encoding="utf-8").splitlines()
    rest = [f"… and {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    of_others = f", and those of {len(others)} other ids" if others else ""
    return (
        f"\n## What an agent reads\n\nThe beginning of `{first.relative_to(ROOT)}`: the manual and "
        f"some steps. The repository keeps the whole of it{of_others}.\n\n"
        f"{_block(chr(10).join([*lines[:SHOWN], *rest]))}\n"
    )


def _add_pages(app: Any, error: Exception | None) -> None:
    """The leaderboard's own pages, and a first page that leads to that of the docs."""
    if error is None:
        out = Path(app.outdir)
        shutil.copytree(ROOT / "leaderboard/site", out / "leaderboard/site", dirs_exist_ok=True)
        shutil.copy(ROOT / "leaderboard" / "prices.toml", out / "leaderboard")
        first = '<!DOCTYPE html><meta http-equiv="refresh" content="0; url=docs/index.html">'
        (out / "index.html").write_text(f"{first}<title>SmartPlay</title>\n", encoding="utf-8")
