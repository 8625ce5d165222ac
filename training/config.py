"""One training run, described in a TOML file: what it listens to, which network, and how it learns."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import TypeAdapter, ValidationError

from timbrescope.recognition.spec import FrontEnd, Kind
from training.errors import TrainingError
from training.spectra.augment import Augmentation
from training.spectra.online import OnlineAugmentation

Loss = Literal["cross-entropy", "binary-cross-entropy", "focal", "logit-error"]
Metric = Literal["loss", "accuracy", "macro-f1", "roc-auc", "pr-auc"]
Rule = Literal["constant", "cosine", "step", "plateau", "halve-stale", "halve-next-best"]


@dataclass(frozen=True, slots=True)
class Data:
    """What of a collection is learnt from.

    Attributes:
        layout: how the data lies on disk, as in ``training.sources.read_collection``.
        validation, test: shares of the groups for them, where the collection itself does not say.
        windows: ``all`` takes every window of an item in an epoch, ``random`` one at a random place, ``louder`` the
            louder one of two such.
        hop_frames: distance of an item's windows in training; None means a window's length, they do not overlap. For a
            network that tells of every frame it is the distance of its chunks.
        chunk_frames: for a network that tells of every frame: how many frames in a row it learns at a time.
        silence_db: windows with an RMS below it, in decibels of full scale, are left out (Segal 2016); None keeps all.
        balance: ``sampling`` draws all classes equally often, ``sources`` also the groups of a class by the root of
            their sizes, ``weights`` weighs the classes' losses, ``root-weights`` by the root of that, ``none`` none of
            these.
        unknown_turns: where sampling is balanced: how often pieces of which nobody knows a label come up for once that
            each label does.
        nothing_turns: the same for pieces without any label, such as noise.
    """

    layout: str = "auto"
    validation: float = 0.15
    test: float = 0.15
    windows: Literal["all", "random", "louder"] = "all"
    hop_frames: int | None = None
    chunk_frames: int = 1
    silence_db: float | None = None
    balance: Literal["none", "sampling", "sources", "weights", "root-weights"] = "none"
    unknown_turns: int = 1
    nothing_turns: int = 1


@dataclass(frozen=True, slots=True)
class Network:
    """Which network learns.

    Attributes:
        name: in the registry of ``timbrescope.recognition.networks``.
        options: keyword arguments of its constructor.
        window_frames: frames (samples of a waveform) it hears at a time; None means as many as in its paper.
        hop_frames: distance of its windows in use; None means half a second, or a window where that is shorter.
        look_ahead_frames: where it is to tell of every frame: how many frames of its window come after that one; None
            means that it tells of its windows.
        start_from: checkpoints, or names of other configurations that are trained first on the same data, whose
            tensors it takes where name and shape agree.
        quiet_start: its last dense layer starts at zero. One whose inputs are all large, as peaks are, otherwise spends
            its first thousand steps on unlearning what it happened to say. Where logits are learnt it starts from what
            is usual of each label.
        frozen: parts of it, by the beginning of their names, that stay as they start, their norms too.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    window_frames: int | None = None
    hop_frames: int | None = None
    look_ahead_frames: int | None = None
    start_from: tuple[str, ...] = ()
    quiet_start: bool = False
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs with one optimiser and one rule for its learning rate.

    Attributes:
        epochs: at most; the next stage starts from the best weights so far.
        optimiser, learning_rate, momentum, nesterov, weight_decay, betas: as in torch.optim.
        rule: how the learning rate goes on, as in ``training.schedules``.
        every: of ``step``: epochs between two changes.
        factor: by which ``step``, ``plateau``, ``halve-stale`` and ``halve-next-best`` multiply it.
        stale: of the last three: epochs without improvement that bring a change about.
        warm_up: steps at the stage's beginning over which the learning rate rises from zero.
        patience: epochs without a better validation metric after which the stage ends; None never ends it early.
    """

    epochs: int
    optimiser: Literal["sgd", "adam", "adamw"] = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    rule: Rule = "constant"
    every: int = 1
    factor: float = 0.5
    stale: int = 10
    warm_up: int = 0
    patience: int | None = None


@dataclass(frozen=True, slots=True)
class Distillation:
    """Learning from a teacher beside the labels (Hinton et al. 2015).

    Attributes:
        teacher: a checkpoint with the same labels that listens through the same filter bank.
        weight: share of the teacher in the loss.
        temperature: by which both models' logits are divided.
    """

    teacher: str
    weight: float = 0.5
    temperature: float = 2.0


@dataclass(frozen=True, slots=True)
class Training:
    """How it learns.

    Attributes:
        stages: one after the other.
        batch: windows in a step, over all processors together.
        loss: None takes the one that fits the task; ``logit-error`` learns the logits of labels that are teachers'
            scores, so that what is unlikely and what is more so count as much as what is likely.
        focal_gamma: of the focal loss (Lin et al. 2017).
        label_smoothing: share of the target spread over all labels.
        metric: decides which epoch is best, on the validation part.
        gradient_clip: largest norm of a step's gradient; None does not clip.
        precision: as in Lightning Fabric: ``32-true``, ``bf16-mixed``, ``16-mixed``.
        l2: weight of the sum of squares of all convolution and dense kernels in the loss, as the papers write it.
        averaging: decay of the running average of the weights that is validated and kept; 0 keeps the weights.
        checkpoint_minutes: time between two checkpoints within an epoch.
        seed: of everything that is drawn.
        distillation: a teacher to ask for each batch.
        taught: weight in the loss of teachers' scores that stand beside the collection, which a dense layer of its own
            learns from the network's embedding; it is not part of the model. 0 does not use them.
        calibrate: makes the scores of the best model read as probabilities on the validation part, for several labels,
            and finds the threshold of each label, as in ``training.calibration``: ``each`` label by itself, or all
            ``together``, which leaves the order of a window's labels as it is.
    """

    stages: tuple[Stage, ...]
    batch: int = 32
    loss: Loss | None = None
    focal_gamma: float = 2.0
    label_smoothing: float = 0.0
    metric: Metric = "loss"
    gradient_clip: float | None = None
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    l2: float = 0.0
    averaging: float = 0.0
    checkpoint_minutes: float = 3.0
    seed: int = 0
    distillation: Distillation | None = None
    taught: float = 0.0
    calibrate: Literal["no", "each", "together"] = "no"


@dataclass(frozen=True, slots=True)
class Published:
    """What the paper reports for this experiment.

    Attributes:
        paper: where.
        protocol: how it was measured, in a sentence.
        folds: of its cross-validation; 0 where it has none.
        aggregate: how windows become a clip's decision, as in ``training.evaluation.aggregate``.
        threshold: on the clip's scores, for several labels; None takes the one that goes with ``aggregate``.
        figures: by the names of ``training.evaluation.evaluate``; fractions, not percent.
    """

    paper: str
    protocol: str = ""
    folds: int = 0
    aggregate: str = "mean"
    threshold: float | None = None
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """A training run.

    Attributes:
        name, title, kind, description, licence: of the model that comes of it.
        front_end: what the network is given.
        augmentation: changes of the sound, made ``versions`` times for each file before training.
        online: changes of the spectra, made anew for each batch.
    """

    name: str
    front_end: FrontEnd
    network: Network
    training: Training
    title: str = ""
    kind: Kind = "sounds"
    description: str = ""
    licence: str = ""
    data: Data = Data()
    versions: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)
    online: OnlineAugmentation = field(default_factory=OnlineAugmentation)
    published: Published | None = None


def named_configs() -> dict[str, Path]:
    """Return the configurations that come with the program by their names."""
    folder = Path(__file__).parent / "configs"
    return {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}


def find_config(name: str) -> Path:
    """Return a configuration's file, from its path or its name.

    Raises:
        TrainingError: there is none.
    """
    known = named_configs()
    if name in known:
        return known[name]
    if Path(name).is_file():
        return Path(name)
    raise TrainingError(f"There is no configuration {name}; give a TOML file or one of: {', '.join(known)}.")


def read_config(path: Path, changes: Mapping[str, Any] | None = None) -> Config:
    """Read a configuration.

    Args:
        path: the TOML file. With ``extends``, the name of another configuration or its path, it holds only what differs
            from that one: tables are merged, all else is replaced.
        changes: values that replace the file's, by dotted names such as ``training.batch``; a number in the name
            counts in a list, as in ``training.stages.0.epochs``.

    Raises:
        TrainingError: the file cannot be read, or a value is missing, unknown or of the wrong kind.
    """
    values = _values(path)
    for name, value in (changes or {}).items():
        _change(values, name, value)
    return make_config(values, str(path))


def make_config(values: Mapping[str, Any], origin: str) -> Config:
    """Check a configuration's values.

    Raises:
        TrainingError: a value is missing, unknown or of the wrong kind; the sentence names it and ``origin``.
    """
    unknown = _unknown(values, Config)
    if unknown is not None:
        raise TrainingError(f"The configuration {origin} has an unknown entry {unknown}; check its spelling.")
    try:
        return TypeAdapter(Config).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise TrainingError(f"The configuration {origin} is wrong at {place}: {first['msg']}; correct it.") from error


def _values(path: Path, below: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Read a file over those that it extends; ``below`` are the files that extend it."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingError(f"The configuration {path} cannot be read ({error}); correct the file.") from error
    name = values.pop("extends", None)
    if name is None:
        return values
    if not isinstance(name, str):
        raise TrainingError(f"The configuration {path} is wrong at extends: give the name of one configuration.")
    base = find_config(name)
    if base.resolve() in (path.resolve(), *below):
        raise TrainingError(f"The configuration {path} extends itself by way of {name}; extend another one.")
    return _merged(_values(base, (path.resolve(), *below)), values)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        both_tables = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if both_tables else value
    return merged


def _unknown(values: object, kind: object, place: str = "") -> str | None:
    """Return the first entry that no field stands for: pydantic lets them pass in plain dataclasses."""
    if isinstance(values, list):
        inside = (_unknown(value, kind, f"{place}{number}.") for number, value in enumerate(values))
        return next((entry for entry in inside if entry is not None), None)
    classes = [known for known in (kind, *get_args(kind)) if isinstance(known, type) and is_dataclass(known)]
    if not classes or not isinstance(values, dict):
        return None
    kinds = {entry.name: entry.type for entry in fields(classes[0])}
    for name, value in values.items():
        entry = _unknown(value, kinds[name], f"{place}{name}.") if name in kinds else f"{place}{name}"
        if entry is not None:
            return entry
    return None


def _change(values: dict[str, Any], name: str, value: object) -> None:
    *path, last = name.split(".")
    place: Any = values
    try:
        for step in path:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        place[int(last) if isinstance(place, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise TrainingError(f"The configuration has no place {name}; check its spelling.") from error
