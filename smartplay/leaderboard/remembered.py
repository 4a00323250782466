"""Remembers what earlier builds on this machine found, so that a build checks only what is new.

The key of a result is a digest of all that it depends on: the entry's files, this package's code
and data, the versions of Python and of the packages that games use, the prices and the revealed
suites. Results lie in the user's cache folder; no entry can supply one. An entry that did not
verify is checked again each time.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from smartplay.core.cache import cache_folder
from smartplay.core.whole_files import file_digest, write_atomically
from smartplay.records.prices import Prices
from smartplay.runner.plan import CODED, own_digest
from smartplay.runner.suite import Suite

T = TypeVar("T")
MOST_FILES, MOST_BYTES = 10_000, 2**30
"""The most files of an entry that is remembered."""
READ = (*CODED, ".json", ".md", ".html", ".j2", ".css", ".js", ".txt", ".tmpl")
"""Kinds of files in this package from which rows and pages are made."""
RESTS_ON = ("numpy", "gymnasium", "crafter", "msgspec", "jinja2", "pillow")


def digest_of(entry: Path, suites: Sequence[Suite], prices: Prices | None) -> str:
    """A digest of all that an entry's row and page depend on; empty if it cannot be remembered."""
    files = _files(entry)
    if files is None:
        return ""
    hashes = sorted(suite.hash for suite in suites)
    rests_on = [entry.name, files, hashes, prices, own_digest(("",), READ), _versions()]
    return hashlib.sha256(msgspec.json.encode(rests_on)).hexdigest()


def recall(digest: str, kind: type[T]) -> T | None:
    """The result kept under a digest; None if there is none, or it cannot be read."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.msgpack.decode((_folder() / digest).read_bytes(), type=kind)
    return None


def keep(digest: str, found: Any) -> None:
    """Keep a result; does nothing without a digest, or if the cache cannot be written."""
    with suppress(OSError):
        if digest:
            _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(_folder() / digest, msgspec.msgpack.encode(found))


def _folder() -> Path:
    return cache_folder() / "verified"


def _files(entry: Path) -> dict[str, str] | None:
    """The digest of each file of an entry, by path; None if it holds anything but files."""
    found: dict[str, str] = {}
    total = 0
    for place, folders, names in os.walk(entry):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            about = path.lstat()
            total += about.st_size
            if not stat.S_ISREG(about.st_mode) or total > MOST_BYTES or len(found) >= MOST_FILES:
                return None
            found[path.relative_to(entry).as_posix()] = file_digest(path)
        if any(Path(place, folder).is_symlink() for folder in folders):
            return None
    return found


@cache
def _versions() -> list[str]:
    found = [platform.python_version(), platform.machine()]
    for package in RESTS_ON:
        with suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return found
