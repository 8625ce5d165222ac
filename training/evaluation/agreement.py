"""What tags have to do with each other, in the ground truth and in a trained network, and how reliable they are.

Source of all: Choi, Fazekas, Cho and Sandler, "On the robustness of deep convolutional neural networks for music
classification", 2017 (published as "The effects of noisy labels on deep convolutional neural networks for music
tagging"). What of it the program shows too stands in ``timbrescope.core.relations`` and, of networks, in
``timbrescope.recognition.label_vectors``.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

Floats = NDArray[np.float64]


def label_vector_similarity(vectors: Floats) -> Floats:
    """Return the dot products of label vectors, shape (labels, labels).

    Args:
        vectors: shape (labels, features), the transpose of the paper's W. Source: equation 3, section V-A.
    """
    return vectors @ vectors.T


def rank_correlation(co_occurrences: Floats, similarities: Floats) -> float:
    """Return how alike the rankings of tag pairs by co-occurrence and by similarity are, in -1..1.

    It is Spearman's coefficient over unordered pairs, with the greater of C(i, j) and C(j, i); nan where there are
    fewer than two different pairs. Source: section V-A and footnote 7 (0.580 for the paper's network).
    """
    pairs = np.triu_indices(len(similarities), k=1)
    either_way = np.fmax(co_occurrences, co_occurrences.T)[pairs]
    similar = similarities[pairs]
    known = ~np.isnan(either_way)
    if len(np.unique(either_way[known])) < 2 or len(np.unique(similar[known])) < 2:
        return np.nan
    return float(spearmanr(either_way[known], similar[known]).statistic)


def error_rates(tagged: NDArray[np.floating], true: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Return the error rates of positive and of negative tags against a re-annotation, each of shape (labels,).

    Args:
        tagged: the tags of some items, shape (items, labels).
        true: what listening to them gave, shape (items, labels). Source: section III-B.1, Table I (a) and (b).
    """
    known = ~np.isnan(tagged) & ~np.isnan(true)
    positive, negative = known & (tagged > 0.5), known & (tagged <= 0.5)
    return _share(positive & (true <= 0.5), positive), _share(negative & (true > 0.5), negative)


def tagability(tagged: NDArray[np.floating], true: NDArray[np.floating]) -> Floats:
    """Return how likely a label that applies is tagged, the recall of tags against a re-annotation, shape (labels,).

    Source: section III-B.1, Table I (d).
    """
    applies = (true > 0.5) & ~np.isnan(tagged)
    return _share(applies & (tagged > 0.5), applies)


def estimated_positives(
    tagged: NDArray[np.floating], items: int, positive_errors: Floats, negative_errors: Floats
) -> Floats:
    """Return to how many items each label applies in truth, shape (labels,). Source: equation 2, section III-B.1.

    Args:
        tagged: how many items carry the tag, shape (labels,).
        items: how many items there are.
        positive_errors: share of wrong tags, as ``error_rates`` gives it.
        negative_errors: share of missing tags, as ``error_rates`` gives it.
    """
    return np.asarray(tagged * (1 - positive_errors) + (items - tagged) * negative_errors, np.float64)


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> Floats:
    return _ratio(part.sum(axis=0).astype(np.float64), whole.sum(axis=0).astype(np.float64))


def _ratio(part: Floats, whole: Floats) -> Floats:
    out: Floats = np.full(part.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out
