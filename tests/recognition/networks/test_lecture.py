from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.conftest import SHARED, sine
from timbrescope.recognition.features import LogMel
from timbrescope.recognition.networks import build, entry
from timbrescope.recognition.networks.cost import learnable
from timbrescope.recognition.networks.harmonic_cnn import HarmonicSpectrogram
from timbrescope.recognition.spec import FrontEnd

# Learnable parameters at the number of labels in the paper.
SIZES = {
    "fcn": 447_732,
    "smc-musicnn": 784_300,
    "crnn": 394_100,
    "sample-cnn": 1_869_874,
    "sample-cnn-se": 6_951_858,
    "short-chunk": 3_687_348,
    "short-chunk-res": 12_104_244,
    "harmonic-cnn": 3_631_551,
    "self-attention": 10_521_652,
    "ast": 86_594_063,
    "cnn6": 4_837_455,
    "cnn10": 5_219_279,
    "cnn14": 80_753_615,
    "vggish": 73_775_887,
}
BIG = [pytest.param(name, marks=pytest.mark.slow) for name in ("ast", "cnn14", "vggish")]
# The least that goes through: as long as what the pooling in time, taken together, makes one step of.
SHORT = {
    "fcn": (1280, 96),
    "smc-musicnn": (20, 96),
    "crnn": (192, 96),
    "sample-cnn": (59_049,),
    "sample-cnn-se": (59_049,),
    "short-chunk": (128, 128),
    "short-chunk-res": (20, 128),
    "harmonic-cnn": (49_152,),
    "self-attention": (20, 128),
    "cnn6": (32, 64),
    "cnn10": (32, 64),
}
TAGGERS = {"musicnn": ("smc-musicnn", 3), "fcn": ("fcn", 29), "crnn": ("crnn", 29)}
TEACHERS = SHARED / "teachers" / "sota_music_tagging"
CLIPS = SHARED / "dev_eval" / "librosa_data"


def on_meta(name: str, n_labels: int, **options: int) -> nn.Module:
    with torch.device("meta"):
        return build(name, n_labels, **options)


def sound(shape: tuple[int, ...], batch: int = 2) -> Tensor:
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", SIZES)
def test_size_is_the_published_one(name: str) -> None:
    assert learnable(on_meta(name, entry(name).labels)) == SIZES[name]


def test_sizes_of_variants() -> None:
    assert learnable(on_meta("vggish", 128)) == 72_141_184
    imagenet_heads = 2 * (768 * 1000 + 1000)
    assert learnable(on_meta("ast", 50, frames=512)) == 87_295_234 - imagenet_heads


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("length", [1.0, 2.3])
def test_any_number_of_labels_and_longer_windows(name: str, length: float) -> None:
    first, *rest = entry(name).window
    windows = torch.empty(3, int(length * first), *rest, device="meta")
    assert on_meta(name, 7)(windows).shape == (3, 7)


@pytest.mark.parametrize("name", [*SHORT, *BIG])
def test_windows_are_scored_one_by_one(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 3).eval()
    x = sound(SHORT.get(name, entry(name).window), batch=3)
    together = network(x).detach()
    assert (together.std(dim=0) > 0).all()
    with torch.inference_mode():
        alone = torch.cat([network(window) for window in x.split(1)])
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", [*SHORT, *BIG])
def test_every_parameter_learns(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 3).eval()  # in training, norms take away what a bias before them does
    network(sound(SHORT.get(name, entry(name).window))).square().sum().backward()
    idle = [key for key, value in network.named_parameters() if value.grad is None or not value.grad.any()]
    assert not idle


@pytest.mark.parametrize("name", BIG[::2])
def test_longer_input_is_heard_window_by_window(name: str) -> None:
    network, frames = build(name, 3).eval(), entry(name).window[0]
    x = sound((2 * frames + 5, entry(name).window[1]), batch=1)
    with torch.inference_mode():
        apart = torch.stack([network(x[:, :frames]), network(x[:, frames : 2 * frames])])
        torch.testing.assert_close(network(x), apart.mean(dim=0), atol=1e-5, rtol=1e-4)


