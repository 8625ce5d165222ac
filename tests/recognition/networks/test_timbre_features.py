import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.tones import LENGTH, RATE, tones
from timbrescope.recognition.networks.bag_of_frames import BagOfFrames
from timbrescope.recognition.networks.timbre_features import TimbreFeatures


@pytest.fixture(scope="module")
def music() -> NDArray[np.float32]:
    """Return a second and a half of tone, noise that swells, and silence."""
    rng = np.random.default_rng(0)
    tone = tones(1, 9)[0][0].numpy()
    noise = rng.normal(0, 0.2, RATE) * np.linspace(0, 1, RATE) ** 2
    return np.concatenate([tone, noise, np.zeros(RATE // 4)]).astype(np.float32)


def librosa_features(y: NDArray[np.float32], rate: int, octaves: int) -> NDArray[np.float64]:
    feature = librosa.feature
    power: NDArray[np.float32] = librosa.util.normalize(np.abs(librosa.stft(y)) ** 2, norm=2, axis=0)
    rows: list[NDArray[np.float64]] = [
        feature.spectral_centroid(y=y, sr=rate),
        feature.spectral_bandwidth(y=y, sr=rate),
        feature.spectral_rolloff(y=y, sr=rate),
        feature.spectral_flatness(y=y),
        np.linalg.norm(np.diff(power, axis=1, prepend=power[:, :1]), axis=0, keepdims=True),
        feature.zero_crossing_rate(y),
        feature.rms(y=y),
        feature.spectral_contrast(y=y, sr=rate, n_bands=octaves),
        feature.mfcc(y=y, sr=rate, n_mfcc=13),
    ]
    return np.concatenate(rows).T


@pytest.mark.parametrize(("rate", "octaves"), [(22_050, 6), (44_100, 6), (16_000, 6), (8_000, 5)])
def test_features_are_librosas(music: NDArray[np.float32], rate: int, octaves: int) -> None:
    module = TimbreFeatures(rate)
    ours = module(torch.from_numpy(np.stack([0.1 * music, music])))
    assert ours.shape == (2, 1 + len(music) // 512, module.n_features)
    for row, level in zip(ours, (0.1, 1.0), strict=True):  # each window for itself, whatever is beside it
        theirs = librosa_features(np.float32(level) * music, rate, octaves)
        contrast = slice(7, 8 + octaves)
        others = np.delete(np.arange(module.n_features), contrast)
        np.testing.assert_allclose(row[:, others].numpy(), theirs[:, others], rtol=1e-5, atol=1e-3)
        np.testing.assert_allclose(row[:, contrast].numpy(), theirs[:, contrast], atol=0.1)
        np.testing.assert_allclose(row[:, 3:7].numpy(), theirs[:, 3:7], rtol=1e-3, atol=1e-6)  # these are small


def test_silence_has_features() -> None:
    features = TimbreFeatures()(torch.zeros(1, LENGTH))
    assert features.isfinite().all()
    theirs = librosa_features(np.zeros(LENGTH, np.float32), RATE, 6)
    np.testing.assert_allclose(features[0].numpy(), theirs, rtol=1e-5, atol=1e-3)


def test_bag_is_mean_and_deviation_standardised() -> None:
    samples = tones(12, 1)[0]
    bag = BagOfFrames(RATE)
    frames = TimbreFeatures()(samples)
    pooled = torch.cat([frames.mean(dim=1), frames.std(dim=1, correction=0)], dim=1)
    torch.testing.assert_close(bag(samples), pooled)
    vectors = bag.fit(samples)
    torch.testing.assert_close(bag(samples), vectors)
    torch.testing.assert_close(vectors.mean(dim=0), torch.zeros(bag.size), atol=1e-3, rtol=0)
    deviation = vectors.std(dim=0, correction=0)
    assert ((deviation - 1).abs() < 1e-3).float().mean() > 0.8
    assert bag.fit(samples[:1]).isfinite().all()  # nothing varies
