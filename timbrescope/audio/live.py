"""A microphone or another sound input as a source that stays up all evening."""

import logging
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio import devices
from timbrescope.audio.capture import Beat, Capture, RateRefusedError
from timbrescope.audio.handover import BACKLOG_SECONDS, Handover, Sink
from timbrescope.audio.health import finite
from timbrescope.audio.meter import Level
from timbrescope.audio.pace import Pace
from timbrescope.audio.resample import Resampler
from timbrescope.core.attempt import Attempt
from timbrescope.core.blocks import Block
from timbrescope.core.clock import clock
from timbrescope.core.errors import AudioError, TimbrescopeError

log = logging.getLogger(__name__)

BLOCK_SECONDS = 0.25
TICK_SECONDS = 0.01
LEVEL_SECONDS = 0.05  # of the past that a level tells of, so that whoever looks that often misses nothing
SETTLED_SECONDS = 0.5  # after a gap a device delivers what it has kept; then the length of the gap is known
SILENT_SECONDS = 2.0  # without a single frame, until the input is opened anew
PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
OUTAGE_MARGIN_SECONDS = 1.0  # a gap is filled with silence up to so shortly before now; the rest when its end is known
DIGITAL_SILENCE_SECONDS = 5.0
OTHER_RATES = (48_000, 44_100)  # in Hz; for a device that refuses what it calls its own
REPEAT_SECONDS = 10.0  # what goes wrong all the time is told this often
STOP_SECONDS = 5.0
_BUSY = "this computer was too busy"


