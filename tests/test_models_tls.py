"""Calls over TLS: to a service, through a proxy, and with a certificate nobody vouches for."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from smartplay.core.errors import ModelError
from smartplay.models import open_model
from smartplay.records import Call
from tests.fake_server import openai_body

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TALK = [{"role": "user", "content": "Now?"}]
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="makes certificates")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
         "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, cert


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    text = openai_body("Rock")
    try:
        for _ in range(2):
            await reader.readuntil(b"}]")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
            await writer.drain()
        await reader.read()
    finally:
        writer.transport.abort()


def ask(
    certificate: tuple[Path, Path], proxy: Serve | None, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Ask twice over one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])

    async def body() -> Call:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        if proxy is not None:
            passing = await asyncio.start_server(proxy, "127.0.0.1", 0)
            via = passing.sockets[0].getsockname()[1]
            monkeypatch.setenv("https_proxy", f"http://me:pass@127.0.0.1:{via}")
            monkeypatch.setenv("no_proxy", "")
        model = open_model("openai:x", base_url=f"https://localhost:{port}/v1", max_retries=0)
        try:
            await model.chat(TALK)
            [call] = await model.chat(TALK)
            return call
        finally:
            await model.aclose()
            server.close()
            if proxy is not None:
                passing.close()
            await asyncio.sleep(0.1)  # for both ends to close

    return asyncio.run(body())


def test_a_service_over_tls(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    assert ask(certificate, None, monkeypatch).text == "Rock"


def test_a_certificate_that_nobody_vouches_for(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelError, match=r"cannot reach .*certificate verify failed"):
        ask(certificate, None, monkeypatch)


def test_through_a_proxy(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[bytes] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        port = int(heads[-1].split()[1].split(b":")[1])
        there, to = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(copy(reader, to), copy(there, writer), return_exceptions=True)
        to.transport.abort()
        writer.transport.abort()

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    assert ask(certificate, proxy, monkeypatch).text == "Rock"
    [head] = heads
    assert head.startswith(b"CONNECT localhost:")
    assert b"proxy-authorization: Basic bWU6cGFzcw==" in head


def test_a_proxy_that_refuses(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 No\r\n\r\n")
        writer.close()

    told = r"cannot reach .*, as the proxy http://127.* fails: it refuses with status 502"
    with pytest.raises(ModelError, match=told) as caught:
        ask(certificate, proxy, monkeypatch)
    assert "pass" not in str(caught.value)
