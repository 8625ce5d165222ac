"""Copies of labelled recordings under conditions that a musician's recordings have, to measure how robust a model is.

    python -m training.corpora.conditions test.csv --output conditions --negatives
    timbrescope evaluate my-model conditions/quiet.csv

For each condition there are a folder of copies and a table with the labels, times, groups and parts of the original:
``quiet`` is 12 dB quieter; ``mp3`` is an MP3 of 64 kbit/s; ``room`` is played in a small room; ``noise`` has pink noise
20 dB below the recording. ``negatives`` are sounds in which no instrument plays, to count false alarms in.

A copy's name tells its original's content and the seed, so that a run makes what is missing and nothing twice.
"""

import argparse
import csv
import io
import itertools
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import av
import numpy as np
import scipy.signal
import soundfile
from numpy.typing import NDArray
from tqdm import tqdm

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError, TimbrescopeError
from timbrescope.core.files import replaced_when_done
from training.corpora.negatives import KINDS, SLOPES, coloured
from training.corpora.small_room import impulse_response
from training.corpora.takes import QUIET, SAMPLE_RATE
from training.errors import TrainingError
from training.sources.table import COLUMNS, read_rows

QUIETER_DECIBEL = 12.0
NOISE_BELOW_DECIBEL = 20.0
MP3_BITS_PER_SECOND = 64_000
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
NEGATIVE_TAKES = 3  # of each kind
NEGATIVE_SECONDS = 6.0
NEGATIVE_DECIBEL = (-40.0, -3.0)  # of the peak

Sound = NDArray[np.float64]
Change = Callable[[Sound, int, np.random.Generator], Sound]
"""Takes mono samples, shape (n,), their rate in Hz and a random generator; returns as many samples."""


def quiet(sound: Sound, _rate: int, _rng: np.random.Generator) -> Sound:
    """Return the sound 12 dB quieter."""
    return sound * 10 ** (-QUIETER_DECIBEL / 20)


def unchanged(sound: Sound, _rate: int, _rng: np.random.Generator) -> Sound:
    """Return the sound, which the format of its copy changes."""
    return sound


def room(sound: Sound, rate: int, rng: np.random.Generator) -> Sound:
    """Return the sound as a microphone in a small room hears it, at the same level and not later."""
    heard = scipy.signal.oaconvolve(sound, impulse_response(rate, rng))[: len(sound)]
    return np.asarray(heard * (_level(sound) / max(_level(heard), 1e-12)))


def noise(sound: Sound, _rate: int, rng: np.random.Generator) -> Sound:
    """Return the sound with pink noise 20 dB below the level of the whole."""
    pink = coloured(len(sound), SLOPES["pink"], rng)
    return sound + pink * (_level(sound) / _level(pink) * 10 ** (-NOISE_BELOW_DECIBEL / 20))


CONDITIONS: Mapping[str, Change] = {"quiet": quiet, "mp3": unchanged, "room": room, "noise": noise}


def copy_table(table: Path, output: Path, seed: int, warn: Callable[[str], None]) -> None:
    """Write ``output``/NAME.csv and the recordings in it for each of ``CONDITIONS``.

    Args:
        table: as ``training.sources.table`` reads it; all recordings in it are copied.
        output: the folder.
        seed: of the noise and the room's tail.
        warn: told of each recording that is left out.

    Raises:
        TrainingError: the table or all its recordings cannot be read.
        OSError: the disk is full or may not be written.
    """
    rows = [cells for _, cells in read_rows(table)]
    names: dict[str, str] = {}  # of the copies, without folder and suffix, by what the table calls the recording
    for place in tqdm(dict.fromkeys(cells["path"] for cells in rows), desc="recordings", unit="file", disable=None):
        try:
            names[place] = _copy(table.parent / place, output, seed)
        except AudioError as error:
            warn(str(error))
    if not names:
        raise TrainingError(f"No recording of {table} can be read; check the paths in it.")
    for condition in CONDITIONS:
        copies = [
            {
                **cells,
                "path": f"{condition}/{names[cells['path']]}{_suffix(condition)}",
                "group": cells["group"] or Path(cells["path"]).as_posix(),  # what the original is read to be in
            }
            for cells in rows
            if cells["path"] in names
        ]
        _write_table(output / f"{condition}.csv", copies)


