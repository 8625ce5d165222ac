from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from tests.tiny import SPEC, Tiny
from timbrescope.core import history
from timbrescope.core.noteworthy import Heard
from timbrescope.core.timeline import ScoreSpec
from timbrescope.recognition.checkpoint import read_fingerprint, save_checkpoint
from timbrescope.recognition.recogniser import Recogniser
from timbrescope.recognition.relations import present, read_relations


def test_weights_and_recordings_come_together(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, SPEC, Tiny(3, 24).state_dict())
    spec = Recogniser.load(path, torch.device("cpu")).score_spec
    assert spec.fingerprint == read_fingerprint(path)
    for number, clip in enumerate(((0.9, 0.9, 0.1), (0.9, 0.1, 0.1))):
        song = tmp_path / f"{number}.wav"
        song.write_bytes(b"x" * number)
        history.keep(song, [Heard(spec, np.array([clip], np.float32), np.array(clip))], 1.0)
    relations = read_relations(path)
    assert relations.files == 2
    np.testing.assert_array_equal(relations.together, [[2, 1, 0], [1, 1, 0], [0, 0, 0]])
    assert relations.similarity is not None
    np.testing.assert_array_equal(np.diag(relations.similarity), np.ones(3))
    save_checkpoint(path, replace(SPEC, thresholds=(0.95, 0.5, 0.5)), Tiny(3, 24).state_dict())
    assert read_relations(path).files == 0  # what another model heard


def test_an_instrument_is_there_where_it_plays_long_enough_a_tag_where_its_score_says_so() -> None:
    recalled = history.Recalled(np.array([[0.3, 0.6]], np.float16), np.array([[0.15, 0.14]], np.float16))
    instruments = ScoreSpec("one", "instruments", ("piano", "flute"), 1.0, 1.0)
    tags = ScoreSpec("one", "tags", ("rock", "pop"), 1.0, 1.0, (0.5, 0.6))
    np.testing.assert_array_equal(present(instruments, recalled), [[True, False]])
    np.testing.assert_array_equal(present(tags, recalled), [[False, True]])
