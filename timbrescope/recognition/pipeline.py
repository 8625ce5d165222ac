"""The one path from sound to scores, for a file and for a microphone."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from timbrescope.core import picture
from timbrescope.core.blocks import Source
from timbrescope.core.errors import AudioError
from timbrescope.core.timeline import Chunk
from timbrescope.core.voice import COLUMNS
from timbrescope.recognition.display import DisplayStream
from timbrescope.recognition.features import LogMel, LogMelStream
from timbrescope.recognition.levels import LevelStream
from timbrescope.recognition.recogniser import FrameScoreStream, Recogniser, Scores, ScoreStream
from timbrescope.recognition.spec import FrontEnd
from timbrescope.recognition.voice import SAMPLE_RATE as VOICE_RATE
from timbrescope.recognition.voice import VoiceStream

_NO_PEAKS = np.empty((0, 2), np.int16)
_NO_MEL = np.empty((0, picture.N_MELS), np.uint8)
_NO_VOICE = np.empty((0, COLUMNS), np.float32)


class _SharedFrontEnd:
    """One log-mel stream and the recognisers that read it."""

    def __init__(self, front_end: FrontEnd, recognisers: Sequence[Recogniser], batch: int | None) -> None:
        log_mel = LogMel(front_end)
        self.sample_rate = front_end.sample_rate
        self._frames = LogMelStream(log_mel)
        silent_frame = log_mel(torch.zeros(front_end.n_fft))[0]
        self._streams = [
            (ScoreStream if recogniser.spec.look_ahead_frames is None else FrameScoreStream)(
                recogniser, silent_frame, batch=batch or recogniser.file_batch
            )
            for recogniser in recognisers
        ]

    def push(self, samples: torch.Tensor) -> dict[str, Scores]:
        frames = self._frames.push(samples)
        return {stream.recogniser.spec.name: stream.push(frames) for stream in self._streams}

    def finish(self) -> dict[str, Scores]:
        frames = self._frames.finish()
        last = {stream.recogniser.spec.name: [stream.push(frames), stream.finish()] for stream in self._streams}
        return {name: np.concatenate(rows) for name, rows in last.items()}


def analyse(
    source: Source,
    recognisers: Sequence[Recogniser],
    *,
    batch: int | None = None,
    draw: bool = True,
    voice: VoiceStream | None = None,
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

    Raises:
        AudioError: the recording cannot be read any further; all that could be read has been yielded.
    """
    by_front_end: dict[FrontEnd, list[Recogniser]] = {}
    for recogniser in recognisers:
        by_front_end.setdefault(recogniser.spec.front_end, []).append(recogniser)
    shared = [_SharedFrontEnd(front_end, group, batch) for front_end, group in by_front_end.items()]
    display = DisplayStream() if draw else None
    heard = {stream.sample_rate for stream in shared} or {picture.SAMPLE_RATE}
    rates = heard | ({picture.SAMPLE_RATE} if draw else set()) | ({VOICE_RATE} if voice else set())
    level_rate = max(heard)  # of what the models hear: the same levels with a picture and without one
    levels = LevelStream(level_rate)

    seconds = 0.0
    damage: AudioError | None = None
    blocks = source.blocks(rates)
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
        scores: dict[str, Scores] = {}
        for stream in shared:
            scores |= stream.push(torch.from_numpy(block.samples[stream.sample_rate]))
        level = levels.push(block.samples[level_rate])
        sung = voice.push(block.samples[VOICE_RATE]) if voice else _NO_VOICE
        yield Chunk(seconds, peaks, mel, level, scores, (*block.notices, *_take_notices(recognisers)), sung)
    peaks, mel = display.finish() if display else (_NO_PEAKS, _NO_MEL)
    scores = {}
    for stream in shared:
        scores |= stream.finish()
    sung = voice.finish() if voice else _NO_VOICE
    yield Chunk(seconds, peaks, mel, levels.finish(), scores, _take_notices(recognisers), sung)
    if damage is not None:
        raise damage


def _take_notices(recognisers: Sequence[Recogniser]) -> tuple[str, ...]:
    taken = tuple(notice for recogniser in recognisers for notice in recogniser.notices)
    for recogniser in recognisers:
        recogniser.notices.clear()
    return taken
