"""Hostile requests to the app: other sites, tricks with paths, too much, too slow, malformed."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")

from starlette.testclient import TestClient

from smartplay.adapters.hosting import Guard
from smartplay.records.folder import LOCK, RunFolder, encode
from smartplay.web import gate
from tests.chatty import HOSTILE
from tests.players import recorded_run
from tests.webbing import ADDRESS, Visitor, app_of, served


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    with app_of(tmp_path / "runs") as app:
        yield app


def test_every_answer_has_a_strict_policy(app: Any) -> None:
    visitor = Visitor(app)
    for path in ("/", "/nowhere", "/runs/x", "/style.css", "/page.js", "/made/x"):
        visitor.get(path)
        headers = visitor.last.headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert ("'unsafe-inline'" in policy) == path.startswith("/made")
        assert ("sandbox allow-scripts;" in policy) == path.startswith("/made")
        assert headers["x-content-type-options"] == "nosniff"
    page = visitor.get("/")
    assert not re.search(r"https?://", page), "a page names the network"
    assert not re.search(r"<style|style=|<script(?! src=)| on\w+=", page), "a page has inline code"


def test_a_form_of_another_site_is_refused(app: Any, tmp_path: Path) -> None:
    visitor = Visitor(app)
    visitor.get("/")
    csrf = visitor.hidden("csrf")
    form = {"game": "Hanoi3Disk"}
    for more, data in [
        ({}, form),
        ({}, form | {"csrf": "0" * 32}),
        ({}, form | {"csrf": "é"}),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, form | {"csrf": csrf}),
    ]:
        assert visitor.client.post("/play", data=data, headers=more).status_code == 403
    other = Visitor(app)
    other.get("/")
    assert other.client.post("/play", data=form | {"csrf": csrf}).status_code == 403
    assert not (tmp_path / "runs").exists()
    image = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert visitor.client.get("/compare?run=a&run=b", headers=image).status_code == 403
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert visitor.client.get("/", headers=link).status_code == 200


TRICKS = ["%2e%2e", "..%2f..%2fetc", "%2fetc%2fpasswd", "a%00b", ".hidden",
          "link", "run%2f..%2frun", "a/b/c", "%ff%fe", "run/../../secret", "~", "con", "a" * 5000,
          "\\..\\secret", "secret%0d%0aset-cookie:a=b"]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_no_path_leads_out_of_the_folder(app: Any, tmp_path: Path, trick: str) -> None:
    recorded_run(tmp_path / "secret")
    recorded_run(tmp_path / "runs" / "run")
    with suppress(FileExistsError):
        (tmp_path / "runs" / "link").symlink_to(tmp_path / "secret")
    client = TestClient(app, base_url=ADDRESS, follow_redirects=False)
    for base in ("/runs/", "/report/", "/film/", "/play/", "/made/", "/board/"):
        answer = client.get(f"{base}{trick}?game=Hanoi3Disk&episode=0")
        assert answer.status_code in (400, 404), f"{base}{trick}: {answer.status_code}"
        assert "root:" not in answer.text
        assert "secret" not in answer.headers.get("location", "")
    answer = client.get("/compare", params={"run": ["run", trick]})
    assert answer.status_code == 404


def test_what_is_too_large_or_malformed_is_refused(app: Any) -> None:
    visitor = Visitor(app)
    visitor.get("/")
    csrf, post = visitor.hidden("csrf"), visitor.client.post
    form = {"content-type": "application/x-www-form-urlencoded"}
    large = "csrf=" + csrf + "&name=" + "x" * gate.LONGEST_FORM
    assert post("/play", content=large, headers=form).status_code == 413
    assert post("/play", content=(b"x" * 1000 for _ in range(50)), headers=form).status_code == 413
    many = "&".join(f"a{k}=1" for k in range(gate.MOST_FIELDS + 1))
    for body in (many, b"\xff\xfe=%ff", "=&=&", "%", b"\x00"):
        assert post("/play", content=body, headers=form).status_code in (400, 403)
    assert post("/play", files={"game": b"x"}, data={"csrf": csrf}).status_code == 415
    assert post("/play", json={"csrf": csrf}).status_code == 415
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE"):
        assert visitor.client.request(method, "/").status_code == 405
    assert visitor.client.post("/", data={"csrf": csrf}).status_code == 405
    cookies = {"cookie": f"{gate.OWNER}=../../etc; =;; a=\x01"}
    assert TestClient(app, base_url=ADDRESS).get("/", headers=cookies).status_code == 200


@pytest.mark.slow
def test_too_many_requests_are_slowed_down() -> None:
    now = [0.0]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    client = TestClient(gate.Gate(app, clock=lambda: now[0]), base_url=ADDRESS)
    found = [client.get("/").status_code for _ in range(int(gate.BURST) + 5)]
    assert found == [200] * int(gate.BURST) + [429] * 5
    now[0] += 1
    found = [client.get("/").status_code for _ in range(int(gate.RATE) + 1)]
    assert found == [200] * int(gate.RATE) + [429]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_names_of_this_machine_are_answered_to(app: Any, host: str) -> None:
    client = TestClient(Guard(app, local=True), base_url=f"http://{host}")
    assert client.get("/").status_code == 200


def test_a_token_is_asked_for_where_others_can_reach_it(tmp_path: Path) -> None:
    with app_of(tmp_path / "runs", token="secret") as app:
        visitor = Visitor(app)
        for path in ("/", "/?token=", "/?token=wrong", "/style.css", "/runs/x?token=é"):
            visitor.get(path)
            assert visitor.last.status_code == 403
        visitor.get("/?token=secret")
        assert visitor.last.status_code == 200
        assert "token" not in str(visitor.last.url), "the token stays in the address bar"
        assert visitor.begin("Hanoi3Disk")
        cookies = " ".join(visitor.last.history[0].headers.get_list("set-cookie"))
        assert "HttpOnly" in cookies or not cookies


def test_replies_are_shown_as_text(app: Any, tmp_path: Path) -> None:
    import smartplay
    from smartplay.runner import live

    def agent(prompt: str) -> str:
        return HOSTILE

    run = tmp_path / "runs" / "hostile"
    smartplay.run(agent, "Hanoi3Disk", episodes=2, steps=2, out=run, progress=False)
    _, steps = RunFolder(run).steps("smartplay/Hanoi3Disk-v0", 0)
    under_way = live.LiveEpisode("smartplay/Hanoi3Disk-v0", 1, 0, 2, steps)
    (run / live.LIVE).write_bytes(encode(live.Live([under_way])))
    with FileLock(run / LOCK):  # as a run that plays holds it
        page = Visitor(app).get("/runs/hostile")
        (run / live.LIVE).write_text("[" * 100_000)
        assert "Now playing" not in Visitor(app).get("/runs/hostile")
    assert "Now playing" in page
    assert "window.hacked" in page
    assert not re.search(r"<(script(?! src=\"/page.js\" defer>)|img)", page)


def ask(port: int, request: bytes, seconds: float = 30.0) -> bytes:
    """What a server answers to raw bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request)
        answer = b""
        with suppress(ConnectionError):
            while part := connection.recv(65536):
                answer += part
        return answer


