import torch

from timbrescope.recognition.spec import FrontEnd
from training.spectra.online import (
    OnlineAugmentation,
    augment_input,
    augment_power,
    mix,
    mixup,
    noise_floor,
    random_equaliser,
    random_gain,
    spec_augment,
)

FRONT_END = FrontEnd(16_000, 512, 256, 24)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


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


ALL = OnlineAugmentation(
    pitch_semitones=2, room=0.5, gain_db=3, equaliser_db=3, mix=0.5, mixes=2, noise=0.5, mixup=1.0, time_masks=2,
    time_mask_frames=3, band_masks=2, band_mask_bands=3,
)  # fmt: skip


def test_a_generator_decides_all() -> None:
    power, targets = torch.rand(8, 30, 24), torch.rand(8, 3)

    def both(seed: int) -> torch.Tensor:
        drawn = generator(seed)
        return augment_input(*augment_power(power.clone(), targets, FRONT_END, ALL, drawn), ALL, drawn)[0]

    assert torch.equal(both(1), both(1))
    assert not torch.equal(both(1), both(2))


def test_nothing_is_changed_unless_it_is_asked_for() -> None:
    power, targets = torch.rand(4, 10, 24), torch.rand(4, 3)
    for same, same_targets in (
        augment_power(power, targets, FRONT_END, OnlineAugmentation(), generator()),
        augment_input(power, targets, OnlineAugmentation(), generator()),
    ):
        assert torch.equal(same, power)
        assert torch.equal(same_targets, targets)


def test_mixing_again_brings_more_sounds_together() -> None:
    power, targets = torch.rand(64, 4, 24), torch.eye(64)
    for mixes, most in ((1, 2), (2, 4)):
        online = OnlineAugmentation(mix=1.0, mixes=mixes)
        _, both = augment_power(power.clone(), targets, FRONT_END, online, generator())
        assert both.sum(dim=1).max() == most
