"""Reads the tables of a card file, unchecked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from smartplay.core.errors import CardError
from smartplay.core.toml_file import overlay, read_toml

HISTORY = 0
"""How many past observations a prompt shows if a card does not say."""
TEXT_LIMIT = 2000
"""The longest observation in characters, likewise."""


def id_tables(path: Path) -> dict[str, dict[str, Any]]:
    """The tables of the ids of a card file, each laid over the defaults, in the file's order.

    Args:
        path: The TOML file.

    Raises:
        CardError: If the file cannot be read, or names no id; the message says where and why.
    """
    data = read_toml(path, "card", CardError)
    ids, defaults = data.pop("ids", None), data.pop("defaults", {})
    if data:
        raise CardError(
            f"card {path}: unknown table or key {', '.join(map(repr, data))}; "
            "a card has [defaults] and [ids.NAME-v0] tables"
        )
    if not isinstance(ids, dict) or not ids or not isinstance(defaults, dict):
        raise CardError(f"card {path} names no id; add a table such as [ids.MyGame-v0]")
    for name, own in ids.items():
        if not isinstance(own, dict):
            raise CardError(f"card {path}, [ids.{name}]: expected a table")
    return {name: overlay(defaults, own) for name, own in ids.items()}
