"""Models for other programs: from samples to scores in one graph, as ONNX or TorchScript.

The spectrum is a convolution with sines and cosines there, because few runtimes have Fourier transforms. What is
written is run and compared with the model before it stays.
"""

import json
import logging
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition.export_guide import guide
from timbrescope.recognition.features import LogMel, compress
from timbrescope.recognition.model import Model
from timbrescope.recognition.spec import ModelSpec
from timbrescope.recognition.versions import model_name

Format = Literal["onnx", "torchscript"]
SUFFIXES: dict[Format, str] = {"onnx": ".onnx", "torchscript": ".pt"}
LARGEST_DIFFERENCE = 1e-4
_KEY = "timbrescope"
_TRIED = 3  # windows that are compared
_MORE_FRAMES = 7  # than one window has, in an example for models that tell of every frame

Scores = NDArray[np.float32]


class FromSamples(nn.Module):
    """Windows of samples, shape (batch, ``window_samples``), to scores in 0..1, shape (batch, labels).

    A model that tells of every frame takes any number of samples from ``window_samples`` on and gives scores of shape
    (batch, frames, labels).
    """

    sines: Tensor
    bank: Tensor

    def __init__(self, spec: ModelSpec, model: Model) -> None:
        super().__init__()
        self.spec = spec
        self.model = model
        front_end = spec.front_end
        log_mel = LogMel(front_end)
        bank = log_mel.bank()
        if bank is not None:
            phases = torch.outer(torch.arange(len(bank)).double(), torch.arange(front_end.n_fft).double())
            turns = phases % front_end.n_fft * (2 * torch.pi / front_end.n_fft)
            waves = torch.cat([turns.cos(), turns.sin()]) * log_mel.window.double()
            self.register_buffer("sines", waves.float().unsqueeze(1))  # 2 bins, 1, n_fft
            self.register_buffer("bank", bank)

    @property
    def window_samples(self) -> int:
        """Length of a window."""
        front_end = self.spec.front_end
        return (self.spec.window_frames - 1) * front_end.hop_length + front_end.n_fft

    def forward(self, samples: Tensor) -> Tensor:
        """Return the scores of windows."""
        logits = self.model(self._frames(samples))
        scores: Tensor = logits.sigmoid() if self.spec.activation == "sigmoid" else logits.softmax(dim=-1)
        return scores

    def _frames(self, samples: Tensor) -> Tensor:
        front_end = self.spec.front_end
        if front_end.representation == "waveform":
            return samples.unsqueeze(2)
        waves = F.conv1d(samples.unsqueeze(1), self.sines, stride=front_end.hop_length)  # batch, 2 bins, frames
        cosines, sines = waves.chunk(2, dim=1)
        magnitude = (cosines.square() + sines.square()).transpose(1, 2)
        if front_end.power != 2.0:
            magnitude = magnitude.pow(front_end.power / 2)
        return compress(front_end, magnitude @ self.bank)


def export(spec: ModelSpec, model: Model, folder: Path, formats: tuple[Format, ...]) -> list[Path]:
    """Write a model in other formats, with an example of use beside; return the files.

    Args:
        spec: its description.
        model: on the CPU, in evaluation mode.
        folder: gets NAME.onnx, NAME.pt and NAME.md.
        formats: which of them.

    Raises:
        ModelError: a package is missing, the network cannot be exported, the exported model gives other scores than
            the model itself, or the folder cannot be written.
    """
    whole = FromSamples(spec, model).eval()
    name = model_name(spec.name)  # as it stands in the file it may be a path
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as place:
            for kind in formats:
                part = Path(place) / f"model{SUFFIXES[kind]}"
                _write(kind, whole, part)
                _compare(kind, whole, part)
                written.append(part.replace(folder / f"{name}{SUFFIXES[kind]}"))
        page = folder / f"{name}.md"
        about = describe(spec, whole.window_samples)
        page.write_text(guide(spec.title, about, [path.name for path in written]), encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error.strerror}); choose another with --output.") from error
    return [*written, page]


