import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.check_set import CLASSES, sound, write
from tests.training.tiny_encoder import ENCODER, write_encoder
from training.errors import TrainingError
from training.file_store import FileStore
from training.quick.vectors import vector_store
from training.similar import Alike, most_similar
from training.similar_index import Clips, mean_vectors


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return vector_store(tmp_path / "cache", write_encoder(tmp_path / "encoder.safetensors"))


def search(store: FileStore, query: Path, paths: list[Path], count: int = 10) -> tuple[list[Alike], list[str]]:
    hop = ENCODER.hop_frames * ENCODER.front_end.hop_seconds
    index = store.file.with_suffix(".npz")
    return most_similar(query, paths, store, index, hop, lambda *_: None, count=count, workers=0)


def test_what_sounds_alike_comes_first(store: FileStore, tmp_path: Path) -> None:
    paths = [
        write(tmp_path / label / f"{seed}.wav", sound(hertz, seed))
        for label, hertz in CLASSES.items()
        for seed in range(5)
    ]
    for label in CLASSES:
        found, problems = search(store, tmp_path / label / "0.wav", paths, 4)
        assert problems == []
        assert {each.path.parent.name for each in found} == {label}
        assert tmp_path / label / "0.wav" not in {each.path for each in found}
        assert [each.similarity for each in found] == sorted((each.similarity for each in found), reverse=True)


def test_a_copy_is_the_same(store: FileStore, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{seed}.wav", sound(300.0 + 200 * seed, seed)) for seed in range(4)]
    copy = Path(shutil.copy(paths[2], tmp_path / "copy.wav"))
    found, _ = search(store, copy, paths)
    assert found[0].path == paths[2]
    assert found[0].similarity == pytest.approx(1.0, abs=1e-5)
    assert len(found) == 4


def test_what_cannot_be_read_is_told(store: FileStore, tmp_path: Path) -> None:
    good = write(tmp_path / "good.wav", sound(300.0, 1))
    other = write(tmp_path / "other.wav", sound(300.0, 2))
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"nothing")
    found, problems = search(store, good, [other, bad])
    assert [each.path for each in found] == [other]
    assert len(problems) == 1
    with pytest.raises(TrainingError, match=r"bad\.wav"):
        search(store, bad, [good])
    with pytest.raises(TrainingError, match="None of the recordings"):
        search(store, good, [good])


def test_only_new_and_changed_recordings_are_heard_again(store: FileStore, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{seed}.wav", sound(300.0 + 200 * seed, seed)) for seed in range(4)]
    file, told = tmp_path / "index.npz", list[tuple[int, int]]()

    def means(chosen: list[Path]) -> Clips:
        told.clear()
        return mean_vectors(chosen, store, file, lambda *done: told.append(done), workers=0)

    first = means(paths[:3])
    assert told[-1] == (3, 3)
    again = means(paths)
    assert told[-1] == (1, 1)
    assert np.array_equal(again.vectors[:3], first.vectors)
    write(paths[1], sound(2500.0, 9, 2.0))
    changed = means(paths)
    assert told[-1] == (1, 1)
    assert np.array_equal(changed.vectors[[0, 2, 3]], again.vectors[[0, 2, 3]])
    assert not np.allclose(changed.vectors[1], again.vectors[1])
    paths[2].unlink()
    assert means(paths).paths == [paths[0], paths[1], paths[3]]
    file.write_bytes(b"nothing")
    assert np.array_equal(means(paths[:2]).vectors, changed.vectors[:2])
