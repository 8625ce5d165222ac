"""Playback with a playhead that follows what is heard."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from timbrescope.audio.file import AudioFile
from timbrescope.audio.output import NoCard, Output, SoundCard
from timbrescope.audio.passage import Passage
from timbrescope.audio.portaudio import look_again
from timbrescope.audio.ring import Ring
from timbrescope.core.errors import AudioError

RING_SECONDS = 2.0  # enough to reopen a long file at the seam of a loop
PATIENCE_SECONDS = 0.02  # between looks at a full ring
SHORTEST_LOOP_SECONDS = 0.01
LOOP_END_SECONDS = 0.05  # a loop that ends so shortly behind the file's end is meant to reach it


@dataclass(frozen=True, eq=False, slots=True)
class _Order:
    """What the user wants; each order replaces the one before as a whole."""

    playing: bool
    seconds: float
    fresh: bool = False  # from the play button: a reason to look for a sound card again
    finished: bool = False
    closed: bool = False


class Player:
    """Play a file on the default sound card, or silently at the same pace where there is none.

    The caller only gives orders and asks for the position, neither of which ever waits. One thread carries the orders
    out: it opens the card, decodes into a ring, and starts over at each new order. PortAudio's callback empties the
    ring and notes when its frames will be heard, and that is the clock of the playhead.

    Args:
        source: the file, or its path.

    Raises:
        AudioError: the file cannot be read.
    """

    def __init__(self, source: Path | AudioFile) -> None:
        self._file = source if isinstance(source, AudioFile) else AudioFile(source)
        self._order = _Order(playing=False, seconds=0.0)
        self._ordered = threading.Condition()
        self._thread: threading.Thread | None = None
        self._loop: tuple[float, float] | None = None
        self._volume = self._last_volume = 1.0
        self._notice: str | None = None
        self._rate = self._file.sample_rate  # of the ring
        self._ring = Ring(1, 1)
        self._passage: Passage | None = None
        self._pulled = (
            0.0,
            0,
            0,
        )  # the last frames that left the ring: when they are heard, number of the first, count

    @property
    def is_playing(self) -> bool:
        """The playhead moves, or is about to."""
        return self._order.playing

    @property
    def finished(self) -> bool:
        """Playing stopped because the file had been heard to its end."""
        return self._order.finished

    @property
    def notice(self) -> str | None:
        """One sentence on why nothing is heard and what to do; None while all is well."""
        return self._notice

    def position(self) -> float:
        """Return the second of the file that is heard now, to a few milliseconds; it costs microseconds."""
        order, passage = self._order, self._passage
        if not order.playing or passage is None or passage.order is not order:
            return order.seconds
        return passage.heard(self._heard())

    def play(self, from_seconds: float | None = None) -> None:
        """Play from there, or from where the playhead is; after the end, from the start of the loop or the file."""
        if from_seconds is None:
            from_seconds = self.position()
            if self.finished:
                from_seconds = self._loop[0] if self._loop else 0.0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(self._order,), name="playback", daemon=True)
            self._thread.start()
        self._give(_Order(playing=True, seconds=max(0.0, from_seconds), fresh=True))

    def pause(self) -> None:
        """Fall silent and keep the playhead where it is."""
        if self.is_playing:
            self._give(_Order(playing=False, seconds=self.position()))

    def seek(self, seconds: float) -> None:
        """Move the playhead, and go on playing there when it plays."""
        self._give(_Order(playing=self.is_playing, seconds=max(0.0, seconds)))

    def set_loop(self, region: tuple[float, float] | None) -> None:
        """Go back to the start of the region, in seconds, whenever its end is reached; None ends that."""
        if region is not None:
            region = (max(0.0, region[0]), max(region[1], region[0] + SHORTEST_LOOP_SECONDS))
        self._loop = region
        order, passage = self._order, self._passage
        if order.playing and passage is not None and passage.order is order:
            upcoming = passage.at(
                self._ring.next
            )  # the ring may hold what the loop cuts off, or rounds of the old loop
            self.seek(region[0] if region is not None and upcoming >= region[1] else upcoming)

    def set_volume(self, volume: float) -> None:
        """Set the loudness from 0 to 1."""
        self._volume = min(1.0, max(0.0, volume))

    def close(self) -> None:
        """Fall silent and give the sound card and the threads back; the player cannot be used again."""
        self._give(_Order(playing=False, seconds=self.position(), closed=True))
        if self._thread is not None:
            self._thread.join()

    def _give(self, order: _Order) -> None:
        with self._ordered:
            if not self._order.closed:
                self._order = order
            self._ordered.notify_all()

    def _heard(self) -> float:
        """Return the number of the frame that is heard now."""
        moment, first, count = self._pulled
        return first + min((time.monotonic() - moment) * self._rate, count)

    def _pull(self, out: NDArray[np.float32], moment: float) -> None:
        """Fill a buffer of the output's; runs in its thread and must never wait."""
        count = self._ring.read_into(out) if self._order.playing else 0
        if count:
            self._pulled = (moment, self._ring.read - count, count)
            volume = self._volume
            out[:count] *= np.linspace(self._last_volume, volume, count, dtype=np.float32)[:, None]
            self._last_volume = volume
        out[count:] = 0

    def _run(self, order: _Order) -> None:
        """Carry out one order after the other; the thread's whole life."""
        output: Output | None = None
        while not order.closed:
            with self._ordered:
                self._ordered.wait_for(lambda done=order: self._order is not done)  # type: ignore[misc]
                order = self._order
            if order.playing:
                if output is None or (order.fresh and isinstance(output, NoCard)):
                    output = self._open(output)
                output = self._perform(order, output)
            elif output is not None:
                output.stop()
        if output is not None:
            output.close()

    def _open(self, before: Output | None) -> Output:
        """Return a sound card, looked for anew when there was none before, or else a silent output."""
        output: Output
        if before is not None:
            before.close()
            look_again()
        try:
            output = SoundCard(self._file.sample_rate, self._pull)
            self._notice = None
        except AudioError as error:
            output = NoCard(self._file.sample_rate, 2, self._pull)
            self._notice = str(error)
        self._ring = Ring(round(RING_SECONDS * output.rate), output.channels)
        self._rate = output.rate
        self._pulled = (0.0, 0, 0)
        return output

    def _perform(self, order: _Order, output: Output) -> Output:
        """Play from the order's second until the next order or the end; return the output, which may be another one."""
        self._ring.drop()
        passage = self._passage = Passage(order, order.seconds, self._ring.written, self._rate)
        try:
            for frames in self._sound(order.seconds, passage, output):
                rest = frames
                while len(rest):
                    rest = rest[self._ring.write(rest) :]
                    output = self._keep_going(output)
                    if self._order is order and len(rest):
                        self._wait(order)
                    if self._order is not order:
                        return output
        except AudioError as error:
            self._notice = str(error)
        end = self._ring.written
        while self._order is order and self._heard() < end and end > passage.first:
            self._wait(order)
            output = self._keep_going(output)
        with self._ordered:
            if self._order is order:
                self._order = _Order(playing=False, seconds=passage.at(end), finished=True)
        return output

    def _wait(self, order: _Order) -> None:
        """Wait a moment, or less when a new order comes."""
        with self._ordered:
            self._ordered.wait_for(lambda: self._order is not order, PATIENCE_SECONDS)

    def _keep_going(self, output: Output) -> Output:
        """Start the output, or replace it by a silent one when it refuses or has vanished."""
        try:
            output.start()
            if not output.lost:
                return output
            self._notice = (
                "There is no sound because the sound card has stopped answering; connect it again, then pause and play."
            )
        except AudioError as error:
            self._notice = str(error)
        threading.Thread(target=output.close, name="closing a lost sound card", daemon=True).start()  # it may hang
        silent = NoCard(output.rate, output.channels, self._pull)
        silent.start()
        return silent

    def _sound(self, seconds: float, passage: Passage, output: Output) -> Iterator[NDArray[np.float32]]:
        """Yield what the output is to play, shape (n, channels) at its rate, round after round of a loop."""
        rate = self._file.sample_rate
        stream = None
        if output.rate != rate:
            stream = soxr.ResampleStream(rate, output.rate, output.channels, dtype="float32", quality="HQ")
        sent = 0  # frames of the file
        turned = True
        while turned:
            start = position = round(seconds * rate)
            turned = False
            loop = self._loop
            for piece in self._file.pcm(seconds):
                loop = self._loop
                left = len(piece) if loop is None else round(loop[1] * rate) - position
                turned = 0 < left <= len(piece) and loop is not None
                frames = _for_card(piece[:left] if turned else piece, output.channels)
                sent += len(frames)
                position += len(frames)
                yield frames if stream is None else stream.resample_chunk(frames)
                if turned:
                    break
            if loop is not None and position > start and not turned:
                turned = loop[0] * rate < position <= (loop[1] + LOOP_END_SECONDS) * rate
            if turned and loop is not None:
                seconds = loop[0]
                passage.turn(passage.first + round(sent * output.rate / rate), seconds)
        if stream is not None:
            yield stream.resample_chunk(np.zeros((0, output.channels), np.float32), last=True)


def _for_card(samples: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Fit sound, shape (n, any number), to the channels of a sound card: 1 or 2."""
    if samples.shape[1] == channels:
        return samples
    if channels == 1:
        mono: NDArray[np.float32] = samples.mean(axis=1, keepdims=True)
        return mono
    if samples.shape[1] == 1:
        return np.repeat(samples, 2, axis=1)
    others = samples[:, 2:]  # centre, bass and surround belong to both sides
    return np.column_stack([np.column_stack([samples[:, side], others]).mean(axis=1) for side in (0, 1)])
