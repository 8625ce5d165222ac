"""Compressed files and the sound tracks of videos by libav, which goes on after damage and keeps the time."""

import errno
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from timbrescope.audio.decoder import Description, Stretch
from timbrescope.core.errors import AudioError

PROTECTED_TAGS = frozenset({"drms", "drmi", "enca", "aavd"})
"""Sample entries of encrypted MP4 sound: iTunes, Common Encryption, Audible."""
EXACT_LENGTH = ("mov", "matroska", "flac", "wv", "caf", "ape", "tta", "wav", "aiff", "au", "avi")
"""Containers whose header states the length; others leave libav to guess it from the bit rate."""
FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""Identifier of an object in the header of Windows Media files."""
NAMES = {
    "aac": "AAC", "alac": "Apple Lossless", "flac": "FLAC", "mp3": "MP3", "mp3float": "MP3", "opus": "Opus",
    "vorbis": "Ogg Vorbis", "wavpack": "WavPack", "wmav1": "WMA", "wmav2": "WMA", "wmapro": "WMA",
}  # fmt: skip
FIRST_PACKETS = 1000  # about twenty seconds: enough to meet a frame, few enough to open a broken file at once
PREROLL_SECONDS = 0.25  # decoders need some packets before their sound is right again after a jump
SMALLEST_GAP_SECONDS = 0.03  # containers round the time of a frame, to 1 ms as a rule
LARGEST_GAP_SECONDS = 60.0  # a longer jump of the clock is an error of the clock, not lost sound


class CompressedDecoder:
    """Read one file by libav.

    Attributes:
        uncompressed: the sound is plain PCM.

    Raises:
        AudioError: libav cannot open the file, it has no sound track, it is protected or nothing in it can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as (container, stream):
            codec = stream.codec_context
            self.uncompressed = codec.name.startswith("pcm_")
            packets, first = 0, None
            for frame in _frames(container, stream):
                packets += 1
                if frame is not None:
                    first = frame
                if first is not None or packets >= FIRST_PACKETS:
                    break
            rate = codec.sample_rate if first is None else first.sample_rate
            channels = codec.channels if first is None else first.layout.nb_channels
            if (first is None and packets < FIRST_PACKETS) or rate <= 0 or channels <= 0:
                raise AudioError(
                    f"{path.name} holds no sound that can be decoded: it is damaged or empty; choose another file."
                )
            self._origin = 0.0 if first is None else first.time or 0.0
            seconds, exact = _length(container, stream)
            self.description = Description(
                rate,
                channels,
                "PCM" if self.uncompressed else NAMES.get(codec.name, codec.name.upper().replace("_", " ")),
                seconds,
                seconds if exact else None,
            )
            self._cut = IS_CUT.get(container.format.name, lambda _: False)(path)

    def read(self, start_seconds: float) -> Iterator[Stretch]:
        """Yield frame after frame, with silence for what is lost; see Decoder."""
        rate, channels = self.description.sample_rate, self.description.channels
        start = max(0, round(start_seconds * rate))
        nothing = Stretch(np.zeros((0, channels), np.float32), lost=True)
        broken = False  # something could not be decoded since the last frame
        with self._open() as (container, stream):
            jumped = start > 0 and _jump(container, stream, start_seconds - PREROLL_SECONDS + self._origin)
            clock = _Clock(rate, self._origin, self.description.duration, None if jumped else 0)
            for frame in _frames(container, stream):
                if frame is None:
                    broken = True
                    continue
                if frame.sample_rate != rate:
                    broken = True  # another recording has been appended; it cannot continue this one
                    break
                before, position = clock.place(frame)
                yield from _silence(max(before, start), position, rate, channels)
                if broken and before == position >= start:
                    yield nothing
                broken = False
                if position + frame.samples > start:
                    yield Stretch(_fit(_float32(frame), channels)[max(0, start - position) :])
        if broken or self._cut:
            yield nothing

    @contextmanager
    def _open(self) -> Iterator[tuple[InputContainer, AudioStream]]:
        name = self._path.name
        try:
            # A file object makes every name work; no protocol means that a playlist cannot open anything else.
            with (
                _Bytes(self._path) as file,
                av.open(file, "r", metadata_errors="replace", options={"protocol_whitelist": "none"}) as container,
            ):
                stream = container.streams.best("audio")
                if stream is None and container.streams.audio:
                    raise AudioError(f"{name} holds no sound that can be decoded; choose another file.")
                if stream is None:
                    raise AudioError(
                        f"{name} has no sound in it: it is a picture, a text or a video without a sound track; "
                        "choose another file."
                    )
                if not isinstance(stream, AudioStream) or stream.codec_context is None:
                    raise AudioError(
                        f"{name} holds sound in an encoding that is unknown here; convert it to WAV or FLAC first."
                    )
                if stream.codec_context.codec_tag in PROTECTED_TAGS:
                    raise AudioError(
                        f"{name} is copy-protected, so that only its seller's player can read it; "
                        "choose an unprotected copy."
                    )
                for other in container.streams:
                    if other is not stream:
                        other.discard = av.stream.Discard.all
                yield container, stream
        except av.FFmpegError as error:
            raise AudioError(
                f"{name} cannot be read as sound: it is no recording, or it is damaged; choose another file."
            ) from error
        except OSError as error:
            raise AudioError(
                f"{name} cannot be read ({error.strerror or error}); check that it is still there and yours to read."
            ) from error


