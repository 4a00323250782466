"""Writes a new game as a small package that can be installed: `smartplay new-game`."""

from __future__ import annotations

import keyword
import re
import sys
from importlib import resources
from pathlib import Path
from string import Template
from typing import NamedTuple

from smartplay.core.errors import UsageError
from smartplay.core.version import __version__
from smartplay.games.registry import SELECTIONS, cards, packs

FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "$package/__init__.py": "package.py",
    "$package/$module.py": "game.py",
    "$package/$module.toml": "card.toml",
    "tests/test_$module.py": "test_game.py",
}
"""Where each template goes."""
NAME = re.compile(r"[a-z][a-z0-9]*([ _-][a-z0-9]+)*")


class Scaffold(NamedTuple):
    """What was written.

    Attributes:
        folder: The package's folder.
        card: Its card file.
    """

    folder: Path
    card: Path


def write_game(name: str, out: Path | None = None) -> Scaffold:
    """Write the files of a new game: module, card, test, dossier and what installs them.

    Args:
        name: Small words, such as `lights-out`.
        out: The folder to make; `smartplay-NAME` by default.

    Raises:
        UsageError: If the name will not do or is taken, or the folder is not empty or cannot be
            written.
    """
    words = _words(name)
    folder = out or Path(words["distribution"])
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} already exists; choose another folder with --out")
    templates = resources.files("smartplay.games") / "templates"
    try:
        for place, template in FILES.items():
            path = folder / Template(place).substitute(words)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = (templates / f"{template}.tmpl").read_text(encoding="utf-8")
            path.write_text(Template(text).substitute(words), encoding="utf-8")
        (folder / words["package"] / "py.typed").touch()
    except OSError as error:
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
    return Scaffold(folder, folder / words["package"] / f"{words['module']}.toml")


def _words(name: str) -> dict[str, str]:
    """The forms of a name that templates use."""
    if not NAME.fullmatch(name):
        raise UsageError(f"a game's name must be lower-case words such as lights-out, not {name!r}")
    parts = re.split("[ _-]", name)
    module, word = "_".join(parts), "".join(part.capitalize() for part in parts)
    taken = {*SELECTIONS, *(card.family for card in cards()), *(pack.name for pack in packs())}
    taken |= {*sys.stdlib_module_names, *keyword.kwlist}
    if module in taken or word in {card.name for card in cards()}:
        raise UsageError(f"the name {name} is taken; choose another")
    return {
        "distribution": f"smartplay-{'-'.join(parts)}",
        "package": f"smartplay_{module}",
        "module": module,
        "word": word,
        "title": " ".join(part.capitalize() for part in parts),
        "version": __version__,
    }
