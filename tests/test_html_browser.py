"""The HTML report in a real browser: headless Chromium, opened from disk."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from smartplay.core import printable
from smartplay.games.drawing import SIZE
from smartplay.records.folder import RunFolder
from smartplay.report.html import pictures
from tests.browser import (
    Browser,
    axe_script,
    emulate,
    errors,
    misfits,
    unfold,
    violations,
)
from tests.chatty import HOSTILE
from tests.report_runs import board_page, every_page

pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions
from selenium.webdriver.support.ui import Select, WebDriverWait

HANOI = "Hanoi3Disk-v0"

pytestmark = pytest.mark.slow  # what needs no browser is in tests/test_html.py


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The browser with a window of usual size."""
    emulate(chromium, 1300, "light")
    return chromium


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return every_page(tmp_path_factory.mktemp("pages"))


def look(browser: Browser, page: Path, place: str = "") -> None:
    """Open a page as from disk, and wait until an episode is shown or a message says why not."""
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(page.as_uri() + place)
    settle(browser)


def settle(browser: Browser) -> None:
    ready = "return document.getElementById('position').textContent !== '' || "
    ready += "!document.getElementById('message').hidden"
    WebDriverWait(browser, 30).until(lambda b: b.execute_script(ready))


def of(browser: Browser, name: str) -> Any:
    return browser.find_element(By.ID, name)


def words(browser: Browser, name: str) -> str:
    return str(of(browser, name).get_property("textContent"))


