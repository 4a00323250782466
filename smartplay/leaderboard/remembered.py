"""What earlier builds found on this machine, so that a build checks only what is new.

Whatever is kept is looked up by a digest of all that it rests on: the entry's files, the code and
data of this package, the versions of Python and of the packages that games rest on, the prices and
the suites that were revealed. It lies in the user's cache folder, and nothing of it comes from an
entry. An entry that did not verify is checked again each time.
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
"""An entry that has more is not remembered."""
READ = (*CODED, ".json", ".md", ".html", ".j2", ".css", ".js", ".txt", ".tmpl")
"""Files of this package that rows and pages are made from."""
RESTS_ON = ("numpy", "gymnasium", "crafter", "msgspec", "jinja2", "pillow")


def digest_of(entry: Path, suites: Sequence[Suite], prices: Prices | None) -> str:
    """A digest of all that an entry's row and page rest on; empty if it cannot be remembered."""
    files = _files(entry)
    if files is None:
        return ""
    hashes = sorted(suite.hash for suite in suites)
    rests_on = [entry.name, files, hashes, prices, own_digest(("",), READ), _versions()]
    return hashlib.sha256(msgspec.json.encode(rests_on)).hexdigest()


def recall(digest: str, kind: type[T]) -> T | None:
    """What was kept under a digest; None for nothing, or for what cannot be read."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.msgpack.decode((_folder() / digest).read_bytes(), type=kind)
    return None


def keep(digest: str, found: Any) -> None:
    """Keep what was found; where nothing can be written, or without a digest, nothing is kept."""
    with suppress(OSError):
        if digest:
            _folder().mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(_folder() / digest, msgspec.msgpack.encode(found))


def _folder() -> Path:
    return cache_folder() / "verified"


def _files(entry: Path) -> dict[str, str] | None:
    """The digest of each file of an entry, by its path; None if there is anything but files."""
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
