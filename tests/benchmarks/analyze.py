"""How fast a recording is analysed: decoding, front end, network and the whole.

The front end is set against librosa's melspectrogram on one thread; the network against its own multiply-adds at the
speed of this machine's matrix product.
"""

import argparse
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import librosa
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from tests.benchmarks._timing import interleaved, matrix_product
from timbrescope import paths
from timbrescope.audio.file import AudioFile
from timbrescope.core.blocks import Block
from timbrescope.recognition.device import choose_device
from timbrescope.recognition.features import LogMel
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.recognition.spec import FrontEnd
from timbrescope.recognition.store import ModelStore

_SECONDS = 180.0
_FRONT_ENDS = {
    "16 kHz 512/256/96 (musicnn)": FrontEnd(16_000, 512, 256, 96),
    "44.1 kHz 2048/441/80": FrontEnd(44_100, 2048, 441, 80, fmax=11_000),
    "44.1 kHz 4096/441/256 (picture)": FrontEnd(44_100, 4096, 441, 256, win_length=2048, fmax=16_000),
}


def main(arguments: list[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks analyze", description=__doc__)
    parser.add_argument("--model", default="musicnn-mtt", help="an installed model; default: %(default)s")
    parser.add_argument("--against", metavar="NAME", help="another model, to be compared with in the same run")
    options = parser.parse_args(arguments)
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {_SECONDS:.0f} s of music\n")
    with tempfile.TemporaryDirectory() as folder:
        song = _song(Path(folder))
        _front_ends()
        recogniser = Recogniser.load(ModelStore().find(options.model), choose_device("cpu"))
        _network(recogniser)
        _whole(song, recogniser)
        if options.against is not None:
            _compare(song, recogniser, Recogniser.load(ModelStore().find(options.against), choose_device("cpu")))
    return 0


def _song(folder: Path) -> Path:
    """Repeat the demo recording up to the length that is measured, as FLAC."""
    import soundfile

    samples, rate = soundfile.read(paths.resources() / "demo" / "demo.flac", dtype="float32")
    count = int(_SECONDS * rate)
    path = folder / "song.flac"
    soundfile.write(path, np.tile(samples, (-(-count // len(samples)), 1))[:count], rate)
    return path


def _front_ends() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    print("log-mel front end, one thread          ours    librosa    ratio")
    for name, front_end in _FRONT_ENDS.items():
        samples = np.random.default_rng(0).standard_normal(int(_SECONDS * front_end.sample_rate)).astype(np.float32)
        log_mel, tensor = LogMel(front_end), torch.from_numpy(samples)

        @torch.inference_mode()
        def ours(log_mel: LogMel = log_mel, tensor: torch.Tensor = tensor) -> object:
            return log_mel(tensor)

        def theirs(samples: NDArray[np.float32] = samples, front_end: FrontEnd = front_end) -> object:
            return librosa.feature.melspectrogram(
                y=samples, sr=front_end.sample_rate, n_fft=front_end.n_fft, hop_length=front_end.hop_length,
                win_length=front_end.win_length, n_mels=front_end.n_mels, fmax=front_end.fmax,
            )  # fmt: skip

        times = interleaved({"ours": ours, "theirs": theirs})
        speeds = _SECONDS / times["ours"], _SECONDS / times["theirs"]
        print(f"  {name:<34} {speeds[0]:>6.0f}x {speeds[1]:>8.0f}x {times['theirs'] / times['ours']:>7.2f}x")
    torch.set_num_threads(threads)


def _network(recogniser: Recogniser) -> None:
    spec = recogniser.spec
    if spec.look_ahead_frames is None:
        inputs = torch.rand(recogniser.file_batch, spec.window_frames, spec.front_end.n_mels)
        one, times_one = inputs[:1], recogniser.file_batch
        sound = recogniser.file_batch * spec.window_seconds
    else:  # it tells of every frame
        inputs = torch.rand(recogniser.file_batch + spec.window_frames - 1, spec.front_end.n_mels)
        one, times_one = inputs[None], 1
        sound = recogniser.file_batch * spec.front_end.hop_seconds
    with FlopCounterMode(display=False) as counter:  # with gradients: the plain layers, which the counter knows
        recogniser.network(one.clone().requires_grad_())
    multiply_adds = counter.get_total_flops() / 2 * times_one
    product, product_adds = matrix_product()
    for threads in (1, torch.get_num_threads()):
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        times = interleaved({"network": lambda: recogniser.score(inputs), "product": product}, 9)
        torch.set_num_threads(before)
        limit = product_adds / times["product"]
        speed = multiply_adds / times["network"]
        print(
            f"\n{spec.name}, {threads} thread(s): {sound / times['network']:.0f}x real time, "
            f"{multiply_adds / sound / 1e9:.2f} G multiply-adds a second of sound;\n"
            f"  {speed / 1e9:.0f} of {limit / 1e9:.0f} G multiply-adds a second, {speed / limit:.0%} of a product"
        )


def _whole(song: Path, recogniser: Recogniser) -> None:
    source = AudioFile(song)

    def exhaust(iterator: Iterator[object]) -> None:
        for _ in iterator:
            pass

    times = interleaved(
        {
            "decode and resample (FLAC to 16 kHz)": lambda: exhaust(source.blocks({16_000})),
            "decode and picture": lambda: exhaust(analyse(source, [])),
            "whole, command line": lambda: exhaust(analyse(source, [recogniser], draw=False)),
            "whole, window": lambda: exhaust(analyse(source, [recogniser])),
        },
        repetitions=3,
    )
    print(f"\n{'audio seconds a second':<40}")
    for name, seconds in times.items():
        print(f"  {name:<40} {_SECONDS / seconds:>6.0f}x")


class _Decoded:
    """A recording that has been decoded and resampled already."""

    def __init__(self, song: Path, rates: set[int]) -> None:
        recording = AudioFile(song)
        self.sample_rate, self.duration = recording.sample_rate, recording.duration
        self._blocks = list(recording.blocks(rates))

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        del rates  # it has them all
        yield from self._blocks


def _compare(song: Path, ours: Recogniser, theirs: Recogniser) -> None:
    """Print how fast two models are from samples to scores, front ends and all, each at its own distance of windows."""
    source = _Decoded(song, {model.spec.front_end.sample_rate for model in (ours, theirs)})

    def listen(model: Recogniser) -> None:
        for _ in analyse(source, [model], draw=False):
            pass

    times = interleaved({"ours": lambda: listen(ours), "theirs": lambda: listen(theirs)})
    print(
        f"\nfrom samples to scores: {ours.spec.name} {_SECONDS / times['ours']:.0f}x real time, "
        f"{theirs.spec.name} {_SECONDS / times['theirs']:.0f}x: {times['theirs'] / times['ours']:.1f} times as fast"
    )
