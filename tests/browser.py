"""A headless Chromium that opens pages from disk, and what is looked for in each of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (  # the proxy, which does not exist, is not asked for what is on this machine
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--disable-dev-shm-usage --window-size=1300,900 --proxy-server=127.0.0.1:9"
)
Browser = Any


@contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """A browser that keeps what it says.

    Args:
        profile: A folder that is its own.

    Raises:
        ImportError: Without selenium.
    """
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in [*FLAGS.split(), f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def emulate(browser: Browser, width: int, scheme: str, height: int = 844) -> None:
    """Give the window a size in pixels, a phone's below 600, and a colour scheme."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def unfold(browser: Browser) -> None:
    """Open all that is folded."""
    browser.execute_script("for (const e of document.querySelectorAll('details')) e.open = true")


def errors(browser: Browser) -> list[str]:
    """What the page's console says since it was asked last."""
    return [entry["message"] for entry in browser.get_log("browser")]


def misfits(browser: Browser) -> list[str]:
    """What is wider than the window or its box, and tables that do not show that they go on."""
    return [str(each) for each in browser.execute_script(MISFITS)]


MISFITS = """
const found = [];
const wide = document.documentElement.scrollWidth;
if (wide > innerWidth) found.push(`the page is ${wide} pixels wide in a window of ${innerWidth}`);
for (const box of document.querySelectorAll(".scroll")) {
  if (box.scrollWidth <= box.clientWidth) continue;
  if (getComputedStyle(box).backgroundImage.split("linear-gradient").length !== 5)
    found.push(`${box.ariaLabel}: no shadow at its edge`);
  for (const cell of box.querySelectorAll("table, th, td")) {
    const style = getComputedStyle(cell);
    if (style.position !== "sticky" && style.backgroundColor !== "rgba(0, 0, 0, 0)")
      found.push(`${box.ariaLabel}: a cell covers the shadow`);
  }
}
const boxes = ".tile, .game, .panes > div, .caution, summary, figure, dd, dt, li, label";
for (const box of document.querySelectorAll(boxes)) {
  if (!box.checkVisibility() || box.closest(".scroll, .hidden, svg")) continue;
  const over = box.scrollWidth - box.clientWidth;
  if (box.clientWidth && over > 1 && getComputedStyle(box).display !== "inline")
    found.push(`${box.tagName}.${box.className} lacks ${over} pixels: ${box.textContent.trim()}`);
}
return found;
"""


def axe_script() -> str:
    """The accessibility checker's script.

    Raises:
        ImportError: If it is not installed.
    """
    import axe_core_python  # type: ignore[import-untyped]

    return Path(axe_core_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")


def violations(browser: Browser, script: str) -> list[str]:
    """What axe-core finds wrong for people who do not see the page, or not well."""
    browser.set_script_timeout(120)
    browser.execute_script(script)
    run = "const done = arguments[arguments.length - 1]; axe.run().then((r) => done(r.violations))"
    found = browser.execute_async_script(run)
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
