"""Labels in time, written beside the recordings by Praat, Audacity, HTK, Festival or by hand."""

from collections.abc import Mapping
from pathlib import Path

from timbrescope.core import segments as in_time
from timbrescope.core.segment_files import READABLE, SegmentFileError, main_tier, read_rows
from training.collection import Collection, Item, Segment
from training.errors import TrainingError
from training.sources.tree import files_below, folder_name, is_sound

SILENCE = "sil"
"""The label of a stretch that the file delimits and leaves without a label."""


def read_segments(path: Path) -> tuple[Segment, ...]:
    """Read the labels in time of one file, sorted, not overlapping; what lies between them is silence.

    The formats are those of ``timbrescope.core.segment_files.read_rows``. Of several tiers it is the one called phones,
    phonemes, phone or labels, else the first with intervals.

    An empty label between two times is ``sil``; in Festival's form, which has only ends, it is a gap. Labels without
    duration, such as Audacity's points, are dropped.

    Raises:
        TrainingError: the file cannot be read or its labels overlap.
    """
    try:
        tiers = [tier for tier in read_rows(path) if not tier.is_points]
    except SegmentFileError as error:
        raise TrainingError(str(error)) from error
    if not tiers:
        raise TrainingError(f"{path} cannot be read as labels in time: it has no interval tier.")
    rows = tiers[main_tier([tier.name for tier in tiers])].rows
    try:
        found = in_time.in_order(in_time.Segment(start, end, label.strip() or SILENCE) for start, end, label in rows)
    except ValueError as error:
        raise TrainingError(f"{path} cannot be read as labels in time: {error}; correct the times.") from error
    return tuple(Segment(one.start, one.end, one.label) for one in found)


def read_annotated(root: Path) -> Collection:
    """Read recordings with files of labels in time beside them, for the task ``frame``.

    Labels stand in a file of the recording's name with the ending ``.TextGrid``, ``.lab``, ``.txt`` or ``.tsv``, the
    first of them that exists. A recording's group is the path of its sub-folder, its own name where there is none.

    Raises:
        TrainingError: ``root`` is no folder, or no recording in it has labels.
    """
    files, problems = files_below(root)
    named = _by_name(files)
    items: list[Item] = []
    used: set[Path] = set()
    for sound in filter(is_sound, files):
        annotation = _annotation(sound, named)
        if annotation is None:
            problems.append(f"{sound} was left out: no file of the same name with labels lies beside it.")
            continue
        used.add(annotation)
        try:
            segments = read_segments(annotation)
        except TrainingError as error:
            problems.append(f"{sound} was left out: {error}")
            continue
        if segments:
            group = folder_name(sound.parent, root) or sound.name
            items.append(Item(sound, group=group, segments=segments))
        else:
            problems.append(f"{sound} was left out: {annotation.name} has no label with a duration.")
    for path in files:
        if path.suffix.lower() in {".textgrid", ".lab"} and path not in used:  # .txt and .tsv may be anything
            problems.append(f"{path} was left out: no sound file goes with it, or another file has its labels.")
    if not items:
        reason = f"; the first reason: {problems[0]}" if problems else "."
        raise TrainingError(f"No recording in {root} has labels in time ({', '.join(READABLE)}) beside it{reason}")
    labels = sorted({segment.label for item in items for segment in item.segments})
    return Collection(tuple(labels), "frame", tuple(items), tuple(problems))


def is_annotated(root: Path) -> bool:
    """Tell whether any recording in a folder has a file beside it that can be read as labels in time."""
    files, _ = files_below(root)
    named = _by_name(files)
    return any(_is_readable(_annotation(sound, named)) for sound in files if is_sound(sound))


def _is_readable(annotation: Path | None) -> bool:
    try:
        return annotation is not None and bool(read_segments(annotation))
    except TrainingError:
        return False  # lyrics or remarks


def _by_name(files: list[Path]) -> dict[tuple[Path, str], Path]:
    return {(path.parent, path.stem + path.suffix.lower()): path for path in files}


def _annotation(sound: Path, named: Mapping[tuple[Path, str], Path]) -> Path | None:
    found = (named.get((sound.parent, sound.stem + suffix.lower())) for suffix in READABLE)
    return next(filter(None, found), None)
