"""What holds for the reader of every published data set."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.training.sources.published_layouts import LAYOUTS
from training.errors import TrainingError
from training.sources.published import PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_missing_is_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    lay, missing = LAYOUTS[name]
    lay(tmp_path)
    for path in sorted(tmp_path.glob(missing)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(TrainingError) as raised:
        PUBLISHED[name](tmp_path)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert str(tmp_path) in sentence
    if "." in Path(missing).name:
        assert Path(missing).name.lstrip("*") in sentence


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_label_is_in_the_list_and_the_order_is_that_of_the_paths(tmp_path: Path, name: str) -> None:
    LAYOUTS[name][0](tmp_path)
    collection = PUBLISHED[name](tmp_path)
    assert {label for item in collection.items for label in item.labels} <= set(collection.labels)
    assert {segment.label for item in collection.items for segment in item.segments} <= set(collection.labels)
    paths = [item.path.as_posix() for item in collection.items]
    assert paths == sorted(paths)
    assert all(item.group for item in collection.items)
    if collection.task == "single":
        assert all(list(item.labels.values()) == [1.0] for item in collection.items)


@pytest.mark.parametrize(("name", "package"), [("medleydb", "yaml"), ("jingju-phonemes", "praatio")])
def test_an_absent_package_is_named_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    LAYOUTS[name][0](tmp_path)
    for module in [module for module in sys.modules if module.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TrainingError, match=r'pip install "timbrescope\[datasets\]"'):
        PUBLISHED[name](tmp_path)
