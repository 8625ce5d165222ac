"""Music with short high tones whose moments can be found again in whatever has heard it."""

import fcntl
import subprocess
import threading
import time
from dataclasses import dataclass, field

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tests.sound_card import RATE, SoundCard
from timbrescope import paths

HZ = 14_500.0
_LOUDNESS = 0.1
_SECONDS = 0.06
_RAMP_SECONDS = 0.003
_MUSIC_RATE = 22_050  # in Hz, so that nothing of it lies near HZ
_PIECES = 100  # in a second
_EARLIEST, _LATEST = 10, 80  # piece of a second with which its burst begins
_BLOCK = 96  # samples over which the level at HZ is taken: 2 ms, 29 whole periods
_APART_SECONDS = 0.3
_STEADY_SECONDS = 5.0

Floats = NDArray[np.float64]


def music() -> NDArray[np.float32]:
    """Return the demo recording at RATE with nothing where bursts will be, shape (n,), whole seconds."""
    samples, rate = soundfile.read(paths.resources() / "demo" / "demo.flac", dtype="float32", always_2d=True)
    low = soxr.resample(soxr.resample(samples.mean(axis=1), rate, _MUSIC_RATE), _MUSIC_RATE, RATE)
    return np.asarray(0.8 * low[: len(low) // RATE * RATE], np.float32)


def burst() -> NDArray[np.float32]:
    """Return one burst."""
    moments = np.arange(int(_SECONDS * RATE)) / RATE
    shape = np.minimum(1.0, np.minimum(moments, moments[::-1]) / _RAMP_SECONDS)
    return np.asarray(_LOUDNESS * shape * np.sin(2 * np.pi * HZ * moments), np.float32)


def onsets(samples: NDArray[np.float32]) -> Floats:
    """Return where bursts begin in samples at RATE, in seconds."""
    whole = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    wave = np.exp(-2j * np.pi * HZ * np.arange(_BLOCK) / RATE)
    loud = np.abs(whole @ wave) * (2 / _BLOCK) > _LOUDNESS / 2
    found: list[float] = []
    for block in np.flatnonzero(loud):
        second = block * _BLOCK / RATE
        if not found or second - found[-1] > _APART_SECONDS:
            found.append(second)
    return np.array(found)


@dataclass
class Player:
    """Plays the music over and over on a card.

    Attributes:
        written: moments of ``time.monotonic()`` at which bursts were handed to the card's player.
    """

    card: SoundCard
    written: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            ["pacat", "--raw", "--format=float32le", f"--rate={RATE}", "--channels=1", "--latency-msec=100"],  # noqa: S607
            env=self.card.environment, stdin=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdin is not None
        fcntl.fcntl(self._process.stdin, fcntl.F_SETPIPE_SZ, 4096)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def _play(self) -> None:
        sound, tone = music(), burst()
        draw = np.random.default_rng(0)  # uneven distances, so that each burst is known by those around it
        pipe = self._process.stdin
        assert pipe is not None
        while True:
            for start in range(0, len(sound), RATE):
                second = sound[start : start + RATE].copy()
                first = int(draw.integers(_EARLIEST, _LATEST))
                place = first * RATE // _PIECES
                second[place : place + len(tone)] += tone
                for index, piece in enumerate(np.split(second, _PIECES)):
                    if self._stop.is_set():
                        return
                    if index == first:
                        self.written.append(time.monotonic())
                    pipe.write(piece.tobytes())
                    pipe.flush()

    def close(self) -> None:
        """Play no more."""
        self._stop.set()
        self._thread.join()
        self._process.terminate()
        self._process.wait()


class BareListener:
    """Hears what the card plays with the least delay that its server gives, and nothing else in the process."""

    def __init__(self, card: SoundCard) -> None:
        self._process = subprocess.Popen(
            ["parec", "--raw", "--format=float32le", f"--rate={RATE}", "--channels=1", "--latency-msec=5",  # noqa: S607
             "--device=ts.monitor"],
            env=card.environment, stdout=subprocess.PIPE, bufsize=0,
        )  # fmt: skip
        self._reads: list[tuple[float, int]] = []
        self._onsets: list[float] = []  # in seconds of what it has heard
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None
        kept, first, odd = np.empty(0, np.float32), 0, b""
        while data := pipe.read(65536):
            moment = time.monotonic()
            data = odd + data
            whole = len(data) // 4 * 4
            odd = data[whole:]
            kept = np.concatenate([kept, np.frombuffer(data[:whole], np.float32)])
            self._reads.append((moment, first + len(kept)))
            if len(kept) > 10 * RATE:
                self._find(kept, first)
                used = len(kept) - RATE // _BLOCK * _BLOCK  # a second is heard twice: a burst may lie on the border
                kept, first = kept[used:], first + used
        self._find(kept, first)

    def _find(self, samples: NDArray[np.float32], first: int) -> None:
        for onset in onsets(samples) + first / RATE:
            if not self._onsets or onset - self._onsets[-1] > _APART_SECONDS:
                self._onsets.append(float(onset))

    def close(self) -> Floats:
        """Listen no more; return the moments of ``time.monotonic()`` at which bursts were heard.

        A reader may be late but never early: the least delay of some seconds is that of the sound.
        """
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        moments, frames = np.array(self._reads).T
        starts = moments - frames / RATE
        found = np.array(self._onsets)
        edges = np.searchsorted(frames / RATE, [found - _STEADY_SECONDS, found + _STEADY_SECONDS])
        return np.array([onset + starts[low:high].min() for onset, low, high in zip(self._onsets, *edges, strict=True)])
