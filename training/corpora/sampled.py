"""Phrases played with the recorded notes and drum hits of real instruments."""

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from timbrescope.core.errors import AudioError
from training.corpora import grooves, sampler, tonewheel
from training.corpora.amplifier import amplified
from training.corpora.general_midi import DRUMS, ELECTRIC_GUITAR, KINDS, ORGAN, PROGRAMS
from training.corpora.notes import Note, Phrase, placed, spans
from training.corpora.packages import Package
from training.corpora.pool import Pool
from training.corpora.recordings import Entry
from training.corpora.rendered import AMPLIFIED_SHARE, TAKE_SECONDS, compose
from training.corpora.splits import INDEPENDENT_GROUPS
from training.corpora.takes import SAMPLE_RATE, Job, Samples, Span, Take, read_audio, trimmed
from training.errors import TrainingError

Recorded = tuple[tuple[str, str], ...]
"""Files of recorded notes, each with its description."""

FEWEST_KEYS = 6
FEWEST_HITS = 8
MOST_FILES = 150
GRANDORGUE = Package("debian", "grandorgue-demo", "GPL-2+ or CC BY-SA 2.5 (samples)")
HYDROGEN = (
    Package("debian", "hydrogen-drumkits", "GPL-2+, CC BY 3.0, CC BY-SA 3.0 or CC0 by kit"),
    Package("debian", "hydrogen-data", "GPL-2+"),
)
AVL_KITS = frozenset({"The Black Pearl 1.0"})  # the same recordings as in a soundfont
NO_DRUM_KITS = frozenset({"Gimme A Hand 1.0", "circAfrique v4", "rumpf_kit_z01_h2"})
"""Hand percussion, which is no drum kit, and slices of loops whose names do not say what is struck."""


def pitched_jobs(entries: Sequence[Entry], pool: Pool, minutes: Mapping[str, float]) -> Iterator[Job]:
    """Yield phrases for every group of recorded notes in which enough file names tell their key.

    Args:
        entries: all recordings.
        pool: parts to play.
        minutes: of each label, shared by the groups that have it.
    """
    usable = _with_keys(entries)
    for (label, source, group), members in sorted(usable.items()):
        share = minutes.get(label, 0.0) / sum(key[0] == label for key in usable)
        for number in range(max(1, round(share * 60 / TAKE_SECONDS))):
            name = f"sampled/{source}/{group}/{label.replace(' ', '_')}_{number:02d}"
            yield Job(name, partial(_phrases, tuple(sorted(entry["file"] for entry in members)), members, pool))


def recorded_instruments(entries: Sequence[Entry]) -> dict[str, list[Recorded]]:
    """Return by label the groups of recorded notes that phrases can be played with."""
    found: dict[str, list[Recorded]] = {}
    for (label, _, _), members in sorted(_with_keys(entries).items()):
        details = {member["file"]: member["detail"] for member in members}
        found.setdefault(label, []).append(tuple(sorted(details.items())))
    return found


def played(recorded: Recorded, notes: Sequence[Note], rng: np.random.Generator) -> Samples:
    """Return notes played by an instrument of recorded ones, float32, shape (n,)."""
    instrument = _instrument(recorded)
    return sampler.play(_playable(notes, instrument), instrument, rng)


def pipe_organ_jobs(folder: Path, pool: Pool, minutes: float) -> Iterator[Job]:
    """Yield phrases for the stops of GrandOrgue's demo organ, which are unpacked beside the package.

    Raises:
        TrainingError: the package holds no organ.
    """
    archive = next(iter(sorted(folder.rglob("*.orgue"))), None)
    if archive is None:
        raise TrainingError(f"There is no organ in {folder}; delete that folder and run again.")
    pipes = folder / "pipes"
    if not pipes.is_dir():
        with zipfile.ZipFile(archive) as organ:
            organ.extractall(pipes, [name for name in organ.namelist() if name.endswith(".wav")])
    stops = sorted({path.parent for path in pipes.glob("*8/*.wav")} | {path.parent for path in pipes.glob("*2/*.wav")})
    for number in range(round(minutes * 60 / TAKE_SECONDS)):
        yield Job(f"sampled/grandorgue/{number:02d}", partial(_pipes, stops, pool))


