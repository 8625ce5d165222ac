from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn

from tests.training import labelled
from timbrescope.recognition import networks
from timbrescope.recognition.checkpoint import load_checkpoint, read_spec, save_checkpoint
from timbrescope.recognition.features import compress
from timbrescope.recognition.label_vectors import last_dense
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.registry import register
from timbrescope.recognition.spec import ModelSpec
from training import calibration
from training.calibration import best_thresholds, calibrate, fit_scale_and_shift, main
from training.collection import UNKNOWN, Collection
from training.config import Config, Stage
from training.errors import TrainingError
from training.evaluation.metrics import count, decide, mean_known, reliability
from training.examples import Examples
from training.preparation import Preparation, model_spec, prepare
from training.progress import Calibrated, Event, Problem, Step
from training.sources.table import write_table
from training.spectra.online import OnlineAugmentation
from training.train import train

WRONG = (3.0, -4.0)  # scale and shift of logits that were right


@register("tests-two-layers", family="linear", paper="none", window=(24, 24), labels=3, seconds=0.4)
class TwoLayers(nn.Module):
    """A dense layer above another one, and on demand something above both."""

    def __init__(self, n_labels: int, *, bent: bool = False) -> None:
        super().__init__()
        self.inside, self.output = nn.Linear(24, 8), nn.Linear(8, n_labels)
        self.bent = bent

    def forward(self, windows: Tensor) -> Tensor:
        logits: Tensor = self.output(self.inside(windows.mean(dim=1)).tanh())
        return logits.abs() if self.bent else logits


