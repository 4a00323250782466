"""Services that misbehave: what each does, and what is to come of a call to it.

Asked of every call: a reply, or one clear sentence in a `ModelError`; never the key, nor a flood of
text or of memory.
"""

from __future__ import annotations

import functools
import gzip
import itertools
import json
import re
import subprocess
import sys
import zlib
from typing import Any, NamedTuple

from smartplay.core.errors import ModelError
from smartplay.models import open_model
from smartplay.models.base import Settings
from smartplay.records import Call, Usage
from tests.fake_server import ask as ask_once
from tests.fake_server import error_body, openai_body
from tests.raw_server import RESET, RawServer, Step, chunk, http

KEY = "sk-Secret-0123456789abcdef"
LIMIT = 100_000
ROCK = openai_body("Rock")
CHUNKED = "Transfer-Encoding: chunked"
EVENTS = "Content-Type: text/event-stream"
GZIP = "Content-Encoding: gzip"


class Case(NamedTuple):
    """A misbehaviour.

    Attributes:
        steps: What the server does.
        told: Part of the sentence, as a pattern; None if a reply is read all the same.
        settings: Of the model.
    """

    steps: list[Step]
    told: str | None
    settings: dict[str, Any] = {}


def reply(**fields: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"content": "Rock"}}]} | fields).encode()


def message(**fields: Any) -> bytes:
    return reply(choices=[{"message": {"content": "Rock"} | fields}])


