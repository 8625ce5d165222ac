import threading

import numpy as np
import pytest

from timbrescope.recognition.beside import AT_LEAST_SECONDS, AT_MOST_SECONDS, Beside, Samples

RATE = 100


def stretch(first: int, seconds: float) -> Samples:
    count = round(seconds * RATE)
    return {RATE: np.arange(first, first + count, dtype=np.float32)}


def test_nobody_waits_for_the_work_and_nothing_is_lost_or_turned_round() -> None:
    may_go_on, heard = threading.Event(), []

    def work(samples: Samples) -> int:
        assert may_go_on.wait(60)
        heard.append(samples[RATE])
        return len(samples[RATE])

    with Beside(work) as beside:
        results = [beside.push(stretch(10 * index, 0.1)) for index in range(20)]
        assert results == [None] * 20  # and we are here, though no work has been done
        may_go_on.set()
        rest = beside.finish()
    assert sum(rest) == 200
    np.testing.assert_array_equal(np.concatenate(heard), np.arange(200))


def test_what_has_come_of_a_stretch_is_returned_once() -> None:
    done = threading.Event()

    def work(samples: Samples) -> float:
        done.set()
        return float(samples[RATE].max(initial=-1))

    with Beside(work) as beside:
        assert beside.push(stretch(0, 1)) is None
        assert done.wait(60)
        results: list[float] = []
        while not results:
            results = [result for result in [beside.push(stretch(7, 0))] if result is not None]
        assert [*results, *beside.finish()][0] == RATE - 1


def test_little_sound_waits_for_more() -> None:
    with Beside(lambda samples: len(samples[RATE])) as beside:
        beside.push(stretch(0, AT_LEAST_SECONDS / 2))
        assert beside.finish() == [round(AT_LEAST_SECONDS / 2 * RATE)]


def test_work_that_is_far_behind_is_waited_for() -> None:
    slow = threading.Event()
    with Beside(lambda samples: (slow.wait(0.3), len(samples[RATE]))[1]) as beside:
        beside.push(stretch(0, 1))
        assert beside.push(stretch(0, AT_MOST_SECONDS + 1)) == RATE
        assert beside.finish() == [round((AT_MOST_SECONDS + 1) * RATE)]


def test_an_error_comes_out_where_the_sound_goes_in() -> None:
    def fail(_: Samples) -> None:
        raise MemoryError

    with Beside(fail) as beside:
        beside.push(stretch(0, 1))
        with pytest.raises(MemoryError):
            beside.finish()
