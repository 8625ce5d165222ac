"""Where sounds lie in two dimensions: what an encoder finds alike lies near."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.files import replaced_when_done
from timbrescope.recognition.checkpoint import read_fingerprint, read_spec
from training.collection import Collection, Item
from training.errors import TrainingError
from training.similar import unit
from training.sources import read_collection
from training.sources.tree import files_below, is_sound
from training.spectra.cache_index import FileState

Floats = NDArray[np.float32]
Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much; 0 where nobody knows."""

_VERSION = 1  # another number when the same recordings would get other places
_COMPONENTS = 50  # of what is laid out; what is beyond is mostly noise (van der Maaten and Hinton 2008, section 4.1)
_PERPLEXITY = 30.0
_FEWEST = 5  # pieces that have neighbours to speak of
_SEED = 0


@dataclass(frozen=True, slots=True)
class TimbreMap:
    """Pieces of recordings, each with its place.

    Attributes:
        chosen: which of the pieces that were asked for could be heard, shape (n,).
        vectors: mean vector of each, weighed by loudness, float16, shape (n, embedding size).
        places: x and y of each in -1..1, shape (n, 2).
        problems: a sentence for each file that could not be read, or not wholly.
    """

    chosen: NDArray[np.int64]
    vectors: NDArray[np.float16]
    places: Floats
    problems: tuple[str, ...]


def read_sounds(data: Path, layout: str = "auto") -> Collection:
    """Read labelled recordings; where a folder has no labels, all sound files in it.

    Raises:
        TrainingError: there is no sound.
    """
    try:
        return read_collection(data, layout)
    except TrainingError:
        if layout != "auto" or not data.is_dir():
            raise
    files, problems = files_below(data)
    sounds = tuple(Item(path) for path in files if is_sound(path))
    if not sounds:
        raise TrainingError(f"{data} holds no sound file that can be seen; choose another folder.")
    return Collection((), "multi", sounds, tuple(problems))


def make_map(
    items: Sequence[Item], encoder: Path, cache: Path, progress: Progress, *, workers: int | None = None
) -> TimbreMap:
    """Return the map of pieces of recordings; the same pieces again take a moment.

    Args:
        items: the pieces.
        encoder: checkpoint of the model whose vectors are laid out.
        cache: folder for vectors and for maps.
        progress: told how far it is.
        workers: processes that read recordings, as in ``FileStore.add``.

    Raises:
        TrainingError: nothing can be read, or the cache cannot be written.
        ModelError: the encoder cannot be read.
    """
    file = cache / f"map-{_key(items, encoder)}.npz"
    known = _read(file)
    if known is not None:
        return known
    from training.quick.vectors import hear_all, vector_store  # torch only where something must be heard

    heard = hear_all(
        items,
        vector_store(cache, encoder),
        read_spec(encoder),
        lambda done, total: progress("listening", done, total),
        workers=workers,
    )
    number = {id(item): index for index, item in enumerate(items)}
    chosen = np.array([number[id(item)] for item in heard.items], np.int64)
    weights = heard.weights.astype(np.float64) + 1e-6  # where all is silent, all windows count alike
    first = np.searchsorted(heard.item_of, np.arange(len(chosen)))
    sums = np.add.reduceat(heard.values * weights[:, None], first, axis=0)
    vectors = (sums / np.add.reduceat(weights, first)[:, None]).astype(np.float16)
    progress("laying out the map", 0, 0)
    made = TimbreMap(chosen, vectors, lay_out(vectors.astype(np.float32)), heard.problems)
    if not heard.problems:  # a file that is mended is to be heard
        _write(file, made)
    return made


def lay_out(vectors: Floats) -> Floats:
    """Return places in -1..1, shape (n, 2), for vectors, shape (n, size); the same vectors get the same places.

    t-SNE (van der Maaten and Hinton 2008) on the directions of the vectors from their common mean.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    directions = unit(vectors - vectors.mean(axis=0))
    if len(vectors) < _FEWEST or not directions.any():
        left, sizes, _ = np.linalg.svd(directions, full_matrices=False)
        places = np.zeros((len(vectors), 2), np.float32)
        places[:, : len(sizes)] = (left * sizes)[:, :2]
    else:
        components = min(_COMPONENTS, *directions.shape)
        reduced = PCA(components, random_state=_SEED).fit_transform(directions)
        perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
        places = TSNE(init="pca", perplexity=perplexity, random_state=_SEED, n_jobs=1).fit_transform(reduced)
    places = places - (places.min(axis=0) + places.max(axis=0)) / 2
    return np.asarray(places / max(float(np.abs(places).max()), 1e-9), np.float32)


def _key(items: Sequence[Item], encoder: Path) -> str:
    """Return what tells these pieces, their files as they are now, and the encoder from all others."""
    told = hashlib.sha256(json.dumps([_VERSION, read_fingerprint(encoder)]).encode())
    for item in items:
        try:
            state: tuple[int, ...] = FileState.of(item.path)
        except OSError:
            state = ()
        told.update(os.fsencode(item.path.absolute()) + repr((item.start, item.end, *state)).encode())
    return told.hexdigest()[:24]


def _read(file: Path) -> TimbreMap | None:
    """Return a map that was made before; None where there is none, or where it is damaged."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return TimbreMap(arrays["chosen"], arrays["vectors"], arrays["places"], ())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _write(file: Path, made: TimbreMap) -> None:
    try:
        with replaced_when_done(file) as out:
            np.savez(out, chosen=made.chosen, vectors=made.vectors, places=made.places)
    except OSError as error:
        raise TrainingError(
            f"{file} cannot be written ({error.strerror}); make room there, or choose another folder with --cache."
        ) from error
