"""Builds the site from what stands in the repository: `sphinx-build -W -c docs . docs/_build`.

The pages are the Markdown files that people also read in the repository, so its root is the root of
the site. The reference of commands is written from their parsers, that of Python from docstrings.
"""

from __future__ import annotations

import argparse
import inspect
import os
from pathlib import Path
from typing import Any

import smartplay
from smartplay.cli import parser

ROOT = Path(__file__).parents[1]

project = "SmartPlay"
version = release = smartplay.__version__
root_doc = "docs/index"
include_patterns = ["docs/**", "games/*/README.md", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = ["docs/_build", "**/.ipynb_checkpoints"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
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


def setup(app: Any) -> None:
    """Write the reference before the pages are read."""
    app.connect("builder-inited", _write_reference)


def _write_reference(app: Any) -> None:
    folder = ROOT / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    (folder / "commands.md").write_text(_commands(), encoding="utf-8")
    (folder / "python.rst").write_text(_python(), encoding="utf-8")


def _commands() -> str:
    os.environ["COLUMNS"] = "100"
    whole = parser()
    (commands,) = (each for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    parts = ["# Commands", "Every command takes `--help`.", _block(whole)]
    for name, command in commands.choices.items():
        parts += [f"## smartplay {name}", _block(command)]
    return "\n\n".join(parts) + "\n"


def _block(command: argparse.ArgumentParser) -> str:
    return f"```text\n{command.format_help().rstrip()}\n```"


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
