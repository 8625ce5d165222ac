"""The timeline of one recording: what the pipeline yields and where it gathers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from timbrescope.core import picture
from timbrescope.core.loudness import ClipScores
from timbrescope.core.sound_now import MOMENT_SECONDS, Sound, describe_sound
from timbrescope.core.track import Track, extremes
from timbrescope.core.voice import COLUMNS, voice_track


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """What a recogniser's scores mean.

    Attributes:
        name: name of the model.
        kind: ``tags``, ``instruments`` or ``phonemes``.
        labels: one per column of the scores.
        hop_seconds: distance of neighbouring rows.
        window_seconds: how much sound a row describes; row i describes it from i * hop_seconds on.
        thresholds: the score from which each label counts as present; empty where the model has none of its own.
        fingerprint: the digest of its description and weights; empty where the scores come from elsewhere.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    hop_seconds: float
    window_seconds: float
    thresholds: tuple[float, ...] = ()
    fingerprint: str = ""

    @property
    def present_from(self) -> tuple[float, ...]:
        """The threshold of each label: the model's own, or one half."""
        return self.thresholds or (0.5,) * len(self.labels)

    @property
    def start_seconds(self) -> float:
        """From where on the first row counts: each does for the hop in the middle of its window, its evidence."""
        return max(0.0, (self.window_seconds - self.hop_seconds) / 2)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one step of the pipeline adds to the timeline. Each array goes on where that of the chunk before ended.

    Attributes:
        seconds: how far the recording has been read.
        peaks: lowest and highest sample of each 10 ms, int16, shape (n, 2).
        mel: the picture, uint8, shape (n, picture.N_MELS).
        levels: RMS of each 10 ms in full scale, float32, shape (n,), also where nothing is drawn.
        scores: recogniser's name -> float32 scores in 0..1, shape (rows, labels).
        notices: sentences for the user.
        voice: pitch and formants of each 10 ms, float32, shape (n, voice.COLUMNS); none unless they are asked for.
    """

    seconds: float
    peaks: NDArray[np.int16]
    mel: NDArray[np.uint8]
    levels: NDArray[np.float32]
    scores: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    voice: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, COLUMNS), np.float32))


class Timeline:
    """Everything known of one recording so far: the picture, the waveform, the scores of each recogniser."""

    def __init__(self, score_specs: Sequence[ScoreSpec] = ()) -> None:
        self.seconds = 0.0
        self.peaks = Track(picture.HOP_SECONDS, (2,), np.int16, reduction=extremes)
        self.mel = Track(picture.HOP_SECONDS, (picture.N_MELS,), np.uint8)
        self.levels = Track(picture.HOP_SECONDS, (), np.float32)
        self.voice = voice_track()
        self.score_specs = {spec.name: spec for spec in score_specs}
        self.scores = {spec.name: self._score_track(spec) for spec in score_specs}
        self._clips = {
            spec.name: ClipScores(len(spec.labels), spec.hop_seconds, spec.window_seconds) for spec in score_specs
        }

    @staticmethod
    def _score_track(spec: ScoreSpec) -> Track:
        return Track(spec.hop_seconds, (len(spec.labels),), np.float32, start_seconds=spec.start_seconds)

    def append(self, chunk: Chunk) -> None:
        """Add what the pipeline found next."""
        self.seconds = max(self.seconds, chunk.seconds)
        self.peaks.append(chunk.peaks)
        self.mel.append(chunk.mel)
        self.levels.append(chunk.levels)
        self.voice.append(chunk.voice)
        for clip in self._clips.values():
            clip.hear(chunk.levels)
        for name, rows in chunk.scores.items():
            self.scores[name].append(rows)
            self._clips[name].append(rows)

    def clip_scores(self, name: str) -> NDArray[np.float64]:
        """Return the score of each label for the recording so far, shape (labels,).

        It is the mean of the rows, each weighed by how loud its sound is: the attack of a note says what plays it, its
        long decay does not. Where all is silent, the rows count alike.
        """
        return self._clips[name].value

    def sound_at(self, seconds: float) -> Sound:
        """Describe the sound of the quarter of a second before a time; of what is not there yet nothing is said."""
        stop = round(seconds / picture.HOP_SECONDS)
        start = stop - round(MOMENT_SECONDS / picture.HOP_SECONDS)
        return describe_sound(*(track.read(start, stop) for track in (self.levels, self.peaks, self.mel, self.voice)))

    @property
    def is_silent(self) -> bool:
        """Whether nothing has sounded so far."""
        return not np.any(self.peaks.columns(0.0, self.peaks.end_seconds, 1).frames)

    def close(self) -> None:
        """Give the disk space back."""
        for track in (self.peaks, self.mel, self.levels, self.voice, *self.scores.values()):
            track.close()
