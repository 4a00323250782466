"""One word per task: `nox` runs what a pull request must pass, `nox -s WORD` one of them."""

from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "tests", "docs", "package"]
nox.options.reuse_existing_virtualenvs = True


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    session.install("-e", ".[test]")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """The tests; `nox -s tests -- tests/test_x.py` runs some of them."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
@nox.parametrize("framework", ["inspect", "openenv", "mcp"], ids=["inspect", "openenv", "mcp"])
def adapters(session: nox.Session, framework: str) -> None:
    """The adapters, each with the real framework, in an environment of its own: they clash."""
    plugins = ("hypothesis", "pytest", "pytest-timeout", "pytest-xdist", "setuptools>=70.1")
    session.install("-e", f".[{framework}]", *plugins)
    session.run("pytest", "-rs", "-m", "", f"tests/test_{framework}.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The site, in docs/_build; a warning is an error."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-c", "docs", ".", "docs/_build")


@nox.session
def package(session: nox.Session) -> None:
    """The sdist and the wheel, in dist/, checked as the index would."""
    session.install("build", "twine")
    session.run("python", "-m", "build")
    session.run("twine", "check", "--strict", *map(str, sorted(Path("dist").iterdir())))


@nox.session
def minigrid(session: nox.Session) -> None:
    """The pack in `integrations/smartplay-minigrid`, against the real package."""
    session.install(".")
    session.chdir("integrations/smartplay-minigrid")
    session.install("-e", ".[test]")
    session.run("pytest")
    session.run("mypy")


@nox.session
def training(session: nox.Session) -> None:
    """Training on a tiny model and on numbers, with the real TRL and stable-baselines3."""
    session.install("-e", ".", "trl>=1.16,<2", "transformers>=5.2", "jmespath")
    session.install("stable-baselines3", "hypothesis", "pytest", "pytest-timeout", "pytest-xdist")
    tests = ("tests/test_trl.py", "tests/test_reinforcement_learning.py")
    session.run("pytest", "-rs", "-m", "", *tests, *session.posargs)
