"""What is told of the small games: bandits, Rock-Paper-Scissors, Hanoi and the frozen lake."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from smartplay.agents.aids.notes import Cell, Notes, Tellers, offset


def _plan_bandit(notes: Notes) -> str:
    pulls = _pulls(notes)
    least = min(pulls, key=lambda name: sum(pulls[name]), default="")
    if least and sum(pulls[least]) < 3:
        return f"first get to know every machine; next, {least}."
    return "the machines are known well enough; next, stay with the one that does best."


def _odds_bandit(notes: Notes) -> str:
    chances = [
        f"{name} wins with a chance of about {100 * (won + 1) / (won + lost + 2):.0f} percent"
        for name, (won, lost) in _pulls(notes).items()
    ]
    return "; ".join(chances) + "."


def _digest_bandit(notes: Notes) -> str:
    told = [f"{name} won {won} and lost {lost} times" for name, (won, lost) in
            _pulls(notes).items()]  # fmt: skip
    return f"so far, {'; '.join(told)}." if len(notes.seen) > 1 else ""


def _pulls(notes: Notes) -> dict[str, tuple[int, int]]:
    """Wins and losses of each machine."""
    told = Counter(re.findall(r"you pulled (slot machine \d+) and (won|lost)", "\n".join(
        notes.seen)))  # fmt: skip
    names = [name.removeprefix("Pull ") for name in notes.actions]
    return {name: (told[name, "won"], told[name, "lost"]) for name in names}


def _conclude_ropasci(notes: Notes) -> str:
    beaten = notes.quote(r"([Rr]ock|[Pp]aper|[Ss]cissors) beats? (rock|paper|scissors)")
    answers = [f"if your opponent chooses {low}, {top.lower()} wins" for top, low in beaten]
    return "; ".join(answers) + "." if answers else ""


def _odds_ropasci(notes: Notes) -> str:
    seen = _theirs(notes)
    total = sum(seen.values()) + len(notes.actions)
    chances = [f"{name} {100 * (seen[name] + 1) / total:.0f} percent" for name in notes.actions]
    return f"your opponent's next option: {', '.join(chances)}."


def _digest_ropasci(notes: Notes) -> str:
    theirs = _theirs(notes)
    told = [f"{name} {theirs[name]} times" for name in notes.actions]
    return f"so far your opponent chose {', '.join(told)}." if theirs else ""


def _theirs(notes: Notes) -> Counter[str]:
    return Counter(re.findall(r"your opponent chose (\w+)", "\n".join(notes.seen)))


def _conclude_hanoi(notes: Notes) -> str:
    rods = _rods(notes.now)
    astray = [disk for disk, rod in rods.items() if rod != "C"]
    if not astray:
        return ""
    largest = max(astray)
    above = sorted(d for d in rods if d < largest and rods[d] in (rods[largest], "C"))
    way = f"in its way: {_listed(above)}" if above else "nothing is in its way"
    return f"disk {largest} is the largest that is not on rod C; {way}."


def _rules_hanoi(notes: Notes) -> str:
    tops = {rod: min(d for d, r in _rods(notes.now).items() if r == rod) for rod in
            sorted(set(_rods(notes.now).values()))}  # fmt: skip
    bans = [
        f"disk {tops[a]} may not go on disk {tops[b]} (rod {a} to rod {b})"
        for a in tops
        for b in tops
        if tops[a] > tops[b]
    ]
    empty = [f"nothing can be taken from rod {rod}" for rod in "ABC" if rod not in tops]
    return "now " + "; ".join([*bans, *empty]) + "." if bans or empty else ""


def _plan_hanoi(notes: Notes) -> str:
    rods, rod, steps = _rods(notes.now), "C", []
    for disk in sorted(rods, reverse=True):
        if rods[disk] != rod:
            steps.append(f"bring disk {disk} to rod {rod}")
            (rod,) = {"A", "B", "C"} - {rods[disk], rod}
    return "your next subgoal: " + "; for that, first ".join(steps) + "." if steps else ""


def _rods(text: str) -> dict[int, str]:
    lines = re.findall(r"^Rod ([ABC]).*: ([\d, ]+)$", text, re.MULTILINE)
    return {int(disk): rod for rod, disks in lines for disk in disks.split(",")}


def _listed(disks: Sequence[int]) -> str:
    return ("disk " if len(disks) == 1 else "disks ") + ", ".join(map(str, disks))


def _rules_lake(notes: Notes) -> str:
    ways = {way: _tile(notes, *cell) for way, cell in _lake_ways(notes.now).items()}
    holes = [f"Move {way}" for way, tile in ways.items() if tile == "H"]
    return f"a hole ends the game: {' and '.join(holes)} would lead into one." if holes else ""


def _plan_lake(notes: Notes) -> str:
    start = _spot(notes.now)
    ways, queue = {start: [start]}, [start]
    for row, column in queue:
        for cell in ((row, column - 1), (row + 1, column), (row, column + 1), (row - 1, column)):
            if cell not in ways and _tile(notes, *cell) in ("S", "F", "G"):
                ways[cell] = [*ways[row, column], cell]
                queue.append(cell)
    goal = next((cell for cell in queue if _tile(notes, *cell) == "G"), start)
    if goal == start:
        return ""
    row, column = ways[goal][1]
    return f"your next subgoal on a way round the holes: row {row}, column {column}."


def _odds_lake(notes: Notes) -> str:
    if "slippery" not in notes.manual:
        return ""
    ways = _lake_ways(notes.now)
    holes = [_tile(notes, *cell) == "H" for cell in ways.values()]
    falls = [holes[k - 1] + holes[k] + holes[(k + 1) % 4] for k in range(4)]
    told = [f"Move {way} {100 * n / 3:.0f} percent" for way, n in zip(ways, falls, strict=True)]
    return f"the chance to fall into a hole: {', '.join(told)}."


def _check_lake(notes: Notes) -> str:
    last = re.search(r"You chose: Move (\w+)", notes.now)
    if not last or len(notes.seen) < 2:
        return ""
    if _spot(notes.now) == _lake_ways(notes.seen[-2])[last[1]]:
        return f"your last action, Move {last[1]}, had its effect."
    return f"your last action, Move {last[1]}, did not have its effect: you are elsewhere."


def _map_lake(notes: Notes) -> str:
    row, column = _spot(notes.now)
    rows = _lake_rows(notes)
    goal = next(((r + 1, line.index("G") + 1) for r, line in enumerate(rows) if "G" in line), None)
    names = {"S": "ice", "F": "ice", "H": "a hole", "G": "the goal", "": "the edge"}
    beside = [f"{way} of you: {names[_tile(notes, *cell)]}" for way, cell in
              _lake_ways(notes.now).items()]  # fmt: skip
    aim = f"the goal is {offset(goal[1] - column, goal[0] - row)} of you. " if goal else ""
    return f"{aim}{'; '.join(beside)}.".replace("Up of", "Above").replace("Down of", "Below")


def _lake_rows(notes: Notes) -> list[str]:
    return notes.quote(r"^([SFHG]+)$")


def _spot(text: str) -> Cell:
    found = re.search(r"in row (\d+), column (\d+)", text)
    return (int(found[1]), int(found[2])) if found else (1, 1)


def _lake_ways(text: str) -> dict[str, Cell]:
    row, column = _spot(text)
    return {"Left": (row, column - 1), "Down": (row + 1, column), "Right": (row, column + 1),
            "Up": (row - 1, column)}  # fmt: skip


def _tile(notes: Notes, row: int, column: int) -> str:
    rows = _lake_rows(notes)
    return rows[row - 1][column - 1] if 1 <= row <= len(rows) and 1 <= column <= len(
        rows[0]) else ""  # fmt: skip


def _nothing(notes: Notes) -> str:
    return ""


SMALL: dict[str, Tellers] = {
    "Slot Machines": {"subgoal": _plan_bandit, "odds": _odds_bandit, "digest": _digest_bandit,
                      "check": _nothing},
    "Rock, Paper, Scissors": {"conclusions": _conclude_ropasci, "odds": _odds_ropasci,
                              "digest": _digest_ropasci, "check": _nothing},
    "Tower of Hanoi": {"conclusions": _conclude_hanoi, "rules": _rules_hanoi,
                       "subgoal": _plan_hanoi},
    "Frozen Lake": {"rules": _rules_lake, "subgoal": _plan_lake, "odds": _odds_lake,
                    "check": _check_lake, "map": _map_lake},
}  # fmt: skip
"""By the game's title."""
