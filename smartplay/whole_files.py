"""Writes files so that they are seen either not at all or whole, whenever the writer is killed."""

from __future__ import annotations

import os
from pathlib import Path

PART = ".part"


def remove_parts(folder: Path) -> None:
    """Remove what `write_atomically` leaves behind if it is killed."""
    for path in folder.rglob(f"*{PART}"):
        path.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is seen either not at all or whole."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
