"""What a person says of what a model has claimed: right, wrong, or another label; and the file that keeps it.

The file is JSON in UTF-8::

    {"format": "timbrescope verdicts", "version": 1, "recording": "song.flac", "key": "9f86d0...",
     "verdicts": [{"start": 1.2, "end": 4.8, "model": "instruments", "said": "violin", "score": 0.61,
                   "right": false, "label": "cello", "time": "2026-01-31T12:00:00+00:00"}]}

``start`` and ``end`` are seconds. ``said`` applies where ``right`` is true and does not where it is false; ``label``,
which may be left out, names what is there instead. Of all other labels nobody has said anything. ``key`` tells the same
sound under another name, see ``recording_key``. Unknown entries are ignored; a later version may add some.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done

FORMAT: Final = "timbrescope verdicts"
VERSION: Final = 1
SUFFIX: Final = ".timbrescope.json"
_ENDS: Final = 2**20


class VerdictError(TimbrescopeError):
    """Verdicts cannot be read or written; the recording and what was there before are as they were."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of one claim.

    Attributes:
        start, end: of the claim, in seconds.
        model: whose claim it is.
        said: the label that it claims.
        score: that the label had, in 0..1.
        right: whether the label applies.
        label: what is there instead; empty where nobody has said it, or where the claim is right.
        time: when it was said, in ISO 8601.
    """

    start: float
    end: float
    model: str
    said: str
    score: float
    right: bool
    label: str = ""
    time: str = ""

    @property
    def claim(self) -> tuple[str, str, float]:
        """What it is about: a model, a label and a time."""
        return self.model, self.said, round(self.start, 2)

    @property
    def labels(self) -> dict[str, float]:
        """Which labels are known to apply (1) and not to apply (0)."""
        known = {self.said: float(self.right)}
        return known | {self.label: 1.0} if self.label and self.label != self.said else known


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts on one recording, in the order of time; one for each claim."""

    recording: str
    key: str
    verdicts: tuple[Verdict, ...] = ()

    @property
    def since(self) -> str:
        """When the first of them was made; empty where there is none."""
        return min((one.time for one in self.verdicts), default="")


def now() -> str:
    """Return the time as verdicts keep it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def with_verdict(verdicts: Sequence[Verdict], one: Verdict) -> tuple[Verdict, ...]:
    """Return verdicts with one more, which replaces what was said of the same claim."""
    others = (other for other in verdicts if other.claim != one.claim)
    return tuple(sorted((*others, one), key=lambda each: (each.start, each.model, each.said)))


def without_claim(verdicts: Sequence[Verdict], claim: tuple[str, str, float]) -> tuple[Verdict, ...]:
    """Return verdicts without what was said of a claim."""
    return tuple(one for one in verdicts if one.claim != claim)


def recording_key(path: Path) -> str:
    """Return what tells a recording's file under any name: SHA-256 of its length, first and last MiB, in hexadecimal.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(_ENDS))
        size = file.seek(0, 2)
        file.seek(max(0, size - _ENDS))
        digest.update(file.read(_ENDS))
    digest.update(str(size).encode())
    return digest.hexdigest()


def read_judged(path: Path) -> Judged:
    """Return what stands in a file of corrections.

    Raises:
        VerdictError: it cannot be read, is none, is of a later version, or holds something that cannot be.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise VerdictError(f"{path} cannot be read ({error.strerror}); allow reading it.") from error
    except ValueError as error:
        raise VerdictError(f"{path} is damaged ({error}); mend it, or move it away to begin anew.") from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise VerdictError(f"{path} holds no corrections of timbrescope; move it away to begin anew.")
    if values.get("version") != VERSION:
        raise VerdictError(
            f"{path} is of version {values.get('version')} and this program knows version {VERSION}; install a newer "
            "timbrescope."
        )
    try:
        verdicts = tuple(_verdict(one) for one in values["verdicts"])
        return Judged(str(values["recording"]), str(values["key"]), verdicts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise VerdictError(f"{path} is damaged ({reason}); mend it, or move it away to begin anew.") from error


def write_judged(path: Path, judged: Judged) -> None:
    """Write a file of corrections, whole or not at all.

    Raises:
        OSError: the folder cannot be written, or the disk is full; what was there is as it was.
    """
    values = {
        "format": FORMAT,
        "version": VERSION,
        "recording": judged.recording,
        "key": judged.key,
        "verdicts": [{name: value for name, value in asdict(one).items() if value != ""} for one in judged.verdicts],
    }
    with replaced_when_done(path) as file:
        file.write((json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode())


def _verdict(values: dict[str, Any]) -> Verdict:
    """Return one of its JSON types.

    Raises:
        KeyError, TypeError, ValueError: something is missing or cannot be.
    """
    start, end = float(values["start"]), float(values["end"])
    if not 0 <= start < end or not isinstance(values["right"], bool):
        raise ValueError(f"the verdict from {values['start']} to {values['end']} s cannot be")
    return Verdict(
        start=start,
        end=end,
        model=str(values["model"]),
        said=str(values["said"]),
        score=float(values["score"]),
        right=values["right"],
        label=str(values.get("label", "")),
        time=str(values.get("time", "")),
    )
