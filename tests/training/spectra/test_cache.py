import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.encoded import encode, tone
from timbrescope.audio.file import AudioFile
from timbrescope.recognition.features import LogMel, LogMelStream
from timbrescope.recognition.spec import FrontEnd
from training.errors import TrainingError
from training.spectra import cache as cache_module
from training.spectra.augment import Augmentation
from training.spectra.cache import FeatureCache, decode
from training.spectra.cache_index import CacheIndex
from training.spectra.extract import Extracted, Request, extract_all

FRONT_END = FrontEnd(16_000, 512, 256, 24, compression="log10", gain=10_000, offset=1)
UNCENTRED = FrontEnd(16_000, 512, 160, 24, win_length=400, centred=False, power=1)
SPECTRUM = FrontEnd(16_000, 512, 256, 0, representation="stft", weighting="A")
WAVEFORM = FrontEnd(16_000, 1, 1, 0, representation="waveform")
STEP_DB = 0.0025 + 0.001  # half a step; and a matrix product sums in another order for another number of rows
AUGMENTATION = Augmentation(pitch=1, stretch=1, noise=1)


def noise(folder: Path, name: str, seconds: float = 0.5, seed: int = 0, rate: int = 16_000) -> Path:
    samples = 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return encode(folder / name, samples.astype(np.float32), rate)


def whole(cache: FeatureCache, path: Path, version: int = 0) -> torch.Tensor:
    return decode(torch.from_numpy(cache.read(path, 0, cache.frames(path, version), version)))


def expected(front_end: FrontEnd, path: Path) -> torch.Tensor:
    stream = LogMelStream(LogMel(front_end.spectral))
    blocks = [block.samples[front_end.sample_rate] for block in AudioFile(path).blocks({front_end.sample_rate})]
    return torch.cat([stream.push(torch.from_numpy(np.concatenate(blocks))), stream.finish()])


@pytest.mark.parametrize("front_end", [FRONT_END, UNCENTRED, SPECTRUM], ids=["mel", "magnitude", "spectrum"])
@pytest.mark.parametrize("name", ["a.wav", "b.mp3", "c.m4a", "d.flac"])
def test_holds_the_frames_that_a_recogniser_is_given(tmp_path: Path, front_end: FrontEnd, name: str) -> None:
    path = noise(tmp_path, name, 2.3, rate=22_050)
    cache = FeatureCache(tmp_path / "cache", front_end)
    assert cache.add([path], workers=0) == []
    ours, frames = whole(cache, path), expected(front_end, path)
    assert ours.shape == frames.shape
    assert (10 * (ours.clamp(min=1e-16) / frames.clamp(min=1e-16)).log10()).abs().max() <= STEP_DB


def test_holds_the_samples_of_a_waveform(tmp_path: Path) -> None:
    path = noise(tmp_path, "a.wav")
    cache = FeatureCache(tmp_path / "cache", WAVEFORM)
    cache.add([path], workers=0)
    assert cache.dtype == np.int16
    torch.testing.assert_close(whole(cache, path), expected(WAVEFORM, path), rtol=0, atol=2**-16)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.integers(-50, 80), st.integers(0, 90))
def test_reads_any_stretch_with_silence_around(tmp_path: Path, first: int, count: int) -> None:
    path = tmp_path / "a.wav"
    if not path.exists():
        noise(tmp_path, "a.wav")
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add([path], workers=0)
    frames = cache.frames(path)
    silence = np.zeros((200, 24), np.uint16)
    padded = np.concatenate([silence, cache.read(path, 0, frames), silence])
    np.testing.assert_array_equal(cache.read(path, first, count), padded[200 + first : 200 + first + count])


def test_a_second_run_reads_no_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [noise(tmp_path, f"{seed}.wav", seed=seed) for seed in range(3)]
    first = FeatureCache(tmp_path / "cache", FRONT_END)
    first.add(paths, workers=0)

    def refuse(requests: Sequence[Request], _: int | None) -> list[Extracted]:
        assert not requests
        return []

    monkeypatch.setattr(cache_module, "extract_all", refuse)
    second = FeatureCache(tmp_path / "cache", replace(FRONT_END, compression="decibel", scale=3.0))
    assert (paths[0], 0) not in second
    second.add(paths, workers=0)
    assert (paths[0], 0) in second
    assert (paths[0], 1) not in second
    for path in paths:
        assert torch.equal(whole(second, path), whole(first, path))


def test_the_same_content_is_stored_once(tmp_path: Path) -> None:
    path = noise(tmp_path, "a.wav")
    copies = [Path(shutil.copy(path, tmp_path / f"copy{number}.wav")) for number in range(2)]
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    assert cache.add([path, path, copies[0]], workers=0) == []  # in one go
    cache.add(copies, workers=0)  # and later
    assert (cache.folder / "spectra.bin").stat().st_size == cache.frames(path) * 24 * 2
    for copy in copies:
        assert torch.equal(whole(cache, copy), whole(cache, path))


