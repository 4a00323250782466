"""Loads objects by name: `module:attribute`, or `path/to/file.py:attribute`."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from importlib.machinery import all_suffixes
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from smartplay.core.errors import MissingPackageError, UnknownNameError, UsageError

INSTALLED = {"site-packages", "dist-packages"}
MOST_FILES = 2000  # of one's own that are looked through

_folders: set[str] = set()
"""Folders of the user's agents and games that were added to the path, behind all packages."""

_read: dict[Path, bytes] = {}
"""The user's code as it was when a file that imports it was last loaded."""

_one_at_a_time = threading.RLock()  # a module half run is in sys.modules already


def load_object(reference: str) -> Any:
    """Import what `reference` names.

    Args:
        reference: `package.module:attribute` or `path/to/file.py:attribute`.

    Raises:
        MissingPackageError: If the module needs a package that is not installed.
        UsageError: If the file or module cannot be loaded, or has no such attribute.
    """
    place, _, attribute = reference.rpartition(":")
    if not place or not attribute:
        raise UsageError(f"{reference!r} names nothing to load; write module:Name or file.py:Name")
    module = load_module(place)
    if not hasattr(module, attribute):
        public = [name for name in vars(module) if not name.startswith("_")]
        raise UnknownNameError(f"name in {place}", attribute, public)
    return getattr(module, attribute)