def click(browser: Browser, selector: str) -> None:
    """Click what may be out of sight."""
    element = browser.find_element(By.CSS_SELECTOR, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def in_sight(browser: Browser, name: str) -> bool:
    box = "const box = document.getElementById(arguments[0]).getBoundingClientRect();"
    box += "return box.top < innerHeight && box.bottom > 0"
    return bool(browser.execute_script(box, name))


def press(browser: Browser, *keys: str) -> None:
    of(browser, "slider").send_keys(*keys)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return board_page(tmp_path_factory.mktemp("board") / "index.html")


def test_the_leaderboard_is_filtered(browser: Browser, board: Path) -> None:
    browser.get(board.as_uri())
    table = browser.find_element(By.CSS_SELECTOR, ".track")

    def agents() -> list[str]:
        heads = table.find_elements(By.CSS_SELECTOR, "tbody tr[data-status] th")
        return [head.text.split("-")[2] for head in heads if head.text.startswith("thinking")]

    assert agents() == ["one", "three", "two"], "what is incomplete stands last"
    of(browser, "verified").click()
    assert agents() == ["one", "three"]
    of(browser, "models").click()
    assert agents() == ["one"]
    assert words(browser, "shown") == "1 row"
    of(browser, "find").send_keys("nobody")
    assert not table.is_displayed()
    assert words(browser, "shown") == "0 rows"
    of(browser, "find").clear()
    of(browser, "find").send_keys("THREE")
    of(browser, "models").click()
    assert agents() == ["three"]
    choose = "arguments[0].value = 'capabilities'; arguments[0].dispatchEvent(new Event('input'))"
    browser.execute_script(choose, of(browser, "view"))
    width = "return document.querySelector(`.track thead th.${arguments[0]}`).offsetWidth"
    WebDriverWait(browser, 10).until(lambda b: b.execute_script(width, "games") == 0)
    assert browser.execute_script(width, "capabilities") > 0


def test_a_name_of_one_long_word_fits_the_leaderboard(browser: Browser, board: Path) -> None:
    browser.get(board.as_uri())
    assert misfits(browser) == []


@pytest.mark.parametrize("width", [390, 360])
def test_the_leaderboard_fits_a_phone(browser: Browser, board: Path, width: int) -> None:
    emulate(browser, width, "light")
    browser.get(board.as_uri())
    assert misfits(browser) == []
    status = browser.find_element(By.CSS_SELECTOR, "tbody .status").rect
    assert status["x"] + status["width"] < width, "whether a row was replayed is out of sight"
    heads = browser.find_elements(By.CSS_SELECTOR, ".track thead th")
    assert max(head.rect["height"] for head in heads) < 100, "heads are stacked too high"


EVERY = [
    "random",
    "hostile",
    "failing",
    "both",
    "aside",
    "contrast",
    "core",
    "eight",
    "twenty",
    "measured",
    "mixed",
    "aided",
    "unfinished",
]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("width", "scheme"), [(1300, "light"), (390, "dark"), (360, "light")])
def test_no_errors_and_nothing_wider_than_the_window(
    browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    emulate(browser, width, scheme)
    look(browser, pages[name])
    assert errors(browser) == []
    assert misfits(browser) == []
    paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", paper)[:3]))
    assert (brightness > 600) == (scheme == "light")


@pytest.mark.parametrize("name", ["single", "core", "two", "eight", "twenty", "mixed"])
def test_a_page_is_short_before_its_details(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    """Three screens of a laptop, six of a phone; what one opens comes on top."""
    for width, screen, screens in ((1280, 720, 3), (360, 740, 6)):
        emulate(browser, width, "light", screen)
        look(browser, pages[name])
        height = browser.execute_script("return document.documentElement.scrollHeight")
        assert height <= screens * screen, f"{height} pixels high at a width of {width}"


@pytest.fixture(scope="module")
def axe() -> str:
    pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    return axe_script()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_the_page(
    browser: Browser, pages: dict[str, Path], axe: str, name: str, scheme: str
) -> None:
    """Folded and unfolded, the step viewer included."""
    emulate(browser, 1300 if scheme == "light" else 360, scheme)
    look(browser, pages[name])
    assert violations(browser, axe) == []
    if name in ("eight", "twenty"):  # they unfold to what the page of two has, many times over
        return
    unfold(browser)
    assert violations(browser, axe) == []


def test_axe_finds_what_is_wrong(browser: Browser, pages: dict[str, Path], axe: str) -> None:
    look(browser, pages["random"])
    browser.execute_script("document.querySelector('h1').style.color = '#ddd'")
    assert violations(browser, axe)[0].startswith("color-contrast")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_the_leaderboard(
    browser: Browser, board: Path, axe: str, scheme: str
) -> None:
    emulate(browser, 1300 if scheme == "light" else 360, scheme)
    browser.get(board.as_uri())
    assert violations(browser, axe) == []


def test_many_runs_are_ranked_and_go_by_numbers(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["twenty"])
    rows = browser.find_elements(By.CSS_SELECTOR, ".top tbody tr")
    means = [float(row.find_elements(By.TAG_NAME, "td")[1].text.split()[0]) for row in rows]
    assert means == sorted(means, reverse=True)
    assert [row.find_element(By.TAG_NAME, "td").text for row in rows] == list(
        map(str, range(1, 21))
    )
    assert len(browser.find_elements(By.CSS_SELECTOR, ".top .delta .mean")) == 19
    heads = browser.find_elements(By.CSS_SELECTOR, "#comparison > .scroll thead th")
    assert [head.text.split("\n")[0] for head in heads] == list(map(str, range(1, 21)))
    assert all(head.rect["width"] < 60 for head in heads), "their names are out of sight"
    spoken = heads[0].find_element(By.CLASS_NAME, "hidden").get_property("textContent")
    assert "thinking-model-" in spoken, "a screen reader hears the name"
    assert browser.find_element(By.CSS_SELECTOR, ".top .meta b").text == spoken


def test_a_tables_heads_stay_in_sight(browser: Browser, pages: dict[str, Path]) -> None:
    emulate(browser, 360, "light")
    look(browser, pages["eight"])
    box = browser.find_element(By.CSS_SELECTOR, "#comparison > .scroll")
    head = box.find_element(By.CSS_SELECTOR, "tbody th[scope=row]")
    before = head.rect["x"]
    browser.execute_script("arguments[0].scrollLeft = 200", box)
    assert head.rect["x"] == before
    assert head.rect["width"] < 180


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 740)])
@pytest.mark.parametrize("name", ["single", "core", "two", "chatty", "failing"])
def test_the_first_screen_tells_what_was_measured_and_how_sure(
    browser: Browser, pages: dict[str, Path], name: str, width: int, height: int
) -> None:
    emulate(browser, width, "light", height)
    look(browser, pages[name])
    seen = "h1, .tile, .top tbody tr, .caution > summary, .top a"
    for element in browser.find_elements(By.CSS_SELECTOR, seen):
        box = element.rect
        assert box["y"] + box["height"] <= height, element.text
    top = browser.find_element(By.CLASS_NAME, "top").text
    assert re.search(r"Episodes scored\s.*\d+ of \d+", top, re.DOTALL)
    assert "Before you quote a number" in top
    (box,) = browser.find_elements(By.CSS_SELECTOR, ".caution:not(#message)")
    assert len(box.text) < 220, "the sentence is long"
    click(browser, ".caution > summary")
    assert len(box.find_elements(By.TAG_NAME, "li")) > 0
    assert box.find_element(By.TAG_NAME, "li").is_displayed()


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 740)])
def test_what_matters_of_twenty_runs_stands_above_them(
    browser: Browser, pages: dict[str, Path], width: int, height: int
) -> None:
    emulate(browser, width, "light", height)
    look(browser, pages["twenty"])
    for selector in (".top .meta", ".caution > summary", ".top > p > a"):
        box = browser.find_element(By.CSS_SELECTOR, selector).rect
        assert box["y"] + box["height"] <= height, selector
    assert "Cost, USD" in browser.find_element(By.CSS_SELECTOR, ".top thead").text
    numbers = browser.find_elements(By.CSS_SELECTOR, "#comparison > .scroll thead .run")
    assert all(number.rect["height"] < 30 for number in numbers), "a number is broken"


