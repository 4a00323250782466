"""Commit to a private suite of episodes, and reveal it after it was played."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartplay.cli.output import OK, print_json, say
from smartplay.core.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two tasks and their files."""
    add = parser.add_argument
    add("task", choices=("commit", "reveal"),
        help="commit: make a secret and its hash; reveal FILE: publish the secret")  # fmt: skip
    add("file", nargs="?", type=Path, help="the file that commit has made")
    add("--out", type=Path, metavar="FILE",
        help="the secret's file (default: suite-HASH.json), or what is revealed")  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Make a suite, or show what is in it."""
    if (options.file is None) != (options.task == "commit"):
        raise UsageError("write smartplay suite commit, or smartplay suite reveal FILE")
    return _commit(options) if options.task == "commit" else _reveal(options)


def _commit(options: argparse.Namespace) -> int:
    from smartplay.runner.suite import new_suite, write_suite

    suite = new_suite()
    path = options.out or Path(f"suite-{suite.hash[:8]}.json")
    write_suite(suite, path, 0o600)
    if options.json:
        print_json({"hash": suite.hash, "rule": suite.rule, "file": str(path)})
        return OK
    say(f"Hash to publish now: {suite.hash}")
    say(f"Secret, for you alone until all have played: {path}")
    say(f"Play it with: smartplay run AGENT --suite {path}")
    return OK


def _reveal(options: argparse.Namespace) -> int:
    from smartplay.runner.suite import find_suite, write_suite

    suite = find_suite(options.file)
    if options.out:
        write_suite(suite, options.out, 0o644)
    if options.json:
        print_json({"hash": suite.hash, "rule": suite.rule, "secret": suite.secret})
        return OK
    say(f"Hash: {suite.hash}")
    say(f"Secret: {suite.secret}")
    say(f"Anyone verifies with: smartplay verify RUN --suite {options.out or suite.secret}")
    return OK
