import subprocess
import sys

import pytest

from timbrescope import __version__, cli


def test_help_explains_itself_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["analyze", "--help"], ["models", "--help"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 0
        assert "examples:" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert __version__ in capsys.readouterr().out


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["analize", "song.mp3"])
    assert ended.value.code == 2
    assert "analize" in capsys.readouterr().err


def test_what_nobody_foresaw_is_one_sentence_and_in_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from timbrescope import paths

    def broken() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(cli, "build_parser", broken)
    assert cli.main(["models", "list"]) == 70
    assert "Traceback" not in capsys.readouterr().err
    assert "ZeroDivisionError" in paths.log_file().read_text(encoding="utf-8")


@pytest.mark.parametrize("module", ["timbrescope.app", "timbrescope.cli"])
def test_nothing_heavy_is_imported_before_it_is_needed(module: str) -> None:
    heavy = {"torch", "librosa", "sounddevice"} | ({"PySide6"} if module.endswith("cli") else set())
    script = f"import sys, {module}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_a_screen_the_window_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("every desktop but Linux has a screen")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main([]) == 2
    assert "screen" in capsys.readouterr().err
