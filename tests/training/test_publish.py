import json
from pathlib import Path

import pytest

from tests.tiny import SPEC, Tiny
from timbrescope.recognition.checkpoint import load_checkpoint, read_spec, save_checkpoint
from training.publish import main

CARD = """
title = "Three registers"
description = \"\"\"Low, middle, high.

Data: tones.

Limits: everything else.\"\"\"
licence = "MIT"
source = "python -m nothing"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "model.safetensors", SPEC, Tiny(3, 24).state_dict())
    (tmp_path / "card.toml").write_text(CARD)
    evaluation = {"evaluations": [{"figures": {"accuracy": {"value": 0.61538, "low": 0.5, "high": 0.7}}}]}
    (tmp_path / "evaluation.json").write_text(json.dumps(evaluation))
    return tmp_path


def publish(place: Path, *more: str) -> int:
    command = [str(place / "model.safetensors"), "--card", str(place / "card.toml"), "--output", str(place / "out")]
    return main([*command, *more])


def test_the_model_gets_its_card_and_keeps_its_weights(place: Path) -> None:
    assert publish(place, "--figure", "accuracy on tones", "accuracy", str(place / "evaluation.json")) == 0
    spec, model = load_checkpoint(place / "out" / "tiny.safetensors")
    assert (spec.title, spec.licence, spec.labels) == ("Three registers", "MIT", SPEC.labels)
    assert spec.figures == {"accuracy on tones": 0.615}
    assert model.weights()["linear.weight"].equal(Tiny(3, 24).state_dict()["linear.weight"])


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('licence = "MIT"', "", "lacks ['licence']"),
        ("title =", "titel =", "['titel']"),
        ("title =", "title", "cannot be read"),
    ],
)
def test_a_wrong_card_is_named(
    place: Path, old: str, new: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "card.toml").write_text(CARD.replace(old, new))
    assert publish(place) == 2
    assert sentence in capsys.readouterr().err
    assert not (place / "out").exists()


def test_a_figure_that_was_not_measured_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert publish(place, "--figure", "F1", "macro_f1", str(place / "evaluation.json")) == 2
    assert "does not tell macro_f1" in capsys.readouterr().err


def test_publishing_again_replaces_the_model(place: Path) -> None:
    assert publish(place) == publish(place) == 0
    assert read_spec(place / "out" / "tiny.safetensors").title == "Three registers"


def test_the_card_may_name_the_model(place: Path) -> None:
    (place / "card.toml").write_text('name = "registers"\n' + CARD)
    assert publish(place) == 0
    assert read_spec(place / "out" / "registers.safetensors").name == "registers"
