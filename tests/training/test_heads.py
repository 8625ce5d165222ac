from dataclasses import replace

import pytest
import torch

from tests.tiny import SPEC, Tiny
from timbrescope.recognition.model import Model
from training.errors import TrainingError
from training.heads import one_list

LABELS = ("one:low", "two:low", "two:high")


@pytest.fixture
def model() -> Model:
    model = Model(replace(SPEC, labels=LABELS))
    model.network.load_state_dict(Tiny(3, 24).state_dict())
    return model.eval()


def test_a_list_says_what_it_said_among_others(model: Model) -> None:
    spec = replace(SPEC, labels=LABELS, thresholds=(0.1, 0.2, 0.3))
    one_spec, weights = one_list(spec, model, "two", ["high", "low"])
    assert (one_spec.labels, one_spec.thresholds) == (("high", "low"), (0.3, 0.2))
    alone = Model(one_spec).eval()
    alone.load_weights(weights)
    windows = torch.rand(2, SPEC.window_frames, 24)
    torch.testing.assert_close(alone(windows), model(windows)[:, [2, 1]])


def test_a_list_that_was_not_learnt_is_refused(model: Model) -> None:
    with pytest.raises(TrainingError, match="has not learnt all labels of one"):
        one_list(replace(SPEC, labels=LABELS), model, "one", ["low", "high"])
