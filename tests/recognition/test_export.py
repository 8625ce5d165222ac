import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.tiny import SPEC
from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import ModelError
from timbrescope.recognition import export as export_module
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.export import Format, FromSamples, export, scores_of
from timbrescope.recognition.model import Model
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.recognition.spec import FrontEnd, ModelSpec

FRONT_ENDS = {
    "log": SPEC.front_end,
    "htk": FrontEnd(
        16_000, 512, 160, 24, win_length=400, mel_scale="htk", mel_norm="none", weighting="pre-emphasis",
        compression="ln", offset=1e-5, centred=False, standardisation="band",
    ),
    "decibel": FrontEnd(16_000, 512, 256, 24, power=1.0, mel_power=2.0, compression="decibel", float16_mel=True),
}  # fmt: skip


def model_of(spec: ModelSpec) -> Model:
    torch.manual_seed(0)
    model = Model(spec).eval()
    with torch.no_grad():
        for tensor in model.weights().values():
            tensor.copy_(torch.rand_like(tensor) - 0.5)
    if spec.front_end.standardisation == "band":
        model.standardise.std.fill_(1.5)
    return model


@pytest.mark.parametrize("name", FRONT_ENDS)
@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_from_samples_to_the_scores_of_the_program(name: str, activation: str, rng: np.random.Generator) -> None:
    spec = replace(SPEC, front_end=FRONT_ENDS[name], activation=activation)  # type: ignore[arg-type]
    whole = FromSamples(spec, model_of(spec))
    windows = torch.from_numpy(rng.uniform(-0.5, 0.5, (4, whole.window_samples)).astype(np.float32))
    windows[3] = 0
    with torch.inference_mode():
        np.testing.assert_allclose(whole(windows).numpy(), scores_of(whole, windows), atol=1e-5)


@pytest.mark.parametrize("kind", ["onnx", "torchscript"])
def test_the_page_beside_it_tells_a_program_that_gives_the_same_scores(
    tmp_path: Path, kind: Format, rng: np.random.Generator
) -> None:
    for package in ("onnx", "onnxruntime", "onnxscript") if kind == "onnx" else ():
        pytest.importorskip(package)
    spec = replace(SPEC, name="mine", thresholds=(0.2, 0.3, 0.4))
    model = model_of(spec)
    files = export(spec, model, tmp_path / "out", (kind,))
    assert [path.name for path in files] == ["mine" + export_module.SUFFIXES[kind], "mine.md"]
    assert len(list((tmp_path / "out").iterdir())) == 2  # nothing is left behind
    soundfile.write(tmp_path / "sound.wav", rng.uniform(-0.3, 0.3, 40_000), 16_000, subtype="FLOAT")
    (program,) = re.findall(r"```python\n(.*?)```", files[1].read_text(encoding="utf-8"), re.DOTALL)
    said = subprocess.run(
        [sys.executable, "-c", program + "\nprint(json.dumps(scores.tolist()))", str(tmp_path / "sound.wav")],
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, spec, model.weights())
    recogniser = Recogniser.load(path, torch.device("cpu"))
    ours = np.concatenate(
        [chunk.scores["mine"] for chunk in analyse(AudioFile(tmp_path / "sound.wav"), [recogniser], draw=False)]
    )
    np.testing.assert_allclose(np.array(json.loads(said[-1])), ours, atol=1e-4)
    assert {line.split()[1] for line in said[:-1]} == set(spec.labels)


def test_an_export_that_says_something_else_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "scores_of", lambda _whole, windows: np.full((len(windows), 3), 0.123))
    with pytest.raises(ModelError, match="differ by"):
        export(SPEC, model_of(SPEC), tmp_path / "out", ("torchscript",))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ModelError, match=r"timbrescope\[export\]"):
        export(SPEC, model_of(SPEC), tmp_path, ("onnx",))


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    spec = replace(SPEC, name="../../mine")
    for path in export(spec, model_of(spec), tmp_path / "a" / "b", ("torchscript",)):
        assert path.parent == tmp_path / "a" / "b"


@pytest.mark.parametrize("kind", ["onnx", "torchscript"])
def test_a_model_of_every_frame_takes_a_recording_of_any_length(
    tmp_path: Path, kind: Format, rng: np.random.Generator
) -> None:
    for package in ("onnx", "onnxruntime", "onnxscript") if kind == "onnx" else ():
        pytest.importorskip(package)
    spec = replace(SPEC, name="frames", window_frames=9, hop_frames=1, look_ahead_frames=3, activation="softmax")
    model = model_of(spec)
    files = export(spec, model, tmp_path / "out", (kind,))
    soundfile.write(tmp_path / "sound.wav", rng.uniform(-0.3, 0.3, 20_000), 16_000, subtype="FLOAT")
    (program,) = re.findall(r"```python\n(.*?)```", files[1].read_text(encoding="utf-8"), re.DOTALL)
    said = subprocess.run(
        [sys.executable, "-c", program + "\nprint(json.dumps(scores.tolist()))", str(tmp_path / "sound.wav")],
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = np.array(json.loads(said[-1]))
    path = tmp_path / "frames.safetensors"
    save_checkpoint(path, spec, model.weights())
    recogniser = Recogniser.load(path, torch.device("cpu"))
    ours = np.concatenate(
        [chunk.scores["frames"] for chunk in analyse(AudioFile(tmp_path / "sound.wav"), [recogniser], draw=False)]
    )
    assert found.shape == ours.shape
    inside = slice(9, -9)  # at the edges, sound and silence share a frame there
    np.testing.assert_allclose(found[inside], ours[inside], atol=1e-4)
