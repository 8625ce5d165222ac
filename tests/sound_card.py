"""A real sound card for tests: a PulseAudio server of its own with a null sink whose sound is recorded."""

# ruff: noqa: S607 - PulseAudio's programs are looked up on the path, wherever the system keeps them

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NEEDED = ("pulseaudio", "pactl", "paplay", "parecord")
RATE = 48000  # of the card and of its recordings, in Hz
SYSTEM_ALSA = "/usr/share/alsa/alsa.conf"


def missing() -> str | None:
    """Return why there can be no sound card here, None when there can."""
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if lacking:
        return f"{', '.join(lacking)} is not installed"
    return None if Path(SYSTEM_ALSA).is_file() else "ALSA's own configuration is not installed"


@dataclass
class SoundCard:
    """A running card.

    Attributes:
        environment: what a program needs to find it: PortAudio reads its devices when it starts, so use a new process.
        folder: an empty folder for files.
        server: the PulseAudio process; killing it is pulling the plug.
        listener: a recorder, without which a null sink would ask for sound every two seconds, not every few
            milliseconds as a card does.
    """

    environment: dict[str, str]
    folder: Path
    server: subprocess.Popen[bytes]
    listener: subprocess.Popen[bytes]

    def unplug(self) -> None:
        """Kill the server."""
        for process in (self.listener, self.server):
            process.kill()
            process.wait()

    def plug_in(self) -> None:
        """Start a server again."""
        self.server, self.listener = _start(self.environment)

    def python(self, program: str, *arguments: str, timeout: float = 180.0) -> subprocess.CompletedProcess[str]:
        """Run a program on this card."""
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env=self.environment, cwd=Path(__file__).parents[1], timeout=timeout, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    def start(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a program on this card that one can talk with."""
        return subprocess.Popen(
            [sys.executable, "-u", "-c", program, *arguments],
            env=self.environment, cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def play(self, path: Path) -> None:
        """Play a file to its end."""
        subprocess.run(["paplay", str(path)], env=self.environment, timeout=60, check=True)

    @contextmanager
    def recording(self) -> Iterator[list[NDArray[np.float32]]]:
        """Record what the card plays; afterwards the list holds the one recording, shape (n, 2) at RATE."""
        path = self.folder / "recording.raw"
        recorder = subprocess.Popen(
            ["parecord", "--raw", "--format=float32le", f"--rate={RATE}", "--channels=2", "--latency-msec=20",
             "--device=ts.monitor", str(path)],
            env=self.environment,
        )  # fmt: skip
        heard: list[NDArray[np.float32]] = []
        try:
            while not (path.exists() and path.stat().st_size):
                time.sleep(0.02)
            yield heard
            time.sleep(0.3)
        finally:
            recorder.send_signal(signal.SIGINT)
            recorder.wait(timeout=60)
        heard.append(np.fromfile(path, np.float32).reshape(-1, 2))
        path.unlink()


@contextmanager
def sound_card(folder: Path) -> Iterator[SoundCard]:
    """Start a card, and stop it afterwards.

    Args:
        folder: an empty folder with a short path, since it holds a socket.
    """
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    configuration = folder / "asoundrc"
    configuration.write_text(
        f"<{SYSTEM_ALSA}>\npcm.!default {{ type pulse }}\nctl.!default {{ type pulse }}\n", encoding="utf-8"
    )
    unwanted = ("PULSE_SERVER", "PIPEWIRE_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    environment |= {
        "XDG_RUNTIME_DIR": str(runtime), "HOME": str(folder), "ALSA_CONFIG_PATH": str(configuration),
        "PULSE_SERVER": f"unix:{runtime}/pulse/native", "JACK_NO_START_SERVER": "1",
    }  # fmt: skip
    card = SoundCard(environment, folder, *_start(environment))
    try:
        yield card
    finally:
        card.unplug()


def _start(environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]:
    """Return a server that answers and a listener."""
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--exit-idle-time=-1", "--daemonize=no", "--disable-shm=yes",
         "--load=module-native-protocol-unix",
         f"--load=module-null-sink sink_name=ts rate={RATE} channels=2"],
        env=environment | {"PULSE_SERVER": ""}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            server.wait()
            raise RuntimeError("PulseAudio did not start")
        time.sleep(0.05)
    listener = subprocess.Popen(
        ["parecord", "--raw", "--latency-msec=10", "--device=ts.monitor", "/dev/null"],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    return server, listener
