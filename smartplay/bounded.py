"""Reads files of folders that strangers made: no links followed, nothing larger than a limit.

A limit is far above what an honest run needs; it keeps a crafted file from filling the memory.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from smartplay.errors import RunFolderError

MEGABYTE = 2**20
HEADER_LIMIT = 8 * MEGABYTE
LINES_LIMIT = 512 * MEGABYTE
LINE_LIMIT = 64 * MEGABYTE
UNPACKED_LIMIT = 2048 * MEGABYTE


def read_file(root: Path, name: str, limit: int) -> bytes:
    """Read a file inside a folder.

    Args:
        root: The folder; it may itself be reached through links.
        name: The file's path inside it, with `/` between the parts.
        limit: The most bytes to read.

    Raises:
        FileNotFoundError: If there is no such file.
        RunFolderError: If it is no plain file inside the folder, or larger than `limit`.
        OSError: If it cannot be read.
    """
    with _open(root, name) as file:
        # One read of `limit` bytes would set aside as much memory, however small the file.
        data = b"".join(_chunks(file, limit + 1))
    if len(data) > limit:
        raise RunFolderError(f"{root / name} is larger than {limit // MEGABYTE} MB: refused")
    return data


def _chunks(file: IO[bytes], most: int) -> Iterator[bytes]:
    """What is in a file, up to `most` bytes, piece by piece."""
    while most > 0 and (chunk := file.read(min(most, MEGABYTE))):
        most -= len(chunk)
        yield chunk


def read_packed_lines(root: Path, name: str) -> Iterator[bytes]:
    """Lines of a gzip file inside a folder, unpacked as they are asked for.

    Raises:
        RunFolderError: If the file is missing, no plain file, cut off or damaged, or a line or
            the whole is larger than the limits of this module.
    """
    total = 0
    try:
        with _open(root, name) as packed, gzip.GzipFile(fileobj=packed) as file:
            while line := file.readline(LINE_LIMIT + 1):
                total += len(line)
                if len(line) > LINE_LIMIT or total > UNPACKED_LIMIT:
                    raise RunFolderError(f"{root / name} unpacks to more than the limit: refused")
                yield line
    except (OSError, EOFError, zlib.error) as error:
        raise RunFolderError(f"cannot read {root / name}: {error}") from error


def _open(root: Path, name: str) -> io.BufferedReader:
    """Open a plain file; a link, device or pipe anywhere below `root` is refused."""
    path = root
    for part in name.split("/"):
        if part in ("", ".", "..") or "\\" in part or "\0" in part:
            raise RunFolderError(f"{name!r} is no path inside a run folder")
        path = path / part
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise RunFolderError(f"{path} is a link; a run folder must hold its files itself")
    if not stat.S_ISREG(mode):
        raise RunFolderError(f"{path} is no plain file")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return io.BufferedReader(io.FileIO(os.open(path, flags)))
