"""Turn published weight files into checkpoints of this program.

    python -m training.teachers.convert --weights DIR --output DIR

In the folder of weights lie, as their authors distribute them, ``efficientat/mn04_as_mAP_432.pt`` with AudioSet's
``class_labels_indices.csv``, and ``sota_music_tagging/{mtat_musicnn,mtat_fcn,mtat_crnn,msd_fcn,msd_crnn}.pth`` with
``mtat_tags.npy`` and ``msd_tags.txt``.
"""

import argparse
import csv
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from timbrescope.core.errors import ModelError, TimbrescopeError
from timbrescope.core.mel import mel_filter_bank
from timbrescope.recognition.checkpoint import SUFFIX, save_checkpoint
from timbrescope.recognition.features import make_window
from timbrescope.recognition.model import Model
from timbrescope.recognition.spec import FrontEnd, ModelSpec
from training.collection import Collection
from training.config import find_config, read_config
from training.errors import TrainingError
from training.preparation import model_spec
from training.sources.text import read_lines

Names = Sequence[tuple[str, str]]
"""Patterns of the published names and what they are here; what a pattern does not match stays as it is."""

_EFFICIENTAT: Names = (
    (r"\.conc_se_layers\.0\.", "."),
    (r"^classifier\.2\.", "dense."),
    (r"^classifier\.5\.", "output."),
)
_FCN: Names = (
    (r"^spec_bn\.", "image.norm."),
    *((rf"^layer{n}\.conv\.", f"layers.{n - 1}.0.") for n in range(1, 6)),
    *((rf"^layer{n}\.bn\.", f"layers.{n - 1}.1.") for n in range(1, 6)),
    (r"^dense\.", "output."),
)
_CRNN: Names = (*_FCN, (r"^layer5\.(?=weight|bias)", "recurrent."))
_MUSICNN: Names = (
    (r"^spec_bn\.", "image.norm."),
    (r"^layers\.([01])\.conv\.", r"front.\1.conv."),
    (r"^layers\.([01])\.bn\.", r"front.\1.norm."),
    (r"^layers\.([234])\.conv\.", r"front.\1.layer.0."),
    (r"^layers\.([234])\.bn\.", r"front.\1.layer.1."),
    *((rf"^layer{n}\.conv\.", f"middle.{n - 1}.0.") for n in range(1, 4)),
    *((rf"^layer{n}\.bn\.", f"middle.{n - 1}.1.") for n in range(1, 4)),
    (r"^dense1\.", "dense."),
    (r"^bn\.", "dense_norm."),
    (r"^dense2\.", "output."),
)
_BANK, _WINDOW = "spec.mel_scale.fb", "spec.spectrogram.window"
_TOLERANCE = 1e-4  # between filter banks that were computed in single precision and in double


@dataclass(frozen=True, slots=True)
class Published:
    """A weight file and what it becomes.

    Attributes:
        name, title: of the model.
        file, labels: the weights and the names of the outputs, seen from the folder of weights.
        config: the experiment that has the network and its front end.
        names: how its tensors are called here.
        licence, source: for the model's card.
    """

    name: str
    title: str
    file: str
    labels: str
    config: str
    names: Names
    licence: str
    source: str


_WON = "MIT, (c) 2020 Music Technology Group, Universitat Pompeu Fabra (code by Minz Won)"
_WON_SOURCE = "github.com/minzwon/sota-music-tagging-models, weights from the fork 7x11x13/sota-music-tagging-models"
_FOLDER = "sota_music_tagging"

PUBLISHED = (
    Published(
        "efficientat-mn04",
        "Sounds of AudioSet (EfficientAT mn04)",
        "efficientat/mn04_as_mAP_432.pt",
        "efficientat/class_labels_indices.csv",
        "efficientat-mn04",
        _EFFICIENTAT,
        "MIT, (c) 2022 Florian Schmid; class names CC BY 4.0, Google",
        "github.com/fschmid56/EfficientAT, mn04_as_mAP_432.pt",
    ),
    *(
        Published(
            f"{data}-{network}",
            f"Music tags of {title} ({network} of Won 2020)",
            f"{_FOLDER}/{data}_{network}.pth",
            f"{_FOLDER}/{labels}",
            f"smc-{network}",
            names,
            _WON,
            f"{_WON_SOURCE}, {data}_{network}.pth",
        )
        for data, title, labels, network, names in (
            ("mtat", "MagnaTagATune", "mtat_tags.npy", "musicnn", _MUSICNN),
            ("mtat", "MagnaTagATune", "mtat_tags.npy", "fcn", _FCN),
            ("mtat", "MagnaTagATune", "mtat_tags.npy", "crnn", _CRNN),
            ("msd", "the Million Song Dataset", "msd_tags.txt", "fcn", _FCN),
            ("msd", "the Million Song Dataset", "msd_tags.txt", "crnn", _CRNN),
        )
    ),
)


