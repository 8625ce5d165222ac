"""Sound files of every common format, read block by block."""

import stat
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio.compressed_decoder import CompressedDecoder
from timbrescope.audio.decoder import Decoder
from timbrescope.audio.health import Health, finite
from timbrescope.audio.pcm_decoder import PcmDecoder
from timbrescope.audio.resample import Resampler
from timbrescope.core.blocks import Block
from timbrescope.core.errors import AudioError

SUFFIXES = frozenset({
    ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape", ".asf", ".au", ".avi",
    ".bwf", ".caf", ".flac", ".flv", ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4",
    ".mpeg", ".mpg", ".oga", ".ogg", ".ogv", ".opus", ".rf64", ".snd", ".spx", ".ts", ".tta", ".w64",
    ".wav", ".wave", ".webm", ".wma", ".wmv", ".wv",
})  # fmt: skip
"""Suffixes of sound and video files, for dialogs and for searching folders; a file is judged by its content."""
RATES = range(1000, 1_000_000)  # beyond these a header is wrong


class AudioFile:
    """A recording on disk.

    Uncompressed sound is read by libsndfile; everything else by libav, MP3, FLAC and Ogg too, because libav goes on
    after damage and libmpg123 inside libsndfile writes to the terminal. Nothing stays open between calls.

    Args:
        path: the file.

    Raises:
        AudioError: the file is missing, may not be read, or holds no sound that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _check(path)
        self._decoder = _choose(path)
        described = self._decoder.description
        if described.sample_rate not in RATES:
            raise AudioError(
                f"{path.name} claims a rate of {described.sample_rate} Hz, which no recording has; its header is "
                "damaged, choose another file."
            )
        self.sample_rate: int = described.sample_rate
        self.duration: float | None = described.duration
        self.channels: int = described.channels

    @property
    def format_name(self) -> str:
        """Encoding, rate and channels for people, such as "MP3, 44.1 kHz, stereo"."""
        layout = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self._decoder.description.encoding}, {self.sample_rate / 1000:g} kHz, {layout}"

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        """Read from the start and yield blocks of about a second, the mean of the channels, until the end.

        Args:
            rates: sample rates in Hz; each block carries the sound at all of them.

        Raises:
            AudioError: something is damaged or missing, which is told after all that could be read has been yielded; or
                there is no sound in the file after all.
        """
        resampler = Resampler(self.sample_rate, rates)
        health = Health(self.path.name, self.sample_rate)
        waiting = [np.zeros(0, np.float32)]
        sent = 0
        for stretch in self._decoder.read(0.0):
            health.examine(stretch)
            waiting.append(_mono(stretch.samples))
            if health.samples - sent >= self.sample_rate:
                yield Block(health.seconds, resampler.push(np.concatenate(waiting)))
                waiting = [np.zeros(0, np.float32)]
                sent = health.samples
        notices, damage = health.verdict(self._decoder.description.promised)
        last, end = resampler.push(np.concatenate(waiting)), resampler.finish()
        yield Block(health.seconds, {rate: np.concatenate([last[rate], end[rate]]) for rate in last}, notices)
        if damage:
            raise AudioError(damage)

    def pcm(self, start_seconds: float = 0.0) -> Iterator[NDArray[np.float32]]:
        """Yield the samples from there on as they are, float32, shape (n, channels), n up to a second.

        Raises:
            AudioError: the file cannot be opened any more.
        """
        for stretch in self._decoder.read(max(0.0, start_seconds)):
            if len(stretch.samples):
                yield finite(stretch.samples)


def _check(path: Path) -> None:
    """Raise an AudioError for what is no readable file at all."""
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            with path.open("rb"):
                pass
    except (FileNotFoundError, NotADirectoryError):
        raise AudioError(f"{path.name} does not exist in {path.parent}; check its name and folder.") from None
    except PermissionError:
        raise AudioError(f"{path.name} may not be read by you; ask its owner or change its permissions.") from None
    except (OSError, ValueError) as error:
        raise AudioError(f"{path.name} cannot be opened ({error}); check its name and its disk.") from error
    if stat.S_ISDIR(found.st_mode):
        raise AudioError(f"{path.name or path} is a folder; choose a sound file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise AudioError(f"{path.name} is a device or a pipe; choose a sound file.")
    if found.st_size == 0:
        raise AudioError(f"{path.name} is empty (0 bytes); copy or record it again.")


def _choose(path: Path) -> Decoder:
    """Return the decoder that suits the file's content; its name does not matter."""
    try:
        compressed = CompressedDecoder(path)
    except AudioError:
        with path.open("rb") as file:
            head = file.read(3)
        if head == b"ID3" or head.startswith(b"\xff"):
            raise  # an MP3 that libav has given up; libmpg123 would only complain on the terminal
        try:
            return PcmDecoder(path)
        except AudioError:
            pass
        raise  # libav's reason says more
    if compressed.uncompressed:
        try:
            return PcmDecoder(path)
        except AudioError:
            pass  # PCM in a video, or a damaged header: libav it is
    return compressed


def _mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the channels, shape (n, channels) -> (n,), with silence for what is no number."""
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)
    if not np.isfinite(mono).all():
        mono = finite(samples).mean(axis=1, dtype=np.float64).astype(np.float32)
    return mono