def tonewheel_jobs(pool: Pool, minutes: float) -> Iterator[Job]:
    """Yield phrases of a drawbar organ."""
    for number in range(round(minutes * 60 / TAKE_SECONDS)):
        yield Job(f"synthesised/tonewheel/{number:02d}", partial(_tonewheel, pool))


def drum_jobs(
    folders: Sequence[Path], entries: Sequence[Entry], minutes: float, warn: Callable[[str], None]
) -> Iterator[Job]:
    """Yield loops for every drum kit in Hydrogen's packages and among the recordings."""
    kits: dict[tuple[str, str], list[tuple[Path, str]]] = {}
    for folder in folders:
        for kit in sorted(path.parent for path in folder.rglob("drumkit.xml")):
            if kit.name in NO_DRUM_KITS:
                continue
            hits = sorted(path for path in kit.iterdir() if path.suffix.lower() in {".wav", ".flac", ".aiff", ".ogg"})
            source = "avldrums" if kit.name in AVL_KITS else f"drumkit_{kit.name.lower().replace(' ', '_')}"
            kits[source, HYDROGEN[0].licence] = [(path, path.stem) for path in hits]
    for entry in entries:
        if entry["label"] == DRUMS and entry["detail"] and entry["source"] not in INDEPENDENT_GROUPS:
            key = (entry["source"], entry["licence"])
            kits.setdefault(key, []).append((Path(entry["file"]), entry["detail"]))
    usable = {key: files for key, files in kits.items() if len(files) >= FEWEST_HITS}
    count = max(1, round(minutes * 60 / TAKE_SECONDS / max(1, len(usable))))
    for (source, licence), files in sorted(usable.items()):
        for number in range(count):
            name = f"sampled/{source}/loops_{number:02d}"
            yield Job(name, partial(_loops, source, licence, tuple(files), warn))


def _with_keys(entries: Sequence[Entry]) -> dict[tuple[str, str, str], list[Entry]]:
    """Return the groups of entries, by label, source and group, in which enough names tell their key."""
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        if entry["label"] and entry["label"] != DRUMS and sampler.key_of(_described(entry)) is not None:
            groups.setdefault((entry["label"], entry["source"], entry["group"]), []).append(entry)
    return {key: members for key, members in groups.items() if _keys(members) >= FEWEST_KEYS}


def _described(entry: Entry) -> str:
    return f"{Path(entry['path']).stem} {entry['detail']}"


def _keys(members: Sequence[Entry]) -> int:
    return len({sampler.key_of(_described(member)) for member in members})


@lru_cache(maxsize=8)  # all phrases of an instrument follow each other; ensembles take any
def _instrument(files: Recorded) -> dict[int, list[Samples]]:
    sounds, described = {}, {}
    for name, detail in files[:MOST_FILES]:
        path = Path(name)
        samples = trimmed(read_audio(path, 10.0))
        if len(samples):
            sounds[path] = samples / np.abs(samples).max()
            described[path] = detail
    return sampler.from_files(sounds, described)


def _phrases(files: tuple[str, ...], members: Sequence[Entry], pool: Pool, rng: np.random.Generator) -> Take | None:
    details = {member["file"]: member["detail"] for member in members}
    instrument = _instrument(tuple((name, details[name]) for name in files))
    first = members[0]
    label = first["label"]
    phrases = _composed(label, pool, rng)
    notes = _playable([note for phrase in phrases for note in phrase.notes], instrument)
    samples = sampler.play(notes, instrument, rng)
    if label == ELECTRIC_GUITAR and rng.random() < AMPLIFIED_SHARE:
        samples = amplified(samples, rng)
    heard = sampler.sounding(notes, instrument)
    return _take(samples, label, first["source"], first["group"], first["licence"], heard)


