"""A release bears one version, in the package, the citation, the changelog and the tag."""

from __future__ import annotations

from pathlib import Path

import pytest

import smartplay
from tools.release import PLACES, ROOT, problems


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The files that name the version, as they are on the day of a release."""
    for name in PLACES:
        text = (ROOT / name).read_text(encoding="utf-8").replace(" (not released yet)", "")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_all_places_name_the_version(released: Path) -> None:
    assert not list(problems(f"v{smartplay.__version__}", released))


@pytest.mark.parametrize("tag", ["v9.9.9", smartplay.__version__, "v", ""])
def test_a_tag_of_another_version_is_refused_at_every_place(released: Path, tag: str) -> None:
    assert [line.split(" says")[0] for line in problems(tag, released)] == list(PLACES)


def test_a_version_that_the_changelog_calls_unreleased_is_refused(released: Path) -> None:
    tag = f"v{smartplay.__version__}"
    (released / "CHANGELOG.md").write_text(f"# Changelog\n\n## {tag[1:]} (not released yet)\n")
    assert [line.split(" says")[0] for line in problems(tag, released)] == ["CHANGELOG.md"]
