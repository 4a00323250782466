"""`python -m tools.pages OUT` photographs every kind of page, and says what is wrong with it.

Plays a run of each kind (one game, all core games, two agents, twenty, with failures, unfinished,
hostile, with thresholds, repeats or long episodes beside the page), makes the pages of them, an
index of runs and leaderboards, and opens each in headless Chromium at four widths, light and dark,
folded; on a dark phone and a light laptop unfolded as well. Writes the pictures and a printed page
of each into `OUT`, and a line for each page: its height in screens, and what is wider than its
place, what the console says, and what axe-core finds. Exits with 1 if it found anything. Look at
the pictures too.

`--pages NAME ...` makes a few only; `--docs` writes the pictures of `docs/` instead.
"""

from __future__ import annotations

import argparse
import base64
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path

from smartplay.report.html import write_index
from smartplay.report.listing import list_runs
from tests.browser import (
    Browser,
    axe_script,
    emulate,
    errors,
    misfits,
    open_browser,
    unfold,
    violations,
)
from tests.report_runs import board_page, every_page, page_of, play

ROOT = Path(__file__).parents[1]
SCREENS = {360: 740, 768: 1024, 1280: 720, 1920: 1080}
"""Widths and heights of a phone, a tablet, a laptop and a desk, in pixels."""
SCHEMES = ("light", "dark")
CHECKED = ((360, "dark"), (1280, "light"))
"""Where the page is unfolded as well, and axe-core looks at it."""
TALLEST = 12_000
"""Pixels of a picture; what is below is left out."""
SITE = ROOT / "leaderboard" / "site"


def all_pages(root: Path) -> dict[str, Path]:
    """A page of each kind, by name."""
    root.mkdir()
    found = every_page(root)
    listed = list(list_runs(root))
    pages = [found.get(Path(each.path).name) for each in listed]
    found["index"] = write_index(listed, pages, root / "index.html")
    found["board"] = board_page(root / "board.html")
    found["leaderboard"] = SITE / "index.html"
    for page in (SITE / "entries").glob("*.html"):
        found[f"entry_{page.stem.partition('_')[2]}"] = page
    return dict(sorted(found.items()))


def photograph(browser: Browser, path: Path, whole: bool) -> None:
    """Write what the window shows, or the whole page, as a picture."""
    options: dict[str, object] = {"format": "png"}
    if whole:
        size = browser.execute_script(
            "const e = document.documentElement; return [e.clientWidth, e.scrollHeight]"
        )
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], TALLEST), "scale": 1}
        options |= {"captureBeyondViewport": True, "clip": clip}
    shot = browser.execute_cdp_cmd("Page.captureScreenshot", options)
    path.write_bytes(base64.b64decode(shot["data"]))


def faults(browser: Browser, axe: str) -> list[str]:
    """What is wrong with the page as it is now; what axe-core finds only if its script is given."""
    found = [*errors(browser), *misfits(browser)]
    return [*found, *violations(browser, axe)] if axe else found


def look_at(browser: Browser, name: str, page: Path, out: Path, axe: str) -> Iterator[str]:
    """Photograph a page in every way; what is wrong with it."""
    heights = []
    for (width, height), scheme in product(SCREENS.items(), SCHEMES):
        emulate(browser, width, scheme, height)
        browser.get("about:blank")
        errors(browser)
        browser.get(page.as_uri())
        if scheme == SCHEMES[0]:
            tall = browser.execute_script("return document.documentElement.scrollHeight")
            heights.append(f"{tall / height:.1f} at {width}")
        checked = (width, scheme) in CHECKED
        for state in ("", "-unfolded") if checked else ("",):
            if state:
                unfold(browser)
            photograph(browser, out / f"{name}-{width}-{scheme}{state}.png", whole=True)
            for fault in faults(browser, axe if checked else ""):
                yield f"{width} {scheme}{state}: {fault}"
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    (out / f"{name}.pdf").write_bytes(base64.b64decode(printed["data"]))
    print(f"{name}: screens: {', '.join(heights)}", flush=True)


def picture_docs(browser: Browser, root: Path) -> None:
    """Write the pictures of the documentation: a report, two runs compared, the leaderboard."""
    runs = [play(root / agent, agent, "core", 4) for agent in ("random", "reference")]
    page_of(runs, root / "comparison.html")
    pages = {
        "report": (SITE / "entries" / "2026-11-23_random.html", 1180, 720),
        "comparison": (root / "comparison.html", 1180, 900),
        "leaderboard": (SITE / "index.html", 1700, 1120),
    }
    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    for name, (page, width, height) in pages.items():
        emulate(browser, width, "light", height)
        browser.get(page.as_uri())
        photograph(browser, ROOT / "docs" / f"{name}.png", whole=False)


def main() -> int:
    """Photograph the pages."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])  # type: ignore[union-attr]
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--docs", action="store_true", help="write the pictures of docs/")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        browser = stack.enter_context(open_browser(folder / "profile"))
        if options.docs:
            picture_docs(browser, folder)
            return 0
        pages, axe = all_pages(folder / "runs"), axe_script()
        if unknown := set(options.pages) - pages.keys():
            parser.error(f"no page is called {', '.join(sorted(unknown))}: {', '.join(pages)} are")
        for name in options.pages or pages:
            for fault in look_at(browser, name, pages[name], options.out, axe):
                found += 1
                print(f"{name}, {fault}", flush=True)
    print(f"{len(options.pages or pages)} pages, {found} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
