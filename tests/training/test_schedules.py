from itertools import pairwise

import pytest

from training.config import Rule, Stage
from training.schedules import LearningRate


def rates(stage: Stage, losses: list[float], training_loss: float = 1.0) -> list[float]:
    rate = LearningRate(stage)
    seen = []
    for epoch, loss in enumerate(losses):
        seen.append(rate.at(epoch, 0, 10))
        rate.epoch_ended(training_loss, loss)
    return seen


def test_constant_and_step() -> None:
    assert rates(Stage(4, learning_rate=0.1), [1, 1, 1, 1]) == [0.1] * 4
    assert rates(Stage(5, learning_rate=0.8, rule="step", every=2), [1] * 5) == [0.8, 0.8, 0.4, 0.4, 0.2]


def test_cosine_falls_from_the_full_rate_to_nothing() -> None:
    rate = LearningRate(Stage(3, learning_rate=1.0, rule="cosine"))
    seen = [rate.at(epoch, step, 10) for epoch in range(3) for step in range(10)]
    assert seen[0] == 1.0
    assert all(later < earlier for earlier, later in pairwise(seen))
    assert seen[-1] < 0.01


def test_warm_up_rises_in_equal_steps() -> None:
    rate = LearningRate(Stage(3, learning_rate=1.0, warm_up=4))
    assert [rate.at(0, step, 10) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_plateau_halves_after_epochs_without_a_better_validation_loss() -> None:
    stage = Stage(9, learning_rate=1.0, rule="plateau", stale=2)
    assert rates(stage, [3, 2, 2, 2, 1, 1, 1, 1]) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]


def test_halve_stale_watches_the_training_loss() -> None:
    stage = Stage(9, learning_rate=1.0, rule="halve-stale", stale=2)
    assert rates(stage, [3, 2, 1, 0.5], training_loss=1.0) == [1, 1, 1, 0.5]


def test_halve_next_best_waits_for_the_next_better_loss() -> None:
    stage = Stage(9, learning_rate=1.0, rule="halve-next-best", stale=2)
    assert rates(stage, [3, 4, 4, 4, 2, 1, 1]) == [1, 1, 1, 1, 1, 0.5, 0.5]  # three worse ones before the better
    assert rates(stage, [3, 4, 4, 2, 2]) == [1] * 5  # only two


@pytest.mark.parametrize("rule", ["constant", "cosine", "step", "plateau", "halve-stale", "halve-next-best"])
def test_goes_on_from_its_state(rule: Rule) -> None:
    stage = Stage(12, learning_rate=1.0, rule=rule, stale=1)
    losses = [3.0, 3, 3, 2, 2, 2, 1, 1, 1, 0.5, 0.5, 0.5]
    whole = rates(stage, losses)
    first, second = LearningRate(stage), LearningRate(stage)
    for epoch in range(5):
        first.epoch_ended(1.0, losses[epoch])
    second.load_state_dict(first.state_dict())
    rest = []
    for epoch in range(5, 12):
        rest.append(second.at(epoch, 0, 10))
        second.epoch_ended(1.0, losses[epoch])
    assert rest == whole[5:]
