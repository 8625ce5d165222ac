from dataclasses import replace
from typing import Any, Literal

import librosa
import numpy as np
import pytest
import scipy.signal
import torch
from numpy.typing import NDArray

from timbrescope.recognition.features import LogMel, LogMelStream, make_window
from timbrescope.recognition.spec import FrontEnd

# The settings of the papers: Pons 2016; Pons 2017 phonemes, instruments, tags; Han; Segal; Choi 2017; Yang 2023.
PAPERS = {
    "ballroom": FrontEnd(
        44_100, 2048, 1024, 40, window="blackman-harris-62dB", mel_scale="htk", mel_norm="sum",
        compression="log10", gain=10_000, offset=1,
    ),
    "jingju": FrontEnd(
        44_100, 2206, 441, 80, win_length=1103, fmax=11_000, mel_scale="htk", compression="ln", gain=100_000, offset=1
    ),
    "irmas": FrontEnd(12_000, 512, 256, 96, mel_power=2, compression="decibel"),
    "han": FrontEnd(22_050, 2048, 512, 128, mel_power=2, compression="decibel"),
    "magnatagatune": FrontEnd(16_000, 512, 256, 128, compression="log10", gain=10_000, offset=1),
    "segal": FrontEnd(22_050, 2048, 512, 128),
    "choi": FrontEnd(12_000, 512, 256, 96, compression="decibel"),
    "choi-fcn4": FrontEnd(12_000, 512, 256, 96, mel_scale="htk", compression="decibel"),
    "short-chunk": FrontEnd(16_000, 512, 256, 128, mel_scale="htk", mel_norm="none", compression="decibel"),
    "musicnn": FrontEnd(16_000, 512, 256, 96, compression="log10", gain=10_000, offset=1, float16_mel=True),
    "panns": FrontEnd(32_000, 1024, 320, 64, fmin=50, fmax=14_000, compression="decibel"),
    "vggish": FrontEnd(
        16_000, 512, 160, 64, win_length=400, fmin=125, fmax=7500, mel_scale="htk", mel_norm="none", power=1,
        compression="ln", gain=1, offset=0.01, centred=False,
    ),
}  # fmt: skip


def music_like(seconds: float, rate: int) -> NDArray[np.float32]:
    """Return a chord with noise and a fade: loud and quiet frames, tonal and flat."""
    rng = np.random.default_rng(1)
    time = np.arange(round(seconds * rate)) / rate
    tones = sum(np.sin(2 * np.pi * hz * time) / n for n, hz in enumerate((110.0, 277.2, 659.3, 1760.0), start=1))
    fade = np.geomspace(1.0, 0.02, len(time))
    return np.asarray((0.2 * tones + 0.05 * rng.standard_normal(len(time))) * fade, dtype=np.float32)


def librosa_log_mel(samples: NDArray[np.float32], front_end: FrontEnd) -> NDArray[np.float64]:
    window: Any = front_end.window
    if front_end.window == "blackman-harris-62dB":
        window = scipy.signal.windows.general_cosine(front_end.n_fft, [0.44959, 0.49364, 0.05677], sym=False)
    norms: dict[str, Any] = {"area": "slaney", "sum": 1, "none": None}
    mel = librosa.feature.melspectrogram(
        y=samples, sr=front_end.sample_rate, n_fft=front_end.n_fft, hop_length=front_end.hop_length,
        win_length=front_end.win_length, window=window, center=front_end.centred, power=front_end.power,
        n_mels=front_end.n_mels, fmin=front_end.fmin, fmax=front_end.fmax, htk=front_end.mel_scale == "htk",
        norm=norms[front_end.mel_norm],
    ).T  # fmt: skip
    if front_end.float16_mel:
        mel = mel.astype(np.float16).astype(np.float32)
    mel = mel.astype(np.float64) ** front_end.mel_power
    if front_end.compression == "decibel":
        return np.asarray(10 * np.log10(np.maximum(mel, front_end.floor)))
    if front_end.compression == "none":
        return np.asarray(mel)
    log = np.log10 if front_end.compression == "log10" else np.log
    return np.asarray(log(front_end.offset + front_end.gain * mel))


def whole(front_end: FrontEnd, samples: NDArray[np.float32]) -> torch.Tensor:
    stream = LogMelStream(LogMel(front_end))
    return torch.cat([stream.push(torch.from_numpy(samples)), stream.finish()])


@pytest.mark.parametrize("name", PAPERS)
def test_equals_librosa_at_the_settings_of_the_papers(name: str) -> None:
    front_end = PAPERS[name]
    samples = music_like(3.0, front_end.sample_rate)
    ours, expected = whole(front_end, samples).numpy(), librosa_log_mel(samples, front_end)
    assert ours.dtype == np.float32
    assert ours.shape == expected.shape
    # Half precision is coarse where two roundings of one number fall to different sides: a step of 2^-11.
    tolerance = 5e-4 if front_end.float16_mel else 1e-4
    difference = np.abs(ours - expected) / (1 if front_end.compression != "none" else np.maximum(1, expected))
    assert difference.max() < tolerance
    assert (difference < 1e-4).mean() > 0.999


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("weighting", ["none", "A"])
def test_spectra_equal_librosa_s(power: float, weighting: Literal["none", "A"]) -> None:
    front_end = FrontEnd(
        12_000, 512, 256, 0, representation="stft", power=power, weighting=weighting, compression="decibel"
    )
    samples = music_like(2.0, 12_000)
    spectrum = np.abs(librosa.stft(samples, n_fft=512, hop_length=256, pad_mode="constant")).T ** power
    if weighting == "A":
        spectrum = spectrum * 10 ** (
            librosa.A_weighting(librosa.fft_frequencies(sr=12_000, n_fft=512), min_db=None) * power / 20
        )
    ours = whole(front_end, samples).numpy()
    assert ours.shape == (len(spectrum), front_end.n_bands)
    np.testing.assert_allclose(ours[:, 1:], 10 * np.log10(np.maximum(spectrum, 1e-10))[:, 1:], atol=2e-2)


