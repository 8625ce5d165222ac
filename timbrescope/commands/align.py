"""timbrescope align: place the words and phones of lyrics in a recording."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from timbrescope.audio.file import AudioFile
from timbrescope.commands.interruption import noticed_interruption
from timbrescope.commands.messages import complain
from timbrescope.core.alignment import AlignmentError
from timbrescope.core.clock import clock
from timbrescope.core.lyrics import Alignment, Line, align_lyrics, read_phones
from timbrescope.core.segment_files import FORMATS, save_tiers
from timbrescope.core.text import decoded, one_newline
from timbrescope.core.track import Track
from timbrescope.recognition.store import ModelStore

if TYPE_CHECKING:
    from timbrescope.recognition.recogniser import Recogniser

EXAMPLES = """\
examples:
  timbrescope align song.wav --text "Au clair de la lune" --language fr
  timbrescope align song.flac --lyrics song.lyrics --language en-us --output song.lab
  timbrescope align take.wav --phones "l y n ə? | b l ø"
"""
MODEL = "phonemes"
_OK = 0
_DOUBTFUL_SHOWN = 10


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "align",
        help="place lyrics in a recording: TextGrid, HTK or Audacity labels",
        description="Place the words and phones of lyrics in a recording of a voice.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("audio", metavar="AUDIO", type=Path, help="recording")
    lyrics = parser.add_mutually_exclusive_group(required=True)
    lyrics.add_argument("--text", help="what is sung")
    lyrics.add_argument("--lyrics", type=Path, metavar="FILE", help="text file of what is sung, a line for each phrase")
    lyrics.add_argument(
        "--phones", help="phones in IPA, or labels of the model: | between words, ? behind what may be left out"
    )
    parser.add_argument(
        "--language", default="en-us", help="of the text, as eSpeak NG calls it (fr, de, cmn ...); default: en-us"
    )
    parser.add_argument("--model", default=MODEL, metavar="NAME", help=f"model of phonemes; default: {MODEL}")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps; default: auto")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"{', '.join(FORMATS.values())}; default: a TextGrid beside the recording",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Align, write the file and say how sure it is.

    Raises:
        TimbrescopeError: there is no such recording, model, language or text, or they do not belong together.
    """
    output: Path = options.output or options.audio.with_suffix(".TextGrid")
    if output.suffix.lower() not in {suffix.lower() for suffix in FORMATS.values()}:
        raise AlignmentError(f"{output.name} has none of the endings {', '.join(FORMATS.values())}; choose one.")
    if output.exists() and not options.force:
        raise AlignmentError(f"{output} exists already; give --force to write over it, or another --output.")
    source = AudioFile(options.audio)
    lines = _lines(options)
    checkpoint = ModelStore().find(options.model)
    from timbrescope.recognition.device import choose_device
    from timbrescope.recognition.recogniser import Recogniser

    recogniser = Recogniser.load(checkpoint, choose_device(options.device))
    with noticed_interruption() as stop:
        alignment, seconds = align_recording(source, recogniser, lines, stop)
    save_tiers(output, (alignment.words, alignment.phones), seconds)
    print(f"{output}: {len(alignment.words.segments)} words, mean score {alignment.score:.2f}")
    doubtful = alignment.doubtful()
    for word in doubtful[:_DOUBTFUL_SHOWN]:
        complain(f'"{word.label}" at {clock(word.start, 0.01)} is doubtful (score {word.score:.2f}); listen there.')
    if len(doubtful) > _DOUBTFUL_SHOWN:
        complain(f"{len(doubtful) - _DOUBTFUL_SHOWN} more words are doubtful.")
    return _OK


def align_recording(
    source: AudioFile, recogniser: "Recogniser", lines: tuple[Line, ...], stop: Callable[[], None]
) -> tuple[Alignment, float]:
    """Return the alignment of lyrics with a recording, and the recording's length in seconds.

    Raises:
        AlignmentError: the model is none of phonemes, or text and recording do not belong together.
    """
    from timbrescope.recognition.pipeline import analyse

    spec = recogniser.score_spec
    if spec.kind != "phonemes":
        raise AlignmentError(f"{spec.name} is a model of {spec.kind}; give the --model of one of phonemes.")
    scores = Track(spec.hop_seconds, (len(spec.labels),), np.float32)
    seconds = 0.0
    try:
        with tqdm(total=source.duration, desc=source.path.name, disable=None, leave=False, unit="s") as bar:
            for chunk in analyse(source, [recogniser], draw=False):
                stop()
                scores.append(chunk.scores[spec.name])
                bar.update(chunk.seconds - bar.n)
                seconds = chunk.seconds
        return align_lyrics(scores.read, len(scores), spec, lines), seconds
    finally:
        scores.close()


def _lines(options: argparse.Namespace) -> tuple[Line, ...]:
    if options.phones is not None:
        return read_phones(options.phones)
    text = options.text if options.lyrics is None else _read(options.lyrics)
    from timbrescope.recognition.text_to_phones import lyrics_to_phones

    return lyrics_to_phones(text, options.language)


def _read(path: Path) -> str:
    try:
        text = decoded(path.read_bytes())
    except OSError as error:
        raise AlignmentError(f"{path} cannot be read ({error.strerror or error}); check its name.") from error
    if text is None:
        raise AlignmentError(f"{path} is not text in UTF-8 or UTF-16; save it as UTF-8.")
    return one_newline(text)
