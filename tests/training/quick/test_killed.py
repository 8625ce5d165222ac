"""A quick training that is killed at any moment, and repeated, ends with the same model."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.check_set import clean_set
from tests.training.tiny_encoder import write_encoder
from training.check.check import check, join_groups
from training.quick.train import MODEL, Quick, train_quickly
from training.sources import read_collection

KILLS = 20


def train(encoder: Path, data: Path, place: Path) -> None:
    collection = read_collection(data)
    _, pairs = check(collection, place / "checks", lambda *_: None, workers=0)
    quick = Quick(encoder, "mine", place / "vectors", workers=0)
    train_quickly(quick, join_groups(collection, pairs), place / "out", lambda _: None)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="forks a process that has torch in it")
def test_killed_at_twenty_moments(tmp_path: Path, rng: np.random.Generator) -> None:
    encoder, data = write_encoder(tmp_path / "encoder.safetensors"), clean_set(tmp_path / "sounds")
    context = multiprocessing.get_context("fork")  # torch has been loaded: a new process begins at once

    def run(place: Path, killed_after: float | None = None) -> int | None:
        process = context.Process(target=train, args=(encoder, data, place))
        process.start()
        process.join(killed_after)
        if process.is_alive():
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
        return process.exitcode

    begin = os.times().elapsed
    assert run(tmp_path / "whole") == 0
    seconds = os.times().elapsed - begin
    whole = (tmp_path / "whole" / "out" / MODEL).read_bytes()
    killed = 0
    for number, moment in enumerate(rng.uniform(0.02, 0.95, KILLS) * seconds):
        place = tmp_path / str(number)
        killed += run(place, float(moment)) == -signal.SIGKILL
        assert run(place) == 0
        assert (place / "out" / MODEL).read_bytes() == whole
    assert killed >= KILLS // 2  # the rest was faster than the first run
