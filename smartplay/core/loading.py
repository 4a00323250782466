"""Objects by name: `module:attribute`, or `path/to/file.py:attribute`."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from smartplay.core.errors import MissingPackageError, UnknownNameError, UsageError

_folders: set[str] = set()
"""Folders of agents and games of one's own that were put onto the path, behind all packages."""

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
        raise UsageError(f"{reference!r} names no object; write module:Name or file.py:Name")
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
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"cannot load {place}: {type(error).__name__}: {error}") from error


def code_digest(file: Path) -> str:
    """SHA-256, 16 hexadecimal digits, of a source file and what it imports from its own folder.

    It is made of contents, not of places. Every module that is imported from the folder counts,
    wherever in the file and through however many others; data files and packages elsewhere do not.
    """
    digest = hashlib.sha256()
    for path, content in sorted(_own_code(file.resolve()).items()):
        digest.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def module_digest(module: ModuleType) -> str | None:
    """The `code_digest` of a module.

    Returns:
        Empty for what ships with SmartPlay, whose version says as much; None without a file.
    """
    if module.__name__.split(".")[0] == "smartplay":
        return ""
    file = Path(getattr(module, "__file__", None) or "")
    return code_digest(file) if file.is_file() else None


def _own_code(file: Path) -> dict[str, bytes]:
    """A file and all it imports from its own folder: contents by place within the folder."""
    folder, found, waiting = file.parent, dict[Path, bytes](), [file]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = path.read_bytes()
            waiting += _imported(path, found[path], folder)
    return {path.relative_to(folder).as_posix(): content for path, content in found.items()}


def _imported(file: Path, source: bytes, folder: Path) -> Iterator[Path]:
    """The files in a folder that a source file imports, those of packages on the way too."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            places = [(folder, alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = [file, *file.parents][node.level] if node.level else folder
            base = node.module.split(".") if node.module else []
            places = [(start, [*base, alias.name]) for alias in node.names]
        else:
            continue
        for start, parts in places:
            for count in range(len(parts) + 1):
                stem = start.joinpath(*parts[:count])
                for path in (stem / "__init__.py", stem.with_name(f"{stem.name}.py")):
                    if path.is_relative_to(folder) and path.is_file():
                        yield path


def _load_file(path: Path) -> ModuleType:
    """Run a file, once for each state of it and of what it imports from its own folder."""
    path = path.resolve()
    if not path.is_file():
        raise UsageError(f"no file {path}")
    state = hashlib.sha256(f"{path} {code_digest(path)}".encode()).hexdigest()[:12]
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
    folder = str(file.parent)
    for place in _own_code(file):
        stem = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if stem != file.stem:
            sys.modules.pop(stem, None)
    importlib.invalidate_caches()
    ahead = [sys.path.index(each) for each in _folders if each in sys.path]
    if folder in _folders and folder in sys.path:
        sys.path.remove(folder)
    if folder not in sys.path:
        _folders.add(folder)
        sys.path.insert(min(ahead, default=len(sys.path)), folder)
