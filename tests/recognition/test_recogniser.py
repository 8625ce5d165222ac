from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.tiny import SPEC, Tiny
from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.device import choose_device, is_out_of_memory
from timbrescope.recognition.recogniser import Recogniser, ScoreStream


class Greedy(Tiny):
    """Runs out of memory above a number of windows."""

    limit = 3

    def forward(self, windows: Tensor) -> Tensor:
        if len(windows) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return super().forward(windows)


def windows(count: int) -> Tensor:
    return torch.rand(count, 60, 24, generator=torch.Generator().manual_seed(0))


def test_memory_running_out_changes_the_batch_and_not_the_scores() -> None:
    recogniser = Recogniser(SPEC, Greedy(3, 24), torch.device("cpu"))
    expected = Recogniser(SPEC, Tiny(3, 24), torch.device("cpu")).score(windows(20))
    np.testing.assert_allclose(recogniser.score(windows(20)), expected, atol=1e-6)
    assert any("Memory ran out" in notice for notice in recogniser.notices)
    recogniser.notices.clear()
    recogniser.score(windows(20))
    assert recogniser.notices == []


def test_memory_that_does_not_suffice_for_one_window_is_an_error() -> None:
    network = Greedy(3, 24)
    network.limit = 0
    with pytest.raises(torch.OutOfMemoryError):
        Recogniser(SPEC, network, torch.device("cpu")).score(windows(2))


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        Recogniser(SPEC, Tiny(3, 24), torch.device("cpu")).score(torch.rand(2, 60, 7))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_lack_of_memory_is_recognised(error: Exception, *, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_scores_lie_between_nought_and_one() -> None:
    scores = Recogniser(SPEC, Tiny(3, 24), torch.device("cpu")).score(100 * windows(5))
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_hop_longer_than_the_window_leaves_frames_out() -> None:
    recogniser = Recogniser(SPEC, Tiny(3, 24), torch.device("cpu"), hop_frames=100)
    frames = windows(10).reshape(-1, 24)
    stream = ScoreStream(recogniser, torch.zeros(24), batch=1)
    rows = [stream.push(piece) for piece in torch.split(frames, 37)]
    scores = np.concatenate([*rows, stream.finish()])
    expected = recogniser.score(torch.stack([frames[start : start + 60] for start in range(0, 541, 100)]))
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_a_device_that_is_not_there_is_named() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(ModelError, match="cuda"):
        choose_device("cuda")
    assert choose_device("auto").type in {"cpu", "mps"}


@pytest.mark.parametrize(
    ("own", "asked", "or_finer", "expected"),
    [
        (20, 40, False, 40),
        (20, 40, True, 20),
        (20, 10, True, 10),
        (60, 40, True, 40),
        (60, 90, True, 90),  # windows side by side: asking it more often than was wished would cost
    ],
)
def test_a_model_with_overlapping_windows_may_keep_its_finer_hop(
    own: int, asked: int, *, or_finer: bool, expected: int, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, replace(SPEC, hop_frames=own), Tiny(3, 24).state_dict())
    seconds = asked * SPEC.front_end.hop_seconds
    recogniser = Recogniser.load(path, torch.device("cpu"), hop_seconds=seconds, or_finer=or_finer)
    assert recogniser.hop_frames == expected


def test_the_thresholds_of_a_model_go_with_its_scores() -> None:
    spec = replace(SPEC, thresholds=(0.1, 0.2, 0.3))
    assert Recogniser(spec, Tiny(3, 24), torch.device("cpu")).score_spec.present_from == (0.1, 0.2, 0.3)
    assert Recogniser(SPEC, Tiny(3, 24), torch.device("cpu")).score_spec.present_from == (0.5, 0.5, 0.5)
