"""What training costs beside the network: the parts of a step, filling the cache, memory, and going on after a kill.

Everything is measured on the demo recording repeated or on noise, which cost what music costs; no accuracy is read off.
"""

import argparse
import contextlib
import itertools
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import soundfile
import torch
from torch import Tensor

from tests.benchmarks._timing import interleaved
from timbrescope import paths
from timbrescope.audio.file import AudioFile
from timbrescope.recognition.features import compress
from timbrescope.recognition.model import Model
from timbrescope.recognition.spec import FrontEnd
from training.collection import Collection, Item
from training.config import Config, find_config, read_config
from training.preparation import Preparation, model_spec, prepare, window_frames
from training.progress import Event, Step
from training.spectra.cache import FeatureCache
from training.spectra.online import OnlineAugmentation, augment_input, augment_power
from training.train import train

_CONFIGS = (
    "pons2016-time-frequency", "sounds", "choi2017-k2c2", "pons2017-tags-x1", "pons2017-instruments-single-layer",
    "smc-musicnn", "smc-short-chunk",
)  # fmt: skip
_ALL_AT_ONCE = OnlineAugmentation(
    pitch_semitones=2, room=0.5, gain_db=6, equaliser_db=6, mix=0.5, noise=0.5, mixup=0.2,
    time_masks=2, time_mask_frames=20, band_masks=2, band_mask_bands=8,
)  # fmt: skip
_FRONT_ENDS = {
    "16 kHz 512/256/96 (musicnn)": FrontEnd(16_000, 512, 256, 96),
    "12 kHz 512/256/96 (k2c2)": FrontEnd(12_000, 512, 256, 96),
    "22.05 kHz 1024/256/96 (sounds)": FrontEnd(22_050, 1024, 256, 96),
    "44.1 kHz 2048/441/80": FrontEnd(44_100, 2048, 441, 80),
    "16 kHz 512/256 spectrum": FrontEnd(16_000, 512, 256, 0, representation="stft"),
    "16 kHz waveform": FrontEnd(16_000, 1, 1, 0, representation="waveform"),
}
_MIB = 2**20
_BLOCK = 2**20  # samples that are written at a time


def main(arguments: list[str]) -> int:
    """Print the figures."""
    parts: dict[str, Callable[[argparse.Namespace, Path], None]] = {
        "step": _steps, "cache": _filling, "memory": _memory, "resume": _resuming,
    }  # fmt: skip
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks train", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", default=[*parts], help=f"of {', '.join(parts)}")
    parser.add_argument("--configs", nargs="+", default=_CONFIGS, metavar="NAME", help="to measure steps of")
    parser.add_argument(
        "--minutes", type=float, default=12.0, help="of sound to fill a cache with; default: %(default)s"
    )
    parser.add_argument("--clips", type=int, default=100_000, help="for the memory; default: %(default)s")
    parser.add_argument("--files", type=int, default=5_000, help="for the memory, one a clip; default: %(default)s")
    options = parser.parse_args(arguments)
    print(f"{torch.get_num_threads()} threads, {os.cpu_count()} cores, torch {torch.__version__}")
    for part in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[part](options, Path(folder))
    return 0


