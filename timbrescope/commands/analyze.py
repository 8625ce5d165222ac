"""timbrescope analyze: recognise recordings and write what was found as text, JSON, CSV or labels for Audacity."""

import argparse
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import numpy as np
from tqdm import tqdm

from timbrescope import __version__, paths
from timbrescope.audio.file import SUFFIXES, AudioFile
from timbrescope.commands.interruption import noticed_interruption
from timbrescope.commands.messages import complain
from timbrescope.commands.output import FORMATS, writer
from timbrescope.core import history
from timbrescope.core.analysis import Analysis, gather
from timbrescope.core.blocks import Block, Source
from timbrescope.core.errors import AudioError, ModelError, TimbrescopeError
from timbrescope.core.timeline import Chunk
from timbrescope.recognition.store import ModelStore
from timbrescope.settings import DEFAULT_MODELS, Settings

if TYPE_CHECKING:
    from timbrescope.recognition.recogniser import Recogniser

EXAMPLES = """\
examples:
  timbrescope analyze song.mp3 --changes
  timbrescope analyze song.flac --format json --summary
  timbrescope analyze Music/ --format csv --output tags.csv
  timbrescope analyze Music/ --format json --output analyses/
  timbrescope analyze song.mp3 --format audacity --output song.txt
  timbrescope analyze take.wav --models tags-mtt,tags-msd --hop 1
"""
_OK, _SOME_FAILED, _FAILED = 0, 1, 2

