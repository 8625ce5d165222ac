from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.corpora import synthetic
from training.sources import read_collection


def onsets(samples: synthetic.Samples, rate: int) -> list[int]:
    """Return where a stroke begins after silence."""
    step = rate // 200
    blocks = np.abs(samples[: len(samples) // step * step]).reshape(-1, step).max(axis=1)
    loud = blocks > 8 * synthetic.NOISE_LEVEL
    return [at * step for at in range(5, len(loud)) if loud[at] and not loud[at - 5 : at].any()]


def test_rhythms_have_equally_many_strokes_and_differ_in_the_rests_between_them() -> None:
    rests: dict[str, list[float]] = {}
    counts: dict[str, list[int]] = {}
    for label in synthetic.RHYTHMS:
        for take in range(8):
            begins = onsets(synthetic.rhythm_clip(label, np.random.default_rng(take)), 44_100)
            counts.setdefault(label, []).append(len(begins))
            rests.setdefault(label, []).append(float((np.diff(begins) / 44_100).min()))
    means = [np.mean(counts[label]) for label in synthetic.RHYTHMS]
    assert max(means) - min(means) < 1
    even, swung, paired = (rests[label] for label in synthetic.RHYTHMS)
    assert min(even) > max(swung) > 0
    assert min(swung) > max(paired)
    assert min(paired) > synthetic.SHORTEST_REST - 0.01


def test_timbres_differ_in_their_spectra_wherever_their_strokes_are() -> None:
    for label, (low, high) in synthetic.FORMANTS.items():
        spectrum = np.abs(np.fft.rfft(synthetic.timbre_clip(label, np.random.default_rng(1)))) ** 2
        hz = np.fft.rfftfreq(2 * len(spectrum) - 2, 1 / 44_100)
        near = sum(spectrum[abs(np.log2(hz.clip(1) / middle)) < 0.5].sum() for middle in (low, high))
        assert near > 0.8 * spectrum.sum()


def test_instruments_are_learnt_from_some_pitches_and_judged_at_others(tmp_path: Path) -> None:
    synthetic.main(["--output", str(tmp_path), "--kind", "pitch", "--clips", "5", "--seed", "3"])
    collection = read_collection(tmp_path / "labels.csv")
    pitches: dict[str, set[int]] = {"seen": set(), "unseen": set()}
    for item in collection.items:
        part = item.path.parent.parent.name
        pitches[part].add(int(item.path.stem.split("-")[1]))
        assert part == "seen" or item.split == "test"
    assert min(abs(new - old) for new in pitches["unseen"] for old in pitches["seen"]) == synthetic.UNSEEN_FROM_SEEN
    splits = Counter(item.split for item in collection.items if "seen" in item.path.parts)
    assert splits["train"] == 3 * splits["validation"] == 3 * splits["test"]
    assert set(collection.labels) == set(synthetic.PARTIALS)


@pytest.mark.parametrize("kind", ["rhythm", "timbre"])
def test_a_set_follows_from_its_seed(kind: str, tmp_path: Path) -> None:
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        synthetic.main(["--output", str(tmp_path / folder), "--kind", kind, "--clips", "5", "--seed", str(seed)])
    assert len(read_collection(tmp_path / "a").items) == 15
    path = next((tmp_path / "a").rglob("*.wav")).relative_to(tmp_path / "a")
    first, again, other = (soundfile.read(tmp_path / folder / path)[0] for folder in ("a", "b", "c"))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_cannot_be_made_is_said_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SystemExit):
        synthetic.main(["--output", str(tmp_path / "file"), "--kind", "rhythm"])
    assert "choose another folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        synthetic.main(["--output", str(tmp_path), "--kind", "rhythm", "--clips", "2"])
    assert "--clips" in capsys.readouterr().err
