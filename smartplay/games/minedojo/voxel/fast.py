"""Whether compiled kernels are to be had: only where numba is installed, the optional extra."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType


@lru_cache(1)
def compiled_kernels() -> ModuleType | None:
    """The module `kernels`, or None without numba.

    Not imported before the first world is made: numba takes most of a second to load.
    """
    try:
        from smartplay.games.minedojo.voxel import kernels
    except ImportError:
        return None
    return kernels