def test_a_very_long_name_takes_three_lines(browser: Browser, pages: dict[str, Path]) -> None:
    for width in (1280, 360):
        emulate(browser, width, "light")
        look(browser, pages["both"])
        for place in ("#comparison > .scroll thead", ".top .runs tbody"):
            names = browser.find_elements(By.CSS_SELECTOR, f"{place} .clamped")
            assert len(names) == 3
            assert all(name.rect["height"] < 80 for name in names)
            assert any(HOSTILE[:9] in str(name.get_attribute("title")) for name in names)


def test_charts_that_say_nothing_are_a_line(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["flat"])
    game = of(browser, f"game-{HANOI}")
    assert "Every scored episode has the same score." in game.text
    assert "Human: 3." in game.text
    assert game.find_elements(By.TAG_NAME, "svg") == []


def test_links_open_what_they_lead_to(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["random"])
    assert browser.find_elements(By.CSS_SELECTOR, "details[open]") == []
    for name in ("settings", "viewer", f"game-{HANOI}"):
        browser.execute_script(f"location.hash = '{name}'")
        opened = (By.CSS_SELECTOR, f"#{name}[open]")
        WebDriverWait(browser, 10).until(expected_conditions.presence_of_element_located(opened))
        assert in_sight(browser, name)


def test_print_shows_what_is_folded(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["random"])
    table = browser.find_element(By.CSS_SELECTOR, f"#game-{HANOI} details table")
    assert not table.is_displayed()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert table.rect["height"] > 0
        assert browser.execute_script("return arguments[0].checkVisibility()", table)
        assert not of(browser, "viewer").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.parametrize("name", ["core", "two", "twenty", "chatty"])
