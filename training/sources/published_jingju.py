"""The jingju a cappella singing data set with its phonemes, as the phoneme classifiers of Pons 2017 learn it."""

from pathlib import Path
from typing import Literal

from training.collection import Collection, Item, Segment, Split
from training.errors import TrainingError
from training.sources.published_reading import collected, library, required, sounds
from training.sources.text import read_text
from training.sources.tree import files_below

Role = Literal["dan", "laosheng"]

CLASSES = (
    "sil", "?", "an", "in", "aI^", "7N", "@n", "eI^", "1", "7", "iN", "@", "E", "M", "O", "N", "oU^", "AN", "AU^", "a",
    "En", "i", "UN", "u", "y", "j", r"r\'", "vc", "nvc",
)  # fmt: skip
"""29 classes in the order of the released models; vc and nvc are voiced and voiceless consonants."""
MERGED = {
    "": "sil",
    "w": "u", "U^": "u",
    "m": "vc", "l": "vc", "n": "vc",
    "c": "nvc", "f": "nvc", "k": "nvc", "s": "nvc", "x": "nvc",
}  # fmt: skip
"""Annotated phonemes that share a class; every other one is its own."""
RARE = {"yn": "in", "9": "7", "H": "y"}
"""Three of the paper's 32 classes, which have so few samples that the released models merge them into others."""
TEST = frozenset({
    # laosheng
    "lseh-Wei_guo_jia-Hong_yang_dong01-lon",
    "lseh-Wei_guo_jia-Hong_yang_dong02-qm",
    "lseh-Yi_lun_ming-Wen_zhao_guan-qm",
    "lseh-Zi_na_ri-Hong_yang_dong-qm",
    "lsxp-Huai_nan_wang-Huai_he_ying02-qm",
    "lsxp-Jiang_shen_er-San_jia_dian01-1-upf",
    "lsxp-Jiang_shen_er-San_jia_dian01-2-upf",
    "lsxp-Jiang_shen_er-San_jia_dian02-qm",
    "lsxp-Shen_gong_wu-Gan_lu_si-qm",
    "lsxp-Wo_ben_shi-Kong_cheng_ji-qm",
    # dan
    "danbz-Bei_jiu_chan-Chun_gui_men01-qm",
    "danbz-Kan_dai_wang-Ba_wang_bie_ji01-qm",
    "daspd-Hai_dao_bing-Gui_fei_zui_jiu02-qm",
    "daxp-Chun_qiu_ting-Suo_lin_nang01-qm",
    "daxp-Guan_Shi_yin-Tian_nv_san_hua-lon",
    "daxp-Jiao_Zhang_sheng-Hong_niang01-qm",
    "daxp-Meng_ting_de-Mu_Gui_ying_gua_shuai01-upf",
    "daxp-Xi_ri_li-Gan_lu_si-qm",
    "daxp-Zhe_cai_shi-Suo_lin_nang01-qm",
    "wangjiangting_dushoukong",
    "wangjiangting_zhijianta",
    "zhuangyuanmei_zinari",
})  # fmt: skip
"""Recordings that the authors' networks were not trained on; their lists for both role types."""
DATA_SET = "the jingju a cappella data set"
SYLLABLES, PHONEMES = "dian", "details"  # tiers
ADJOINING = 1e-3  # seconds between two segments that belong together


