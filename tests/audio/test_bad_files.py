"""What cannot be read is one sentence; what is damaged is read as far as possible and told."""

import contextlib
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.encoded import LIBSNDFILE, SUFFIXES, encode, encode_picture, tone
from timbrescope.audio.file import AudioFile
from timbrescope.core.blocks import Block
from timbrescope.core.errors import AudioError

NOISE = np.random.default_rng(0).bytes(200_000)
NO_PROMISE = (".aac", ".wma", ".ogg", ".opus")  # no header states the length, or libav guesses it from the size
NEEDS_ITS_END = (".m4a", ".alac", ".mp4", ".mov")  # the table of contents is written last


def sentence_about(path: Path) -> str:
    """Return the one sentence with which a file is refused, at once or when it is read."""
    with pytest.raises(AudioError) as caught:
        list(AudioFile(path).blocks([16000]))
    sentence = str(caught.value)
    assert path.name in sentence
    assert "\n" not in sentence
    assert re.fullmatch(r"[^.]+(\.\w[^.]*)*\.", sentence), sentence  # one sentence; dots inside are of file names
    return sentence


def notices(path: Path) -> tuple[list[str], float]:
    """Return what is said about a file, damage last, and how many seconds of it were read."""
    blocks: list[Block] = []
    damage = []
    try:
        blocks.extend(AudioFile(path).blocks([16000]))
    except AudioError as error:
        damage.append(str(error))
    assert all(np.isfinite(block.samples[16000]).all() for block in blocks)
    assert not any(block.notices for block in blocks[:-1])
    return [*blocks[-1].notices, *damage], sum(len(block.samples[16000]) for block in blocks) / 16000


def noisy(path: Path, seconds: float = 4.0) -> Path:
    """Write a file that no codec can shrink to nothing, so that its bytes are spread over its length."""
    rng = np.random.default_rng(1)
    return encode(path, (0.2 * rng.standard_normal((round(seconds * 48000), 2))).astype(np.float32), 48000)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "does not exist" in sentence_about(tmp_path / "nothing.wav")


def test_a_broken_link(tmp_path: Path) -> None:
    link = tmp_path / "link.wav"
    link.symlink_to(tmp_path / "nothing.wav")
    assert "does not exist" in sentence_about(link)


def test_a_folder(tmp_path: Path) -> None:
    assert "folder" in sentence_about(tmp_path)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "pipe" in sentence_about(tmp_path / "pipe.wav")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    assert "empty" in sentence_about(tmp_path / "empty.wav")


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "a.wav", tone(0.1, 8000), 8000)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    assert "may not be read" in sentence_about(path)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        AudioFile(tmp_path / "a\0b.wav")
    with pytest.raises(AudioError):
        AudioFile(tmp_path / ("a" * 5000))


@pytest.mark.parametrize("suffix", ["", ".txt", ".wav", ".mp3", ".flac", ".m4a", ".ogg", ".raw"])
@pytest.mark.parametrize("content", [b"hello, world\n" * 300, NOISE, b"%PDF-1.7\n" + NOISE, b"x", b"\0" * 50_000])
def test_what_is_no_sound(suffix: str, content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    sentence_about(path)
    assert capfd.readouterr() == ("", "")  # the decoders keep their complaints to themselves


def test_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "text" * 1000)
    sentence_about(tmp_path / "a.zip")


def test_a_playlist_opens_nothing_else(tmp_path: Path) -> None:
    sound = encode(tmp_path / "a.wav", tone(0.5, 8000), 8000)
    playlist = tmp_path / "list.txt"
    playlist.write_text(f"ffconcat version 1.0\nfile {sound.name}\n", encoding="utf-8")
    sentence_about(playlist)


def test_a_video_without_sound_says_so(tmp_path: Path) -> None:
    assert "no sound" in sentence_about(encode_picture(tmp_path / "silent.mp4", 1.0))


@pytest.mark.parametrize("tag", [b"drms", b"enca", b"aavd"])
def test_protected_files_are_told_apart(tag: bytes, tmp_path: Path) -> None:
    path = encode(tmp_path / "a.m4a", tone(1.0, 44100), 44100)
    content = path.read_bytes()
    entry = content.index(b"mp4a", content.index(b"stsd"))
    path.write_bytes(content[:entry] + tag + content[entry + 4 :])
    assert "protected" in sentence_about(path)


@pytest.mark.parametrize("suffix", LIBSNDFILE)
def test_a_file_with_no_samples(suffix: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"none{suffix}", np.zeros((0, 1), np.float32), 48000)
    sentence_about(path)


