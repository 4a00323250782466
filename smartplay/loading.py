"""Objects by name: `module:attribute`, or `path/to/file.py:attribute`."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

from smartplay.errors import MissingPackageError, UnknownNameError, UsageError

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

    A file is loaded once: a second call with the same path returns the same module.

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


def source_digest(thing: Any) -> str:
    """SHA-256, 16 hexadecimal digits, of the source of a class or function and of its file.

    Empty for what ships with SmartPlay, whose version says as much, and where there is no source.
    """
    if str(getattr(thing, "__module__", "")).split(".")[0] == "smartplay":
        return ""
    try:
        source = inspect.getsource(thing).encode()
        file = Path(inspect.getsourcefile(thing) or "").read_bytes()
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(source + file).hexdigest()[:16]


def _load_file(path: Path) -> ModuleType:
    path = path.resolve()
    if not path.is_file():
        raise UsageError(f"no file {path}")
    name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # so that it can import what lies beside it
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