def test_print_is_no_wider_than_paper(
    browser: Browser, pages: dict[str, Path], board: Path, name: str
) -> None:
    """A4: 700 pixels within its margins; many runs and the leaderboard are printed across."""
    for page, width in ((pages[name], 1040 if name == "twenty" else 700), (board, 1040)):
        emulate(browser, width, "light")
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            browser.get(page.as_uri())
            wide = browser.execute_script("return document.documentElement.scrollWidth")
        finally:
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        assert wide <= width, page.name


def test_nothing_is_loaded(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["random"])
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map((r) => r.name)"
    )
    assert [name for name in loaded if not name.startswith("data:")] == []


def test_hostile_text_does_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["hostile"])
    assert browser.execute_script("return window.hacked") is None
    assert printable.line(HOSTILE) in browser.find_element(By.TAG_NAME, "h1").text
    folder = RunFolder(pages["hostile"].with_name("hostile"))
    for episode in range(3):
        _, steps = folder.steps(f"smartplay/{HANOI}", episode)
        for step in steps:
            if any(attempt.reply == HOSTILE for attempt in step.attempts):
                look(browser, pages["hostile"], f"#0/{HANOI}/{episode}/{step.step}")
                assert printable.block(HOSTILE) in words(browser, "attempts")
                assert browser.execute_script("return window.hacked") is None
                assert errors(browser) == []
                return
    pytest.fail("the run holds no hostile reply; choose another seed")


def test_a_step_shows_what_was_recorded(browser: Browser, pages: dict[str, Path]) -> None:
    header, steps = RunFolder(pages["hostile"].with_name("hostile")).steps(f"smartplay/{HANOI}", 1)
    look(browser, pages["hostile"], f"#0/{HANOI}/1/7")
    step = steps[6]
    assert words(browser, "position") == "7 / 30"
    assert words(browser, "manual") == header.manual
    assert words(browser, "observation") == steps[5].observation
    assert words(browser, "after") == step.observation
    told = words(browser, "attempts")
    assert step.attempts[-1].reasoning in told
    for message in step.attempts[-1].calls[0].messages:
        assert message["content"] in told
    outcome = words(browser, "outcome")
    assert f"Executed{step.name}" in outcome
    assert f"Score so far{step.score:g}" in outcome
    taken = browser.find_element(By.CSS_SELECTOR, "#actions .taken")
    assert taken.get_property("textContent") == step.name
    assert of(browser, "picture").get_attribute("src").startswith("data:image/svg+xml,")
    assert "after 0 steps" in words(browser, "picture-note")


def test_keys_slider_and_buttons(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["random"], f"#0/{HANOI}/0/1")
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert words(browser, "position") == "3 / 30"
    press(browser, Keys.PAGE_DOWN)
    assert words(browser, "position") == "13 / 30"
    press(browser, Keys.PAGE_UP, Keys.ARROW_LEFT)
    assert words(browser, "position") == "2 / 30"
    press(browser, Keys.END)
    assert words(browser, "position") == "30 / 30"
    assert not of(browser, "to-next").is_enabled()
    press(browser, Keys.HOME)
    assert words(browser, "position") == "1 / 30"
    of(browser, "to-next").click()
    of(browser, "to-last").click()
    of(browser, "to-previous").click()
    assert words(browser, "position") == "29 / 30"
    assert browser.current_url.endswith(f"#0/{HANOI}/0/29")
    press(browser, "]")
    settle(browser)
    WebDriverWait(browser, 10).until(lambda b: b.current_url.endswith(f"#0/{HANOI}/1/1"))
    browser.execute_script(
        "const s = document.getElementById('slider'); s.value = 9; "
        "s.dispatchEvent(new Event('input'))"
    )
    assert words(browser, "position") == "9 / 30"
    assert errors(browser) == []


