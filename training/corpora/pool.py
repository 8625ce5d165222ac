"""All the parts there are to play, by kind."""

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from training.corpora.accompaniments import MMA, accompany, grooves
from training.corpora.general_midi import Kind
from training.corpora.notes import Part
from training.corpora.packages import fetch
from training.corpora.scores import MUSIC21, OPENMSX, PLANETBLUPI, midi_scores, music21_scores, read_midi, read_musicxml
from training.errors import TrainingError

Song = list[Part]
"""The parts of one score."""
Pool = dict[Kind, list[Part]]
MOST_SCORES = 250
MOST_GROOVES = 220


def gather(cache: Path, seed: int, warn: Callable[[str], None]) -> list[Song]:
    """Fetch the scores, read a seeded choice of them, and return their parts; ``warn`` is told what is missing."""
    rng = np.random.default_rng(seed)
    readings: list[Callable[[], list[Part]]] = []
    for package, listed, read in (
        (MUSIC21, music21_scores, read_musicxml),
        (OPENMSX, midi_scores, read_midi),
        (PLANETBLUPI, midi_scores, read_midi),
    ):
        try:
            paths = listed(fetch(package, cache))
        except TrainingError as error:
            warn(str(error))
            continue
        chosen = sorted(rng.permutation(len(paths))[:MOST_SCORES])
        readings += [lambda path=paths[at], read=read: read(path) for at in chosen]  # type: ignore[misc]
    readings += _accompaniments(cache, rng, warn)
    songs = []
    for reading in tqdm(readings, desc="scores", unit="score"):
        try:
            songs.append(reading())
        except TrainingError as error:
            warn(str(error))
    return songs


def by_kind(songs: Iterable[Song]) -> Pool:
    """Return the parts of all songs by kind.

    Raises:
        TrainingError: there is not one melody, chord, bass and drum part.
    """
    pool: Pool = {"melody": [], "chords": [], "bass": [], "drums": []}
    for song in songs:
        for part in song:
            pool[part.kind].append(part)
    missing = sorted(kind for kind, parts in pool.items() if not parts)
    if missing:
        raise TrainingError(f"No score with {', '.join(missing)} could be read; see the messages above.")
    return pool


def _accompaniments(
    cache: Path, rng: np.random.Generator, warn: Callable[[str], None]
) -> list[Callable[[], list[Part]]]:
    try:
        folder = fetch(MMA, cache)
    except TrainingError as error:
        warn(str(error))
        return []
    names = grooves(folder)
    readings: list[Callable[[], list[Part]]] = []
    for at in sorted(rng.permutation(len(names))[:MOST_GROOVES]):
        name = names[at]
        number = zlib.crc32(name.encode())
        target = cache / "accompaniments" / f"{number:08x}.mid"
        own = np.random.default_rng([number, int(rng.integers(2**31))])
        readings.append(lambda name=name, target=target, own=own: accompany(folder, name, target, own))  # type: ignore[misc]
    return readings