def make_negatives(output: Path, seed: int) -> None:
    """Write ``output``/negatives.csv and its sounds: all kinds at random levels, silence and room tone as they are.

    Raises:
        OSError: the disk is full or may not be written.
    """
    rows = []
    takes = list(itertools.product(KINDS, range(NEGATIVE_TAKES)))
    for kind, number in tqdm(takes, desc="negatives", unit="take", disable=None):
        path = output / "negatives" / f"{kind}_{number}-{seed}.flac"
        if not path.is_file():
            # The name differs from those of the corpus's takes, and so does what is drawn.
            rng = np.random.default_rng([seed, zlib.crc32(f"conditions/{kind}_{number}".encode())])
            sound = KINDS[kind](round(NEGATIVE_SECONDS * SAMPLE_RATE), rng=rng)  # type: ignore[call-arg]  # all take it
            peak = float(np.abs(sound).max())
            if peak >= QUIET:
                sound = sound / peak * 10 ** (rng.uniform(*NEGATIVE_DECIBEL) / 20)
            _write_flac(path, sound, SAMPLE_RATE)
        rows.append({"path": f"negatives/{path.name}", "labels": "", "group": f"synthesised_{kind}"})
    _write_table(output / "negatives.csv", rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the copies."""
    parser = argparse.ArgumentParser(
        prog="python -m training.corpora.conditions",
        description="Copy labelled recordings under conditions that a musician's recordings have.",
    )
    parser.add_argument("table", nargs="?", metavar="TABLE", type=Path, help="table of labelled recordings")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the copies")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all random choices; default: %(default)s")
    parser.add_argument("--negatives", action="store_true", help="make sounds in which no instrument plays as well")
    options = parser.parse_args(arguments)
    if options.table is None and not options.negatives:
        parser.error("give a TABLE, --negatives or both")
    try:
        for name in (*CONDITIONS, "negatives"):
            (options.output / name).mkdir(parents=True, exist_ok=True)
        if options.table is not None:
            copy_table(options.table, options.output, options.seed, lambda text: tqdm.write(text, file=sys.stderr))
        if options.negatives:
            make_negatives(options.output, options.seed)
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    except OSError as error:
        parser.exit(1, f"{options.output} cannot be written ({error}); choose another folder or make room.\n")


def _copy(path: Path, output: Path, seed: int) -> str:
    """Make what is missing of a recording's copies and return their name.

    Raises:
        AudioError: the recording cannot be read.
    """
    try:
        content = zlib.crc32(path.read_bytes())
    except (OSError, ValueError) as error:
        raise AudioError(f"{path} cannot be read ({error}); check its name and rights.") from error
    name = f"{path.stem}-{content:08x}-{seed}"
    copies = {condition: output / condition / f"{name}{_suffix(condition)}" for condition in CONDITIONS}
    missing = {condition: copy for condition, copy in copies.items() if not copy.is_file()}
    if not missing:
        return name
    file = AudioFile(path)
    mp3_rate = next((rate for rate in MP3_RATES if rate >= file.sample_rate), MP3_RATES[-1])
    blocks = [block.samples for block in file.blocks({file.sample_rate, mp3_rate})]
    sounds = {rate: np.concatenate([block[rate] for block in blocks]).astype(np.float64) for rate in blocks[0]}
    if not all(map(len, sounds.values())):
        raise AudioError(f"{path} holds no sound; record or copy it again.")
    for condition, copy in missing.items():
        rate = mp3_rate if condition == "mp3" else file.sample_rate
        changed = CONDITIONS[condition](sounds[rate], rate, np.random.default_rng([seed, content]))
        (_write_mp3 if condition == "mp3" else _write_flac)(copy, changed, rate)
    return name


def _suffix(condition: str) -> str:
    return ".mp3" if condition == "mp3" else ".flac"


def _level(sound: Sound) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(sound**2)))


def _unclipped(sound: Sound) -> Sound:
    """Return the sound with its peak at full scale where it would lie beyond."""
    return sound / max(1.0, float(np.abs(sound).max()))


def _write_flac(path: Path, sound: Sound, rate: int) -> None:
    encoded = io.BytesIO()
    soundfile.write(encoded, _unclipped(sound), rate, format="FLAC", subtype="PCM_24")
    _write(path, encoded.getvalue())


def _write_mp3(path: Path, sound: Sound, rate: int) -> None:
    encoded = io.BytesIO()
    with av.open(encoded, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono", bit_rate=MP3_BITS_PER_SECOND)
        samples = _unclipped(sound).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = rate
        container.mux([*stream.encode(frame), *stream.encode(None)])
    _write(path, encoded.getvalue())


def _write_table(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write(path, text.getvalue().encode())


def _write(path: Path, content: bytes) -> None:
    with replaced_when_done(path) as file:
        file.write(content)


if __name__ == "__main__":
    main()
