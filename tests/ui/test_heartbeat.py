from pathlib import Path

import pytest

from tests.benchmarks.window import make_song, measure
from timbrescope.core.errors import ModelError
from timbrescope.recognition.store import ModelStore

MINUTES = 10.0
LONGEST_MS = 50.0


@pytest.mark.slow
def test_the_window_never_stands_still(tmp_path: Path) -> None:
    try:
        ModelStore().install("musicnn-mtt", lambda _: None)
    except ModelError as error:
        pytest.skip(str(error))
    figures = measure(make_song(tmp_path, MINUTES), "1280x800", tmp_path / "config")
    assert figures.models == "musicnn-mtt"
    assert figures.usable < 1.5
    for phase, (_, late, longest) in figures.beats.items():
        assert late < LONGEST_MS, phase
        assert longest < LONGEST_MS, phase
