import importlib
import sys

import pytest

from tests.audio.fake_portaudio import MICROPHONE, MONITOR, SPEAKERS, FakePortAudio
from timbrescope.audio import devices
from timbrescope.audio.capture import Capture
from timbrescope.core.errors import AudioError


def test_a_device_is_found_by_any_name_for_it_also_in_another_socket(fake: FakePortAudio) -> None:
    microphone = devices.find(None, "input")
    assert microphone.is_default_input
    assert microphone.title == "USB Audio: -, ALSA"
    for name in (microphone.title, microphone.name, "USB Audio: -", "usb audio"):
        assert devices.find(name, "input") == microphone
    fake.found = [SPEAKERS, MICROPHONE | {"name": "USB Audio: - (hw:7,0)"}]
    assert devices.rescan()
    assert devices.find(microphone.title, "input").index == 1


def test_a_name_that_fits_none_or_several_is_explained(fake: FakePortAudio) -> None:
    with pytest.raises(AudioError, match=r"Zither.*USB Audio"):
        devices.find("Zither", "input")
    assert devices.find("Speakers", "input").is_monitor  # the speakers themselves are no input
    fake.found = fake.listed = [MICROPHONE, MICROPHONE | {"name": "USB Audio Two"}]
    with pytest.raises(AudioError, match="more of the name"):
        devices.find("usb", "input")


def test_monitors_are_marked_and_microphones_are_not(fake: FakePortAudio) -> None:
    assert [device.is_monitor for device in devices.devices()] == [False, False, True]
    names = ["Stereo Mix (Realtek)", "BlackHole 2ch", "Loopback: PCM (hw:2,1)", "Studio Monitors Input"]
    fake.listed = [MONITOR | {"name": name} for name in names]
    assert [device.is_monitor for device in devices.devices()] == [True, True, True, False]


def test_without_any_input_there_is_one_sentence(fake: FakePortAudio) -> None:
    fake.listed = []
    assert devices.devices() == []
    with pytest.raises(AudioError, match="connect a microphone"):
        devices.find(None, "input")


@pytest.mark.usefixtures("fake")
def test_devices_are_not_looked_for_while_a_stream_is_open() -> None:
    capture = Capture(devices.find(None, "input"), range(1), 8000)
    assert not devices.rescan()
    capture.close()
    capture.close()  # a second time does nothing
    assert devices.rescan()


def test_without_portaudio_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)

    def missing(_: str) -> object:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(AudioError, match="libportaudio2"):
        devices.devices()
