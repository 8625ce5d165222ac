"""How late the window is with what it hears, and whether it keeps up: a real sound server, a real window.

A null sink of PulseAudio plays the demo recording with short tones at 14.5 kHz in it. A bare recording stream with the
least delay hears them beside the window, so that the player's own delay is known and not the window's. A column counts
as shown at the end of the paint in which it is visible; a row of scores, whose sound begins one window earlier, when
the lanes with it are painted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.benchmarks._bursts import BareListener, Floats, Player, onsets
from tests.sound_card import missing, sound_card
from timbrescope import paths
from timbrescope.core import picture

_FIRST_MINUTE = 60.0
_PARTS = 6
_REACH = 200  # bursts by which two lists of them may be shifted


def main(arguments: list[str]) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks live", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to listen; default: %(default)s")
    parser.add_argument("--size", default="1280x800", help="of the window; default: %(default)s")
    options = parser.parse_args(arguments)
    if (reason := missing()) is not None:
        print(f"There is no sound card to measure with: {reason}.")
        return 1
    with tempfile.TemporaryDirectory(prefix="ts") as folder:
        _measure(Path(folder), 60 * options.minutes, options.size)
    return 0


def _measure(folder: Path, seconds: float, size: str) -> None:
    installed = paths.models()
    (folder / "data").mkdir()
    if installed.is_dir():
        (folder / "data" / "models").symlink_to(installed)
    before = os.getloadavg()[0]
    with sound_card(folder) as card:
        card.environment |= {
            "TIMBRESCOPE_DATA": str(folder / "data"), "TIMBRESCOPE_CONFIG": str(folder / "config"),
            "TIMBRESCOPE_LOG": str(folder / "log"), "TIMBRESCOPE_CACHE": str(folder / "cache"),
        }  # fmt: skip
        card.environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        listener, player = BareListener(card), Player(card)
        command = [sys.executable, "-m", "tests.benchmarks._live_window", str(seconds), size, str(folder)]
        with subprocess.Popen(command, env=card.environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            load = os.getloadavg()
            player.close()
            heard = listener.close()
            told = process.stdout.readlines()
        if process.returncode:
            raise SystemExit(f"The window ended with {process.returncode}.")
        facts = json.loads(told[-1])
        notes = dict(np.load(folder / "notes.npz"))
        samples, rate = soundfile.read(facts["take"], dtype="float32", always_2d=True)
    print(f"{seconds / 60:g} minutes, window of {size}, {', '.join(facts['rows']) or 'no model'}")
    print(f"  load of the machine before / at the end        {before:.1f} / {load[0]:.1f} on {os.cpu_count()} cores")
    _tell(facts, notes, np.array(player.written), heard, _recorded(samples, rate))


def _recorded(samples: Any, rate: int) -> Floats:
    import soxr

    from tests.sound_card import RATE

    mono = samples.mean(axis=1)
    return onsets(mono if rate == RATE else soxr.resample(mono, rate, RATE))


def _tell(facts: dict[str, Any], notes: dict[str, Any], written: Floats, heard: Floats, recorded: Floats) -> None:
    begun, end = facts["begun"], facts["begun"] + facts["span"]
    pair = _pairs(heard, written)
    _spread("ms from the player's pipe to a bare stream", heard[pair[:, 0]] - written[pair[:, 1]])
    pair = _pairs(heard, recorded)
    moments, places = heard[pair[:, 0]], recorded[pair[:, 1]]
    drift = (moments - places) - np.median(moments - places)
    print(f"  bursts heard by both, greatest misplacement    {len(pair)}, {1000 * np.abs(drift).max():.0f} ms")

    pictures = notes["pictures"]
    columns = np.rint(places / picture.HOP_SECONDS) + 1
    shown = _first_time(pictures[:, 0], pictures[:, 1], columns * picture.HOP_SECONDS - 1e-6)
    inside = (moments > begun) & (moments < end - 2)
    _spread("ms from a bare stream to the column on screen", (shown - moments)[inside])
    offset = float(np.median(moments - places))
    for index, (name, count) in enumerate(facts["rows"].items()):
        rows = np.arange(count)
        starts = offset + rows * facts["hops"][name]
        window = facts["windows"][name]
        painted = _first_time(notes["lanes"][:, 0], notes["lanes"][:, 1 + index], rows + 1.0)
        inside = (starts > begun) & (starts + window < end - 2)
        _spread(f"ms to lanes of {name}, window {1000 * window:.0f}", (painted - starts)[inside])
        beyond = 1000 * (np.nanpercentile((painted - starts)[inside], 95) - window)
        print(f"    beyond the window, 95 %                      {beyond:.0f}")
        print(f"    live and file, {count} rows, differ by at most   {facts['differences'][name]:.1g}")

    print(f"  dropouts, seconds lost                         {facts['dropouts']}, {facts['lost_seconds']:.2f}")
    memory = notes["memory"]
    later = memory[memory[:, 0] >= begun + min(_FIRST_MINUTE, facts["span"] / 2)]
    print(
        f"  memory: first, after a minute, last, greatest  {memory[0, 1]:.0f}, {later[0, 1]:.0f}, {later[-1, 1]:.0f}, "
        f"{later[:, 1].max():.0f} MB; growth {later[-1, 1] - later[0, 1]:.1f} MB"
    )
    print(f"  share of one core                              {facts['cpu']:.0%}")
    print(f"  painting thread has run, has waited for a core {facts['ran']:.0%}, {facts['waited']:.0%} of the time")
    beats = 1000 * np.diff(notes["beats"][:, 0])
    median, late, longest = np.percentile(beats, [50, 99, 100])
    print(f"  ms between heartbeats: median, 99 %, longest   {median:.0f}, {late:.0f}, {longest:.0f}")
    frames = pictures[(pictures[:, 0] > begun) & (pictures[:, 0] < end)]
    print(f"  pictures a second                              {len(frames) / facts['span']:.1f}")
    _tell_by_time(facts, memory, (moments, shown - moments), notes["beats"][:, 0])


def _tell_by_time(facts: dict[str, Any], memory: Floats, delays: tuple[Floats, Floats], beats: Floats) -> None:
    """Print how the figures go with what else the machine does."""
    print("  minutes           load   column on screen, median, 95 %   heartbeat, 99 %")
    edges = np.linspace(facts["begun"], facts["begun"] + facts["span"], _PARTS + 1)
    for start, stop in pairwise(edges):
        load = memory[(memory[:, 0] >= start) & (memory[:, 0] < stop), 2].mean()
        late = delays[1][(delays[0] >= start) & (delays[0] < min(stop, edges[-1] - 2))]
        median, latest = 1000 * np.nanpercentile(late, [50, 95]) if len(late) else (np.nan, np.nan)
        gaps = 1000 * np.diff(beats[(beats >= start) & (beats < stop)])
        begin, end = (start - edges[0]) / 60, (stop - edges[0]) / 60
        print(
            f"  {begin:>5.1f} to {end:>5.1f} {load:>8.1f} {median:>20.0f} ms {latest:>6.0f} ms "
            f"{np.percentile(gaps, 99):>15.0f} ms"
        )


def _spread(what: str, seconds: Floats) -> None:
    median, late, longest = 1000 * np.nanpercentile(seconds, [50, 95, 100])
    print(f"  {what:<46} median {median:.0f}, 95 % {late:.0f}, longest {longest:.0f}  ({len(seconds)})")


def _first_time(moments: Floats, reached: Floats, wanted: Floats) -> Floats:
    """Return at which moment each value was first reached; NaN where it never was."""
    index = np.searchsorted(np.maximum.accumulate(reached), wanted)
    return np.append(moments, np.nan)[index]


def _pairs(one: Floats, other: Floats) -> Any:
    """Return the indices of the same bursts in two lists, shape (n, 2), told by the uneven distances between them."""
    best = (np.inf, np.empty((0, 2), int))
    for shift in range(-_REACH, _REACH + 1):
        indices = np.arange(max(0, -shift), min(len(one), len(other) - shift))
        if len(indices) < min(10, len(one), len(other)):
            continue
        differences = one[indices] - other[indices + shift]
        spread = float(np.median(np.abs(differences - np.median(differences))))
        best = min(best, (spread, np.stack([indices, indices + shift], axis=1)), key=lambda found: found[0])
    return best[1]
