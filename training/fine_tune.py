"""Going on with a trained model on other labels: all its layers learn."""

from pathlib import Path

from timbrescope.core.errors import ModelError
from timbrescope.recognition.checkpoint import read_spec
from training.config import Config, Data, Network, Stage, Training
from training.errors import TrainingError
from training.spectra.online import OnlineAugmentation

_CHUNK = 100  # frames in a row that a network which tells of every frame learns at a time


def fine_tune_config(model: Path, name: str) -> Config:
    """Return a run that starts from a model: its network and front end, small steps, and changes of the spectra.

    Raises:
        TrainingError: the model cannot be read.
    """
    try:
        spec = read_spec(model)
    except ModelError as error:
        raise TrainingError(str(error)) from error
    network = Network(
        spec.network,
        spec.network_options,
        spec.window_frames,
        spec.hop_frames,
        spec.look_ahead_frames,
        start_from=(str(model.absolute()),),
    )
    every_frame = spec.look_ahead_frames is not None
    stage = Stage(30, "adamw", 3e-4, weight_decay=0.01, rule="cosine", warm_up=20, patience=8)
    spectral = spec.front_end.representation != "waveform"
    changes = OnlineAugmentation(gain_db=9.0, equaliser_db=4.0) if spectral else OnlineAugmentation()
    return Config(
        name=name,
        title=name,
        description=f"Labels of your own, learnt from {spec.title} on.",
        licence=spec.licence,
        front_end=spec.front_end,
        network=network,
        data=Data(hop_frames=_CHUNK, chunk_frames=_CHUNK) if every_frame else Data(balance="sampling"),
        training=Training((stage,), batch=32, metric="macro-f1", gradient_clip=5.0),
        online=changes,
    )
