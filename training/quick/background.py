"""What is none of the classes: noises, hum, clicks and silence, made here so that nobody has to record them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from timbrescope.core.labels import BACKGROUND
from timbrescope.recognition.features import LogMel
from training.corpora.negatives import KINDS
from training.corpora.takes import QUIET, SAMPLE_RATE
from training.quick.listener import Listener

NAMES = frozenset({BACKGROUND, "background noise", "_background_noise_", "none", "nothing", "silence"})
"""Classes of this name, in any case, are the user's own background."""
_EACH = 24  # windows of each kind
_DECIBEL = (-50.0, -6.0)  # of the peak
_SKIPPED = frozenset({"beeps"})  # somebody may want to recognise those
_BATCH = 32


def background_of(labels: Sequence[str]) -> str | None:
    """Return the label that is the user's own background, if there is one."""
    return next((label for label in labels if label.casefold() in NAMES), None)


def background_vectors(listener: Listener, seed: int) -> NDArray[np.float32]:
    """Return what an encoder makes of sounds that are no class, shape (windows, embedding size)."""
    spec = listener.spec
    front_end = spec.front_end
    log_mel = LogMel(front_end)
    length = (spec.window_frames - 1) * front_end.hop_length + front_end.n_fft
    drawn = round(length * max(1.0, SAMPLE_RATE / front_end.sample_rate))
    rng = np.random.default_rng(seed)
    windows = []
    for kind, make in KINDS.items():
        if kind in _SKIPPED:
            continue
        for _ in range(_EACH):
            sound = make(max(drawn, SAMPLE_RATE), rng=rng)  # type: ignore[call-arg]  # all take rng by name
            peak = float(np.abs(sound).max())
            if peak >= QUIET:
                sound = sound / peak * 10 ** (rng.uniform(*_DECIBEL) / 20)
            windows.append(log_mel(torch.from_numpy(sound[:length].astype(np.float32))))
    windows.append(log_mel(torch.zeros(length)))
    with torch.inference_mode():
        batches = [listener.score(torch.stack(windows[i : i + _BATCH])) for i in range(0, len(windows), _BATCH)]
    return np.concatenate(batches)
