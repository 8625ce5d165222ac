from timbrescope.core.labels import FAMILIES, family, rank

INSTRUMENTS = (
    "acoustic guitar", "cello", "clarinet", "drums", "electric bass", "electric guitar", "flute", "organ", "piano",
    "saxophone", "trumpet", "violin", "voice",
)  # fmt: skip


def test_every_instrument_has_one_family_and_other_labels_have_none() -> None:
    assert sorted(label for labels in FAMILIES.values() for label in labels) == sorted(INSTRUMENTS)
    assert all(label in FAMILIES[family(label) or ""] for label in INSTRUMENTS)
    assert family("Cello") == "strings"
    assert family("ambient") is None


def test_instruments_stand_above_tags_and_the_unknown_below_everything() -> None:
    kinds = ["what is this", "sounds", "tags", "phonemes", "instruments"]
    assert sorted(kinds, key=rank) == ["instruments", "tags", "phonemes", "sounds", "what is this"]
