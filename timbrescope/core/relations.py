"""How a model's labels relate: how alike its network takes them to be, and how often recordings have both.

Source: Choi, Fazekas, Cho and Sandler, "On the robustness of deep convolutional neural networks for music
classification", 2017 (published as "The effects of noisy labels on deep convolutional neural networks for music
tagging"), sections III-A and V-A.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.labels import FAMILIES, INSTRUMENTS, TAGS, family
from timbrescope.core.tag_groups import GROUP_ORDER, GROUPS, canonical, group_of

Floats = NDArray[np.float64]
Pair = tuple[int, int]

_NO_FAMILY: Final = "other"
_CSV_COLUMNS: Final = ("label", "other", "similarity", "files_with_label", "files_with_both", "share")


class Group(NamedTuple):
    """Neighbouring labels that belong together, from ``start`` up to ``stop``: a family or what tags are about."""

    name: str
    start: int
    stop: int


def co_occurrence(targets: NDArray[np.floating]) -> Floats:
    """Return the normalised co-occurrence C(i, j) = #(i and j) / #i, shape (labels, labels).

    Items where j is unknown are not counted with i either; rows of labels that never occur are nan. Source: equation
    1, section III-A.

    Args:
        targets: shape (items, labels); present above 0.5, nan where nobody knows.
    """
    applies, known = (targets > 0.5).astype(np.float64), (~np.isnan(targets)).astype(np.float64)
    both, either = applies.T @ applies, applies.T @ known
    out: Floats = np.full(both.shape, np.nan)
    np.divide(both, either, out=out, where=either > 0)
    return out


def cosine_similarity(vectors: Floats) -> Floats:
    """Return the cosines of the angles between vectors of shape (labels, features), shape (labels, labels).

    The paper's equation 3 is the dot product; that of unit vectors does not depend on how a layer is scaled. A vector
    of zeros is like no other.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(lengths > 0, lengths, 1.0)
    similarity = np.clip(units @ units.T, -1.0, 1.0)
    np.fill_diagonal(similarity, 1.0)
    return np.asarray((similarity + similarity.T) / 2)


def grouped(labels: Sequence[str], kind: str) -> tuple[list[int], tuple[Group, ...]]:
    """Return the columns of labels in the order in which they are shown, and the groups that they then form.

    Instruments stand by family and tags by what they are about, those that mean the same side by side. Labels of
    another kind keep their order and form no group.
    """
    names = [_group_name(label, kind) for label in labels]
    if kind == TAGS and not any(label.casefold() in GROUPS for label in labels):
        names = [""] * len(labels)
    places = {name: place for place, name in enumerate(GROUP_ORDER if kind == TAGS else FAMILIES)}
    first: dict[str, int] = {}
    for column, label in enumerate(labels):
        first.setdefault(canonical(label), column)

    def place(column: int) -> tuple[int, int, int]:
        return places.get(names[column], len(places)), first[canonical(labels[column])], column

    order = sorted(range(len(labels)), key=place) if any(names) else list(range(len(labels)))
    groups: list[Group] = []
    for position, column in enumerate(order):
        if groups and groups[-1].name == names[column]:
            groups[-1] = groups[-1]._replace(stop=position + 1)
        elif names[column]:
            groups.append(Group(names[column], position, position + 1))
    return order, tuple(groups)


def _group_name(label: str, kind: str) -> str:
    if kind == INSTRUMENTS:
        return family(label) or _NO_FAMILY
    return group_of(label) if kind == TAGS else ""


@dataclass(frozen=True, slots=True)
class Relations:
    """How the labels of one model relate, in the order in which they are shown.

    Lists of pairs leave out synonyms, which would fill them.

    Attributes:
        labels: their names.
        groups: which of them belong together.
        similarity: of their vectors, in -1..1, shape (labels, labels); None where the network has none.
        files: how many recordings were counted.
        together: in how many of them both labels are present, shape (labels, labels).
        shares: of the recordings with label i those that also have j, shape (labels, labels); nan without i.
    """

    labels: tuple[str, ...]
    groups: tuple[Group, ...]
    similarity: Floats | None
    files: int
    together: NDArray[np.int64]
    shares: Floats

    def words(self, i: int, j: int) -> str:
        """Return what is known of two labels, or of one, in words."""
        label, other = self.labels[i], self.labels[j]
        if i == j:
            return f"{label}: in {_of(self.together[i, i], self.files)}" if self.files else label
        parts = [f"similarity {self.similarity[i, j]:.2f}"] if self.similarity is not None else []
        if self.together[i, i]:
            parts.append(f"together in {_of(self.together[i, j], self.together[i, i])} with {label}")
        elif self.files:
            parts.append(f"no file has {label}")
        return f"{label} and {other}" + (f": {'; '.join(parts)}" if parts else "")

    def most_similar(self, count: int) -> list[Pair]:
        """Return the pairs of labels with the most similar vectors, the most similar first."""
        if self.similarity is None:
            return []
        similarity = self.similarity
        return sorted(self._pairs(), key=lambda pair: -similarity[pair])[:count]

    def most_together(self, count: int) -> list[Pair]:
        """Return the pairs that most recordings have, each with the rarer label first."""
        ordered = [(i, j) if self.together[i, i] <= self.together[j, j] else (j, i) for i, j in self._pairs()]
        found = [pair for pair in ordered if self.together[pair]]
        return sorted(found, key=lambda pair: (-self.together[pair], -self.shares[pair]))[:count]

    def similar_but_apart(self, count: int) -> list[Pair]:
        """Return the most similar of the pairs that occur, but in no recording together."""
        if self.similarity is None:
            return []
        occurs = self.together.diagonal() > 0
        similar = [pair for pair in self.most_similar(len(self.labels) ** 2) if self.similarity[pair] > 0]
        return [(i, j) for i, j in similar if occurs[i] and occurs[j] and not self.together[i, j]][:count]

    def to_csv(self) -> str:
        """Return a line for each ordered pair of different labels; what is not known is left empty."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_CSV_COLUMNS)
        for i, label in enumerate(self.labels):
            for j, other in enumerate(self.labels):
                if i == j:
                    continue
                similarity = "" if self.similarity is None else f"{self.similarity[i, j]:.6f}"
                share = f"{self.shares[i, j]:.6f}" if self.together[i, i] else ""
                writer.writerow((label, other, similarity, self.together[i, i], self.together[i, j], share))
        return text.getvalue()

    def _pairs(self) -> Iterator[Pair]:
        """Yield the unordered pairs of labels that do not mean the same."""
        meanings = [canonical(label) for label in self.labels]
        size = len(self.labels)
        return ((i, j) for i in range(size) for j in range(i + 1, size) if meanings[i] != meanings[j])


def relate(labels: Sequence[str], kind: str, vectors: Floats | None, present: NDArray[np.bool_]) -> Relations:
    """Return how labels relate.

    Args:
        labels: in the model's order.
        kind: of the model.
        vectors: shape (labels, features); None where the network has none.
        present: which labels each recording has, shape (recordings, labels).
    """
    order, groups = grouped(labels, kind)
    has = present[:, order].astype(np.int64)
    return Relations(
        tuple(labels[column] for column in order),
        groups,
        None if vectors is None else cosine_similarity(vectors[order]),
        len(present),
        has.T @ has,
        co_occurrence(has.astype(np.float64)),
    )


def _of(part: np.int64, whole: np.int64 | int) -> str:
    return f"{part} of {whole} {'file' if whole == 1 else 'files'}"
