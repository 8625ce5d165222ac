"""Live sound on a computer that is too slow for its models: the picture goes on, and so does the newest of each."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import pytest
import torch

from tests.recognition.test_pipeline import RATE, Array, music
from tests.tiny import SPEC, Tiny
from timbrescope.core.blocks import Block
from timbrescope.core.timeline import Chunk
from timbrescope.recognition.keeping_up import LiveRecogniser
from timbrescope.recognition.pipeline import analyse
from timbrescope.recognition.recogniser import Recogniser, Scores

PATIENCE_SECONDS = 120.0
BLOCK = 800
SECONDS = 16.0


def recogniser(name: str) -> LiveRecogniser:
    return LiveRecogniser(replace(SPEC, name=name), Tiny(3, 24), torch.device("cpu"))


class SoundClock:
    """What time it is in seconds of sound, for whoever waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self._changed = threading.Condition()

    def reach(self, seconds: float) -> None:
        with self._changed:
            self.now = max(self.now, seconds)
            self._changed.notify_all()

    def wait(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(reached, PATIENCE_SECONDS)

    def tell(self) -> None:
        with self._changed:
            self._changed.notify_all()


class Listening(Array):
    """Sound that goes on no faster than the models take it up, and tells the clock how far it is."""

    def __init__(self, seconds: float, clock: SoundClock, taken_up: list[float]) -> None:
        super().__init__(music(seconds), BLOCK)
        self._sound_clock = clock
        self._taken_up = taken_up

    def blocks(self, rates: Collection[int]) -> Iterator[Block]:
        for block in super().blocks(rates):
            yield block
            clock = self._sound_clock
            clock.reach(block.seconds)
            # The next scoring is due three seconds of sound after the one before has begun.
            clock.wait(lambda now=block.seconds: not self._taken_up or self._taken_up[-1] + 3.5 > now)  # type: ignore[misc]
        self._sound_clock.reach(float("inf"))


def test_a_model_slower_than_sound_skips_to_the_newest_and_says_so_while_the_picture_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, begun = SoundClock(), list[float]()
    score = Recogniser.score

    def slow(self: Recogniser, inputs: torch.Tensor) -> Scores:
        if self.rows_of(inputs):  # each window takes three seconds
            start = clock.now
            begun.append(start)
            clock.tell()
            clock.wait(lambda: clock.now >= start + 3 * self.rows_of(inputs))
        return score(self, inputs)

    monkeypatch.setattr(Recogniser, "score", slow)
    monkeypatch.setattr(time, "perf_counter", lambda: min(clock.now, 1e6))
    chunks = list(analyse(Listening(SECONDS, clock, begun), [recogniser("slow")], batch=1, beside=True))
    drawn = 0
    for chunk in chunks[: round((SECONDS - 1) * RATE / BLOCK)]:
        drawn += len(chunk.mel)
        assert drawn >= chunk.seconds * 100 - 12  # no column waits for the model
    rows = sum(len(chunk.scores.get("slow", ())) for chunk in chunks)
    plain = list(analyse(Array(music(SECONDS), 16_000), [Recogniser(SPEC, Tiny(3, 24), torch.device("cpu"))]))
    assert rows == sum(len(chunk.scores["tiny"]) for chunk in plain)  # none is missing: rows and time stay aligned
    assert sum(start < SECONDS for start in begun) < rows / 2
    assert any("cannot keep up" in notice for chunk in chunks for notice in chunk.notices)


def test_a_quick_model_does_not_wait_for_a_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on = threading.Event()
    score = Recogniser.score

    def score_late(self: Recogniser, inputs: torch.Tensor) -> Scores:
        if self.spec.name == "slow":
            assert may_go_on.wait(PATIENCE_SECONDS)
        return score(self, inputs)

    monkeypatch.setattr(Recogniser, "score", score_late)
    models = [recogniser("slow"), recogniser("quick")]
    seen: list[Chunk] = []
    chunks = analyse(Array(music(20.0), BLOCK), models, batch=1, beside=True)
    for chunk in chunks:
        seen.append(chunk)
        if len(chunk.scores.get("quick", ())):
            break
        time.sleep(0.001)  # let the threads run
    assert len(seen[-1].scores.get("quick", ())) > 0
    assert not any(len(chunk.scores.get("slow", ())) for chunk in seen)
    may_go_on.set()
