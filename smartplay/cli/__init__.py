"""The command line: one module in `commands` per command.

A command module has a docstring (its help), `run(options)`, which returns the exit code, and, if it
takes more than `--json` and `--debug`, `add_arguments(parser)`.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import pkgutil
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from smartplay.cli import commands, output
from smartplay.core.errors import SmartPlayError, UnknownNameError, UsageError
from smartplay.core.guard import guarded
from smartplay.core.version import __version__

PLAYING = ("run", "sensitivity", "measure", "diagnose", "plan", "study", "compile")
"""Commands that let an agent of anyone's play."""

FIRST = """\
Games as text that show what an agent can do, and what it cannot.

  smartplay demo                        a report in half a minute, no model asked
  smartplay play Hanoi3Disk             play a game yourself
  smartplay doctor                      what this machine has and lacks
  smartplay run openai:MODEL --quick    try a model of yours
  smartplay --help                      all commands"""


UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What is told when output cannot be written; every other fault of a file names the file."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(output.BAD_USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if all went well, 1 if something failed, 2 for a request that cannot be carried out, 3 if
        an episode is unscored, 4 if a run stopped at a limit, 130 if interrupted.
    """
    output.open_closed_streams()
    typed = sys.argv[1:] if arguments is None else arguments
    if not typed:
        return _carry_out(argparse.Namespace(command=_say_first, debug=False))
    if not typed[0].startswith("-") and typed[0] not in (known := _modules()):
        unknown = UnknownNameError("command", typed[0], known)
        output.complain(f"{unknown} (smartplay --help says what each is for)")
        return output.BAD_USAGE
    options, rest = parser(typed[0]).parse_known_args(typed)
    if rest:
        options.parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if arguments is None and typed[0] in PLAYING:
        return guarded(lambda: _carry_out(options))
    return _carry_out(options)


def _say_first(options: argparse.Namespace) -> int:
    print(FIRST)
    return output.OK


def _carry_out(options: argparse.Namespace) -> int:
    try:
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        print("smartplay: stopped; the same command continues where it stopped", file=sys.stderr)
        return output.INTERRUPTED
    except BrokenPipeError:
        output.forget_output()
        return output.OK
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno in UNWRITTEN:
            output.complain(f"cannot write: {error.strerror}")
            output.forget_output()  # or Python tries once more at its end
            return output.FAILED
        known = isinstance(error, SmartPlayError)
        foreign = f"{type(error).__name__}: {error} (--debug shows where)"
        output.complain(str(error) if known else foreign)
        return output.BAD_USAGE if isinstance(error, UsageError) else output.FAILED


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """What the command line understands.

    Args:
        command: The command whose options are needed; by default those of all. The modules of the
            others are not imported.
    """
    whole = _Parser(
        prog="smartplay",
        description="Games as text that show what an agent can do, and what it cannot.",
    )
    whole.set_defaults(parser=whole)
    whole.add_argument("--version", action="version", version=f"smartplay {__version__}")
    added = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    for name, place in _modules().items():
        if command not in (None, name):
            added.add_parser(name, help=_summary(place))
            continue
        module = importlib.import_module(f"{commands.__name__}.{place}")
        text = (module.__doc__ or "").strip()
        found = added.add_parser(name, help=text.split("\n")[0], description=text)
        found.set_defaults(command=module.run, parser=found)
        found.add_argument("--json", action="store_true", help="print JSON and nothing else")
        found.add_argument("--debug", action="store_true", help="show where an error comes from")
        if hasattr(module, "add_arguments"):
            module.add_arguments(found)
    return whole


def _modules() -> dict[str, str]:
    """The module of each command; none can be called `import`."""
    found = [info.name for info in pkgutil.iter_modules(commands.__path__)]
    return {name.rstrip("_").replace("_", "-"): name for name in found}


def _summary(module: str) -> str:
    """The first line of a command's docstring, read without importing the module."""
    source = pkgutil.get_data(commands.__name__, f"{module}.py") or b""
    return source.decode().partition("\n")[0].strip('"\r')
