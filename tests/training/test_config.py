from pathlib import Path

import pytest

from training.config import Stage, find_config, read_config
from training.errors import TrainingError

MINIMAL = """
name = "mine"
[front_end]
sample_rate = 16000
n_fft = 512
hop_length = 256
n_mels = 24
[network]
name = "k2c2"
[[training.stages]]
epochs = 3
learning_rate = 0.01
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(MINIMAL)
    return file


def test_what_is_not_said_has_a_default(path: Path) -> None:
    config = read_config(path)
    assert config.training.stages == (Stage(3, learning_rate=0.01),)
    assert config.front_end.n_mels == 24
    assert config.data.layout == "auto"


def test_entries_can_be_changed_by_their_names(path: Path) -> None:
    config = read_config(path, {"training.stages.0.epochs": 7, "training.batch": 5, "online.gain_db": 6.0})
    assert (config.training.stages[0].epochs, config.training.batch, config.online.gain_db) == (7, 5, 6.0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("epochs = 3", "epochs = 'three'", r"training\.stages\.0\.epochs"),
        ("n_mels = 24", "n_mels = 24\nn_mel = 3", r"unknown entry front_end\.n_mel;"),
        ("learning_rate", "learning_speed", r"unknown entry training\.stages\.0\.learning_speed"),
        ('name = "k2c2"', "options = {}", r"network\.name: Missing|network\.name: Field required"),
        ("hop_length = 256", "hop_length = 1000", "does not fit windows"),
        ("[front_end]", "[front_end", "cannot be read"),
    ],
)
def test_mistakes_are_named(path: Path, old: str, new: str, sentence: str) -> None:
    path.write_text(MINIMAL.replace(old, new, 1))
    with pytest.raises(TrainingError, match=sentence):
        read_config(path)


@pytest.mark.parametrize("name", ["training.stages.4.epochs", "training.stages.first.epochs", "name.first"])
def test_changes_need_a_place(path: Path, name: str) -> None:
    with pytest.raises(TrainingError, match="has no place"):
        read_config(path, {name: 1})


def test_a_configuration_is_found_by_its_path_or_name(path: Path) -> None:
    assert find_config(str(path)) == path
    with pytest.raises(TrainingError, match="There is no configuration nothing"):
        find_config("nothing")
