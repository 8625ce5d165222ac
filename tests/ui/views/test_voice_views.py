"""The pitch over the spectrogram, the vowel chart and the colours of sounds."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from timbrescope.core import phonemes, picture
from timbrescope.core.mel import note_hz, note_name
from timbrescope.core.segments import Segment
from timbrescope.core.voice import F0
from timbrescope.settings import Settings
from timbrescope.ui.phonemes_heard import PhonemesHeard
from timbrescope.ui.session import Session
from timbrescope.ui.views.pitch_curve import PitchCurve
from timbrescope.ui.views.segment_item import group_colour, readable_on
from timbrescope.ui.views.vowel_chart import REFERENCE, place

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def session() -> Session:
    """A session that has followed an A4 of two seconds and then an A3 of two."""
    session = Session(Settings())
    rows = np.zeros((400, 4), np.float32)
    rows[:, F0] = np.repeat([440.0, 220.0], 200)
    session.timeline.voice.append(rows)
    return session


def names(curve: PitchCurve) -> list[str]:
    curve.name(0.0, 4.0, 800)
    return [note_name(note_hz(note.midi)) for note in curve.named]


def test_the_pitch_lies_at_its_band_and_is_named(session: Session) -> None:
    curve = PitchCurve(session, PhonemesHeard(session))
    times, bands = curve.points(0, 800, 4.0 / 800)
    assert bands[np.searchsorted(times, 1.0)] == pytest.approx(float(picture.band_of(440.0)), abs=0.01)
    assert names(curve) == ["A4", "A3"]
    assert curve.describe(1.0).endswith("A4")
    session.close()


def test_where_nobody_sings_the_pitch_of_what_plays_is_left_out(session: Session) -> None:
    heard = PhonemesHeard(session)
    heard.segments = [Segment(0, 2, "sil"), Segment(2, 3, "a"), Segment(3, 3.05, "sil"), Segment(3.05, 4, "o")]
    curve = PitchCurve(session, heard)
    times, bands = curve.points(0, 800, 4.0 / 800)
    assert np.isnan(bands[times < 1.99]).all()
    assert np.isfinite(bands[times > 2.01]).all()
    assert names(curve) == ["A3"]
    session.close()


def test_the_vowel_chart_has_front_vowels_on_the_left_and_open_ones_below() -> None:
    box = QRectF(0, 0, 200, 200)
    at = {symbol: place(*formants, box) for symbol, formants in REFERENCE.items()}
    assert at["i"].x() < at["ɨ"].x() < at["u"].x()
    assert at["i"].y() < at["e"].y() < at["ɛ"].y() < at["a"].y()
    assert all(box.contains(point) for point in at.values())
    assert box.contains(place(5000, 50, box))


def test_sounds_of_a_group_share_a_colour_on_which_text_can_be_read() -> None:
    assert group_colour("e") == group_colour("ɛ") == group_colour("EH1") != group_colour("o")
    assert group_colour("sil") is None
    assert group_colour("₴") is None
    for group in phonemes.groups().values():
        text, ground = (_luminance(QColor(colour)) for colour in (readable_on(QColor(group.colour)), group.colour))
        assert (max(text, ground) + 0.05) / (min(text, ground) + 0.05) >= 4.5


def _luminance(colour: QColor) -> float:
    channels = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
