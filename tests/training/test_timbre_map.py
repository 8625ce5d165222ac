import json
from pathlib import Path

import numpy as np
import pytest

from tests.tiny import SPEC, Tiny
from tests.training.check_set import CLASSES, clean_set, sound, write
from tests.training.tiny_encoder import write_encoder
from timbrescope.cli import main
from timbrescope.recognition.checkpoint import save_checkpoint
from training.errors import TrainingError
from training.said import what_is_said
from training.timbre_map import TimbreMap, lay_out, make_map, read_sounds


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder.safetensors")


def mapped(data: Path, encoder: Path) -> tuple[TimbreMap, list[str]]:
    told: list[str] = []
    (encoder.parent / "cache").mkdir(exist_ok=True)
    items = read_sounds(data).items
    return make_map(items, encoder, encoder.parent / "cache", lambda *done: told.append(done[0]), workers=0), told


def test_sounds_of_a_class_lie_together_and_the_second_time_nothing_is_heard(tmp_path: Path, encoder: Path) -> None:
    folder = clean_set(tmp_path / "set", clips=5)
    made, told = mapped(folder, encoder)
    assert "listening" in told
    items = read_sounds(folder).items
    labels = np.array([next(iter(items[index].labels)) for index in made.chosen])
    assert len(labels) == 15
    assert np.abs(made.places).max() == pytest.approx(1.0)
    distances = np.linalg.norm(made.places[:, None] - made.places[None], axis=-1) + 9 * np.eye(15)
    assert (labels[distances.argmin(axis=1)] == labels).mean() > 0.8
    again, told = mapped(folder, encoder)
    assert told == []
    assert np.array_equal(again.places, made.places)
    assert np.array_equal(again.vectors, made.vectors)
    write(folder / "low" / "low00.wav", sound(2500.0, 5))
    assert not np.array_equal(mapped(folder, encoder)[0].vectors, made.vectors)


def test_a_file_that_cannot_be_read_has_no_place(tmp_path: Path, encoder: Path) -> None:
    paths = [write(tmp_path / "set" / f"{seed}.wav", sound(300.0 * seed, seed)) for seed in (1, 2)]
    paths[0].with_name("1a.wav").write_bytes(b"nothing")
    made, _ = mapped(tmp_path / "set", encoder)
    assert made.chosen.tolist() == [0, 2]
    assert len(made.problems) == 1


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8])
def test_few_or_equal_sounds_have_places_too(count: int, rng: np.random.Generator) -> None:
    for vectors in (rng.normal(size=(count, 16)).astype(np.float32), np.ones((count, 16), np.float32)):
        places = lay_out(vectors)
        assert places.shape == (count, 2)
        assert np.isfinite(places).all()
        assert np.abs(places).max() <= 1.0


def test_a_model_is_mistaken_about_what_lies_in_another_folder(tmp_path: Path) -> None:
    model = tmp_path / "tiny.safetensors"
    save_checkpoint(model, SPEC, Tiny(3, 24).state_dict())
    for label, hertz in {"low": 300.0, "high": 2500.0}.items():
        write(tmp_path / "set" / label / "right.wav", sound(hertz, 1))
    write(tmp_path / "set" / "low" / "wrong.wav", sound(CLASSES["high"], 2))
    collection = read_sounds(tmp_path / "set")
    said = what_is_said(collection, model, tmp_path, lambda *_: None, workers=0)
    assert [item.path.name for item in collection.items] == ["right.wav", "right.wav", "wrong.wav"]
    assert [each and each.wrong for each in said] == [False, False, True]
    assert said[2] is not None
    assert said[2].labels == ("high",)


def test_the_command_writes_a_map(tmp_path: Path, encoder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = clean_set(tmp_path / "set", clips=2)
    output = tmp_path / "map.json"
    options = ["--encoder", str(encoder), "--cache", str(tmp_path / "cache"), "--workers", "0", "--progress", "json"]
    assert main(["map", str(folder), "--output", str(output), *options]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[0]["event"] == "checking"
    assert events[-1] == {"event": "mapped", "map": str(output), "problems": []}
    told = json.loads(output.read_text())
    assert told["labels"] == ["high", "low", "middle"]
    assert {Path(point["file"]).parent.name for point in told["points"] if point["labels"] == ["low"]} == {"low"}
    assert np.load(output.with_name(told["vectors"])).shape == (6, 48)


def test_a_folder_without_classes_is_a_map_without_labels_and_one_without_sound_is_none(tmp_path: Path) -> None:
    write(tmp_path / "set" / "a.wav", sound(300.0, 1))
    assert read_sounds(tmp_path / "set").labels == ()
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainingError, match="no sound file"):
        read_sounds(tmp_path / "empty")
