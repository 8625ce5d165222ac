"""timbrescope live: listen to a microphone, tell which instruments enter and leave, and record."""

import argparse
import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from timbrescope import paths
from timbrescope.audio.live import LiveInput
from timbrescope.audio.recorder import Recorder
from timbrescope.audio.recovery import recover, unfinished_takes
from timbrescope.commands.listening import JsonLines, Listening, Report, Text
from timbrescope.commands.quiet import quiet_libraries
from timbrescope.core.alerts import Alerts
from timbrescope.core.errors import AudioError, ModelError, TimbrescopeError
from timbrescope.core.events import EventFollower, event_followers
from timbrescope.core.labels import INSTRUMENTS
from timbrescope.outputs.midi_map import CHANNELS, midi_map
from timbrescope.outputs.opening import open_outputs
from timbrescope.recognition.checkpoint import read_spec
from timbrescope.recognition.store import ModelStore
from timbrescope.settings import DEFAULT_MODELS, Settings

if TYPE_CHECKING:
    from timbrescope.recognition.keeping_up import LiveRecogniser

EXAMPLES = """\
examples:
  timbrescope live
  timbrescope live --device "USB Audio" --channel 2 --record take.flac
  timbrescope live --models timbre-encoder,tags-mtt --format jsonl --seconds 60
  timbrescope live --alert voice,drums --alert-after 2
  timbrescope live --osc 9000 --midi
"""
_OK, _NOT_RECORDED = 0, 1
_REPORTS: dict[str, Callable[[], Report]] = {"text": Text, "jsonl": JsonLines}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "live",
        help="recognise and record what a microphone hears",
        description="Listen to a sound input and tell which instruments enter and leave. Ctrl-C ends it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--device", metavar="NAME", help="input, or a part of its name; default: the system's")
    parser.add_argument("--channel", type=int, metavar="N", help="one channel, from 1; default: the first two, mixed")
    parser.add_argument("--models", metavar="A,B", help="models to use, by name; default: that of instruments")
    parser.add_argument("--hop", type=_positive, metavar="SECONDS", help="time between scores; default: as the window")
    parser.add_argument(
        "--compute", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute; default: auto"
    )
    parser.add_argument("--seconds", type=_positive, metavar="N", help="stop after so much sound; default: Ctrl-C")
    parser.add_argument("--format", choices=sorted(_REPORTS), default="text", help="form of the output; default: text")
    parser.add_argument("--record", type=Path, metavar="FILE", help="record to this .flac or .wav file")
    parser.add_argument("--roll", type=_positive, metavar="MINUTES", help="begin a new file every so many minutes")
    parser.add_argument("--alert", metavar="A,B", default="", help="ring when one of these labels is present")
    parser.add_argument(
        "--alert-after",
        type=_positive,
        default=0.0,
        metavar="SECONDS",
        help="once it is so for so long; default: at once",
    )
    parser.add_argument("--osc", metavar="HOST:PORT", help="also send Open Sound Control; a port alone: this computer")
    parser.add_argument(
        "--midi",
        nargs="?",
        const="",
        metavar="PORT",
        help="also send MIDI, to a port or, without one, from one of its own",
    )
    parser.add_argument("--midi-map", action="store_true", help="only print each label's channel, controller and note")
    parser.add_argument(
        "--midi-channel",
        type=_channel,
        default=1,
        metavar="N",
        help="of the first model, the next take the next; default: 1",
    )
    parser.set_defaults(run=run)


def _positive(text: str) -> float:
    if not 0 < (value := float(text)) < math.inf:
        raise ValueError
    return value


def _channel(text: str) -> int:
    if not 1 <= (value := int(text)) <= CHANNELS:
        raise ValueError
    return value


def run(options: argparse.Namespace) -> int:
    """Listen until the user ends it; return the exit code.

    Returns:
        0, or 1 when the recording could not be kept up.

    Raises:
        TimbrescopeError: there is no such input, model or place to record.
    """
    checkpoints = _checkpoints(options.models)
    if options.midi_map:
        _print_midi_map(checkpoints, options.midi_channel)
        return _OK
    report = _REPORTS[options.format]()
    recorder: Recorder | None = None
    with ExitStack() as stack:
        stack.enter_context(quiet_libraries())
        source = stack.enter_context(LiveInput(options.device, options.channel))
        stack.enter_context(_ended_by_signals(source.stop))
        if options.record is not None:
            recorder = _recorder(options, source, report)
            stack.callback(recorder.close)
            source.attach(recorder)
        outputs = open_outputs(osc=options.osc, midi=options.midi, midi_channel=options.midi_channel)
        stack.callback(outputs.close)
        source.start()  # the models may take a while
        recognisers = _load(checkpoints, options)
        settings = Settings.load(paths.config())
        followers = event_followers([recogniser.score_spec for recogniser in recognisers], settings.hysteresis)
        listening = Listening(followers, [report], outputs, _alerts(options, followers))
        _listen(source, recognisers, listening, options.seconds or math.inf, settings if outputs else None)
        source.close()
        takes = [str(take) for take in recorder.close()] if recorder is not None else []
        report.end(source.seconds, source.dropouts, source.lost_seconds, takes)
        if recorder is not None and recorder.problem is not None:
            report.notice(recorder.problem)  # once more, where it is seen
            return _NOT_RECORDED
    return _OK


