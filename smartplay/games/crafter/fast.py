"""Whether compiled kernels are to be had."""

from __future__ import annotations

from functools import partial

from smartplay.games.fast import kernels_of

compiled_kernels = partial(kernels_of, "smartplay.games.crafter")
