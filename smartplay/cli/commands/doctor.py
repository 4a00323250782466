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

from smartplay.cli.options import add_agent_settings, agent_settings
from smartplay.cli.output import FAILED, OK, print_json, print_table, say
from smartplay.core.errors import MissingPackageError, SmartPlayError

if TYPE_CHECKING:
    from smartplay.models import Model
    from smartplay.records import Call

EXTRAS = {
    "fast": "Crafter at full speed",
    "cluster": "run --cluster",
    "local": "run local",
    "code": "run --method code",
    "completion": "completion",
    "dspy": "run --method dspy, compile",
    "export": "export --to parquet",
    "film": "watch --out film.mp4",
    "inspect": "run inspect:PROVIDER/MODEL, import LOG.eval",
    "mcp": "serve --mcp",
    "openenv": "serve --openenv",
    "validity": "validity --attack with learners",
    "web": "serve",
}
"""What each extra of the package is for."""

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
PROMPT = "Reply with a number between 1 and 1000 and nothing else."
ASKED = 10
PAGES = "demo opens its page"
ENGINE = "run --game-set minedojo.engine=minetest"


class Finding(NamedTuple):
    """The result of looking at one thing.

    Attributes:
        what: What it is.
        found: What was found.
        use: What it is good for.
        mend: How to get what is missing; empty if nothing is.
        bad: Whether, until that is done, nothing works, or not what the user asked for.
    """

    what: str
    found: str
    use: str
    mend: str = ""
    bad: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a model to be tried."""
    parser.add_argument("asked", nargs="?", metavar="MODEL",
        help=f"a model to ask the same question {ASKED} times, such as openai:NAME")  # fmt: skip
    add_agent_settings(parser)


def run(options: argparse.Namespace) -> int:
    """Look, and say what is missing for what."""
    findings = [*_machine(), *_packages(), *_keys(), *_programs()]
    if options.asked:
        findings.append(_service(options))
    if options.json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_table("", ("what", "found", "for"), [finding[:3] for finding in findings])
        _conclude(findings)
    return FAILED if any(finding.bad for finding in findings) else OK


def _conclude(findings: list[Finding]) -> None:
    bad = [finding for finding in findings if finding.bad]
    say("")
    say("Something is wrong:" if bad else "All that SmartPlay needs is here.")
    for finding in bad:
        say(f"  {finding.what}: {finding.mend}")
    missing = [finding for finding in findings if finding.mend and not finding.bad]
    if missing:
        say("Missing, and needed only for")
    for use, mend in dict.fromkeys((finding.use, finding.mend) for finding in missing):
        say(f"  {use}: {mend}")


def _machine() -> Iterator[Finding]:
    yield Finding("Python", platform.python_version(), "everything")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("processors", str(cores), "CPU-heavy games side by side")
    try:
        yield Finding("browser", type(webbrowser.get()).__name__, PAGES)
    except webbrowser.Error:
        yield Finding("browser", "none", PAGES, "no browser was found; open its page yourself")


def _packages() -> Iterator[Finding]:
    for needed in requires("smartplay") or []:
        extras = re.findall(r"""extra == ["'](.+?)["']""", needed)
        package = re.split(r"[^\w.-]", needed)[0]
        if package == "smartplay" or (extras and extras[0] not in EXTRAS):
            continue
        wanted = f"smartplay[{extras[0]}]" if extras else "smartplay"
        use, mend = EXTRAS[extras[0]] if extras else "everything", f'pip install "{wanted}"'
        least = re.search(r">=([\d.]+)", needed)
        try:
            found = version(package)
        except PackageNotFoundError:
            yield Finding(package, "missing", use, mend, bad=not extras)
            continue
        if least and _numbers(found) < _numbers(least[1]):
            old = f"{found}, {least[1]} or newer is needed"
            yield Finding(package, old, use, f"{mend} --upgrade", bad=not extras)
        else:
            yield Finding(package, found, use)


def _numbers(text: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", text)]


def _keys() -> Iterator[Finding]:
    for name in KEYS:
        use = f"run {name.partition('_')[0].lower()}:MODEL"
        if os.environ.get(name, "").strip():
            yield Finding(name, "set", use)
        else:
            yield Finding(name, "not set", use, f"set the environment variable {name}")


def _programs() -> Iterator[Finding]:
    """What is no package of Python's."""
    from smartplay.games.minedojo.minetest.server import find_server
    from smartplay.models.weights import SMOLLM2

    late = f"fetched at its first use ({SMOLLM2.download / 1e6:.0f} MB)"
    there = "there" if _has_weights() else late
    yield Finding("weights of the embedded model", there, EXTRAS["local"])
    try:
        yield Finding("Minetest server", find_server(), ENGINE)
    except MissingPackageError as error:
        yield Finding("Minetest server", "none", ENGINE, str(error).partition("; ")[2])


def _has_weights() -> bool:
    from smartplay.core.cache import cache_folder
    from smartplay.models.weights import SMOLLM2

    return (cache_folder() / SMOLLM2.filename).is_file()


def _service(options: argparse.Namespace) -> Finding:
    from smartplay.models import open_model

    if options.asked == "local" and not _has_weights():
        mend = "smartplay run local --quick fetches its weights"
        return Finding(options.asked, "not here yet", "run", mend, bad=True)
    try:
        model = open_model(options.asked, **{"temperature": 0.0} | agent_settings(options))
        calls = asyncio.run(_ask(model))
    except SmartPlayError as error:
        return Finding(options.asked, "cannot be asked", "run", str(error), bad=True)
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
