"""Plays an agent over games and leaves a run folder behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartplay.core.later import later

if TYPE_CHECKING:
    from smartplay.runner.budget import Limits
    from smartplay.runner.playing import Played, run

__getattr__ = later(__name__, {"budget": ("Limits",), "playing": ("Played", "run")})

__all__ = ["Limits", "Played", "run"]
