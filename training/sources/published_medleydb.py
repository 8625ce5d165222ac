"""MedleyDB: songs as stems and as mixes, with the instrument of every stem."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.collection import UNKNOWN, Collection, Item
from training.errors import TrainingError
from training.sources.published_reading import collected, library, required
from training.sources.text import read_text

NAMELESS = frozenset({"", "Unlabeled", "Main System"})
"""What the metadata write where nobody has named the instrument; the last is a pair of microphones for all players."""


def medleydb(folder: Path) -> Collection:
    """Read MedleyDB 1 and 2: every stem with its instrument, every mix with the instruments of its stems.

    Labels are the instruments as the metadata name them. A stem of a recording with bleed has ``UNKNOWN`` for what
    played along, a mix with a nameless stem has it for all that it is not known to hold. The group is the artist.

    Args:
        folder: holds, at any depth, ``…_METADATA.yaml``, ``…_STEMS`` and ``…_MIX.wav`` of each track.

    Raises:
        TrainingError: there are no metadata or no sound files, or PyYAML is not installed.

    Source: Bittner et al. 2014, "MedleyDB: a multitrack dataset for annotation-intensive MIR research".
    """
    yaml = library("yaml", "MedleyDB")
    # the metadata lie beside the stems or, as the authors keep them for both versions, in a folder of their own
    stem_folders = {path.name: path for path in sorted(folder.rglob("[!.]*_STEMS"))}
    sheets = {path.name: path for path in sorted(folder.rglob("[!.]*_METADATA.yaml"))}
    if not sheets:
        required(folder / "…_METADATA.yaml", "MedleyDB")
    tracks: list[_Track] = []
    problems: list[str] = []
    for name, sheet in sheets.items():
        stems = stem_folders.pop(name.replace("_METADATA.yaml", "_STEMS"), None)
        if stems is None:
            problems.append(f"{sheet} was left out: there is no folder with the stems of that track.")
            continue
        try:
            tracks.append(_track(stems, yaml.safe_load(read_text(sheet))))
        except (TrainingError, LookupError, TypeError, AttributeError, yaml.YAMLError) as error:
            problems.append(f"{sheet} is no description of a track ({' '.join(str(error).split())}) and was left out.")
    problems += [f"{stems} was left out: the metadata of that track are missing." for stems in stem_folders.values()]
    labels = sorted({name for track in tracks for instruments in track.played.values() for name in instruments})
    items = [item for track in tracks for item in _items(track, labels)]
    for track in tracks:
        nameless = [path for path, instruments in track.played.items() if not instruments]
        problems += [f"{path} was left out: its instrument is not named." for path in nameless]
    return collected("MedleyDB", folder, labels, "multi", items, problems)


@dataclass(frozen=True, slots=True)
class _Track:
    """What the metadata say of a track: ``played`` has the instruments of each stem, none where nobody named them."""

    artist: str
    mix: Path
    bleed: bool
    played: Mapping[Path, frozenset[str]]


def _track(stems: Path, sheet: Mapping[str, Any]) -> _Track:
    """Return what the metadata say, which may name one instrument a stem or several.

    Raises:
        LookupError, TypeError, AttributeError: the metadata have another form.
    """
    played = {}
    for stem in sheet["stems"].values():
        written = stem["instrument"]
        names = written if isinstance(written, list) else [written or ""]
        played[stems / stem["filename"]] = frozenset(map(str, names)) - NAMELESS
    return _Track(
        str(sheet["artist"]), stems.parent / sheet["mix_filename"], sheet.get("has_bleed") in {"yes", True}, played
    )


def _items(track: _Track, labels: list[str]) -> Iterator[Item]:
    """Yield the stems whose instrument is named, and the mix."""
    everything = frozenset[str]().union(*track.played.values())
    around = dict.fromkeys(everything if track.bleed else (), UNKNOWN)
    for path, instruments in track.played.items():
        if instruments:
            yield Item(path, around | dict.fromkeys(instruments, 1.0), group=track.artist)
    unnamed = dict.fromkeys(labels if not all(track.played.values()) else (), UNKNOWN)
    yield Item(track.mix, unnamed | dict.fromkeys(everything, 1.0), group=track.artist)