def test_a_file_of_nothing_but_nan(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "nan.wav", np.full(40_000, np.nan), 16000, subtype="FLOAT")
    assert "NaN" in sentence_about(tmp_path / "nan.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_some_values_that_are_no_numbers_become_silence(value: float, tmp_path: Path) -> None:
    path = tmp_path / "some.wav"
    sound = tone(3.0, 16000, channels=2)
    sound[24000:24100, 0] = value
    soundfile.write(path, sound, 16000, subtype="FLOAT")
    said, seconds = notices(path)
    assert seconds == 3.0
    assert len(said) == 1
    assert "first at 1.5 s" in said[0]
    whole = np.concatenate([block.samples[16000] for block in AudioFile(path).blocks([16000])])
    np.testing.assert_allclose(whole[24000:24100], sound[24000:24100, 1] / 2, atol=1e-6)
    assert np.isfinite(np.concatenate(list(AudioFile(path).pcm()))).all()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_whole_file_gives_no_notice(suffix: str, tmp_path: Path) -> None:
    said, seconds = notices(noisy(tmp_path / f"whole{suffix}"))
    assert said == []
    assert seconds == pytest.approx(4.0, abs=0.06)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_cut_in_half_is_read_to_the_cut(suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = noisy(tmp_path / f"cut{suffix}")
    os.truncate(path, path.stat().st_size // 2)
    if suffix in NEEDS_ITS_END:
        sentence_about(path)
        return
    said, seconds = notices(path)
    assert seconds == pytest.approx(2.0, abs=1.1)  # an Ogg page is a second long
    assert len(said) == 1
    assert said[0].startswith(f"{path.name} ends early: {seconds:.1f} s ")
    assert (" of 4.0 s " in said[0]) == (suffix not in NO_PROMISE)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".opus", ".m4a", ".alac", ".aac", ".mkv", ".mp4"])
def test_damage_in_the_middle_is_survived(suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = noisy(tmp_path / f"damaged{suffix}")
    content = bytearray(path.read_bytes())
    middle, length = len(content) // 2, len(content) // 10
    content[middle : middle + length] = NOISE[:length] if length <= len(NOISE) else NOISE * (length // len(NOISE) + 1)
    path.write_bytes(content[: path.stat().st_size])
    said, seconds = notices(path)
    assert said
    assert "damaged" in said[0]
    assert seconds == pytest.approx(4.0, abs=1.2)
    if suffix in (".flac", ".m4a", ".alac", ".mp4", ".ogg", ".opus"):  # these carry the time, so nothing moves
        assert seconds == pytest.approx(4.0, abs=0.06)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".m4a", ".aac", ".wma", ".mkv", ".caf"])
def test_a_good_head_on_rubbish(suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = noisy(tmp_path / f"head{suffix}")
    path.write_bytes(path.read_bytes()[: 64 if suffix == ".caf" else 600] + NOISE)
    sentence_about(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("suffix", "place", "lie"),
    [
        (".wav", 40, b"\xfe\xff\xff\x70"),  # length
        (".wav", 24, b"\xff\xff\xff\x7f"),  # rate
        (".wav", 22, b"\xff\xff"),  # channels
        (".au", 8, b"\x7f\xff\xff\xff"),  # length
    ],
)
def test_a_header_that_lies_costs_no_memory(suffix: str, place: int, lie: bytes, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = encode(tmp_path / f"lie{suffix}", tone(0.5, 8000), 8000)
    content = bytearray(path.read_bytes())
    content[place : place + len(lie)] = lie
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(AudioError):
        list(AudioFile(path).blocks([16000]))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


@pytest.mark.parametrize("size", [0x00000000, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_recorder_that_could_not_write_its_length(size: int, tmp_path: Path) -> None:
    path = encode(tmp_path / "stream.wav", tone(2.0, 8000), 8000)
    content = bytearray(path.read_bytes())
    content[40:44] = content[4:8] = size.to_bytes(4, "little")
    path.write_bytes(content)
    said, seconds = notices(path)
    assert said == []
    assert seconds == pytest.approx(2.0, abs=0.01)


def test_a_file_that_vanishes_between_opening_and_reading(tmp_path: Path) -> None:
    for suffix in (".wav", ".m4a"):
        path = encode(tmp_path / f"a{suffix}", tone(0.5, 48000), 48000)
        file = AudioFile(path)
        path.unlink()
        with pytest.raises(AudioError, match=path.name):
            list(file.blocks([16000]))
