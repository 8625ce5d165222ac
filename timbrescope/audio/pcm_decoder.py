"""Uncompressed files by libsndfile: exact to the sample, and many rare containers."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from timbrescope.audio.decoder import Description, Stretch
from timbrescope.core.errors import AudioError

MISFIT = re.compile(r"(?:data|SSND|[Ss]ize|riff) *: (\d+) \(should be (\d+)\)")
"""libsndfile's log on a chunk that is longer in the header than in the file."""
UNKNOWN_SIZES = (range(0x7FFFF000, 0x80001000), range(0xFFFFF000, 0x100000000))
"""Sizes that recorders write when they cannot know how long a stream will be."""
LARGEST_STRETCH = 2**20  # samples of all channels together, whatever the header says


class PcmDecoder:
    """Read one file by libsndfile.

    Raises:
        AudioError: libsndfile does not know the format, or there are no samples in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file, soundfile.SoundFile(file) as sound:
                frames, rate = sound.frames, sound.samplerate
                bits = re.search(r"(\d+) bit", sound.subtype_info)
                width = f" {bits[1]}-bit" if bits and "float" not in sound.subtype_info else ""
                promised = frames
                if frames > 0:
                    sound.read(1)  # the header of a compressed file can be sound and the rest damaged
                for stated, found in MISFIT.findall(sound.extra_info):
                    if not any(int(stated) in sizes for sizes in UNKNOWN_SIZES):
                        promised = max(promised, round(frames * int(stated) / max(int(found), 1)))
                self.description = Description(
                    rate, sound.channels, sound.format + width, frames / max(rate, 1), promised / max(rate, 1)
                )
        except (soundfile.SoundFileError, TypeError) as error:  # TypeError: a name that ends in .raw
            raise AudioError(f"{path.name} is in no format that libsndfile knows; choose another file.") from error
        except OSError as error:
            raise AudioError(
                f"{path.name} cannot be opened ({error.strerror or error}); check that it is still there."
            ) from error
        if frames <= 0:
            raise AudioError(f"{path.name} holds no sound: it has a header but no samples; choose another file.")

    def read(self, start_seconds: float) -> Iterator[Stretch]:
        """Yield quarter seconds from there to the end; see Decoder."""
        try:
            with self._path.open("rb") as file, soundfile.SoundFile(file) as sound:
                frames = max(1, min(sound.samplerate // 4, LARGEST_STRETCH // sound.channels))
                if start_seconds > 0:
                    sound.seek(min(round(start_seconds * sound.samplerate), sound.frames))
                while True:
                    try:
                        samples = sound.read(frames, dtype="float32", always_2d=True)
                    except soundfile.SoundFileError:
                        yield Stretch(np.zeros((0, sound.channels), np.float32), lost=True)
                        return
                    if not len(samples):
                        return
                    yield Stretch(samples)
        except (OSError, soundfile.SoundFileError) as error:
            raise AudioError(
                f"{self._path.name} can no longer be read; check that it is still there and that its disk is connected."
            ) from error
