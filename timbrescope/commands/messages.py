"""What the command line says beside its results."""

import sys


def complain(sentence: str) -> None:
    """Tell the user something on standard error."""
    print(f"timbrescope: {sentence}", file=sys.stderr)