def test_links_lead_to_a_step(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["both"], f"#2/{HANOI}/2/4")
    assert Select(of(browser, "run")).first_selected_option.text == "reference"
    assert words(browser, "position").startswith("4 / ")
    link = of(browser, "link").get_attribute("href")
    assert link.endswith(f"#2/{HANOI}/2/4")
    browser.execute_script("location.hash = '#1/BanditTwoArmedHighLowFixed-v0/1/50'")
    WebDriverWait(browser, 10).until(lambda b: words(b, "position") == "50 / 50")
    assert Select(of(browser, "run")).first_selected_option.text == "random"
    browser.execute_script("location.hash = '#9/none/1/50'")
    WebDriverWait(browser, 10).until(lambda b: "no such episode" in words(b, "message"))
    assert errors(browser) == []


def test_a_dot_opens_its_episode(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["random"])
    assert not of(browser, "view").is_displayed()
    click(browser, f"#game-{HANOI} > summary")
    label = f"#0/{HANOI}/2/1"
    dot = f"a[href='{label}'] circle"
    click(browser, dot)
    WebDriverWait(browser, 10).until(lambda b: of(b, "link").get_attribute("href").endswith(label))
    assert in_sight(browser, "viewer")
    click(browser, "#viewer > summary")
    assert not of(browser, "view").is_displayed()
    click(browser, dot)
    assert of(browser, "view").is_displayed(), "a dot opens the viewer only once"


def test_bad_steps_are_one_click_away(browser: Browser, pages: dict[str, Path]) -> None:
    folder = RunFolder(pages["chatty"].with_name("chatty"))
    look(browser, pages["chatty"])
    link = browser.find_element(By.CSS_SELECTOR, ".top a[href$='/invalid']")
    _, game, episode, _ = str(link.get_attribute("href")).split("#")[1].split("/")
    _, steps = folder.steps(f"smartplay/{game}", int(episode))
    first = next(step.step for step in steps if not step.valid)
    assert first > 1, "choose another seed"
    shown = f"{first} / {len(steps)}"
    link.click()
    WebDriverWait(browser, 10).until(lambda b: words(b, "position") == shown)
    assert in_sight(browser, "viewer")
    assert "No valid action" in of(browser, "attempts").text
    click(browser, f"#game-{game} > summary")
    click(browser, f"#game-{game} details > summary")
    of(browser, "to-last").click()
    click(browser, f"#game-{game} td a[href='#0/{game}/{episode}/invalid']")
    WebDriverWait(browser, 10).until(lambda b: words(b, "position") == shown)
    look(browser, pages["chatty"], f"#0/{game}/{episode}/constructor")
    assert words(browser, "position").startswith("1 / ")
    assert errors(browser) == []


def test_filters_stop_at_invalid_replies(browser: Browser, pages: dict[str, Path]) -> None:
    folder = RunFolder(pages["hostile"].with_name("hostile"))
    game = "BanditTwoArmedHighLowFixed-v0"
    _, steps = folder.steps(f"smartplay/{game}", 0)
    rejected = [s.step for s in steps if any(a.cause for a in s.attempts)]
    assert len(rejected) > 1, "choose another seed"
    look(browser, pages["hostile"], f"#0/{game}/0/1")
    Select(of(browser, "stop")).select_by_value("retried")
    found = []
    for _ in rejected:
        found.append(int(words(browser, "position").split(" /")[0]))
        press(browser, Keys.ARROW_RIGHT)
    assert [k for k in found if k in rejected] == found[: len(rejected)]
    assert "no further" in words(browser, "position")
    assert "No valid action" in words(browser, "attempts")
    press(browser, Keys.HOME, "n")
    assert int(words(browser, "position").split(" /")[0]) in rejected
    of(browser, "troubled").click()
    WebDriverWait(browser, 10).until(
        lambda b: "failed" in of(b, "episode").get_attribute("textContent")
    )


def test_failures_are_shown_with_their_last_steps(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["failing"])
    assert "the service is down" in words(browser, "message")
    assert words(browser, "position") == "1 / 3"


