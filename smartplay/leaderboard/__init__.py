"""What people publish: runs checked by replay, and the table made of them."""

from __future__ import annotations

from smartplay.leaderboard.checks import Problem
from smartplay.leaderboard.verify import Verification, verify_run

__all__ = ["Problem", "Verification", "verify_run"]
