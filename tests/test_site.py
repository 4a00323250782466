"""The site builds without a warning, and its links and search work from a disk, offline."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser import Browser

pytest.importorskip("myst_nb", reason="the packages of the extra docs are not installed")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LOCAL = re.compile(r'(?:href|src)="([^"#:]+)(?:#[^"]*)?"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; the notebooks have tests of their own."""
    out = tmp_path_factory.mktemp("site")
    command = f"{sys.executable} -m sphinx -W -q -E -D nb_execution_mode=off -c docs . {out}"
    told = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return out


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
def test_search_works_offline(site: Path, chromium: Browser, words: str, page: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    chromium.get(f"{(site / 'search.html').as_uri()}?q={words}")
    WebDriverWait(chromium, 20).until(
        lambda seen: seen.find_elements(By.CSS_SELECTOR, "ul.search li a")
    )
    WebDriverWait(chromium, 20).until(
        lambda seen: page in seen.find_element(By.ID, "search-results").text
    )


def test_the_first_page_leads_to_the_docs(site: Path, chromium: Browser) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    chromium.get((site / "index.html").as_uri())
    WebDriverWait(chromium, 20).until(lambda seen: "What can this agent do" in seen.page_source)


@pytest.mark.parametrize("game", ["hanoi", "messenger", "crafter"])
def test_a_game_has_its_rules_picture_anchors_and_text(site: Path, game: str) -> None:
    text = (site / "games" / game / "README.html").read_text(encoding="utf-8")
    assert "What an agent reads" in text
    assert "<img" in text
    assert "random" in text
    assert "human" in text.lower()
