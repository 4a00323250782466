"""Whether two agents that are given as Python objects are the same.

Their source says so, with all that it takes from around it: values it closes over, defaults, the
functions, classes and plain values of its own module that it names, the attributes of objects.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from smartplay.loading import code_digest

PLAIN = (type(None), bool, int, float, complex, str, bytes)
INSTALLED = {"site-packages", "dist-packages"}


def object_digest(agent: Any) -> str | None:
    """SHA-256, 16 hexadecimal digits, of the code of a class, function or object.

    Returns:
        None if something in it cannot be told from another: code without a readable source, or a
        state that is no plain data.
    """
    try:
        told = _Describer().describe(agent)
    except (OSError, TypeError, ValueError, RecursionError):
        return None
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class _Describer:
    """Describes values as nested tuples of plain data; each function or class once."""

    def __init__(self) -> None:
        self._met: dict[int, Any] = {}

    def describe(self, value: Any) -> Any:
        """The description.

        Raises:
            TypeError: If there is none.
            OSError: If a source cannot be read.
        """
        if isinstance(value, PLAIN):
            return value
        if id(value) in self._met:
            return "met before"
        self._met[id(value)] = value  # kept, so that its id stays its own
        if isinstance(value, list | tuple):
            return tuple(map(self.describe, value))
        if isinstance(value, set | frozenset):
            return tuple(sorted(map(repr, map(self.describe, value))))
        if isinstance(value, dict):
            return tuple((self.describe(k), self.describe(v)) for k, v in value.items())
        if isinstance(value, partial):
            return self.describe((value.func, value.args, value.keywords))
        if isinstance(value, MethodType):
            return self.describe((value.__func__, value.__self__))
        if isinstance(value, ModuleType):
            return value.__name__
        named = value if hasattr(value, "__qualname__") else type(value)
        if _installed(named):
            if named is not value:
                raise TypeError(f"a {named.__qualname__} may have any state")
            return f"{named.__module__}.{named.__qualname__}"
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        return self.describe((type(value), vars(value)))

    def _function(self, found: FunctionType) -> Any:
        cells = [cell.cell_contents for cell in found.__closure__ or ()]
        around = [found.__defaults__, found.__kwdefaults__, cells]
        names = sorted(set(_names(found.__code__)) & set(found.__globals__))
        taken = [(name, self.describe(found.__globals__[name])) for name in names]
        return (_source(found), found.__code__.co_code, self.describe(around), taken)

    def _class(self, found: type) -> Any:
        methods = [getattr(each, "__func__", each) for each in vars(found).values()]
        functions = [each for each in methods if isinstance(each, FunctionType)]
        return (_source(found), self.describe([*found.__bases__, *functions]))


def _source(found: Any) -> tuple[str, str]:
    """The source of a class or function, and the digest of its file where it has one."""
    source = inspect.getsource(found)
    file = Path(getattr(sys.modules.get(found.__module__), "__file__", None) or "")
    return source, code_digest(file) if file.is_file() else ""


def _names(code: CodeType) -> Iterable[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _installed(named: Any) -> bool:
    """Whether a class or function comes with Python, SmartPlay or an installed package."""
    top = str(named.__module__).partition(".")[0]
    file = Path(getattr(sys.modules.get(named.__module__), "__file__", None) or "")
    known = top in sys.stdlib_module_names or top in ("builtins", "smartplay", "None")
    return (known and top != "__main__") or bool(INSTALLED.intersection(file.parts))
