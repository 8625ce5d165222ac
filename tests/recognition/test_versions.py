from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.tiny import SPEC
from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import read_fingerprint, read_spec, save_checkpoint
from timbrescope.recognition.model import Model
from timbrescope.recognition.store import ModelStore
from timbrescope.recognition.versions import model_name


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def trained(path: Path, seed: int) -> Path:
    torch.manual_seed(seed)
    weights = {name: torch.randn_like(tensor) for name, tensor in Model(SPEC).weights().items()}
    save_checkpoint(path, replace(SPEC, name="mine", title=f"Mine {seed}"), weights)
    return path


def test_each_version_stays_and_can_be_put_back(store: ModelStore, tmp_path: Path) -> None:
    files = [trained(tmp_path / f"{seed}.safetensors", seed) for seed in range(3)]
    assert [store.add(file).number for file in files] == [1, 2, 3]
    assert [read_spec(version.path).version for version in store.versions("mine")] == [1, 2, 3]
    digests = [read_fingerprint(version.path) for version in store.versions("mine")]
    assert len(set(digests)) == 3
    assert read_fingerprint(store.find("mine")) == digests[2]
    assert [version.in_use for version in store.versions("mine")] == [False, False, True]
    store.put_back("mine", 1)
    assert read_fingerprint(store.find("mine")) == digests[0]
    assert [version.in_use for version in store.versions("mine")] == [True, False, False]
    assert [read_fingerprint(version.path) for version in store.versions("mine")] == digests
    assert store.add(files[1]).number == 2  # the same model is the same version
    with pytest.raises(ModelError, match="there are: 1, 2, 3"):
        store.put_back("mine", 4)


def test_a_model_from_before_there_were_versions_is_kept(store: ModelStore, tmp_path: Path) -> None:
    old = trained(store.folder / "mine.safetensors", 0)
    title = read_spec(old).title
    assert store.add(trained(tmp_path / "new.safetensors", 1)).number == 2
    assert [version.spec.title for version in store.versions("mine")] == [title, "Mine 1"]
    assert store.find("mine@1") == store.versions("mine")[0].path


def test_versions_are_no_models_in_the_list_and_go_with_their_model(store: ModelStore, tmp_path: Path) -> None:
    store.add(trained(tmp_path / "a.safetensors", 0))
    assert [model.name for model in store.models() if model.origin == "installed"] == ["mine"]
    store.remove("mine")
    assert store.versions("mine") == []
    assert not any(store.folder.rglob("*.safetensors"))


def test_a_damaged_file_and_the_name_of_a_bundled_model_are_refused(store: ModelStore, tmp_path: Path) -> None:
    path = trained(tmp_path / "a.safetensors", 0)
    with pytest.raises(ModelError, match="name of a model of the program"):
        store.add(path, "timbre-encoder")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="checksum"):
        store.add(path)
    assert not store.folder.exists() or not any(store.folder.rglob("*.safetensors"))


@pytest.mark.parametrize(("text", "name"), [("My sounds!", "my-sounds"), ("a/../b", "a-..-b"), ("Große Trommel", None)])
def test_names_are_safe_in_file_systems(text: str, name: str | None) -> None:
    made = model_name(text)
    assert made == (name or made)
    assert "/" not in made
    assert not made.startswith(".")


def test_a_name_without_a_letter_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be the name"):
        model_name("///")


def test_a_model_under_another_name_answers_to_that(store: ModelStore, tmp_path: Path) -> None:
    store.add(trained(tmp_path / "a.safetensors", 0), "Other name")
    assert read_spec(store.find("other-name")).name == "other-name"
