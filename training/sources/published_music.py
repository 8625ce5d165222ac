"""Published data sets of music whose files are labelled as a whole: IRMAS, MagnaTagATune, Ballroom, OpenMIC-2018."""

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from timbrescope.paths import resources
from training.collection import UNKNOWN, Collection, Item, Split
from training.errors import TrainingError
from training.sources.published_reading import (
    collected,
    inside,
    json_object,
    parts,
    required,
    rows,
    sounds,
)
from training.sources.text import read_text

IRMAS = {
    "cel": "cello",
    "cla": "clarinet",
    "flu": "flute",
    "gac": "acoustic guitar",
    "gel": "electric guitar",
    "org": "organ",
    "pia": "piano",
    "sax": "saxophone",
    "tru": "trumpet",
    "vio": "violin",
    "voi": "voice",
}
DANCES = ("ChaChaCha", "Jive", "Quickstep", "Rumba", "Samba", "Tango", "VienneseWaltz", "Waltz")


def irmas(folder: Path) -> Collection:
    """Read IRMAS: one predominant instrument in each 3-s training clip, one to several in each test clip.

    The labels stand in the order of the folders, which is that of the alphabet: the measures of the papers (micro and
    macro precision, recall, F) do not depend on it. The group of a clip is its song.

    Args:
        folder: holds ``IRMAS-TrainingData`` and ``IRMAS-TestingData-Part1`` to ``-Part3``, or some of them.

    Raises:
        TrainingError: the folder holds none of them, or no sound files.

    Source: Bosch et al. 2012, "A comparison of sound segregation techniques for predominant instrument recognition".
    """
    names = ["IRMAS-TrainingData", *(f"IRMAS-TestingData-Part{part}" for part in (1, 2, 3))]
    there, problems = parts(folder, names, "IRMAS")
    items = []
    for part in there:
        paths, left_out = sounds(part)
        problems += left_out
        for path in paths:
            training = part.name == names[0]
            codes = [path.parent.name] if training else _irmas_test_codes(path)
            unknown = [code for code in codes if code not in IRMAS]
            if unknown or not codes:
                reason = f'names "{unknown[0]}", no instrument of IRMAS' if unknown else "has no .txt with instruments"
                problems.append(f"{path} {reason}, and was left out.")
                continue
            # [cel][nod][cla]0058__1 is the first clip of song 58, "01. Caravan-5" the fifth of "01. Caravan"
            song = re.sub(r"^.*\]|__\d+$", "", path.stem) if training else re.sub(r"-\d+$", "", path.stem)
            labels = {IRMAS[code]: 1.0 for code in codes}
            items.append(Item(path, labels, group=song, split="train" if training else "test"))
    return collected("IRMAS", folder, IRMAS.values(), "multi", items, problems)


def _irmas_test_codes(path: Path) -> list[str]:
    """Return the codes of a test clip's instruments, one a line in the text file of its name; none without it."""
    try:
        lines = path.with_suffix(".txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines if line.strip()]


def magnatagatune(folder: Path) -> Collection:
    """Read MagnaTagATune with its 50 most frequent tags, as they are, synonyms apart.

    Clips without any of these tags stay in. The split is that of the papers: folders 0 to b train, c validates, d to f
    test (Pons 2017, section III.C). The group of a clip is its song.

    Args:
        folder: holds ``annotations_final.csv`` and the folders 0 to f, these perhaps in a folder ``mp3``.

    Raises:
        TrainingError: the table is missing or damaged, or there are no sound files.

    Source: Law et al. 2009, "Evaluation of algorithms using games: the case of music tagging".
    """
    tags = json.loads((resources() / "labels.json").read_text(encoding="utf-8"))["magnatagatune-50"]
    table = folder / "annotations_final.csv"
    home = inside(folder, "mp3")
    items, problems = [], []
    for row in rows(table, "MagnaTagATune", [*tags, "mp3_path"], "\t"):
        clip = PurePosixPath(row["mp3_path"])
        split = _magnatagatune_split(clip.parent.name)
        if split is None:
            problems.append(f"{table} names {row['mp3_path']}, which lies in none of the folders 0 to f: left out.")
            continue
        labels = {tag: 1.0 for tag in tags if row[tag] == "1"}
        song = re.sub(r"-\d+-\d+$", "", clip.stem)  # without the second where the clip starts and ends
        items.append(Item(home / clip, labels, group=song, split=split))
    return collected("MagnaTagATune", folder, tags, "multi", items, problems)


def _magnatagatune_split(folder: str) -> Split | None:
    """Return the part that a folder belongs to, None where there is no such folder."""
    if folder in set("0123456789ab"):
        return "train"
    if folder == "c":
        return "validation"
    return "test" if folder in set("def") else None


def ballroom(folder: Path) -> Collection:
    """Read the Ballroom data set of ISMIR 2004: eight dances, three kinds of rumba being one.

    Its authors give no split; the papers use ten folds over songs (Pons 2016, section III). The group is the file: each
    is another song.

    Args:
        folder: ``BallroomData`` or the folder that holds it.

    Raises:
        TrainingError: there are no sound files in folders of those dances.

    Source: Gouyon et al. 2006, "An experimental comparison of audio tempo induction algorithms".
    """
    paths, problems = sounds(inside(folder, "BallroomData"))
    items = []
    for path in paths:
        dance = path.parent.name.partition("-")[0]
        if dance in DANCES:
            items.append(Item(path, {dance: 1.0}, group=path.stem))
        else:
            problems.append(f"{path} lies in the folder of none of the eight dances and was left out.")
    return collected("Ballroom", folder, DANCES, "single", items, problems)


def openmic(folder: Path) -> Collection:
    """Read OpenMIC-2018: 20 instruments, of each 10-s clip only some judged, by how many and how surely.

    A judged label has its relevance in 0..1 (``Y_true`` of the authors), every other one is ``UNKNOWN`` (``Y_mask``).
    Both are taken from the table of aggregated labels: the NumPy archive holds pickled objects, which may run code. The
    group is the recording; no two clips come from the same one.

    Args:
        folder: ``openmic-2018`` or the folder that holds it.

    Raises:
        TrainingError: a table or list is missing or damaged, or there are no sound files.

    Source: Humphrey et al. 2018, "OpenMIC-2018: an open data-set for multiple instrument recognition".
    """
    data_set = "OpenMIC-2018"
    home = inside(folder, "openmic-2018")
    instruments = sorted(json_object(home / "class-map.json", data_set))  # the alphabet is the order of its numbers
    table = home / "openmic-2018-aggregated-labels.csv"
    judged: dict[str, dict[str, float]] = {}
    for row in rows(table, data_set, ["sample_key", "instrument", "relevance"]):
        try:
            relevance = float(row["relevance"])
        except ValueError:
            relevance = UNKNOWN
        if row["instrument"] not in instruments or not 0 <= relevance <= 1:
            raise TrainingError(
                f'{table} judges "{row["instrument"]}" with "{row["relevance"]}", which cannot be; unpack it again.'
            )
        judged.setdefault(row["sample_key"], {})[row["instrument"]] = relevance
    items = []
    splits: Mapping[str, Split] = {"split01_train.csv": "train", "split01_test.csv": "test"}
    for name, split in splits.items():
        for key in read_text(required(home / "partitions" / name, data_set)).split():
            labels = dict.fromkeys(instruments, UNKNOWN) | judged.get(key, {})
            path = home / "audio" / key[:3] / f"{key}.ogg"
            items.append(Item(path, labels, group=key.partition("_")[0], split=split))
    return collected(data_set, folder, instruments, "multi", items, ())