@pytest.mark.slow
def test_a_real_server_withstands(tmp_path: Path) -> None:
    with served(tmp_path) as port:
        host = f"Host: 127.0.0.1:{port}\r\n".encode()
        end = b"Connection: close\r\n\r\n"
        assert b" 200 " in ask(port, b"GET / HTTP/1.1\r\n" + host + end)[:20]
        rebound = b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + end
        assert b" 421 " in ask(port, rebound)[:20]
        foreign = b"GET / HTTP/1.1\r\n" + host + b"Origin: http://evil.example\r\n" + end
        assert b" 403 " in ask(port, foreign)[:20]
        outside = b"GET /../../../etc/passwd HTTP/1.1\r\n" + host + end
        assert b" 404 " in ask(port, outside)[:20]
        post = b"POST /play HTTP/1.1\r\n" + host
        large = b"GET / HTTP/1.1\r\n" + b"a" * 200_000
        sizes = [post + b"Content-Length: " + size for size in (b"-5", b"x", b"9" * 30)]
        for garbage in (b"\x00\xff", b"GET", b"GET / HTTP/9.9", large, *sizes):
            assert re.match(rb"HTTP/1.1 4[0-9][0-9] ", ask(port, garbage + b"\r\n\r\n")), garbage[
                :40
            ]
        slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(100)]
        began = time.monotonic()
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\nHos")
        assert b" 200 " in ask(port, b"GET / HTTP/1.1\r\n" + host + end)[:20]
        body = (
            post
            + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ncs"
        )
        assert b" 408 " in ask(port, body)[:20]
        for connection in slow:
            assert connection.recv(100) == b"", "a slow client is held for ever"
            connection.close()
        assert time.monotonic() - began < 25
        assert b" 200 " in ask(port, b"GET / HTTP/1.1\r\n" + host + end)[:20]
