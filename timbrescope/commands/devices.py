"""timbrescope devices: the sound inputs and outputs of this computer."""

import argparse
import json
from typing import Any, get_args

from timbrescope.audio.devices import Device, Direction, devices, working_rates

EXAMPLES = """\
examples:
  timbrescope devices
  timbrescope devices --format json
  timbrescope live --device "USB Audio"
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "devices",
        help="list sound inputs and outputs",
        description="List the sound devices of this computer with their channels and the rates that work.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the list; default: text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the devices; return the exit code.

    Raises:
        AudioError: PortAudio is missing.
    """
    found = devices()
    listed = {
        direction: [_described(device, direction) for device in found if device.channels(direction)]
        for direction in get_args(Direction)
    }
    if options.format == "json":
        print(json.dumps({f"{direction}s": entries for direction, entries in listed.items()}, ensure_ascii=False))
        return 0
    for direction, entries in listed.items():
        print(f"{direction}s" if entries else f"{direction}s: none")
        for entry in entries:
            print(_line(entry))
    return 0


def _described(device: Device, direction: Direction) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": device.title,
        "host_api": device.host_api,
        "channels": device.channels(direction),
        "default_rate": device.default_rate,
        "rates": list(working_rates(device, direction)),
        "default": device.is_default(direction),
    }
    return described | ({"monitor": device.is_monitor} if direction == "input" else {})


def _line(entry: dict[str, Any]) -> str:
    """Return one line on a device; a star marks the default."""
    rates = " ".join(f"{rate / 1000:g}" for rate in entry["rates"])
    details = [
        f"{entry['channels']} channel{'s' if entry['channels'] > 1 else ''}",
        f"{entry['default_rate'] / 1000:g} kHz",
        f"takes {rates} kHz" if rates else "takes none of the usual rates now; it is busy or may not be used",
    ]
    if entry.get("monitor"):
        details.append("hears what the computer plays")
    return f"  {'*' if entry['default'] else ' '} {entry['name']}: {', '.join(details)}"
