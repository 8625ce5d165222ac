"""From a collection to what a run learns from: its parts, their spectra on disk, and the model's description."""

from dataclasses import dataclass, replace
from pathlib import Path

from timbrescope.core.errors import ModelError
from timbrescope.recognition import networks
from timbrescope.recognition.spec import ModelSpec
from training.collection import Collection, Split, Task
from training.config import Config
from training.errors import TrainingError
from training.examples import Examples, Material
from training.progress import Prepared, Problem, Report
from training.sequences import Sequences
from training.spectra.cache import FeatureCache
from training.splits import assign_splits

_HOP_SECONDS = 0.5  # between two scores in use, unless the configuration says otherwise
_FEWEST_WINDOWS = 2  # batch normalisation has no statistics of one


@dataclass(frozen=True, slots=True)
class Preparation:
    """What a run learns from.

    Attributes:
        collection: with each item's part of the split, without what cannot be read.
        train: the windows to learn from.
        validation: those that decide which epoch is best; there may be none.
    """

    collection: Collection
    train: Material
    validation: Material


def prepare(
    config: Config, collection: Collection, cache_folder: Path, report: Report, *, workers: int | None = None
) -> Preparation:
    """Split a collection and bring the spectra of its training and validation parts onto disk.

    Args:
        config: of the run.
        collection: what there is.
        cache_folder: for spectra; what is there already is not made again.
        report: is told how far it is and what was left out.
        workers: processes that read recordings; None takes one a processor, 0 none beside this.

    Raises:
        TrainingError: nothing is left to learn from, or the disk is full.
    """
    known = set(collection.problems)
    collection = assign_splits(
        collection, validation=config.data.validation, test=config.data.test, seed=config.training.seed
    )
    cache = FeatureCache(cache_folder, config.front_end)
    train_files = sorted({item.path for item in collection.items if item.split == "train"})
    other_files = sorted({item.path for item in collection.items if item.split == "validation"} - set(train_files))
    total = len(train_files) + len(other_files)
    problems = cache.add(
        train_files,
        versions=config.versions,
        augmentation=config.augmentation if config.versions else None,
        workers=workers,
        progress=lambda done, _: report(Prepared(min(done, total), total)),
    )
    problems += cache.add(
        other_files, workers=workers, progress=lambda done, _: report(Prepared(len(train_files) + done, total))
    )
    for problem in (*collection.problems, *problems):
        report(Problem(problem, spoils=problem in collection.problems and problem not in known))  # the split's own
    readable = tuple(item for item in collection.items if item.split == "test" or (item.path, 0) in cache)
    collection = replace(collection, items=readable)
    window, hop = window_frames(config), config.data.hop_frames or _training_hop(config, collection.task)
    look_ahead = config.network.look_ahead_frames
    if look_ahead is not None and collection.task != "frame":
        raise TrainingError(
            f"{config.name} learns a label for every frame, and this collection has none in time; put annotation files "
            "beside the recordings, or choose another configuration."
        )

    def examples(split: Split, *, learn: bool) -> Material:
        items = [item for item in readable if item.split == split]
        if look_ahead is not None:
            return Sequences(
                cache,
                items,
                collection.labels,
                window_frames=window,
                look_ahead_frames=look_ahead,
                chunk_frames=config.data.chunk_frames,
                hop_frames=hop,
                random_place=learn and config.data.windows == "random",
            )
        return Examples(
            cache,
            items,
            collection.labels,
            collection.task,
            window_frames=window,
            hop_frames=hop,
            random_place=learn and config.data.windows != "all",
            louder=learn and config.data.windows == "louder",
            silence_db=config.data.silence_db if learn else None,
            versions=config.versions if learn else 0,
            taught=collection.taught if learn and config.training.taught else None,
        )

    prepared = Preparation(collection, examples("train", learn=True), examples("validation", learn=False))
    if len(prepared.train) < _FEWEST_WINDOWS:
        raise TrainingError(
            f"Only {len(prepared.train)} windows are left to learn from; add recordings, or look at what was left out "
            "above."
        )
    return prepared


def window_frames(config: Config) -> int:
    """Return how many frames a window of the run's network has.

    Raises:
        TrainingError: there is no such network.
    """
    if config.network.window_frames is not None:
        return config.network.window_frames
    try:
        return networks.entry(config.network.name).window[0]
    except ModelError as error:
        raise TrainingError(str(error)) from error


def is_exclusive(config: Config, task: Task) -> bool:
    """Tell whether the model's scores add up to one.

    They do where one label applies at a time, and where several may but each window learns one, as in the IRMAS
    experiments of Pons 2017.
    """
    return task != "multi" or config.training.loss == "cross-entropy"


def model_spec(config: Config, collection: Collection) -> ModelSpec:
    """Return the description of the model that a run makes, without its figures."""
    window = window_frames(config)
    hop = config.network.hop_frames or max(1, min(window, round(_HOP_SECONDS / config.front_end.hop_seconds)))
    if config.network.look_ahead_frames is not None:
        hop = 1
    return ModelSpec(
        name=config.name,
        title=config.title or config.name,
        kind=config.kind,
        labels=collection.labels,
        network=config.network.name,
        front_end=config.front_end,
        window_frames=window,
        hop_frames=hop,
        network_options=dict(config.network.options),
        activation="softmax" if is_exclusive(config, collection.task) else "sigmoid",
        description=config.description,
        licence=config.licence,
        look_ahead_frames=config.network.look_ahead_frames,
    )


def _training_hop(config: Config, task: Task) -> int:
    if config.network.look_ahead_frames is not None:
        return config.data.chunk_frames
    return 1 if task == "frame" else window_frames(config)
