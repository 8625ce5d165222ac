from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from tests.conftest import sine
from tests.training.tiny_encoder import write_encoder
from timbrescope.audio.live import LiveInput
from timbrescope.ui.training.live_place import Latest, LivePlace
from timbrescope.ui.training.map_data import Projection, SoundMap

RATE = 48_000
LONG_MS = 120_000


class Input:
    """A sound input that gives its sinks all its sound at once."""

    sample_rate = RATE

    def __init__(self, sound: NDArray[np.float32]) -> None:
        self._sound = sound
        self.sinks = 0

    def attach(self, sink: Latest) -> None:
        self.sinks += 1
        for piece in np.array_split(self._sound, 50):
            sink.write(np.column_stack([piece, piece]))

    def detach(self, _sink: Latest) -> None:
        self.sinks -= 1


class Anywhere(Projection):
    """Takes every vector for the same."""

    def __init__(self) -> None:
        pass

    def place(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        """Return a place."""
        assert vector.shape == (48,)
        return 0.25, -0.5


def follow(sound: NDArray[np.float32], folder: Path) -> tuple[Input, LivePlace]:
    source = Input(sound)
    encoder = write_encoder(folder / "encoder.safetensors")
    return source, LivePlace(cast("LiveInput", source), encoder, Anywhere())


def test_a_sound_has_a_place_and_silence_has_none(qtbot: QtBot, tmp_path: Path) -> None:
    source, live = follow(sine(440.0, 3.0, RATE), tmp_path)
    with qtbot.waitSignal(live.placed, timeout=LONG_MS) as placed:
        live.start()
    assert placed.args == [0.25, -0.5]
    live.end()
    assert source.sinks == 0
    source, live = follow(np.zeros(3 * RATE, np.float32), tmp_path)
    with qtbot.waitSignal(live.silent, timeout=LONG_MS), qtbot.assertNotEmitted(live.placed):
        live.start()
    live.end()


@pytest.mark.parametrize("block", [1, 7, 100, 5000])
def test_the_newest_sound_is_kept(block: int, rng: np.random.Generator) -> None:
    sound = rng.normal(size=(3000, 2)).astype(np.float32)
    latest = Latest(1000)
    assert latest.read() is None
    for start in range(0, len(sound), block):
        latest.write(sound[start : start + block])
    newest = latest.read()
    assert newest is not None
    assert newest == pytest.approx(sound[-1000:].mean(axis=1), abs=1e-6)


def test_a_sound_between_two_lies_with_the_one_that_is_more_alike(rng: np.random.Generator) -> None:
    groups = rng.normal(size=(2, 32))
    vectors = np.repeat(groups, 10, axis=0) + 0.01 * rng.normal(size=(20, 32))
    places = np.repeat([[-1.0, 0.0], [1.0, 0.0]], 10, axis=0).astype(np.float32)
    of = SoundMap(Path(), "single", (), Path(), (), places, vectors.astype(np.float16), ())
    x, _ = Projection(of).place((0.8 * groups[0] + 0.2 * groups[1]).astype(np.float32))
    assert x == pytest.approx(-1.0, abs=1e-3)
