"""Published data sets of single notes and sounds: Good-sounds, NSynth, FSDKaggle2018, Philharmonia."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from training.collection import Collection, Item, Split
from training.errors import TrainingError
from training.sources.published_reading import collected, inside, json_object, parts, required, rows, sounds

FAMILIES = (
    "bass", "brass", "flute", "guitar", "keyboard", "mallet", "organ", "reed", "string", "synth_lead", "vocal",
)  # fmt: skip
"""The eleven classes of NSynth in the order of its ``instrument_family``."""


def good_sounds(folder: Path) -> Collection:
    """Read Good-sounds: notes and scales of twelve instruments, well and badly played, by up to four microphones.

    The group is instrument and player, or instrument and session (the folder of the take) where no player is named.

    Args:
        folder: ``good-sounds`` with ``database.sqlite`` and ``sound_files``, or the folder that holds it.

    Raises:
        TrainingError: the database is missing or damaged, or there are no sound files.

    Source: Romani Picas et al. 2015, "A real-time system for measuring sound goodness in instrumental sounds".
    """
    home = inside(folder, "good-sounds")
    database = required(home / "database.sqlite", "Good-sounds")
    query = (
        "SELECT takes.filename, sounds.instrument, sounds.player FROM takes JOIN sounds ON takes.sound_id = sounds.id"
    )
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            takes = connection.execute(query).fetchall()
    except sqlite3.Error as error:
        raise TrainingError(f"{database} of Good-sounds cannot be read ({error}); unpack it again.") from error
    items, problems = [], []
    for name, instrument, player in takes:
        if name and instrument:
            path = home / name
            group = f"{instrument} {player or path.parent.parent.name}"
            items.append(Item(path, {instrument: 1.0}, group=group))
        else:
            problems.append(f"A take in {database} has no file or no instrument ({name or instrument}): left out.")
    return collected("Good-sounds", folder, _labels(items), "single", items, problems)


def nsynth(folder: Path) -> Collection:
    """Read NSynth: 4-s notes of eleven instrument families, split as its authors do; the group is the instrument.

    Args:
        folder: holds ``nsynth-train``, ``nsynth-valid`` and ``nsynth-test``, or some of them.

    Raises:
        TrainingError: the folder holds none of them, or one without ``examples.json`` or sound files.

    Source: Engel et al. 2017, "Neural audio synthesis of musical notes with WaveNet autoencoders".
    """
    splits: Mapping[str, Split] = {"nsynth-train": "train", "nsynth-valid": "validation", "nsynth-test": "test"}
    there, problems = parts(folder, list(splits), "NSynth")
    items = []
    for part in there:
        for name, note in json_object(part / "examples.json", "NSynth").items():
            path = part / "audio" / f"{name}.wav"
            try:
                family, instrument = note["instrument_family_str"], note["instrument_str"]
            except (TypeError, KeyError):
                family, instrument = "", ""
            if family in FAMILIES:
                items.append(Item(path, {family: 1.0}, group=instrument, split=splits[part.name]))
            else:
                problems.append(f"{path} was left out: examples.json names none of the eleven families.")
    return collected("NSynth", folder, FAMILIES, "single", items, problems)


def fsdkaggle2018(folder: Path) -> Collection:
    """Read FSDKaggle2018: Freesound clips of 41 classes, 18 of them instruments, split as in the competition.

    The test part is the clips that were scored. The group is the Freesound sound that a clip comes from.

    Args:
        folder: holds ``FSDKaggle2018.meta``, ``FSDKaggle2018.audio_train`` and ``FSDKaggle2018.audio_test``, or only
            one of the latter two.

    Raises:
        TrainingError: a table is missing or damaged, or there are no sound files.

    Source: Fonseca et al. 2018, "General-purpose tagging of Freesound audio with AudioSet labels".
    """
    data_set = "FSDKaggle2018"
    tables: Mapping[str, tuple[str, Split]] = {
        "FSDKaggle2018.audio_train": ("train_post_competition.csv", "train"),
        "FSDKaggle2018.audio_test": ("test_post_competition_scoring_clips.csv", "test"),
    }
    there, problems = parts(folder, list(tables), data_set)
    items = []
    for part in there:
        name, split = tables[part.name]
        for row in rows(folder / "FSDKaggle2018.meta" / name, data_set, ["fname", "label", "freesound_id"]):
            path = part / row["fname"]
            if row["label"]:
                items.append(Item(path, {row["label"]: 1.0}, group=row["freesound_id"] or path.stem, split=split))
            else:
                problems.append(f"{path} was left out: {name} gives it no label.")
    return collected(data_set, folder, _labels(items), "single", items, problems)


def philharmonia(folder: Path) -> Collection:
    """Read the sound samples of the Philharmonia Orchestra, whose names begin with the instrument.

    The group is the instrument, of which one player recorded one specimen: no part of it is an honest test of another,
    so this collection trains or tests beside others, but is not to be split alone.

    Args:
        folder: holds, at any depth, files such as ``double-bass_A1_05_forte_arco-normal.mp3``.

    Raises:
        TrainingError: there are no such files.

    Source: Philharmonia Orchestra, "Sound samples".
    """
    paths, problems = sounds(folder)
    items = []
    for path in paths:
        named = path.stem.split("_")  # instrument, pitch (empty for percussion), length, dynamics, articulation
        if len(named) == 5 and named[0]:
            instrument = named[0].replace("-", " ")
            items.append(Item(path, {instrument: 1.0}, group=instrument))
        else:
            problems.append(f"{path} was left out: its name does not begin with an instrument and four more parts.")
    return collected("Philharmonia", folder, _labels(items), "single", items, problems)


def _labels(items: list[Item]) -> list[str]:
    """Return all labels of the items in the order of the alphabet."""
    return sorted({label for item in items for label in item.labels})
