"""Tells whether two agents given as Python objects are the same.

It compares their code with all that the code uses: values it closes over, defaults, the functions,
classes, modules and plain values that it names, the attributes of classes and objects.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache, partial
from pathlib import Path, PurePath
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from smartplay.core.loading import INSTALLED, code_of

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
UNTOLD = {
    "__annotations__", "__dict__", "__doc__", "__firstlineno__", "__module__", "__qualname__",
    "__static_attributes__", "__weakref__", "__annotate_func__", "__annotations_cache__",
}  # fmt: skip
"""Attributes of classes on which nothing depends."""


def object_digest(agent: Any) -> str | None:
    """SHA-256, 16 hexadecimal digits, of the code of a class, function or object.

    Returns:
        None if something in it has no digest: a state that is no plain data.
    """
    try:
        told = repr(_Describer().describe(agent))  # refuses a whole number of 4301 digits
    except (OSError, TypeError, ValueError, AttributeError, RecursionError):
        return None
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class _Describer:
    """Describes values as nested tuples of plain data; each of them once."""

    def __init__(self) -> None:
        self._met: dict[int, Any] = {}
        self._file_digest = cache(lambda file: code_of(file).digest)

    def describe(self, value: Any) -> Any:
        """The description.

        Raises:
            TypeError: If there is none.
            OSError: If a file of code cannot be read.
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
        if isinstance(value, MethodType | staticmethod | classmethod):
            return self.describe((value.__func__, getattr(value, "__self__", None)))
        if isinstance(value, BuiltinFunctionType):
            return self.describe((value.__name__, value.__self__))
        if isinstance(value, PurePath):
            return str(value)
        if isinstance(value, property):
            return self.describe((value.fget, value.fset, value.fdel))
        if isinstance(value, CodeType):
            return (value.co_code, value.co_names, self.describe(value.co_consts))
        if isinstance(value, ModuleType):
            return value.__name__ if _installed(value.__name__) else self._code_of(value.__name__)
        return self._named(value)

    def _named(self, value: Any) -> Any:
        """Of a function, a class or an object."""
        named = value if isinstance(value, FunctionType | type) else None
        kind = type(value) if named is None else named
        if _installed(str(kind.__module__)):
            if named is None:
                raise TypeError(f"a {kind.__qualname__} may have any state")
            return f"{named.__module__}.{named.__qualname__}"
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            own = {name: each for name, each in vars(value).items() if name not in UNTOLD}
            return self._code_of(value.__module__), self.describe((value.__bases__, own))
        return self.describe((kind, vars(value)))

    def _function(self, found: FunctionType) -> Any:
        cells = [cell.cell_contents for cell in found.__closure__ or ()]
        names = sorted(_names(found.__code__) & set(found.__globals__))
        taken = [(name, found.__globals__[name]) for name in names]
        around = (
            found.__code__,
            found.__defaults__,
            found.__kwdefaults__,
            cells,
            taken,
            vars(found),
        )
        return self._code_of(found.__module__), self.describe(around)

    def _code_of(self, module: str) -> str:
        """The digest of a module's file and what it imports from its folder; empty without one."""
        file = Path(getattr(sys.modules.get(module), "__file__", None) or "")
        return self._file_digest(file) if file.is_file() else ""


def _names(code: CodeType) -> set[str]:
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)


def _installed(module: str) -> bool:
    """Whether a module comes with Python, SmartPlay or an installed package."""
    top = module.partition(".")[0]
    if top == "__main__":
        return False
    file = Path(getattr(sys.modules.get(module), "__file__", None) or "")
    ours = top in sys.stdlib_module_names or top in ("builtins", "smartplay", "None")
    return ours or bool(INSTALLED.intersection(file.parts))
