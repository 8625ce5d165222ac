"""A map of sounds, small and real."""

import shutil
from pathlib import Path

from tests.training.check_set import clean_set
from tests.training.tiny_encoder import write_encoder
from timbrescope.cli import main


def write_map(folder: Path, clips: int = 4) -> tuple[Path, Path]:
    """Write recordings of three classes, and a map of them; return both."""
    data = clean_set(folder / "Tones", clips=clips)
    encoder = write_encoder(folder / "encoder.safetensors")
    options = ["--encoder", str(encoder), "--cache", str(folder / "heard"), "--workers", "0", "--progress", "json"]
    assert main(["map", str(data), "--output", str(folder / "map.json"), *options]) == 0
    return data, folder / "map.json"


def copy_map(made: Path, place: Path) -> None:
    """Put a map where it is looked for."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, place)
    shutil.copyfile(made.with_suffix(".npy"), place.with_name(made.with_suffix(".npy").name))