class LiveInput:
    """A sound input that is opened again by itself when it fails, with silence for the time in between.

    A thread of its own empties the callback's ring, so that neither slow models nor a slow disk lose sound. The time
    line follows the clock: what is missing is filled with silence as long as it, and stated. ``blocks`` may be
    iterated once.

    Args:
        device: name as ``devices.find`` takes it; None is the system's default.
        channel: number of one channel, the first is 1; None takes the first two, of which recognition hears the mean.
        block_seconds: how much sound a block holds at least.

    Attributes:
        device: what it listens to, by name.
        sample_rate: the device's own, in Hz.
        channels: of the frames that sinks get.
        level: how loud it is.
        dropouts: how often sound was missing.
        lost_seconds: how much sound was missing.

    Raises:
        AudioError: there is no such input, or it refuses.
    """

    duration: float | None = None

    def __init__(
        self, device: str | None = None, channel: int | None = None, *, block_seconds: float = BLOCK_SECONDS
    ) -> None:
        found = devices.find(device, "input")
        if channel is not None and not 1 <= channel <= found.inputs:
            raise AudioError(f"{found.label} has no channel {channel}; choose one from 1 to {found.inputs}.")
        self.device = found.label
        self._taken = range(min(2, found.inputs)) if channel is None else range(channel - 1, channel)
        self.channels = len(self._taken)
        self.level = Level()
        self.dropouts = 0
        self._block_seconds = block_seconds
        self._wanted = device if device is None else found.title
        capture, self.sample_rate = _open(found, self._taken)
        self._capture: Capture | None = capture
        self._beats: deque[Beat] = deque()  # of the capture, looked at and not read yet
        self._resumed = False  # the next beat is the first after an outage
        self._gone_at = 0  # frame at which that began
        self._pace = Pace(self.sample_rate)
        self._total = self._lost = 0  # frames
        self._attempt: Attempt[Capture] | None = None  # to open it again
        self._failures = 0
        self._retry_at = 0.0
        self._reason = ""
        self._told_silence = False
        self._just_heard = np.empty((0, self.channels), np.float32)
        self._told: dict[str, float] = {}  # kind of notice -> when

        self._handover = Handover(self.sample_rate)
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="sound input", daemon=True)

    @property
    def seconds(self) -> float:
        """How long it has listened, gaps included."""
        return self._total / self.sample_rate

    @property
    def lost_seconds(self) -> float:
        """How much sound was missing and is silence now."""
        return self._lost / self.sample_rate

    @property
    def is_connected(self) -> bool:
        """Whether the input is open and delivers."""
        return self._capture is not None

    def start(self) -> None:
        """Begin to listen; ``blocks`` does it where nobody has.

        Raises:
            AudioError: the device does not start.
        """
        with self._starting:  # one thread may begin to listen while another one closes
            if self._capture is not None and self._thread.ident is None and not self._stop.is_set():
                self._capture.start()
                self._thread.start()

    def stop(self) -> None:
        """Let the iteration end with what has been heard so far; does not wait."""
        self._stop.set()

    def close(self) -> None:
        """Stop and give the device back."""
        self._stop.set()
        with self._starting:
            if self._thread.ident is None and self._capture is not None:
                self._capture.close()
                self._handover.end()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def attach(self, sink: Sink, *, pre_roll: bool = False) -> None:
        """Hand all frames to a sink from now on, or from ten seconds ago on."""
        self._handover.attach(sink, pre_roll=pre_roll)

    def detach(self, sink: Sink) -> None:
        """Hand no more frames to a sink."""
        self._handover.detach(sink)

    def notify(self, sentence: str) -> None:
        """Tell the user something with the next block."""
        log.warning("%s", sentence)
        self._handover.notify(sentence)

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        """Listen and yield what has come, a block at least, until ``stop`` is called.

        Args:
            rates: sample rates in Hz; each block carries the sound at all of them.

        Raises:
            AudioError: the device does not start.
        """
        self.start()
        resampler = Resampler(self.sample_rate, rates)
        enough = round(self._block_seconds * self.sample_rate)
        done = 0
        while True:
            portion = self._handover.take(enough)
            done += len(portion.samples)
            ready = resampler.push(portion.samples)
            if portion.last:
                end = resampler.finish()
                ready = {rate: np.concatenate([ready[rate], end[rate]]) for rate in ready}
            yield Block(done / self.sample_rate, ready, portion.notices)
            if portion.last:
                return

    def _run(self) -> None:
        """Empty the ring, and open the input again when it falls silent; the thread's whole life."""
        try:
            while not self._stop.wait(TICK_SECONDS):
                if self._capture is None:
                    self._reopen()
                else:
                    self._drain(self._capture)
                    if self._capture.quiet_seconds() > SILENT_SECONDS:
                        self._lose(self._capture)
            if self._capture is not None:
                self._capture.close()
                self._drain(self._capture, last=True)
            elif self._attempt is not None:
                self._attempt.abandon()
        except Exception:  # nobody else would hear of it, and the iteration must end
            log.exception("the sound input has failed")
            self.notify(f"{self.device} cannot be listened to any more; the details are in the log.")
        finally:
            self._handover.end()

    def _drain(self, capture: Capture, *, last: bool = False) -> None:
        """Hand on what has come; behind a gap only when it is known how long that was, or at the end."""
        while capture.beats:
            self._beats.append(capture.beats.popleft())
        while self._beats:
            beat = self._beats[0]
            if (beat.gap and self._total) or self._resumed:  # some drivers say at their start that they were late
                if not last and self._beats[-1].moment < beat.moment + SETTLED_SECONDS:
                    return
                self._measure_gap(capture)
            unnoticed = 0
            while not unnoticed:  # up to the next place where something is missing
                beat = self._beats.popleft()
                unnoticed = self._pace.hear(beat.moment, self._total_at(beat, capture)) + beat.lost
                if not self._beats or self._beats[0].gap:
                    break
            frames = np.empty((beat.end - capture.ring.next, self.channels), np.float32)
            capture.ring.read_into(frames)
            self._hand_on(frames)
            if unnoticed:
                self._fill(unnoticed)
                self._dropped(_BUSY if beat.lost else "the device delivered too little", unnoticed)

    def _measure_gap(self, capture: Capture) -> None:
        """Fill the gap before the oldest beat, whose length the following ones tell."""
        first = self._beats[0]
        missing = self._pace.missing(
            min(self._pace.delay(beat.moment, self._total_at(beat, capture)) for beat in self._beats)
        )
        self._fill(missing)
        self._pace.begin_window(first.moment)
        if self._resumed:
            self._resumed, self._failures, self._reason = False, 0, ""
            gap = (self._total - self._gone_at) / self.sample_rate
            self.notify(f"{self.device} is back at {clock(self.seconds)}; {gap:.1f} s without it are silent.")
        else:
            self._dropped(_BUSY, missing)
        self._beats[0] = Beat(first.moment, first.end, gap=False, lost=first.lost)

    def _total_at(self, beat: Beat, capture: Capture) -> int:
        """Return how many frames there have been up to the end of a beat that is still to be read."""
        return self._total + beat.end - capture.ring.next

    def _fill(self, frames: int) -> None:
        """Hand on silence in place of what is missing."""
        self._lost += frames
        at_once = 10 * self.sample_rate
        for start in range(0, frames, at_once):
            self._hand_on(np.zeros((min(at_once, frames - start), self.channels), np.float32))

    def _dropped(self, why: str, frames: int) -> None:
        """Count a dropout and tell of it."""
        self.dropouts += 1
        log.warning("dropout %d at %.3f s: %s, %d frames", self.dropouts, self.seconds, why, frames)
        if self._may_tell("dropout"):
            self.notify(
                f"Sound from {self.device} was lost at {clock(self.seconds, 0.1)} because {why}: {self.dropouts} "
                f"dropouts so far, {self.lost_seconds:.1f} s in all, are silent; close other programs if it goes on."
            )

    def _may_tell(self, kind: str) -> bool:
        """Tell whether a notice of a kind has not been given for a while."""
        now = time.monotonic()
        if now - self._told.get(kind, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._told[kind] = now
        return True

    def _lose(self, capture: Capture) -> None:
        """Give a silent input up; it will be opened again."""
        self._drain(capture, last=True)
        self._capture = None
        if self._resumed:  # it was opened again and has not delivered anything
            self._try_later()
        else:
            self._gone_at = self._total
            self._retry_at = time.monotonic() + PAUSES_SECONDS[0]
            self.dropouts += 1
            self.notify(
                f"{self.device} has stopped delivering sound at {clock(self.seconds)}; check its cable and the "
                "system's sound, it is opened again by itself."
            )
        capture.close()

    def _try_later(self) -> None:
        self._failures += 1
        self._retry_at = time.monotonic() + PAUSES_SECONDS[min(self._failures, len(PAUSES_SECONDS) - 1)]

    def _reopen(self) -> None:
        """Fill in silence up to now, and try to open the input again when it is time."""
        now = time.monotonic()
        self._fill(max(0, self._pace.due(now - OUTAGE_MARGIN_SECONDS) - self._total))
        if self._attempt is None:
            if now >= self._retry_at:
                self._attempt = Attempt(self._find_and_open, Capture.close)
            return
        if not self._attempt.is_over:
            return
        attempt, self._attempt = self._attempt, None
        try:
            capture = attempt.result()
        except TimbrescopeError as error:
            self._try_later()
            log.info("attempt %d to open %s again: %s", self._failures, self.device, error)
            if str(error) != self._reason:
                self._reason = str(error)
                self.notify(f"{error} It is tried again by itself.")
            return
        self._beats.clear()
        self._capture, self._resumed = capture, True

    def _find_and_open(self) -> Capture:
        if self._failures:
            devices.rescan()  # it may be in another socket; where something plays, that must wait
        capture = Capture(devices.find(self._wanted, "input"), self._taken, self.sample_rate)
        capture.start()
        return capture

    def _hand_on(self, frames: NDArray[np.float32]) -> None:
        """Give the next frames, shape (n, channels), to the meter, the sinks and the recogniser."""
        if not len(frames):
            return
        frames = finite(frames)
        fits = self._handover.put(frames)
        self._total += len(frames)
        self._measure(frames)
        if not fits and self._may_tell("backlog"):
            self.notify(
                f"Recognition is more than {BACKLOG_SECONDS:.0f} s behind and skips to now; choose fewer or lighter "
                "models."
            )

    def _measure(self, frames: NDArray[np.float32]) -> None:
        heard = np.concatenate([self._just_heard, frames])
        self._just_heard = heard[-round(LEVEL_SECONDS * self.sample_rate) :]
        before, self.level = self.level, self.level.after(frames, heard)
        if self.level.clipped > before.clipped and self._may_tell("clipping"):
            self.notify(f"{self.device} is too loud at {clock(self.seconds)} and clips; turn its gain down.")
        if not self.level.has_sounded and not self._told_silence and self.seconds >= DIGITAL_SILENCE_SECONDS:
            self._told_silence = True
            self.notify(
                f"{self.device} has delivered nothing but digital silence for {DIGITAL_SILENCE_SECONDS:.0f} s; check "
                "that it is not muted and that this program may use the microphone."
            )


def _open(device: devices.Device, channels: range) -> tuple[Capture, int]:
    """Return an open input and its rate in Hz: the device's own, or another where it refuses that."""
    refusals: list[RateRefusedError] = []
    for rate in dict.fromkeys((device.default_rate, *OTHER_RATES)):
        try:
            return Capture(device, channels, rate), rate
        except RateRefusedError as error:
            refusals.append(error)
    raise refusals[0]
