"""Write what teachers say about recordings, so that a student learns to say the same.

    python -m training.teachers.teach TABLE [TABLE ...] --models A.safetensors B.safetensors --output DIR
        [--seconds 2.0] [--context 4.0] [--most-hours H] [--seed N] [--labels FILE | --top K] [--believe MODEL]

The tables are CSV with the column path and, as far as known, start, end, labels, group and split. In DIR are then
``taught.csv``, ``taught.npy``, ``taught.json`` and ``labels.txt``. A run that was stopped goes on where it was.
"""

import argparse
import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from timbrescope.core.errors import AudioError, TimbrescopeError
from training.errors import TrainingError
from training.teachers.belief import believed_labels
from training.teachers.hearing import Teacher, hear
from training.teachers.pieces import Piece, Warn, by_file, read_pieces, spread
from training.teachers.store import Choice, assemble, part_file, read_choice, store_part

_BATCH = 8  # windows; more fall out of a processor's cache
_MINUTES = 5.0  # between two tables of what has been heard so far


@dataclass(frozen=True, slots=True)
class Options:
    """What is heard of the recordings.

    Attributes:
        seconds: length of a piece.
        context: what models for waveforms hear around its middle, in seconds.
        most_hours: of pieces, spread evenly over all; None takes all.
        seed: of the choice of pieces and the order of files.
    """

    seconds: float = 2.0
    context: float = 4.0
    most_hours: float | None = None
    seed: int = 0


def teach(
    tables: Sequence[Path], models: Sequence[Path], output: Path, options: Options, choice: Choice, warn: Warn
) -> int:
    """Let models score the recordings in tables, and return how many rows ``taught.csv`` in ``output`` then has.

    Raises:
        ModelError: a checkpoint is missing or damaged.
        TrainingError: a table cannot be read; a model cannot hear such pieces; the believed model is not among them or
            does not know AudioSet; or nothing could be heard.
        OSError: the disk is full or may not be written.
    """
    teachers = [Teacher(path, options.context) for path in models]
    for teacher in teachers:
        if teacher.window_seconds < options.seconds:
            raise TrainingError(
                f"{teacher.name} hears {teacher.window_seconds:.3g} s, less than a piece of {options.seconds:g} s; "
                "choose shorter pieces or more context."
            )
    if choice.believed is not None:
        _check_believed(choice.believed, teachers)
    described = [_described(teacher, path) for teacher, path in zip(teachers, models, strict=True)]
    names = [f"{teacher.name}:{label}" for teacher in teachers for label in teacher.labels]
    pieces = [piece for table in tables for piece in read_pieces(table, options.seconds, warn)]
    if options.most_hours is not None:
        pieces = spread(pieces, options.most_hours * 3600, options.seed)
    parts = [(part_file(output, part, described), part) for part in by_file(pieces, options.seed)]

    def write() -> int:
        return assemble(output, parts, names, choice, {"models": described, "options": asdict(options)})

    written = time.monotonic()
    with tqdm(total=sum(len(part) for _, part in parts), unit="piece", smoothing=0.01) as progress:
        for path, part in parts:
            if not path.is_file():
                _hear_file(path, part, teachers, warn)
            progress.update(len(part))
            if time.monotonic() - written > 60 * _MINUTES:
                write()
                written = time.monotonic()
    return write()


def main(arguments: Sequence[str] | None = None) -> None:
    """Let teachers hear recordings."""
    defaults = Options()
    parser = argparse.ArgumentParser(description="Write what teachers say about recordings, for a student.")
    parser.add_argument("tables", type=Path, nargs="+", help="CSV with the column path")
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="the teachers' checkpoints")
    parser.add_argument("--output", type=Path, required=True, help="the folder of the scores")
    parser.add_argument("--seconds", type=float, default=defaults.seconds, help="length of a piece (default: 2)")
    parser.add_argument(
        "--context",
        type=float,
        default=defaults.context,
        help="seconds that models for waveforms hear around the middle of a piece (default: 4)",
    )
    parser.add_argument("--most-hours", type=float, help="of pieces, spread evenly over all (default: all)")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="of the choice of pieces (default: 0)")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--labels", type=Path, help="a text file with the scores to keep, one a line")
    kept.add_argument("--top", type=int, help="keep so many labels of each model, those most in use")
    parser.add_argument("--believe", metavar="MODEL", help="one trained on AudioSet, for labels where there are none")
    given = parser.parse_args(arguments)
    if given.seconds <= 0 or (given.top is not None and given.top <= 0):
        parser.error("--seconds and --top must be more than nought")
    options = Options(given.seconds, given.context, given.most_hours, given.seed)
    try:
        choice = replace(read_choice(given.labels) if given.labels else Choice(top=given.top), believed=given.believe)
        given.output.mkdir(parents=True, exist_ok=True)
        rows = teach(given.tables, given.models, given.output, options, choice, tqdm.write)
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    except OSError as error:
        parser.exit(1, f"{given.output} cannot be written ({error}); choose another folder or make room.\n")
    except KeyboardInterrupt:
        parser.exit(130, "Stopped; the same command goes on from here.\n")
    print(f"{rows} pieces are in {given.output / 'taught.csv'}.")


def _hear_file(path: Path, pieces: Sequence[Piece], teachers: Sequence[Teacher], warn: Warn) -> None:
    try:
        store_part(path, hear(pieces, teachers, batch=_BATCH, warn=warn))
    except AudioError as error:
        warn(str(error))


def _check_believed(model: str, teachers: Sequence[Teacher]) -> None:
    """Find out before hours of hearing whether labels can be made of what a model says.

    Raises:
        TrainingError: it is not among the teachers, or lacks a class that stands for an instrument.
    """
    labels = next((teacher.labels for teacher in teachers if teacher.name == model), None)
    if labels is None:
        names = ", ".join(teacher.name for teacher in teachers)
        raise TrainingError(f"No model called {model} hears these recordings; believe one of: {names}.")
    believed_labels(np.empty((0, len(labels)), np.float32), labels)


def _described(teacher: Teacher, path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": teacher.name, "sha256": digest, "window_seconds": teacher.window_seconds}


if __name__ == "__main__":
    main()
