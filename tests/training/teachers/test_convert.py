import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.conftest import SHARED
from timbrescope.audio.file import AudioFile
from timbrescope.core.mel import mel_filter_bank
from timbrescope.recognition.checkpoint import load_checkpoint
from timbrescope.recognition.networks import build
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from training.errors import TrainingError
from training.teachers.audioset import CLASSES, INSTRUMENTS, instrument_scores
from training.teachers.convert import PUBLISHED, convert, main

BY_NAME = {published.name: published for published in PUBLISHED}
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
DENSE = ("weight", "bias")
GRU = tuple(f"{kind}_{part}_l{layer}" for layer in (0, 1) for kind in ("weight", "bias") for part in ("ih", "hh"))
BLOCKS = [(f"layer{n}.{part}", names) for n in range(1, 6) for part, names in (("conv", DENSE), ("bn", NORM))]
# The published names in the order in which the layers hear.
LAYERS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "fcn": [("spec_bn", NORM), *BLOCKS, ("dense", DENSE)],
    "crnn": [("spec_bn", NORM), *BLOCKS[:-2], ("layer5", GRU), ("dense", DENSE)],
    "smc-musicnn": [
        ("spec_bn", NORM),
        *[(f"layers.{n}.{part}", names) for n in range(5) for part, names in (("conv", DENSE), ("bn", NORM))],
        *BLOCKS[:6],
        ("dense1", DENSE),
        ("bn", NORM),
        ("dense2", DENSE),
    ],
}
TEACHERS = SHARED / "teachers"
CLIPS = SHARED / "dev_eval"


def random_values(network: nn.Module) -> list[Tensor]:
    """Return values for a network's tensors, no two alike, in their order."""
    generator = torch.Generator().manual_seed(3)
    return [
        value if value.dtype == torch.int64 else torch.rand(value.shape, generator=generator) + 0.5
        for value in network.state_dict().values()
    ]


def published_state(name: str) -> dict[str, Tensor]:
    """Return random weights under the published names."""
    if name == "efficientat-mn04":
        network = build(name, 527)
        return dict(zip(map(efficientat_name, network.state_dict()), random_values(network), strict=True))
    network_name = "smc-musicnn" if name.endswith("musicnn") else name.partition("-")[2]
    names = [f"{layer}.{part}" for layer, parts in LAYERS[network_name] for part in parts]
    state = dict(zip(names, random_values(build(network_name, 50)), strict=True))
    bank = torch.from_numpy(mel_filter_bank(16_000, 512, 96, scale="htk", norm="none").T.copy())
    return {"spec.spectrogram.window": torch.hann_window(512), "spec.mel_scale.fb": bank, **state}


def efficientat_name(ours: str) -> str:
    for layer, theirs in (("fc1", "conc_se_layers.0.fc1"), ("fc2", "conc_se_layers.0.fc2")):
        ours = ours.replace(f".{layer}.", f".{theirs}.")
    return ours.replace("dense.", "classifier.2.").replace("output.", "classifier.5.")


def put(folder: Path, name: str, state: dict[str, Tensor]) -> None:
    """Write the files that a published model is made of."""
    published = BY_NAME[name]
    file, labels = folder / published.file, folder / published.labels
    file.parent.mkdir(exist_ok=True)
    torch.save(state, file)
    match labels.suffix:
        case ".csv":
            rows = "".join(f'{n},/m/{n},"Sound {n}, loud"\n' for n in reversed(range(527)))
            labels.write_text(f"index,mid,display_name\n{rows}", encoding="utf-8")
        case ".npy":
            np.save(labels, np.array([f"tag {n}" for n in range(50)]))
        case _:
            labels.write_text("".join(f"tag {n}\n" for n in range(50)), encoding="utf-8")


@pytest.mark.parametrize("name", BY_NAME)
def test_every_tensor_finds_its_place(name: str, tmp_path: Path) -> None:
    state = published_state(name)
    put(tmp_path, name, state)
    spec, model = load_checkpoint(convert(BY_NAME[name], tmp_path, tmp_path / "models"))
    wanted = [value for key, value in state.items() if not key.startswith("spec.")]
    for (key, found), value in zip(model.network.state_dict().items(), wanted, strict=True):
        assert torch.equal(found, value), key
    assert spec.name == name
    assert spec.licence.startswith("MIT")
    assert spec.source
    assert spec.activation == "sigmoid"


def test_labels_are_in_the_order_of_the_outputs(tmp_path: Path) -> None:
    put(tmp_path, "efficientat-mn04", published_state("efficientat-mn04"))
    spec, _ = load_checkpoint(convert(BY_NAME["efficientat-mn04"], tmp_path, tmp_path))
    assert spec.labels == tuple(f"Sound {n}, loud" for n in range(527))
    assert spec.window_seconds == 10.0


@pytest.mark.parametrize(("name", "seconds"), [("mtat-musicnn", 3.0), ("mtat-fcn", 29.0), ("msd-crnn", 29.0)])
def test_windows_of_spectra_last_as_published(name: str, seconds: float, tmp_path: Path) -> None:
    put(tmp_path, name, published_state(name))
    spec, _ = load_checkpoint(convert(BY_NAME[name], tmp_path, tmp_path))
    assert spec.window_seconds == pytest.approx(seconds, abs=0.02)
    assert spec.labels == tuple(f"tag {n}" for n in range(50))