def _steps(options: argparse.Namespace, folder: Path) -> None:
    print("\nms a step on the CPU, all online augmentation on; share: what is not the network, before overlapping")
    print(f"  {'':<34}batch    read augment compress  network  share  engine  of network")
    for name in options.configs:
        config = replace(read_config(find_config(name)), online=_ALL_AT_ONCE)
        often = replace(config.data, windows="all", hop_frames=max(1, window_frames(config) // 8))  # whole batches
        config = replace(config, data=often, training=replace(config.training, metric="loss"))
        if config.front_end.representation != "mel":
            config = replace(config, online=replace(_ALL_AT_ONCE, pitch_semitones=0.0))
        data = prepare(config, _noise(folder / "sounds", 8, 90.0), folder / "cache", _silent, workers=0)
        read, augmented, compressed, network = _parts(config, data)
        engine = _engine(config, data, folder / name)
        share = 1 - network / (read + augmented + compressed + network)
        print(
            f"  {name:<34}{config.training.batch:>5} {1000 * read:>7.1f} {1000 * augmented:>7.1f} "
            f"{1000 * compressed:>8.1f} {1000 * network:>8.0f} {share:>6.1%} {1000 * engine:>7.0f} "
            f"{engine / network:>9.2f}x"
        )


def _parts(config: Config, data: Preparation, repetitions: int = 4) -> tuple[float, float, float, float]:
    """Return the median seconds of reading, augmentation, compression, and of learning from one batch."""
    model, generator = Model(model_spec(config, data.collection)), torch.Generator().manual_seed(0)
    optimiser = torch.optim.Adam(model.parameters())
    chosen = np.random.default_rng(0).integers(0, len(data.train), (repetitions, config.training.batch))
    seconds = []
    for indices in chosen:
        times = [time.perf_counter()]

        def lap(times: list[float] = times) -> None:
            times.append(time.perf_counter())

        power, wanted = data.train.batch(indices, generator)
        lap()
        power, wanted = augment_power(power, wanted, config.front_end, config.online, generator)
        lap()
        windows: Tensor = compress(config.front_end, power)
        lap()
        windows, wanted = augment_input(windows, wanted, config.online, generator)
        lap()
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(model(windows), wanted).backward()
        optimiser.step()
        lap()
        seconds.append(np.diff(times))
    read, powers, compressed, inputs, network = np.median(seconds[1:], axis=0)
    return float(read), float(powers + inputs), float(compressed), float(network)


def _engine(config: Config, data: Preparation, folder: Path, steps: int = 4) -> float:
    """Return the median seconds between two steps of a real run."""
    times = []

    def stop(event: Event) -> None:
        if isinstance(event, Step):
            times.append(time.perf_counter())
            if len(times) > steps:
                raise _EnoughError

    with contextlib.suppress(_EnoughError):
        train(config, data, folder, stop, device="cpu")
    return statistics.median(np.diff(times))


def _filling(options: argparse.Namespace, folder: Path) -> None:
    hours, files = options.minutes / 60, 12
    samples, rate = soundfile.read(paths.resources() / "demo" / "demo.flac", dtype="int16")
    length = round(options.minutes * 60 / files * rate)
    songs = [folder / f"{number}.flac" for number in range(files)]
    for number, song in enumerate(songs):  # each from another place, because the cache knows a file by its content
        repeated = np.take(samples, np.arange(number * 1000, number * 1000 + length) % len(samples), axis=0)
        soundfile.write(song, repeated, rate)
    front_end, count = _FRONT_ENDS["16 kHz 512/256/96 (musicnn)"], itertools.count()
    decoded = [np.concatenate([*_decoded(song, 16_000)]) for song in songs]

    def fill(workers: int) -> None:
        FeatureCache(folder / f"cache{next(count)}", front_end).add(songs, workers=workers)

    def features() -> None:
        for samples in decoded:
            librosa.feature.melspectrogram(y=samples, sr=16_000, n_fft=512, hop_length=256, n_mels=96)

    tasks: dict[str, Callable[[], object]] = {
        "decoding to 16 kHz, in this process": lambda: [sum(map(len, _decoded(song, 16_000))) for song in songs],
        "librosa's melspectrogram, decoded": features,
        "cache, in this process": lambda: fill(0),
        "cache, 1 process beside this": lambda: fill(1),
        "cache, 2 processes beside this": lambda: fill(2),
    }
    times = interleaved(tasks, repetitions=3)
    print(
        f"\nhours of stereo FLAC a minute, {files} files of {options.minutes * 60 / files:.0f} s; "
        f"{front_end.n_mels} bands, processes with their start"
    )
    plain = times["decoding to 16 kHz, in this process"]
    for name, seconds in times.items():
        print(f"  {name:<38}{hours / seconds * 60:>7.1f} {plain / seconds:>6.2f}x of decoding")
    print("\nMiB an hour of sound                cache  float32  16-bit PCM")
    for name, kind in _FRONT_ENDS.items():
        cache = FeatureCache(folder / "sizes", kind)
        cache.add(songs[:1], workers=0)
        there = sum(file.stat().st_size for file in cache.folder.iterdir()) / _MIB / (hours / files)
        values = 4 * kind.n_bands * cache.frames(songs[0]) / _MIB / (hours / files)
        print(f"  {name:<32}{there:>7.0f} {values:>8.0f} {2 * kind.sample_rate * 3600 / _MIB:>11.0f}")


def _decoded(song: Path, rate: int) -> Iterator[np.ndarray]:
    for block in AudioFile(song).blocks({rate}):
        yield block.samples[rate]


def _memory(options: argparse.Namespace, folder: Path) -> None:
    print("\nmemory of a process that trains on many clips of 0.4 s")
    for title, clips, apart in (("pieces of one file", options.clips, False), ("a file each", options.files, True)):
        command = [sys.executable, "-m", "tests.benchmarks.train", str(folder / title[0]), str(clips), str(int(apart))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"  {clips:,} clips, {title}:\n{done.stdout}", end="")


def _inside(folder: Path, clips: int, *, apart: bool) -> None:
    """Train some steps on many clips, read at random, and print what it took."""
    before = _resident()
    config = read_config(find_config("sounds"))
    config = replace(config, network=replace(config.network, name="pons-singlelayer", window_frames=128, options={}))
    start = time.perf_counter()
    sounds = _noise(folder, clips, 0.4) if apart else _pieces(folder, clips, config)
    written = time.perf_counter()
    data = prepare(config, sounds, folder / "cache", _silent, workers=0)
    prepared = time.perf_counter()
    again = prepare(config, sounds, folder / "cache", _silent, workers=0)
    found = time.perf_counter()
    seconds = _engine(config, again, folder / "run")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    resting, rng = _resident(), np.random.default_rng(0)
    for _ in range(1000):
        data.train.batch(rng.integers(0, len(data.train), 100))
    size = sum(file.stat().st_size for file in (folder / "cache").rglob("*") if file.is_file()) / _MIB
    print(
        f"    resident {before:.0f} MiB after imports, at most {peak:.0f} MiB in all while training "
        f"(limit 4096), {resting:.0f} MiB afterwards\n"
        f"    and {_resident():.0f} MiB after 100,000 reads at random of a cache of {size:.0f} MiB\n"
        f"    {written - start:.0f} s to write the sounds, {prepared - written:.1f} s to fill the cache, "
        f"{found - prepared:.1f} s to find all there, {1000 * seconds:.0f} ms a step"
    )


def _resident() -> float:
    """Return the memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / _MIB


def _resuming(_: argparse.Namespace, folder: Path) -> None:
    for item in _noise(folder / "flat", 60, 5.0).items:
        place = folder / "sounds" / next(iter(item.labels))
        place.mkdir(parents=True, exist_ok=True)
        item.path.rename(place / item.path.name)
    first = _first_step(folder, "first", steps=1)
    fresh = _first_step(folder, "second", steps=3)
    resumed = _first_step(folder, "second", steps=1)
    imports = interleaved({"": lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True)}, 1)[""]
    print("\nseconds from the start of timbrescope train to its first step, 60 files of 5 s")
    print(f"  fresh, nothing in the cache      {first:>6.1f}")
    print(f"  fresh, all in the cache          {fresh:>6.1f}")
    print(f"  killed after two steps, again    {resumed:>6.1f}   {resumed / fresh:.2f}x of fresh")
    print(f"  of which importing torch         {imports:>6.1f}")


def _first_step(folder: Path, name: str, steps: int) -> float:
    """Start a run, kill it after some steps, and return the seconds until the first."""
    command = [
        sys.executable, "-m", "timbrescope", "train", str(folder / "sounds"), "--output", str(folder / name),
        "--cache", str(folder / "cache"), "--device", "cpu", "--progress", "json",
        "--set", "training.checkpoint_minutes=0.0", "--set", "training.batch=8",
    ]  # fmt: skip
    begun, times = time.perf_counter(), []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            if json.loads(line)["event"] == "step":
                times.append(time.perf_counter() - begun)
                if len(times) == steps:
                    process.send_signal(signal.SIGKILL)
                    break
    return times[0]


def _noise(folder: Path, count: int, seconds: float, rate: int = 16_000) -> Collection:
    """Write noise, each file another, and label it at random."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{number:06}.wav"
        if not path.exists():
            with soundfile.SoundFile(path, "w", rate, 1) as file:
                count = round(seconds * rate)
                for first in range(0, count, _BLOCK):
                    file.write(0.1 * random.standard_normal(min(_BLOCK, count - first), np.float32))
    files = sorted(folder.glob("*.wav"))
    items = (Item(path, {"ab"[index % 2]: 1.0}, group=path.name) for index, path in enumerate(files))
    return _split(tuple(items))


def _pieces(folder: Path, count: int, config: Config) -> Collection:
    """Write one long file and label pieces of it, which overlap."""
    whole = _noise(folder / "long", 1, 0.1 * count + 0.4).items[0].path
    assert window_frames(config) * config.front_end.hop_seconds > 0.4
    starts = (0.1 * number for number in range(count))
    return _split(tuple(Item(whole, {"ab"[round(10 * s) % 2]: 1.0}, s, s + 0.4, f"{s:.1f}") for s in starts))


def _split(items: tuple[Item, ...]) -> Collection:
    """Keep every eighth for validation."""
    parts = (replace(item, split="train" if index % 8 else "validation") for index, item in enumerate(items))
    return Collection(("a", "b"), "single", tuple(parts))


def _silent(_: Event) -> None:
    pass


class _EnoughError(Exception):
    """Enough steps have been seen."""


if __name__ == "__main__":
    _inside(Path(sys.argv[1]), int(sys.argv[2]), apart=sys.argv[3] == "1")
