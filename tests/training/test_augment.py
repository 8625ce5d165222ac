import hashlib
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.conftest import sine
from training.augment import (
    Augmentation,
    OnlineAugmentation,
    augment,
    augment_input,
    augment_power,
    mix,
    mixup,
    noise_floor,
    random_equaliser,
    random_gain,
    spec_augment,
)
from training.errors import TrainingError

RATE = 16_000
NAMES = ("pitch", "stretch", "drive", "room", "filter", "noise", "gain", "codec")
ALL = Augmentation(**dict.fromkeys(NAMES, 1.0))  # type: ignore[arg-type]  # mypy does not look into the dict


def sound(seconds: float = 0.5) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return (sine(440, seconds, RATE) + 0.05 * noise).astype(np.float32)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_is_changed_unless_it_is_asked_for() -> None:
    np.testing.assert_array_equal(augment(sound(), RATE, Augmentation(), 1), sound())
    power, targets = torch.rand(4, 10, 8), torch.rand(4, 3)
    for function in (augment_power, augment_input):
        same, same_targets = function(power, targets, OnlineAugmentation(), generator())
        assert torch.equal(same, power)
        assert torch.equal(same_targets, targets)


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
        "import hashlib, numpy; from training.augment import Augmentation, augment;"
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


def test_gain_is_one_factor_an_example_within_its_range() -> None:
    power = torch.rand(50, 6, 5) + 0.1
    decibels = 10 * torch.log10(random_gain(power, 6, generator()) / power)
    assert torch.allclose(decibels, decibels[:, :1, :1].expand_as(decibels), atol=1e-4)
    assert 5 < decibels.abs().max() <= 6.001
    assert decibels[:, 0, 0].std() > 1


def test_the_equaliser_is_one_smooth_curve_an_example_within_its_range() -> None:
    power = torch.rand(50, 6, 97) + 0.1
    decibels = 10 * torch.log10(random_equaliser(power, 6, generator()) / power)
    assert torch.allclose(decibels, decibels[:, :1].expand_as(decibels), atol=1e-4)
    assert 5 < decibels.abs().max() <= 6.001
    assert decibels.diff(dim=2).abs().max() <= 12 / 24 + 1e-3


def test_a_mixture_holds_both_sounds_and_all_labels() -> None:
    power = torch.rand(64, 5, 4) * torch.logspace(-6, 0, 64)[:, None, None]
    targets = torch.eye(64)
    mixed, both = mix(power, targets, 0.5, 3.0, generator())
    chosen = both.sum(dim=1) == 2
    assert 15 < chosen.sum() < 49
    assert torch.equal(mixed[~chosen], power[~chosen])
    added = (mixed - power).mean(dim=(1, 2)) / power.mean(dim=(1, 2))
    assert (10 * torch.log10(added[chosen])).abs().max() <= 3.01
    assert (both >= targets).all()


def test_a_mixture_with_silence_keeps_its_labels_and_unknown_stays_unknown() -> None:
    power = torch.rand(2, 5, 4)
    targets = torch.tensor([[1.0, torch.nan, 0.0], [torch.nan, torch.nan, torch.nan]])
    for seed in range(5):
        _, both = mix(power, targets, 1.0, 3.0, generator(seed))
        assert both[0, 0] == 1
        assert both[0, 1].isnan()
        quiet, alone = mix(torch.stack([power[0], torch.zeros(5, 4)]), targets, 1.0, 3.0, generator(seed))
        assert alone[1].isnan().all()
        assert not quiet[1].any()


def test_noise_has_its_level_and_leaves_others_alone() -> None:
    power = torch.rand(40, 50, 40)
    noisy = noise_floor(power, 0.5, (20.0, 20.0), generator())
    added = (noisy - power).mean(dim=(1, 2)) / power.mean(dim=(1, 2))
    changed = added > 1e-6
    assert 8 < changed.sum() < 32
    assert torch.allclose(added[changed], torch.full_like(added[changed], 0.01), rtol=0.15)


def test_mixup_blends_inputs_and_targets_alike() -> None:
    inputs = torch.eye(16).unsqueeze(1)
    mixed, targets = mixup(inputs, torch.eye(16), 1.0, generator())
    assert torch.allclose(mixed.squeeze(1), targets)
    assert torch.allclose(targets.sum(dim=1), torch.ones(16))
    assert ((targets > 0).sum(dim=1) == 2).sum() > 8


def test_masks_hide_whole_frames_or_bands_behind_the_mean() -> None:
    inputs = torch.rand(200, 30, 20)
    for axis, size in ((1, 30), (2, 20)):
        masked = spec_augment(inputs, axis, 2, 6, generator())
        hidden = (masked != inputs).any(dim=3 - axis)
        assert hidden.shape == (200, size)
        assert 9 <= hidden.sum(dim=1).max() <= 12
        assert hidden.any(dim=0).all()
        where = hidden.unsqueeze(3 - axis).expand_as(inputs)
        means = inputs.mean(dim=(1, 2), keepdim=True).expand_as(inputs)
        assert torch.equal(masked[where], means[where])
    assert spec_augment(inputs, 1, 1, 10**6, generator()).isfinite().all()


def test_a_generator_decides_all() -> None:
    online = OnlineAugmentation(3, 3, 0.5, 6, 0.5, (10, 30), 1.0, 2, 3, 2, 3)
    power, targets = torch.rand(8, 30, 20), torch.rand(8, 3)

    def both(seed: int) -> torch.Tensor:
        drawn = generator(seed)
        return augment_input(*augment_power(power, targets, online, drawn), online, drawn)[0]

    assert torch.equal(both(1), both(1))
    assert not torch.equal(both(1), both(2))
