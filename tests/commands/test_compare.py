import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.conftest import sine
from tests.encoded import encode
from tests.tiny import SPEC, Tiny
from timbrescope import cli
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.store import ModelStore

TONES = {"low": (110.0, 150.0), "middle": (1400.0, 1600.0), "high": (5200.0, 5600.0)}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for label, pitches in TONES.items():
        (tmp_path / "tones" / label).mkdir(parents=True)
        for hertz in pitches:
            encode(tmp_path / "tones" / label / f"{hertz:g}.wav", sine(hertz, 1.5, 22_050), 22_050)
    return tmp_path / "tones"


@pytest.fixture(autouse=True)
def _versions(tmp_path: Path, _own_folders: None) -> None:
    deaf = Tiny(3, 24)
    torch.nn.init.zeros_(deaf.linear.weight)
    for number, network in enumerate((deaf, Tiny(3, 24))):
        path = tmp_path / f"{number}.safetensors"
        save_checkpoint(path, replace(SPEC, name="mine"), network.state_dict())
        ModelStore().add(path)


def test_versions_side_by_side(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "mine@1", "mine@2", str(data), "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert "mine@2: Accuracy 1.000" in out
    assert "better in mine@2: 4" in out
    assert "worse in mine@2: 0" in out


def test_json_names_what_changed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "mine@2", "mine@1", str(data), "--device", "cpu", "--format", "json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert [each["model"] for each in values["evaluations"]] == ["mine@2", "mine@1"]
    assert len(values["changes"]["worse"]) == 4
    assert Path(values["changes"]["worse"][0]["file"]).is_file()
    assert values["difference"]["difference"]["value"] == pytest.approx(-4 / 6)


def test_a_version_that_is_not_there(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["compare", "mine@1", "mine@7", str(data)]) == 2
    assert "there are: 1, 2" in capsys.readouterr().err
