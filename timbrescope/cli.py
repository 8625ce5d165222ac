"""The command line: the same pipeline as the window, without Qt. With no command it opens the window."""

import argparse
import logging
import sys
from pathlib import Path

from timbrescope import __version__, paths
from timbrescope.commands import (
    align,
    analyze,
    check,
    compare,
    corrections,
    devices,
    evaluate,
    export,
    live,
    map,  # noqa: A004 (named as the command)
    models,
    networks,
    similar,
    tag,
    train,
)
from timbrescope.commands.interruption import interruptible
from timbrescope.commands.messages import complain
from timbrescope.core.errors import TimbrescopeError
from timbrescope.logs import start_log

log = logging.getLogger(__name__)

EPILOG = """\
examples:
  timbrescope                           open the window
  timbrescope song.mp3                  open the window on a recording
  timbrescope analyze song.mp3          print what is recognised
  timbrescope analyze Music/ --format json --output analyses/
  timbrescope tag Music/ --write        write genre, mood and instruments into the files' tags
  timbrescope check sounds/             see what is wrong with labelled recordings
  timbrescope train sounds/ --quick     make a model of your own
  timbrescope live --record take.flac   recognise and record what a microphone hears
  timbrescope align song.wav --text "Au clair de la lune" --language fr
  timbrescope models install musicnn-msd

'timbrescope COMMAND --help' explains a command.
Exit codes: 0 done, 1 some recordings could not be read, 2 nothing could be done, 130 interrupted.
"""
_FAILED, _CRASHED, _INTERRUPTED = 2, 70, 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="timbrescope",
        usage="timbrescope [FILE]\n       timbrescope COMMAND ...",
        description="See which instruments, tags and phonemes are in a recording, frame by frame.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"timbrescope {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=argparse.ArgumentParser)
    align.add_parser(commands)
    analyze.add_parser(commands)
    check.add_parser(commands)
    compare.add_parser(commands)
    corrections.add_parser(commands)
    devices.add_parser(commands)
    evaluate.add_parser(commands)
    export.add_parser(commands)
    live.add_parser(commands)
    map.add_parser(commands)
    models.add_parser(commands)
    networks.add_parser(commands)
    similar.add_parser(commands)
    tag.add_parser(commands)
    train.add_parser(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command, or open the window; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    start_log()
    try:
        if not arguments or _is_file(arguments):
            from timbrescope.app import open_window  # Qt only where a window is wanted

            return open_window(Path(arguments[0]) if arguments else None)
        options = build_parser().parse_args(arguments)
        with interruptible():
            return int(options.run(options))
    except TimbrescopeError as error:
        complain(str(error))
        return _FAILED
    except KeyboardInterrupt:
        complain("interrupted; what was finished before is kept.")
        return _INTERRUPTED
    except BrokenPipeError:  # "timbrescope ... | head" has read enough
        sys.stderr.close()
        return _INTERRUPTED
    except Exception as error:
        log.exception("unexpected error")
        complain(f"unexpected {type(error).__name__}: {error}; the details are in {paths.log_file()}.")
        return _CRASHED


def _is_file(arguments: list[str]) -> bool:
    name = arguments[0]
    looks_like_file = Path(name).exists() or "." in name or "/" in name
    return len(arguments) == 1 and not name.startswith("-") and looks_like_file


if __name__ == "__main__":
    sys.exit(main())
