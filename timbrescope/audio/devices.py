"""Sound devices: what there is, what it can do, and finding one again by its name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from timbrescope.audio import portaudio, sound_server
from timbrescope.core.errors import AudioError

Direction = Literal["input", "output"]

RATES = (8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000)
"""The rates that devices are asked about, in Hz."""
# Inputs that hear what the computer itself plays, by the names that systems and virtual cables give them.
_MONITOR = re.compile(
    r"monitor\b|loopback|stereo mix|what u hear|wave out mix|blackhole|soundflower|cable output", re.IGNORECASE
)
# ALSA counts its cards anew at each start, so that these numbers are not part of the name.
_PLACE = re.compile(r"\s*\((?:plug)?hw:\d+(?:,\d+)?\)$")


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device as PortAudio lists it.

    Attributes:
        name: as the system calls it.
        host_api: the system's way to reach it, such as "ALSA", "Core Audio" or "Windows WASAPI".
        inputs, outputs: number of channels.
        default_rate: in Hz.
        is_default_input, is_default_output: whether the system takes it where none is named.
        index: PortAudio's number of it, good until devices are looked for again.
        source: which of a sound server's inputs it is, where PortAudio shows them as one.
    """

    name: str
    host_api: str
    inputs: int
    outputs: int
    default_rate: int
    is_default_input: bool
    is_default_output: bool
    index: int
    source: str = ""

    @property
    def is_monitor(self) -> bool:
        """Whether it hears what the computer plays, not a microphone."""
        return self.inputs > 0 and (self.source.endswith(".monitor") or _MONITOR.search(self.name) is not None)

    @property
    def label(self) -> str:
        """The name for people, without ALSA's number of the place."""
        return _PLACE.sub("", self.name).removesuffix(": -")  # a card whose device has no name

    @property
    def title(self) -> str:
        """The name to remember it by: ``find`` finds it again, also in another socket."""
        return f"{_PLACE.sub('', self.name)}, {self.host_api}"

    def channels(self, direction: Direction) -> int:
        """Return the number of channels in a direction."""
        return self.inputs if direction == "input" else self.outputs

    def is_default(self, direction: Direction) -> bool:
        """Tell whether the system takes it where none is named."""
        return self.is_default_input if direction == "input" else self.is_default_output


def devices() -> list[Device]:
    """Return all devices as PortAudio found them when it started or looked again.

    Raises:
        AudioError: PortAudio is missing.
    """
    library = portaudio.load()
    with portaudio.listing():
        found = _of_portaudio(library)
    return [*found, *_of_server(found)]


def _of_portaudio(library: ModuleType) -> list[Device]:
    hosts = library.query_hostapis()
    defaults = _defaults(library)
    return [
        Device(
            name=str(found["name"]).replace("\r\n", " ").strip(),
            host_api=str(hosts[found["hostapi"]]["name"]),
            inputs=int(found["max_input_channels"]),
            outputs=int(found["max_output_channels"]),
            default_rate=round(found["default_samplerate"]),
            is_default_input=index == defaults[0],
            is_default_output=index == defaults[1],
            index=index,
        )
        for index, found in enumerate(library.query_devices())
    ]


def _of_server(found: Sequence[Device]) -> list[Device]:
    """Return the inputs of the sound server that PortAudio reaches, each by its own name."""
    way = next((device for device in found if device.name == sound_server.PORTAUDIO_NAME and device.inputs), None)
    if way is None:
        return []
    return [
        Device(
            name=source.description,
            host_api="PulseAudio",
            inputs=source.channels,
            outputs=0,
            default_rate=source.rate,
            is_default_input=False,
            is_default_output=False,
            index=way.index,
            source=source.name,
        )
        for source in sound_server.server_sources()
    ]


def working_rates(device: Device, direction: Direction) -> tuple[int, ...]:
    """Return those of ``RATES`` that a device takes, in Hz; asking takes some milliseconds for each.

    Raises:
        AudioError: PortAudio is missing.
    """
    library = portaudio.load()
    ask: Callable[..., None] = library.check_input_settings if direction == "input" else library.check_output_settings
    channels = min(2, device.channels(direction))
    with portaudio.listing():
        return tuple(rate for rate in RATES if _takes(library, ask, device.index, channels, rate))


def find(name: str | None, direction: Direction) -> Device:
    """Return the device of a name: its title, its name, or a part of it that no other has; None is the default.

    Where several ways lead to a device of that name, the system's default way is taken.

    Raises:
        AudioError: PortAudio is missing, or there is no such device, or the name fits several.
    """
    usable = [device for device in devices() if device.channels(direction)]
    if not usable:
        raise AudioError(
            f"No sound {direction} was found; connect a {'microphone' if direction == 'input' else 'sound card'} and "
            "allow this program to use it."
        )
    if name is None:
        return next((device for device in usable if device.is_default(direction)), usable[0])
    for fits in _fits(name):
        found = [device for device in usable if fits(device)]
        if len({_PLACE.sub("", device.name) for device in found}) == 1:
            default_api = next((device.host_api for device in usable if device.is_default(direction)), None)
            return min(found, key=lambda device: device.host_api != default_api)
        if found:
            raise AudioError(f"“{name}” may be {_listed(found)}; give more of the name.")
    raise AudioError(
        f"There is no sound {direction} “{name}”; connect it, or choose {_listed(usable)} "
        "('timbrescope devices' shows all)."
    )


def rescan() -> bool:
    """Let PortAudio notice what was connected and unplugged; return False where an open stream forbids that."""
    return portaudio.look_again()


def _defaults(library: ModuleType) -> tuple[int, int]:
    """Return the indices of the default input and output, -1 where there is none."""
    if not library.query_devices():
        return -1, -1
    pair: list[int] = []
    for direction in ("input", "output"):
        try:
            pair.append(int(library.query_devices(kind=direction)["index"]))
        except (library.PortAudioError, ValueError):
            pair.append(-1)
    return pair[0], pair[1]


def _takes(library: ModuleType, ask: Callable[..., None], index: int, channels: int, rate: int) -> bool:
    try:
        ask(device=index, channels=channels, dtype="float32", samplerate=rate)
    except (library.PortAudioError, ValueError):
        return False
    return True


def _fits(name: str) -> list[Callable[[Device], Any]]:
    """Return ways to compare a device with a name, the strictest first."""
    wanted = name.strip().casefold()
    return [
        lambda device: wanted in (device.title.casefold(), f"{device.name}, {device.host_api}".casefold()),
        lambda device: wanted in (device.name.casefold(), _PLACE.sub("", device.name).casefold()),
        lambda device: wanted and wanted in device.name.casefold(),
    ]


def _listed(found: list[Device]) -> str:
    names = list(dict.fromkeys(device.title for device in found))
    return ", ".join(f"“{name}”" for name in names[:5]) + (f" or {len(names) - 5} more" if len(names) > 5 else "")
