"""The site builds without a warning, and its links and search work from a disk, offline."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("myst_nb", reason="the packages of the extra docs are not installed")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --proxy-server=127.0.0.1:9"
LOCAL = re.compile(r'(?:href|src)="([^"#:]+)(?:#[^"]*)?"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; the notebooks have tests of their own."""
    out = tmp_path_factory.mktemp("site")
    command = f"{sys.executable} -m sphinx -W -q -E -D nb_execution_mode=off -c docs . {out}"
    told = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return out


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser that reaches nothing but files."""
    webdriver = pytest.importorskip("selenium.webdriver")
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no chromium and chromedriver here (Debian: chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(flag)
    service = webdriver.chrome.service.Service(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def test_every_link_leads_somewhere(site: Path) -> None:
    dead = []
    for page in site.rglob("*.html"):
        for link in LOCAL.findall(page.read_text(encoding="utf-8")):
            target = page.parent / unquote(urlsplit(link).path)
            if not target.exists():
                dead.append(f"{page.relative_to(site)}: {link}")
    assert not dead


@pytest.mark.parametrize(
    ("words", "page"),
    [("threshold", "Glossary"), ("lapse rate", "Measuring"), ("smartplay.compare", "Python")],
)
def test_search_works_offline(site: Path, browser: Any, words: str, page: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(f"{(site / 'search.html').as_uri()}?q={words}")
    WebDriverWait(browser, 20).until(
        lambda seen: seen.find_elements(By.CSS_SELECTOR, "ul.search li a")
    )
    WebDriverWait(browser, 20).until(
        lambda seen: page in seen.find_element(By.ID, "search-results").text
    )


def test_the_first_page_leads_to_the_docs(site: Path, browser: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get((site / "index.html").as_uri())
    WebDriverWait(browser, 20).until(lambda seen: "What can this agent do" in seen.page_source)


@pytest.mark.parametrize("game", ["hanoi", "messenger", "crafter"])
def test_a_game_has_its_rules_picture_anchors_and_text(site: Path, game: str) -> None:
    text = (site / "games" / game / "README.html").read_text(encoding="utf-8")
    assert "What an agent reads" in text
    assert "<img" in text
    assert "random" in text
    assert "human" in text.lower()
