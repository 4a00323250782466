"""Check what this machine has for SmartPlay: packages, keys, a service; nothing is written."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import statistics
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, NamedTuple

from smartplay.cli.commands.run import add_agent_settings, agent_settings
from smartplay.cli.output import FAILED, OK, print_json, print_table
from smartplay.core.errors import SmartPlayError

if TYPE_CHECKING:
    from smartplay.models import Model
    from smartplay.records import Call

EXTRAS = {
    "fast": "Crafter at full speed",
    "cluster": "run --cluster",
    "local": "the embedded model, run local",
    "code": "run --method code",
    "export": "export --to parquet",
    "film": "watch --out film.mp4",
    "mcp": "serve --mcp",
    "openenv": "serve --openenv",
    "validity": "validity --attack with learners",
}
"""What each extra of the package is for."""

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
PROMPT = "Reply with a number between 1 and 1000 and nothing else."
ASKED = 10


class Finding(NamedTuple):
    """What was looked at, what was found, and what it is good for."""

    what: str
    found: str
    use: str
    bad: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a model to be tried."""
    parser.add_argument("asked", nargs="?", metavar="MODEL",
        help=f"ask a model the same {ASKED} times, such as openai:NAME")  # fmt: skip
    add_agent_settings(parser)


def run(options: argparse.Namespace) -> int:
    """Look, and say what is missing for what."""
    findings = [*_machine(), *_packages(), *_keys()]
    if options.asked:
        findings.append(_service(options))
    if options.json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_table("", ("what", "found", "for"), [finding[:3] for finding in findings])
    return FAILED if any(finding.bad for finding in findings) else OK


def _machine() -> Iterator[Finding]:
    yield Finding("Python", platform.python_version(), "everything")
    yield Finding("processors", str(os.cpu_count()), "CPU-heavy games side by side")
    try:
        name = type(webbrowser.get()).__name__
    except webbrowser.Error:
        name = "none: open pages yourself"
    yield Finding("browser", name, "demo opens its page there")


def _packages() -> Iterator[Finding]:
    for needed in requires("smartplay") or []:
        extras = re.findall(r"""extra == ["'](.+?)["']""", needed)
        package = re.split(r"[^\w.-]", needed)[0]
        if package == "smartplay" or (extras and extras[0] not in EXTRAS):
            continue
        use, how = "everything", "missing"
        if extras:
            use, how = EXTRAS[extras[0]], f'missing: pip install "smartplay[{extras[0]}]"'
        try:
            yield Finding(package, version(package), use)
        except PackageNotFoundError:
            yield Finding(package, how, use, bad=not extras)


def _keys() -> Iterator[Finding]:
    for name in KEYS:
        kind = name.partition("_")[0].lower()
        is_set = bool(os.environ.get(name, "").strip())
        yield Finding(name, "set" if is_set else "not set", f"run {kind}:MODEL")


def _service(options: argparse.Namespace) -> Finding:
    from smartplay.models import open_model

    try:
        model = open_model(options.asked, **{"temperature": 0.0} | agent_settings(options))
        calls = asyncio.run(_ask(model))
    except SmartPlayError as error:
        return Finding(options.asked, str(error), "run", bad=True)
    return Finding(options.asked, _summary(calls), "run")


async def _ask(model: Model) -> list[Call]:
    try:
        asked = [{"role": "user", "content": PROMPT}]
        return [(await model.chat(asked, fresh=True))[0] for _ in range(ASKED)]
    finally:
        with suppress(SmartPlayError):
            await model.aclose()


def _summary(calls: list[Call]) -> str:
    same = Counter(call.text for call in calls).most_common(1)[0][1]
    seconds = statistics.median(call.seconds for call in calls)
    counted = "tokens are reported" if calls[-1].usage.prompt else "no tokens are reported"
    return (
        f"answers in {seconds:.2g} s; {same} of {len(calls)} replies to the same question are "
        f"equal; {counted}"
    )
