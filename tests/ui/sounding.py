"""A session into which a test pours scores, as an analysis would."""

import numpy as np
from numpy.typing import NDArray

from timbrescope.core import picture
from timbrescope.core.timeline import Chunk, ScoreSpec, Timeline
from timbrescope.settings import Settings
from timbrescope.ui.session import Session

INSTRUMENTS = ScoreSpec("players", "instruments", ("piano", "flute", "drums"), 0.5, 0.5)
TAGS = ScoreSpec("moods", "tags", ("rock", "calm"), 0.5, 0.5, (0.5, 0.5))
SETTINGS = Settings(smoothing_seconds=0.0, enter_percent=50, leave_percent=35)


def session(*specs: ScoreSpec, settings: Settings = SETTINGS) -> Session:
    """Return a session in which some models are about to speak."""
    made = Session(settings)
    made.opening.emit(None)
    begin(made, *specs)
    return made


def begin(session: Session, *specs: ScoreSpec) -> None:
    """Let some models be loaded."""
    session.timeline = Timeline(specs or (INSTRUMENTS,))
    session.recognising.emit()


def pour(
    session: Session, rows: dict[str, NDArray[np.float32]], seconds: float = 0.5, level: float = 0.1, hz: float = 440.0
) -> None:
    """Let so many seconds more be known: rows of scores of models, and a tone at a level in full scale."""
    frames = round(seconds / picture.HOP_SECONDS)
    mel = np.zeros((frames, picture.N_MELS), np.uint8)
    mel[:, int(picture.band_of(hz))] = picture.quantise(20 * np.log10(level)) if level else 0
    peak = round(32767 * level)
    session.timeline.append(
        Chunk(
            session.timeline.seconds + seconds,
            np.tile(np.array([[-peak, peak]], np.int16), (frames, 1)),
            mel,
            np.full(frames, level, np.float32),
            rows,
        )
    )
    session.changed.emit()


def row(*sounding: str, spec: ScoreSpec = INSTRUMENTS) -> dict[str, NDArray[np.float32]]:
    """Return one row of a model to which some labels sound."""
    return {spec.name: np.array([[0.9 if label in sounding else 0.05 for label in spec.labels]], np.float32)}
