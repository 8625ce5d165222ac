import json

import pytest

from timbrescope import cli
from timbrescope.recognition.networks import names, registry


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the networks that other tests have registered."""
    ours = {name: known for name, known in registry._NETWORKS.items() if not name.startswith("tests-")}
    monkeypatch.setattr(registry, "_NETWORKS", ours)


@pytest.fixture
def _few(_only_ours: None, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: registry.entry(name) for name in ("frequency-40", "sample-cnn", "small-rectangular-tags")}
    monkeypatch.setattr(registry, "_NETWORKS", few)


def test_json_describes_every_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["networks", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == names()
    for row in rows:
        assert row["family"], row
        assert row["paper"], row
        assert 0 < row["parameters"] <= row["parameters_with_statistics"], row
        assert row["multiply_adds_per_second"] > 0, row


@pytest.mark.usefixtures("_few")
def test_json_has_the_stable_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["networks", "--format", "json"]) == 0
    frequency, sample, small = json.loads(capsys.readouterr().out)
    seconds = 80 * 1024 / 44_100
    assert frequency == {
        "name": "frequency-40",
        "family": "musically motivated",
        "paper": "Pons 2016",
        "input": {"frames": 80, "mel_bands": 40},
        "seconds": seconds,
        "labels": 8,
        "parameters": 1576,
        "parameters_with_statistics": 1576,
        # 32 filters of 40 bands on 80 frames, then 8 outputs of 32 inputs.
        "multiply_adds_per_second": round((32 * 40 * 80 + 8 * 32) / seconds),
    }
    assert sample["input"] == {"samples": 59_049}
    assert small["parameters_with_statistics"] == small["parameters"] + 2 * (32 + 32 + 64 + 32 + 16)


@pytest.mark.usefixtures("_few")
def test_text_is_a_table_with_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["networks"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", "frequency-40", "sample-cnn", "small-rectangular-tags"]
    assert len({len(line) for line in lines}) == 1
    assert "80 x 40 frames x mel, 1.86 s" in lines[1]
    assert "59049 samples" in lines[2]
    assert "73,778" in lines[3]
    assert "74,130" in lines[3]
    assert captured.err == ""
