"""What the window says of labelled recordings and of a model that has learnt them."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from timbrescope.ui.theme import Theme

_SEVERITIES: Final = {"problem": "Problem", "warning": "Careful", "note": "Note"}
_CARE: Final = "Do not trust these figures before you have read what stands below them."
_BESIDE: Final = "Good to know, though it spoils no figure:"
_NO_FIGURES: Final = "No recordings were kept aside, so nobody knows how good it is on new ones."
_FIGURES: Final = "On recordings that it had not heard:"


def finding_html(finding: Mapping[str, Any], theme: Theme) -> str:
    """Return a finding in a paragraph: how bad it is, what it is, and what mends it or why one may go on."""
    colour = {"problem": theme.alarm, "warning": theme.warning}.get(finding["severity"], theme.muted)
    return (
        f'<b style="color: {colour}">{_SEVERITIES.get(finding["severity"], "")}</b>&nbsp; '
        f'{escape(finding["sentence"])}<br><span style="color: {theme.muted}">{escape(finding["advice"])}</span>'
    )


def spoiling(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return those findings of the check that make figures doubtful."""
    return [f"{one['sentence']} {one['advice']}" for one in findings if one.get("spoils_figures")]


def result_html(
    figures: Mapping[str, float | None], doubtful: Sequence[str], theme: Theme, beside: Sequence[str] = ()
) -> str:
    """Return the figures of a model, with what makes them doubtful and what else there is to know."""
    listed = _listed(doubtful)
    others = f'<p style="color: {theme.muted}">{_BESIDE}</p>{_listed(beside)}' if beside else ""
    if not figures:
        return f'<p><b style="color: {theme.warning}">{_NO_FIGURES}</b></p>{listed}{others}'
    known = {name: value for name, value in figures.items() if value is not None}
    cell = '<td style="padding-right: 24px">'
    names = "".join(
        f'{cell}<span style="color: {theme.muted}">{escape(name.replace("_", " "))}</span></td>' for name in known
    )
    values = "".join(f"{cell}<b>{value:.3f}</b></td>" for value in known.values())
    care = f'<p><b style="color: {theme.warning}">{_CARE}</b></p>' if doubtful else ""
    return f"{care}<p>{_FIGURES}</p><table><tr>{names}</tr><tr>{values}</tr></table>{listed}{others}"


def _listed(sentences: Sequence[str]) -> str:
    return (
        "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in dict.fromkeys(sentences)) + "</ul>" if sentences else ""
    )


def duration(seconds: float) -> str:
    """Return a length of time in words, as exact as an estimate is."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
