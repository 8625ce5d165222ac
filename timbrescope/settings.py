"""Every option of the program, declared once: default, meaning, choices. Dialog, file and help follow from it."""

import json
import logging
from collections.abc import Collection, Iterator
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from timbrescope.core.files import replaced_when_done
from timbrescope.core.labels import PHONEMES
from timbrescope.core.now_playing import Hysteresis

log = logging.getLogger(__name__)

FILE_NAME = "settings.json"
_VERSION = 1

DEFAULT_MODELS = ("timbre-encoder", "tags-mtt")


@dataclass(frozen=True, slots=True)
class Option:
    """What a dialog needs to know of one setting; one without a group is set elsewhere in the window."""

    group: str
    title: str
    help: str
    choices: tuple[tuple[Any, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float = 1.0
    unit: str = ""
    zero: str = ""  # shown in place of 0
    is_folder: bool = False


def _option(default: Any, group: str, title: str, text: str, **details: Any) -> Any:
    return field(default=default, metadata={"option": Option(group, title, text, **details)})


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's choices; immutable, so that a change is always seen by whoever must hear of it."""

    theme: Literal["system", "dark", "light"] = _option(
        "system", "Appearance", "Theme", "Dark or light windows; System follows the desktop.",
        choices=(("system", "System"), ("dark", "Dark"), ("light", "Light")),
    )  # fmt: skip
    colour_map: str = _option(
        "magma", "Appearance", "Colour map", "Colours of the spectrogram; each rises evenly in brightness.",
        choices=(("magma", "Magma"), ("inferno", "Inferno"), ("viridis", "Viridis"),
                 ("cividis", "Cividis (colour-blind safe)"), ("CET-L1", "Grey"), ("CET-L17", "White to blue")),
    )  # fmt: skip
    frequency_labels: Literal["notes", "hertz"] = _option(
        "notes", "Appearance", "Frequency axis", "Name the octaves by note or the frequencies in hertz.",
        choices=(("notes", "Notes"), ("hertz", "Hertz")),
    )  # fmt: skip
    range_db: int = _option(
        80, "Appearance", "Spectrogram range", "Levels between the darkest and the brightest colour.",
        minimum=20, maximum=110, step=5, unit=" dB",
    )  # fmt: skip
    gain_db: int = _option(
        10, "Appearance", "Spectrogram gain", "Makes quiet sounds brighter; the sound itself stays as it is.",
        minimum=-20, maximum=60, step=5, unit=" dB",
    )  # fmt: skip
    all_tags: bool = _option(
        False, "Appearance", "Show every tag",
        "Show tags that mean the same, such as “female” and “woman”, each by itself.",
    )  # fmt: skip
    follow: bool = _option(
        True, "Playback", "Follow the playhead", "Scroll the picture under the playhead while it plays."
    )
    volume: int = _option(
        100, "Playback", "Volume", "Loudness of playback.", minimum=0, maximum=100, step=5, unit=" %"
    )  # fmt: skip
    take_folder: str = _option(
        "", "Listening", "Folder for takes", "Where recordings go; empty stands for “timbrescope” in Music.",
        is_folder=True,
    )  # fmt: skip
    take_format: Literal["flac", "wav"] = _option(
        "flac", "Listening", "Format of takes", "Both have 24 bits and the input's own rate; FLAC is smaller.",
        choices=(("flac", "FLAC"), ("wav", "WAV (RF64 past 4 GiB)")),
    )  # fmt: skip
    roll_minutes: int = _option(
        0, "Listening", "New file every", "Cuts long recordings into files of this length without losing a sample.",
        minimum=0, maximum=1440, step=10, unit=" min", zero="Never",
    )  # fmt: skip
    keep_minutes: int = _option(
        120, "Listening", "Keep unrecorded sound",
        "What was heard without Record can be played and saved afterwards, up to this length; three times are kept.",
        minimum=0, maximum=1440, step=10, unit=" min", zero="Never",
    )  # fmt: skip
    update_seconds: float = _option(
        1.0, "Recognition", "Time between scores",
        "Shorter shows changes sooner and takes longer to compute; models made for shorter steps keep their own.",
        minimum=0.25, maximum=5.0, step=0.25, unit=" s",
    )  # fmt: skip
    device: str = _option(
        "auto", "Recognition", "Compute on", "Automatic takes the GPU where there is one, else the CPU.",
        choices=(("auto", "Automatic"), ("cpu", "CPU"), ("cuda", "NVIDIA GPU (cuda)"), ("mps", "Apple GPU (mps)")),
    )  # fmt: skip
    remember: bool = _option(
        True, "Recognition", "Remember results",
        "Keep the scores of your recordings, on this computer only; Recognition > How labels relate counts them and "
        "deletes them.",
    )  # fmt: skip
    voice: Literal["auto", "on", "off"] = _option(
        "auto", "Singing", "Pitch and vowels",
        "Follow a singer's pitch, vibrato and vowels; Automatic does so with a model of phonemes.",
        choices=(("auto", "Automatic"), ("on", "Always"), ("off", "Never")),
    )  # fmt: skip
    formant_ceiling: int = _option(
        5500, "Singing", "Formants below", "Where the first five formants lie depends on how large the singer is.",
        choices=((5000, "5000 Hz (low voices)"), (5500, "5500 Hz (high voices)"), (7000, "7000 Hz (children)")),
    )  # fmt: skip
    smoothing_seconds: float = _option(
        0.5, "Now playing", "Smoothing", "Longer makes the list of instruments calmer and later; 0 smooths nothing.",
        minimum=0.0, maximum=5.0, step=0.1, unit=" s",
    )  # fmt: skip
    enter_percent: int = _option(
        50, "Now playing", "Listed from",
        "Smoothed score from which an instrument is listed as sounding; 50 % is the model's own threshold for it.",
        minimum=1, maximum=99, step=5, unit=" %",
    )  # fmt: skip
    leave_percent: int = _option(
        35, "Now playing", "Listed until below",
        "Smoothed score below which it leaves the list, on the same scale; above “Listed from” it counts as that.",
        minimum=1, maximum=99, step=5, unit=" %",
    )  # fmt: skip

    input_device: str = _option(
        "", "", "Sound input", "What is listened to, by name; empty is the system's own choice."
    )
    input_channel: int = _option(
        0, "", "Channel", "Which one is listened to; 0 mixes the first two.", minimum=0, maximum=1024,
    )  # fmt: skip
    alert_labels: tuple[str, ...] = _option((), "", "Alert labels", "What an alert is given for.")
    alert_seconds: float = _option(
        1.0, "", "Shortest time", "For how long a label must be there before an alert is given.",
        minimum=0.0, maximum=600.0, step=0.5, unit=" s",
    )  # fmt: skip
    alert_sound: bool = _option(True, "", "Alert sound", "Let the computer beep with an alert.")
    alert_message: bool = _option(False, "", "Alert message", "Show an alert on the desktop too.")
    osc: bool = _option(False, "", "Send OSC", "Send what is recognised as Open Sound Control.")
    osc_address: str = _option("127.0.0.1:9000", "", "OSC address", "Host and port of the program that receives it.")
    midi: bool = _option(False, "", "Send MIDI", "Send what is recognised as MIDI.")
    midi_port: str = _option("", "", "MIDI port", "Where to; empty opens a port of the program's own.")
    midi_channel: int = _option(
        1, "", "MIDI channel", "Of the first model; the next ones take the next channels.", minimum=1, maximum=16
    )

    models: tuple[str, ...] = _option(DEFAULT_MODELS, "", "Models", "What listens to a recording in the window.")

    def follows_voice(self, kinds: Collection[str]) -> bool:
        """Tell whether a voice is followed beside models of some kinds."""
        return self.voice == "on" or (self.voice == "auto" and PHONEMES in kinds)

    @property
    def hysteresis(self) -> Hysteresis:
        """How scores become what is listed as sounding."""
        return Hysteresis(self.smoothing_seconds, self.enter_percent / 100, self.leave_percent / 100)

    @classmethod
    def load(cls, folder: Path) -> "Settings":
        """Read the settings; what is missing or makes no sense keeps its default, and the log says so."""
        try:
            stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError) as error:
            log.warning("settings cannot be read, defaults are used: %s", error)
            return cls()
        values = stored if isinstance(stored, dict) else {}
        usable = {}
        for name, option, default in declared():
            if name in values and is_valid(option, default, values[name]):
                usable[name] = type(default)(values[name])
            elif name in values:
                log.warning("setting %s cannot be %r, its default is used", name, values[name])
        return cls(**usable)

    def save(self, folder: Path) -> None:
        """Write the settings whole or not at all.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with replaced_when_done(folder / FILE_NAME) as file:
            file.write(json.dumps({"version": _VERSION, **asdict(self)}, indent=2).encode())


def declared() -> Iterator[tuple[str, Option, Any]]:
    """Yield (name, option, default) of each setting in the order of declaration."""
    setting: Field[Any]
    for setting in fields(Settings):
        yield setting.name, setting.metadata["option"], setting.default


def is_valid(option: Option, default: Any, value: Any) -> bool:
    """Tell whether a value of unknown origin may be used for an option."""
    if option.choices:
        return value in [choice for choice, _ in option.choices]
    if isinstance(default, tuple):
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, str) or isinstance(value, str):
        return isinstance(default, str) and isinstance(value, str)
    if not isinstance(value, int | float):
        return False
    return (option.minimum is None or value >= option.minimum) and (option.maximum is None or value <= option.maximum)
