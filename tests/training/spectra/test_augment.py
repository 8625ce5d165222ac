import hashlib
import random
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import sine
from training.errors import TrainingError
from training.spectra.augment import Augmentation, augment

RATE = 16_000
NAMES = ("pitch", "stretch", "drive", "room", "filter", "noise", "gain", "codec")
ALL = Augmentation(**dict.fromkeys(NAMES, 1.0))  # type: ignore[arg-type]  # mypy does not look into the dict


def sound(seconds: float = 0.5) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return (sine(440, seconds, RATE) + 0.05 * noise).astype(np.float32)


def test_nothing_is_changed_unless_it_is_asked_for() -> None:
    np.testing.assert_array_equal(augment(sound(), RATE, Augmentation(), 1), sound())


@pytest.mark.parametrize("name", NAMES)
def test_each_change_changes_the_sound_and_keeps_its_length(name: str) -> None:
    samples = sound()
    changed = augment(samples, RATE, Augmentation(**{name: 1.0}), 1)  # type: ignore[arg-type]  # mypy does not look into the dict
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()
    assert len(changed) == len(samples) or name == "stretch"
    assert len(changed) != len(samples) or np.abs(changed - samples).max() > 1e-3
    np.testing.assert_array_equal(samples, sound())


def test_the_same_seed_gives_the_same_sound_and_leaves_the_global_generators_alone() -> None:
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - the point
    first = augment(sound(), RATE, ALL, 2**63 + 7)
    after = random.random(), np.random.rand()  # noqa: NPY002, S311 - the point
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - the point
    assert after == (random.random(), np.random.rand())  # noqa: NPY002, S311 - the point
    np.testing.assert_array_equal(first, augment(sound(), RATE, ALL, 2**63 + 7))
    other = augment(sound(), RATE, ALL, 8)
    assert len(other) != len(first) or not np.array_equal(other, first)


def test_another_process_draws_the_same() -> None:
    script = (
        "import hashlib, numpy; from training.spectra.augment import Augmentation, augment;"
        f"samples = numpy.sin(numpy.arange(4000, dtype='f4')); changed = augment(samples, 16000, {ALL}, 3);"
        "print(hashlib.sha256(changed.tobytes()).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.strip()
    here = augment(np.sin(np.arange(4000, dtype=np.float32)), RATE, ALL, 3)
    assert hashlib.sha256(here.tobytes()).hexdigest() == there


@pytest.mark.parametrize("length", [0, 1, 50, 3000])
def test_short_and_silent_sounds_survive(length: int) -> None:
    for samples in (np.zeros(length, np.float32), sound()[:length]):
        assert np.isfinite(augment(samples, RATE, ALL, 4)).all()


@pytest.mark.parametrize("rate", [8000, 12_000, 22_050, 44_100])
@pytest.mark.parametrize("kbps", [8.0, 32.0, 96.0])
def test_mp3_stays_in_step(rate: int, kbps: float) -> None:
    burst = np.zeros(rate, np.float32)
    burst[rate // 2 : rate // 2 + rate // 20] = 1.5 * sine(600, 0.05, rate, 1.0)[: rate // 20]
    coded = augment(burst, rate, Augmentation(codec=1, codec_kbps=(kbps, kbps)), 0)
    energy = coded.astype(np.float64) ** 2
    centre = (energy * np.arange(rate)).sum() / energy.sum() / rate
    assert centre == pytest.approx(0.525, abs=0.01)
    assert 1.0 < np.abs(coded).max() < 2.0


def test_mp3_at_an_impossible_rate_is_refused() -> None:
    with pytest.raises(TrainingError, match="10000 Hz"):
        augment(sound(), 10_000, ALL, 0)


def test_a_stretch_moves_all_times_alike() -> None:
    clicks = np.zeros(4 * RATE, np.float32)
    for second in (1, 3):
        clicks[second * RATE : second * RATE + 400] = np.random.default_rng(0).standard_normal(400)
    slow = augment(clicks, RATE, Augmentation(stretch=1, stretch_factor=1.3), 5)
    factor = len(slow) / len(clicks)
    assert factor != 1
    for second, half in zip((1, 3), np.split(slow[: len(slow) // 2 * 2], 2), strict=True):
        energy = half.astype(np.float64) ** 2
        start = 0 if second == 1 else len(half)
        assert (start + (energy * np.arange(len(half))).sum() / energy.sum()) / RATE == pytest.approx(
            (second + 0.0125) * factor, abs=0.03
        )
