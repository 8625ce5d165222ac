from dataclasses import replace
from pathlib import Path

import pytest

from timbrescope.recognition.store import ModelStore
from timbrescope.settings import DEFAULT_MODELS, FILE_NAME, Settings, declared, is_valid


def test_saved_settings_come_back(tmp_path: Path) -> None:
    settings = replace(Settings(), theme="light", gain_db=35, follow=False, update_seconds=0.5, models=("a", "b"))
    settings.save(tmp_path / "new")
    assert Settings.load(tmp_path / "new") == settings


@pytest.mark.parametrize(
    "text", ["", "not json", "[1, 2]", '{"theme": 3, "gain_db": "loud", "follow": 1, "unheard": 1}']
)
def test_a_file_that_makes_no_sense_gives_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert Settings.load(tmp_path) == Settings()


def test_sound_values_survive_unsound_neighbours(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"theme": "light", "gain_db": 5000, "device": "toaster"}')
    assert Settings.load(tmp_path) == replace(Settings(), theme="light")


def test_texts_are_kept_and_other_things_are_none(tmp_path: Path) -> None:
    Settings(input_device="Monitor, of “Ä”", input_channel=2).save(tmp_path)
    assert Settings.load(tmp_path).input_device == "Monitor, of “Ä”"
    (tmp_path / FILE_NAME).write_text(
        '{"input_device": 3, "take_folder": true, "input_channel": "1", "roll_minutes": 60}'
    )
    assert Settings.load(tmp_path) == Settings(roll_minutes=60)


def test_every_default_is_valid_and_explained() -> None:
    for name, option, default in declared():
        assert is_valid(option, default, default), name
        assert option.title, name
        assert option.help.endswith("."), name


def test_a_choice_of_models_outlives_other_defaults(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"version": 1, "theme": "light", "models": ["musicnn-mtt"]}')
    assert Settings.load(tmp_path).models == ("musicnn-mtt",)
    (tmp_path / FILE_NAME).write_text('{"version": 1, "theme": "light"}')
    assert Settings.load(tmp_path).models == DEFAULT_MODELS


def test_instruments_and_tags_are_recognised_by_default() -> None:
    known = {model.name: model.kind for model in ModelStore().models()}
    assert [known[name] for name in DEFAULT_MODELS] == ["instruments", "tags"]
