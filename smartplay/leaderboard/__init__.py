"""What people publish: runs checked by replay, and the table made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smartplay.core.later import later

if TYPE_CHECKING:
    from smartplay.leaderboard.checks import Problem
    from smartplay.leaderboard.verify import Verification, verify_run

__getattr__ = later(__name__, {"checks": ("Problem",), "verify": ("Verification", "verify_run")})

__all__ = ["Problem", "Verification", "verify_run"]
