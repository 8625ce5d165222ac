"""Which outputs of a model answer for which labels of a collection."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from timbrescope.recognition.spec import ModelSpec
from training.collection import Collection
from training.errors import TrainingError
from training.teachers.audioset import CLASSES

SILENCE = "sil"


@dataclass(frozen=True, slots=True)
class Matching:
    """What of a model a collection judges.

    Attributes:
        spec: the model.
        outputs: label -> the outputs of the model of which the highest stands for it. The labels are those of the
            collection that the model knows, in its order; where labels change within a recording, silence as well.
        columns: each label of the collection that the model knows -> its place among them. Two spellings share one.
    """

    spec: ModelSpec
    outputs: Mapping[str, tuple[int, ...]]
    columns: Mapping[str, int]

    @property
    def silence(self) -> int:
        """The column of silence; -1 where the model does not know it."""
        return next((column for column, label in enumerate(self.outputs) if label_key(label) == SILENCE), -1)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The model's own threshold of each label; empty where it lacks one, as for what stands for several outputs."""
        chosen = self._single
        return () if chosen is None or not self.spec.thresholds else tuple(self.spec.thresholds[i] for i in chosen)

    def scores(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores of the labels, (rows, outputs) to (rows, labels)."""
        return np.stack([outputs[:, chosen].max(axis=1) for chosen in map(list, self.outputs.values())], axis=1)

    def vectors(self, of_outputs: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        """Return the label vectors, (outputs, features) to (labels, features); None where a label has none."""
        chosen = self._single
        return None if chosen is None or of_outputs is None else of_outputs[chosen]

    @property
    def _single(self) -> list[int] | None:
        """The output of each label where each has one."""
        chosen = [outputs[0] for outputs in self.outputs.values() if len(outputs) == 1]
        return chosen if len(chosen) == len(self.outputs) else None

    def notices(self, collection: Collection) -> Iterator[str]:
        """Yield a sentence for what of the two does not fit each other."""
        name = self.spec.name
        if unknown := [label for label in collection.labels if label not in self.columns]:
            yield f"{name} does not know these labels, which are left out: {', '.join(unknown)}."
        groups = []
        for label, outputs in self.outputs.items():
            names = [self.spec.labels[index] for index in outputs]
            if list(map(label_key, names)) != [label_key(label)]:
                groups.append(f"{label} ({_some(names)})")
        if groups:
            yield (
                f"{name} has classes of AudioSet instead of these labels, for each of which the highest score "
                f"of its classes stands: {'; '.join(groups)}."
            )
        used = {index for outputs in self.outputs.values() for index in outputs}
        if collection.task != "multi" and (more := len(self.spec.labels) - len(used)):
            yield (
                f"{name} has {more} more outputs, for which this collection has no labels; the highest score among the "
                "labels of the collection decides."
            )


def match(spec: ModelSpec, collection: Collection) -> Matching:
    """Match labels by name; instruments whose classes in AudioSet the model knows are matched with all of these.

    A collection that itself tells such classes apart is matched by name alone.

    Raises:
        TrainingError: the model knows none of the labels.
    """
    known = {label_key(label): index for index, label in enumerate(spec.labels)}
    outputs: dict[str, tuple[int, ...]] = {}
    spellings: dict[str, list[str]] = {}
    for label in collection.labels:
        spellings.setdefault(label_key(label), []).append(label)
    for key, (label, *_) in spellings.items():
        classes = [label_key(name) for name in CLASSES.get(key, ())]
        if classes and known.keys() >= set(classes) and spellings.keys().isdisjoint(set(classes) - {key}):
            outputs[label] = tuple(known[name] for name in classes)
        elif key in known:
            outputs[label] = (known[key],)
    if not outputs:
        raise TrainingError(
            f"{spec.name} knows none of the labels of this collection ({_some(collection.labels)}) but others "
            f"({_some(spec.labels)}); choose a model or data that fit each other."
        )
    if collection.task == "frame" and SILENCE in known and SILENCE not in map(label_key, outputs):
        outputs[spec.labels[known[SILENCE]]] = (known[SILENCE],)
    columns = {
        spelling: column for column, label in enumerate(outputs) for spelling in spellings.get(label_key(label), ())
    }
    return Matching(spec, outputs, columns)


def label_key(label: str) -> str:
    """Return what labels of the same name have in common: case does not matter, ``_`` is a space."""
    return label.casefold().replace("_", " ").strip()


def _some(labels: Sequence[str], count: int = 5) -> str:
    return ", ".join(labels[:count]) + (", ..." if len(labels) > count else "")
