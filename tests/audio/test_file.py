from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.encoded import LIBAV, LIBSNDFILE, SUFFIXES, encode, tone
from timbrescope.audio.file import SUFFIXES as KNOWN
from timbrescope.audio.file import AudioFile

if TYPE_CHECKING:
    from timbrescope.core.blocks import Source

SECONDS = 3.0
LOSSLESS = (".wav", ".aiff", ".au", ".caf", ".w64", ".rf64", ".flac", ".alac")


def read(file: AudioFile, rate: int | None = None) -> NDArray[np.float32]:
    """Return the whole file, mono."""
    rate = rate or file.sample_rate
    return np.concatenate([block.samples[rate] for block in file.blocks([rate])])


def pitch(samples: NDArray[np.float32], rate: int) -> float:
    """Return the frequency of the strongest partial in Hz, to a fraction of a hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(np.argmax(spectrum) * rate / (8 * len(samples)))


def sweep(rate: int) -> NDArray[np.float32]:
    """Return six seconds of stereo sound that never repeats, shape (n, 2)."""
    time = np.arange(6 * rate) / rate
    return np.repeat((0.5 * np.sin(2 * np.pi * (200 * time + 200 * time**2))).astype(np.float32)[:, None], 2, axis=1)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_tone_survives_every_format(suffix: str, tmp_path: Path) -> None:
    file = AudioFile(encode(tmp_path / f"tone{suffix}", tone(SECONDS, 48000, channels=2), 48000))
    sound = read(file)
    assert (file.sample_rate, file.channels) == (48000, 2)
    assert file.duration == pytest.approx(SECONDS, abs=0.1 * SECONDS)  # an estimate
    assert len(sound) / 48000 == pytest.approx(SECONDS, abs=0.06)
    middle = sound[24000:-24000]
    assert pitch(middle, 48000) == pytest.approx(440, abs=0.5)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)
    assert all(block.notices == () for block in file.blocks([48000]))
    if suffix in LOSSLESS:
        assert np.abs(sound - tone(SECONDS, 48000)[:, 0]).max() < 1 / 32768


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_jump_lands_where_it_was_sent(suffix: str, tmp_path: Path) -> None:
    rate = 48000
    file = AudioFile(encode(tmp_path / f"sweep{suffix}", sweep(rate), rate))
    whole = np.concatenate(list(file.pcm()))[:, 0]
    for start in (0.3, 2.25, 5.1):
        part = np.concatenate(list(islice(file.pcm(start), 30)))[: rate // 5, 0]
        first = round((start - 0.1) * rate)
        fits = np.correlate(whole[first : first + rate // 2], part, "valid")
        assert abs(np.argmax(fits) / rate - 0.1) < 0.05
        assert fits.max() == pytest.approx(np.sum(part**2), rel=0.02)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a"])
def test_blocks_are_the_whole_file(suffix: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sound = (0.1 * rng.standard_normal((44100 * 3 + 123, 2))).astype(np.float32)
    file = AudioFile(encode(tmp_path / f"noise{suffix}", sound, 44100))
    mono = np.concatenate(list(file.pcm())).mean(axis=1)
    np.testing.assert_allclose(read(file), mono, atol=1e-7)
    blocks = list(file.blocks([16000, 44100]))
    assert len(blocks) in (3, 4)
    assert blocks[-1].seconds == pytest.approx(len(mono) / 44100)
    assert abs(sum(len(block.samples[16000]) for block in blocks) - len(mono) * 16000 / 44100) <= 1


def test_a_file_is_a_source_and_can_be_read_again(tmp_path: Path) -> None:
    file = AudioFile(encode(tmp_path / "a.wav", tone(1.5, 8000), 8000))
    source: Source = file
    first = [block.samples[8000] for block in source.blocks([8000])]
    again = [block.samples[8000] for block in source.blocks([8000])]
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(again))


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 3, 6])
def test_any_rate_and_number_of_channels(rate: int, channels: int, tmp_path: Path) -> None:
    path = tmp_path / "many.wav"
    sound = tone(1.0, rate, channels=channels) * np.linspace(0, 1, channels, dtype=np.float32)
    soundfile.write(path, sound, rate, subtype="FLOAT")
    file = AudioFile(path)
    assert (file.sample_rate, file.channels) == (rate, channels)
    np.testing.assert_allclose(read(file), sound.mean(axis=1), atol=1e-6)
    assert next(file.pcm()).shape[1] == channels
    assert len(read(file, 16000)) == pytest.approx(16000, abs=1)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_sample_format(subtype: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(0.5, 16000), 16000, subtype=subtype)
    assert np.abs(read(AudioFile(path)) - tone(0.5, 16000)[:, 0]).max() < (0.01 if subtype == "PCM_U8" else 1e-4)


@pytest.mark.parametrize("bits", ["PCM_S8", "PCM_16", "PCM_24"])
def test_every_width_of_flac(bits: str, tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, tone(0.5, 16000), 16000, subtype=bits)
    assert np.abs(read(AudioFile(path)) - tone(0.5, 16000)[:, 0]).max() < (0.01 if bits == "PCM_S8" else 1e-4)


def test_values_beyond_full_scale_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, 8 * tone(0.5, 16000), 16000, subtype="FLOAT")
    assert np.abs(read(AudioFile(path))).max() == pytest.approx(4.0, rel=1e-3)


@pytest.mark.parametrize(("suffix", "pretended"), [(".m4a", ".wav"), (".wav", ".mp3"), (".flac", ".txt"), (".mp3", "")])
def test_the_content_decides_and_not_the_name(suffix: str, pretended: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"a{suffix}", tone(1.0, 44100), 44100)
    assert len(read(AudioFile(path.rename(tmp_path / f"b{pretended}")))) == pytest.approx(44100, abs=3000)


@pytest.mark.parametrize(
    "name", ["Käse mit ☕.{}", "two  spaces .{}", "new\nline.{}", "http:colon.{}", "%d.{}", "a.raw.{}"]
)
@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_odd_names(name: str, suffix: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"a.{suffix}", tone(0.5, 16000), 16000).rename(tmp_path / name.format(suffix))
    assert len(read(AudioFile(path))) == pytest.approx(8000, abs=2000)


def test_symbolic_links(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(encode(tmp_path / "a.mp3", tone(0.5, 16000), 16000))
    assert len(read(AudioFile(link))) == 8000


def test_an_mp3_behind_a_large_picture(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp3", tone(1.0, 44100), 44100)
    picture = b"\x00image/jpeg\x00\x03\x00" + b"\xff\xd8" + bytes(range(256)) * 8000
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\x00\x00" + picture
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\x00\x00" + size + frame + path.read_bytes())
    assert len(read(AudioFile(path))) == 44100


def test_the_name_of_the_format(tmp_path: Path) -> None:
    mp3 = AudioFile(encode(tmp_path / "a.mp3", tone(0.5, 44100, channels=2), 44100))
    wav = AudioFile(encode(tmp_path / "a.wav", tone(0.5, 48000), 48000))
    assert mp3.format_name == "MP3, 44.1 kHz, stereo"
    assert wav.format_name == "WAV 16-bit, 48 kHz, mono"


def test_the_suffixes_cover_what_can_be_read() -> None:
    assert {*LIBSNDFILE, *LIBAV} <= KNOWN
