"""Calls that may never return, such as those into a sound server that hangs."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from timbrescope.core.errors import TimbrescopeError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Attempt(Generic[T]):
    """Calls a function in a thread that nobody ever waits for.

    Args:
        make: what to call.
        discard: gives back what it returned, when nobody wants that any more.
    """

    def __init__(self, make: Callable[[], T], discard: Callable[[T], None]) -> None:
        self._make = make
        self._discard = discard
        self._lock = threading.Lock()  # guards what follows
        self._result: tuple[T] | TimbrescopeError | None = None
        self._abandoned = False
        threading.Thread(target=self._run, name="attempt", daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether there is a result or an error."""
        with self._lock:
            return self._result is not None

    def result(self) -> T:
        """Return what the function returned, once ``is_over``.

        Raises:
            TimbrescopeError: it has failed; whatever else it raised is in the log.
        """
        with self._lock:
            result = self._result
        if result is None:
            raise RuntimeError("nobody knows yet")
        if isinstance(result, TimbrescopeError):
            raise result
        return result[0]

    def abandon(self) -> None:
        """Give back what there is, or what will be there one day after all."""
        with self._lock:
            self._abandoned = True
            late = self._result
        if isinstance(late, tuple):
            self._discard(late[0])

    def _run(self) -> None:
        result: tuple[T] | TimbrescopeError
        try:
            result = (self._make(),)
        except TimbrescopeError as error:
            result = error
        except Exception as error:
            log.exception("an attempt has failed")
            result = TimbrescopeError(f"Something unexpected went wrong ({error}); the details are in the log.")
        with self._lock:
            self._result = result
            abandoned = self._abandoned
        if abandoned and isinstance(result, tuple):
            self._discard(result[0])
