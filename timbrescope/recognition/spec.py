"""The description of a model, which travels inside its checkpoint. Plain data: no torch here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from timbrescope.core.errors import ModelError

Kind = Literal["tags", "instruments", "phonemes", "sounds"]
Compression = Literal["none", "log10", "ln", "decibel"]
Standardisation = Literal["none", "dataset", "band", "element", "sample"]


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """From samples to the input of a network: everything that decides the numbers it sees.

    The power (or magnitude) spectrum of each window is weighted, goes through the mel filter bank, is raised to
    ``mel_power``, and is compressed: ``log10(offset + gain * mel)``, ``ln(offset + gain * mel)``, or
    ``10 * log10(max(mel, floor))``. Each input of the network is then standardised and scaled. All the combinations
    that Choi et al. 2017 (section IV) compare can be said in these terms.

    Attributes:
        sample_rate: in Hz.
        n_fft: length of the Fourier transform in samples; 1 for a waveform.
        hop_length: distance of neighbouring frames in samples.
        win_length: length of the window in samples, zero-padded on both sides to ``n_fft``; None means ``n_fft``.
        window: ``hann``, ``blackman-harris-62dB`` (three terms, Harris 1978) or another name of torch.signal.windows.
        centred: frame t is centred at sample t * hop_length, with zeros before the start and after the end; otherwise
            it begins there and only whole frames count.
        n_mels: number of mel bands; 0 for a spectrum or a waveform.
        fmin, fmax: lowest and highest edge of the filter bank in Hz; fmax None means half the sample rate.
        mel_scale: ``slaney`` (linear below 1 kHz) or ``htk``.
        mel_norm: ``area`` (Slaney), ``sum`` (weights of a band add up to one) or ``none``.
        power: exponent of the magnitude spectrum: 2 for power, 1 for magnitude.
        mel_power: exponent applied after the filter bank (2 in the IRMAS experiments of Pons 2017).
        compression, gain, offset, floor: see above.
        float16_mel: round the mel spectrum to half precision before compressing it, as musicnn was trained.
        representation: ``mel``, ``stft`` (the bins of the spectrum as they are) or ``waveform`` (a frame is a sample).
        weighting: ``A`` weights the spectrum by the A curve of IEC 61672:2003, normalised to 0 dB at 1 kHz;
            ``pre-emphasis`` by the response of y[n] = x[n] - 0.97 x[n - 1], as speech recognisers do.
        standardisation: to mean 0 and standard deviation 1 by the statistics of the training set, over all of it
            (``dataset``), in each band (``band``), or in each band at each frame of the window (``element``); or of
            each window by its own (``sample``).
        scale: factor applied last.
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    n_mels: int
    win_length: int | None = None
    window: str = "hann"
    centred: bool = True
    fmin: float = 0.0
    fmax: float | None = None
    mel_scale: Literal["slaney", "htk"] = "slaney"
    mel_norm: Literal["area", "sum", "none"] = "area"
    power: float = 2.0
    mel_power: float = 1.0
    compression: Compression = "none"
    gain: float = 1.0
    offset: float = 0.0
    floor: float = 1e-10
    float16_mel: bool = False
    representation: Literal["mel", "stft", "waveform"] = "mel"
    weighting: Literal["none", "A", "pre-emphasis"] = "none"
    standardisation: Standardisation = "none"
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.hop_length <= self.n_fft:
            raise ValueError(f"a hop of {self.hop_length} samples does not fit windows of {self.n_fft}")
        if (self.n_mels > 0) != (self.representation == "mel"):
            raise ValueError(f"a front end of the kind {self.representation!r} cannot have {self.n_mels} mel bands")
        if self.representation == "waveform" and (self.n_fft != 1 or self.compression != "none"):
            raise ValueError("a waveform has frames of one sample and is not compressed")

    @property
    def n_bands(self) -> int:
        """Number of values in a frame."""
        match self.representation:
            case "mel":
                return self.n_mels
            case "stft":
                return self.n_fft // 2 + 1
            case "waveform":
                return 1

    @property
    def spectral(self) -> "FrontEnd":
        """The part of it that is worth keeping on disk: all up to the filter bank, shared by many front ends."""
        return FrontEnd(**{name: getattr(self, name) for name in _SPECTRAL})

    @property
    def hop_seconds(self) -> float:
        """Distance of neighbouring frames in seconds."""
        return self.hop_length / self.sample_rate


