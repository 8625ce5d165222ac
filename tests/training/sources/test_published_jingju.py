"""The jingju data set in its shape."""

from pathlib import Path

from tests.training.sources.published_layouts import SYLLABLES, lay_jingju, textgrid
from training.sources.published import PUBLISHED
from training.sources.published_jingju import jingju_phonemes


def test_jingju_phonemes(tmp_path: Path) -> None:
    lay_jingju(tmp_path)
    collection = PUBLISHED["jingju-phonemes"](tmp_path)
    assert collection.task == "frame"
    assert len(collection.labels) == len(set(collection.labels)) == 29
    assert (collection.labels[0], collection.labels[26:]) == ("sil", (r"r\'", "vc", "nvc"))
    found = [
        [(segment.start, segment.end, segment.label) for segment in item.segments]
        for item in collection.items
        if item.group == "zhuangyuanmei_zinari"
    ]
    # the H is rare and merged, the "o!" is no phoneme, the rests and the x lie outside of syllables
    assert found == [
        [(0.1, 0.2, "y"), (0.2, 0.3, "sil"), (0.3, 0.4, "u")],
        [(0.7, 0.8, "vc"), (0.8, 0.9, r"r\'")],
    ]
    for item in collection.items:
        assert (item.start, item.end) == (item.segments[0].start, item.segments[-1].end)
        assert item.group == item.path.stem
    assert {item.group: item.split for item in collection.items} == {
        "zhuangyuanmei_zinari": "test",
        "xixiangji_biyuntian": "train",
        "lsxp-Wo_ben_shi-Kong_cheng_ji-qm": "test",
        "lsxp-Quan_qian_sui-Gan_lu_si-qm": "train",
    }
    assert sum("Sha_jia_bang" in problem for problem in collection.problems) == 1
    assert sum("o!" in problem for problem in collection.problems) == 4


def test_jingju_roles_and_the_classes_of_the_text(tmp_path: Path) -> None:
    root = tmp_path / "dan"  # a folder above the data set says nothing about its role types
    lay_jingju(root)
    both, dan, laosheng = (
        {item.group for item in PUBLISHED[f"jingju-phonemes{role}"](root).items} for role in ("", "-dan", "-laosheng")
    )
    assert dan == {"zhuangyuanmei_zinari", "xixiangji_biyuntian"}
    assert laosheng == both - dan
    assert len(laosheng) == 2
    whole = jingju_phonemes(root, merge_rare=False)
    assert len(set(whole.labels)) == 32
    assert whole.items[0].segments[0].label == "H"


def test_jingju_with_damaged_annotation(tmp_path: Path) -> None:
    lay_jingju(tmp_path)
    (tmp_path / "textgrid" / "danAll" / "zhuangyuanmei_zinari.TextGrid").write_text("rubbish\n", encoding="utf-8")
    textgrid(tmp_path / "textgrid" / "danAll" / "xixiangji_biyuntian.TextGrid", {"dian": SYLLABLES})
    collection = PUBLISHED["jingju-phonemes"](tmp_path)
    assert {item.group[:2] for item in collection.items} == {"ls"}
    told = [problem for problem in collection.problems if "danAll" in problem]
    assert len(told) == 2
    assert "details" in "".join(told)
