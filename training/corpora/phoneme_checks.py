"""What models of phonemes are judged by besides the corpus: aligned recordings of people, and music without singing.

    python -m training.corpora.phoneme_checks --aligned labels.csv --output aligned
    python -m training.corpora.phoneme_checks --music FOLDER FOLDER --output music

``--aligned`` is a table with the columns path, labels and phone_set: the recording, a file of its phonemes that
``training.sources.annotations`` reads, and the set that they are from. Copies come out whose labels are classes of the
broad set. From every recording in the folders after ``--music`` comes an excerpt that is silence as far as phonemes go.
"""

import argparse
import csv
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from tqdm import tqdm

from timbrescope.audio.file import AudioFile
from timbrescope.core import phonemes
from timbrescope.core.errors import AudioError, LabelError, TimbrescopeError
from timbrescope.core.files import replaced_when_done
from training.collection import Segment
from training.corpora.phoneme_tables import labels_text
from training.corpora.utterances import SAMPLE_RATE, Samples, Utterance, utterance
from training.errors import TrainingError
from training.sources.annotations import read_segments
from training.sources.tree import files_below, is_sound

PHONE_SETS: Final = {"HTS-ja": "japanese", "CMU ARPABET": "arpabet", "ARPABET": "arpabet", "IPA-like": phonemes.IPA}
"""What tables call the sets; a name that is one of ours is taken as it is."""
EXCERPT_SECONDS = 20.0
EXCERPT_FROM = 0.3  # of a piece, where it has begun in earnest


def mapped(sound: Path, labels: Path, phone_set: str) -> Utterance:
    """Return a recording with its phonemes in the broad set; what calls itself IPA may be ARPAbet in capitals.

    Raises:
        AudioError: the recording cannot be read.
        TrainingError: its labels cannot be read.
        LabelError: the set is unknown, or it has no such label.
    """
    segments = read_segments(labels)
    named = PHONE_SETS.get(phone_set, phone_set)
    letters = "".join(segment.label for segment in segments if segment.label != phonemes.SILENCE)
    if named == phonemes.IPA and letters.isascii() and letters == letters.upper():
        named = "arpabet"
    spoken = [Segment(s.start, s.end, s.label) for s in segments if s.label != phonemes.SILENCE]
    return utterance(_read(sound), spoken, named)


def write_aligned(table: Path, output: Path, warn: Callable[[str], None]) -> None:
    """Write copies of a table's recordings whose labels are classes of the broad set.

    Raises:
        TrainingError: the table cannot be read, or nothing in it can be used.
        OSError: the disk is full or may not be written.
    """
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        places = [(table.parent / row["path"], table.parent / row["labels"], row["phone_set"]) for row in rows]
    except (OSError, KeyError, ValueError) as error:
        raise TrainingError(f"{table} cannot be read ({error}); it needs path, labels and phone_set.") from error
    written = 0
    for sound, labels, phone_set in tqdm(places, unit="recording", disable=None):
        try:
            _write(output / sound.stem, mapped(sound, labels, phone_set))
            written += 1
        except (AudioError, TrainingError, LabelError) as error:
            warn(f"{sound} was left out: {error}")
    if not written:
        raise TrainingError(f"No recording of {table} can be used; see the messages above.")


def write_music(folders: Sequence[Path], output: Path, warn: Callable[[str], None]) -> None:
    """Write an excerpt of every recording in folders, below the name of its folder, in which nobody sings.

    Raises:
        TrainingError: a folder cannot be read.
        OSError: the disk is full or may not be written.
    """
    for folder in folders:
        for path in tqdm([path for path in files_below(folder)[0] if is_sound(path)], unit="recording", disable=None):
            try:
                samples = _read(path)
            except AudioError as error:
                warn(str(error))
                continue
            start = int(EXCERPT_FROM * len(samples))
            excerpt = samples[start : start + round(EXCERPT_SECONDS * SAMPLE_RATE)]
            if len(excerpt) < SAMPLE_RATE:
                continue
            nobody = (Segment(0.0, len(excerpt) / SAMPLE_RATE, phonemes.SILENCE),)
            _write(output / folder.name / path.stem, Utterance(excerpt, nobody))


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the recordings to judge by."""
    parser = argparse.ArgumentParser(
        prog="python -m training.corpora.phoneme_checks",
        description="Make recordings to judge models of phonemes by.",
    )
    parser.add_argument("--aligned", type=Path, metavar="TABLE", help="recordings with phonemes of any known set")
    parser.add_argument("--music", type=Path, nargs="+", default=[], metavar="DIR", help="music without singing")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the recordings")
    options = parser.parse_args(arguments)
    if options.aligned is None and not options.music:
        parser.error("give --aligned, --music or both")
    try:
        if options.aligned is not None:
            write_aligned(options.aligned, options.output, lambda text: tqdm.write(text, file=sys.stderr))
        write_music(options.music, options.output, lambda text: tqdm.write(text, file=sys.stderr))
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    except OSError as error:
        parser.exit(1, f"{options.output} cannot be written ({error}); choose another folder or make room.\n")


def _read(path: Path) -> Samples:
    blocks = [block.samples[SAMPLE_RATE] for block in AudioFile(path).blocks([SAMPLE_RATE])]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _write(path: Path, heard: Utterance) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = io.BytesIO()
    soundfile.write(sound, np.clip(heard.samples, -1, 1), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    for suffix, content in (".flac", sound.getvalue()), (".tsv", labels_text(heard.segments).encode()):
        with replaced_when_done(path.parent / f"{path.name}{suffix}") as file:
            file.write(content)


if __name__ == "__main__":
    main()