_SPECTRAL = (
    "sample_rate", "n_fft", "hop_length", "n_mels", "win_length", "window", "centred", "fmin", "fmax", "mel_scale",
    "mel_norm", "power", "representation", "weighting",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model: what it hears, how it is built, what its outputs mean and where it comes from.

    Attributes:
        name: short name for the command line, lower case with hyphens.
        title: name for people.
        kind: what its labels are; ``sounds`` where they are the user's own.
        labels: one name per output, in the network's order.
        network: key in the registry of ``timbrescope.recognition.networks``.
        network_options: keyword arguments of that network's constructor.
        front_end: the network's input.
        window_frames: frames per window.
        hop_frames: default distance of neighbouring windows in frames.
        look_ahead_frames: of a model that tells of every frame: how many frames of the window around it come after it;
            a recording then lies between silence, so that all its frames have a row. None: a row tells of its window.
        activation: ``sigmoid`` (labels are independent) or ``softmax`` (exactly one applies).
        description, licence, source, citation: for the model's card.
        figures: measured figures by name, for the card.
        version: of a model of the user's own, counted from 1 by the store; 0 of all others.
        thresholds: score from which on a label is best said to apply, in 0..1, one a label; empty stands for 0.5.
    """

    name: str
    title: str
    kind: Kind
    labels: tuple[str, ...]
    network: str
    front_end: FrontEnd
    window_frames: int
    hop_frames: int
    network_options: Mapping[str, Any] = field(default_factory=dict)
    activation: Literal["sigmoid", "softmax"] = "sigmoid"
    description: str = ""
    licence: str = ""
    source: str = ""
    citation: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    thresholds: tuple[float, ...] = ()
    version: int = 0
    look_ahead_frames: int | None = None

    def __post_init__(self) -> None:
        if self.look_ahead_frames is not None and not 0 <= self.look_ahead_frames < self.window_frames:
            raise ValueError(f"a look-ahead of {self.look_ahead_frames} frames does not fit {self.window_frames}")
        if self.look_ahead_frames is not None and self.hop_frames != 1:
            raise ValueError("a model that tells of every frame has a hop of one frame")
        if self.thresholds and len(self.thresholds) != len(self.labels):
            raise ValueError(f"{len(self.thresholds)} thresholds do not fit {len(self.labels)} labels")
        if not all(0 <= threshold <= 1 for threshold in self.thresholds):
            raise ValueError("a threshold does not lie between 0 and 1")

    @property
    def window_seconds(self) -> float:
        """Length of sound that one row of scores describes."""
        return (1 if self.look_ahead_frames is not None else self.window_frames) * self.front_end.hop_seconds

    @property
    def latency_seconds(self) -> float:
        """How long after a moment its row of scores can be there: what must have been heard by then."""
        frames = self.window_frames if self.look_ahead_frames is None else self.look_ahead_frames
        edge = self.front_end.n_fft / 2 if self.front_end.centred else self.front_end.n_fft
        return frames * self.front_end.hop_seconds + edge / self.front_end.sample_rate

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelSpec":
        """Read what ``to_dict`` wrote.

        Raises:
            ModelError: a field is missing, unknown or of the wrong kind.
        """
        try:
            fields = dict(values)
            fields["labels"] = tuple(str(label) for label in fields["labels"])
            fields["front_end"] = FrontEnd(**fields["front_end"])
            fields["thresholds"] = tuple(map(float, fields.get("thresholds", ())))  # older files have none
            return cls(**fields)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"The model's description cannot be read ({error}); install the model again.") from error
