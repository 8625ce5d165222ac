"""The corpus of sung phonemes: speech and singing with exact times, most of it sung by WORLD, half of it over music.

    python -m training.corpora.phonemes --output phonemes --singers banks --music corpus.csv --hours 4

Under ``train``, ``validation`` and ``test`` there is a folder for each voice, with recordings (FLAC, 16 kHz, mono) and
beside each a TSV of its phonemes from beginning to end: ``timbrescope train`` takes such a folder. Voices, and the
recordings that accompany them, are in one part each. ``phonemes.csv`` lists all recordings and ``manifest.json`` where
they come from. A run makes what is missing and adds it; the tables grow meanwhile, so that training can begin.
With ``--voices``, recordings of those are added to a corpus, whatever else is in it.
"""

import argparse
import importlib.metadata
import io
import json
import multiprocessing
import queue
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import soundfile
from tqdm import tqdm

from timbrescope.core import phonemes
from timbrescope.core.errors import TimbrescopeError
from training.collection import Segment, Split
from training.corpora import melodies
from training.corpora.aligned import aligner_digest
from training.corpora.backings import Backing, backings, excerpt
from training.corpora.packages import read_manifest
from training.corpora.phoneme_tables import Row, labels_text, made_so_far, write_tables, write_whole
from training.corpora.phoneme_voices import Voice, packages, voices
from training.corpora.scenes import Scene, joined, scene
from training.corpora.sung_phrases import PHRASE_RMS, breath, levelled, mouth, sung
from training.corpora.utterances import SAMPLE_RATE, Utterance
from training.errors import TrainingError

Kind = Literal["sung", "spoken", "as_is", "instrumental"]
SHARES: Mapping[Split, float] = {"train": 0.8, "validation": 0.09, "test": 0.11}
INSTRUMENTAL = "instrumental"
PROGRAMS = ("espeakng-loader", "onnxruntime", "pocketsphinx", "pyworld")
INSTRUMENTAL_SHARE, SPOKEN_SHARE, AS_IS_SHARE, MUSIC_SHARE = 0.22, 0.27, 0.65, 0.5
"""Of all recordings; of those of voices that speak; of those of singers; of those with a voice."""
AVERAGE_SECONDS = 12.5
SECONDS = (7.0, 18.0)
TRIES = 12
_END: Final = 0  # a process has done its share
_PATIENCE_SECONDS = 20.0  # between two looks at whether all processes live
WRITTEN_EVERY = 25  # recordings


@dataclass(frozen=True, slots=True)
class Plan:
    """A recording to be made: its name without ending, below the corpus's folder, its split, voice and kind."""

    name: str
    split: Split
    voice: int | None
    kind: Kind


def plans(cast: Sequence[Voice], hours: float, seed: int, *, music: bool) -> Iterator[Plan]:
    """Yield the recordings to make, splits and voices mixed; more hours only add to the end.

    Args:
        cast: the voices.
        hours: of all splits together.
        seed: of what is left to chance.
        music: whether some recordings consist of music alone.
    """
    rng = np.random.default_rng([seed, 1])
    counts: dict[str, int] = {}
    splits = [split for split in SHARES if music or any(voice.split == split for voice in cast)]
    shares = np.array([SHARES[split] for split in splits])
    for _ in range(round(hours * 3600 / AVERAGE_SECONDS)):
        split = splits[int(rng.choice(len(splits), p=shares / shares.sum()))]
        who = [at for at, voice in enumerate(cast) if voice.split == split]
        if (music and rng.random() < INSTRUMENTAL_SHARE) or not who:
            folder, at, kind = INSTRUMENTAL, None, INSTRUMENTAL
        else:
            weights = np.array([cast[at].weight for at in who])
            at = who[int(rng.choice(len(who), p=weights / weights.sum()))]
            folder = cast[at].name
            kind = _kind(cast[at], rng)
        key = f"{split}/{folder}"
        counts[key] = counts.get(key, 0) + 1
        yield Plan(f"{key}/{counts[key]:04d}", split, at, kind)  # type: ignore[arg-type]  # one of Kind