def test_self_attention_does_not_know_when() -> None:
    torch.manual_seed(0)
    network = build("self-attention", 3).eval()
    steps = sound((256, 1, 10))
    network.register_module("image", nn.Identity())
    network.register_module("layers", nn.Identity())
    with torch.inference_mode():
        torch.testing.assert_close(network(steps.flip(3)), network(steps), atol=1e-5, rtol=1e-4)
        assert not torch.allclose(network(steps[..., :9]), network(steps), atol=1e-3)


@pytest.mark.parametrize("hz", [500.0, 1000.0])  # both lie on bins of the Fourier transform
def test_each_channel_hears_a_sine_as_its_harmonic(hz: float) -> None:
    with torch.no_grad():
        decibels = HarmonicSpectrogram()(torch.from_numpy(sine(hz, 0.5, 16_000)).unsqueeze(0))[0, :, :, 16]
    assert decibels.shape == (6, 128)
    for harmonic, pitches in enumerate(decibels, start=1):
        half_semitones = 24 * np.log2(hz / harmonic / 32.7032)
        assert abs(int(pitches.argmax()) - half_semitones) <= 1


def test_wider_filters_let_more_through() -> None:
    spectrogram = HarmonicSpectrogram()
    noise = sound((8_000,), batch=1)
    wide = spectrogram(noise).mean()
    wide.backward()
    assert spectrogram.q.grad is not None
    assert spectrogram.q.grad < 0


def published(teacher: str) -> nn.Module:
    """Return the network with its published weights, which stand in the order of ours."""
    path = TEACHERS / f"mtat_{teacher}.pth"
    if not path.is_file():
        pytest.skip(f"needs {path.name}")
    stored = torch.load(path, map_location="cpu", weights_only=True)
    values = [value for key, value in stored.items() if not key.startswith("spec.")]
    network = build(TAGGERS[teacher][0], 50)
    ours = network.state_dict()
    assert [value.shape for value in values] == [value.shape for value in ours.values()]
    network.load_state_dict(dict(zip(ours, values, strict=True)))
    return network.eval()


def samples_of(clip: Path) -> NDArray[np.float32]:
    if not clip.is_file():
        pytest.skip(f"needs {clip.name}")
    samples, rate = soundfile.read(clip, dtype="float32", always_2d=True)
    resampled: NDArray[np.float32] = soxr.resample(samples.mean(axis=1), rate, 16_000)
    return resampled


@pytest.mark.parametrize(
    ("teacher", "scores"),
    [
        ("musicnn", {"piano": 0.69, "classical": 0.27, "slow": 0.25}),
        ("fcn", {"piano": 0.52, "guitar": 0.51, "slow": 0.21}),
        ("crnn", {"classical": 0.60, "piano": 0.38, "slow": 0.23}),
    ],
)
def test_published_weights_give_their_scores(teacher: str, scores: dict[str, float]) -> None:
    network = published(teacher)
    samples = samples_of(CLIPS / "442789__lena-orsa__happy-music-pistachio-ice-cream-ragtime.hq.flac")
    length = TAGGERS[teacher][1] * 16_000
    samples = np.tile(samples, -(-length // len(samples)))
    front_end = FrontEnd(16_000, 512, 256, 96, mel_scale="htk", mel_norm="none", compression="decibel")
    log_mel = LogMel(front_end)
    with torch.inference_mode():
        windows = torch.from_numpy(samples).unfold(0, length, length)
        windows = nn.functional.pad(windows, (256, 256), mode="reflect")
        averages = network(torch.stack([log_mel(window) for window in windows])).sigmoid().mean(dim=0)
    tags = [str(tag) for tag in np.load(TEACHERS / "mtat_tags.npy", allow_pickle=False)]
    best = {tags[index]: float(averages[index]) for index in averages.topk(3).indices}
    assert best == pytest.approx(scores, abs=0.006)
