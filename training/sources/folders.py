"""Recordings sorted into a folder for each class."""

from collections import Counter, defaultdict
from pathlib import Path

from training.collection import Collection, Item
from training.errors import TrainingError
from training.sources.tree import files_below, folder_name, is_sound


def read_folders(root: Path) -> Collection:
    """Read a folder whose sub-folders are the classes; the task is ``single``.

    Names that differ only in upper and lower case are one class, spelt as most of its files have it. A recording's
    group is the path of the folder that it lies in, counted from its class's folder: whoever sorts ``piano/anna`` and
    ``violin/anna`` has Anna on one side of a split. A recording directly in its class's folder is a group of its own;
    file names are not taken apart.

    Raises:
        TrainingError: ``root`` is no folder, or fewer than two of its folders hold sound.
    """
    files, problems = files_below(root)
    placed: dict[str, list[Path]] = defaultdict(list)
    for path in filter(is_sound, files):
        if path.parent == root:
            problems.append(f"{path} was left out: it lies in no class's folder.")
        else:
            placed[_class_folder(path, root).casefold()].append(path)
    if len(placed) < 2:
        found = "only one" if placed else "no"
        raise TrainingError(
            f"{root} holds {found} folder with sound files, and classes need two or more: put the recordings of each "
            "class into a folder of its own, or name the labels in a table, in annotation files or in an oto.ini."
        )
    for folder in sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")):
        if folder_name(folder, root).casefold() not in placed:
            problems.append(f"{folder} was left out: no sound file lies in it.")
    spelling = {key: _spelling([_class_folder(path, root) for path in paths]) for key, paths in placed.items()}
    items = [
        Item(path, {spelling[key]: 1.0}, group=_group(path, root)) for key, paths in placed.items() for path in paths
    ]
    return Collection(
        labels=tuple(spelling[key] for key in sorted(spelling)),
        task="single",
        items=tuple(sorted(items, key=lambda item: item.path)),
        problems=tuple(problems),
    )


def _class_folder(path: Path, root: Path) -> str:
    return folder_name(path, root).split("/", 1)[0]


def _spelling(names: list[str]) -> str:
    """Return the name that occurs most often, the first in the alphabet where there are several."""
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name))


def _group(path: Path, root: Path) -> str:
    below_class = folder_name(path, root).split("/")[1:]
    return "/".join(below_class[:-1]) or folder_name(path, root)
