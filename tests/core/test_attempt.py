import threading
import time
from collections.abc import Callable

import pytest

from timbrescope.core.attempt import Attempt
from timbrescope.core.errors import AudioError, TimbrescopeError


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.005)


def test_the_result_comes_when_it_is_over() -> None:
    gate = threading.Event()
    given_back: list[int] = []
    attempt = Attempt(lambda: gate.wait(30) and 7, given_back.append)
    assert not attempt.is_over
    gate.set()
    until(lambda: attempt.is_over)
    assert attempt.result() == 7
    assert given_back == []


def test_an_error_for_the_user_comes_as_it_is_and_another_one_as_a_sentence() -> None:
    def refuse() -> int:
        raise AudioError("It is held by another program; close that.")

    def fail() -> int:
        return 1 // 0

    for make, words in ((refuse, "held by"), (fail, "unexpected")):
        attempt = Attempt(make, lambda _: None)
        until(lambda attempt=attempt: attempt.is_over)  # type: ignore[misc]  # mypy infers no default
        with pytest.raises(TimbrescopeError, match=words):
            attempt.result()


def test_what_comes_after_it_was_abandoned_is_given_back() -> None:
    gate = threading.Event()
    given_back: list[str] = []
    attempt = Attempt(lambda: "late" if gate.wait(30) else "never", given_back.append)
    attempt.abandon()
    gate.set()
    until(lambda: given_back == ["late"])


def test_what_was_there_when_it_was_abandoned_is_given_back() -> None:
    given_back: list[str] = []
    attempt = Attempt(lambda: "soon", given_back.append)
    until(lambda: attempt.is_over)
    attempt.abandon()
    assert given_back == ["soon"]