@pytest.fixture(autouse=True)
def one_thread() -> object:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def right(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return logits whose sigmoids are the chances that their labels apply, and whether those do."""
    logits = rng.normal(-1, 2, (4000, 3))
    return logits, (rng.random(logits.shape) < expit(logits)).astype(np.float64)


def tones(folder: Path) -> Collection:
    """Return pairs of tones, half of them to validate with, and a label that never applies."""
    collection = labelled.tones(folder, "multi", clips=12)
    items = tuple(
        replace(item, split="validation" if row % 2 else "train") for row, item in enumerate(collection.items)
    )
    return replace(collection, labels=(*collection.labels, "none"), items=items)


def config(**training: object) -> Config:
    plain = labelled.config(metric="loss", calibrate="each", **training)
    return replace(
        plain,
        network=replace(plain.network, name="tests-two-layers", options={}),
        online=OnlineAugmentation(mix=0.5, gain_db=6.0, band_masks=1, band_mask_bands=20, mixup=0.5),
    )


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[[Config], Preparation]:
    def make(how: Config) -> Preparation:
        return prepare(how, tones(tmp_path / "sounds"), tmp_path / "cache", lambda _: None, workers=0)

    return make


def spoilt(how: Config, data: Preparation, folder: Path) -> tuple[ModelSpec, Model]:
    """Return a trained model whose logits are wrong by a known scale and shift."""
    plain = replace(how, training=replace(how.training, calibrate="no"))
    spec, model = load_checkpoint(train(plain, data, folder, lambda _: None, device="cpu"))
    dense = last_dense(model.network, len(spec.labels))
    assert dense is not None
    with torch.no_grad():
        dense.weight.mul_(WRONG[0])
        dense.bias.mul_(WRONG[0]).add_(WRONG[1])
    return spec, model


def macro_f1(scores: NDArray[np.float64], targets: NDArray[np.float64], threshold: float | tuple[float, ...]) -> float:
    decisions = decide(scores, threshold)
    return float(mean_known(count(decisions, targets, np.zeros(len(targets), np.intp), 1).f1)[0])


def test_a_known_mistake_is_found_and_undone(right: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    logits, targets = right
    wrong = WRONG[0] * logits + WRONG[1]
    scale, shift = fit_scale_and_shift(wrong, targets)
    np.testing.assert_allclose(scale * WRONG[0], 1, atol=0.1)
    np.testing.assert_allclose(shift + scale * WRONG[1], 0, atol=0.2)
    scores = expit(scale * wrong + shift)
    assert reliability(expit(wrong), targets).error > 0.1
    assert reliability(scores, targets).error < 0.015
    thresholds = best_thresholds(scores, targets)
    assert all(0.5 <= threshold <= 0.8 for threshold in thresholds)
    assert macro_f1(scores, targets, thresholds) >= macro_f1(scores, targets, 0.5)


def test_what_nobody_knows_counts_neither_way(right: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    logits, targets = right
    more = np.concatenate([targets, np.full_like(targets, UNKNOWN)])
    twice = np.concatenate([logits, -logits])
    np.testing.assert_allclose(fit_scale_and_shift(twice, more), fit_scale_and_shift(logits, targets), atol=1e-5)
    assert best_thresholds(expit(twice), more) == best_thresholds(expit(logits), targets)


def test_the_order_of_scores_stays_even_where_they_are_wrong(
    right: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    logits, targets = right
    scale, _ = fit_scale_and_shift(-logits, targets)
    assert (scale > 0).all()


def test_few_examples_move_little() -> None:
    scale, shift = fit_scale_and_shift(np.array([[1.0], [-1.0]]), np.array([[1.0], [0.0]]))
    np.testing.assert_allclose([scale, shift], [[1.0], [0.0]], atol=0.5)


def test_together_the_order_of_a_window_s_labels_stays(right: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    logits, targets = right
    scale, shift = fit_scale_and_shift(WRONG[0] * logits + WRONG[1], targets, together=True)
    assert len(set(scale)) == len(set(shift)) == 1
    assert scale[0] * WRONG[0] == pytest.approx(1, abs=0.1)
    assert shift[0] + scale[0] * WRONG[1] == pytest.approx(0, abs=0.2)


def test_of_equally_good_thresholds_the_one_in_the_middle_is_taken() -> None:
    scores = np.array([[0.05, 0.6, 0.3], [0.95, 0.7, 0.3]])
    targets = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    assert best_thresholds(scores, targets) == pytest.approx((0.5, 0.61, 0.5))


def test_a_model_becomes_right_and_only_its_last_layer_changes(
    prepared: Callable[[Config], Preparation], tmp_path: Path
) -> None:
    how = config()
    data = prepared(how)
    spec, model = spoilt(how, data, tmp_path / "run")
    before = {name: tensor.clone() for name, tensor in model.weights().items()}
    events: list[Event] = []
    found = calibrate(model, spec, data.validation, how, events.append)
    after = model.weights()
    assert {name for name in after if not after[name].equal(before[name])} == {"output.weight", "output.bias"}
    told = next(event for event in events if isinstance(event, Calibrated))
    assert told.error_after < told.error_before
    assert tuple(told.thresholds.values()) == found.thresholds
    assert found.figures == {
        **spec.figures,
        "calibration error before": round(told.error_before, 4),
        "calibration error": round(told.error_after, 4),
    }
    power, targets = data.validation.batch(np.arange(len(data.validation)))
    with torch.no_grad():
        scores = model(compress(spec.front_end, power)).sigmoid().double().numpy()
        model.load_weights(before)
        wrong = model(compress(spec.front_end, power)).sigmoid().double().numpy()
    assert reliability(scores, targets.numpy()).error < 0.5 * reliability(wrong, targets.numpy()).error


def test_more_sounds_at_once_are_heard_than_in_any_recording(
    prepared: Callable[[Config], Preparation], tmp_path: Path
) -> None:
    how = config()
    data = prepared(how)
    spec, model = spoilt(how, data, tmp_path / "run")
    _, targets = calibration._hear(model, spec.front_end, data.validation, how)
    passes = targets.reshape(4, len(data.validation), 4).sum(axis=2)
    assert passes[0].max() == 2
    assert (passes[1:].max(axis=1) == 3).all()
    assert np.isin(targets, (0.0, 1.0)).all()  # no mixup


def test_a_label_without_examples_stays_as_it_is_and_is_named(
    prepared: Callable[[Config], Preparation], tmp_path: Path
) -> None:
    how = config()
    data = prepared(how)
    spec, model = spoilt(how, data, tmp_path / "run")
    before = {name: tensor.clone() for name, tensor in model.weights().items()}
    events: list[Event] = []
    found = calibrate(model, spec, data.validation, how, events.append)
    after = model.weights()
    assert after["output.weight"][3].equal(before["output.weight"][3])
    assert after["output.bias"][3] == before["output.bias"][3]
    assert not after["output.bias"][:3].eq(before["output.bias"][:3]).any()
    assert found.thresholds[3] == 0.5
    sentences = [event.sentence for event in events if isinstance(event, Problem)]
    assert len(sentences) == 1
    assert "with or without none to" in sentences[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"activation": "softmax"}, "several labels at a time"),
        ({"network_options": {"bent": True}}, "does not end in its last dense layer"),
        ({"labels": ("a", "b")}, "no label has 5 windows"),
    ],
)
def test_what_cannot_be_calibrated_stays_as_it_is(
    prepared: Callable[[Config], Preparation], change: dict[str, object], sentence: str
) -> None:
    how = config()
    data = prepared(how)
    spec = replace(model_spec(how, data.collection), **change)  # type: ignore[arg-type]
    examples = data.validation
    assert isinstance(examples, Examples)
    if "labels" in change:
        items = [replace(item, labels={"a": 1.0}) for item in examples.items]
        examples = Examples(examples._cache, items, ("a", "b"), "multi", window_frames=24, hop_frames=24)
    model = Model(spec)
    before = {name: tensor.clone() for name, tensor in model.weights().items()}
    with pytest.raises(TrainingError, match=sentence):
        calibrate(model, spec, examples, how, lambda _: None)
    assert all(tensor.equal(before[name]) for name, tensor in model.weights().items())


def test_the_same_seed_gives_the_same_model_and_another_one_another(
    prepared: Callable[[Config], Preparation], tmp_path: Path
) -> None:
    how = config()
    data = prepared(how)
    biases: list[Tensor] = []
    for seed in (1, 1, 2):
        spec, model = spoilt(how, data, tmp_path / "run")
        torch.manual_seed(len(biases))  # which must not count
        calibrate(model, spec, data.validation, replace(how, training=replace(how.training, seed=seed)), lambda _: None)
        biases.append(model.weights()["output.bias"])
    assert biases[0].equal(biases[1])
    assert not biases[0].equal(biases[2])


def test_a_run_that_dies_ends_calibrated_as_one_that_does_not(
    prepared: Callable[[Config], Preparation], tmp_path: Path
) -> None:
    how = config(stages=(Stage(4, learning_rate=0.05),), checkpoint_minutes=0.0)
    data = prepared(how)
    events: list[Event] = []
    whole = train(how, data, tmp_path / "whole", events.append, device="cpu")
    assert [type(event).__name__ for event in events][-2:] == ["Calibrated", "Finished"]
    assert len(read_spec(whole).thresholds) == 4

    deaths = 0

    def dies(event: Event) -> None:
        nonlocal deaths
        last_words = (Step, Calibrated)[deaths]
        if isinstance(event, last_words) and (not isinstance(event, Step) or (event.epoch, event.step) == (3, 2)):
            deaths += 1
            raise InterruptedError

    for _ in range(2):
        with pytest.raises(InterruptedError):
            train(how, data, tmp_path / "cut", dies, device="cpu")
    assert deaths == 2
    path = train(how, data, tmp_path / "cut", lambda _: None, device="cpu")
    assert path.read_bytes() == whole.read_bytes()


def test_a_finished_run_is_calibrated_later_without_learning_again(
    prepared: Callable[[Config], Preparation], tmp_path: Path
) -> None:
    how = config(stages=(Stage(3, learning_rate=0.05),))
    plain = replace(how, training=replace(how.training, calibrate="no"))
    data = prepared(how)
    assert read_spec(train(plain, data, tmp_path / "run", lambda _: None, device="cpu")).thresholds == ()
    events: list[Event] = []
    path = train(how, data, tmp_path / "run", events.append, device="cpu")
    assert not any(isinstance(event, Step) for event in events)
    assert read_spec(path).thresholds
    again = train(how, data, tmp_path / "anew", lambda _: None, device="cpu")
    assert path.read_bytes() == again.read_bytes()


def test_a_run_that_cannot_be_calibrated_says_so_and_ends_well(tmp_path: Path) -> None:
    how = labelled.config(stages=(Stage(1),), calibrate="each")
    data = prepare(how, labelled.tones(tmp_path / "sounds"), tmp_path / "cache", lambda _: None, workers=0)
    events: list[Event] = []
    spec, _ = load_checkpoint(train(how, data, tmp_path / "run", events.append, device="cpu"))
    assert any(isinstance(event, Problem) and "several labels at a time" in event.sentence for event in events)
    assert spec.thresholds == ()


def test_the_command_calibrates_a_trained_model(
    prepared: Callable[[Config], Preparation], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = config()
    data = prepared(how)
    spec, model = spoilt(how, data, tmp_path / "run")
    save_checkpoint(tmp_path / "model.safetensors", spec, model.weights())
    write_table(tmp_path / "split.csv", data.collection)
    (tmp_path / "run.toml").write_text(
        'name = "tiny-tones"\nfront_end = { sample_rate = 16000, n_fft = 512, hop_length = 256, n_mels = 24 }\n'
        'network = { name = "tests-two-layers" }\nonline = { mix = 0.5 }\n'
        "training = { stages = [{ epochs = 1 }], seed = 1 }\n"
    )
    command = [str(tmp_path / "model.safetensors"), "--data", str(tmp_path / "split.csv"), "--workers", "0"]
    command += ["--config", str(tmp_path / "run.toml"), "--cache", str(tmp_path / "cache")]
    assert main([*command, "--output", str(tmp_path / "out.safetensors")]) == 0
    found, _ = load_checkpoint(tmp_path / "out.safetensors")
    assert found.figures["calibration error"] < found.figures["calibration error before"]
    assert found.labels == spec.labels
    assert "expected calibration error" in capsys.readouterr().err
    assert main([*command, "--output", str(tmp_path / "run")]) == 2  # a folder
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["musicnn", "pons-tags-x1", "time-frequency", "short-chunk", "timbre-encoder"])
def test_networks_for_tags_end_in_a_dense_layer(name: str) -> None:
    network = networks.build(name, 5)
    dense = last_dense(network, 5)
    assert dense is not None
    heard = network.eval()(windows := torch.rand(1, *networks.entry(name).window))
    with torch.no_grad():
        dense.weight.mul_(2)
        dense.bias.mul_(2).add_(1)
    torch.testing.assert_close(network(windows), 2 * heard + 1, rtol=1e-4, atol=1e-4)
