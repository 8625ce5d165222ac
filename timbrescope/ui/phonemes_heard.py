"""What a model of phonemes hears, as segments: they grow while its scores come in."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from timbrescope.core.labels import PHONEMES
from timbrescope.core.phoneme_decoder import OnlineDecoder, Path, Smoothing, runs
from timbrescope.core.segments import Segment
from timbrescope.core.timeline import ScoreSpec
from timbrescope.ui.session import Session

_LEAST_SECONDS: Final = 0.03
_ROWS_AT_ONCE: Final = 250  # a few milliseconds of work


class PhonemesHeard(QObject):
    """Decodes the scores of the first model of phonemes, a little at each tick.

    Attributes:
        spec: of that model; None where there is none.
        segments: what was heard so far, without gaps.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.spec: ScoreSpec | None = None
        self.segments: list[Segment] = []
        self._decoder: OnlineDecoder | None = None
        self._read = self._said = 0
        self._count = 0  # rows of the last segment
        session.opening.connect(self._forget)
        session.recognising.connect(self._begin)

    @Slot()
    def _forget(self) -> None:
        self.spec, self.segments, self._decoder = None, [], None
        self._read = self._said = 0
        self._count = 0
        self.changed.emit()

    @Slot()
    def _begin(self) -> None:
        self._forget()
        specs = self._session.timeline.score_specs.values()
        self.spec = next((spec for spec in specs if spec.kind == PHONEMES), None)
        if self.spec is not None:
            least = max(1, round(_LEAST_SECONDS / self.spec.hop_seconds))
            self._decoder = OnlineDecoder(len(self.spec.labels), Smoothing(least), lag_frames=4 * least)
            self.changed.emit()

    def tick(self) -> None:
        """Decode some of what is new."""
        if self._decoder is None or self.spec is None:
            return
        track = self._session.timeline.scores[self.spec.name]
        rows = track.read(self._read, self._read + _ROWS_AT_ONCE)
        self._read += len(rows)
        path = self._decoder.push(rows)
        if self._read == len(track) and self._read and not self._session.is_analysing:
            path = np.concatenate([path, self._decoder.finish()])
            self._decoder = None
        if len(path):
            self._add(path, track.read(self._said, self._said + len(path)))
            self.changed.emit()

    def _add(self, path: Path, rows: NDArray[np.float32]) -> None:
        """Turn the classes of further rows into segments; the first of them may go on with the last one."""
        if self.spec is None:
            return
        hop, start = self.spec.hop_seconds, self.spec.start_seconds
        for run in runs(path, rows):
            low, high, label = self._said + run.start, self._said + run.stop, self.spec.labels[run.label]
            score, count = run.score, run.stop - run.start
            if self.segments and self.segments[-1].label == label:
                before = self.segments.pop()
                low -= self._count
                score = (score * count + (before.score or 0.0) * self._count) / (count + self._count)
                count += self._count
            self._count = count
            self.segments.append(Segment(start + low * hop, start + high * hop, label, score))
        self._said += len(path)
