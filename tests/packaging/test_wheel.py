import os
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from timbrescope import __version__

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def files_below(folder: str) -> set[str]:
    found = (CHECKOUT / folder).rglob("*")
    return {str(p.relative_to(CHECKOUT)) for p in found if p.is_file() and "__pycache__" not in p.parts}


def test_wheel_holds_every_resource(names: list[str]) -> None:
    resources = files_below("resources")
    assert {"resources/labels.json", "resources/demo/demo.flac"} <= resources
    assert {f"timbrescope/{name}" for name in resources} <= set(names)


@pytest.mark.parametrize("package", ["timbrescope", "training"])
def test_wheel_holds_every_module(names: list[str], package: str) -> None:
    assert files_below(package) <= set(names)


def test_wheel_holds_nothing_else(names: list[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"timbrescope", "training", f"timbrescope-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_wheel_carries_the_licence(names: list[str]) -> None:
    assert f"timbrescope-{__version__}.dist-info/licenses/LICENSE" in names


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, used from a folder that is not the checkout."""

    scripts: Path
    folder: Path

    def run(self, program: str, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["TIMBRESCOPE_LOG"] = str(self.folder / "timbrescope.log")
        done = subprocess.run(
            [self.scripts / program, *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel alone; its dependencies are those of the environment that runs the tests."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, symlinks=os.name != "nt")
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, stdin=subprocess.DEVNULL)
    # Folders that a .pth file adds come last and have no .pth files of their own read: the checkout stays out of sight.
    (packages,) = environment.glob("**/site-packages")
    dependencies = [folder for folder in sys.path if folder.endswith("site-packages")]
    (packages / "dependencies.pth").write_text("\n".join(dependencies))
    return Installed(scripts, tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.parametrize("package", ["timbrescope", "training", "training.corpora"])
def test_installed_package_is_not_the_checkout(installed: Installed, package: str) -> None:
    where = Path(installed.run("python", "-c", f"import {package}; print({package}.__file__)").strip())
    assert installed.scripts.parent in where.parents
    assert CHECKOUT not in where.parents


def test_installed_program_tells_its_version(installed: Installed) -> None:
    assert installed.run("timbrescope", "--version").split() == ["timbrescope", __version__]


def test_installed_program_explains_itself(installed: Installed) -> None:
    assert "analyze" in installed.run("timbrescope", "--help")


def test_installed_program_finds_its_resources(installed: Installed) -> None:
    code = "from timbrescope import paths; print(paths.resources())"
    resources = Path(installed.run("python", "-c", code).strip())
    assert installed.scripts.parent in resources.parents
    assert (resources / "demo" / "demo.flac").is_file()


def test_installed_window_has_an_entry_point(installed: Installed) -> None:
    assert list(installed.scripts.glob("timbrescope-gui*"))
