from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.model import Model
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.recognition.spec import FrontEnd, ModelSpec
from training.errors import TrainingError
from training.teachers.hearing import Samples, Teacher, Windows, hear
from training.teachers.pieces import Piece

RATE = 16_000
SPECTRA = FrontEnd(RATE, 512, 256, 96, mel_scale="htk", mel_norm="none", compression="decibel")
WAVEFORM = FrontEnd(32_000, 1, 1, 0, representation="waveform")


def checkpoint(folder: Path, name: str, network: str, front_end: FrontEnd, window_frames: int) -> Path:
    """Write a model with random weights."""
    torch.manual_seed(1)
    spec = ModelSpec(name, name, "tags", ("one", "two", "three"), network, front_end, window_frames, window_frames)
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, spec, Model(spec).weights())
    return path


def mobile(folder: Path) -> Path:
    return checkpoint(folder, "mobile", "efficientat-mn04", WAVEFORM, 320_000)


def musical(folder: Path) -> Path:
    return checkpoint(folder, "musical", "smc-musicnn", SPECTRA, 188)


def noise(path: Path, seconds: float, rng: np.random.Generator) -> Path:
    samples = 0.1 * rng.standard_normal(round(seconds * RATE)) * np.linspace(0.1, 1, round(seconds * RATE))
    soundfile.write(path, samples, RATE)
    return path


def pieces_of(path: Path, *times: tuple[float, float]) -> list[Piece]:
    return [Piece(path, start, end, "", "", "") for start, end in times]


def refuse(message: str) -> None:
    raise AssertionError(message)


def windows_of(recording: Samples, centres: list[int], length: int, bit: int) -> list[Samples]:
    cutter = Windows(centres, length)
    bits = [recording[first : first + bit] for first in range(0, len(recording), bit)]
    cut = [window for samples in bits for window in cutter.push(samples)]
    cut += cutter.finish()
    assert cutter.complete
    return cut


@pytest.mark.parametrize("bit", [1, 7, 30, 1000])
def test_windows_do_not_depend_on_how_a_recording_arrives(bit: int) -> None:
    recording = np.arange(100, dtype=np.float32)
    cut = windows_of(recording, [2, 30, 31, 60, 98], 20, bit)
    assert [(window[0], window[-1]) for window in cut] == [(0, 19), (20, 39), (21, 40), (50, 69), (80, 99)]
    assert all((np.diff(window) == 1).all() for window in cut)


def test_a_short_recording_is_repeated() -> None:
    (window,) = windows_of(np.arange(4, dtype=np.float32), [2], 10, 3)
    assert window.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]


def test_windows_far_apart_keep_little(rng: np.random.Generator) -> None:
    recording = rng.random(10_000, np.float32)
    cutter = Windows([100, 9_000], 50)
    kept = []
    for first in range(0, len(recording), 100):
        list(cutter.push(recording[first : first + 100]))
        kept.append(len(cutter._kept))
    assert max(kept) <= 200


def test_a_teacher_says_what_the_program_says_of_the_same_window(tmp_path: Path, rng: np.random.Generator) -> None:
    path = noise(tmp_path / "a.wav", 8.0, rng)
    model = musical(tmp_path)
    recogniser = Recogniser.load(model, torch.device("cpu"))
    recogniser.hop_frames = 100
    rows = np.concatenate([chunk.scores["musical"] for chunk in analyse(AudioFile(path), [recogniser], draw=False)])
    teacher = Teacher(model, context=4.0)
    # The window of frame 100 holds the samples from 100 * hop - n_fft / 2 on; its middle is that of the piece.
    middle = (100 * 256 - 256 + teacher.window_samples // 2) / RATE
    (scores,) = hear(pieces_of(path, (middle - 1, middle + 1)), [teacher], batch=8, warn=refuse)
    np.testing.assert_allclose(scores, rows[1], atol=1e-3)


def test_teachers_stand_side_by_side_and_batches_do_not_matter(tmp_path: Path, rng: np.random.Generator) -> None:
    path = noise(tmp_path / "a.wav", 11.0, rng)
    teachers = [Teacher(mobile(tmp_path), context=2.0), Teacher(musical(tmp_path), context=2.0)]
    pieces = pieces_of(path, *((2.0 * n, 2.0 * n + 2) for n in range(5)))
    together = hear(pieces, teachers, batch=8, warn=refuse)
    assert together.shape == (5, 6)
    assert together.dtype == np.float16
    assert ((together >= 0) & (together <= 1)).all()
    apart = np.concatenate([hear(pieces, [teacher], batch=2, warn=refuse) for teacher in teachers], axis=1)
    np.testing.assert_allclose(together, apart, atol=2e-3)
    alone = np.concatenate([hear([piece], teachers, batch=8, warn=refuse) for piece in pieces])
    np.testing.assert_allclose(together, alone, atol=2e-3)


def test_context_is_what_networks_for_waveforms_hear(tmp_path: Path) -> None:
    assert Teacher(mobile(tmp_path), context=4.0).window_seconds == pytest.approx(4.0)
    assert Teacher(mobile(tmp_path), context=60.0).window_seconds == pytest.approx(10.0)
    assert Teacher(musical(tmp_path), context=60.0).window_seconds == pytest.approx(3.0, abs=0.03)
    with pytest.raises(TrainingError, match="more context"):
        Teacher(mobile(tmp_path), context=0.5)


def test_pieces_behind_the_end_are_not_heard(tmp_path: Path, rng: np.random.Generator) -> None:
    path = noise(tmp_path / "a.wav", 5.0, rng)
    teachers = [Teacher(mobile(tmp_path), context=2.0)]
    scores = hear(pieces_of(path, (0, 2), (3.9, 5.9), (4.2, 6.2), (8, 10)), teachers, batch=8, warn=refuse)
    assert np.isnan(scores).any(axis=1).tolist() == [False, False, True, True]
    assert np.isnan(scores).all(axis=1).tolist() == [False, False, True, True]


def test_of_a_damaged_recording_the_beginning_is_heard(tmp_path: Path, rng: np.random.Generator) -> None:
    path = noise(tmp_path / "a.flac", 8.0, rng)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    told: list[str] = []
    scores = hear(pieces_of(path, (0, 2), (6, 8)), [Teacher(mobile(tmp_path), context=2.0)], batch=8, warn=told.append)
    assert np.isnan(scores[:, 0]).tolist() == [False, True]
    assert len(told) == 1


def test_a_missing_recording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        hear(pieces_of(tmp_path / "a.wav", (0, 2)), [Teacher(mobile(tmp_path), context=2.0)], batch=8, warn=refuse)
