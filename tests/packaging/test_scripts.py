import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SCRIPTS = [*sorted((CHECKOUT / "packaging").glob("*.sh")), CHECKOUT / ".ci" / "run"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the scripts are for bash")

# Stands in for every Python: it makes environments with itself inside, and its pip installs a program that tells what
# it was called with. Beside the checkout, a file "fail" makes pip fail.
PYTHON = """#!/bin/bash
echo "python $*" >> "$CALLS"
case "$*" in
    "-c "*) ;;
    "-m venv --clear "*) rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python" ;;
    "-m pip install "*)
        [ ! -e ../fail ] || exit 1
        cp ../program .venv/bin/timbrescope ;;
    *) exit 3 ;;
esac
"""
PROGRAM = """#!/bin/bash
printf "<%s>" "$@"
"""


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


class Machine:
    """A machine with nothing but the tools that every Linux has, a copy of the checkout, and a fake Python."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "check out"
        self.calls = folder / "calls"
        self.programs = folder / "bin"
        self.elsewhere = folder / "else where"
        for made in (self.programs, self.elsewhere, self.checkout):
            made.mkdir()
        shutil.copytree(CHECKOUT / "packaging", self.checkout / "packaging")
        shutil.copy(CHECKOUT / "pyproject.toml", self.checkout)
        for name in ("bash", "cat", "cp", "chmod", "dirname", "mkdir", "mv", "readlink", "rm", "sed", "tr"):
            found = shutil.which(name)
            assert found is not None
            (self.programs / name).symlink_to(found)
        write_program(self.programs / "python3", PYTHON)
        write_program(folder / "program", PROGRAM)

    def add_apt(self, user: int = 1000) -> None:
        """Add an apt and a dpkg that knows no package, for a user without sudo."""
        write_program(self.programs / "apt-get", '#!/bin/bash\necho "apt-get $*" >> "$CALLS"\nexit 100\n')
        write_program(self.programs / "dpkg-query", "#!/bin/bash\n")
        write_program(self.programs / "env", '#!/bin/bash\nshift\nexec "$@"\n')
        write_program(self.programs / "id", f"#!/bin/bash\necho {user}\n")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.calls.write_text("")
        return subprocess.run(
            [self.programs / "bash", self.checkout / "packaging" / "run.sh", *arguments],
            cwd=self.elsewhere,
            env={"PATH": str(self.programs), "CALLS": str(self.calls)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_bash_reads_the_script(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)  # noqa: S607 - the user's own bash is meant


def test_shellcheck_finds_nothing() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    subprocess.run([shellcheck, "--external-sources", *SCRIPTS], check=True, cwd=CHECKOUT)


def test_first_start_sets_up_and_starts(machine: Machine) -> None:
    done = machine.run("analyze", "a b.wav")
    assert (done.returncode, done.stdout) == (0, "<analyze><a b.wav>")
    assert "no apt" in done.stderr


@pytest.mark.parametrize("arguments", [["two words", "*", "", "-x"], ["relative.wav"]])
def test_second_start_does_nothing_but_start(machine: Machine, arguments: list[str]) -> None:
    machine.run("--version")
    for program in machine.programs.iterdir():
        if program.name not in {"bash", "cat", "dirname", "readlink"}:
            program.unlink()
    (machine.elsewhere / "a file for the star").touch()
    done = machine.run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(f"<{argument}>" for argument in arguments)
    assert machine.calls.read_text() == ""


def test_start_without_arguments_shows_the_demo(machine: Machine) -> None:
    assert machine.run().stdout == f"<{machine.checkout}/resources/demo/demo.flac>"


@pytest.mark.parametrize("changed", ["pyproject.toml", "packaging/constraints.txt", "packaging/system-packages.txt"])
def test_changed_requirements_are_set_up_again(machine: Machine, changed: str) -> None:
    machine.run("--version")
    with (machine.checkout / changed).open("a") as file:
        file.write("# more\n")
    done = machine.run("--version")
    assert (done.returncode, done.stdout) == (0, "<--version>")
    assert "pip install" in machine.calls.read_text()


def test_moved_checkout_is_set_up_again(machine: Machine) -> None:
    machine.run("--version")
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("moved"))
    assert machine.run("--version").stdout == "<--version>"
    assert "pip install" in machine.calls.read_text()


def test_failed_installation_says_so_and_is_taken_up_again(machine: Machine) -> None:
    obstacle = machine.checkout.with_name("fail")
    obstacle.touch()
    failed = machine.run("--version")
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert "pip could not install" in failed.stderr.splitlines()[-1]
    obstacle.unlink()
    assert machine.run("--version").stdout == "<--version>"


def test_environment_without_its_python_is_made_again(machine: Machine) -> None:
    (machine.checkout / ".venv" / "bin").mkdir(parents=True)
    (machine.checkout / ".venv" / "bin" / "python").symlink_to("/does/not/exist")
    assert machine.run("--version").stdout == "<--version>"


def test_half_installed_packages_are_dropped_and_whole_ones_kept(machine: Machine) -> None:
    machine.run("--version")
    (machine.checkout / ".venv" / "set-up-for-run").unlink()
    half, whole = (
        machine.checkout / ".venv" / "lib" / "python3.11" / "site-packages" / f"{name}-1.0.dist-info"
        for name in ("half", "whole")
    )
    half.mkdir(parents=True)
    whole.mkdir()
    (whole / "INSTALLER").write_text("pip\n")
    assert machine.run("--version").stdout == "<--version>"
    assert whole.exists()
    assert not half.exists()


def test_without_root_and_sudo_one_command_is_printed(machine: Machine) -> None:
    machine.add_apt()
    done = machine.run("--version")
    assert done.returncode == 1
    assert done.stdout == ""
    (command,) = [line for line in done.stderr.splitlines() if "apt-get install" in line]
    assert "libportaudio2" in command
    assert "apt-get" not in machine.calls.read_text()


def test_packages_under_a_new_name_are_not_missed(machine: Machine) -> None:
    machine.add_apt()
    listed = (machine.checkout / "packaging" / "system-packages.txt").read_text().splitlines()
    packages = [line for line in listed if line and not line.startswith("#")]
    rows = [f"installed {name}t64, {name} (= 1.0), other (= 2)" for name in packages]
    write_program(machine.programs / "dpkg-query", "#!/bin/bash\ncat <<END\n" + "\n".join(rows) + "\nEND\n")
    assert machine.run("--version").stdout == "<--version>"


def test_removed_packages_are_missing(machine: Machine) -> None:
    machine.add_apt()
    write_program(machine.programs / "dpkg-query", "#!/bin/bash\necho 'config-files libportaudio2, '\n")
    assert "libportaudio2" in machine.run("--version").stderr


def test_failing_apt_is_explained_and_the_program_starts(machine: Machine) -> None:
    machine.add_apt(user=0)
    done = machine.run("--version")
    assert (done.returncode, done.stdout) == (0, "<--version>")
    assert "apt-get update" in machine.calls.read_text().replace("-o DPkg::Lock::Timeout=120 ", "")
    assert "could not install" in done.stderr


def test_missing_python_is_explained(machine: Machine) -> None:
    write_program(machine.programs / "python3", f"#!/bin/bash\n# older than {sys.version}\nexit 1\n")
    done = machine.run("--version")
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr.splitlines()[-1]
