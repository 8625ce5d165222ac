"""Recorded notes and phrases: those of packages, and those of a folder of recordings with a manifest."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from timbrescope.core.errors import AudioError
from training.corpora.general_midi import LABELS
from training.corpora.recorded_packages import Recorded
from training.corpora.takes import SAMPLE_RATE, Job, Samples, Span, Take, joined, read_audio, trimmed
from training.errors import TrainingError

LONG_SECONDS = 4.0  # a recording this long is a take of its own; shorter ones are put one after another
LONGEST_SECONDS = 300.0
FRAME = SAMPLE_RATE // 20
AUDIBLE = 10 ** (-45 / 20)  # of the loudest frame
OTHER_LABEL = "other"
COLUMNS = ("path", "label", "source", "group", "licence", "detail")

Entry = dict[str, str]
"""One line of a folder's manifest; ``file`` is the recording's whole path."""


def read_manifest(folder: Path) -> list[Entry]:
    """Return the lines of a folder's ``manifest.csv`` whose file exists, with labels as the models name them.

    The column ``label`` has underscores for spaces; ``other`` becomes no label.

    Raises:
        TrainingError: the manifest is missing, lacks a column or names a label that is unknown.
    """
    path = folder / "manifest.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"The list of recordings {path} cannot be read ({error}); check --recordings.") from error
    missing = [column for column in COLUMNS if not lines or column not in lines[0]]
    if missing:
        raise TrainingError(f"The list of recordings {path} lacks {', '.join(missing)}; see a corpus.csv for its form.")
    entries = []
    for line in lines:
        label = line["label"].replace("_", " ")
        if label not in {*LABELS, OTHER_LABEL}:
            raise TrainingError(f"{path} names the label {line['label']}, which is no instrument of ours; correct it.")
        recording = folder / line["path"]
        if recording.is_file():
            own = "" if label == OTHER_LABEL else label
            entries.append({**{column: line[column] for column in COLUMNS}, "label": own, "file": str(recording)})
    return entries


def package_entries(recorded: Sequence[Recorded], folders: Mapping[str, Path]) -> list[Entry]:
    """Return the recordings of the packages that were fetched, as lines of a manifest.

    Args:
        recorded: what is in which package.
        folders: package key -> where it was unpacked.
    """
    return [
        {
            "path": path.name,
            "label": part.label,
            "source": part.source,
            "group": part.group_of(path),
            "licence": part.package.licence,
            "detail": "",
            "file": str(path),
        }
        for part in recorded
        if part.package.key in folders
        for path in part.files(folders[part.package.key])
    ]


def jobs(entries: Sequence[Entry], warn: Callable[[str], None]) -> Iterator[Job]:
    """Yield a take for every group and label: its recordings one after another, cut into minutes.

    ``warn`` is told of recordings that cannot be read.
    """
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry["source"], entry["group"], entry["label"]), []).append(entry)
    for (source, group, label), members in sorted(groups.items()):
        for number, first in enumerate(range(0, len(members), 40)):
            name = f"recorded/{source}/{group}/{(label or 'other').replace(' ', '_')}_{number:02d}"
            yield Job(name, partial(_take, members[first : first + 40], warn))


def heard(samples: Samples) -> list[Span]:
    """Return when a recording sounds, in seconds: within 45 dB of its loudest 50 ms, gaps below 0.6 s included."""
    count = len(samples) // FRAME
    if not count:
        return [(0.0, len(samples) / SAMPLE_RATE)]
    frames = np.sqrt(np.mean(samples[: count * FRAME].reshape(count, FRAME).astype(np.float64) ** 2, axis=1))
    loud = np.flatnonzero(frames > AUDIBLE * frames.max())
    return joined((at * FRAME / SAMPLE_RATE, (at + 1) * FRAME / SAMPLE_RATE) for at in loud.tolist())


def _take(members: Sequence[Entry], warn: Callable[[str], None], rng: np.random.Generator) -> Take | None:
    sounds: list[Samples] = []
    spans: list[Span] = []
    now = 0.0
    for member in members:
        try:
            samples = trimmed(read_audio(Path(member["file"]), LONGEST_SECONDS))
        except AudioError as error:
            warn(str(error))
            continue
        if len(samples) < SAMPLE_RATE // 20:
            continue
        samples = samples / np.abs(samples).max() * np.float32(rng.uniform(0.5, 1.0))
        spans += [(now + start, now + end) for start, end in heard(samples)]
        # a gap longer than what is joined keeps long recordings apart; short ones follow each other as in a phrase
        gap = 0.8 if len(samples) > LONG_SECONDS * SAMPLE_RATE else float(rng.uniform(0.03, 0.3))
        sounds += [samples, np.zeros(round(gap * SAMPLE_RATE), dtype=np.float32)]
        now += (len(sounds[-2]) + len(sounds[-1])) / SAMPLE_RATE
    if not sounds:
        return None
    first = members[0]
    return Take(
        samples=np.concatenate(sounds),
        labels=(first["label"],) if first["label"] else (),
        source=first["source"],
        group=first["group"],
        licence=first["licence"],
        spans=tuple(spans),
    )
