"""Compiled kernels: only where numba is installed, the optional extra.

Compiled code is kept in numba's cache (beside the kernels, or in the user's cache folder), so that
only the first game ever waits for the compiler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


@lru_cache
def kernels_of(package: str) -> ModuleType | None:
    """The module `kernels` of a package, or None without numba.

    Not imported before the first world is made: numba takes most of a second to load.
    """
    try:
        return import_module(f"{package}.kernels")
    except ImportError:
        return None


def compile_kernel(function: Function, *data: Path, **options: Any) -> Function:
    """The function, compiled on its first call; cached where a folder can be written.

    Args:
        function: The function.
        data: Files beside the code of its folder that it may be made from.
        options: As `numba.njit` has them.
    """
    import numba

    jit: Callable[..., Any] = partial(numba.njit, **options)
    try:
        made: Any = jit(cache=True)(function)
        folder = Path(function.__code__.co_filename).parent
        made._cache._cache_file._source_stamp = _sources(folder, *data)
    except (RuntimeError, AttributeError):
        made = jit()(function)
    return made  # type: ignore[no-any-return]


@lru_cache
def _sources(folder: Path, *data: Path) -> str:
    """A digest of all the code and data that kernels may be made from.

    It stands in for numba's own mark of age, which knows the function's file only: a kernel that
    calls one of another file, or reads its constants, would outlive them.
    """
    digest = hashlib.sha256()
    for file in [*sorted(folder.glob("*.py")), *data]:
        digest.update(file.read_bytes())
    return digest.hexdigest()