def damages() -> Iterator[tuple[str, dict[str, Tensor] | bytes | None]]:
    state = published_state("mtat-fcn")
    yield "missing", None
    yield "empty", b""
    yield "text", b"<html>not found</html>"
    yield "without a tensor", {key: value for key, value in state.items() if key != "dense.bias"}
    yield "another network", published_state("mtat-crnn")
    yield "another bank", state | {"spec.mel_scale.fb": state["spec.mel_scale.fb"] * 1.01}
    yield "no bank", {key: value for key, value in state.items() if not key.startswith("spec.")}


@pytest.mark.parametrize(("damage", "content"), [pytest.param(*case, id=case[0]) for case in damages()])
def test_wrong_files_are_told_in_a_sentence(
    damage: str, content: dict[str, Tensor] | bytes | None, tmp_path: Path
) -> None:
    put(tmp_path, "mtat-fcn", content if isinstance(content, dict) else {})
    file = tmp_path / BY_NAME["mtat-fcn"].file
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is None:
        file.unlink()
    with pytest.raises(TrainingError) as caught:
        convert(BY_NAME["mtat-fcn"], tmp_path, tmp_path / "models")
    assert "mtat_fcn.pth" in str(caught.value), damage
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "models").exists()


def test_labels_that_do_not_fit_are_told(tmp_path: Path) -> None:
    put(tmp_path, "mtat-fcn", published_state("mtat-fcn"))
    labels = tmp_path / BY_NAME["mtat-fcn"].labels
    np.save(labels, np.array(["one", "two"]))
    with pytest.raises(TrainingError, match="2 labels"):
        convert(BY_NAME["mtat-fcn"], tmp_path, tmp_path)
    labels.unlink()
    with pytest.raises(TrainingError, match=r"mtat_tags\.npy"):
        convert(BY_NAME["mtat-fcn"], tmp_path, tmp_path)


def test_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--weights", str(tmp_path), "--output", str(tmp_path / "models")])
    assert left.value.code == 1
    assert capsys.readouterr().err.startswith("There is no mn04_as_mAP_432.pt in ")


def test_an_instrument_scores_as_its_best_class() -> None:
    names = [name for classes in CLASSES.values() for name in classes] + ["Speech"]
    scores = np.zeros((2, len(names)), np.float32)
    scores[0, names.index("Hammond organ")] = 0.5
    scores[0, names.index("Organ")] = 0.2
    scores[1, names.index("Speech")] = 0.9
    grouped = instrument_scores(scores, names)
    assert grouped.shape == (2, 13)
    assert {INSTRUMENTS[n]: grouped[0, n] for n in grouped[0].nonzero()[0]} == {"organ": 0.5}
    assert not grouped[1].any()
    with pytest.raises(TrainingError, match="Hammond organ"):
        instrument_scores(scores, [name.replace("Hammond", "Pipe") for name in names])


def converted(name: str, folder: Path) -> Recogniser:
    if not (TEACHERS / BY_NAME[name].file).is_file():
        pytest.skip(f"needs {BY_NAME[name].file}")
    return Recogniser.load(convert(BY_NAME[name], TEACHERS, folder), torch.device("cpu"))


def test_published_weights_tell_single_instruments_apart(tmp_path: Path) -> None:
    """Each clip is heard as a whole; those shorter than a second are filled up with silence."""
    recogniser = converted("efficientat-mn04", tmp_path)
    rows, true = [], []
    with (CLIPS / "labels.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["task"] == "instrument" and line["labels"] in INSTRUMENTS:
                blocks = AudioFile(CLIPS / line["path"]).blocks([32_000])
                samples = np.concatenate([block.samples[32_000] for block in blocks])
                samples = np.pad(samples, (0, max(0, 32_000 - len(samples))))
                rows.append(recogniser.score(torch.from_numpy(samples).view(1, -1, 1)))
                true.append(INSTRUMENTS.index(line["labels"]))
    assert set(true) == set(range(13))
    best = instrument_scores(np.concatenate(rows), recogniser.spec.labels).argmax(axis=1)
    assert (len(true), int((best == np.array(true)).sum())) == (95, 49)


@pytest.mark.parametrize(
    ("clip", "scores"),
    [
        ("*ragtime*", {"piano": 0.69, "classical": 0.27, "slow": 0.25}),
        ("*Fishin*", {"guitar": 0.46, "female": 0.40, "woman": 0.32}),
        ("*Hungarian*", {"classical": 0.68, "strings": 0.48, "violin": 0.43}),
    ],
)
def test_published_weights_give_their_tags(clip: str, scores: dict[str, float], tmp_path: Path) -> None:
    """The published windows are half a frame shorter and know nothing of their neighbours, so ours differ a little."""
    recogniser = converted("mtat-musicnn", tmp_path)
    recogniser.hop_frames = recogniser.spec.window_frames
    (path,) = (CLIPS / "librosa_data").glob(clip)
    averages = np.concatenate([chunk.scores["mtat-musicnn"] for chunk in analyse(AudioFile(path), [recogniser])])
    found = dict(zip(recogniser.spec.labels, averages.mean(axis=0).tolist(), strict=True))
    assert sorted(found, key=lambda tag: -found[tag])[:3] == list(scores)
    assert {tag: found[tag] for tag in scores} == pytest.approx(scores, abs=0.03)
