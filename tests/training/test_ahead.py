import threading
from contextlib import closing

import pytest

from training.ahead import one_ahead


def test_all_come_in_order() -> None:
    assert list(one_ahead(lambda number: number * number, range(3, 7))) == [9, 16, 25, 36]
    assert list(one_ahead(lambda number: number, [])) == []


def test_the_next_is_made_while_this_one_is_used_and_no_more() -> None:
    made = [threading.Event() for _ in range(4)]

    def make(number: int) -> int:
        made[number].set()
        return number

    with closing(one_ahead(make, range(4))) as numbers:
        assert next(numbers) == 0
        assert made[1].wait(10)
        assert not made[2].is_set()


def test_an_error_arrives_in_its_turn_and_no_thread_is_left() -> None:
    def make(number: int) -> int:
        if number == 1:
            raise MemoryError
        return number

    before = threading.active_count()
    numbers = one_ahead(make, range(3))
    assert next(numbers) == 0
    with pytest.raises(MemoryError):
        next(numbers)
    assert threading.active_count() == before


def test_closing_ends_the_thread() -> None:
    before = threading.active_count()
    numbers = one_ahead(lambda number: number, range(100))
    next(numbers)
    assert threading.active_count() > before
    numbers.close()
    assert threading.active_count() == before
