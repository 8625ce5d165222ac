import os
import signal

import pytest

from timbrescope.commands.interruption import noticed_interruption


def test_an_interruption_that_a_library_drops_is_noticed_later() -> None:
    before = signal.getsignal(signal.SIGINT)
    with noticed_interruption() as stop:
        stop()  # nothing was asked yet
        with pytest.raises(KeyboardInterrupt):  # a library drops it
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            stop()
    assert signal.getsignal(signal.SIGINT) is before
