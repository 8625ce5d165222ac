"""Going on with a model by what people said of its claims: only its last layer changes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.recognition.checkpoint import SUFFIX, save_checkpoint
from training.collection import UNKNOWN, Collection, Item
from training.errors import TrainingError
from training.progress import Corrected, Prepared, Problem, Report, Started
from training.quick.adjust import adjust
from training.quick.head import Floats, Head, dense_of, features_of, replaced
from training.quick.listener import load_listener, parts
from training.quick.vectors import Vectors, hear_all, vector_store
from training.sources.table import write_table

MODEL = f"model{SUFFIX}"


def train_corrected(
    model: Path,
    collection: Collection,
    folder: Path,
    report: Report,
    *,
    name: str,
    cache: Path,
    workers: int | None = None,
) -> Path:
    """Let a model go on with what is known of some pieces, and return the new one; the old one stays as it is.

    Pieces for the test are not learnt from. The folder gets ``model.safetensors`` and ``split.csv``, by which the two
    can be compared. The same input gives the same model.

    Args:
        model: a checkpoint whose network gives vectors.
        collection: pieces, with their parts; each names the labels of which it is known whether they apply.
        folder: for the results.
        report: is told how it goes.
        name: of the new model.
        cache: folder for vectors.
        workers: processes that read recordings; None takes one a core where there is enough to do.

    Raises:
        TrainingError: the network gives no vectors, nothing can be read, or the disk does not allow it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{folder} cannot be made ({error.strerror}); choose another with --output.") from error
    listener = load_listener(model)
    spec, whole = listener.spec, parts(listener.spec, listener.network)[0]
    write_table(folder / "split.csv", collection)
    pieces = [item for item in collection.items if item.split != "test" and _known(item, spec.labels)]
    if not pieces:
        raise TrainingError(f"Nothing that {spec.name} knows is there to learn from; correct more of what it says.")
    context = [Item(path) for path in sorted({item.path for item in pieces})]
    heard = hear_all(
        [*pieces, *context],
        vector_store(cache, model),
        spec,
        lambda done, total: report(Prepared(done, total)),
        workers=workers,
    )
    for problem in (*collection.problems, *heard.problems):
        report(Problem(problem))
    exclusive = spec.activation == "softmax"
    n_labels = len(spec.labels)
    report(Started(spec.labels, len(heard.values), 0, n_labels * (1 + heard.values.shape[1]), "cpu", 0, exclusive))
    features = features_of(whole.network, n_labels, heard.values)
    said, others = _apart(heard)
    dense = dense_of(whole.network, n_labels)
    head = Head(dense.weight.detach().double().numpy(), dense.bias.detach().double().numpy())
    shares = 1 / np.bincount(heard.item_of)[heard.item_of[said]]  # each piece counts once, however long it is
    changed = adjust(
        head,
        features[said],
        _targets(heard, said, spec.labels),
        shares.astype(np.float32),
        features[others],
        exclusive=exclusive,
    )
    about = f"Went on with {spec.title}, of {len(pieces)} corrected pieces of {len(context)} recordings."
    spec = replace(spec, name=name, description=f"{spec.description}\n\n{about}".strip(), figures={}, version=0)
    path = folder / MODEL
    save_checkpoint(path, spec, replaced(whole.weights(), whole.network, n_labels, changed))
    report(Corrected(str(path), len(pieces), len(context)))
    return path


def _known(item: Item, labels: Sequence[str]) -> bool:
    return any(label in item.labels and not np.isnan(item.labels[label]) for label in labels)


def _apart(heard: Vectors) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the windows of pieces, and those of the whole recordings of which nobody has spoken."""
    is_context = np.array([not item.labels for item in heard.items])
    spoken: dict[Path, list[tuple[float, float]]] = defaultdict(list)
    for item in heard.items:
        if item.labels:
            spoken[item.path].append((item.start, np.inf if item.end is None else item.end))
    others = []
    for row in np.flatnonzero(is_context[heard.item_of]):
        start = heard.times[row]
        stretches = spoken[heard.items[heard.item_of[row]].path]
        if not any(start < until and since < start + heard.window_seconds for since, until in stretches):
            others.append(row)
    return np.flatnonzero(~is_context[heard.item_of]), np.array(others, np.intp)


def _targets(heard: Vectors, rows: NDArray[np.intp], labels: Sequence[str]) -> Floats:
    """Return what is known of windows, shape (windows, labels)."""
    column = {label: number for number, label in enumerate(labels)}
    known = np.full((len(heard.items), len(labels)), UNKNOWN, np.float32)
    for row, item in zip(known, heard.items, strict=True):
        for label, value in item.labels.items():
            if label in column:
                row[column[label]] = value
    targets: Floats = known[heard.item_of[rows]]
    return targets
