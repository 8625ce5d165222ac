"""The one path from sound to scores, for a file and for a microphone."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.core import picture
from timbrescope.core.blocks import Source
from timbrescope.core.errors import AudioError
from timbrescope.core.timeline import Chunk
from timbrescope.core.voice import COLUMNS
from timbrescope.recognition.beside import Beside, Samples
from timbrescope.recognition.display import DisplayStream
from timbrescope.recognition.features import LogMel, LogMelStream
from timbrescope.recognition.levels import LevelStream
from timbrescope.recognition.recogniser import FrameScoreStream, Recogniser, Scores, ScoreStream
from timbrescope.recognition.spec import FrontEnd
from timbrescope.recognition.voice import SAMPLE_RATE as VOICE_RATE
from timbrescope.recognition.voice import VoiceStream

_NO_PEAKS = np.empty((0, 2), np.int16)
_NO_MEL = np.empty((0, picture.N_MELS), np.uint8)
_NO_LEVELS = np.empty(0, np.float32)
_NO_VOICE = np.empty((0, COLUMNS), np.float32)


class _Heard(NamedTuple):
    """What the recognisers and the follower of a voice make of a stretch."""

    scores: dict[str, Scores]
    notices: tuple[str, ...]
    voice: NDArray[np.float32]


_NOTHING = _Heard({}, (), _NO_VOICE)


class _Models:
    """One log-mel stream and the recognisers that read it."""

    def __init__(self, front_end: FrontEnd, recognisers: Sequence[Recogniser], batch: int | None) -> None:
        log_mel = LogMel(front_end)
        self.rate = front_end.sample_rate
        self._frames = LogMelStream(log_mel)
        silent_frame = log_mel(torch.zeros(front_end.n_fft))[0]
        self._streams = [
            (ScoreStream if recogniser.spec.look_ahead_frames is None else FrameScoreStream)(
                recogniser, silent_frame, batch=batch or recogniser.file_batch
            )
            for recogniser in recognisers
        ]

    def push(self, samples: Samples) -> _Heard:
        frames = self._frames.push(torch.from_numpy(samples[self.rate]))
        return self._heard({stream.recogniser.spec.name: stream.push(frames) for stream in self._streams})

    def finish(self) -> _Heard:
        frames = self._frames.finish()
        last = {stream.recogniser.spec.name: [stream.push(frames), stream.finish()] for stream in self._streams}
        return self._heard({name: np.concatenate(rows) for name, rows in last.items()})

    def _heard(self, scores: dict[str, Scores]) -> _Heard:
        taken = tuple(notice for stream in self._streams for notice in stream.recogniser.notices)
        for stream in self._streams:
            stream.recogniser.notices.clear()
        return _Heard(scores, taken, _NO_VOICE)


class _Singer:
    """What follows a voice."""

    rate = VOICE_RATE

    def __init__(self, voice: VoiceStream) -> None:
        self._voice = voice

    def push(self, samples: Samples) -> _Heard:
        return _Heard({}, (), self._voice.push(samples[self.rate]))

    def finish(self) -> _Heard:
        return _Heard({}, (), self._voice.finish())


def _listeners(
    recognisers: Sequence[Recogniser], batch: int | None, voice: VoiceStream | None, *, apart: bool
) -> list[_Models | _Singer]:
    """Return all that listens to a recording, apart from what draws it.

    Args:
        recognisers: models; those with the same front end share it.
        batch: windows scored at a time.
        voice: follows the pitch of a voice.
        apart: let none wait for another: each model has a front end of its own, which takes little beside it.
    """
    by_front_end: dict[tuple[FrontEnd, str], list[Recogniser]] = {}
    for recogniser in recognisers:
        key = recogniser.spec.front_end, recogniser.spec.name if apart else ""
        by_front_end.setdefault(key, []).append(recogniser)
    models = [_Models(front_end, group, batch) for (front_end, _), group in by_front_end.items()]
    return [*models, *([_Singer(voice)] if voice else [])]


def _together(parts: Iterable[_Heard]) -> _Heard:
    """Return what several listeners have heard as one."""
    scores: dict[str, Scores] = {}
    notices: tuple[str, ...] = ()
    voice = _NO_VOICE
    for part in parts:
        scores |= part.scores
        notices += part.notices
        voice = part.voice if len(part.voice) else voice
    return _Heard(scores, notices, voice)


def analyse(
    source: Source,
    recognisers: Sequence[Recogniser],
    *,
    batch: int | None = None,
    draw: bool = True,
    voice: VoiceStream | None = None,
    beside: bool = False,
) -> Iterator[Chunk]:
    """Listen to a recording from its start and yield what is found, chunk by chunk, until it ends.

    The scores do not depend on the size of the source's blocks. Recognisers with the same front end share it, and all
    share one decoding.

    Args:
        source: the recording.
        recognisers: models with different names.
        batch: windows scored at a time: 1 for live sound, which cannot wait; None for what suits the device.
        draw: whether chunks carry the picture and the peaks, which an analysis without a window has no use for.
        voice: follows the pitch of a voice, where that is wanted.
        beside: let scores and voice follow in a later chunk, so that the picture of live sound waits for no model and
            no model for another one.

    Raises:
        AudioError: the recording cannot be read any further; all that could be read has been yielded.
    """
    listeners = _listeners(recognisers, batch, voice, apart=beside)
    display = DisplayStream() if draw else None
    heard_rates = {recogniser.spec.front_end.sample_rate for recogniser in recognisers} or {picture.SAMPLE_RATE}
    rates = heard_rates | ({picture.SAMPLE_RATE} if draw else set()) | ({VOICE_RATE} if voice else set())
    level_rate = max(heard_rates)  # of what the models hear: the same levels with a picture and without one
    levels = LevelStream(level_rate)

    seconds = 0.0
    damage: AudioError | None = None
    blocks = source.blocks(rates)
    with ExitStack() as stack:
        workers = [stack.enter_context(Beside(listener.push)) for listener in listeners] if beside else []
        while True:
            try:
                block = next(blocks)
            except StopIteration:
                break
            except AudioError as error:
                damage = error
                break
            seconds = block.seconds
            peaks, mel = display.push(block.samples[picture.SAMPLE_RATE]) if display else (_NO_PEAKS, _NO_MEL)
            level = levels.push(block.samples[level_rate])
            if beside:
                heard = _together(
                    worker.push({listener.rate: block.samples[listener.rate]}) or _NOTHING
                    for worker, listener in zip(workers, listeners, strict=True)
                )
            else:
                heard = _together(listener.push(block.samples) for listener in listeners)
            yield Chunk(seconds, peaks, mel, level, heard.scores, (*block.notices, *heard.notices), heard.voice)
        for late in (late for worker in workers for late in worker.finish()):
            yield Chunk(seconds, _NO_PEAKS, _NO_MEL, _NO_LEVELS, late.scores, late.notices, late.voice)
    peaks, mel = display.finish() if display else (_NO_PEAKS, _NO_MEL)
    heard = _together(listener.finish() for listener in listeners)
    yield Chunk(seconds, peaks, mel, levels.finish(), heard.scores, heard.notices, heard.voice)
    if damage is not None:
        raise damage
