"""Every test gets its own data and settings, an offscreen window system and known signals; none leaves a thread."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session", autouse=True)
def _control_c() -> Iterator[None]:
    """Let Ctrl-C mean what it does in a program: processes that share the tests ignore it, and so would theirs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRESCOPE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TIMBRESCOPE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("TIMBRESCOPE_LOG", str(tmp_path / "log" / "timbrescope.log"))


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in left), f"threads left behind: {left}"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20170628)


def sine(hz: float, seconds: float, rate: int, level: float = 0.5) -> NDArray[np.float32]:
    """Return a sine, float32, shape (samples,)."""
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)
