"""The finished analysis of one recording, and its form as text, JSON and CSV."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.changes import Change, changes
from timbrescope.core.clock import clock
from timbrescope.core.event_files import event_dict
from timbrescope.core.events import Event, find_events
from timbrescope.core.labels import INSTRUMENTS, PHONEMES, rank
from timbrescope.core.loudness import row_weights, weighed_mean
from timbrescope.core.noteworthy import Heard
from timbrescope.core.now_playing import Hysteresis
from timbrescope.core.phoneme_decoder import decode
from timbrescope.core.presence import Presence, Stretch, presences
from timbrescope.core.summary import summarise
from timbrescope.core.timeline import Chunk, ScoreSpec

_BAR_WIDTH = 24
_EIGHTHS = " ▏▎▍▌▋▊▉"
_STRETCHES = 3


@dataclass(frozen=True, slots=True)
class RecogniserResult:
    """What one recogniser found: scores in 0..1, shape (rows, labels), and how much each row counts, (rows,)."""

    spec: ScoreSpec
    scores: NDArray[np.float32]
    weights: NDArray[np.float64]

    @property
    def clip_scores(self) -> NDArray[np.float32]:
        """The mean over the recording, each row weighed as in ``core.loudness``, shape (labels,)."""
        return weighed_mean(self.scores, self.weights).astype(np.float32)

    @property
    def times(self) -> NDArray[np.float64]:
        """Where each row's window begins, in seconds, shape (rows,)."""
        return np.arange(len(self.scores), dtype=np.float64) * np.float64(self.spec.hop_seconds)

    def strongest(self, count: int) -> list[tuple[str, float]]:
        """Return the labels with the highest clip scores, highest first."""
        clip = self.clip_scores
        return [(self.spec.labels[i], float(clip[i])) for i in np.argsort(-clip, kind="stable")[:count]]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in one recording."""

    file: str
    duration_seconds: float
    sample_rate: int
    results: Mapping[str, RecogniserResult]
    version: str

    @property
    def summary(self) -> str:
        """One line on the recording, in words; an empty one where nothing stands out."""
        return summarise(self.heard(), self.duration_seconds)

    def changes(self) -> list[Change]:
        """Return what enters and leaves in the course of the recording."""
        return changes(self.heard(), self.duration_seconds)

    def events(self, hysteresis: Hysteresis) -> list[Event]:
        """Return each stay of each label."""
        return find_events(self.heard(), hysteresis, self.duration_seconds)

    def heard(self) -> list[Heard]:
        """Return what each model said."""
        return [Heard(result.spec, result.scores, result.clip_scores) for result in self.results.values()]

    def to_dict(
        self, *, summary: bool = False, changes: bool = False, events: Iterable[Event] | None = None
    ) -> dict[str, Any]:
        """Return plain JSON types.

        Args:
            summary: leaves out ``times`` and ``scores``.
            changes: adds what changes.
            events: are added where there are such.
        """
        return {
            "file": self.file,
            "duration_seconds": round(self.duration_seconds, 6),
            "sample_rate": self.sample_rate,
            "summary": self.summary,
            **({"changes": [_change_dict(change) for change in self.changes()]} if changes else {}),
            **({} if events is None else {"events": [event_dict(event) for event in events]}),
            "recognisers": {name: _result_dict(result, summary=summary) for name, result in self.results.items()},
            "timbrescope_version": self.version,
        }

    def to_json(self, *, summary: bool = False, changes: bool = False, events: Iterable[Event] | None = None) -> str:
        """Return one line of JSON; the arguments are those of ``to_dict``."""
        return json.dumps(self.to_dict(summary=summary, changes=changes, events=events), ensure_ascii=False) + "\n"

    def to_csv(self, *, summary: bool = False, header: bool = True) -> str:
        """Return one line per window and label, or per label with ``summary``."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if header:
            writer.writerow(_CSV_SUMMARY_COLUMNS if summary else _CSV_COLUMNS)
        writer.writerows(self._csv_rows(summary=summary))
        return text.getvalue()

    def _csv_rows(self, *, summary: bool) -> Iterator[tuple[Any, ...]]:
        for name, result in self.results.items():
            spec = result.spec
            if summary:
                for label, score in zip(spec.labels, result.clip_scores, strict=True):
                    yield self.file, name, spec.kind, label, _rounded(score)
                continue
            for start, row in zip(result.times, result.scores, strict=True):
                end = min(start + spec.window_seconds, max(self.duration_seconds, start))
                for label, score in zip(spec.labels, row, strict=True):
                    yield self.file, name, spec.kind, f"{start:.3f}", f"{end:.3f}", label, _rounded(score)

    def to_text(self, *, top: int, changes: bool = False, events: Iterable[Event] | None = None) -> str:
        """Return the summary and what each recogniser found, with bars: instruments first, then tags and the others.

        Of instruments it tells which of them play, for how much of the time and when; of phonemes for how much of the
        time each is sung; of other labels the strongest.

        Args:
            top: labels of each recogniser.
            changes: whether to go on with what enters and leaves, and when.
            events: to end with, where there are such.
        """
        lines = [f"{self.file}  ({clock(self.duration_seconds)}, {self.sample_rate / 1000:g} kHz)"]
        if self.summary:
            lines.append(f"  {self.summary}")
        for name, result in sorted(self.results.items(), key=lambda item: rank(item[1].spec.kind)):
            lines.append(f"  {name} ({result.spec.kind})")
            if result.spec.kind == INSTRUMENTS:
                rows = _playing_rows(presences(result.spec, result.scores, self.duration_seconds), top)
            elif result.spec.kind == PHONEMES:
                rows = _sung_rows(result, top)
            else:
                rows = [(label, score, f"{score:.2f}") for label, score in result.strongest(top)]
            width = max(len(label) for label, _, _ in rows)
            lines += [f"    {label:<{width}}  {_bar(share)}  {words}" for label, share, words in rows]
        if changes:
            told = [f"    {clock(change.seconds):>6}  {change.words()}" for change in self.changes()]
            lines += ["  changes", *(told or ["    none"])]
        if events is not None:
            lines += ["  events", *([_event_line(event) for event in events] or ["    none"])]
        return "\n".join(lines) + "\n"