def test_steps_beside_the_page_are_read_from_disk(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    look(browser, pages["aside"], f"#0/{HANOI}/1/5")
    assert words(browser, "position") == "5 / 30"
    assert errors(browser) == []
    lonely = tmp_path / "aside.html"
    shutil.copy(pages["aside"], lonely)
    look(browser, lonely, f"#0/{HANOI}/1/5")
    assert "is not beside this page" in words(browser, "message")


def test_everything_one_can_reach_has_a_name(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["both"])
    selector = "button, select, input, summary, [tabindex='0'], nav a, svg[role=img]"
    for element in browser.find_elements(By.CSS_SELECTOR, selector):
        if element.is_displayed():
            assert element.accessible_name, element.get_attribute("outerHTML")[:200]
    headings = [h.tag_name for h in browser.find_elements(By.CSS_SELECTOR, "h1, h2, h3")]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert headings[1] == "h2"


def test_the_keyboard_alone_reaches_the_viewer(browser: Browser, pages: dict[str, Path]) -> None:
    look(browser, pages["random"])
    body = browser.find_element(By.TAG_NAME, "body")
    summary = browser.find_element(By.CSS_SELECTOR, "#viewer > summary")
    for _ in range(80):
        body.send_keys(Keys.TAB) if _ == 0 else browser.switch_to.active_element.send_keys(Keys.TAB)
        if browser.switch_to.active_element == summary:
            summary.send_keys(Keys.ENTER)
        if browser.switch_to.active_element.get_attribute("id") == "slider":
            break
    active = browser.switch_to.active_element
    assert active.get_attribute("id") == "slider"
    style = "return getComputedStyle(document.activeElement).outlineStyle"
    assert browser.execute_script(style) != "none", "the focus cannot be seen"
    active.send_keys(Keys.ARROW_RIGHT)
    assert words(browser, "position").startswith("2 / ")


def test_without_script_the_results_are_there(browser: Browser, pages: dict[str, Path]) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(pages["random"].as_uri())
        assert "Capabilities" in browser.find_element(By.TAG_NAME, "main").text
        assert "needs JavaScript" in browser.find_element(By.ID, "viewer").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


DRAWN = [
    "smartplay/BanditTwoArmedHighLowFixed-v0",
    "smartplay/RockPaperScissorBasic-v0",
    "smartplay/Hanoi3Disk-v0",
    "smartplay/MessengerL1-v0",
    "smartplay/ContrastReasoningEasy-v1",
    "smartplay/HarborPlanning-v0",
    "smartplay/T4D-v0",
]


@pytest.mark.parametrize("game", DRAWN)
def test_shapes_look_as_their_pixels_do(browser: Browser, game: str) -> None:
    env = gym.make(game, render_mode="rgb_array")
    env.reset(seed=1)
    env.step(1)
    thumbnail = env.unwrapped.thumbnail(pictures.SIDE)  # type: ignore[attr-defined]
    browser.get("about:blank")
    shown = browser.execute_async_script(
        """
        const [address, size, done] = arguments, image = new Image();
        image.onerror = () => done([]);
        image.onload = () => {
          const paper = document.createElement("canvas");
          paper.width = paper.height = size;
          const pen = paper.getContext("2d");
          pen.drawImage(image, 0, 0, size, size);
          done([...pen.getImageData(0, 0, size, size).data]);
        };
        image.src = address;
        """,
        pictures.address(pictures.encode(thumbnail)),
        SIZE,
    )
    seen = _coarse(np.array(shown, dtype=float).reshape(SIZE, SIZE, 4)[..., :3])
    drawn = _coarse(np.asarray(env.render(), dtype=float))
    env.close()
    apart = np.abs(seen - drawn).max(axis=2)
    assert apart.mean() < 2.5
    assert apart.max() < 100


def _coarse(picture: Any, cell: int = 8) -> Any:
    """A picture in cells so large that type and edges are a shade in them."""
    cells = picture.shape[0] // cell
    return picture.reshape(cells, cell, cells, cell, 3).mean(axis=(1, 3))
