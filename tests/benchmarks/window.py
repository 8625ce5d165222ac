"""How soon the window is usable, and whether it ever keeps its user waiting while a long recording is analysed.

A heartbeat asks for its turn every 10 ms in the window's own thread; the longest time between two beats is how long the
window stood still. The run begins in a fresh process with torch not yet imported, on the demo recording repeated to the
length asked for, with the model and everything else as a user has it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

_BEAT_MS = 10


def main(arguments: list[str]) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks window", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the recording; default: %(default)s")
    parser.add_argument("--size", default="1280x800", help="of the window; default: %(default)s")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        song = make_song(Path(folder), options.minutes)
        figures = measure(song, options.size, Path(folder) / "config")
    print(f"{options.minutes:g} minutes of sound, window of {options.size}, {figures.models}")
    print(f"  window usable after start of the process       {figures.usable:.2f} s")
    print(f"  first picture after opening (imports torch)    {figures.first_picture:.2f} s")
    print(f"  all analysed after opening                     {figures.analysed:.1f} s")
    for phase, (median, late, longest) in figures.beats.items():
        print(f"  ms between beats, {phase:<28} median {median:.0f}, 99 % {late:.0f}, longest {longest:.0f}")
    return 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds from the start of the process or from opening, and milliseconds between beats (median, 99 %, longest)."""

    models: str
    usable: float
    first_picture: float
    analysed: float
    beats: dict[str, tuple[float, float, float]]


def measure(song: Path, size: str, config: Path) -> Figures:
    """Open a window on a recording in a process of its own and return what it measured."""
    environment = {**os.environ, "TIMBRESCOPE_CONFIG": str(config), "TIMBRESCOPE_STARTED": str(time.time())}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    command = [sys.executable, "-m", "tests.benchmarks.window", "--inside", str(song), size]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def make_song(folder: Path, minutes: float) -> Path:
    """Repeat the demo recording up to a length, as FLAC."""
    import soundfile

    from timbrescope import paths

    samples, rate = soundfile.read(paths.resources() / "demo" / "demo.flac", dtype="int16")
    path = folder / "song.flac"
    with soundfile.SoundFile(path, "w", rate, samples.shape[1], format="FLAC") as file:
        left = round(minutes * 60 * rate)
        while left > 0:
            file.write(samples[:left])
            left -= len(samples)
    return path


def _inside(song: Path, size: str) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from timbrescope import paths
    from timbrescope.settings import Settings
    from timbrescope.ui.main_window import MainWindow

    application = QApplication([])
    window = MainWindow(Settings.load(paths.config()))
    window.resize(*map(int, size.split("x")))
    window.show()
    application.processEvents()
    usable = time.time() - float(os.environ["TIMBRESCOPE_STARTED"])

    beats: list[tuple[float, str]] = []
    timer = QTimer(interval=_BEAT_MS)
    phase = "opening"

    def beat() -> None:
        beats.append((time.perf_counter(), phase))

    def drawn() -> None:
        nonlocal phase
        if phase == "opening" and len(window.session.timeline.mel):
            phase = "analysing"
            marks["picture"] = time.perf_counter()

    def finished() -> None:
        nonlocal phase
        phase = "playing and scrolling"
        models.extend(window.session.timeline.score_specs)
        marks["finished"] = time.perf_counter()
        window.viewport.show_time(0.0, 10.0)
        window.transport.toggle()
        QTimer.singleShot(6000, window.close)

    marks: dict[str, float] = {}
    models: list[str] = []
    timer.timeout.connect(beat)
    window.session.changed.connect(drawn)
    window.session.finished.connect(finished)
    timer.start()
    start = time.perf_counter()
    window.open_file(song)
    application.exec()

    times = np.array([moment for moment, _ in beats])
    gaps = 1000 * np.diff(times)
    figures = Figures(
        models=", ".join(models) or "no model",
        usable=usable,
        first_picture=marks["picture"] - start,
        analysed=marks["finished"] - start,
        beats={
            name: tuple(np.percentile(gaps[[phase == name for _, phase in beats[1:]]], [50, 99, 100]).tolist())
            for name in ("opening", "analysing", "playing and scrolling")
        },
    )
    print(json.dumps(asdict(figures)))


if __name__ == "__main__" and sys.argv[1:2] == ["--inside"]:
    _inside(Path(sys.argv[2]), sys.argv[3])