_CSV_COLUMNS = ("file", "recogniser", "kind", "start_seconds", "end_seconds", "label", "score")
_CSV_SUMMARY_COLUMNS = ("file", "recogniser", "kind", "label", "clip_score")


def gather(file: str, sample_rate: int, specs: Iterable[ScoreSpec], chunks: Iterable[Chunk], version: str) -> Analysis:
    """Collect the chunks of a whole recording."""
    specs = list(specs)
    rows: dict[str, list[NDArray[np.float32]]] = {spec.name: [] for spec in specs}
    levels: list[NDArray[np.float32]] = []
    seconds = 0.0
    for chunk in chunks:
        seconds = chunk.seconds
        levels.append(chunk.levels)
        for name, scores in chunk.scores.items():
            rows[name].append(scores)
    results = {spec.name: _result(spec, np.concatenate(rows[spec.name]), np.concatenate(levels)) for spec in specs}
    return Analysis(file, seconds, sample_rate, results, version)


def _result(spec: ScoreSpec, scores: NDArray[np.float32], levels: NDArray[np.float32]) -> RecogniserResult:
    return RecogniserResult(spec, scores, row_weights(levels, len(scores), spec.hop_seconds, spec.window_seconds))


def _result_dict(result: RecogniserResult, *, summary: bool) -> dict[str, Any]:
    spec = result.spec
    values: dict[str, Any] = {
        "kind": spec.kind,
        "labels": list(spec.labels),
        "hop_seconds": spec.hop_seconds,
        "window_seconds": spec.window_seconds,
    }
    if spec.thresholds:
        values["thresholds"] = list(spec.thresholds)
    if not summary:
        values["times"] = [round(float(time), 6) for time in result.times]
        values["scores"] = [[_rounded(score) for score in row] for row in result.scores]
    return values | {"clip_scores": [_rounded(score) for score in result.clip_scores]}


def _change_dict(change: Change) -> dict[str, Any]:
    return {"seconds": round(change.seconds, 3), "entered": list(change.entered), "left": list(change.left)}


def _event_line(event: Event) -> str:
    stretch = f"{clock(event.start_seconds, 0.1)}–{clock(event.seconds, 0.1)}"
    return f"    {stretch:>15}  {event.label} ({event.peak:.0%})"


def _rounded(score: float) -> float:
    return round(float(score), 6)


def _playing_rows(found: list[Presence], top: int) -> list[tuple[str, float, str]]:
    """Return a label, the length of its bar and words for each instrument, and for the time without any."""
    playing = [one for one in found if one.label is not None]
    shown = playing[:top] + [one for one in found if one.label is None]
    return [
        (one.label or "no instrument", one.share, f"{_percent(one.share)}  {_when(one.stretches)}") for one in shown
    ]


def _sung_rows(result: RecogniserResult, top: int) -> list[tuple[str, float, str]]:
    """Return a label, the length of its bar and words for the phonemes, or silence, that take the most time."""
    shares = np.bincount(decode(result.scores), minlength=len(result.spec.labels)) / max(1, len(result.scores))
    chosen = np.argsort(-shares, kind="stable")[:top].tolist()
    return [(result.spec.labels[index], float(shares[index]), _percent(float(shares[index]))) for index in chosen]


def _percent(share: float) -> str:
    return f"{share:>4.0%}" if share >= 0.01 else " <1%"


def _when(stretches: tuple[Stretch, ...]) -> str:
    # Whole seconds around each stretch, so that none has its start where it ends.
    first = ", ".join(f"{clock(np.floor(start))}–{clock(np.ceil(end))}" for start, end in stretches[:_STRETCHES])
    more = len(stretches) - _STRETCHES
    return f"{first} and {more} more" if more > 0 else first


def _bar(score: float) -> str:
    eighths = round(min(max(score, 0.0), 1.0) * _BAR_WIDTH * 8)
    full, part = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[part] if part else "")).ljust(_BAR_WIDTH)
