"""Tiny copies of published data sets: the names and columns are those of the real distributions."""

import csv
import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import soundfile
from numpy import zeros

from training.collection import Collection, Item


def sound(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, zeros(800), 8000, format="WAV")  # readers go by name, and nothing is decoded here


def table(path: Path, rows: Iterable[Sequence[object]], delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)


def by_name(collection: Collection) -> dict[str, Item]:
    """Return the items by file name, which is also a check that there is one item a file."""
    named = {item.path.name: item for item in collection.items}
    assert len(named) == len(collection.items)
    assert all(item.path.is_file() for item in collection.items)
    return named


def true_labels(item: Item) -> set[str]:
    return {label for label, value in item.labels.items() if value == 1.0}


def unknown_labels(item: Item) -> set[str]:
    return {label for label, value in item.labels.items() if math.isnan(value)}


def lay_irmas(root: Path) -> None:
    training = root / "IRMAS-TrainingData"
    for name in ("[cel][cla]0001__1", "[cel][cla]0001__2", "[cel][pop_roc]0006__1", "008__[cel][nod][cla]0058__1"):
        sound(training / "cel" / f"{name}.wav")
    sound(training / "voi" / "[voi][dru][pop_roc]2345__3.wav")
    for part, name, text in (
        (1, "(02) dont kill the whale-4", "gel\t\nvoi\t\n"),
        (1, "(02) dont kill the whale-14", "voi\n"),
        (2, "01. Caravan-5", "sax\r\npia\r\ntru\r\n"),
    ):
        home = root / f"IRMAS-TestingData-Part{part}" / f"Part{part}"
        sound(home / f"{name}.wav")
        (home / f"{name}.txt").write_text(text, encoding="utf-8")


def lay_magnatagatune(root: Path, audio: str = "") -> None:
    tags = json.loads((Path(__file__).parents[3] / "resources" / "labels.json").read_text(encoding="utf-8"))[
        "magnatagatune-50"
    ]
    columns = ["clip_id", *sorted(tags), "eskimo", "mp3_path"]
    clips = {
        "0/american_bach_soloists-heinrich_schutz__musicalische_exequien-01-song_one-30-59.mp3": {"choral", "weird"},
        "0/american_bach_soloists-heinrich_schutz__musicalische_exequien-01-song_one-117-146.mp3": {"choral"},
        "b/kiddo-night_drive-02-loud-0-29.mp3": {"eskimo"},
        "c/kiddo-night_drive-03-soft-0-29.mp3": {"no vocals", "guitar"},
        "f/kiddo-night_drive-04-fast-0-29.mp3": {"female voice"},
    }
    rows = []
    for number, (clip, true) in enumerate(clips.items()):
        sound(root / audio / clip)
        rows.append([number, *(int(column in true) for column in columns[1:-1]), clip])
    table(root / "annotations_final.csv", [columns, *rows], "\t")


def lay_ballroom(root: Path) -> None:
    home = root / "BallroomData"
    for place in (
        "ChaChaCha/Albums-Cafe_Paradiso-05",
        "Jive/Albums-Commitments-09",
        "Quickstep/Media-103901",
        "Rumba-American/Media-105013",
        "Rumba-International/Media-104601",
        "Rumba-Misc/Media-103511",
        "Samba/Albums-Latin_Jam-06",
        "Tango/Media-105301",
        "VienneseWaltz/Media-104505",
        "Waltz/Media-105901",
        "nada/Media-1",
    ):
        sound(home / f"{place}.wav")
    (home / "allBallroomFiles").write_text("./ChaChaCha/Albums-Cafe_Paradiso-05.wav\n", encoding="utf-8")


def lay_openmic(root: Path) -> None:
    home = root / "openmic-2018"
    for key in ("000046_3840", "000135_483840", "155310_372480"):
        sound(home / "audio" / key[:3] / f"{key}.ogg")
    names = ["accordion", "banjo", "bass", "cello", "clarinet", "cymbals", "drums", "flute", "guitar"]
    names += ["mallet_percussion", "mandolin", "organ", "piano", "saxophone", "synthesizer", "trombone", "trumpet"]
    names += ["ukulele", "violin", "voice"]
    (home / "class-map.json").write_text(json.dumps({name: number for number, name in enumerate(names)}))
    table(
        home / "openmic-2018-aggregated-labels.csv",
        [
            ("sample_key", "instrument", "relevance", "num_responses"),
            ("000046_3840", "clarinet", 0.17104999999999998, 3),
            ("000046_3840", "flute", 0.0, 3),
            ("000135_483840", "voice", 1.0, 3),
        ],
    )
    (home / "partitions").mkdir()
    (home / "partitions" / "split01_train.csv").write_text("000046_3840\n000135_483840\n", encoding="utf-8")
    (home / "partitions" / "split01_test.csv").write_text("155310_372480\n", encoding="utf-8")