def event(content: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


@functools.cache
def bomb(packing: int = 31) -> bytes:
    """Blanks, packed to a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, packing)
    packed = b"".join(packer.compress(b" " * 2**20) for _ in range(32))
    return packed + packer.flush()


def endless(data: bytes) -> Any:
    return lambda: itertools.repeat(data)


def deep(n: int) -> bytes:
    return b'{"choices": ' + b"[" * n + b"]" * n + b"}"


def wide(piece: bytes) -> bytes:
    """A reply beside which stand many small pieces, of which each takes more memory than bytes."""
    return ROCK[:-1] + b', "x": [' + piece * 600_000 + b"0]}"


def stream(*data: bytes) -> list[Step]:
    return [http(200, b"".join(data), EVENTS, length=-1)]


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


STREAM = {"stream": True}
WIDE = {"max_reply_bytes": 10_000_000}
PIECES = "cannot be read: it comes in more than 500,000 pieces"
READ = "sent a reply that cannot be read"
BROKE = "the connection to .* broke"
TOO_LARGE = r"more than 100,000 bytes \(max_reply_bytes\)"
NO_HTTP = "does not answer as HTTP demands|broke"
DROPS: list[Step] = [b" ", 0.1] * 9
SLOW = "no whole reply within 0.4 seconds"

CASES: dict[str, Case] = {
    # statuses
    "no body at all": Case([http(200, b"")], READ),
    "no content": Case([http(204, b"", length=-1)], READ),
    "created": Case([http(201, ROCK)], None),
    "partial": Case([http(206, ROCK)], None),
    "continue, then a reply": Case([b"HTTP/1.1 100 Continue\r\n\r\n", http(200, ROCK)], None),
    "hints, then a reply": Case([b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n" * 9, http(200, ROCK)], None),
    "not modified": Case([http(304, b"", length=-1)], r"does not take the request \(status 304\)"),
    "moved": Case([http(301, b"", "Location: http://x/")], r"\(status 301\)"),
    "moved to the key": Case([http(308, b"", f"Location: /{KEY}")], r"\(status 308\)"),
    "teapot": Case([http(418, b"short and stout")], "418.*: short and stout"),
    "legal reasons": Case([http(451, error_body("by law"))], "451.*by law"),
    "status 599": Case([http(599, b"?")], "failed with status 599"),
    "status 999": Case([http(999, b"?")], "999"),
    "status 099": Case([b"HTTP/1.1 099 Low\r\n\r\n"], "99"),
    "status of words": Case([b"HTTP/1.1 good OK\r\n\r\n"], NO_HTTP),
    "not found as a page": Case([http(404, b"<h1>nginx</h1>")], "no model 'x'.*: nginx"),
    "unauthorized, empty": Case([http(401, b"")], "wants another key: check OPENAI_API_KEY"),
    "forbidden with the key": Case([http(403, error_body(KEY))], r"status 403\): …"),
    "quota as a page": Case([http(429, b"<p>Later</p>")], "refuses more calls for now: Later"),
    "wait a year": Case([http(429, b"", "Retry-After: 31536000")], "asks to wait 31536000 s"),
    "wait for no number": Case([http(503, b"", "Retry-After: \xb2")], "status 503"),
    "wait for ever": Case([http(503, b"", "Retry-After: inf")], "status 503"),
    "an error cut off": Case([http(500, b"half", length=99)], "failed with status 500: half"),
    "an error without end": Case([http(400, b"", CHUNKED, length=-1), endless(chunk(b"no " * 999))],
                                 "status 400.*no no no"),
    "an error of bombs": Case([http(500, bomb(), GZIP)], "failed with status 500"),
    "an error packed": Case([http(400, packed(error_body("so"))[:], GZIP)], "400.*: so"),
    "an error in unknown packing": Case([http(400, b"??", "Content-Encoding: br")], "status 400"),
    "an error of zeros": Case([http(500, b"\0" * 5000)], "failed with status 500"),
    "an error with colours": Case([http(400, error_body("\x1b[31mred\x07\u202e"))], "red"),
    "an error that is deep": Case([http(400, b"[" * 9000)], "status 400"),
    "an error within errors": Case([http(400, json.dumps({"error": {"error": {"error": "in"}}})
                                         .encode())], "400.*: in"),
    "an error of numbers": Case([http(400, b'{"error": 5}')], r"status 400\)$"),
    "a long error": Case([http(400, error_body("x" * 15_000))], r"x{200}\.\.\.$"),
    "an error with many keys": Case([http(400, f"{KEY} ".encode() * 500)], "400.*: … … …"),
    # what is no HTTP
    "closes": Case([], BROKE),
    "resets": Case([RESET], BROKE),
    "says hello": Case([b"220 mail ready\r\n"], NO_HTTP),
    "says zeros": Case([b"\0" * 1000], NO_HTTP),
    "says the key": Case([KEY.encode() * 9 + b"\r\n\r\n"], NO_HTTP),
    "half a head": Case([b"HTTP/1.1 200 OK\r\nContent-"], BROKE),
    "a header without end": Case([b"HTTP/1.1 200 OK\r\nA: ", endless(b"a" * 60_000)], NO_HTTP),
    "headers without end": Case([b"HTTP/1.1 200 OK\r\n", endless(b"A: b\r\n" * 9000)],
                                f"{NO_HTTP}|{SLOW}"),
    "two lengths": Case([http(200, ROCK, "Content-Length: 3")], f"{NO_HTTP}|{READ}"),
    "a negative length": Case([http(200, ROCK, "Content-Length: -3", length=-1)], NO_HTTP),
    "a length of words": Case([http(200, ROCK, "Content-Length: all", length=-1)], NO_HTTP),
    "length and chunks": Case([http(200, chunk(ROCK) + chunk(b""), CHUNKED, length=9)],
                              f"{NO_HTTP}|{READ}"),
    "a huge length": Case([http(200, ROCK, length=10**15)], f"{BROKE}|{TOO_LARGE}"),
    "wrong chunks": Case([http(200, b"zz\r\n", CHUNKED, length=-1)], NO_HTTP),
    "half a chunk": Case([http(200, chunk(ROCK)[:50], CHUNKED, length=-1)], BROKE),
    "cut": Case([http(200, ROCK[:50], length=len(ROCK))], BROKE),
    "cut by a reset": Case([http(200, ROCK[:50], length=len(ROCK)), 0.05, RESET], BROKE),
    # timing
    "silent": Case([1.0], SLOW),
    "silent after the head": Case([http(200, b"", length=50), 1.0], SLOW),
    "a drop at a time": Case([http(200, b"", length=50), *DROPS], SLOW),
    "blanks, then a reply": Case([http(200, b" " * 50 + ROCK[:9], length=50 + len(ROCK)), 0.1,
                                  ROCK[9:]], None),
    # bodies that do not end or grow
    "no end": Case([http(200, b"", CHUNKED, length=-1), endless(chunk(b" " * 60_000))], TOO_LARGE),
    "no end and no length": Case([http(200, b"", length=-1), endless(b" " * 60_000)], TOO_LARGE),
    "large": Case([http(200, openai_body("x" * 200_000))], f"{TOO_LARGE}|reply"),
    "a bomb": Case([http(200, bomb(), GZIP)], TOO_LARGE),
    "a bomb of deflate": Case([http(200, bomb(15), "Content-Encoding: deflate")], TOO_LARGE),
    "a bomb of bare deflate": Case([http(200, bomb(-15), "Content-Encoding: deflate")], TOO_LARGE),
    "a bomb in a stream": Case([http(200, bomb(), GZIP, EVENTS)], TOO_LARGE, STREAM),
    "packed unasked": Case([http(200, packed(ROCK), GZIP)], None),
    "packed twice": Case([http(200, packed(packed(ROCK)), GZIP)], READ),
    "packed and cut": Case([http(200, packed(ROCK)[:-30], GZIP)], f"{READ}.*cut off"),
    "not packed though said": Case([http(200, ROCK, GZIP)], f"{READ}.*its compression is damaged"),
    "packed in an unknown way": Case([http(200, ROCK, "Content-Encoding: br")], f"{READ}.*br"),
    "more after the pack": Case([http(200, packed(ROCK) + b"x" * 9000, GZIP)], None),
    # bodies that are something else
    "a page": Case([http(200, b"<html>hi</html>", "Content-Type: text/html")], READ),
    "the key as a page": Case([http(200, KEY.encode(), "Content-Type: text/html")], READ),
    "zeros": Case([http(200, b"\0" * 500)], READ),
    "null": Case([http(200, b"null")], READ),
    "a number": Case([http(200, b"1e999")], READ),
    "a list": Case([http(200, b"[]")], READ),
    "a text": Case([http(200, b'"Rock"')], "Rock|read"),
    "deep": Case([http(200, deep(40_000))], READ),
    "deep but wide": Case([http(200, b'{"a":' * 9000 + b"1" + b"}" * 9000)], READ),
    "wide lists": Case([http(200, wide(b"[],"))], PIECES, WIDE),
    "wide tables": Case([http(200, wide(b'{"a":{}},'))], PIECES, WIDE),
    "wide numbers": Case([http(200, wide(b"1.5,"))], PIECES, WIDE),
    "wide texts": Case([http(200, wide(b'"ab",'))], PIECES, WIDE),
    "half JSON": Case([http(200, ROCK[:-5])], READ),
    "two JSONs": Case([http(200, ROCK + ROCK)], READ),
    "a mark first": Case([http(200, b"\xef\xbb\xbf" + ROCK)], None),
    "no Unicode": Case([http(200, ROCK.replace(b"Rock", b"\xff\xfe"))], READ),
    "half a pair": Case([http(200, ROCK.replace(b"Rock", b"\\ud800 Rock"))], None),
    "names twice": Case([http(200, b'{"choices": 1, ' + ROCK[1:])], None),
    "an endless number": Case([http(200, ROCK[:-1] + b', "n": ' + b"9" * 9000 + b"}")], None),
    # replies that are none
    "no choices": Case([http(200, b"{}")], f"{READ}: it holds no choices"),
    "empty choices": Case([http(200, reply(choices=[]))], READ),
    "choices of null": Case([http(200, reply(choices=[None]))], f"{READ}.*no message"),
    "choices as a table": Case([http(200, reply(choices={"0": 1}))], READ),
    "a choice without a message": Case([http(200, reply(choices=[{}]))], READ),
    "a message of text": Case([http(200, reply(choices=[{"message": "Rock"}]))], READ),
    "an error beside a reply": Case([http(200, reply(error={"message": "pst"}))], None),
    "an error as a reply": Case([http(200, error_body(f"no {KEY}"))], "no …"),
    "busy as a reply": Case([http(200, error_body("wait", "rate_limit_exceeded"))], "wait"),
    # replies with odd parts
    "content of null": Case([http(200, message(content=None))], None),
    "content of numbers": Case([http(200, message(content=[1, None, {"text": "Rock"}]))], None),
    "content as a table": Case([http(200, message(content={"text": "Rock"}))], None),
    "deep content": Case([http(200, message(content=[[[[[["x"]]]]]]))], None),
    "a finish of numbers": Case([http(200, reply(choices=[{"message": {"content": "Rock"},
                                                          "finish_reason": 7}]))], None),
    "a finish with the key": Case([http(200, reply(choices=[{"message": {"content": "Rock"},
                                                            "finish_reason": KEY}]))], None),
    "odd usage": Case([http(200, reply(usage={"prompt_tokens": {"a": 1}, "total_tokens": -1}))],
                      None),
    "absurd usage": Case([http(200, reply(usage={"prompt_tokens": 10**18,
                                                 "completion_tokens": -(10**18)}))], None),
    "odd names": Case([http(200, reply(model=[KEY], system_fingerprint=5, id=None))], None),
    "the key everywhere": Case([http(200, ROCK.replace(b"Rock", KEY.encode())
                                     .replace(b"fake-1", KEY.encode()))], None),
    # streams
    "a stream": Case(stream(event("Ro"), event("ck", "stop")), None, STREAM),
    "a stream unasked": Case(stream(event("Rock", "stop")), None),
    "a stream that is cut": Case(stream(event("Ro")), f"{READ}.*in the middle", STREAM),
    "a stream of nothing": Case(stream(b"data: [DONE]\n\n"), f"{READ}.*no choices", STREAM),
    "a stream of junk": Case(stream(b"data: {\n\n"), READ, STREAM),
    "a stream of comments": Case([http(200, b"", EVENTS, length=-1), endless(b": hi\n\n" * 5000)],
                                 f"{TOO_LARGE}|{SLOW}", STREAM),
    "a stream without end": Case([http(200, b"", EVENTS, length=-1), endless(event("x" * 5000))],
                                 TOO_LARGE, STREAM),
    "a line without end": Case([http(200, b"", EVENTS, length=-1), endless(b"data: " * 9999)],
                               TOO_LARGE, STREAM),
    "a stream of many choices": Case(
        [http(200, b"", EVENTS, length=-1),
         lambda: (b'data: {"choices": [{"index": %d}]}\n\n' % k for k in itertools.count())],
        TOO_LARGE, STREAM),
    "a stream of numbers": Case(stream(b"data: 1\n\ndata: null\n\ndata: [1]\n\n",
                                       event("Rock", "stop")), None, STREAM),
    "a stream with an error": Case(stream(event("Ro"), b"data: " + error_body(KEY) + b"\n\n"),
                                   "…", STREAM),
    "a stream that goes on": Case([http(200, event("Rock", "stop") + b"data: [DONE]\n\n", EVENTS,
                                        length=-1), 1.0], None, STREAM),
    "a stream with returns": Case(stream(event("Rock", "stop").replace(b"\n", b"\r\n")), None,
                                  STREAM),
    "JSON though a stream": Case([http(200, ROCK)], None, STREAM),
}  # fmt: skip


def ask(url: str, **settings: Any) -> Call:
    """Make one call."""
    settings = {"timeout": 0.4, "max_retries": 0, "max_reply_bytes": LIMIT} | settings
    return ask_once(open_model("openai:x", base_url=url, **settings))


def complaint(server: RawServer, case: Case) -> str:
    """What is wrong with a call to a server that behaves so; empty if nothing is.

    `OPENAI_API_KEY` has to be `KEY`.
    """
    server.next = case.steps
    settings = dict(case.settings)
    if SLOW not in (case.told or ""):
        settings["timeout"] = 10.0
    try:
        call = ask(server.url, **settings)
    except ModelError as error:
        return _wrong_sentence(str(error), case.told)
    if case.told is not None:
        return f"it was taken for a reply: {call}"
    texts = (call.text, call.reasoning, call.finish, call.model, call.fingerprint)
    if KEY in "".join(texts):
        return "the key is in the reply"
    if not isinstance(call.usage, Usage) or min(call.usage.prompt, call.usage.completion) < 0:
        return f"it took {call.usage}"
    "".join(texts).encode()
    return ""


def _wrong_sentence(sentence: str, told: str | None) -> str:
    said = (
        told is not None
        and re.search(told, sentence)
        and sentence.isprintable()
        and KEY not in sentence
        and len(sentence) < 500
        and not any(word in sentence for word in ("Traceback", "object at 0x", "<class", "()"))
    )
    return "" if said else f"it says {sentence[:600]!r}"


# Memory

LARGEST: int = Settings().max_reply_bytes
ALMOST = LARGEST - 1000  # of a reply that is taken


def _filled(piece: bytes) -> bytes:
    """A reply, as large as any that is taken, beside which stand as many pieces as fit."""
    return ROCK[:-1] + b', "x": [' + piece * (ALMOST // len(piece) - 200) + b"0]}"


FLOODS: dict[str, list[Step]] = {
    "large replies": [http(200, openai_body("x" * (ALMOST - 1000)))],
    "replies of other characters": [http(200, openai_body("\\" * (ALMOST // 4)))],
    "packed replies": [http(200, packed(openai_body("x" * (ALMOST - 1000))), GZIP)],
    "bombs": [http(200, bomb(), GZIP)],
    "wide lists": [http(200, _filled(b"[],"))],
    "wide tables": [http(200, _filled(b'{"a":{}},'))],
    "wide numbers": [http(200, _filled(b"1.5,"))],
    "wide texts": [http(200, _filled(b'"ab",'))],
    "wide, and no JSON": [http(200, _filled(b"[],")[:-1])],
    "wide, with half a character": [http(200, _filled(b'"\\ud800",'))],
    "endless": [http(200, b"", CHUNKED, length=-1), endless(chunk(b" " * 60_000))],
    "endless streams": [http(200, b"", EVENTS, length=-1), endless(event("x" * 5000))],
    "large streams": stream(*[event("x" * 5000)] * (ALMOST // 5000), event("", "stop")),
}
"""Services of which every reply takes as much memory as it can."""

FLOOD = """
import asyncio, resource, sys
from smartplay.core.errors import ModelError
from smartplay.models import open_model

async def main(url, at_once):
    model = open_model("openai:x", base_url=url, timeout=300.0, max_retries=0)
    talk = [{"role": "user", "content": "Now?"}]
    model.pace.set_most(1024)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = await asyncio.gather(*(model.chat(talk) for _ in range(at_once)), return_exceptions=True)
    await model.aclose()
    for each in told:
        if isinstance(each, BaseException) and not isinstance(each, ModelError):
            raise each
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def flood(server: RawServer, steps: list[Step], at_once: int) -> float:
    """Megabytes that so many calls at once take, in a process of their own."""
    server.next = steps
    done = subprocess.run(
        [sys.executable, "-c", FLOOD, server.url, str(at_once)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / (2**20 if sys.platform == "darwin" else 2**10)
