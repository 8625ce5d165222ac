"""A model's card: what it hears, how well, how it is built, and whose it is."""

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from timbrescope import paths
from timbrescope.recognition.spec import FrontEnd, ModelSpec
from timbrescope.recognition.store import StoredModel

_SIZE = (680, 620)
_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:)]")


class ModelCard(QDialog):
    """Everything that a model's description says; its text can be selected and copied.

    ``report_asked`` says that the report of its training is wanted, which a button offers where there is one.
    """

    report_asked = Signal()

    def __init__(self, model: StoredModel, spec: ModelSpec, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(spec.title or spec.name)
        self.text = QTextBrowser()
        self.text.setOpenExternalLinks(True)
        flags = Qt.TextInteractionFlag
        self.text.setTextInteractionFlags(flags.TextBrowserInteraction | flags.TextSelectableByKeyboard)
        self.text.setAccessibleName(f"About {spec.title or spec.name}")
        self.text.document().setDocumentMargin(14)
        self.text.setHtml(card_html(model, spec))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        if report_of(model, spec) is not None:
            report = buttons.addButton("&Report…", QDialogButtonBox.ButtonRole.ActionRole)
            report.setToolTip("See each class, what is taken for what, and hear the mistakes")
            report.setAutoDefault(False)
            report.clicked.connect(self.report_asked)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self.resize(*_SIZE)


def report_of(model: StoredModel, spec: ModelSpec) -> Path | None:
    """Return the folder with the report of the training that a model of one's own has come from, where it is known."""
    if model.origin != "installed" or not spec.figures:  # a corrected one has no figures of its own
        return None
    folder = paths.trained() / f"{model.name}-quick"
    return folder if (folder / "evaluation.json").is_file() else None


def card_html(model: StoredModel, spec: ModelSpec) -> str:
    """Return the card as HTML; what the description leaves empty is left out."""
    sections = [
        ("Measured", _table(((name, _figure(value)) for name, value in spec.figures.items()), align="right")),
        (f"{len(spec.labels)} labels", _paragraphs(", ".join(spec.labels))),
        (
            "How it works",
            _table([
                ("Kind", spec.kind),
                ("Network", spec.network),
                ("Listens to", f"{spec.window_seconds:.2f} s at a time, {_frequencies(spec.front_end)}"),
                ("Input", _input(spec.front_end)),
                ("Scores", _SCORES[spec.activation]),
                ("Size", f"{model.size / 1e6:.1f} MB" if model.size >= 1e5 else f"{model.size / 1e3:.1f} kB"),
                ("Name", f"{spec.name} ({model.origin})"),
                ("File", str(model.path or "")),
            ]),
        ),
        ("Source", _paragraphs(spec.source)),
        ("Citation", _paragraphs(spec.citation)),
        ("Licence", _paragraphs(spec.licence)),
    ]  # fmt: skip
    parts = [f"<h2>{escape(spec.title or spec.name)}</h2>", _paragraphs(spec.description)]
    parts += [f"<h4 style='margin-bottom:2px'>{title}</h4>{content}" for title, content in sections if content]
    return "".join(parts)


_SCORES = {
    "sigmoid": "each label for itself: several can apply at a time, or none",
    "softmax": "exactly one label applies: the scores add up to 100 %",
}


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _table(rows: Iterable[tuple[str, str]], align: str = "left") -> str:
    cells = "".join(
        f"<tr><td style='padding-right:24px'>{escape(name)}</td><td align='{align}'>{escape(value)}</td></tr>"
        for name, value in rows
        if value
    )
    return f"<table cellspacing='0' cellpadding='2'>{cells}</table>" if cells else ""


def _paragraphs(text: str) -> str:
    """Return text whose paragraphs are parted by empty lines; addresses in it become links."""
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "".join(
        f"<p style='margin-top:2px'>{_ADDRESS.sub(_link, escape(paragraph, quote=False))}</p>"
        for paragraph in paragraphs
        if paragraph
    )


def _link(address: re.Match[str]) -> str:
    return f'<a href="{address[0]}">{address[0]}</a>'


def _frequencies(front_end: FrontEnd) -> str:
    highest = front_end.sample_rate / 2 if front_end.fmax is None else front_end.fmax
    return f"{front_end.fmin:,.0f} to {highest:,.0f} Hz"


def _input(front_end: FrontEnd) -> str:
    rate = f"{front_end.sample_rate:,} Hz"
    if front_end.representation == "waveform":
        return f"the waveform at {rate}"
    bands = f"{front_end.n_bands} " + ("mel bands" if front_end.representation == "mel" else "frequency bins")
    scale = {"none": "", "log10": ", logarithmic", "ln": ", logarithmic", "decibel": ", in dB"}[front_end.compression]
    window = (front_end.win_length or front_end.n_fft) / front_end.sample_rate
    return f"{bands} from {1000 * window:.0f} ms of sound every {1000 * front_end.hop_seconds:.0f} ms at {rate}{scale}"
