import io
import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timbrescope.core.track import Track, extremes


def test_reads_what_was_appended_in_any_pieces(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 256, (20_000, 5)).astype(np.uint8)
    track = Track(0.01, (5,), np.uint8)
    for piece in np.array_split(frames, [0, 1, 3, 5000, 5001, 17_777]):
        track.append(piece)
    assert len(track) == 20_000
    np.testing.assert_array_equal(track.read(0, 20_000), frames)
    np.testing.assert_array_equal(track.read(19_998, 30_000), frames[19_998:])
    assert len(track.read(50_000, 60_000)) == 0
    track.close()


@settings(max_examples=60, deadline=None)
@given(
    start=st.integers(0, 30_000), length=st.integers(1, 40_000), at_most=st.integers(1, 2000), seed=st.integers(0, 99)
)
def test_columns_are_the_maxima_of_their_frames(start: int, length: int, at_most: int, seed: int) -> None:
    frames = np.random.default_rng(seed).integers(0, 2**15, (30_011, 1)).astype(np.int16)
    track = Track(0.01, (1,), np.int16)
    for piece in np.array_split(frames, 7):
        track.append(piece)
    columns = track.columns(start * 0.01, (start + length) * 0.01, at_most)
    asked = min(start + length, len(frames)) - start
    assert len(columns.frames) <= 2 * at_most + 2 or asked <= 0
    assert columns.first % columns.step == 0
    for index, column in enumerate(columns.frames):
        low = columns.first + index * columns.step
        assert column[0] == frames[low : low + columns.step].max()
    if asked > 0:
        assert columns.first <= start
        assert columns.first + len(columns.frames) * columns.step >= min(start + length, len(frames))
    track.close()


def test_extremes_keep_lowest_and_highest(rng: np.random.Generator) -> None:
    low = rng.integers(-1000, 0, 50_000)
    pairs = np.stack([low, -low], axis=1).astype(np.int16)
    track = Track(0.01, (2,), np.int16, reduction=extremes)
    track.append(pairs)
    columns = track.columns(0, 500, 100)
    assert columns.frames[:, 0].min() == low.min()
    np.testing.assert_array_equal(columns.frames[:, 0], -columns.frames[:, 1])
    track.close()


def test_columns_do_not_shimmer_while_scrolling(rng: np.random.Generator) -> None:
    track = Track(0.01, (1,), np.uint8)
    track.append(rng.integers(0, 256, (10_000, 1)).astype(np.uint8))
    first, later = track.columns(10.0, 60.0, 500), track.columns(10.27, 60.27, 500)
    assert first.step == later.step
    shift = (later.first - first.first) // first.step
    shared = len(first.frames) - shift
    np.testing.assert_array_equal(first.frames[shift:], later.frames[:shared])
    track.close()


def test_at_knows_where_it_starts_and_ends() -> None:
    track = Track(0.5, (1,), np.float32, start_seconds=1.0)
    track.append(np.array([[1.0], [2.0]]))
    assert track.at(0.9) is None
    assert track.at(1.6) == 2.0
    assert track.at(2.1) is None
    assert track.end_seconds == 2.0
    track.close()


def test_frames_of_another_shape_are_refused() -> None:
    track = Track(0.01, (3,), np.uint8)
    with pytest.raises(ValueError, match="do not fit"):
        track.append(np.zeros((4, 2), np.uint8))
    track.close()


class SmallDisk(io.BytesIO):
    """A file that takes 1000 bytes and no more."""

    def write(self, data: object) -> int:
        taken = bytes(memoryview(data))[: 1000 - self.tell()]  # type: ignore[arg-type]  # any buffer
        if not taken:
            raise OSError(28, "No space left on device")
        return super().write(taken)


def test_a_full_disk_loses_nothing(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: SmallDisk())
    frames = rng.integers(0, 256, (20_000, 3)).astype(np.uint8)
    track = Track(0.01, (3,), np.uint8)
    for piece in np.array_split(frames, 7):
        track.append(piece)
    np.testing.assert_array_equal(track.read(0, 20_000), frames)
    columns = track.columns(0.0, 200.0, 100)
    np.testing.assert_array_equal(columns.frames[0], frames[: columns.step].max(axis=0))
    track.close()


@pytest.mark.parametrize("seconds", [0.003, 0.01, 0.0237, 0.3])
def test_what_a_pixel_shows_does_not_depend_on_the_others_and_what_is_settled_stays(
    seconds: float, rng: np.random.Generator
) -> None:
    frames = rng.integers(0, 1000, (9000, 2))
    track = Track(0.01, (2,), np.int64, start_seconds=0.4)
    settled: dict[int, object] = {}
    for start in range(0, 9000, 1731):
        track.append(frames[start : start + 1731])
        count = int(track.end_seconds / seconds) + 5
        first, whole = track.pixels(-3, count, seconds)
        assert first == int(0.4 / seconds + 1e-6)
        for pixel in (first, first + 1, first + len(whole) // 2, first + len(whole) - 1):
            start_there, alone = track.pixels(pixel, pixel + 1, seconds)
            assert start_there == pixel
            assert alone.tolist() == [whole[pixel - first].tolist()]
            if pixel < track.settled_pixels(seconds):
                assert settled.setdefault(pixel, alone.tolist()) == alone.tolist()
    assert whole.max() == frames.max()
    assert len(settled) > 3
