"""Writes files that readers see either whole or not at all, whenever the writer is killed.

An untrusted folder may hold links to other people's files. A new file under a name that nobody can
guess is no such link, and moving it over a link replaces the link.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from smartplay.core.errors import UsageError

PART = ".part"


def remove_parts(folder: Path) -> None:
    """Remove what `write_atomically` leaves behind if it is killed; no link is followed."""
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(PART):
                Path(place, name).unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file that readers see either whole or not at all.

    Args:
        path: The file.
        data: All of it, or one part after the other.

    Raises:
        OSError: If it cannot be written, or is no file but a folder or a device.
    """
    if path.exists() and not path.is_file():  # a device or a pipe would be lost
        raise OSError(errno.EINVAL, "it is no file")
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}{PART}")
    try:
        with temporary.open("xb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def writing(where: object, error_class: type[UsageError] = UsageError) -> Iterator[None]:
    """Turn an `OSError` in the block into an error that says what could not be written, and why.

    Raises:
        UsageError: If the block raises an `OSError`; of `error_class`.
    """
    try:
        yield
    except OSError as error:
        raise error_class(f"cannot write {where}: {error.strerror or error}") from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def drop_half_line(path: Path) -> None:
    """Cut off what follows the last newline of a file, a line that a killed writer began.

    Raises:
        OSError: If it cannot be read or written.
    """
    with path.open("r+b") as file:
        data = file.read()
        if not data.endswith(b"\n"):
            file.truncate(data.rfind(b"\n") + 1)
