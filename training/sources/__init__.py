"""Labelled recordings as users and publishers lay them out, read into collections."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from training.collection import Collection, Task
from training.errors import TrainingError
from training.sources.annotations import is_annotated, read_annotated
from training.sources.folders import read_folders
from training.sources.mended import mended
from training.sources.oto import OTO, read_oto
from training.sources.phonemes import read_phonemes
from training.sources.relabelled import relabelled
from training.sources.table import read_table
from training.sources.tree import files_below, is_sound

POSSIBLE = (
    "a folder for each class, a table (.csv, .tsv) with the columns path and labels, labels in time beside the "
    "recordings (.TextGrid, .lab, .txt, .tsv), or voice banks with oto.ini"
)

OWN: Mapping[str, Callable[[Path], Collection]] = {
    "folders": read_folders,
    "annotated": read_annotated,
    "oto": read_oto,
    "phonemes": read_phonemes,
}


def read_collection(
    path: Path, layout: str = "auto", *, task: Task | None = None, default_labels: Sequence[str] = ()
) -> Collection:
    """Read the labelled recordings in a folder or a table, with the labels that the user has given anew.

    Args:
        path: a folder, or a table in CSV or TSV.
        layout: ``folders`` (a class each), ``table``, ``annotated`` (labels in time beside the recordings), ``oto``
            (voice banks of UTAU), ``phonemes`` (labels in time of the program's own phonemes), the name of a published
            data set, or ``auto``, which looks at what lies there.
        task: what the labels mean; None leaves that to the layout. Recordings with one label each may be read as
            ``multi``; labels in time are always ``frame``.
        default_labels: those of a table that names none, because nothing of what is asked for is in its recordings.

    Raises:
        TrainingError: the layout is unknown or does not suit the task, or nothing at ``path`` can be used.
    """
    try:
        collection = mended(relabelled(_read(path, layout, task, default_labels), path), path)
    except OSError as error:  # a folder that may not be entered, a disk that was pulled out
        raise TrainingError(f"{path} cannot be read ({error.strerror or error}); check its rights and disk.") from error
    if task in {None, collection.task}:
        return collection
    if task == "multi" and collection.task == "single":
        return replace(collection, task="multi")
    raise TrainingError(
        f"The labels of {path}, read with the layout {layout}, are for the task {collection.task} and not for {task}; "
        "choose that task or another layout."
    )


def read_collections(paths: Sequence[Path], layout: str = "auto") -> Collection:
    """Read several sets of labelled recordings as one, such as a corpus and recordings that only teachers have heard.

    The others may add labels to those of the first; a table among them may have none of its own.

    Raises:
        TrainingError: one of them cannot be used, their labels are of different kinds, or two bring teachers' scores.
    """
    first, *others = paths
    collection = read_collection(first, layout)
    for path in others:
        known = collection.labels
        table = layout == "table" or (layout == "auto" and path.is_file())
        more = (
            mended(relabelled(read_table(path, task="multi", labels=known), path), path)
            if table
            else read_collection(path, layout)
        )
        if "frame" in {collection.task, more.task} and collection.task != more.task:
            raise TrainingError(f"{first} and {path} cannot be learnt together: only one has labels in time.")
        if collection.taught and more.taught:
            raise TrainingError(f"{first} and {path} both bring teachers' scores; let the teachers hear both at once.")
        collection = Collection(
            known + tuple(label for label in more.labels if label not in known),
            collection.task if collection.task == more.task else "multi",
            collection.items + more.items,
            collection.problems + more.problems,
            collection.taught or more.taught,
        )
    return collection


def _read(path: Path, layout: str, task: Task | None, default_labels: Sequence[str]) -> Collection:
    if not path.exists():
        raise TrainingError(f"{path} does not exist; give {POSSIBLE}.")
    if layout == "auto":
        layout = _detected(path)
    if layout == "table":
        return read_table(path, task=task, default_labels=default_labels)
    return _reader(layout)(path)


def _reader(layout: str) -> Callable[[Path], Collection]:
    if layout in OWN:
        return OWN[layout]
    from training.sources.published import PUBLISHED

    if layout not in PUBLISHED:
        known = ", ".join(["auto", "table", *OWN, *sorted(PUBLISHED)])
        raise TrainingError(f'There is no layout "{layout}"; possible are {known}.')
    return PUBLISHED[layout]


def _detected(path: Path) -> str:
    """Return the layout of what lies there."""
    if path.is_file():
        if path.suffix.lower() in {".csv", ".tsv"}:
            return "table"
        raise TrainingError(f"{path} is neither a folder nor a table; give {POSSIBLE}.")
    files, _ = files_below(path)
    if not any(map(is_sound, files)):
        raise TrainingError(f"{path} holds no sound file that can be seen; give {POSSIBLE}.")
    if any(file.name.lower() == OTO for file in files):
        return "oto"
    return "annotated" if is_annotated(path) else "folders"
