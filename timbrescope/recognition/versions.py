"""The user's own models and their versions: each that was ever installed stays until the model is removed.

``NAME.safetensors`` in the folder of models is in use; ``versions/NAME/`` beside it holds every version of it by its
number, the one in use included.
"""

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from timbrescope.core.errors import ModelError
from timbrescope.core.files import replaced_when_done
from timbrescope.recognition.checkpoint import (
    SUFFIX,
    read_fingerprint,
    read_spec,
    read_weights,
    save_tensors,
    weights_digest,
)
from timbrescope.recognition.spec import ModelSpec

_FOLDER = "versions"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NUMBER = re.compile(r"[0-9]{4,}")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model.

    Attributes:
        number: from 1.
        path: its checkpoint.
        time: when it was installed, in seconds since 1970.
        in_use: whether the model is this version now.
        spec: its description.
    """

    number: int
    path: Path
    time: float
    in_use: bool
    spec: ModelSpec


def model_name(text: str) -> str:
    """Return a name for the command line: lower case, with hyphens for what else there is.

    Raises:
        ModelError: nothing is left of it.
    """
    name = re.sub(r"[^a-z0-9._]+", "-", text.casefold()).strip("-._")[:64]
    if not _NAME.fullmatch(name):
        raise ModelError(f'"{text}" cannot be the name of a model; use letters of the English alphabet and digits.')
    return name


def install_version(folder: Path, checkpoint: Path, name: str) -> Version:
    """Put a checked model into use under a name and keep the versions before it; one that is here already is put back.

    Args:
        folder: of the user's models.
        checkpoint: of the model.
        name: as ``model_name`` gives it.

    Raises:
        ModelError: the file is no whole model, the name cannot be one, or the folder cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(f'"{name}" cannot be the name of a model; use lower-case letters, digits, ".", "_" and "-".')
    current = folder / f"{name}{SUFFIX}"
    if current.exists():
        _archive(folder, current, name)
    number = _archive(folder, checkpoint, name)
    version = find_version(folder, name, number)
    _copy(version.path, current)
    return replace(version, in_use=True)


def versions(folder: Path, name: str) -> list[Version]:
    """Return the versions of a model, the oldest first; those that are damaged are left out."""
    current = folder / f"{name}{SUFFIX}"
    now = _fingerprint(current)
    found = []
    for number, path in _archived(folder, name):
        digest = _fingerprint(path)
        if digest is not None:
            found.append(Version(number, path, path.stat().st_mtime, digest == now, read_spec(path)))
    return found


def find_version(folder: Path, name: str, number: int) -> Version:
    """Return a version of a model.

    Raises:
        ModelError: there is none of that number.
    """
    found = {version.number: version for version in versions(folder, name)}
    if number not in found:
        there = ", ".join(map(str, found)) or "none"
        raise ModelError(f"There is no version {number} of {name}; there are: {there}.")
    return found[number]


def put_back(folder: Path, name: str, number: int) -> Version:
    """Put another version of a model into use; the one in use now stays a version.

    Raises:
        ModelError: there is none of that number, it is damaged, or the folder cannot be written.
    """
    return install_version(folder, find_version(folder, name, number).path, name)


def forget_versions(folder: Path, name: str) -> None:
    """Delete the versions of a model that has been removed.

    Raises:
        OSError: the folder cannot be written.
    """
    place = folder / _FOLDER / name
    if place.is_dir():
        shutil.rmtree(place)


def _archive(folder: Path, checkpoint: Path, name: str) -> int:
    """Keep a checked model among the versions, once, with its number in its description; return the number.

    Raises:
        ModelError: it is damaged, or the folder cannot be written.
    """
    spec, tensors = read_weights(checkpoint)
    described, weights = replace(spec, name=name, version=0), weights_digest(tensors)
    archived = _archived(folder, name)
    for number, path in archived:
        try:
            other, same = read_weights(path)
        except ModelError:
            continue  # damaged: it is no version any more
        if replace(other, version=0) == described and weights_digest(same) == weights:
            return number
    number = 1 + max((number for number, _ in archived), default=0)
    target = folder / _FOLDER / name / f"{number:04d}{SUFFIX}"
    save_tensors(target, replace(described, version=number), tensors)
    return number


def _archived(folder: Path, name: str) -> list[tuple[int, Path]]:
    found = (folder / _FOLDER / name).glob(f"*{SUFFIX}")
    return sorted((int(path.stem), path) for path in found if _NUMBER.fullmatch(path.stem))


def _fingerprint(path: Path) -> str | None:
    try:
        return read_fingerprint(path)
    except ModelError:
        return None


def _copy(checkpoint: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with checkpoint.open("rb") as source, replaced_when_done(target) as file:
            shutil.copyfileobj(source, file)
    except OSError as error:
        raise ModelError(f"{target} cannot be written ({error.strerror}); make room there.") from error