def convert(published: Published, weights: Path, output: Path) -> Path:
    """Write the checkpoint of one published file and return its path.

    Args:
        published: which.
        weights: the folder of published files.
        output: the folder of the checkpoint.

    Raises:
        TrainingError: a file is missing, damaged, or is not what its name says.
        ModelError: the checkpoint cannot be written.
    """
    file = weights / published.file
    stored = _read_weights(file)
    labels = read_labels(weights / published.labels)
    config = read_config(find_config(published.config))
    _check_front_end(file, stored, config.front_end)
    spec: ModelSpec = replace(
        model_spec(config, Collection(labels, "multi", ())),
        name=published.name,
        title=published.title,
        licence=published.licence,
        source=published.source,
        citation=config.published.paper if config.published else "",
    )
    model = Model(spec)
    try:
        model.load_weights(renamed(stored, published.names))
    except ModelError as error:
        raise TrainingError(
            f"{file} does not hold the network {spec.network} with {len(labels)} labels ({error}); fetch it again."
        ) from error
    path = output / (published.name + SUFFIX)
    save_checkpoint(path, spec, model.weights())
    return path


def renamed(stored: Mapping[str, Tensor], names: Names) -> dict[str, Tensor]:
    """Return published tensors under the names of our networks, without those of the front end."""
    result = {}
    for published, tensor in stored.items():
        if published in (_BANK, _WINDOW):
            continue
        name = published
        for pattern, replacement in names:
            name = re.sub(pattern, replacement, name)
        result[name] = tensor
    return result


def read_labels(path: Path) -> tuple[str, ...]:
    """Return the names of a model's outputs in their order, from AudioSet's CSV, an array or lines of text.

    Raises:
        TrainingError: the file is missing or is none of these.
    """
    try:
        match path.suffix:
            case ".csv":
                rows = sorted(csv.DictReader(read_lines(path)), key=lambda row: int(row["index"]))
                return tuple(row["display_name"] for row in rows)
            case ".npy":
                return tuple(map(str, np.load(path, allow_pickle=False)))
            case _:
                return tuple(line for line in map(str.strip, read_lines(path)) if line)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"The labels {path} cannot be read ({error}); fetch the file again.") from error


def main(arguments: Sequence[str] | None = None) -> None:
    """Convert all published files."""
    parser = argparse.ArgumentParser(description="Turn published weight files into checkpoints of this program.")
    parser.add_argument("--weights", type=Path, required=True, help="the folder of published files")
    parser.add_argument("--output", type=Path, required=True, help="the folder of the checkpoints")
    options = parser.parse_args(arguments)
    try:
        for path in convert_all(options.weights, options.output):
            print(path)
    except TimbrescopeError as error:
        parser.exit(1, f"{error}\n")


def convert_all(weights: Path, output: Path) -> Iterator[Path]:
    """Convert one published file after the other and yield the paths of the checkpoints.

    Raises:
        TrainingError, ModelError: as ``convert`` does.
    """
    for published in PUBLISHED:
        yield convert(published, weights, output)


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TrainingError(f"There is no {path.name} in {path.parent}; fetch it and put it there.") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TrainingError(f"{path} cannot be read as weights ({reason}); fetch it again.") from error
    if not isinstance(stored, dict) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise TrainingError(f"{path} does not hold a network's weights alone; fetch the published file again.")
    return stored


def _check_front_end(path: Path, stored: Mapping[str, Tensor], front_end: FrontEnd) -> None:
    """Compare the filter bank and the window in a file, where it has them, with ours."""
    if front_end.representation != "mel":
        return
    bank = mel_filter_bank(
        front_end.sample_rate,
        front_end.n_fft,
        front_end.n_mels,
        front_end.fmin,
        front_end.fmax,
        front_end.mel_scale,
        front_end.mel_norm,
    )
    ours = {_BANK: torch.from_numpy(bank.T.copy()), _WINDOW: make_window(front_end.window, front_end.n_fft)}
    for name, wanted in ours.items():
        found = stored.get(name)
        if found is None or found.shape != wanted.shape or float((found - wanted).abs().max()) > _TOLERANCE:
            raise TrainingError(f"{path} was trained with another front end ({name}); fetch the published file again.")


if __name__ == "__main__":
    main()
