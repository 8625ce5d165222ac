from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.tiny import SPEC, Tiny
from tests.training.check_set import sound
from tests.training.tiny_encoder import ENCODER, write_encoder
from timbrescope.audio.file import AudioFile
from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import save_checkpoint
from timbrescope.recognition.embedder import SoundEmbedder
from training.quick.listener import load_listener


def test_a_window_of_live_sound_is_heard_as_in_a_file(tmp_path: Path) -> None:
    encoder = write_encoder(tmp_path / "encoder.safetensors")
    embedder = SoundEmbedder(encoder)
    samples = sound(300.0, 1, 4.0)
    soundfile.write(tmp_path / "a.wav", samples, embedder.sample_rate, subtype="FLOAT")
    (vector,) = load_listener(encoder).hear(AudioFile(tmp_path / "a.wav")).vectors[1:2]
    front_end = ENCODER.front_end
    start = ENCODER.hop_frames * front_end.hop_length - (front_end.n_fft // 2 if front_end.centred else 0)
    window = samples[start : start + embedder.n_samples]
    assert embedder(window) == pytest.approx(vector.astype(np.float32), rel=2e-3, abs=1e-3)  # kept as float16


def test_a_model_without_vectors_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "tiny.safetensors", SPEC, Tiny(3, 24).state_dict())
    with pytest.raises(ModelError, match="no vectors"):
        SoundEmbedder(tmp_path / "tiny.safetensors")