def make(
    plan: Plan,
    cast: Sequence[Voice],
    music: Mapping[Split, Sequence[Backing]],
    output: Path,
    seed: int,
    warn: Callable[[str], None],
) -> Row | None:
    """Make a recording unless it is there, and return its line of the table; None if the voice gave nothing.

    Raises:
        OSError: the disk is full or may not be written.
    """
    noted = output / "rows" / f"{plan.name.replace('/', '-')}.json"
    if noted.is_file():
        return Row(**json.loads(noted.read_text(encoding="utf-8")))
    rng = np.random.default_rng([seed, zlib.crc32(plan.name.encode())])
    voice = None if plan.voice is None else cast[plan.voice]
    made = _instrumental(music[plan.split], rng, warn) if voice is None else _performed(plan, voice, music, rng, warn)
    if made is None:
        return None
    (output / plan.name).parent.mkdir(parents=True, exist_ok=True)
    row = Row(
        path=f"{plan.name}.flac",
        labels_path=f"{plan.name}.tsv",
        seconds=round(made.heard.seconds, 3),
        split=plan.split,
        voice=INSTRUMENTAL if voice is None else voice.name,
        language="" if voice is None else voice.language,
        source="music" if voice is None else voice.source,
        kind=plan.kind,
        accompaniment=int(voice is None or made.snr_decibel is not None),
        snr_db="" if made.snr_decibel is None else f"{made.snr_decibel:.1f}",
        room=int(made.room),
        codec=made.codec,
        licence="as the music's" if voice is None else voice.licence,
    )
    sound = io.BytesIO()
    soundfile.write(sound, np.clip(made.heard.samples, -1, 1), SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    write_whole(output / row.path, sound.getvalue())
    write_whole(output / row.labels_path, labels_text(made.heard.segments).encode())
    write_whole(noted, json.dumps(asdict(row)).encode())
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the corpus."""
    parser = argparse.ArgumentParser(
        prog="python -m training.corpora.phonemes", description="Make the corpus of sung phonemes."
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the corpus")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="folder of fetched packages; default: in the output")
    parser.add_argument("--singers", type=Path, metavar="DIR", help="voice banks with a boundaries.tsv each")
    parser.add_argument("--music", type=Path, metavar="TABLE", help="table of labelled music to sing over")
    parser.add_argument("--voices", nargs="+", metavar="NAME", help="add recordings of these alone; default: all")
    parser.add_argument("--hours", type=float, default=4.0, metavar="H", help="of sound; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all random choices; default: %(default)s")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes; default: %(default)s")
    options = parser.parse_args(arguments)
    output: Path = options.output
    cache: Path = options.cache or output / "packages"
    try:
        (output / "rows").mkdir(parents=True, exist_ok=True)
        cast = _chosen(voices(cache, options.singers, _warn), options.voices)
        music: Mapping[Split, Sequence[Backing]] = (
            backings(options.music) if options.music else dict.fromkeys(SHARES, ())
        )
        alone = options.music is not None and options.voices is None
        todo = list(plans(cast, options.hours, options.seed, music=alone))
        write_whole(output / "manifest.json", _manifest(output, cache, options).encode())
        work = partial(make, cast=cast, music=music, output=output, seed=options.seed, warn=_warn)
        made = tqdm(_side_by_side(work, todo, options.workers), total=len(todo), unit="take")
        for number, _ in enumerate(made, 1):
            if number % WRITTEN_EVERY == 0:
                write_tables(output, made_so_far(output))
        write_tables(output, made_so_far(output))
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")
    except OSError as error:
        parser.exit(1, f"{output} cannot be written ({error}); choose another folder or make room.\n")


def _chosen(cast: Sequence[Voice], names: Sequence[str] | None) -> list[Voice]:
    """Return the voices of these names, all if there are none.

    Raises:
        TrainingError: there is no such voice.
    """
    known = {voice.name for voice in cast}
    if unknown := [name for name in names or () if name not in known]:
        raise TrainingError(f"There is no voice {unknown[0]}; those are {', '.join(sorted(known))}.")
    return [voice for voice in cast if names is None or voice.name in names]


def _manifest(output: Path, cache: Path, options: argparse.Namespace) -> str:
    """Return what the corpus is made of: the runs, packages with their sums, and versions of what made the sound."""
    used = {package.key for package in packages()}
    versions = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    run = {"seed": options.seed, "hours": options.hours, "voices": options.voices}
    try:
        runs = json.loads((output / "manifest.json").read_text(encoding="utf-8")).get("runs", [])
    except (OSError, ValueError):
        runs = []
    manifest = {
        "runs": [*runs, *([run] if run not in runs else [])],
        "packages": {key: record for key, record in read_manifest(cache).items() if key in used},
        "programs": {name: versions[name] for name in PROGRAMS if name in versions},
        "aligned_by": aligner_digest(),
    }
    return json.dumps(manifest, indent=2, sort_keys=True) + "\n"


def _side_by_side(work: Callable[[Plan], Row | None], todo: Sequence[Plan], workers: int) -> Iterator[Row | None]:
    """Yield what ``work`` returns for each plan, as it is done.

    Processes inherit the work when they are forked; a pool would send it to them, word lists and all, with every plan.

    Raises:
        OSError: the disk is full or may not be written.
        TrainingError: a process has died.
    """
    if workers <= 1:
        yield from map(work, todo)
        return
    context = multiprocessing.get_context("fork")
    done: Any = context.Queue()
    crew = [context.Process(target=_share, args=(work, todo[at::workers], done), daemon=True) for at in range(workers)]
    for process in crew:
        process.start()
    left = workers
    while left:
        try:
            row = done.get(timeout=_PATIENCE_SECONDS)
        except queue.Empty:
            if sum(process.is_alive() for process in crew) < left:
                raise TrainingError(
                    "A process that makes recordings has died; start again, and the rest is made."
                ) from None
            continue
        if isinstance(row, str):
            raise OSError(row)
        if row == _END:
            left -= 1
        else:
            yield row


def _share(work: Callable[[Plan], Row | None], todo: Sequence[Plan], done: Any) -> None:
    try:
        for plan in todo:
            done.put(work(plan))
    except OSError as error:
        done.put(str(error))
    done.put(_END)


def _kind(voice: Voice, rng: np.random.Generator) -> Kind:
    if voice.sings:
        return "as_is" if rng.random() < AS_IS_SHARE else "sung"
    return "spoken" if rng.random() < SPOKEN_SHARE else "sung"


def _performed(
    plan: Plan,
    voice: Voice,
    music: Mapping[Split, Sequence[Backing]],
    rng: np.random.Generator,
    warn: Callable[[str], None],
) -> Scene | None:
    """Return phrases of a voice until they last long enough, as they are heard."""
    wanted = rng.uniform(*SECONDS)
    way = melodies.style(rng)
    parts: list[Utterance] = []
    for _ in range(TRIES):
        try:
            said = voice.phrase(rng)
            part = (
                sung(said, way, rng)
                if plan.kind == "sung"
                else Utterance(levelled(said.samples, PHRASE_RMS), said.segments)
            )
        except TimbrescopeError as error:
            warn(f"{voice.name}: {error}")
            continue
        if part is not None and len(part.samples):
            parts.append(part)
        if sum(each.seconds for each in parts) + len(parts) * 0.5 > wanted:
            break
    if not parts:
        return None
    performed = joined(parts, partial(breath, mouth(parts[0]), rng), rng)
    with_music = music[plan.split] and rng.random() < MUSIC_SHARE
    return scene(performed, excerpt(music[plan.split], len(performed.samples), rng, warn) if with_music else None, rng)


def _instrumental(pool: Sequence[Backing], rng: np.random.Generator, warn: Callable[[str], None]) -> Scene | None:
    """Return music in which nobody sings."""
    if not pool:
        return None
    samples = round(rng.uniform(*SECONDS) * SAMPLE_RATE)
    nobody = Utterance(np.zeros(samples, np.float32), (Segment(0.0, samples / SAMPLE_RATE, phonemes.SILENCE),))
    return scene(nobody, excerpt(pool, samples, rng, warn), rng)


def _warn(text: str) -> None:
    tqdm.write(text, file=sys.stderr)


if __name__ == "__main__":
    main()
