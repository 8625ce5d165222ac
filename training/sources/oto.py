"""Voice banks of UTAU: recordings of sung syllables that an oto.ini cuts into units."""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from training.collection import Collection, Item, Segment
from training.errors import TrainingError
from training.sources.text import read_lines, read_number
from training.sources.tree import files_below, folder_name, is_sound

OTO = "oto.ini"
BANK_MARK = "character.txt"
"""The file that UTAU expects in the top folder of a voice bank."""
ROMAJI_CV = re.compile(r"([bghkmnprstdz]y|sh|ch|ts|dz|[bdfghjklmnprstvwyz])([aiueo])")


@dataclass(frozen=True, slots=True)
class Unit:
    """One line of an oto.ini: times in seconds from the beginning of the file, ``onset`` where the vowel begins."""

    start: float
    onset: float
    end: float
    alias: str
    line: int


def read_oto(root: Path) -> Collection:
    """Read the voice banks in a folder, for the task ``frame``: an item for each recording that an oto.ini names.

    A line ``wav=alias,offset,consonant,cutoff,preutterance,overlap``, in milliseconds, is a unit from ``offset`` to
    ``cutoff``, which counts back from the end of the file, or from ``offset`` on where it is negative. An alias that
    is one romaji consonant and one vowel, such as ``ka`` or ``shi``, gives two segments that meet at the
    preutterance, ``k`` and ``a``. Every other unit (kana, vowel to consonant, with a pitch in its name, without a
    preutterance inside it) is one segment with the alias as its label; nothing is guessed. An empty alias is the
    recording's name.

    A unit ends at the latest where the next one begins. Two lines of which one shares more than three quarters of its
    time with the other name the same stretch twice; the one that begins later is left out. What lies between units
    counts as silence, as everywhere.

    The group is the voice bank: the folder that holds a character.txt, else the first folder below ``root``, else
    ``root`` itself. A file is read as UTF-8 or UTF-16, else as Shift-JIS, which UTAU writes.

    Raises:
        TrainingError: ``root`` is no folder, or holds no oto.ini with a line that can be used.
    """
    files, problems = files_below(root)
    items: list[Item] = []
    for oto in (path for path in files if path.name.lower() == OTO):
        units, said = _units(oto)
        problems += said
        group = _bank(oto.parent, root)
        for wav in sorted(units):
            segments, said = _segments(units[wav], oto)
            problems += said
            items.append(Item(wav, group=group, segments=segments))
        problems += [
            f"{path} was left out: {oto.name} does not name it."
            for path in files
            if path.parent == oto.parent and is_sound(path) and path not in units
        ]
    if not items:
        reason = f"; the first reason: {problems[0]}" if problems else "."
        raise TrainingError(f"{root} holds no {OTO} with a line that can be used{reason}")
    labels = sorted({segment.label for item in items for segment in item.segments})
    return Collection(tuple(labels), "frame", tuple(items), tuple(problems))


def _units(oto: Path) -> tuple[dict[Path, list[Unit]], list[str]]:
    """Return the units of each recording and a sentence for each line that was left out."""
    units: dict[Path, list[Unit]] = defaultdict(list)
    durations: dict[Path, float | None] = {}
    try:
        lines = read_lines(oto, fallback="cp932")
    except TrainingError as error:
        return {}, [f"{oto} was left out: {error}"]
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        name, sign, values = line.partition("=")
        if not sign:
            if line.strip():
                problems.append(f'{oto}, line {number}, was left out: "{line.strip()}" has no equals sign.')
            continue
        wav = oto.parent / name.strip()
        try:
            units[wav].append(_unit(wav, values, number, durations))
        except (ValueError, OSError, AudioError) as error:
            problems.append(f"{oto}, line {number}, was left out: {str(error).rstrip('.')}.")
    return {wav: found for wav, found in units.items() if found}, problems


def _unit(wav: Path, values: str, line: int, durations: dict[Path, float | None]) -> Unit:
    """Return the unit that a line's values describe; a file's duration is looked up once and only where it counts.

    Raises:
        ValueError: the file does not exist, a value is no number, or the unit has no duration.
        AudioError: the duration is needed and the file cannot be opened.
    """
    if not wav.is_file():
        raise ValueError(f'there is no file "{wav.name}"')
    alias, *numbers = (value.strip() for value in values.split(","))
    offset, _, cutoff, preutterance, _ = (_seconds(text) for text in [*numbers, "", "", "", "", ""][:5])
    if cutoff < 0:
        end = offset - cutoff
    else:
        if wav not in durations:
            durations[wav] = AudioFile(wav).duration
        duration = durations[wav]
        if duration is None:
            raise ValueError(f"it counts from the end of {wav.name}, which does not say how long it is")
        end = duration - cutoff
    if not 0 <= offset < end:
        raise ValueError(f"its unit from {offset:g} to {end:g} s has no duration")
    return Unit(offset, offset + preutterance, end, alias or wav.stem, line)


def _seconds(text: str) -> float:
    try:
        return read_number(text or "0") / 1000
    except ValueError:
        raise ValueError(f'"{text}" is not a number of milliseconds') from None


def _segments(units: list[Unit], oto: Path) -> tuple[tuple[Segment, ...], list[str]]:
    """Return a recording's segments, which do not overlap, and a sentence for each unit that was left out."""
    kept: list[Unit] = []
    problems: list[str] = []
    for unit in sorted(units, key=lambda unit: (unit.start, unit.line)):
        before = kept[-1] if kept else None
        if before is not None:
            shared = min(before.end, unit.end) - unit.start
            if shared > 0.75 * min(before.end - before.start, unit.end - unit.start):
                problems.append(
                    f'{oto}, line {unit.line}, was left out: "{unit.alias}" is the stretch of "{before.alias}" again.'
                )
                continue
        kept.append(unit)
    segments: list[Segment] = []
    for index, unit in enumerate(kept):
        end = min(unit.end, kept[index + 1].start) if index + 1 < len(kept) else unit.end
        romaji = ROMAJI_CV.fullmatch(unit.alias)
        if romaji and unit.start < unit.onset < end:
            segments.append(Segment(unit.start, unit.onset, romaji[1]))
            segments.append(Segment(unit.onset, end, romaji[2]))
        else:
            segments.append(Segment(unit.start, end, unit.alias))
    return tuple(segments), problems


def _bank(folder: Path, root: Path) -> str:
    """Return the name of the voice bank that a folder belongs to."""
    candidates = [folder, *(parent for parent in folder.parents if parent.is_relative_to(root))]
    for candidate in candidates:
        if (candidate / BANK_MARK).is_file():
            return folder_name(candidate, root) or root.resolve().name
    return folder_name(folder, root).split("/", 1)[0] or root.resolve().name
