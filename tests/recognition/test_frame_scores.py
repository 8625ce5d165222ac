"""Models that tell of every frame: live as in a file, and each row at its place."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from timbrescope.recognition.keeping_up import LiveRecogniser
from timbrescope.recognition.model import Model
from timbrescope.recognition.recogniser import FrameScoreStream, Recogniser, Scores
from timbrescope.recognition.spec import FrontEnd, ModelSpec, Standardisation

CPU = torch.device("cpu")
FRONT_END = FrontEnd(16_000, 512, 160, n_mels=80, compression="decibel", standardisation="band")
SILENT = torch.full((80,), -100.0)


def spec(network: str, window: int, look_ahead: int, standardisation: Standardisation = "band") -> ModelSpec:
    return ModelSpec(
        "frames", "Frames", "phonemes", ("sil", "a", "s"), network, replace(FRONT_END, standardisation=standardisation),
        window, 1, activation="softmax", look_ahead_frames=look_ahead,
    )  # fmt: skip


def recogniser(described: ModelSpec, kind: type[Recogniser] = Recogniser) -> Recogniser:
    torch.manual_seed(0)
    return kind(described, Model(described), CPU)


def frames(count: int) -> torch.Tensor:
    return torch.randn(count, 80, generator=torch.Generator().manual_seed(1))


def stream_scores(listener: Recogniser, heard: torch.Tensor, sizes: list[int], batch: int) -> Scores:
    stream = FrameScoreStream(listener, SILENT, batch=batch)
    said = [stream.push(part) for part in heard.split(sizes)]
    return np.concatenate([*said, stream.finish()])


@pytest.mark.parametrize(("network", "window", "ahead"), [("dilated-phonemes", 293, 13), ("pons-phonemes", 21, 10)])
def test_every_frame_has_a_row_however_the_sound_arrives(network: str, window: int, ahead: int) -> None:
    listener = recogniser(spec(network, window, ahead))
    heard = frames(60)
    whole = stream_scores(listener, heard, [60], 512)
    assert whole.shape == (60, 3)
    np.testing.assert_allclose(whole.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(stream_scores(listener, heard, [1, 0, 29, 7, 23], 1), whole, atol=1e-5)
    around = torch.cat([SILENT.expand(window - 1 - ahead, -1), heard, SILENT.expand(ahead, -1)])
    np.testing.assert_allclose(listener.score(around[40 : 40 + window])[0], whole[40], atol=1e-5)


def test_live_rows_come_as_soon_as_the_look_ahead_allows() -> None:
    listener = recogniser(spec("pons-phonemes", 21, 10))
    stream = FrameScoreStream(listener, SILENT, batch=1)
    assert len(stream.push(frames(10))) == 0
    assert len(stream.push(frames(3))) == 3
    assert listener.spec.latency_seconds == pytest.approx(0.100 + 0.016)
    assert listener.score_spec.start_seconds == 0
    assert listener.score_spec.window_seconds == listener.score_spec.hop_seconds == pytest.approx(0.01)


@pytest.mark.parametrize("standardisation", ["band", "element"])
def test_rows_of_all_frames_are_those_of_single_windows(standardisation: Standardisation) -> None:
    model = Model(spec("pons-phonemes", 21, 10, standardisation)).eval()
    if standardisation == "element":
        model.standardise.mean = torch.linspace(0, 1, 21).unsqueeze(1).expand(21, 80)
    heard = frames(25).unsqueeze(0)
    with torch.no_grad():
        rows = model(heard)
        single = torch.cat([model(heard[:, start : start + 21]) for start in range(5)], dim=1)
    assert rows.shape == (1, 5, 3)
    torch.testing.assert_close(rows, single, atol=1e-4, rtol=0)


def test_listener_that_falls_behind_has_a_row_for_every_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = recogniser(spec("pons-phonemes", 21, 10), LiveRecogniser)
    assert len(listener.score(frames(30))) == 10
    monkeypatch.setattr(listener, "_seconds_a_window", 0.25)  # so that four rows take a second
    said = listener.score(frames(30))
    assert len(said) == 10
    np.testing.assert_array_equal(said[:6], np.repeat(said[6:7], 6, axis=0))
    np.testing.assert_allclose(said[6:], listener.score(frames(30)[6:]), atol=1e-5)
    monkeypatch.setattr(listener, "_seconds_a_window", 0.25)
    listener.score(frames(30))  # the first time is forgiven
    assert any("cannot keep up" in notice for notice in listener.notices)


def test_descriptions_of_older_models_tell_of_windows() -> None:
    described = spec("pons-phonemes", 21, 10)
    values = described.to_dict()
    assert ModelSpec.from_dict(values) == described
    del values["look_ahead_frames"]
    assert ModelSpec.from_dict(values).look_ahead_frames is None
    with pytest.raises(ValueError, match="look-ahead"):
        spec("pons-phonemes", 21, 21)