Given = TypeVar("Given")
Found = TypeVar("Found")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "analyze",
        aliases=["analyse"],
        help="recognise recordings: text, JSON, CSV or labels for Audacity",
        description="Recognise what is in recordings. Folders are searched with everything below them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="recording or folder of recordings")
    add_model_options(parser)
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="form of the result; default: text")
    parser.add_argument(
        "--output",
        metavar="FILE|DIR",
        help="write here instead of standard output; a folder gets one file per recording",
    )
    parser.add_argument("--summary", action="store_true", help="only the scores of the whole recording (JSON and CSV)")
    parser.add_argument("--changes", action="store_true", help="also what enters and leaves, and when (text and JSON)")
    parser.add_argument(
        "--events", action="store_true", help="also when each label enters and leaves; as CSV nothing else"
    )
    parser.add_argument(
        "--top", type=_positive_int, default=8, metavar="N", help="labels of each model as text; default: 8"
    )
    parser.add_argument(
        "--hop", type=_positive_float, metavar="SECONDS", help="time between scores; default: the model's own"
    )
    parser.set_defaults(run=run)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Declare what ``Analyst`` needs to know, but for ``--hop``."""
    parser.add_argument(
        "--models",
        metavar="A,B",
        help="models to use, by name ('timbrescope models list' shows them); "
        f"default: those of {','.join(DEFAULT_MODELS)} that are here",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute")


def _positive_int(text: str) -> int:
    if (value := int(text)) < 1:
        raise ValueError
    return value


def _positive_float(text: str) -> float:
    if not 0 < (value := float(text)) < float("inf"):
        raise ValueError
    return value


@dataclass(frozen=True, slots=True)
class Recording:
    """A file to analyse and where its result belongs below an output folder."""

    path: Path
    below: Path


def run(options: argparse.Namespace) -> int:
    """Analyse every recording; return the exit code.

    Returns:
        0 when all went well, 1 when some recordings could not be read or a default model is missing, 2 when no
        recording could be read.

    Raises:
        TimbrescopeError: nothing can be analysed at all (no such model, no such device).
    """
    recordings, problems = find_recordings(options.paths)
    for problem in problems:
        complain(str(problem))
    if not recordings:
        return _FAILED
    done = 0
    with noticed_interruption() as stop, writer(options, single=len(recordings) == 1 and not problems) as write:
        analyse = Analyst(options, stop)
        for number, recording in enumerate(recordings, start=1):
            stop()  # what cannot be read never asks
            prefix = f"{number}/{len(recordings)} " if len(recordings) > 1 else ""
            try:
                analysis, damage = analyse(recording.path, prefix)
            except AudioError as error:
                complain(str(error))
                continue
            write(recording.below, analysis)
            if damage is None:
                done += 1
            else:
                complain(str(damage))
    if done == len(recordings) and not problems and analyse.is_complete:
        return _OK
    return _SOME_FAILED if done else _FAILED


def find_recordings(given: Iterable[Path]) -> tuple[list[Recording], list[AudioError]]:
    """Return the recordings that paths stand for, those in folders included, and what is wrong with some paths."""
    recordings: list[Recording] = []
    problems: list[AudioError] = []
    for path in given:
        if not path.is_dir():
            recordings.append(Recording(path, Path(path.name)))
            continue
        inside = sorted(_search(path, problems))
        if not inside:
            problems.append(AudioError(f"{path} holds no recordings; give a folder with audio files in it."))
        recordings += [Recording(file, file.relative_to(path)) for file in inside]
    return recordings, problems


def _search(folder: Path, problems: list[AudioError]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        problems.append(
            AudioError(f"{error.filename} cannot be searched ({error.strerror}); allow reading it or leave it out.")
        )

    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(place) / name


class Analyst:
    """Analyses one recording after the other with the same models.

    Args:
        options: of the command.
        stop: raises KeyboardInterrupt where the user wants that.

    What it found in whole recordings is kept in the user's history, unless the settings say otherwise.

    Without ``--models`` it goes on with those of the default models that can be used and says why the others cannot.

    Attributes:
        is_complete: whether every model that was asked for could be used so far.

    Raises:
        TimbrescopeError: a model that was named, or every default model, is not installed.
    """

    def __init__(self, options: argparse.Namespace, stop: Callable[[], None]) -> None:
        self.is_complete = True
        self._stop = stop
        self._by_default = options.models is None
        named = DEFAULT_MODELS if self._by_default else options.models.split(",")
        names = list(dict.fromkeys(name.strip() for name in named if name.strip()))
        if not names:
            raise TimbrescopeError("--models names no model; 'timbrescope models list' shows them.")
        self._checkpoints = self._usable(ModelStore().find, names)
        self._device: str = options.device
        self._hop_seconds: float | None = options.hop
        self._remembers = Settings.load(paths.config()).remember

    def _usable(self, use: Callable[[Given], Found], given: Iterable[Given]) -> list[Found]:
        """Return what can be used of models; default models that cannot are named, unless none is left."""
        found: list[Found] = []
        errors: list[ModelError] = []
        for one in given:
            self._stop()  # loading a model takes a while
            try:
                found.append(use(one))
            except ModelError as error:
                if not self._by_default:
                    raise
                errors.append(error)
        if not found:
            raise errors[0]
        for problem in errors:
            complain(str(problem))
            self.is_complete = False
        return found

    @cached_property
    def _recognisers(self) -> "list[Recogniser]":
        # Loaded with the first readable recording: torch takes a second, which a wrong path need not wait for.
        from timbrescope.recognition.device import choose_device
        from timbrescope.recognition.recogniser import Recogniser

        device = choose_device(self._device)
        load = partial(Recogniser.load, device=device, hop_seconds=self._hop_seconds)
        return self._usable(load, self._checkpoints)

    def __call__(self, path: Path, prefix: str) -> tuple[Analysis, AudioError | None]:
        """Return the analysis of what could be read, and what is wrong with the rest.

        Raises:
            AudioError: nothing of the recording can be read, or nothing sounds in it.
            TimbrescopeError: a model or the device cannot be used.
        """
        source = _Listener(AudioFile(path))
        recognisers = self._recognisers
        from timbrescope.recognition.pipeline import analyse

        specs = [recogniser.score_spec for recogniser in recognisers]
        damage: list[AudioError] = []
        with _progress(source.duration, prefix + path.name) as bar:
            chunks = _until_damage(analyse(source, recognisers, draw=False), damage)
            analysis = gather(str(path), source.sample_rate, specs, _shown(chunks, bar, self._stop), __version__)
        if damage and not analysis.duration_seconds:
            raise damage[0]
        if not source.heard:
            raise AudioError(
                f"{path} holds nothing but silence, so there is nothing to recognise; check the recording."
            )
        if self._remembers and not damage:
            history.keep(path, analysis.heard(), analysis.duration_seconds)
        return analysis, damage[0] if damage else None


class _Listener:
    """A source that notices whether anything sounds in it."""

    def __init__(self, source: Source) -> None:
        self.heard = False
        self._source = source

    @property
    def sample_rate(self) -> int:
        return self._source.sample_rate

    @property
    def duration(self) -> float | None:
        return self._source.duration

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        for block in self._source.blocks(rates):
            self.heard = self.heard or any(np.any(samples) for samples in block.samples.values())
            yield block


def _progress(duration: float | None, title: str) -> "tqdm[NoReturn]":
    known = "{desc}: {percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s of sound, {remaining} left"
    return tqdm(
        total=duration,
        desc=title,
        disable=None,  # only on a terminal
        leave=False,
        bar_format=known if duration else "{desc}: {n:.0f} s of sound",
    )


def _until_damage(chunks: Iterable[Chunk], damage: list[AudioError]) -> Iterator[Chunk]:
    """Yield what can be read and take down why the rest cannot."""
    try:
        yield from chunks
    except AudioError as error:
        damage.append(error)


def _shown(chunks: Iterable[Chunk], bar: "tqdm[NoReturn]", stop: Callable[[], None]) -> Iterator[Chunk]:
    for chunk in chunks:
        stop()
        bar.update(chunk.seconds - bar.n)
        for notice in chunk.notices:
            complain(notice)
        yield chunk
