"""The menus: every command of the window, with its keys."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from timbrescope import paths
from timbrescope.ui.actions import SEPARATOR, Command, MenuPlan
from timbrescope.ui.dialogs import AboutDialog, ShortcutsDialog

if TYPE_CHECKING:
    from timbrescope.ui.main_window import MainWindow

WITHOUT_RECORDING = (
    "open", "demo", "recent", "listen", "record", "inputs", "settings", "quit", "follow", "all_tags",
    "models", "relations", "train", "learn", "map", "similar", "stage", "alerts", "outputs", "shortcuts", "log",
    "about",
)  # fmt: skip
"""The commands that can be given while no recording is open."""

NEEDS_FILE = ("start", "loop", "again", "tags", "correct")
"""The commands that need a file, not an input that is listened to."""

_SKIP_SECONDS = 5.0


def menus(window: "MainWindow") -> MenuPlan:
    """Return the title and the commands of each menu."""
    transport, viewport, preferences = window.transport, window.viewport, window.preferences
    monitoring = window.monitoring
    return [
        ("&File", [
            Command("open", "&Open…", window.opening.ask, ("Ctrl+O",), "open", tip="Open a recording"),
            Command("demo", "Open the &demo", window.opening.open_demo),
            Command("recent", "Open &recent", lambda: None),
            Command("close", "&Close recording", window.opening.close, ("Ctrl+W",)),
            SEPARATOR,
            Command("export-events", "&Export events…", monitoring.export_events, ("Ctrl+E",),
                    tip="Save when labels enter and leave: CSV, JSON or labels for Audacity"),
            Command("outputs", "Output to other &programs…", monitoring.ask_for_outputs,
                    tip="Send what is recognised as OSC or MIDI"),
            SEPARATOR,
            Command("settings", "&Settings…", window.show_settings, ("Ctrl+,",)),
            SEPARATOR,
            Command("quit", "&Quit", window.close, ("Ctrl+Q",)),
        ]),
        ("&Playback", [
            Command("play", "&Play or pause", transport.toggle, ("Space",), "play"),
            Command("back", "&Back 5 seconds", partial(transport.skip, -_SKIP_SECONDS), ("Left",)),
            Command("forward", "&Forward 5 seconds", partial(transport.skip, _SKIP_SECONDS), ("Right",)),
            Command("start", "To the &start", partial(transport.seek, 0.0), ("Home",), "start"),
            SEPARATOR,
            Command("loop", "&Loop the selection", transport.set_loop, ("L",), "loop", checkable=True),
            Command("unselect", "&Clear the selection", partial(viewport.select, None), ("Esc",)),
            Command("follow", "Follow the play&head", partial(preferences.put, "follow"), ("F",), "follow",
                    checkable=True),
        ]),
        ("&Listen", [
            Command("listen", "&Listen", window.live.toggle, ("Ctrl+L",), "microphone",
                    tip="Listen to a microphone or another sound input"),
            Command("record", "&Record", window.live.listener.toggle_recording, ("R",), "record",
                    tip="Record to a file, with the ten seconds before"),
            Command("inputs", "Sound &input", lambda: None),
            SEPARATOR,
            Command("now", "&Back to now", window.live.now.back_to_now, ("End",), tip="Follow the input again"),
            SEPARATOR,
            Command("alerts", "&Alerts…", monitoring.ask_for_alerts,
                    tip="Choose instruments and tags to be told of as soon as they sound"),
        ]),
        ("&View", [
            Command("zoom-in", "Zoom &in", partial(viewport.zoom_time, 1.5), ("+", "="), "zoom-in"),
            Command("zoom-out", "Zoom &out", partial(viewport.zoom_time, 1 / 1.5), ("-",), "zoom-out"),
            Command("zoom-all", "Show &everything", viewport.show_everything, ("0",), "zoom-all"),
            Command("earlier", "Scroll &back", partial(viewport.pan_time, -0.5), ("PgUp",)),
            Command("later", "Scroll &forward", partial(viewport.pan_time, 0.5), ("PgDown",)),
            SEPARATOR,
            Command("bands-in", "Zoom in &frequency", partial(viewport.zoom_bands, 1.5), ("Ctrl++", "Ctrl+=")),
            Command("bands-out", "Zoom &out of frequency", partial(viewport.zoom_bands, 1 / 1.5), ("Ctrl+-",)),
            Command("higher", "Scroll &up in frequency", partial(viewport.pan_bands, 0.25), ("Up",)),
            Command("lower", "Scroll &down in frequency", partial(viewport.pan_bands, -0.25), ("Down",)),
            SEPARATOR,
            Command("brighter", "&Brighter", partial(preferences.step, "gain_db", 1), ("Ctrl+Up",)),
            Command("darker", "&Darker", partial(preferences.step, "gain_db", -1), ("Ctrl+Down",)),
            Command("more-range", "More &range", partial(preferences.step, "range_db", 1), ("Ctrl+Shift+Up",)),
            Command("less-range", "&Less range", partial(preferences.step, "range_db", -1), ("Ctrl+Shift+Down",)),
            SEPARATOR,
            Command("changes", "What &changes", window.page.side.show_changes, ("C",),
                    tip="Go to the list of what enters and leaves"),
            Command("events", "E&vents", window.page.side.show_events, ("E",),
                    tip="Go to the list of every label that enters or leaves"),
            Command("voice", "V&oice", window.singing.show_voice, ("V",),
                    tip="Follow a singer's pitch, vibrato and vowels"),
            Command("stage", "&Stage view", monitoring.show_stage, ("F11",),
                    tip="Fill the screen with what sounds now"),
            Command("all_tags", "Show every &tag", partial(preferences.put, "all_tags"), ("T",), checkable=True,
                    tip="Show tags that mean the same each by itself"),
        ]),
        ("&Recognition", [
            Command("models", "&Models", lambda: None),
            Command("again", "&Analyse again", window.session.analyse_again, ("Ctrl+R",)),
            Command("relations", "How labels &relate…", partial(_show_relations, window),
                    tip="Show which labels are alike, and which your recordings have together"),
            Command("train", "&Train a model…", lambda: window.teaching().show(),
                    tip="Teach a model labels of your own from a folder of recordings"),
            Command("map", "Timbre ma&p…", partial(_show_map, window),
                    tip="See which recordings of a folder sound alike, hear them, and give them other labels"),
            Command("similar", "&Find similar sounds…", partial(_show_similar, window),
                    tip="Search a folder for what sounds like a recording"),
            Command("correct", "&Correct what was recognised…", lambda: window.teaching().show_review(), ("K",),
                    tip="Say what is right and wrong, the most doubtful first, by keys alone"),
            Command("learn", "&Learn from corrections…", lambda: window.teaching().show_retraining(),
                    tip="Let a model go on with what you have corrected, and compare it with the old one"),
            SEPARATOR,
            Command("tags", "&Write tags…", partial(_write_tags, window), ("Ctrl+T",),
                    tip="Write genre, mood and instruments into the file's tags"),
        ]),
        ("&Annotation", window.singing.commands()),
        ("&Help", [
            Command("shortcuts", "&Keyboard and mouse", partial(_show_shortcuts, window), ("F1",)),
            Command("log", "Show &log", _show_log),
            Command("about", "&About timbrescope", lambda: AboutDialog(window).exec()),
        ]),
    ]  # fmt: skip


def _write_tags(window: "MainWindow") -> None:
    from timbrescope.ui.tag_dialog import ask_for_tags  # mutagen only where tags are wanted

    ask_for_tags(window.session, window.notice.show_notice, window)


def _show_map(window: "MainWindow") -> None:
    window.teaching().sounds.show_map()


def _show_similar(window: "MainWindow") -> None:
    window.teaching().sounds.show_similar()


def _show_relations(window: "MainWindow") -> None:
    from timbrescope.ui.relations_dialog import show_relations  # read only where it is wanted

    settings = window.preferences.settings
    show_relations(window.theme, settings.models, remembers=settings.remember, parent=window)


def _show_shortcuts(window: "MainWindow") -> None:
    ShortcutsDialog(window.actions_.all(), window).exec()


def _show_log() -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.log_file())))
