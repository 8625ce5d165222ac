"""Recording to disk in a thread of its own, so that neither a slow nor a full disk disturbs what is heard."""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio.recovery import claimed, finish, free_name, part_of, recover
from timbrescope.audio.take import SUFFIXES, Take, new_take
from timbrescope.core.errors import AudioError

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
WAITING_SECONDS = 60.0  # of sound that a slow disk may owe


class Recorder:
    """Writes what it is given to a file that is whole after every second; a sink of ``LiveInput``.

    While it is written a take has ".part" behind its name. A file is never overwritten: where the name is taken, a
    number is added.

    Args:
        path: of the take; ".flac" and ".wav" (24 bits; RF64 past 4 GiB) are known.
        rate: in Hz.
        channels: samples in each frame.
        notify: called, in the recorder's thread, with a sentence for the user when something goes wrong.
        roll_seconds: begin a new file after so much sound, without losing a sample; None never does.

    Attributes:
        takes: finished files.
        problem: a sentence on why it has stopped by itself, as it does on a full disk; None as long as it has not.

    Raises:
        AudioError: the file cannot be made.
    """

    def __init__(
        self, path: Path, rate: int, channels: int, notify: Callable[[str], None], *, roll_seconds: float | None = None
    ) -> None:
        if path.suffix.lower() not in SUFFIXES:
            raise AudioError(f"{path.name} cannot be recorded; give it a name that ends in {' or '.join(SUFFIXES)}.")
        self.takes: list[Path] = []
        self.problem: str | None = None
        self._failed = False
        self._wanted = path
        self._rate = rate
        self._channels = channels
        self._notify = notify
        self._roll_frames = None if roll_seconds is None else max(1, round(roll_seconds * rate))
        self._waiting: deque[NDArray[np.float32]] = deque()
        self._waiting_frames = self._lost_frames = 0
        self._changed = threading.Condition()  # guards these and _closed
        self._closed = False
        self._written = 0  # frames in the open file
        self._claim = contextlib.ExitStack()
        self._part, self._take = self._begin()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def part(self) -> Path:
        """The file that is being written."""
        return self._part

    def write(self, frames: NDArray[np.float32]) -> None:
        """Take the next frames, shape (n, channels); what a slow disk owes for a minute is lost, and silent."""
        with self._changed:
            if self._failed or self._closed:
                return
            if self._waiting_frames + len(frames) > WAITING_SECONDS * self._rate:
                self._lost_frames += len(frames)
            else:
                self._waiting.append(frames)
                self._waiting_frames += len(frames)
            self._changed.notify_all()

    def close(self) -> list[Path]:
        """Write what is waiting, finish the file and return all finished takes."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        return self.takes

    def _run(self) -> None:
        """Write what comes about once a second; the thread's whole life."""
        try:
            while self._write_on():
                pass
            self._take.close()
            self._end()
        except OSError as error:
            self._give_up(error)
        finally:
            self._claim.close()

    def _write_on(self) -> bool:
        """Write what comes within a second and bring it to the disk; return False at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed, FLUSH_SECONDS)
            waiting, self._waiting = list(self._waiting), deque()
            lost, self._lost_frames = self._lost_frames, 0
            self._waiting_frames = 0
            closed = self._closed
        for frames in waiting:
            self._write(frames)
        if lost:
            self._notify(
                f"{self._part.parent} is too slow to record on: {lost / self._rate:.1f} s are silent in "
                f"{self._part.stem}; choose a faster disk."
            )
            for start in range(0, lost, self._rate):
                self._write(np.zeros((min(self._rate, lost - start), self._channels), np.float32))
        self._take.flush()
        return not closed

    def _write(self, frames: NDArray[np.float32]) -> None:
        while self._roll_frames is not None and self._written + len(frames) > self._roll_frames:
            here = self._roll_frames - self._written
            self._take.write(frames[:here])
            frames = frames[here:]
            self._take.close()
            self._end()
            self._part, self._take = self._begin()
        self._take.write(frames)
        self._written += len(frames)

    def _begin(self) -> tuple[Path, Take]:
        """Make the next file."""
        part = part_of(free_name(self._wanted))
        try:
            take = new_take(part, self._wanted.suffix, self._rate, self._channels)
            self._claim.enter_context(claimed(part))
        except OSError as error:
            if self.takes:
                raise
            raise AudioError(
                f"{self._wanted} cannot be recorded ({error.strerror or error}); choose another folder."
            ) from error
        self._written = 0
        return part, take

    def _end(self) -> None:
        """Give the closed file its name."""
        self._claim.close()
        self.takes.append(finish(self._part))

    def _give_up(self, error: OSError) -> None:
        """Keep what is there when the disk refuses more."""
        log.warning("recording %s has failed: %r", self._part, error)
        with self._changed:
            self._failed = True
            self._waiting.clear()
        with contextlib.suppress(OSError):
            self._take.close()
        self._claim.close()
        if not self._part.exists():  # it is finished, and the next one could not be made
            kept = self.takes[-1].name
        else:
            try:
                self.takes.append(recover(self._part))
                kept = self.takes[-1].name
            except AudioError as problem:
                log.warning("%s", problem)
                kept = self._part.name
        reason = error.strerror or "the disk is full or gone"
        self.problem = (
            f"Recording has stopped ({reason}); {kept} holds all up to here, make room and begin a new recording."
        )
        self._notify(self.problem)
