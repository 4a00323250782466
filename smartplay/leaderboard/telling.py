"""A verification in words."""

from __future__ import annotations

from smartplay.leaderboard.verify import Verification


def tell(found: Verification) -> str:
    """What came of the check, one fact per line, printable characters only."""
    path = "".join(c if c.isprintable() else "?" for c in found.path)
    notes = [f"  note: {note}" for note in found.notes]
    if found.problems:
        head = f"{path}: NOT verified"
        return "\n".join([head, *(f"  {problem}" for problem in found.problems), *notes])
    times = found.played / found.seconds if found.seconds > 0 else 0.0
    speed = f" ({times:.0f} times as fast as it was played)" if times >= 2 else ""
    head = (
        f"{path}: verified: {found.episodes} episodes, {found.steps} steps "
        f"replayed in {found.seconds:.1f} s{speed}"
    )
    return "\n".join([head, *notes])
