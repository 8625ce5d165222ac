"""Recordings labelled with the program's own phonemes, in parts that are given by folders."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from timbrescope.core.phonemes import SILENCE, languages, symbols
from training.collection import Collection, Item, Split
from training.errors import TrainingError
from training.sources.annotations import read_annotated
from training.sources.text import read_text

TABLE = "phonemes.csv"


def read_phonemes(root: Path) -> Collection:
    """Read recordings with labels in time beside them, of which folders say the part of the split and the voice.

    ``root`` has folders ``train``, ``validation`` and ``test``, or some of them, or is itself one folder of annotated
    recordings without parts. Their sub-folders are voices, which are the groups; in a folder of recordings in which
    nobody sings each part is a group of its own. The labels are those of
    ``timbrescope.core.phonemes`` in its order, whether they occur or not. Where a table ``phonemes.csv`` in ``root``
    has the columns ``voice`` and ``language``, a group's name ends with its language.

    Raises:
        TrainingError: nothing there can be used.
    """
    items: list[Item] = []
    problems: list[str] = []
    known = set(symbols())
    spoken = _languages(root / TABLE)
    parts: list[tuple[Path, Split | None]] = [(root / name, name) for name in get_args(Split) if (root / name).is_dir()]
    for folder, split in parts or [(root, None)]:
        collection = read_annotated(folder)
        problems += collection.problems
        for item in collection.items:
            strange = sorted({segment.label for segment in item.segments} - known)
            if strange:
                problems.append(f"{item.path} was left out: {' '.join(strange)} are no phonemes of this program.")
                continue
            items.append(replace(item, split=split, group=_group(item, split, spoken)))
    if not items:
        raise TrainingError(f"No recording in {root} can be used; the first reason: {problems[0]}")
    return Collection(symbols(), "frame", tuple(items), tuple(problems))


def language_of(group: str) -> str | None:
    """Return the language, a key of ``timbrescope.core.phonemes.languages()``, with which a group's name ends."""
    code = group.rpartition(" (")[2].removesuffix(")")
    return code if code in languages() and group.endswith(f" ({code})") else None


def _group(item: Item, split: Split | None, spoken: Mapping[str, str]) -> str:
    if split is not None and all(segment.label == SILENCE for segment in item.segments):
        return f"{item.group} of the {split} part"  # no voice, which would stay on one side
    language = spoken.get(item.group)
    return f"{item.group} ({language})" if language else item.group


def _languages(table: Path) -> dict[str, str]:
    """Return the language of each voice; none where there is no such table."""
    if not table.is_file():
        return {}
    rows = csv.DictReader(read_text(table).splitlines())
    return {row["voice"]: row["language"] for row in rows if row.get("voice") and row.get("language")}
