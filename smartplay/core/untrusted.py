"""Reads files of untrusted folders: no links followed, nothing larger than a limit.

A limit is far above what an honest run needs; it keeps a crafted file from filling the memory. A
packed file may grow a thousandfold, so its lines are counted as well.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from smartplay.core.errors import RunFolderError

MEGABYTE = 2**20
HEADER_LIMIT = 8 * MEGABYTE
LINES_LIMIT = 512 * MEGABYTE
LINE_LIMIT = 64 * MEGABYTE
UNPACKED_LIMIT = 2048 * MEGABYTE
KEPT_LIMIT = 512 * MEGABYTE
"""The most bytes to unpack from a packed file that stays in memory as a whole."""
MOST_LINES = 1_000_000


class Part(NamedTuple):
    """A piece of a file.

    Attributes:
        name: What to call it in messages.
        begin: Its first byte.
        end: The byte after its last.
    """

    name: str
    begin: int
    end: int


WHOLE = Part("", 0, sys.maxsize)


def read_file(root: Path, name: str, limit: int, part: Part = WHOLE) -> bytes:
    """Read a file inside a folder.

    Args:
        root: The folder; it may itself be reached through links.
        name: The file's path inside it, with `/` between the parts.
        limit: The most bytes to read.
        part: The piece to read.

    Raises:
        FileNotFoundError: If there is no such file.
        RunFolderError: If it is not a regular file inside the folder, or larger than `limit`.
        OSError: If it cannot be read.
    """
    with open_plain(root, name) as file:
        file.seek(part.begin)
        # One read of `limit` bytes would set aside as much memory, however small the file.
        data = b"".join(_chunks(file, min(limit + 1, part.end - part.begin)))
    if len(data) > limit:
        raise RunFolderError(f"{root / name} is larger than {limit // MEGABYTE} MB: refused")
    return data


def _chunks(file: IO[bytes], most: int) -> Iterator[bytes]:
    """The content of a file, up to `most` bytes, piece by piece."""
    while most > 0 and (chunk := file.read(min(most, MEGABYTE))):
        most -= len(chunk)
        yield chunk


def unpacked_limit(lines: int) -> int:
    """The most bytes that so many packed lines may unpack to."""
    return min(UNPACKED_LIMIT, LINE_LIMIT + lines * MEGABYTE // 4)


def read_packed_lines(
    root: Path,
    name: str,
    lines: int = MOST_LINES,
    limit: int = UNPACKED_LIMIT,
    part: Part = WHOLE,
) -> Iterator[bytes]:
    """Lines of a gzip file inside a folder, unpacked as they are asked for.

    Args:
        root: The folder.
        name: The file's path inside it.
        lines: The most lines an honest file has; each adds a quarter of a megabyte to what may
            be unpacked.
        limit: The most bytes to unpack, however many lines there may be.
        part: The piece of that file that is the gzip file.

    Raises:
        RunFolderError: If the file is missing, no plain file, cut off or damaged, has more lines,
            or a line or the whole is larger than the limits.
    """
    lines = min(lines, MOST_LINES)
    limit = min(limit, unpacked_limit(lines))
    where = f"{root / name}{part.name and ', '}{part.name}"
    number = total = 0
    rest = b""
    try:
        with open_plain(root, name) as packed:
            for chunk in _unpacked(packed, part):
                total += len(chunk)
                *whole, rest = (rest + chunk).split(b"\n")
                if len(rest) > LINE_LIMIT or total > limit:
                    raise RunFolderError(f"{where} unpacks to more than the limit: refused")
                for line in [*whole, rest] if not chunk and rest else whole:
                    number += 1
                    if number > lines:
                        raise RunFolderError(f"{where} has more than {lines} lines: refused")
                    yield line + b"\n"
    except (OSError, EOFError, zlib.error) as error:
        raise RunFolderError(f"cannot read {where}: {error}") from error


def _unpacked(packed: IO[bytes], part: Part) -> Iterator[bytes]:
    """What is in a gzip file of one part, piece by piece, and an empty piece at its end.

    Honest files have one part. Python's reader takes hours for one that ends in a terabyte of
    zeros, which costs no room on a disk.

    Raises:
        EOFError: If it is cut off, or goes on after its end.
    """
    packed.seek(part.begin)
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    while not unpacker.eof:
        most = min(MEGABYTE // 16, part.end - packed.tell())
        data = unpacker.unconsumed_tail or packed.read(most)
        if not data:
            raise EOFError("it is cut off")
        if piece := unpacker.decompress(data, MEGABYTE):
            yield piece
    if unpacker.unused_data or packed.read(min(1, part.end - packed.tell())):
        raise EOFError("there is more after its end")
    yield b""


def own_path(root: Path, name: str) -> Path:
    """A path to write inside a folder.

    Args:
        root: The folder; it may itself be reached through links.
        name: The path inside it, with `/` between the parts; it need not exist.

    Raises:
        RunFolderError: If something on the way is a link, which would lead the writer out of the
            folder, or there is a device, a pipe or a file of several names in its place.
    """
    try:
        path, found = _look(root, name)
    except FileNotFoundError:
        return root / name
    if stat.S_ISDIR(found.st_mode):
        return path
    if not stat.S_ISREG(found.st_mode):
        raise RunFolderError(f"{path} is not a regular file")
    if found.st_nlink > 1:
        raise RunFolderError(
            f"{path} is a hard link: writing it would change another file too; copy the folder"
        )
    return path


def open_plain(root: Path, name: str) -> io.BufferedReader:
    """Open a plain file; a link, device or pipe anywhere below `root` is refused.

    Args:
        root: The folder.
        name: The file's path inside it.

    Raises:
        FileNotFoundError: If there is no such file.
        RunFolderError: If it is refused.
        OSError: If it cannot be opened.
    """
    path, found = _look(root, name)
    if not stat.S_ISREG(found.st_mode):
        raise RunFolderError(f"{path} is not a regular file")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return io.BufferedReader(io.FileIO(os.open(path, flags)))


def _look(root: Path, name: str) -> tuple[Path, os.stat_result]:
    """The path and state of what a name inside a folder refers to, if no link leads there."""
    path = root
    for part in name.split("/"):
        if part in ("", ".", "..") or "\\" in part or "\0" in part:
            raise RunFolderError(f"{name!r} is not a path inside a run folder")
        path = path / part
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise RunFolderError(f"{path} is a link; a run folder must hold its files itself")
    return path, found