def medleydb_sheet(track: str, artist: str, instruments: Sequence[str], bleed: str) -> str:
    stems = "".join(
        f"  S{number:02}:\n    component: ''\n"
        f"    filename: {track}_STEM_{number:02}.wav\n    instrument: {instrument}\n"
        f"    raw:\n      R01:\n        filename: {track}_RAW_{number:02}_01.wav\n        instrument: {instrument}\n"
        for number, instrument in enumerate(instruments, 1)
    )
    return (
        f"album: ''\nartist: {artist}\ncomposer:\n- {artist}\nexcerpt: 'no'\ngenre: Rock\nhas_bleed: '{bleed}'\n"
        f"instrumental: 'yes'\nmix_filename: {track}_MIX.wav\norigin: Independent Artist\nraw_dir: {track}_RAW\n"
        f"stem_dir: {track}_STEMS\nstems:\n{stems}title: Some Title\nversion: 1.2\n"
    )


def lay_medleydb(root: Path) -> None:
    for track, artist, instruments, bleed, sheet_folder in (
        ("LizNelson_Rainfall", "Liz Nelson", ("female singer", "acoustic guitar", "acoustic guitar"), "no", "Audio/{}"),
        ("LizNelson_Coldwar", "Liz Nelson", ("cello", "piano"), "yes", "Metadata"),
        ("MusicDelta_Rock", "Music Delta", ("drum set", "Unlabeled"), "no", "Audio/{}"),
    ):
        home = root / "Audio" / track
        sound(home / f"{track}_MIX.wav")
        for number in range(1, len(instruments) + 1):
            sound(home / f"{track}_STEMS" / f"{track}_STEM_{number:02}.wav")
            sound(home / f"{track}_RAW" / f"{track}_RAW_{number:02}_01.wav")
        sheet = root / sheet_folder.format(track) / f"{track}_METADATA.yaml"
        sheet.parent.mkdir(parents=True, exist_ok=True)
        sheet.write_text(medleydb_sheet(track, artist, instruments, bleed), encoding="utf-8")


def lay_good_sounds(root: Path) -> None:
    home = root / "good-sounds"
    takes = (
        (1, "sound_files/flute_almudena_reference/akg/0000.wav", "flute", "almudena"),
        (2, "sound_files/flute_almudena_reference/neumann/0000.wav", "flute", "almudena"),
        (3, "sound_files/flute_josep_reference/akg/0000.wav", "flute", "josep"),
        (4, "sound_files/saxo_tenor_iphone/iphone/0000.wav", "sax_tenor", None),
    )
    home.mkdir(parents=True)
    with closing(sqlite3.connect(home / "database.sqlite")) as connection:
        connection.execute("CREATE TABLE sounds (id INTEGER, instrument VARCHAR, player VARCHAR, klass VARCHAR)")
        connection.execute("CREATE TABLE takes (id INTEGER, microphone VARCHAR, filename VARCHAR, sound_id INTEGER)")
        for number, name, instrument, player in takes:
            sound(home / name)
            connection.execute("INSERT INTO sounds VALUES (?, ?, ?, 'good-sound')", (number, instrument, player))
            connection.execute("INSERT INTO takes VALUES (?, 'akg', ?, ?)", (number, name, number))
        connection.commit()


def lay_nsynth(root: Path) -> None:
    for part, names in {
        "nsynth-train": ("bass_synthetic_033-022-050", "string_acoustic_056-060-100"),
        "nsynth-valid": ("vocal_acoustic_000-054-100",),
        "nsynth-test": ("bass_electronic_018-030-050", "bass_electronic_018-054-100"),
    }.items():
        notes: dict[str, dict[str, Any]] = {}
        for name in names:
            sound(root / part / "audio" / f"{name}.wav")
            notes[name] = {
                "note_str": name,
                "instrument_str": name[:-8],
                "instrument_family": {"b": 0, "s": 8, "v": 10}[name[0]],
                "instrument_family_str": name.split("_")[0],
                "pitch": int(name[-7:-4]),
                "qualities_str": [],
            }
        (root / part / "examples.json").write_text(json.dumps(notes), encoding="utf-8")


