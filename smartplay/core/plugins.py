"""Finds what other installed packages add through entry points."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

METADATA = (".dist-info", ".egg-info")


def plugins(group: str) -> list[EntryPoint]:
    """The entry points of a group, by name; none is loaded.

    If no package mentions the group, as is usual, the search imports nothing.
    """
    if not any(group.encode() in text for text in _entry_points_files(tuple(sys.path))):
        return []
    from importlib.metadata import entry_points

    return sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value))


@lru_cache
def _entry_points_files(path: Sequence[str]) -> list[bytes]:
    """The contents of `entry_points.txt` of all distributions on a path."""
    found = []
    for folder in path:
        with suppress(OSError), os.scandir(folder or ".") as inside:
            for each in inside:
                if each.name.endswith(METADATA):
                    with suppress(OSError):
                        found.append(Path(each.path, "entry_points.txt").read_bytes())
    return found
