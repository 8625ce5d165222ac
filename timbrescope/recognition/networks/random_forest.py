"""A random forest on a bag of hand-crafted features: one of the classifiers of Yang's lecture (2023)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from timbrescope.core.errors import ModelError
from timbrescope.recognition.networks.bag_of_frames import BagOfFrames
from timbrescope.recognition.networks.fittable import MOST_LABELS, Floats, check_size, indicators, to_buffer
from timbrescope.recognition.networks.registry import register

_DEEPEST = 64
_MOST_TREES = 10_000
_MOST_NODES = 2**24
_MOST_VALUES = 2**28
_LEAST_PROBABILITY = 1e-6


@register("timbre-forest", family="classical", paper="Yang 2023", window=(66_150,), labels=10, seconds=3.0)
class TimbreForest(nn.Module):
    """Score waveforms, shape (batch, samples), as logits, shape (batch, n_labels), of the mean over all trees.

    The trees are one list of nodes. In each, ``branches`` are the next nodes where a feature is at most, or above, the
    threshold; a leaf leads back to itself.

    Args:
        n_labels: number of labels.
        sample_rate: of the waveforms, in Hz.
        n_trees: number of trees.
        n_nodes: number of nodes of all trees, which is found in training.
        depth: the longest way from a root to a leaf, which is found in training.
        exclusive: whether exactly one label applies, which the training targets say.
    """

    roots: Tensor
    branches: Tensor
    tested: Tensor
    thresholds: Tensor
    probabilities: Tensor

    def __init__(
        self,
        n_labels: int,
        *,
        sample_rate: int = 22_050,
        n_trees: int = 100,
        n_nodes: int = 10_000,
        depth: int = 10,
        exclusive: bool = True,
    ) -> None:
        super().__init__()
        check_size("n_labels", n_labels, 1, MOST_LABELS)
        check_size("n_trees", n_trees, 1, _MOST_TREES)
        check_size("n_nodes", n_nodes, n_trees, _most_nodes(n_labels))
        check_size("depth", depth, 0, _DEEPEST)
        self.n_labels = n_labels
        self.depth = depth
        self.exclusive = bool(exclusive)
        self.bag = BagOfFrames(sample_rate)
        self.register_buffer("roots", torch.arange(n_trees))
        self.register_buffer("branches", torch.arange(n_nodes).unsqueeze(1).repeat(1, 2))
        self.register_buffer("tested", torch.zeros(n_nodes, dtype=torch.int64))
        self.register_buffer("thresholds", torch.zeros(n_nodes))
        self.register_buffer("probabilities", torch.full((n_nodes, n_labels), 1 / n_labels))
        self.register_load_state_dict_post_hook(_check_ways)  # type: ignore[no-untyped-call] # torch gives it no types

    def forward(self, samples: Tensor) -> Tensor:
        """Return logits, shape (batch, n_labels)."""
        vectors = self.bag(samples)
        nodes = self.roots + torch.zeros_like(vectors[:, :1], dtype=torch.int64)  # batch, trees
        for _ in range(self.depth):
            above = vectors.gather(1, self.tested[nodes]) > self.thresholds[nodes]
            nodes = self.branches[nodes, above.long()]
        probabilities = self.probabilities[nodes].mean(dim=1)
        if self.exclusive:
            return probabilities.clamp(min=_LEAST_PROBABILITY).log()
        return probabilities.logit(eps=_LEAST_PROBABILITY)

    def fit(self, windows: Tensor, targets: Tensor, seed: int) -> None:
        """Learn from waveforms, as ``Fittable.fit`` says; needs scikit-learn.

        Raises:
            ModelError: as ``Fittable.fit``; or the forest has grown out of bounds.
        """
        from sklearn.ensemble import RandomForestClassifier

        truth, exclusive = indicators(targets, self.n_labels)
        vectors = self.bag.fit(windows).cpu().numpy()
        forest = RandomForestClassifier(len(self.roots), max_depth=_DEEPEST, random_state=seed)
        forest.fit(vectors, truth.argmax(axis=1) if exclusive else truth if self.n_labels > 1 else truth[:, 0])
        trees = [estimator.tree_ for estimator in forest.estimators_]
        counts = np.array([tree.node_count for tree in trees])
        if counts.sum() > _most_nodes(self.n_labels):
            raise ModelError(
                f"A forest of {counts.sum()} nodes for {self.n_labels} labels is too large; train with fewer windows "
                "or trees."
            )
        roots = counts.cumsum() - counts
        branches = np.concatenate(
            [
                np.stack([tree.children_left, tree.children_right], axis=1) + root
                for tree, root in zip(trees, roots, strict=True)
            ]
        )
        tested = np.concatenate([tree.feature for tree in trees])
        leaves = tested < 0
        branches[leaves] = leaves.nonzero()[0][:, None]
        tested[leaves] = 0
        values = np.concatenate([tree.value for tree in trees])  # nodes, outputs, classes of the output
        known = forest.classes_ if isinstance(forest.classes_, list) else [forest.classes_]
        self.depth = max(tree.max_depth for tree in trees)
        self.exclusive = exclusive
        self.roots = to_buffer(roots, self.roots)
        self.branches = to_buffer(branches, self.branches)
        self.tested = to_buffer(tested, self.tested)
        self.thresholds = to_buffer(_rounded_down(np.concatenate([tree.threshold for tree in trees])), self.thresholds)
        self.probabilities = to_buffer(
            _label_values(values, known, self.n_labels, exclusive=exclusive), self.probabilities
        )

    def fitted_options(self) -> dict[str, Any]:
        """Return the options whose values ``fit`` has found."""
        return {"n_nodes": len(self.tested), "depth": self.depth, "exclusive": self.exclusive}


def _most_nodes(n_labels: int) -> int:
    return min(_MOST_NODES, _MOST_VALUES // n_labels)


def _label_values(
    values: NDArray[np.float64], known: Sequence[NDArray[Any]], n_labels: int, *, exclusive: bool
) -> NDArray[np.float64]:
    """Return the probability of each label in each node; a class that training never met has none."""
    probabilities = np.zeros((len(values), n_labels))
    if exclusive:
        probabilities[:, known[0]] = values[:, 0, : len(known[0])]
        return probabilities
    for label, classes in enumerate(known):
        if classes[-1]:  # false comes before true
            probabilities[:, label] = values[:, label, len(classes) - 1]
    return probabilities


def _rounded_down(thresholds: NDArray[np.float64]) -> Floats:
    """Return thresholds in single precision; values in single precision are above them as they were before."""
    rounded = thresholds.astype(np.float32)
    return np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def _check_ways(forest: TimbreForest, _keys: object) -> None:
    """Refuse weights from a file whose nodes point outside of the forest; shapes alone have none."""
    if forest.roots.is_meta:
        return
    for name, indices, end in (
        ("roots", forest.roots, len(forest.tested)),
        ("branches", forest.branches, len(forest.tested)),
        ("tested", forest.tested, forest.bag.size),
    ):
        if indices.min() < 0 or indices.max() >= end:
            raise ModelError(f"the weights {name} point outside of the forest")
