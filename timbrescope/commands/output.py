"""Where analyses go: to standard output, to one file, or to a folder with a file for each."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from timbrescope import paths
from timbrescope.core.analysis import Analysis
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.event_files import to_audacity, to_csv
from timbrescope.core.files import replaced_when_done
from timbrescope.settings import Settings

FORMATS = {"text": ".txt", "json": ".json", "csv": ".csv", "audacity": ".labels.txt"}

Write = Callable[[Path, Analysis], None]
"""Takes a finished analysis and where it belongs below an output folder."""


@contextmanager
def writer(options: argparse.Namespace, *, single: bool) -> Iterator[Write]:
    """Yield what takes finished analyses: to standard output, to one file, or to a folder with a file for each.

    One file for all appears when all is done, or with what is finished when the user interrupts.
    """
    if options.output is None:
        yield _Stream(options, _print).write
        return
    output = Path(options.output)
    into_folder = output.is_dir() or str(options.output).endswith(("/", os.sep)) or (not single and not output.suffix)
    try:
        if into_folder:
            output.mkdir(parents=True, exist_ok=True)
            yield partial(_write_beside, options, output)
        else:
            yield from _into_one_file(options, output)
    except OSError as error:
        raise TimbrescopeError(
            f"{error.filename or output} cannot be written ({error.strerror}); choose another place with --output."
        ) from error


def _into_one_file(options: argparse.Namespace, output: Path) -> Iterator[Write]:
    interruption: KeyboardInterrupt | None = None
    with replaced_when_done(output) as file:
        try:
            yield _Stream(options, lambda text: file.write(text.encode())).write
        except KeyboardInterrupt as error:
            if not file.tell():
                raise
            interruption = error
    if interruption is not None:
        raise interruption


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class _Stream:
    """Writes one analysis after the other in the chosen form."""

    def __init__(self, options: argparse.Namespace, put: Callable[[str], object]) -> None:
        self._options = options
        self._put = put
        self._first = True

    def write(self, _: Path, analysis: Analysis) -> None:
        self._put(_form(self._options, analysis, first=self._first))
        self._first = False


def _form(options: argparse.Namespace, analysis: Analysis, *, first: bool = True) -> str:
    events = None
    if options.events or options.format == "audacity":
        events = analysis.events(Settings.load(paths.config()).hysteresis)  # as the window lists them
    if options.format == "audacity":
        return to_audacity(events or ())
    if options.format == "json":
        return analysis.to_json(summary=options.summary, changes=options.changes, events=events)
    if options.format == "csv" and events is not None:
        return to_csv(events, file=analysis.file, header=first)
    if options.format == "csv":
        return analysis.to_csv(summary=options.summary, header=first)
    return ("" if first else "\n") + analysis.to_text(top=options.top, changes=options.changes, events=events)


def _write_beside(options: argparse.Namespace, folder: Path, below: Path, analysis: Analysis) -> None:
    # The suffix stays in the name: song.mp3 and song.flac may lie in one folder.
    path = folder / below.parent / (below.name + FORMATS[options.format])
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced_when_done(path) as file:
        file.write(_form(options, analysis).encode())
