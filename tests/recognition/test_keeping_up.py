import time

import numpy as np
import pytest
import torch

from tests.tiny import FRONT_END, SPEC, Tiny
from timbrescope.recognition.keeping_up import LONGEST_SECONDS, LiveRecogniser
from timbrescope.recognition.recogniser import Recogniser, ScoreStream


def recogniser(monkeypatch: pytest.MonkeyPatch, seconds_a_window: float) -> tuple[LiveRecogniser, list[int]]:
    """Return a recogniser on a computer of a known speed, and a list that fills with how many windows it scores."""
    now, scored = [0.0], []
    score = Recogniser.score

    def slow(self: Recogniser, windows: torch.Tensor) -> np.ndarray:
        now[0] += seconds_a_window * len(windows)
        scored.append(len(windows))
        return score(self, windows)

    monkeypatch.setattr(Recogniser, "score", slow)
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return LiveRecogniser(SPEC, Tiny(3, 24), torch.device("cpu")), scored


def frames(rows: int) -> torch.Tensor:
    count = SPEC.window_frames + (rows - 1) * SPEC.hop_frames
    return torch.from_numpy(np.random.default_rng(0).normal(size=(count, FRONT_END.n_mels)).astype(np.float32))


def test_a_fast_computer_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    live, scored = recogniser(monkeypatch, 0.01)
    sound = frames(50)
    plain = Recogniser(SPEC, Tiny(3, 24), torch.device("cpu"))
    wanted = ScoreStream(plain, torch.zeros(24), batch=8).push(sound)
    scored.clear()
    np.testing.assert_array_equal(ScoreStream(live, torch.zeros(24), batch=1).push(sound)[: len(wanted)], wanted)
    assert scored == [50]
    assert live.notices == []


def test_a_slow_one_hears_the_newest_keeps_rows_in_time_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    live, scored = recogniser(monkeypatch, 0.4)
    stream = ScoreStream(live, torch.zeros(24), batch=1)
    sound = frames(21)
    first = stream.push(sound[: SPEC.window_frames])  # from here on its speed is known
    rest = stream.push(sound[SPEC.window_frames :])
    assert len(first) == 1
    assert len(rest) == 20
    assert scored == [1, 2]
    assert sum(scored[1:]) * 0.4 <= LONGEST_SECONDS
    newest = Recogniser(SPEC, Tiny(3, 24), torch.device("cpu")).score(sound[None, -SPEC.window_frames :])
    np.testing.assert_allclose(rest[-1], newest[0])
    assert (rest[:-1] == rest[0]).all()
    assert live.notices == []  # once may be due to the start
    more = len(stream.push(sound))
    assert len(live.notices) == 1
    assert f"{18 + more - 2} windows" in live.notices[0]
    stream.push(sound)
    assert len(live.notices) == 1  # told now and then only