def describe(spec: ModelSpec, window_samples: int) -> dict[str, Any]:
    """Return what another program must know to use an exported model, as plain JSON types."""
    front_end = spec.front_end
    ahead = spec.look_ahead_frames
    context = (0, 0) if ahead is None else (spec.window_frames - 1 - ahead, ahead)
    return {
        "name": spec.name,
        "labels": list(spec.labels),
        "sample_rate": front_end.sample_rate,
        "window_samples": window_samples,
        "hop_samples": spec.hop_frames * front_end.hop_length,
        "padding_samples": [
            (front_end.n_fft // 2 if front_end.centred else 0) + frames * front_end.hop_length for frames in context
        ],
        "every_frame": spec.look_ahead_frames is not None,
        "thresholds": list(spec.thresholds) or [0.5] * len(spec.labels),
        "exclusive": spec.activation == "softmax",
        "licence": spec.licence,
    }


def _write(kind: Format, whole: FromSamples, path: Path) -> None:
    example = torch.zeros(2, _example_samples(whole))
    information = json.dumps(describe(whole.spec, whole.window_samples), ensure_ascii=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about what the exporters themselves still lack
            if kind == "onnx":
                _write_onnx(whole, example, information, path)
            else:
                traced = torch.jit.trace(whole, example, check_trace=False)  # type: ignore[no-untyped-call]
                torch.jit.save(torch.jit.freeze(traced), str(path), {_KEY: information})
    except ImportError as error:
        raise ModelError(
            f"Writing ONNX needs the package {error.name}; install it with: pip install 'timbrescope[export]'."
        ) from error
    except OSError:
        raise
    except Exception as error:  # the exporters name no set of errors
        logging.getLogger(__name__).warning("export failed", exc_info=error)
        raise ModelError(
            f"The network {whole.spec.network} cannot be written as {kind} ({type(error).__name__}); choose the other "
            "format or another model."
        ) from error


def _example_samples(whole: FromSamples) -> int:
    every_frame = whole.spec.look_ahead_frames is not None
    return whole.window_samples + (_MORE_FRAMES * whole.spec.front_end.hop_length if every_frame else 0)


def _write_onnx(whole: FromSamples, example: Tensor, information: str, path: Path) -> None:
    import onnx
    import onnxscript  # noqa: F401 - torch asks for it much later, and names it badly

    for name in ("torch.onnx", "onnxscript", "onnx_ir"):
        logging.getLogger(name).setLevel(logging.ERROR)
    shape = {0: torch.export.Dim("batch")}
    if whole.spec.look_ahead_frames is not None:
        shape[1] = torch.export.Dim("samples", min=whole.window_samples)
    torch.onnx.export(
        whole,
        (example,),
        path,
        input_names=["samples"],
        output_names=["scores"],
        dynamic_shapes=(shape,),
        external_data=False,
        verbose=False,
    )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {_KEY: information})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _compare(kind: Format, whole: FromSamples, path: Path) -> None:
    """See that an exported model gives the scores of the model.

    Raises:
        ModelError: it does not.
    """
    generator = torch.Generator().manual_seed(0)
    levels = torch.tensor([[0.0], [0.001], [0.3]])
    length = 2 * _example_samples(whole) - whole.window_samples  # longer than the example where it may be
    windows = torch.randn(_TRIED, length, generator=generator) * levels
    times = torch.arange(length) / whole.spec.front_end.sample_rate
    windows += levels * torch.sin(2 * torch.pi * 440 * times)
    wanted = scores_of(whole, windows)
    run: Callable[[Tensor], Scores] = _onnx_runner(path) if kind == "onnx" else _torchscript_runner(path)
    found = [(run(windows), wanted), (run(windows[:1]), wanted[:1])]  # any number of windows at a time
    difference = max(float(np.abs(scores - expected).max()) for scores, expected in found)
    if not difference <= LARGEST_DIFFERENCE:
        raise ModelError(
            f"{whole.spec.name} as {kind} gives scores that differ by {difference:.1e}, more than "
            f"{LARGEST_DIFFERENCE:.0e}; use the other format."
        )


@torch.inference_mode()
def scores_of(whole: FromSamples, windows: Tensor) -> Scores:
    """Return what ``FromSamples`` gives for windows of samples, by the way of the program itself."""
    spec = whole.spec
    log_mel = LogMel(spec.front_end)
    logits = whole.model(torch.stack([log_mel(window) for window in windows]))
    scores = logits.sigmoid() if spec.activation == "sigmoid" else logits.softmax(dim=-1)
    return cast("Scores", scores.numpy())


def _onnx_runner(path: Path) -> Callable[[Tensor], Scores]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda windows: cast("Scores", session.run(None, {"samples": windows.numpy()})[0])


def _torchscript_runner(path: Path) -> Callable[[Tensor], Scores]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        module = torch.jit.load(str(path))  # type: ignore[no-untyped-call]

    def run(windows: Tensor) -> Scores:
        with torch.inference_mode():
            return cast("Scores", module(windows).numpy())

    return run
