"""What a training run tells while it goes on: to a person at a terminal, or as JSON lines to another program."""

import _thread
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TextIO

from tqdm import tqdm


@dataclass(frozen=True, slots=True)
class Prepared:
    """So many of the recordings have been read."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Checking:
    """So much of what is checked about the recordings has been done; ``doing`` says what."""

    doing: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something was left out or done otherwise; the sentence says what and why.

    Where it ``spoils`` the figures they cannot be trusted.
    """

    sentence: str
    spoils: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """Learning begins, or goes on after ``epoch`` epochs; labels may be ``exclusive``, one at a time."""

    labels: tuple[str, ...]
    train_windows: int
    validation_windows: int
    parameters: int
    device: str
    epoch: int
    exclusive: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A batch has been learnt; ``loss`` is the mean of the epoch so far, ``seconds_left`` to the last epoch's end."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch is over; ``confusion`` is as in ``training.validation``."""

    epoch: int
    epochs: int
    learning_rate: float
    loss: float
    validation_loss: float
    metric: str
    value: float
    best: bool
    confusion: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class HeldOut:
    """So many parts of the recordings have been held out and judged; ``confusion`` is that of all of them so far."""

    done: int
    total: int
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Scores now read as probabilities: expected calibration errors on what that was learnt from, and thresholds."""

    error_before: float
    error_after: float
    thresholds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Finished:
    """The best model has been written."""

    model: str
    epoch: int
    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Corrected:
    """A model that has gone on by what is known of so many pieces of so many recordings has been written."""

    model: str
    pieces: int
    recordings: int


@dataclass(frozen=True, slots=True)
class Judged:
    """So many of the test part's recordings have been scored."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The model has been judged on the test part; beside it stands what the paper reports."""

    figures: Mapping[str, float]
    published: Mapping[str, float]
    report: str


@dataclass(frozen=True, slots=True)
class Installed:
    """The model can be used under this name now; earlier versions of it stay."""

    name: str
    version: int
    model: str


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """Mean and standard deviation over the folds of a cross-validation."""

    figures: Mapping[str, float]
    deviations: Mapping[str, float]
    published: Mapping[str, float]
    summary: str


Event = (
    Checking
    | Prepared
    | Problem
    | Started
    | Step
    | Epoch
    | HeldOut
    | Calibrated
    | Finished
    | Corrected
    | Judged
    | Evaluated
    | Installed
    | CrossValidated
)
Report = Callable[[Event], None]


class JsonLines:
    """Writes each event as one line of JSON with its kind under ``event``.

    Where the program that read them is gone, the run stops as after Ctrl-C, with its state saved.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream: TextIO | None = stream or sys.stdout

    def __call__(self, event: Event) -> None:
        """Write one line at once."""
        if self._stream is None:
            return
        line = json.dumps({"event": type(event).__name__.lower(), **asdict(event)})
        try:
            print(line, file=self._stream, flush=True)
        except OSError:  # a broken pipe; Windows has another word for it
            self._stream = None
            _thread.interrupt_main()


class Terminal:
    """Shows a bar for what goes on and a line for each epoch, on standard error."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None
        self._title = ""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case HeldOut(done, total):
                self._show("judging", done, total)
            case Prepared(done, total) | Judged(done, total):
                self._show("reading recordings" if isinstance(event, Prepared) else "judging the model", done, total)
            case Checking(doing, done, total):
                self._show(doing, done, total)
            case Step(epoch, epochs, step, steps, loss, seconds_left):
                bar = self._show(f"epoch {epoch}/{epochs}", step, steps)
                bar.set_postfix_str(f"loss {loss:.4f}, {_duration(seconds_left)} left at most")
            case Problem() | Started() | Epoch() | Calibrated() | Finished() | Installed():
                self._say(_sentence(event))
            case Corrected(model, pieces, recordings):
                self._say(f"{model}: went on by {pieces} corrected pieces of {recordings} recordings")
            case Evaluated(figures, published, report):
                self._say(_figures("test part", figures, published))
                self._say(f"more in {report}")
            case CrossValidated(figures, deviations, published, summary):
                self._say(_figures("mean of the folds", figures, published, deviations))
                self._say(f"more in {summary}")

    def _show(self, title: str, done: int, total: int) -> "tqdm[None]":
        if self._bar is None or self._title != title:
            self._close()
            self._title = title
            self._bar = tqdm(total=total, desc=title, leave=False, disable=None)
        self._bar.update(done - self._bar.n)
        return self._bar

    def _say(self, line: str) -> None:
        self._close()
        print(line, file=sys.stderr)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _sentence(event: Problem | Started | Epoch | Calibrated | Finished | Installed) -> str:
    """Return the line that tells of an event."""
    match event:
        case Problem(sentence=sentence):
            return f"timbrescope: {sentence}"
        case Started(labels, train_windows, validation_windows, parameters, device, epoch, _):
            to_validate = f", {validation_windows:,} to validate" if validation_windows else ""
            return (
                f"{len(labels)} labels, {train_windows:,} windows to learn{to_validate}, {parameters:,} parameters on "
                f"{device}" + (f", going on after epoch {epoch}" if epoch else "")
            )
        case Epoch():
            return (
                f"epoch {event.epoch:>3}  loss {event.loss:.4f}  validation loss {event.validation_loss:.4f}  "
                f"{event.metric} {event.value:.4f}{'  best' if event.best else ''}"
            )
        case Calibrated(before, after, thresholds):
            lowest, highest = min(thresholds.values()), max(thresholds.values())
            return (
                f"calibrated: expected calibration error {before:.4f} before, {after:.4f} after, on the validation "
                f"part; labels apply from scores between {lowest:.2f} and {highest:.2f} on"
            )
        case Finished(model, epoch, metric, value):
            return f"{model}: best at epoch {epoch}, {metric} {value:.4f} on the validation part"
        case Installed(name, version, _):
            return f"installed, version {version}: timbrescope analyze song.mp3 --models {name}"


def _figures(
    title: str,
    figures: Mapping[str, float],
    published: Mapping[str, float],
    deviations: Mapping[str, float] | None = None,
) -> str:
    parts = []
    for name, value in figures.items():
        spread = f" ± {deviations[name]:.4f}" if deviations and name in deviations else ""
        paper = f" (published {published[name]:.4f})" if name in published else ""
        parts.append(f"{name} {value:.4f}{spread}{paper}")
    return f"{title}: {', '.join(parts)}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 60 else f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
