"""timbrescope tag: write what was recognised into the tags of recordings, and take it back."""

import argparse
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from timbrescope.audio.metadata import Tags, read_tags, undo_last, write_tags
from timbrescope.commands.analyze import Analyst, add_model_options, find_recordings
from timbrescope.commands.interruption import noticed_interruption
from timbrescope.commands.messages import complain
from timbrescope.core import tag_journal
from timbrescope.core.analysis import Analysis
from timbrescope.core.errors import AudioError, TagError, TimbrescopeError
from timbrescope.core.tag_writing import DEFAULT_FIELDS, FIELDS, SHARE, THRESHOLD, Values, propose

EXAMPLES = """\
examples:
  timbrescope tag song.mp3                          show what would be written
  timbrescope tag Music/ --write --keep             write it where a field has no value yet
  timbrescope tag song.flac --write --fields genre,comment
  timbrescope tag --undo                            take back what was written last
  timbrescope tag song.flac --undo                  take back what was written last into this file
"""
_OK, _SOME_FAILED, _FAILED = 0, 1, 2
_WORDS = {"same": "as it is", "kept": "kept", "none": "nothing sure was found"}

State = Literal["change", "same", "kept", "none"]


@dataclass(frozen=True, slots=True)
class _Row:
    """What happens to one field: its values before and after, and why they are what they are."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    state: State


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "tag",
        help="write genre, mood and instruments into the files' tags, or undo it",
        description="Write what is recognised into the tags of MP3, FLAC, Ogg, Opus, M4A, WAV and AIFF files. Without "
        "--write nothing is changed. The sound, pictures and all other tags stay as they are.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", type=Path, help="recording or folder of recordings")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--dry-run", action="store_true", help="only show old and new values; this is the default")
    what.add_argument("--write", action="store_true", help="write the new values and keep the old ones for --undo")
    what.add_argument(
        "--undo",
        action="store_true",
        help="put back the values from before the last write; without PATH those of the whole last run",
    )
    parser.add_argument(
        "--fields",
        type=_fields,
        default=DEFAULT_FIELDS,
        metavar="A,B",
        help=f"what to write, of {','.join(FIELDS)}; default: {','.join(DEFAULT_FIELDS)}",
    )
    parser.add_argument("--keep", action="store_true", help="leave fields alone that have a value already")
    parser.add_argument("--force", action="store_true", help="undo also where other values have been written since")
    parser.add_argument(
        "--threshold",
        type=_share,
        default=THRESHOLD,
        help=f"mean score from which a genre or a mood counts; default: {THRESHOLD:g}",
    )
    parser.add_argument(
        "--share",
        type=_share,
        default=SHARE,
        help=f"share of the recording from which an instrument counts; default: {SHARE:g}",
    )
    parser.add_argument("--format", choices=("json", "text"), default="text", help="form of the result; default: text")
    add_model_options(parser)
    parser.set_defaults(run=run, hop=None)


def _fields(text: str) -> tuple[str, ...]:
    named = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in named if name not in FIELDS]
    if unknown or not named:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown) or 'nothing'} is no field; there are {', '.join(FIELDS)}"
        )
    return tuple(field for field in FIELDS if field in named)


def _share(text: str) -> float:
    if not 0 <= (value := float(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text} does not lie between 0 and 1")
    return value


def run(options: argparse.Namespace) -> int:
    """Show, write or undo; return the exit code.

    Returns:
        0 when all went well, 1 when something failed for some recordings or a default model is missing, 2 when
        nothing could be done.

    Raises:
        TimbrescopeError: nothing can be done at all (no recording named, no such model).
    """
    if options.undo:
        return _undo(options)
    if not options.paths:
        raise TimbrescopeError("No recording is named; give files or folders to 'timbrescope tag'.")
    recordings, problems = find_recordings(options.paths)
    for problem in problems:
        complain(str(problem))
    if not recordings:
        return _FAILED
    together = uuid.uuid4().hex
    done = 0
    with noticed_interruption() as stop:
        analyse = Analyst(options, stop)
        for number, recording in enumerate(recordings, start=1):
            prefix = f"{number}/{len(recordings)} " if len(recordings) > 1 else ""
            with _told(stop):
                _tag(recording.path, options, partial(analyse, recording.path, prefix), together)
                done += 1
    if options.format == "text" and done and not options.write:
        print("Nothing is written; --write does it.")
    if done == len(recordings) and not problems and analyse.is_complete:
        return _OK
    return _SOME_FAILED if done else _FAILED


def _tag(
    path: Path, options: argparse.Namespace, analyse: Callable[[], tuple[Analysis, AudioError | None]], together: str
) -> None:
    """Show what belongs into the tags of one recording, and write it where that is wanted.

    Raises:
        AudioError: the recording is damaged, or its tags cannot be read or written.
    """
    tags = read_tags(path)
    kept = {field for field in options.fields if options.keep and tags.values[field]}
    found: Values = {}
    if len(kept) < len(options.fields):
        analysis, damage = analyse()
        if damage is not None:
            raise TagError(f"{damage} Its tags are left as they are.")
        results = analysis.results.values()
        found = propose(results, analysis.duration_seconds, threshold=options.threshold, share=options.share)
    rows = {field: _row(field, tags, found, is_kept=field in kept) for field in options.fields}
    changes = {field: row.new for field, row in rows.items() if row.state == "change"}
    if options.write and changes:
        write_tags(path, changes, run=together)
    _show(options.format, path, tags.format, rows, is_written=bool(options.write and changes))


def _row(field: str, tags: Tags, found: Values, *, is_kept: bool) -> _Row:
    old = tags.shown[field]
    if is_kept:
        return _Row(old, old, "kept")
    if not found[field]:
        return _Row(old, old, "none")
    return _Row(old, found[field], "change" if tags.differing({field: found[field]}) else "same")


def _undo(options: argparse.Namespace) -> int:
    given, problems = _written(options.paths)
    for problem in problems:
        complain(str(problem))
    done = 0
    with noticed_interruption() as stop:
        for path in given:
            with _told(stop):
                before = read_tags(path)
                entry = undo_last(path, force=options.force)
                after = read_tags(path)
                rows = {field: _Row(before.shown[field], after.shown[field], "change") for field in entry.old}
                _show(options.format, path, entry.format, rows, is_written=True)
                done += 1
    if done == len(given) and not problems:
        return _OK
    return _SOME_FAILED if done else _FAILED


def _written(given: Sequence[Path]) -> tuple[list[Path], list[TagError]]:
    """Return the recordings to put back: those of the last run, or those among or below the given paths."""
    entries = tag_journal.entries()
    if not given:
        if not entries:
            return [], [TagError("No tags have been written, so there is nothing to undo.")]
        return list(dict.fromkeys(entry.path for entry in entries if entry.run == entries[-1].run)), []
    found: list[Path] = []
    problems = []
    for path in given:
        where = path.resolve()
        below = [entry.path for entry in entries if entry.path.is_relative_to(where)]
        if not below:
            problems.append(TagError(f"{path} has no tags that timbrescope has written; nothing is changed."))
        found += below
    return list(dict.fromkeys(found)), problems


@contextmanager
def _told(stop: Callable[[], None]) -> Iterator[None]:
    """Tell the user what is wrong with one recording and go on, unless the work is to stop."""
    stop()
    try:
        yield
    except AudioError as error:
        stop()  # it may have been the interruption that made reading fail
        complain(str(error))


def _show(form: str, path: Path, tag_format: str, rows: Mapping[str, _Row], *, is_written: bool) -> None:
    if form == "json":
        fields = {field: {"old": row.old, "new": row.new, "state": row.state} for field, row in rows.items()}
        content = {"file": str(path), "format": tag_format, "written": is_written, "fields": fields}
        print(json.dumps(content, ensure_ascii=False), flush=True)
        return
    print(f"{path}  ({tag_format})")
    names, olds = max(map(len, rows)), {field: _text(row.old) for field, row in rows.items()}
    width = max(map(len, olds.values()))
    for field, row in rows.items():
        what = f"->  {_text(row.new)}" if row.state == "change" else f" =  {_WORDS[row.state]}"
        print(f"  {field:<{names}}  {olds[field]:<{width}}  {what}", flush=True)


def _text(values: tuple[str, ...]) -> str:
    return "; ".join(values) or "–"