class _Clock:
    """Where frames belong in the sound, by their own time where that is plausible.

    Args:
        rate: in Hz.
        origin: the time that the file gives its first sample, in seconds.
        duration: in seconds; None when unknown.
        position: where the first frame belongs, in samples; None to go by the frame's time.
    """

    def __init__(self, rate: int, origin: float, duration: float | None, position: int | None) -> None:
        self._rate, self._origin, self._duration, self._position = rate, origin, duration, position

    def place(self, frame: AudioFrame) -> tuple[int, int]:
        """Return where the frame before ended and where this one starts, in samples; what lies between is lost."""
        due = self._position or 0
        if frame.time is not None:
            due = round((frame.time - self._origin) * self._rate)
        before = due if self._position is None else self._position
        gap = due - before
        if abs(gap) < SMALLEST_GAP_SECONDS * self._rate:
            gap = 0
        elif not 0 < gap <= self._longest_gap(before):
            self._origin += gap / self._rate  # the clock was set anew: go by that from now on
            gap = 0
        self._position = before + gap + frame.samples
        return before, before + gap

    def _longest_gap(self, before: int) -> float:
        """Return how many samples may be missing at most, so that a wild clock cannot invent hours of silence."""
        left = LARGEST_GAP_SECONDS if self._duration is None else self._duration + 1.0 - before / self._rate
        return min(left, LARGEST_GAP_SECONDS) * self._rate


def _jump(container: InputContainer, stream: AudioStream, seconds: float) -> bool:
    """Go to the last place before that time from which decoding can start; False where the file allows no jump."""
    try:
        container.seek(max(0, int(seconds / (stream.time_base or 1))), stream=stream)
    except av.FFmpegError:
        return False
    return True


class _Bytes(io.FileIO):
    """A file that answers a senseless jump, which a damaged header asks for, by libav's error code."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "r")

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Return the new position, or a negative error code where there is no such position."""
        try:
            return super().seek(offset, whence)
        except OSError as error:
            return -(error.errno or errno.EINVAL)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame | None]:
    """Yield the frames of a sound track, and None for each packet that cannot be decoded."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.FFmpegError:
            yield None
            return
        try:
            yield from (frame for frame in packet.decode() if frame.samples)
        except av.FFmpegError:
            yield None


def _length(container: InputContainer, stream: AudioStream) -> tuple[float | None, bool]:
    """Return the length in seconds as the header has it, and whether it can be relied on."""
    name = container.format.name
    if stream.codec_context.name.startswith("pcm_") and stream.frames:  # the header's count, though the file be shorter
        return stream.frames / stream.codec_context.sample_rate, True
    # An MP3 file whose sound does not start at zero has a LAME header, which counts the frames.
    exact = name.startswith(EXACT_LENGTH) or (name == "mp3" and bool(stream.start_time))
    if stream.duration and stream.time_base is not None:
        return float(stream.duration * stream.time_base), exact
    tag = re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", ""))
    if tag:  # of this track alone, in Matroska
        return 3600 * int(tag[1]) + 60 * int(tag[2]) + float(tag[3]), exact
    if container.duration:
        return container.duration / av.time_base, exact and len(container.streams) == 1
    return None, False


def _lacks_last_page(path: Path) -> bool:
    """Tell whether an Ogg file stops before the page that is marked as its last (RFC 3533, section 6)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2**17))
        tail = file.read()
    page = tail[tail.rfind(b"OggS") :]
    length = 27 + page[26] + sum(page[27 : 27 + page[26]]) if len(page) > 26 else len(page) + 1
    return len(page) < length or not page[5] & 4


def _is_shorter_than_stated(path: Path) -> bool:
    """Tell whether a Windows Media file is shorter than its File Properties Object says (ASF, section 3.2)."""
    with path.open("rb") as file:
        head = file.read(2**16)
    start = head.find(FILE_PROPERTIES)
    return start >= 0 and path.stat().st_size < int.from_bytes(head[start + 40 : start + 48], "little")


IS_CUT = {"ogg": _lacks_last_page, "asf": _is_shorter_than_stated}
"""For containers whose header does not tell libav the length: whether the end of a file is missing."""


def _float32(frame: AudioFrame) -> NDArray[np.float32]:
    """Return the samples of a frame, full scale 1.0, shape (n, channels)."""
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
    if values.dtype.kind == "f":
        return values.astype(np.float32, copy=False)
    full_scale = np.float32(2 ** (8 * values.dtype.itemsize - 1))
    samples: NDArray[np.float32] = values.astype(np.float32) / full_scale
    return samples - np.float32(1) if values.dtype.kind == "u" else samples


def _fit(samples: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Keep the number of channels that the file began with; a broadcast may switch between mono, stereo and more."""
    if samples.shape[1] == channels:
        return samples
    return np.repeat(samples.mean(axis=1, keepdims=True), channels, axis=1)


def _silence(start: int, end: int, rate: int, channels: int) -> Iterator[Stretch]:
    """Yield zeros in place of the samples that are lost."""
    for first in range(start, end, rate):
        yield Stretch(np.zeros((min(rate, end - first), channels), np.float32), lost=True)
