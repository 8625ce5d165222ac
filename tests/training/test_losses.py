import math

import pytest
import torch
from torch.nn import functional as F

from training.config import Distillation, Stage, Training
from training.losses import binary_cross_entropy, cross_entropy, distil, focal, logit_error, make_loss, to_logits

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, -3.0]])
HARD = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
TRAINING = Training(stages=(Stage(1),))


def test_hard_targets_give_the_usual_losses() -> None:
    torch.testing.assert_close(cross_entropy(LOGITS, HARD), F.cross_entropy(LOGITS, torch.tensor([0, 1])))
    torch.testing.assert_close(binary_cross_entropy(LOGITS, HARD), F.binary_cross_entropy_with_logits(LOGITS, HARD))
    torch.testing.assert_close(focal(LOGITS, HARD, 0.0), F.binary_cross_entropy_with_logits(LOGITS, HARD))


@pytest.mark.parametrize("name", ["binary-cross-entropy", "focal", "logit-error"])
def test_unknown_labels_count_neither_way(name: str) -> None:
    loss = make_loss(Training(stages=(Stage(1),), loss=name), exclusive=False)  # type: ignore[arg-type]
    targets = HARD.clone()
    targets[0, 2] = math.nan
    logits = LOGITS.clone().requires_grad_()
    value = loss(logits, targets)
    value.backward()
    assert logits.grad is not None
    assert logits.grad[0, 2] == 0
    assert torch.count_nonzero(logits.grad) == 5
    known = torch.tensor([LOGITS[0, 0], LOGITS[0, 1], *LOGITS[1]])
    torch.testing.assert_close(value.detach(), loss(known[None], torch.tensor([[1.0, 0, 0, 1, 0]])))


def test_nothing_known_is_no_loss() -> None:
    assert binary_cross_entropy(LOGITS, torch.full_like(LOGITS, math.nan)) == 0


def test_focal_turns_to_what_is_wrong() -> None:
    sure = torch.tensor([[6.0]]), torch.tensor([[-1.0]])
    right = torch.tensor([[1.0]])
    plain = [binary_cross_entropy(logits, right) for logits in sure]
    turned = [focal(logits, right, 2.0) for logits in sure]
    assert turned[1] / turned[0] > 100 * plain[1] / plain[0]


def test_weights_make_a_class_count_more() -> None:
    weights = torch.tensor([1.0, 9.0, 1.0])

    def pull(weights: torch.Tensor | None) -> torch.Tensor:
        logits = LOGITS.clone().requires_grad_()
        cross_entropy(logits, HARD, weights).backward()
        assert logits.grad is not None
        return logits.grad

    torch.testing.assert_close(pull(weights)[0], pull(None)[0])  # a clip of the first class
    torch.testing.assert_close(pull(weights)[1], 9 * pull(None)[1])
    assert binary_cross_entropy(LOGITS, HARD, weights) > binary_cross_entropy(LOGITS, HARD)


def test_the_task_decides_where_nothing_is_said() -> None:
    torch.testing.assert_close(make_loss(TRAINING, exclusive=True)(LOGITS, HARD), cross_entropy(LOGITS, HARD))
    torch.testing.assert_close(make_loss(TRAINING, exclusive=False)(LOGITS, HARD), binary_cross_entropy(LOGITS, HARD))


@pytest.mark.parametrize("exclusive", [True, False])
def test_distillation_pulls_towards_the_teacher(*, exclusive: bool) -> None:
    loss = make_loss(TRAINING, exclusive=exclusive)
    how = Distillation("teacher", weight=1.0, temperature=1.0)
    student, teacher = torch.zeros(1, 3, requires_grad=True), torch.tensor([[3.0, 0.0, -3.0]])
    distil(student, teacher, HARD[:1], loss, how, exclusive=exclusive).backward()
    assert student.grad is not None
    assert student.grad[0, 0] < 0 < student.grad[0, 2]
    labels_only = distil(LOGITS, LOGITS, HARD, loss, Distillation("teacher", weight=0.0), exclusive=exclusive)
    torch.testing.assert_close(labels_only, loss(LOGITS, HARD))


def test_the_error_of_logits_is_zero_at_the_teachers_own() -> None:
    assert float(logit_error(LOGITS, LOGITS.sigmoid())) == pytest.approx(0, abs=1e-10)
    torch.testing.assert_close(logit_error(LOGITS + 2, LOGITS.sigmoid()), torch.tensor(4.0))


def test_what_is_unlikely_counts_as_much_as_what_is_likely() -> None:
    likely, unlikely = torch.tensor([[0.5]]), torch.tensor([[1e-4]])
    one = torch.ones(1, 1)
    torch.testing.assert_close(
        logit_error(to_logits(likely) + one, likely), logit_error(to_logits(unlikely) + one, unlikely)
    )


def test_certain_scores_have_finite_logits() -> None:
    assert to_logits(torch.tensor([0.0, 1.0])).isfinite().all()


def test_weights_of_logits_multiply_their_errors() -> None:
    weights = torch.tensor([0.0, 0.0, 3.0])
    targets = (LOGITS - torch.tensor([5.0, 7.0, 1.0])).sigmoid()
    torch.testing.assert_close(logit_error(LOGITS, targets, weights), torch.tensor(1.0))