def _pipes(stops: Sequence[Path], pool: Pool, rng: np.random.Generator) -> Take | None:
    phrases = _composed(ORGAN, pool, rng)
    notes = [note for phrase in phrases for note in phrase.notes]
    drawn = rng.choice(len(stops), int(rng.integers(1, 4)), replace=False)
    sound = np.zeros(0, dtype=np.float32)
    for at in sorted(drawn):
        stop = _stop(stops[int(at)])
        played = sampler.play(notes, stop, rng) * np.float32(rng.uniform(0.4, 1))
        longer = np.zeros(max(len(sound), len(played)), dtype=np.float32)
        longer[: len(sound)] += sound
        longer[: len(played)] += played
        sound = longer
    return _take(sound, ORGAN, "grandorgue", "grandorgue", GRANDORGUE.licence, spans(notes))


@lru_cache(maxsize=8)
def _stop(folder: Path) -> dict[int, list[Samples]]:
    pipes = {}
    for path in sorted(folder.glob("*.wav")):
        pipes[int(path.name[:3])] = [read_audio(path, 8.0)]
    return pipes


def _tonewheel(pool: Pool, rng: np.random.Generator) -> Take | None:
    notes = [note for phrase in _composed(ORGAN, pool, rng) for note in phrase.notes]
    return _take(tonewheel.organ(notes, rng), ORGAN, "tonewheel", "tonewheel", "synthesised, CC0 1.0", spans(notes))


def _loops(
    source: str,
    licence: str,
    files: Sequence[tuple[Path, str]],
    warn: Callable[[str], None],
    rng: np.random.Generator,
) -> Take | None:
    kit = _kit(tuple(files), warn)
    sound: list[Samples] = []
    heard: list[Span] = []
    now = 0.0
    while now < TAKE_SECONDS:
        hits = grooves.groove(int(rng.integers(4, 9)), float(rng.uniform(70, 170)), rng)
        hits = [hit for hit in hits if kit.get(hit[1])]
        if not hits:
            return None
        loop = grooves.strike(hits, kit, rng)
        heard.append((now + hits[0][0], now + hits[-1][0] + 0.2))
        sound.append(loop)
        now += len(loop) / SAMPLE_RATE
    return _take(np.concatenate(sound), DRUMS, source, source, licence, heard)


@lru_cache(maxsize=2)
def _kit(files: tuple[tuple[Path, str], ...], warn: Callable[[str], None]) -> dict[grooves.Role, list[Samples]]:
    kit: dict[grooves.Role, list[Samples]] = {}
    for path, name in files:
        try:
            samples = trimmed(read_audio(path, 4.0))
        except AudioError as error:
            warn(str(error))
            continue
        if len(samples):
            kit.setdefault(grooves.role_of(name), []).append(samples / np.abs(samples).max())
    return kit


def _composed(label: str, pool: Pool, rng: np.random.Generator) -> list[Phrase]:
    phrases: list[Phrase] = []
    length = 0.0
    while length < TAKE_SECONDS:
        program = int(rng.choice(PROGRAMS[label]))
        phrase = compose(label, program, KINDS[label][int(rng.integers(len(KINDS[label])))], pool, rng)
        if phrase is not None:
            phrases.append(phrase)
            length += max(note.end for note in phrase.notes) + 1.2
    return placed(phrases, rng)


def _playable(notes: Sequence[Note], instrument: sampler.Instrument) -> list[Note]:
    """Return notes within an octave of what was recorded, so that a bass clarinet is not asked for a piccolo's part."""
    lowest, highest = min(instrument), max(instrument)
    moved = []
    for note in notes:
        key = note.key
        while key > highest + sampler.FARTHEST:
            key -= 12
        while key < lowest - sampler.FARTHEST:
            key += 12
        moved.append(Note(note.start, note.length, key, note.velocity))
    return moved


def _take(samples: Samples, label: str, source: str, group: str, licence: str, heard: Sequence[Span]) -> Take | None:
    if not np.any(np.abs(samples) > 1e-4):
        return None
    return Take(samples=samples, labels=(label,), source=source, group=group, licence=licence, spans=tuple(heard))
