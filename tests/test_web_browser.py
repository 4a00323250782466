"""The app in a real browser: by keyboard, by touch on a phone, and for those who do not see it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.browser import (
    Browser,
    axe_script,
    emulate,
    errors,
    misfits,
    unfold,
    violations,
)

pytest.importorskip("selenium", reason="selenium is not installed")
pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

import smartplay
from smartplay.records.folder import RunFolder
from tests.players import recorded_run
from tests.test_play import hanoi_keys
from tests.test_web_experiment import FILE
from tests.webbing import served

pytestmark = pytest.mark.slow


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    emulate(chromium, 1280, "light", 800)
    chromium.get("about:blank")
    errors(chromium)
    return chromium


def until(browser: Browser, what: Any) -> None:
    WebDriverWait(browser, 30).until(what)


def text(browser: Browser) -> str:
    return str(browser.execute_script("return document.getElementById('main').innerText"))


def shows(words: str) -> Any:
    return lambda browser: words in text(browser)


def reads(words: str) -> Any:
    """As `shows`, where no script runs."""
    return lambda browser: words in browser.find_element(By.ID, "main").text


def click(browser: Browser, selector: str) -> None:
    element = browser.find_element(By.CSS_SELECTOR, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def touch(browser: Browser, selector: str) -> None:
    """Touch with a finger, as on a phone."""
    element = browser.find_element(By.CSS_SELECTOR, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", element)
    assert box["height"] >= 44, f"{selector} is {box['height']} pixels high"
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind, points in (("touchStart", [point]), ("touchEnd", [])):
        event = {"type": kind, "touchPoints": points}
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", event)


def press(browser: Browser, key: str) -> None:
    ActionChains(browser).send_keys(key).perform()


def check(browser: Browser) -> None:
    """Nothing wrong with the present page: for eyes, for a screen reader, for the console."""
    unfold(browser)
    assert misfits(browser) == []
    assert violations(browser, axe_script()) == []
    assert [each for each in errors(browser) if "favicon" not in each] == []


def test_a_game_by_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as port:
        browser.get(f"http://127.0.0.1:{port}/")
        check(browser)
        game = Select(browser.find_element(By.NAME, "game"))
        game.select_by_value("smartplay/Hanoi3Disk-v0")
        Select(browser.find_element(By.NAME, "shown")).select_by_value("both")
        browser.find_element(By.NAME, "name").send_keys("ann\n")
        until(browser, shows("At most 30 steps"))
        check(browser)
        press(browser, "\ue007")  # Enter, as the button has the focus
        until(browser, shows("step 0"))
        check(browser)
        for step, key in enumerate(hanoi_keys(), start=1):
            press(browser, key)
            until(browser, shows(f"step {step} ·" if step < 7 else "The episode is over"))
            focused = browser.execute_script("return document.activeElement.id")
            assert focused == "now", "a screen reader is not told of the step"
            if step == 3:
                browser.back()
                browser.forward()
                until(browser, shows("step 3 ·"))
                browser.refresh()
                until(browser, shows("step 3 ·"))
        assert "Your score (disks on rod C at the end): 3" in text(browser)
        check(browser)
    (run,) = (tmp_path / "runs").iterdir()
    (record,) = RunFolder(run).episodes()
    assert (record.steps, record.score) == (7, 3.0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_game_by_touch_on_a_phone(browser: Browser, tmp_path: Path, scheme: str) -> None:
    emulate(browser, 360, scheme, 740)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        with served(tmp_path) as port:
            browser.get(f"http://127.0.0.1:{port}/")
            check(browser)
            Select(browser.find_element(By.NAME, "game")).select_by_value("smartplay/Hanoi3Disk-v0")
            touch(browser, "button.lead")
            until(browser, shows("At most 30 steps"))
            touch(browser, "button.lead")
            for step, key in enumerate(hanoi_keys()):
                until(browser, shows(f"step {step} ·"))
                check(browser)
                touch(browser, f"button[value='{int(key) - 1}']")
            until(browser, shows("Your score"))
            check(browser)
    finally:
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_a_game_without_script(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as port:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            browser.get(f"http://127.0.0.1:{port}/")
            Select(browser.find_element(By.NAME, "game")).select_by_value("smartplay/Hanoi3Disk-v0")
            forms = [("button.lead", "At most 30 steps"), ("button.lead", "step 0")]
            for step, key in enumerate(hanoi_keys(), start=1):
                told = f"step {step} ·" if step < 7 else "Your score"
                forms.append((f"button[value='{int(key) - 1}']", told))
            for button, told in forms:
                browser.find_element(By.CSS_SELECTOR, button).click()
                patient = WebDriverWait(browser, 30, ignored_exceptions=[WebDriverException])
                patient.until(reads(told))
        finally:
            browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_server_that_is_gone_is_told_of_and_nothing_is_lost(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path) as port:
        browser.get(f"http://127.0.0.1:{port}/")
        Select(browser.find_element(By.NAME, "game")).select_by_value("smartplay/Hanoi3Disk-v0")
        click(browser, "button.lead")
        until(browser, shows("At most 30 steps"))
        click(browser, "button.lead")
        until(browser, shows("step 0"))
        press(browser, "1")
        until(browser, shows("step 1"))
    press(browser, "2")
    lost = browser.find_element(By.ID, "lost")
    until(browser, lambda _: lost.is_displayed())
    with served(tmp_path, "--port", str(port)):
        press(browser, "2")
        until(browser, shows("step 2"))
        assert not lost.is_displayed()
    errors(browser)


def test_a_form_that_is_refused_is_told_of(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "towers.toml").write_text(FILE)
    with served(tmp_path, "--experiment", "towers.toml") as port:
        browser.get(f"http://127.0.0.1:{port}/")
        browser.delete_all_cookies()  # as if it kept none
        click(browser, "button.lead")
        lost = browser.find_element(By.ID, "lost")
        until(browser, lambda _: "keeps no cookies" in lost.text)
        browser.refresh()
        click(browser, "button.lead")
        until(browser, shows("What to do"))
    errors(browser)


def test_an_experiment_from_consent_to_code(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "towers.toml").write_text(FILE)
    with served(tmp_path, "--experiment", "towers.toml") as port:
        browser.get(f"http://127.0.0.1:{port}/")
        for _ in range(60):
            check(browser)
            before = text(browser)
            if "Your code" in before:
                break
            options = browser.find_elements(By.CSS_SELECTOR, "input[type=radio]")
            if options:
                options[-1].click()
                press(browser, "\ue007")
            elif browser.find_elements(By.CSS_SELECTOR, "form[data-keys]"):
                press(browser, "1")
            else:
                click(browser, "button.lead")
            until(browser, lambda b, seen=before: text(b) != seen)
        assert "Your code" in text(browser)
        click(browser, "a[href='/delete']")
        until(browser, shows("cannot be undone"))
        check(browser)
        click(browser, "button.lead")
        until(browser, shows("Nothing is kept of you"))
    assert list((tmp_path / "towers").iterdir()) == []


def test_a_run_is_watched_while_it_plays(browser: Browser, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "slow"
    stopped = threading.Event()

    def slowly(prompt: str) -> str:
        stopped.wait(0.4)
        return "Thinking of rods.\nAnswer: Move the top disk of rod A to rod B"

    def play() -> None:
        smartplay.run(slowly, "Hanoi3Disk", episodes=3, out=run, progress=False, concurrency=1)

    recorded_run(tmp_path / "runs" / "done", "Hanoi3Disk,RockPaperScissorBasic")
    thread = threading.Thread(target=play)
    thread.start()
    try:
        with served(tmp_path) as port:
            browser.get(f"http://127.0.0.1:{port}/")
            until(browser, lambda b: (b.refresh(), "slow" in text(b))[1])
            check(browser)
            click(browser, "a[href='/runs/slow']")
            until(browser, shows("Now playing"))
            until(browser, shows("Thinking of rods."))
            seen = text(browser)
            until(browser, lambda b: "Now playing" in text(b) and text(b) != seen)
            check(browser)
            stopped.set()
            until(browser, shows("3 of 3 episodes scored"))
            thread.join()
            browser.refresh()
            check(browser)
            browser.find_element(By.LINK_TEXT, "step by step").click()
            position = "return document.getElementById('position').textContent"
            until(browser, lambda b: b.execute_script(position) == "1 / 30")
            slider = browser.find_element(By.ID, "slider")
            slider.send_keys("\ue014")  # right
            until(browser, lambda b: b.execute_script(position) == "2 / 30")
            assert errors(browser) == []
            browser.get(f"http://127.0.0.1:{port}/compare?run=slow&run=done")
            until(browser, lambda b: b.find_element(By.ID, "comparison"))
            assert errors(browser) == []
            browser.get(f"http://127.0.0.1:{port}/runs/done")
            browser.find_element(By.LINK_TEXT, "film").click()
            until(browser, lambda b: b.find_element(By.TAG_NAME, "img").size["width"] == 800)
    finally:
        stopped.set()
        thread.join()


def test_a_report_cannot_reach_the_app(browser: Browser, tmp_path: Path) -> None:
    """Whatever got into a report, it runs apart: without the cookie, and without leave to ask."""
    recorded_run(tmp_path / "runs" / "run")
    with served(tmp_path) as port:
        browser.get(f"http://127.0.0.1:{port}/report/run")
        script = "try { return document.cookie } catch (error) { return error.name }"
        assert browser.execute_script(script) == "SecurityError"
        ask = "fetch('/').then(() => arguments[0]('told'), () => arguments[0]('refused'))"
        assert browser.execute_async_script(ask) == "refused"