def _print_midi_map(checkpoints: Sequence[Path], channel: int) -> None:
    specs = [read_spec(path) for path in checkpoints]
    width = max(len(label) for spec in specs for label in spec.labels)
    print(f"{'label':<{width}}  channel  controller  note")
    for place in midi_map([(spec.name, spec.labels) for spec in specs], channel):
        print(f"{place.label:<{width}}  {place.channel:>7}  {place.controller or '–':>10}  {place.note or '–':>4}")


def _checkpoints(named: str | None) -> list[Path]:
    """Return the files of the models that were named, or of the default ones for instruments.

    Raises:
        TimbrescopeError: there is no such model.
    """
    store = ModelStore()
    if named is not None:
        names = list(dict.fromkeys(name.strip() for name in named.split(",") if name.strip()))
        if not names:
            raise TimbrescopeError("--models names no model; 'timbrescope models list' shows them.")
        return [store.find(name) for name in names]
    found: list[Path] = []
    errors: list[ModelError] = []
    for name in DEFAULT_MODELS:
        try:
            found.append(store.find(name))
        except ModelError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    return [path for path in found if read_spec(path).kind == INSTRUMENTS] or found


def _load(checkpoints: Sequence[Path], options: argparse.Namespace) -> "list[LiveRecogniser]":
    from timbrescope.recognition.device import choose_device
    from timbrescope.recognition.keeping_up import LiveRecogniser

    device = choose_device(options.compute)
    hop = options.hop or Settings.load(paths.config()).update_seconds
    return [LiveRecogniser.load(path, device, hop_seconds=hop, or_finer=options.hop is None) for path in checkpoints]


def _alerts(options: argparse.Namespace, followers: Sequence[EventFollower]) -> Alerts:
    """Return what the user waits for.

    Raises:
        TimbrescopeError: no model has one of the labels.
    """
    wanted = list(filter(None, (label.strip().casefold() for label in options.alert.split(","))))
    known = {label.casefold(): label for follower in followers for label in follower.labels}
    for label in wanted:
        if label not in known:
            raise TimbrescopeError(
                f"--alert {label}: no model here tells that; choose from {', '.join(known.values())}."
            )
    return Alerts(wanted, options.alert_after)


def _recorder(options: argparse.Namespace, source: LiveInput, report: Report) -> Recorder:
    """Mend what a kill has left in the folder, and return a recorder for the input."""
    for path in unfinished_takes(options.record.parent):
        try:
            report.notice(f"An unfinished take was found and mended; it is {recover(path)} now.")
        except AudioError as error:
            report.notice(str(error))
    roll_seconds = None if options.roll is None else 60 * options.roll
    return Recorder(options.record, source.sample_rate, source.channels, source.notify, roll_seconds=roll_seconds)


@contextmanager
def _ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C, a kill or a closed terminal end the sound and everything be finished; a second one kills."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> None:
        signal.signal(number, before[number])
        stop()

    names = ("SIGINT", "SIGTERM", "SIGHUP")  # the last one only on Unix
    before = {number: signal.getsignal(number) for name in names if (number := getattr(signal, name, None)) is not None}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(
    source: LiveInput,
    recognisers: "Sequence[LiveRecogniser]",
    listening: Listening,
    seconds: float,
    describe: Settings | None,
) -> None:
    """Recognise and tell until the sound ends or there has been enough of it.

    Args:
        source: of the sound.
        recognisers: that listen.
        listening: tells it.
        seconds: how much is enough.
        describe: the settings by which the sound itself is described, pitch included; None describes nothing.
    """
    from timbrescope.recognition.pipeline import analyse

    voice = None
    if describe is not None and describe.follows_voice({recogniser.spec.kind for recogniser in recognisers}):
        from timbrescope.recognition.voice import VoiceStream

        voice = VoiceStream(describe.formant_ceiling)
    listening.begin(source.device, source.sample_rate)
    for chunk in analyse(source, recognisers, batch=1, draw=describe is not None, voice=voice):
        listening.hear(chunk)
        if chunk.seconds >= seconds:
            source.stop()
    listening.end(source.seconds)
