import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.commands.control_c import press_control_c_while_libav_reads
from tests.encoded import encode
from timbrescope.audio.file import AudioFile
from timbrescope.commands.interruption import interruptible, listen_for_stop, noticed_interruption


def test_the_first_waits_for_a_question_and_the_second_does_not() -> None:
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with noticed_interruption() as stop:
            stop()  # nothing was asked yet
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):  # it stays so, should a library drop that
                stop()

    with pytest.raises(KeyboardInterrupt):
        work()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_line_on_standard_input_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin, os.fdopen(writer, "wb", buffering=0) as program:
        monkeypatch.setattr(sys, "stdin", stdin)
        listen_for_stop()
        program.write(b"stopped\n\nst")
        time.sleep(0.01)

        def ask() -> None:
            program.write(b"op\r\n")
            time.sleep(300)

        with pytest.raises(KeyboardInterrupt):
            ask()
        program.close()
        for thread in threading.enumerate():
            if thread.name == "stop":
                thread.join(300)


def test_one_that_nobody_asked_about_is_told_at_the_end() -> None:
    before = signal.getsignal(signal.SIGINT)
    done = []

    def work() -> None:
        with noticed_interruption():
            signal.raise_signal(signal.SIGINT)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("moment", [1, 2, 5, 21])
def test_one_while_libav_reads_ends_the_reading_without_a_word(
    moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = encode(tmp_path / "a.flac", np.random.default_rng(0).normal(0, 0.1, 400_000).astype(np.float32), 22_050)
    calls = press_control_c_while_libav_reads(monkeypatch, moment)
    with pytest.raises(KeyboardInterrupt), interruptible():
        for _ in AudioFile(path).pcm():
            pass
    assert len(calls) >= moment
    assert capfd.readouterr() == ("", "")
