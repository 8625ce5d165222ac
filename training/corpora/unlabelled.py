"""Real music of which nobody has said what plays: to be fetched and listed, for distillation and backgrounds.

The music of UFO: Alien Invasion and of Nexuiz is left out, because models are compared with their teachers on it.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from timbrescope.core.files import replaced_when_done
from training.corpora.packages import Package, fetch
from training.corpora.recorded_packages import SECTOID
from training.errors import TrainingError

MUSIC = (
    Package("debian", "wesnoth-1.16-music", "GPL-2+ (CC BY-SA 4.0 where marked)"),
    Package("debian", "warzone2100-music", "CC BY-SA 3.0 and GPL-2+"),
    Package("debian", "planetblupi-music-ogg", "GPL-3+"),
    Package("debian", "singularity-music", "CC BY-SA 3.0"),
    Package("debian", "hyperrogue-music", "CC BY-SA 3.0 and CC BY 3.0"),
    Package("debian", "drascula-music", "freeware with permission to distribute"),
    Package("debian", "asc-music", "GPL-2+"),
    SECTOID,
)
SUFFIXES = frozenset({".ogg", ".mp3", ".flac", ".wav", ".opus"})
LEFT_OUT = frozenset({"guitar.ogg"})  # a stem with a label
COLUMNS = ("path", "source", "licence")


def list_music(folder: Path, cache: Path, warn: Callable[[str], None]) -> int:
    """Fetch the music and write ``unlabelled.csv``; paths count from ``folder``. Return how many recordings there are.

    Raises:
        OSError: the list cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for package in MUSIC:
        try:
            unpacked = fetch(package, cache)
        except TrainingError as error:
            warn(str(error))
            continue
        for path in sorted(unpacked.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.name not in LEFT_OUT and not path.is_symlink():
                writer.writerow([path.relative_to(folder).as_posix(), package.name, package.licence])
                count += 1
    with replaced_when_done(folder / "unlabelled.csv") as file:
        file.write(text.getvalue().encode())
    return count
