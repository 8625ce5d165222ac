"""The classical baselines: scores equal to scikit-learn's, timbres told apart, hostile files refused."""

import copy
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from torch import Tensor, nn

from tests.tones import RATE, TIMBRES, tones
from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import load_checkpoint, save_checkpoint
from timbrescope.recognition.features import LogMel
from timbrescope.recognition.networks import build, entry
from timbrescope.recognition.networks.bag_of_frames import BagOfFrames
from timbrescope.recognition.networks.cost import learnable
from timbrescope.recognition.networks.fittable import Fittable
from timbrescope.recognition.networks.gmm import MfccGmm
from timbrescope.recognition.networks.timbre_features import cosine_basis
from timbrescope.recognition.spec import FrontEnd, ModelSpec

NAMES = ("timbre-svm", "timbre-forest", "mfcc-gmm")
SIZES: dict[str, dict[str, Any]] = {"timbre-svm": {}, "timbre-forest": {"n_trees": 20}, "mfcc-gmm": {"n_components": 5}}
MEL = FrontEnd(RATE, 1024, 512, 40, centred=False, fmax=11_000, compression="decibel")
WAVEFORM = FrontEnd(RATE, 1, 1, 0, centred=False, representation="waveform")


@cache
def windows_of(name: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    samples, timbres = tones(count, seed)
    if name != "mfcc-gmm":
        return samples, timbres
    log_mel = LogMel(MEL)
    return torch.stack([log_mel(window) for window in samples]), timbres


def multi(timbres: Tensor) -> Tensor:
    """Return two labels that overlap: not the bright timbre, and not the dark one."""
    return torch.stack([timbres > 0, timbres < 2], dim=1).float()


def fitted(name: str, targets: Tensor, windows: Tensor, **options: Any) -> nn.Module:
    n_labels = TIMBRES if targets.ndim == 1 else targets.shape[1]
    network = build(name, n_labels, **SIZES[name], **options)
    assert isinstance(network, Fittable)
    network.fit(windows, targets, seed=3)
    return network


def options_of(network: nn.Module) -> dict[str, Any]:
    return cast("Fittable", network).fitted_options()


def probabilities(network: nn.Module, windows: Tensor, *, exclusive: bool) -> NDArray[np.float32]:
    with torch.inference_mode():
        logits = network(windows)
    assert logits.isfinite().all()
    scores: NDArray[np.float32] = (logits.softmax(dim=1) if exclusive else logits.sigmoid()).numpy()
    return scores


def spec_of(name: str, network: nn.Module, *, exclusive: bool) -> ModelSpec:
    return ModelSpec(
        name=name,
        title=name,
        kind="sounds",
        labels=("bright", "middle", "dark") if exclusive else ("not bright", "not dark"),
        network=name,
        front_end=MEL if name == "mfcc-gmm" else WAVEFORM,
        window_frames=len(windows_of(name, 1, 0)[0][0]),
        hop_frames=1,
        network_options=SIZES[name] | options_of(network),
        activation="softmax" if exclusive else "sigmoid",
    )


def test_cepstra_are_librosas_with_five_point_slopes() -> None:
    decibels = windows_of("mfcc-gmm", 4, 5)[0]
    ours = MfccGmm(3, frames="all").cepstra(decibels).numpy()
    for row, mel in zip(ours, decibels.numpy(), strict=True):
        coefficients = librosa.feature.mfcc(S=mel.T, n_mfcc=13)
        slopes = librosa.feature.delta(coefficients, width=5, mode="nearest")
        double = librosa.feature.delta(slopes, width=5, mode="nearest")
        np.testing.assert_allclose(row, np.concatenate([coefficients, slopes, double]).T, atol=1e-3)
    centre = MfccGmm(3).cepstra(decibels).numpy()
    np.testing.assert_array_equal(centre[:, 0], ours[:, ours.shape[1] // 2])
    torch.testing.assert_close(cosine_basis(40, 40) @ cosine_basis(40, 40).T, torch.eye(40), atol=1e-5, rtol=0)


def svm_scores(network: nn.Module, train: Tensor, truth: NDArray[np.bool_], test: Tensor) -> NDArray[np.float64]:
    bag = cast("BagOfFrames", network.bag)
    columns = []
    for label in truth.T:
        folds = StratifiedKFold(5, shuffle=True, random_state=3)
        model = CalibratedClassifierCV(SVC(), cv=folds, ensemble=False)
        columns.append(model.fit(bag(train).double().numpy(), label).predict_proba(bag(test).double().numpy())[:, 1])
    return np.stack(columns, axis=1)


def test_svm_scores_as_scikit_learn() -> None:
    (train, timbres), (test, _) = windows_of("timbre-svm", 60, 0), windows_of("timbre-svm", 30, 1)
    network = fitted("timbre-svm", timbres, train)
    theirs = svm_scores(network, train, timbres.numpy()[:, None] == np.arange(TIMBRES), test)
    theirs /= theirs.sum(axis=1, keepdims=True)  # as OneVsRestClassifier does
    np.testing.assert_allclose(probabilities(network, test, exclusive=True), theirs, atol=1e-5)

    network = fitted("timbre-svm", multi(timbres), train)
    theirs = svm_scores(network, train, multi(timbres).numpy() == 1, test)
    np.testing.assert_allclose(probabilities(network, test, exclusive=False), theirs, atol=1e-5)


def test_forest_scores_as_scikit_learn() -> None:
    (train, timbres), (test, _) = windows_of("timbre-forest", 60, 0), windows_of("timbre-forest", 30, 1)
    network = fitted("timbre-forest", timbres, train)
    bag = cast("BagOfFrames", network.bag)
    forest = RandomForestClassifier(20, random_state=3).fit(bag(train).numpy(), timbres.numpy())
    theirs = forest.predict_proba(bag(test).numpy())
    assert 0 < np.ptp(theirs) <= 1
    np.testing.assert_allclose(probabilities(network, test, exclusive=True), theirs, atol=1e-5)

    network = fitted("timbre-forest", multi(timbres), train)
    forest.fit(bag(train).numpy(), multi(timbres).numpy())
    theirs = np.stack([label[:, 1] for label in forest.predict_proba(bag(test).numpy())], axis=1)
    np.testing.assert_allclose(probabilities(network, test, exclusive=False), theirs, atol=1e-5)


class Numbers(nn.Module):
    """In the place of the bag of frames: the windows are the vectors."""

    size = 1

    def fit(self, windows: Tensor) -> Tensor:
        return windows

    def forward(self, windows: Tensor) -> Tensor:
        return windows


def test_forest_parts_neighbouring_numbers() -> None:
    low = np.nextafter(np.float32(1024), np.float32(2048))
    high = np.nextafter(low, np.float32(2048))  # nearest to the threshold between them, in single precision
    windows = torch.tensor([low, high] * 10).unsqueeze(1)
    network = build("timbre-forest", 2, n_trees=9)
    network.bag = Numbers()
    cast("Fittable", network).fit(windows, torch.arange(20) % 2, seed=0)
    assert (probabilities(network, windows, exclusive=True).argmax(axis=1) == np.arange(20) % 2).all()


@pytest.mark.parametrize("frames", ["centre", "all"])
def test_gmm_scores_as_scikit_learn(frames: str) -> None:
    (train, timbres), (test, _) = windows_of("mfcc-gmm", 60, 0), windows_of("mfcc-gmm", 30, 1)
    network = fitted("mfcc-gmm", timbres, train, frames=frames)
    gmm = cast("MfccGmm", network)

    def scores(member: NDArray[np.bool_]) -> NDArray[np.float64]:
        x, unseen = (((gmm.cepstra(windows) - gmm.mean) / gmm.std).double().numpy() for windows in (train, test))
        mixture = GaussianMixture(5, covariance_type="diag", reg_covar=1e-3, random_state=3)
        mixture.fit(x[member].reshape(-1, 39))
        likelihoods: NDArray[np.float64] = mixture.score_samples(unseen.reshape(-1, 39)).reshape(len(test), -1)
        averages: NDArray[np.float64] = likelihoods.mean(axis=1)
        return averages

    theirs = np.stack([scores(timbres.numpy() == timbre) for timbre in range(TIMBRES)], axis=1)
    np.testing.assert_allclose(network(test).numpy(), theirs, rtol=1e-5, atol=1e-4)
    expected = np.exp(theirs - np.logaddexp.reduce(theirs, axis=1, keepdims=True))
    np.testing.assert_allclose(probabilities(network, test, exclusive=True), expected, atol=1e-5)

    network = fitted("mfcc-gmm", multi(timbres), train, frames=frames)
    truth = multi(timbres).numpy() == 1
    ratio = np.stack([scores(label) - scores(~label) for label in truth.T], axis=1)
    expected = np.exp(-np.logaddexp(0, -ratio))
    np.testing.assert_allclose(probabilities(network, test, exclusive=False), expected, atol=1e-5)


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_saved_then_loaded_scores_the_same(name: str, exclusive: bool, tmp_path: Path) -> None:
    (train, timbres), (test, _) = windows_of(name, 45, 0), windows_of(name, 9, 1)
    network = fitted(name, timbres if exclusive else multi(timbres), train)
    spec = spec_of(name, network, exclusive=exclusive)
    save_checkpoint(tmp_path / "model.safetensors", spec, network.state_dict())
    read, loaded = load_checkpoint(tmp_path / "model.safetensors")
    assert read == spec
    windows = test if name == "mfcc-gmm" else test.unsqueeze(2)
    torch.testing.assert_close(loaded(windows), network(test), rtol=0, atol=0)


def test_scores_need_no_scikit_learn() -> None:
    code = (
        "import sys, torch; from timbrescope.recognition.networks import build, entry;"
        f"[build(name, 2)(torch.rand(1, *entry(name).window)) for name in {NAMES}];"
        "print('sklearn' in sys.modules, 'librosa' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("name", NAMES)
def test_timbres_are_told_apart_at_unseen_pitches(name: str) -> None:
    (train, timbres), (test, unseen) = windows_of(name, 180, 0), windows_of(name, 60, 1)
    options = {"frames": "all"} if name == "mfcc-gmm" else {}

    def accuracy(targets: Tensor) -> float:
        return float((fitted(name, targets, train, **options)(test).argmax(dim=1) == unseen).float().mean())

    assert accuracy(timbres) > 0.9
    shuffled = timbres[torch.randperm(len(timbres), generator=torch.Generator().manual_seed(0))]
    assert accuracy(shuffled) < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_learning_depends_on_the_seed_alone(name: str) -> None:
    train, timbres = windows_of(name, 45, 0)
    network = fitted(name, timbres, train)
    again = fitted(name, multi(timbres).repeat(1, 2)[:, :TIMBRES], train)  # what it knew before is forgotten
    cast("Fittable", again).fit(train, timbres, seed=3)
    assert options_of(again) == options_of(network) | {"exclusive": True}
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in network.state_dict().items())
    copied = copy.deepcopy(network)
    torch.testing.assert_close(copied(train[:2]), network(train[:2]))


def test_values_learnt_are_counted() -> None:
    with torch.device("meta"):
        gmm = build("mfcc-gmm", 29)
    assert learnable(gmm) == 29 * 40 * (2 * 39 + 1) + 2 * 39
    assert learnable(build("timbre-svm", 3, n_vectors=7)) == 7 * 54 + 3 * 7 + 3 * 3 + 1 + 2 * 54
    forest = build("timbre-forest", 3, n_trees=2, n_nodes=5)
    assert learnable(forest) == 2 + 5 * (2 + 1 + 1 + 3) + 2 * 54


@pytest.mark.parametrize(
    ("name", "option", "values"),
    [
        ("timbre-svm", "n_vectors", (-1, 10**12, 2.5, "many", True, None)),
        ("timbre-forest", "n_nodes", (-1, 0, 10**12, 2.5, "many")),
        ("timbre-forest", "depth", (-1, 10**9)),
        ("timbre-forest", "n_trees", (0, 10**9)),
        ("mfcc-gmm", "n_components", (0, 10**12, [])),
        ("mfcc-gmm", "n_mels", (0, 12, 10**12)),
        ("mfcc-gmm", "frames", ("some", [], 1)),
        ("timbre-svm", "sample_rate", (0, 10**12, 22_050.0, None)),
        ("timbre-svm", "n_components", (3,)),
    ],
)
def test_absurd_options_are_refused(name: str, option: str, values: tuple[Any, ...], tmp_path: Path) -> None:
    for value in values:
        spec = replace(spec_of(name, build(name, 3), exclusive=True), network_options={option: value})
        save_checkpoint(tmp_path / "model.safetensors", spec, {})
        with pytest.raises(ModelError, match=r"cannot be built with the options|more than a model can need"):
            load_checkpoint(tmp_path / "model.safetensors")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_labels", [0, 10**9])
def test_absurd_numbers_of_labels_are_refused(name: str, n_labels: int) -> None:
    with pytest.raises(ModelError, match="n_labels"):
        build(name, n_labels)


@pytest.mark.parametrize("key", ["roots", "branches", "tested"])
@pytest.mark.parametrize("value", [-1, 10**6, 2**62])
def test_a_forest_that_leads_astray_is_refused(key: str, value: int, tmp_path: Path) -> None:
    network = build("timbre-forest", 3, n_trees=20)
    weights = network.state_dict()
    weights[key].view(-1)[-1] = value
    save_checkpoint(tmp_path / "model.safetensors", spec_of("timbre-forest", network, exclusive=True), weights)
    with pytest.raises(ModelError, match=rf"{key} point outside of the forest.*install the model again"):
        load_checkpoint(tmp_path / "model.safetensors")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "targets",
    [
        torch.full((6,), 3),
        torch.tensor([0, 1, 2, 0, 1, -1]),
        torch.full((6, 3), 0.5),
        torch.full((6, 3), torch.nan),
        torch.ones(6, 2),
        torch.ones(6, 3, 1),
        torch.empty(0, 3),
    ],
)
def test_targets_that_cannot_be_learnt_are_refused(name: str, targets: Tensor) -> None:
    network = cast("Fittable", build(name, 3))
    with pytest.raises(ModelError, match="learn"):
        network.fit(windows_of(name, 6, 0)[0][: len(targets)], targets, seed=0)


@pytest.mark.parametrize("name", NAMES)
def test_sound_that_is_no_number_is_refused(name: str) -> None:
    train, timbres = windows_of(name, 45, 0)
    broken = train.clone()
    broken[7] = torch.nan
    with pytest.raises(ModelError, match=r"Window number 8 .* leave its recording out"):
        fitted(name, timbres, broken)


def test_too_few_examples_are_named() -> None:
    train, timbres = windows_of("timbre-svm", 9, 0)
    with pytest.raises(ModelError, match="Label number 3 applies to fewer than two windows"):
        fitted("timbre-svm", timbres.clamp(max=1), train)
    train, timbres = windows_of("mfcc-gmm", 9, 0)
    with pytest.raises(ModelError, match="Label number 1 has 3 frames to tell it by, fewer than the 5"):
        fitted("mfcc-gmm", timbres, train)


def test_a_label_that_training_never_met_is_never_found() -> None:
    train, timbres = windows_of("timbre-forest", 30, 0)
    network = fitted("timbre-forest", timbres.clamp(max=1), train)
    assert probabilities(network, train, exclusive=True)[:, 2].max() < 1e-5
    always_never = torch.stack([torch.ones(30), torch.zeros(30), timbres == 0], dim=1)
    found = probabilities(fitted("timbre-forest", always_never, train), train, exclusive=False)
    assert found[:, 0].min() > 1 - 1e-5
    assert found[:, 1].max() < 1e-5
    one = fitted("timbre-forest", always_never[:, 2:], train)
    assert ((probabilities(one, train, exclusive=False)[:, 0] > 0.5) == (timbres == 0).numpy()).all()


@pytest.mark.parametrize("name", NAMES)
def test_registered_window_is_as_long_as_it_says(name: str) -> None:
    known = entry(name)
    assert known.family == "classical"
    seconds = known.window[0] / RATE if len(known.window) == 1 else known.window[0] * 0.01
    assert seconds == pytest.approx(known.seconds)
