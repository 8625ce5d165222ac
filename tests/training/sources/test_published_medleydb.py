"""MedleyDB in its shape."""

from pathlib import Path

from tests.training.sources.published_layouts import by_name, lay_medleydb, true_labels, unknown_labels
from training.sources.published import PUBLISHED


def test_medleydb(tmp_path: Path) -> None:
    lay_medleydb(tmp_path)
    collection = PUBLISHED["medleydb"](tmp_path)
    assert collection.task == "multi"
    assert collection.labels == ("acoustic guitar", "cello", "drum set", "female singer", "piano")
    items = by_name(collection)
    assert not any("_RAW" in name for name in items)
    rain = items["LizNelson_Rainfall_MIX.wav"]
    assert dict(rain.labels) == {"female singer": 1.0, "acoustic guitar": 1.0}
    assert dict(items["LizNelson_Rainfall_STEM_01.wav"].labels) == {"female singer": 1.0}
    bleeding = items["LizNelson_Coldwar_STEM_01.wav"]
    assert (true_labels(bleeding), unknown_labels(bleeding)) == ({"cello"}, {"piano"})
    assert bleeding.group == rain.group == "Liz Nelson"
    nameless = items["MusicDelta_Rock_MIX.wav"]
    assert true_labels(nameless) == {"drum set"}
    assert unknown_labels(nameless) == set(collection.labels) - {"drum set"}
    assert "MusicDelta_Rock_STEM_02.wav" not in items
    assert len(collection.problems) == 1
    assert "MusicDelta_Rock_STEM_02.wav" in collection.problems[0]


def test_medleydb_with_damaged_and_missing_metadata(tmp_path: Path) -> None:
    lay_medleydb(tmp_path)
    (tmp_path / "Metadata" / "LizNelson_Coldwar_METADATA.yaml").unlink()
    (tmp_path / "Audio" / "MusicDelta_Rock" / "MusicDelta_Rock_METADATA.yaml").write_text("stems: [\n", "utf-8")
    collection = PUBLISHED["medleydb"](tmp_path)
    assert {item.group for item in collection.items} == {"Liz Nelson"}
    assert len(collection.items) == 4
    assert len(collection.problems) == 2
    assert all("\n" not in problem for problem in collection.problems)
