"""Films, decoded and held against the records frame by frame."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.games.drawing import Picture
from smartplay.play.film import HEIGHT, KINDS, WIDTH, frame, make_film
from smartplay.play.watch import Recording
from tests.players import recorded_run

SPEED = 2.0


def frames_of(path: Path) -> list[Picture]:
    if path.suffix == ".gif":
        with Image.open(path) as film:
            found = []
            for number in range(film.n_frames):  # type: ignore[attr-defined]
                film.seek(number)
                found.append(np.asarray(film.convert("RGB"), dtype=np.uint8))
            return found
    reason = "imageio-ffmpeg, which decodes .mp4, is missing"
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason=reason)
    command = [ffmpeg.get_ffmpeg_exe(), "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return list(np.frombuffer(data, np.uint8).reshape(-1, HEIGHT, WIDTH, 3))


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("game", ["Hanoi3Disk", "MessengerL2"])
def test_every_frame_is_its_moment(tmp_path: Path, kind: str, game: str) -> None:
    recorded_run(tmp_path / "run", game)
    film = tmp_path / f"film{kind}"
    assert main(["watch", str(tmp_path / "run"), "--out", str(film)]) == 0
    recording = Recording(tmp_path / "run", None, 0, True)
    wanted = [frame(recording.view(number, keys=())) for number in range(len(recording))]
    recording.close()
    found = frames_of(film)
    assert len(found) == len(wanted) + (5 if kind == ".mp4" else 0), "a moment is missing"
    for number, shown in enumerate(found):
        assert shown.shape == (HEIGHT, WIDTH, 3)
        moment = min(number, len(wanted) - 1)
        distances = [difference(shown, picture) for picture in wanted]
        assert int(np.argmin(distances)) == moment, f"frame {number} shows another moment"
        assert distances[moment] < 4, f"frame {number} is not what was drawn"


def test_the_frame_holds_the_replayed_picture(tmp_path: Path) -> None:
    recorded_run(tmp_path / "run")
    recording = Recording(tmp_path / "run", None, 0, True)
    for number in range(len(recording)):
        view = recording.view(number)
        assert view.picture is not None
        assert (frame(view)[:400, :400] == view.picture).all()
        assert f"step {number} of {len(recording) - 1}" in view.status
    recording.close()


def test_stepping_back_shows_the_same_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smartplay.records.replay.KEPT", 2)
    recorded_run(tmp_path / "run", "MessengerL2", "random")
    recording = Recording(tmp_path / "run", None, 0, True)
    forth = [recording.view(number).picture for number in range(len(recording))]
    for number in reversed(range(len(recording))):
        back = recording.view(number).picture
        assert back is not None
        assert (back == forth[number]).all(), f"step {number} looks different on the way back"
    recording.close()


def test_a_record_of_another_game_has_no_pictures(tmp_path: Path) -> None:
    folder = recorded_run(tmp_path / "run")
    header, steps = folder.steps("smartplay/Hanoi3Disk-v0", 0)
    import msgspec

    from tests.folders import pack_trace, put_trace

    steps[3] = msgspec.structs.replace(steps[3], observation="Something else.")
    put_trace(folder.path, (header.game, 0, 0), pack_trace(header, steps))
    recording = Recording(tmp_path / "run", None, 0, True)
    assert recording.view(3).picture is not None
    for number in (4, 5):
        assert recording.view(number).picture is None
        assert "No picture" in recording.view(number).notice
    recording.close()


def test_other_files_and_places_are_refused(tmp_path: Path) -> None:
    recorded_run(tmp_path / "run")
    recording = Recording(tmp_path / "run", None, 0, True)
    with pytest.raises(UsageError, match=r"\.gif or \.mp4"):
        make_film(recording, tmp_path / "film.avi", SPEED)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        make_film(recording, tmp_path / "file" / "film.gif", SPEED)
    recording.close()
    assert main(["watch", str(tmp_path / "run"), "--episode", "7"]) == 2
    assert main(["watch", str(tmp_path / "run"), "--game", "Crafter"]) == 2
    assert main(["watch", str(tmp_path / "run"), "--speed", "0"]) == 2


def test_a_film_is_not_written_through_a_link_in_wait(tmp_path: Path) -> None:
    recorded_run(tmp_path / "run", "Hanoi3Disk")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "run" / ".film.part.gif").symlink_to(tmp_path / "mine")
    film = tmp_path / "run" / "film.gif"
    assert main(["watch", str(tmp_path / "run"), "--out", str(film)]) == 0
    assert (tmp_path / "mine").read_text() == "mine"
    assert film.stat().st_size > 0