def test_another_content_of_the_same_size_under_the_same_name_is_noticed(tmp_path: Path) -> None:
    path = noise(tmp_path, "a.wav")
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add([path], workers=0)
    before = whole(cache, path)
    noise(tmp_path, "a.wav", seed=9)
    cache.add([path], workers=0)
    assert not torch.equal(whole(cache, path), before)


def test_a_file_without_any_sound_is_no_frame_of_silence(tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.full(8000, np.nan, np.float32), 16_000, subtype="FLOAT")
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    (problem,) = cache.add([path], workers=0)
    assert "no numbers" in problem
    assert (path, 0) not in cache


def test_augmented_versions_are_made_once_and_differ(tmp_path: Path) -> None:
    path = noise(tmp_path, "a.wav")
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add([path], workers=0)
    cache.add([path], versions=2, augmentation=AUGMENTATION, workers=0)
    lengths = {cache.frames(path, version) for version in range(3)}
    assert len(lengths) == 3
    other = FeatureCache(tmp_path / "other", FRONT_END)
    other.add([path], versions=2, augmentation=AUGMENTATION, workers=0)
    for version in range(3):
        assert torch.equal(whole(cache, path, version), whole(other, path, version))
    before = whole(cache, path, 1)
    cache.add([path], versions=1, augmentation=replace(AUGMENTATION, pitch_semitones=5.0), workers=0)
    assert before.shape != whole(cache, path, 1).shape or not torch.equal(before, whole(cache, path, 1))


def test_bad_files_cost_a_sentence_each_and_damaged_ones_give_what_they_hold(tmp_path: Path) -> None:
    good, damaged = noise(tmp_path, "good.wav"), noise(tmp_path, "damaged.flac", 4.0)
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    junk = tmp_path / "junk.wav"
    junk.write_bytes(b"no sound" * 100)
    short = encode(tmp_path / "short.wav", tone(0.01, 16_000), 16_000)
    paths = [junk, tmp_path / "absent.wav", good, damaged, short]
    for _ in range(2):  # a later run says the same
        cache = FeatureCache(tmp_path / "cache", UNCENTRED)
        for _ in range(2):
            problems = cache.add(paths, workers=0)
            assert [problem.split()[0] for problem in problems] == [
                "junk.wav",
                "absent.wav",
                "damaged.flac",
                "short.wav",
            ]
        assert 100 < cache.frames(damaged) < 390
        assert cache.frames(good) > 0
        with pytest.raises(KeyError):
            cache.frames(junk)


def test_progress_counts_all_files(tmp_path: Path) -> None:
    paths = [noise(tmp_path, f"{seed}.wav", seed=seed) for seed in range(5)]
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add(paths[:2], workers=0)
    steps: list[tuple[int, int]] = []
    cache.add(paths, workers=0, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(3, 5), (4, 5), (5, 5)]


def test_processes_give_what_one_gives_and_a_file_that_kills_its_process_costs_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [noise(tmp_path, f"{seed}.wav", seed=seed) for seed in range(2)]
    requests = [Request(path, FRONT_END, (0,), Augmentation(), tmp_path / "index") for path in paths]
    (here,) = extract_all(requests[1:], 0)
    monkeypatch.setattr("training.spectra.extract.extract", _deadly)
    results = {extracted.path.name: extracted for extracted in extract_all(requests, 1)}
    assert "brought the program that reads it to its end" in results["0.wav"].problem
    np.testing.assert_array_equal(results["1.wav"].codes[0], here.codes[0])


def _deadly(request: Request) -> Extracted:
    from training.spectra.extract import extract

    if request.path.name == "0.wav":
        os.kill(os.getpid(), signal.SIGTERM)
    return extract(request)


