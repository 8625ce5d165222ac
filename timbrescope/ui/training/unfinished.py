"""The training that is not finished, remembered while the program is closed, was killed, or the power is off."""

import json
from collections.abc import Sequence
from contextlib import suppress

from timbrescope import paths
from timbrescope.core.files import replaced_when_done

_FILE = "unfinished.json"


def remember(arguments: Sequence[str]) -> None:
    """Note the command of a training that begins; where nothing can be written it is forgotten with the window."""
    with suppress(OSError):
        paths.trained().mkdir(parents=True, exist_ok=True)
        with replaced_when_done(paths.trained() / _FILE) as file:
            file.write(json.dumps({"arguments": list(arguments)}).encode())


def forget() -> None:
    """Note that no training is unfinished."""
    with suppress(OSError):
        (paths.trained() / _FILE).unlink(missing_ok=True)


def recall() -> list[str]:
    """Return the command of the training that is not finished; empty where there is none."""
    try:
        arguments = json.loads((paths.trained() / _FILE).read_bytes())["arguments"]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return arguments if isinstance(arguments, list) and all(isinstance(each, str) for each in arguments) else []
