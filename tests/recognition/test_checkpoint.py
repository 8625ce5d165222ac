import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file, save_file

from tests.tiny import SPEC, Tiny
from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import (
    load_checkpoint,
    read_spec,
    save_checkpoint,
    verify_checkpoint,
    weights_digest,
)
from timbrescope.recognition.networks.musicnn import Musicnn

MUSICNN = replace(
    SPEC, name="small", network="musicnn", network_options={"n_mels": 24, "mid_filters": 8, "dense_units": 10}
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "models" / "tiny.safetensors"
    save_checkpoint(place, SPEC, Tiny(3, 24).state_dict())
    return place


def header(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + size])["__metadata__"]
    return metadata


def test_save_then_load_gives_the_same_scores(tmp_path: Path) -> None:
    network = Musicnn(3, n_mels=24, mid_filters=8, dense_units=10)
    x = torch.rand(4, 60, 24)
    network(x)  # moves the statistics of the norms, which are saved too
    save_checkpoint(tmp_path / "small.safetensors", MUSICNN, network.state_dict())
    spec, loaded = load_checkpoint(tmp_path / "small.safetensors", torch.device("cpu"))
    assert spec == MUSICNN
    assert not loaded.training
    torch.testing.assert_close(loaded(x), network.eval()(x), rtol=0, atol=0)


def test_description_comes_back_without_torch(path: Path) -> None:
    assert read_spec(path) == SPEC
    code = (
        "import sys; from pathlib import Path;"
        "from timbrescope.recognition.checkpoint import read_spec, verify_checkpoint;"
        "path = Path(sys.argv[1]); verify_checkpoint(path); print(read_spec(path).title, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["Tiny", "False"]


def test_thresholds_come_back_and_older_files_have_none(path: Path) -> None:
    own = replace(SPEC, thresholds=(0.25, 0.5, 0.75))
    save_checkpoint(path, own, Tiny(3, 24).state_dict())
    verify_checkpoint(path)
    assert read_spec(path) == own
    older = SPEC.to_dict()
    del older["thresholds"]
    assert type(SPEC).from_dict(older) == SPEC


@pytest.mark.parametrize("thresholds", [[0.5], [0.5, 0.5, 1.5], [0.5, 0.5, "high"], 0.5])
def test_thresholds_that_do_not_fit_the_labels_are_an_error(thresholds: object) -> None:
    with pytest.raises(ModelError, match="description cannot be read"):
        type(SPEC).from_dict({**SPEC.to_dict(), "thresholds": thresholds})


def test_equal_models_are_equal_files(path: Path, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "again.safetensors", SPEC, Tiny(3, 24).state_dict())
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_any_changed_byte_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    verify_checkpoint(path)
    unnoticed = []
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x01]) + whole[position + 1 :])
        try:
            verify_checkpoint(path)
        except ModelError:
            continue
        unnoticed.append(position)
    assert unnoticed == []


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_cut_file_is_an_error(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    for read in (read_spec, load_checkpoint, verify_checkpoint):
        with pytest.raises(ModelError, match=r"tiny\.safetensors.*install the model again"):
            read(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model at"):
        read_spec(tmp_path / "nothing.safetensors")
    with pytest.raises(ModelError, match="cannot be read"):
        read_spec(tmp_path)
    save_file({"x": torch.zeros(3).numpy()}, tmp_path / "foreign.safetensors")
    with pytest.raises(ModelError, match="not a model of this program"):
        load_checkpoint(tmp_path / "foreign.safetensors")


def test_weights_under_another_description_are_noticed(path: Path) -> None:
    metadata = json.loads(header(path)["timbrescope"])
    metadata["spec"]["labels"] = ["low", "high", "middle"]
    save_file(load_file(path), path, {"timbrescope": json.dumps(metadata)})
    with pytest.raises(ModelError, match="checksum"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (replace(SPEC, labels=("a", "b")), r"linear\.bias have the shape \(3,\) where \(2,\) belongs"),
        (replace(SPEC, network_options={"n_mels": 20}), r"linear\.weight have"),
        (replace(SPEC, network="musicnn", network_options={}), "have the shape None"),
        (replace(SPEC, network="nothing"), "no network called 'nothing'"),
        (replace(SPEC, network_options={"bands": 20}), "options"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path: Path, spec: object, sentence: str) -> None:
    assert isinstance(spec, type(SPEC))
    save_checkpoint(tmp_path / "odd.safetensors", spec, Tiny(3, 24).state_dict())
    with pytest.raises(ModelError, match=sentence):
        load_checkpoint(tmp_path / "odd.safetensors")


def test_a_failed_write_leaves_the_old_file_and_no_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ModelError, match=r"No space left on device\); make room"):
        save_checkpoint(path, replace(SPEC, title="New"), Tiny(3, 24).state_dict())
    assert list(path.parent.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())


def test_readers_never_see_half_a_file(path: Path) -> None:
    def write() -> None:
        for number in range(20):
            save_checkpoint(path, replace(SPEC, title=f"Tiny {number}"), Tiny(3, 24).state_dict())

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        verify_checkpoint(path)
    for writer in writers:
        writer.join()
    assert read_spec(path).title == "Tiny 19"


def test_digest_depends_on_names_shapes_types_and_values() -> None:
    values = torch.arange(6.0).numpy()
    variants = [
        {"a": values},
        {"b": values},
        {"a": values.reshape(2, 3)},
        {"a": values.astype("f8")},
        {"a": values + 1},
        {"a": values, "b": values},
    ]
    assert len({weights_digest(tensors) for tensors in variants}) == len(variants)
    assert weights_digest({"a": values.astype(">f4")}) == weights_digest({"a": values})
