"""A while of listening to an input: the takes recorded of it, and its sound kept in case nobody pressed Record."""

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio.live import LiveInput
from timbrescope.audio.recorder import Recorder
from timbrescope.core.blocks import Block
from timbrescope.core.errors import AudioError


class Recording:
    """A recorder that is given the sound of an input, from ten seconds ago on, and counts it.

    Args:
        source: the input.
        path: of the take.
        roll_seconds: begin a new file after so much sound; None never does.
        at_most_seconds: stop after so much sound; None never does.

    Attributes:
        path: as it was asked for; the file's name has a number where there is one of that name.

    Raises:
        AudioError: the file cannot be made.
    """

    def __init__(
        self,
        source: LiveInput,
        path: Path,
        *,
        roll_seconds: float | None = None,
        at_most_seconds: float | None = None,
    ) -> None:
        self.path = path
        self._source = source
        self._frames = 0
        self._at_most = None if at_most_seconds is None else round(at_most_seconds * source.sample_rate)
        self._attached = True
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AudioError(
                f"{path.parent} cannot be made to record into ({error.strerror}); choose another folder in File > "
                "Settings."
            ) from error
        self._recorder = Recorder(path, source.sample_rate, source.channels, source.notify, roll_seconds=roll_seconds)
        source.attach(self, pre_roll=True)

    @property
    def seconds(self) -> float:
        """How much sound it has been given."""
        return self._frames / self._source.sample_rate

    @property
    def name(self) -> str:
        """The name that the file being written will have."""
        return self._recorder.part.stem

    @property
    def problem(self) -> str | None:
        """Why it has stopped by itself; None as long as it has not."""
        return self._recorder.problem

    @property
    def is_full(self) -> bool:
        """Whether it has been given all that it takes."""
        return self._at_most is not None and self._frames >= self._at_most

    def write(self, frames: NDArray[np.float32]) -> None:
        """Take the next frames, shape (n, channels)."""
        if self._at_most is not None:
            frames = frames[: self._at_most - self._frames]
        if len(frames):
            self._recorder.write(frames)
            self._frames += len(frames)

    def detach(self) -> None:
        """Take no more sound; the file is finished by ``finish``."""
        if self._attached:
            self._attached = False
            self._source.detach(self)

    def finish(self) -> list[Path]:
        """Take no more sound, wait until all is on the disk and return the finished files."""
        self.detach()
        return self._recorder.close()


class Sitting:
    """A live input with what is recorded of it; a source like any other.

    Args:
        source: an input that has not been started.
        kept: where all its sound is written as well, so that it can be heard and saved afterwards; None keeps none.
        keep_seconds: of that, at most.

    Attributes:
        input: the input.
        kept: the recording of all its sound; None where there is none.
        kept_problem: why there is none although it was wanted.
        take: what is being recorded because the user wants it.
    """

    duration: float | None = None

    def __init__(self, source: LiveInput, kept: Path | None = None, keep_seconds: float | None = None) -> None:
        self.input = source
        self.take: Recording | None = None
        self.kept: Recording | None = None
        self.kept_problem: str | None = None
        if kept is not None:
            try:
                self.kept = Recording(source, kept, at_most_seconds=keep_seconds)
            except AudioError as error:  # one can listen all the same
                self.kept_problem = str(error)

    @property
    def sample_rate(self) -> int:
        """The device's own rate in Hz."""
        return self.input.sample_rate

    def start(self) -> None:
        """Begin to listen.

        Raises:
            AudioError: the device does not start.
        """
        self.input.start()

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        """Yield what comes, as ``LiveInput.blocks`` does."""
        return self.input.blocks(rates)

    def record(self, folder: Path, suffix: str, roll_seconds: float | None) -> Recording:
        """Begin a take with a name that says when it began, and with the ten seconds before.

        Raises:
            AudioError: the file cannot be made.
        """
        self.take = Recording(self.input, dated(folder, "Take", suffix), roll_seconds=roll_seconds)
        return self.take

    def stop(self) -> None:
        """Let the sound end; does not wait."""
        self.input.stop()

    def close(self) -> None:
        """Give the input back and finish what is still being written."""
        self.input.close()
        for recording in (self.take, self.kept):
            if recording is not None:
                recording.finish()


def dated(folder: Path, word: str, suffix: str) -> Path:
    """Return a path for what begins now, such as ``Take 2026-05-01 20.15.00.flac``."""
    return folder / f"{word} {datetime.now().astimezone():%Y-%m-%d %H.%M.%S}{suffix}"
