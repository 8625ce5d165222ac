import threading

import numpy as np

from timbrescope.audio.ring import Ring


def test_what_is_written_is_read_in_order_however_it_is_cut() -> None:
    rng = np.random.default_rng(0)
    frames = np.arange(4000, dtype=np.float32).reshape(-1, 2)
    ring = Ring(97, 2)
    heard: list[np.ndarray] = []
    rest = frames
    while len(rest) or ring.next < ring.written:
        rest = rest[ring.write(rest[: rng.integers(1, 150)]) :]
        out = np.empty((int(rng.integers(1, 150)), 2), np.float32)
        heard.append(out[: ring.read_into(out)])
    np.testing.assert_array_equal(np.concatenate(heard), frames)
    assert ring.read == ring.written == 2000


def test_a_full_ring_takes_no_more() -> None:
    ring = Ring(10, 1)
    assert ring.write(np.ones((7, 1), np.float32)) == 7
    assert ring.write(np.ones((7, 1), np.float32)) == 3
    assert ring.write(np.ones((7, 1), np.float32)) == 0


def test_dropped_frames_are_never_read() -> None:
    ring = Ring(10, 1)
    ring.write(np.full((6, 1), 1, np.float32))
    ring.drop()
    ring.write(np.full((3, 1), 2, np.float32))
    out = np.zeros((5, 1), np.float32)
    assert ring.read_into(out) == 3
    assert out.ravel().tolist() == [2, 2, 2, 0, 0]
    assert ring.read == 9


def test_two_threads_lose_nothing() -> None:
    frames = np.arange(100_000, dtype=np.float32).reshape(-1, 1)
    ring = Ring(1009, 1)

    def write() -> None:
        rest = frames
        while len(rest):
            rest = rest[ring.write(rest[:700]) :]

    writer = threading.Thread(target=write)
    writer.start()
    heard: list[np.ndarray] = []
    while sum(map(len, heard)) < len(frames):
        out = np.empty((300, 1), np.float32)
        heard.append(out[: ring.read_into(out)])
    writer.join()
    np.testing.assert_array_equal(np.concatenate(heard), frames)