def load_module(place: str) -> ModuleType:
    """Import a module by its dotted name or by the path of its file.

    A file is loaded once: a second call with the same path returns the same module, unless the file
    or what it imports from its folder has changed.

    Raises:
        MissingPackageError: If it needs a package that is not installed.
        UsageError: If there is no such file or module, or if running it fails.
    """
    try:
        if not place.endswith(".py"):
            return importlib.import_module(place)
        with _one_at_a_time:
            return _load_file(Path(place))
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"cannot load {place}: no module named {error.name!r}; install the package it comes in"
        ) from error
    except (UsageError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UsageError(f"cannot load {place}: {type(error).__name__}: {error}") from error


def optional(module: str, needed: str) -> Any:
    """Import a module of an optional package.

    Raises:
        MissingPackageError: If it is not installed; `needed` says what needs it and how to get it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingPackageError(needed) from error


class Code(NamedTuple):
    """Source files that belong together.

    Attributes:
        files: The path within its folder, and the content, of each file.
        packages: The installed packages they import, by their names in Python.
    """

    files: dict[Path, tuple[str, bytes]]
    packages: list[str]

    @property
    def digest(self) -> str:
        """SHA-256, 16 hexadecimal digits, of contents, not of where they lie."""
        digest = hashlib.sha256()
        for place, content in sorted(self.files.values()):
            digest.update(place.encode() + b"\0" + hashlib.sha256(content).digest())
        return digest.hexdigest()[:16]


def code_of(place: str | Path, own: str = "") -> Code:
    """The code of a file or module with all that it imports, except installed packages.

    A module counts if it is imported from the file's own folder, or from elsewhere on Python's path
    if no package manager put it there, anywhere in the file and through any number of others. Data
    files do not count, nor imports under names made up at run time.

    Args:
        place: Path of the file, or dotted name of the module.
        own: An installed package whose modules count all the same; then the present folder, where
            the user's modules may lie, is not searched.
    """
    found, packages = dict[Path, tuple[str, bytes]](), set[str]()
    folder: Path | None
    if str(place).endswith(".py"):
        file = Path(place).resolve()
        folder = file.parent
        waiting = [(file, folder)] if file.is_file() else []
    else:
        folder = None if own else Path.cwd()
        waiting = list(_find(str(place).split("."), folder, packages, own))
    find = cache(lambda *parts: list(_find([*parts], folder, packages, own)))
    while waiting and len(found) < MOST_FILES:
        path, root = waiting.pop()
        if path in found:
            continue
        content = path.read_bytes()
        found[path] = path.relative_to(root).as_posix(), content
        for start, parts in _imports(path, content):
            if start is not None:
                waiting += ((file, root) for file in _files(parts, start, root))
            else:
                waiting += find(*parts)
    return Code(found, sorted(packages))


@lru_cache(MOST_FILES)  # asked for with every run; parsing takes by far the longest
def _imports(file: Path, source: bytes) -> list[tuple[Path | None, list[str]]]:
    """The names a file imports, each with the folder it is relative to, if it is."""
    if file.suffix != ".py":
        return []
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found: list[tuple[Path | None, list[str]]] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                found += ((None, alias.name.split(".")) for alias in node.names)
            case ast.ImportFrom():
                base = node.module.split(".") if node.module else []
                start = [file, *file.parents][node.level] if node.level else None
                found += ((start, [*base, alias.name]) for alias in node.names)
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(attr=name),
                args=[ast.Constant(value=str(module)), *_],
            ) if name in ("import_module", "__import__") and not module.startswith("."):
                found.append((None, module.split(".")))
    return found


def _find(
    parts: list[str], folder: Path | None, packages: set[str], own: str
) -> Iterator[tuple[Path, Path]]:
    """The files of a module and of the packages it is in, each with the folder of the topmost."""
    if folder is not None:
        yield from ((file, folder) for file in _files(parts, folder, folder))
    top = parts[0]
    if top in sys.stdlib_module_names or top == "smartplay":
        return
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return
    if spec is None:
        return
    places = spec.submodule_search_locations or ([spec.origin] if spec.origin else [])
    for root in dict.fromkeys(Path(place).resolve().parent for place in places):
        if root == folder:
            continue
        if top != own and INSTALLED.intersection(root.parts):
            packages.add(top)
        else:
            yield from ((file, root) for file in _files(parts, root, root))


def _files(parts: list[str], start: Path, root: Path) -> Iterator[Path]:
    for count in range(len(parts) + 1):
        stem = str(start.joinpath(*parts[:count]))
        for suffix in all_suffixes():
            for path in (os.path.join(stem, f"__init__{suffix}"), f"{stem}{suffix}"):  # noqa: PTH118
                # A run asks for thousands; `Path` would take four times as long.
                if os.path.isfile(path) and Path(path).is_relative_to(root):  # noqa: PTH113
                    yield Path(path)
        if not os.path.isdir(stem):  # noqa: PTH112
            return


def _load_file(path: Path) -> ModuleType:
    """Run a file, once for each state of it and of what it imports from its own folder."""
    path = path.resolve()
    if not path.is_file():
        raise UsageError(f"no file {path}")
    state = hashlib.sha256(f"{path} {code_of(path).digest}".encode()).hexdigest()[:12]
    name = f"{path.stem}_{state}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    _look_first_in(path)
    sys.modules[name] = module
    try:
        # Not by the loader, which may take the compiled code of an older file of the same second.
        exec(compile(path.read_bytes(), path, "exec"), vars(module))
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _look_first_in(file: Path) -> None:
    """Let a file import what lies beside it, as it is now and not another folder's."""
    folder = file.parent
    for path, (place, content) in code_of(file).files.items():
        stem = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        changed = _read.get(path, content) != content
        if changed:  # Python would take its compiled code if it is as long and of the same second
            with suppress(OSError):
                Path(importlib.util.cache_from_source(path)).unlink()
        if stem != file.stem and (changed or path.is_relative_to(folder)):
            parts = stem.split(".")
            for count in range(len(parts)):  # packages keep their modules as attributes
                sys.modules.pop(".".join(parts[: count + 1]), None)
        _read[path] = content
    importlib.invalidate_caches()
    ahead = [sys.path.index(each) for each in _folders if each in sys.path]
    if str(folder) in _folders and str(folder) in sys.path:
        sys.path.remove(str(folder))
    if str(folder) not in sys.path:
        _folders.add(str(folder))
        sys.path.insert(min(ahead, default=len(sys.path)), str(folder))