KILLED = """
import sys
from pathlib import Path
from training.spectra import cache
from tests.training.spectra.test_cache import FRONT_END
cache._COMMIT_BYTES = 4000
features = cache.FeatureCache(Path(sys.argv[1]), FRONT_END)
paths = sorted(Path(sys.argv[2]).iterdir())
features.add(paths, workers=int(sys.argv[3]), progress=lambda *done: print(done, flush=True))
"""


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_run_leaves_a_valid_cache_that_the_next_one_completes(tmp_path: Path, workers: int) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    paths = [noise(sounds, f"{seed:02}.wav", 1.0, seed=seed) for seed in range(40)]
    command = [sys.executable, "-c", KILLED, str(tmp_path / "cache"), str(sounds), str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        for _ in range(7):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    steps: list[int] = []
    assert cache.add(paths, workers=0, progress=lambda done, _: steps.append(done)) == []
    assert 0 < len(steps) < len(paths)  # some were there, some were not
    fresh = FeatureCache(tmp_path / "fresh", FRONT_END)
    fresh.add(paths, workers=0)
    for path in paths:
        assert torch.equal(whole(cache, path), whole(fresh, path))


def test_rows_that_no_index_names_are_written_over(tmp_path: Path) -> None:
    paths = [noise(tmp_path, f"{seed}.wav", seed=seed) for seed in range(2)]
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add(paths[:1], workers=0)
    data = cache.folder / "spectra.bin"
    size = data.stat().st_size
    with data.open("ab") as file:
        file.write(b"torn" * 5 + b"!")
    cache.add(paths, workers=0)
    assert data.stat().st_size == 2 * size
    for path in paths:
        frames = expected(FRONT_END, path)
        assert (10 * (whole(cache, path) / frames.clamp(min=1e-16)).log10()).abs().max() <= STEP_DB


def test_rows_that_the_disk_has_lost_are_made_again(tmp_path: Path) -> None:
    paths = [noise(tmp_path, f"{seed}.wav", seed=seed) for seed in range(2)]
    before = FeatureCache(tmp_path / "cache", FRONT_END)
    before.add(paths, workers=0)
    codes = [before.read(path, 0, before.frames(path)) for path in paths]
    os.truncate(before.folder / "spectra.bin", (before.folder / "spectra.bin").stat().st_size - 10)
    after = FeatureCache(tmp_path / "cache", FRONT_END)
    after.add(paths, workers=0)
    for path, rows in zip(paths, codes, strict=True):
        np.testing.assert_array_equal(after.read(path, 0, after.frames(path)), rows)


def test_two_that_write_at_once_share_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_COMMIT_BYTES", 1)
    paths = [noise(tmp_path, f"{seed:02}.wav", seed=seed) for seed in range(16)]
    caches = [FeatureCache(tmp_path / "cache", FRONT_END) for _ in range(2)]
    with ThreadPoolExecutor() as threads:
        orders = paths[:12], paths[:3:-1]
        assert list(threads.map(lambda cache, order: cache.add(order, workers=0), caches, orders)) == [[], []]
    fresh = FeatureCache(tmp_path / "fresh", FRONT_END)
    fresh.add(paths, workers=0)
    assert (caches[0].folder / "spectra.bin").stat().st_size == (fresh.folder / "spectra.bin").stat().st_size
    for cache, order in zip(caches, orders, strict=True):
        for path in order:
            assert torch.equal(whole(cache, path), whole(fresh, path))


def test_one_writes_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.spectra.cache_index._LOCK_SECONDS", 0.05)
    with closing(CacheIndex(tmp_path / "index")) as first, closing(CacheIndex(tmp_path / "index")) as second:
        with first.writing(), pytest.raises(sqlite3.OperationalError, match="locked"), second.writing():
            pass
        with second.writing():
            pass


def test_an_error_of_whoever_is_told_of_the_progress_is_his_own(tmp_path: Path) -> None:
    def fail(*_: int) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        FeatureCache(tmp_path / "cache", FRONT_END).add([noise(tmp_path, "a.wav")], workers=0, progress=fail)


def test_an_interrupt_keeps_what_was_made(tmp_path: Path) -> None:
    paths = [noise(tmp_path, f"{seed}.wav", seed=seed) for seed in range(5)]

    def interrupt(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FeatureCache(tmp_path / "cache", FRONT_END).add(paths, workers=0, progress=interrupt)
    steps: list[int] = []
    FeatureCache(tmp_path / "cache", FRONT_END).add(paths, workers=0, progress=lambda done, _: steps.append(done))
    assert steps == [4, 5]


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def _locked(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize("failure", [_full, _locked])
def test_a_full_disk_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Callable[..., None]
) -> None:
    monkeypatch.setattr(FeatureCache, "_store", failure)
    with pytest.raises(TrainingError, match="make room"):
        FeatureCache(tmp_path / "cache", FRONT_END).add([noise(tmp_path, "a.wav")], workers=0)


def test_a_damaged_index_is_one_sentence(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    (cache.folder / "index.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(TrainingError, match="damaged"):
        cache.add([noise(tmp_path, "a.wav")], workers=0)


def test_rows_that_are_lost_while_they_are_used_are_one_sentence(tmp_path: Path) -> None:
    path = noise(tmp_path, "a.wav")
    cache = FeatureCache(tmp_path / "cache", FRONT_END)
    cache.add([path], workers=0)
    data = cache.folder / "spectra.bin"
    os.truncate(data, data.stat().st_size - 10)
    cache.read(path, 0, 2)
    with pytest.raises(TrainingError, match="lost its end"):
        cache.read(path, 0, cache.frames(path))
    data.unlink()
    with pytest.raises(TrainingError, match="cannot be read"):
        cache.read(path, 0, 2)