def test_a_weighting_comes_before_the_filter_bank() -> None:
    front_end = replace(PAPERS["choi"], weighting="A")
    samples = music_like(2.0, 12_000)
    spectrum = np.abs(librosa.stft(samples, n_fft=512, hop_length=256, pad_mode="constant")) ** 2
    curve = 10 ** (librosa.A_weighting(librosa.fft_frequencies(sr=12_000, n_fft=512), min_db=None) / 10)
    mel = librosa.filters.mel(sr=12_000, n_fft=512, n_mels=96) @ (curve[:, None] * spectrum)
    np.testing.assert_allclose(whole(front_end, samples), 10 * np.log10(np.maximum(mel, 1e-10)).T, atol=2e-2)


def test_pre_emphasis_of_a_spectrum_is_that_of_the_samples_but_for_the_slope_of_the_window() -> None:
    """Filter the samples, then window them: what differs is 0.97 x[n - 1] times how much the window grows at n."""
    front_end = FrontEnd(
        32_000, 1024, 320, 0, win_length=800, representation="stft", power=1.0, weighting="pre-emphasis"
    )
    samples = np.append(music_like(1.0, 32_000), np.float32(0))  # so that the filter ends before the sound does
    window = np.pad(scipy.signal.get_window("hann", 800), 112)

    def magnitudes(x: NDArray[np.floating], window: NDArray[np.float64]) -> NDArray[np.float64]:
        spectrum: NDArray[np.complex128] = librosa.stft(
            x.astype(np.float64), n_fft=1024, hop_length=320, window=window, pad_mode="constant"
        )
        return np.asarray(np.abs(spectrum).T)

    emphasised = magnitudes(scipy.signal.lfilter([1.0, -0.97], [1.0], samples), window)
    slope = 0.97 * magnitudes(np.append(np.float32(0), samples[:-1]), np.diff(window, prepend=0.0))
    difference = np.abs(whole(front_end, samples).numpy() - emphasised)
    assert (difference <= slope + 1e-4).all()
    assert difference.sum() < 0.01 * emphasised.sum()


def test_a_waveform_is_its_samples() -> None:
    front_end = FrontEnd(16_000, 1, 1, 0, representation="waveform")
    samples = music_like(0.5, 16_000)
    assert front_end.n_bands == 1
    np.testing.assert_array_equal(whole(front_end, samples)[:, 0], samples)


@pytest.mark.parametrize(
    "wrong",
    [
        {"representation": "stft"},  # with mel bands
        {"n_mels": 0},
        {"representation": "waveform", "n_mels": 0},  # frames of more than a sample
    ],
)
def test_front_ends_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cannot have|frames of one sample"):
        replace(PAPERS["choi"], **wrong)


def test_the_spectral_part_forgets_what_follows_the_filter_bank() -> None:
    log, linear = PAPERS["choi"], replace(PAPERS["choi"], compression="none", standardisation="sample", scale=10.0)
    assert log != linear
    assert log.spectral == linear.spectral
    assert replace(log, weighting="A").spectral != log.spectral
    assert replace(log, weighting="pre-emphasis").spectral != replace(log, weighting="A").spectral


@pytest.mark.parametrize("block", [1, 100, 4096, 16_001, 10**6])
@pytest.mark.parametrize("name", ["musicnn", "jingju", "vggish"])
def test_a_stream_gives_the_same_frames_for_any_block_size(name: str, block: int) -> None:
    front_end = PAPERS[name]
    samples = music_like(0.3 if block == 1 else 2.0, front_end.sample_rate)
    stream = LogMelStream(LogMel(front_end))
    pieces = [stream.push(torch.from_numpy(samples[i : i + block])) for i in range(0, len(samples), block)]
    streamed = torch.cat([*pieces, stream.finish()])
    expected = whole(front_end, samples)
    assert streamed.shape == expected.shape
    # A matrix product sums in another order for another number of rows; half precision makes a step of 2^-11 of it.
    torch.testing.assert_close(streamed, expected, rtol=0, atol=5e-4 if front_end.float16_mel else 2e-5)


def test_a_hop_that_skips_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        replace(PAPERS["segal"], hop_length=3000)


def test_shorter_than_a_frame_gives_what_librosa_gives() -> None:
    assert whole(PAPERS["musicnn"], np.zeros(10, np.float32)).shape == (1, 96)
    assert whole(PAPERS["vggish"], np.zeros(10, np.float32)).shape == (0, 64)


def test_silence_is_finite() -> None:
    for front_end in PAPERS.values():
        assert torch.isfinite(whole(front_end, np.zeros(8192, np.float32))).all()


def test_full_scale_is_finite_in_half_precision() -> None:
    assert torch.isfinite(whole(PAPERS["musicnn"], np.full(16_000, 100.0, np.float32))).all()


def test_an_unknown_window_is_refused() -> None:
    with pytest.raises(ValueError, match="no window"):
        make_window("boxy", 512)
