"""Real encoded files for tests: by libsndfile where it can write the format, otherwise by libav."""

from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBSNDFILE = {
    ".wav": ("WAV", "PCM_16"),
    ".aiff": ("AIFF", "PCM_16"),
    ".au": ("AU", "PCM_16"),
    ".caf": ("CAF", "PCM_16"),
    ".w64": ("W64", "PCM_16"),
    ".rf64": ("RF64", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}
LIBAV = {
    ".m4a": ("aac", None),
    ".aac": ("aac", None),
    ".alac": ("alac", None),
    ".wma": ("wmav2", None),
    ".webm": ("libopus", "libvpx"),
    ".mkv": ("libopus", "mpeg4"),
    ".mp4": ("aac", "mpeg4"),
    ".mov": ("aac", "mpeg4"),
}
"""Suffix -> codec of the sound, codec of the moving picture that comes along."""
SUFFIXES = (*LIBSNDFILE, *LIBAV)


def tone(seconds: float, rate: int, *, channels: int = 1, frequency: float = 440.0) -> NDArray[np.float32]:
    """Return a sine of amplitude 0.5, shape (n, channels)."""
    time = np.arange(round(seconds * rate)) / rate
    return np.repeat((0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)[:, None], channels, axis=1)


def encode(path: Path, samples: NDArray[np.float32], rate: int) -> Path:
    """Write samples, shape (n,) or (n, channels <= 2), in the format that the suffix names, and return the path.

    Videos get a small moving picture. Opus (``.opus``, ``.webm``, ``.mkv``) needs a rate of 48, 24, 16, 12 or 8 kHz.
    """
    columns = samples[:, None] if samples.ndim == 1 else samples
    if path.suffix in LIBSNDFILE:
        container, subtype = LIBSNDFILE[path.suffix]
        soundfile.write(path, columns, rate, format=container, subtype=subtype)
    else:
        _encode_by_libav(path, columns, rate)
    return path


def encode_picture(path: Path, seconds: float) -> Path:
    """Write a video without a sound track."""
    with av.open(str(path), "w") as container:
        for packet in _picture(container, "mpeg4", seconds):
            container.mux(packet)
    return path


def _encode_by_libav(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    sound_codec, picture_codec = LIBAV[path.suffix]
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    container_format = "mp4" if path.suffix == ".alac" else None
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream(sound_codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = 128_000
        if picture_codec is not None:
            for packet in _picture(container, picture_codec, len(samples) / rate):
                container.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout=layout)
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def _picture(
    container: av.container.OutputContainer, codec: str, seconds: float
) -> "Iterator[av.Packet[av.VideoStream]]":
    """Yield a grey picture that grows lighter, ten frames a second."""
    stream = container.add_stream(codec, rate=10)
    assert isinstance(stream, av.VideoStream)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for index in range(round(seconds * 10)):
        grey = np.full((48, 64, 3), index % 256, np.uint8)
        yield from stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24"))
    yield from stream.encode(None)