def jingju_phonemes(folder: Path, role: Role | None = None, *, merge_rare: bool = True) -> Collection:
    """Read the phonemes of the jingju a cappella singing data set, all that lie in an annotated syllable.

    Each stretch of adjoining syllables is an item, so that no item holds what the authors leave out: the sound between
    them. Silence within a syllable is ``sil``. Recordings without annotation are left out. The group is the recording.

    Args:
        folder: holds ``wav`` and ``textgrid``, each with a folder for a role type.
        role: the role type, for each of which the paper has networks of its own; None takes both.
        merge_rare: whether to use the 29 classes to which the paper's parameter counts fit; otherwise the 32 of its
            text, the three rare ones coming last.

    Raises:
        TrainingError: there are no annotations or no sound files, or praatio is not installed.

    Source: Pons 2017, section III.A; the data set is Gong et al. 2017, "Jingju a cappella singing dataset".
    """
    found = files_below(required(folder / "textgrid", DATA_SET))[0]
    grids = {
        path.stem: path
        for path in found
        if path.suffix.lower() == ".textgrid" and _sings(path.relative_to(folder), role)
    }
    recordings, problems = sounds(required(folder / "wav", DATA_SET))
    recordings = [path for path in recordings if _sings(path.relative_to(folder), role)]
    problems += [f"{path} was left out: it has no TextGrid." for path in recordings if path.stem not in grids]
    merged = MERGED | (RARE if merge_rare else {})
    classes = CLASSES if merge_rare else (*CLASSES, *RARE)
    items = []
    for path in recordings:
        grid = grids.pop(path.stem, None)
        if grid is None:
            continue
        try:
            written = _written(grid)
        except ValueError as error:
            problems.append(f"{grid} was left out: {error}.")
            continue
        segments = [Segment(start, end, merged.get(label, label)) for start, end, label in written]
        strange = sorted({segment.label for segment in segments}.difference(classes))
        if strange:
            problems.append(f"{grid} was left out where it is labelled {' '.join(strange)}, which are no phonemes.")
        split: Split = "test" if path.stem in TEST else "train"
        for stretch in _stretches([segment for segment in segments if segment.label in classes]):
            bounds = stretch[0].start, stretch[-1].end
            items.append(Item(path, {}, *bounds, group=path.stem, split=split, segments=tuple(stretch)))
    problems += [f"{grid} was left out: there is no sound file of that name." for grid in grids.values()]
    return collected(DATA_SET, folder, classes, "frame", items, problems)


def _sings(path: Path, role: Role | None) -> bool:
    """Return whether a file lies in a folder of that role type, such as danAll or qmLonUpf/laosheng."""
    return role is None or any(folder.name.startswith(role) for folder in path.parents)


def _written(grid: Path) -> list[tuple[float, float, str]]:
    """Return start and end in seconds and the annotation of all phonemes within annotated syllables, in order.

    Raises:
        ValueError: the file is damaged or lacks a tier; the message is half a sentence.
    """
    textgrid = library("praatio.utilities.textgrid_io", DATA_SET)
    errors = library("praatio.utilities.errors", DATA_SET)
    try:
        tiers = textgrid.parseTextgridStr(read_text(grid), True)["tiers"]
        entries = {
            tier["name"].strip().strip("."): [_entry(*entry) for entry in tier["entries"]]
            for tier in tiers
            if tier["class"] == "IntervalTier"
        }
    except (TrainingError, ValueError, LookupError, TypeError, AttributeError, errors.PraatioException) as error:
        raise ValueError(f"it is no TextGrid ({' '.join(str(error).split())})") from error
    if SYLLABLES not in entries or PHONEMES not in entries:
        raise ValueError(f"it lacks the tier {SYLLABLES} or {PHONEMES}")
    syllables = [(start, end) for start, end, label in entries[SYLLABLES] if label]
    # boundaries of the two tiers differ by rounding, so the middle of a phoneme decides
    return [
        (start, end, label)
        for start, end, label in entries[PHONEMES]
        if any(first <= (start + end) / 2 < last for first, last in syllables)
    ]


def _entry(start: str, end: str, label: str) -> tuple[float, float, str]:
    return float(start), float(end), label.strip()


def _stretches(segments: list[Segment]) -> list[list[Segment]]:
    """Return the segments, in order, as runs in which each begins where the one before it ends."""
    runs: list[list[Segment]] = []
    for segment in segments:
        if runs and segment.start - runs[-1][-1].end < ADJOINING:
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return runs
