"""How well a model tells phonemes apart frame by frame, where they begin, and where nobody sings."""

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.phoneme_decoder import decode, in_language, voiced
from timbrescope.core.phonemes import BREATH, SILENCE, VOWEL_GROUPS, group, symbols
from training.evaluation.cases import group_name
from training.evaluation.metrics import Floats, add_up
from training.evaluation.predict import Predictions
from training.sources.phonemes import language_of

TOLERANCE = 0.05
"""How far, in seconds, a found beginning of a phoneme may lie from the true one."""
_VOICED_FROM = 0.5


def is_judged(predictions: Predictions) -> bool:
    """Tell whether these figures can be told: labels in time that are the program's own phonemes."""
    return predictions.task == "frame" and SILENCE in predictions.labels and set(predictions.labels) <= set(symbols())


def phoneme_figures(
    predictions: Predictions, group_names: tuple[str, ...], weights: NDArray[np.integer]
) -> dict[str, Floats]:
    """Return figures of phonemes when each group counts so often, each of shape (draws,).

    - ``sung_accuracy``: share of frames in which somebody sings, without breaths, whose phoneme has the highest score.
    - ``known_language_accuracy``: the same of what the decoder finds where it is known which language each voice sings,
      of groups that tell it.
    - ``vowel_group``: share of the frames of a vowel for which the right one of five groups has the highest sum of
      scores among these groups.
    - ``boundary_recall``, ``boundary_precision``: share of true beginnings of segments (of found ones) that have a
      found (true) one within 50 ms, each of them used once; segments are found by the decoder.
    - ``voice_precision``, ``voice_recall``, ``voice_f1``: of the frames in which somebody sings.

    Args:
        predictions: of a model, for which ``is_judged`` is true.
        group_names: all groups in order.
        weights: how often each group counts in each draw, shape (draws, groups).
    """
    number = {name: index for index, name in enumerate(group_names)}
    of_item = np.array([number[group_name(item)] for item in predictions.items], np.intp)
    frames = _frames(predictions)
    boundaries = np.array([_boundaries(predictions, item) for item in range(len(predictions.items))])
    factors = weights.astype(np.float64)
    sums = (factors @ add_up(frames, of_item[predictions.clips], len(group_names))).T
    sung_right, sung, of_language_right, of_language, vowel_right, vowel, voice_hits, voice_there, voice_said = sums
    found_right, there, said = (factors @ add_up(boundaries, of_item, len(group_names))).T
    return {
        "sung_accuracy": _share(sung_right, sung),
        "known_language_accuracy": _share(of_language_right, of_language),
        "vowel_group": _share(vowel_right, vowel),
        "boundary_recall": _share(found_right, there),
        "boundary_precision": _share(found_right, said),
        "voice_precision": _share(voice_hits, voice_said),
        "voice_recall": _share(voice_hits, voice_there),
        "voice_f1": _share(2 * voice_hits, voice_there + voice_said),
    }


def _frames(predictions: Predictions) -> NDArray[np.bool_]:
    """Return what counts of each frame, shape (frames, 9), in the order in which the figures take it."""
    labels, scores = predictions.labels, predictions.scores
    known = ~np.isnan(predictions.targets).any(axis=1)
    true = np.where(known, predictions.targets.argmax(axis=1), -1)
    silent = [index for index, label in enumerate(labels) if label in (SILENCE, BREATH)]
    sung = known & ~np.isin(true, silent)
    right = sung & (scores.argmax(axis=1) == true)
    group_of = np.array([VOWEL_GROUPS.index(group(label)) if group(label) in VOWEL_GROUPS else -1 for label in labels])
    vowel = sung & (group_of[true] >= 0)
    by_group = np.stack([scores[:, group_of == index].sum(axis=1) for index in range(len(VOWEL_GROUPS))], axis=1)
    vowel_right = vowel & (by_group.argmax(axis=1) == group_of[true])
    said = known & (voiced(scores, labels) >= _VOICED_FROM)
    of_language, of_language_right = sung.copy(), right.copy()
    for item, described in enumerate(predictions.items):
        language, rows = language_of(group_name(described)), predictions.clips == item
        if language is None:
            of_language[rows] = False
        else:
            of_language_right[rows] = decode(in_language(scores[rows], labels, language)) == true[rows]
    of_language_right &= of_language
    return np.stack([right, sung, of_language_right, of_language, vowel_right, vowel, said & sung, sung, said], axis=1)


def _boundaries(predictions: Predictions, item: int) -> tuple[int, int, int]:
    """Return how many beginnings of segments were found, are there, and were said to be there."""
    rows = np.flatnonzero(predictions.clips == item)
    targets, times = predictions.targets[rows], predictions.times[rows]
    known = np.asarray(~np.isnan(targets).any(axis=1))
    true = np.where(known, targets.argmax(axis=1), -1)
    changes = np.flatnonzero((np.diff(true) != 0) & known[1:] & known[:-1]) + 1
    found = np.flatnonzero(np.diff(decode(predictions.scores[rows]))) + 1
    found = found[known[found]]
    return _matches(times[changes], times[found]), len(changes), len(found)


def _matches(true: Floats, found: Floats) -> int:
    """Count pairs of times within the tolerance, each time in one pair at most; both ascend."""
    matches = at = 0
    for time in true:
        while at < len(found) and found[at] < time - TOLERANCE - 1e-9:
            at += 1
        if at < len(found) and found[at] <= time + TOLERANCE + 1e-9:
            matches, at = matches + 1, at + 1
    return matches


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0))
