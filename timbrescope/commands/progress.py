"""What commands that work through many recordings have in common: their options, and how they tell how far they are."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm


def add_progress_options(parser: argparse.ArgumentParser, *, read: str, kept: str) -> None:
    """Declare how progress is told, how many processes work, and where what they find is kept.

    Args:
        parser: of the command.
        read: what the processes do with recordings.
        kept: what is kept.
    """
    parser.add_argument(
        "--progress", choices=("bars", "json"), default="bars", help="json: a line for each event, the result the last"
    )
    parser.add_argument("--workers", type=int, metavar="N", help=f"processes that {read}; default: one a core")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help=f"where what was {kept} is kept")


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Yield what shows a bar for each thing that is done, on standard error."""
    bar: tqdm[None] | None = None
    title = ""

    def show(doing: str, done: int, total: int) -> None:
        nonlocal bar, title
        if bar is None or doing != title:
            if bar is not None:
                bar.close()
            bar, title = tqdm(total=total, desc=doing, leave=False, disable=None), doing
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()