def lay_fsdkaggle2018(root: Path) -> None:
    for name in ("00044347.wav", "001ca53d.wav"):
        sound(root / "FSDKaggle2018.audio_train" / name)
    sound(root / "FSDKaggle2018.audio_test" / "00326aa9.wav")
    table(
        root / "FSDKaggle2018.meta" / "train_post_competition.csv",
        [
            ("fname", "label", "manually_verified", "freesound_id", "license"),
            ("00044347.wav", "Hi-hat", 0, 28739, "Attribution"),
            ("001ca53d.wav", "Saxophone", 1, 358827, "Attribution"),
        ],
    )
    table(
        root / "FSDKaggle2018.meta" / "test_post_competition_scoring_clips.csv",
        [
            ("fname", "label", "usage", "freesound_id", "license"),
            ("00326aa9.wav", "Oboe", "Private", 355125, "Attribution"),
        ],
    )


def lay_philharmonia(root: Path) -> None:
    for name in (
        "double bass/double-bass_A1_05_forte_arco-normal",
        "double bass/double-bass_A1_1_forte_pizz-normal",
        "saxophone/saxophone_As3_very-long_piano_normal",
        "percussion/agogo bells/agogo-bells__025_mezzo-forte_struck-singly",
        "saxophone/notes",
    ):
        sound(root / "all-samples" / f"{name}.mp3")


def tier(name: str, entries: Sequence[tuple[float, float, str]]) -> str:
    lines = [f'class = "IntervalTier"\nname = "{name}"\nxmin = 0\nxmax = {entries[-1][1]}\n']
    lines.append(f"intervals: size = {len(entries)}\n")
    for number, (start, end, text) in enumerate(entries, 1):
        lines.append(f'intervals [{number}]:\nxmin = {start}\nxmax = {end}\ntext = "{text}"\n')
    return "".join(lines)


def textgrid(path: Path, tiers: Mapping[str, Sequence[tuple[float, float, str]]]) -> None:
    head = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 1\ntiers? <exists>\n'
    body = "".join(f"item [{number}]:\n{tier(*entry)}" for number, entry in enumerate(tiers.items(), 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}size = {len(tiers)}\nitem []:\n{body}", encoding="utf-16")


SYLLABLES = ((0.0, 0.1, ""), (0.1, 0.3, "yuan"), (0.3, 0.5, "wo"), (0.5, 0.7, ""), (0.7, 0.9, "men"), (0.9, 1.0, ""))
PHONEMES = (
    *((0.0, 0.1, ""), (0.1, 0.2, "H"), (0.2, 0.3, ""), (0.3, 0.4, "w"), (0.4, 0.5, "o!"), (0.5, 0.7, "")),
    *((0.7, 0.8, "m"), (0.8, 0.9, r"r\'"), (0.9, 1.0, "x")),
)


def lay_jingju(root: Path) -> None:
    dan, laosheng = Path("danAll"), Path("qmLonUpf", "laosheng")
    for place in (
        dan / "zhuangyuanmei_zinari",
        dan / "xixiangji_biyuntian",
        laosheng / "lsxp-Wo_ben_shi-Kong_cheng_ji-qm",
        laosheng / "lsxp-Quan_qian_sui-Gan_lu_si-qm",
    ):
        sound(root / "wav" / place.with_suffix(".wav"))
        textgrid(
            root / "textgrid" / place.with_suffix(".TextGrid"),
            {"line": ((0.0, 1.0, "yuan wo men"),), "dian": SYLLABLES, "details": PHONEMES},
        )
    sound(root / "wav" / laosheng / "lsxp-Chao_xia_ying-Sha_jia_bang-lon.wav")


LAYOUTS: Mapping[str, tuple[Callable[[Path], None], str]] = {
    "ballroom": (lay_ballroom, "BallroomData"),
    "fsdkaggle2018": (lay_fsdkaggle2018, "FSDKaggle2018.meta/test_post_competition_scoring_clips.csv"),
    "good-sounds": (lay_good_sounds, "good-sounds/database.sqlite"),
    "irmas": (lay_irmas, "*"),
    "jingju-phonemes": (lay_jingju, "textgrid"),
    "jingju-phonemes-dan": (lay_jingju, "wav"),
    "jingju-phonemes-laosheng": (lay_jingju, "textgrid/qmLonUpf"),
    "magnatagatune": (lay_magnatagatune, "annotations_final.csv"),
    "medleydb": (lay_medleydb, "**/*_METADATA.yaml"),
    "nsynth": (lay_nsynth, "nsynth-valid/examples.json"),
    "openmic": (lay_openmic, "openmic-2018/partitions/split01_test.csv"),
    "philharmonia": (lay_philharmonia, "all-samples"),
}
