"""An evaluation to read: one page that needs nothing else, or lines of text."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from timbrescope.core.clock import clock
from training.evaluation.aggregate import RULES
from training.evaluation.evaluate import DRAWS
from training.evaluation.plots import draw_lines, draw_matrix
from training.evaluation.results import Difference, Evaluation, Figure, GroupFigure, Number

_TEMPLATE = "report.html.jinja"
_NAMES = {
    "accuracy": "Accuracy",
    "error": "Top-1 error",
    "roc_auc": "ROC-AUC (mean of labels)",
    "pr_auc": "PR-AUC (mean of labels)",
    "top_5": "A true label among the five highest",
    "micro_precision": "Precision (micro)",
    "micro_recall": "Recall (micro)",
    "micro_f1": "F1 (micro)",
    "macro_precision": "Precision (mean of labels)",
    "macro_recall": "Recall (mean of labels)",
    "macro_f1": "F1 (mean of labels)",
    "false_alarms": "Windows with false alarms",
    "sung_accuracy": "Accuracy where somebody sings",
    "known_language_accuracy": "Accuracy, decoded, where the language is known",
    "vowel_group": "Vowels in the right group of five",
    "boundary_recall": "Boundaries found within 50 ms",
    "boundary_precision": "Found boundaries that are right",
    "voice_precision": "Voice activity: precision",
    "voice_recall": "Voice activity: recall",
    "voice_f1": "Voice activity: F1",
}
_UNKNOWN = "–"


def render_html(evaluations: Sequence[Evaluation], differences: Sequence[Difference], data: str) -> str:
    """Return a page about one model, or about several on the same data, side by side.

    Args:
        evaluations: at least one.
        differences: between the first and each other one.
        data: what they were judged by, as a sentence without its full stop.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": format_number,
        "with_interval": format_figure,
        "figure_name": _NAMES.__getitem__,
        "summary": summary,
        "difference_sentence": difference_sentence,
        "plots": _plots,
        "weakest": _weakest,
        "time": lambda seconds: _UNKNOWN if seconds is None else clock(seconds, 0.01),
    }
    return environment.get_template(_TEMPLATE).render(
        title="Evaluation of " + ", ".join(evaluation.title for evaluation in evaluations),
        data=data,
        draws=DRAWS,
        seed=evaluations[0].seed,
        evaluations=evaluations,
        differences=differences,
    )


def render_text(evaluations: Sequence[Evaluation], differences: Sequence[Difference]) -> str:
    """Return what matters most in lines for a terminal."""
    lines: list[str] = []
    for evaluation in evaluations:
        lines += [summary(evaluation), ""]
        width = max(len(_NAMES[name]) for name in evaluation.figures)
        lines += [f"  {_NAMES[name]:<{width}}  {format_figure(value)}" for name, value in evaluation.figures.items()]
        if evaluation.calibration is not None:
            lines.append(f"  {'Calibration error':<{width}}  {format_number(evaluation.calibration.error)}")
        heads = ("label", "applies", "found", "precision", "recall", "F1", "ROC-AUC", "PR-AUC")
        table: list[tuple[str, ...]] = [heads]
        for row in evaluation.classes:
            values = map(format_number, (row.precision, row.recall, row.f1, row.roc_auc, row.pr_auc))
            table.append((row.label, str(row.positives), str(row.found), *values))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines.append("")
        for label, *numbers in table:
            cells = [cell.rjust(size) for cell, size in zip(numbers, widths[1:], strict=True)]
            lines.append("  " + "  ".join([label.ljust(widths[0]), *cells]))
        lines.append("")
    lines += [difference_sentence(difference) for difference in differences]
    return "\n".join(lines).rstrip() + "\n"


def summary(evaluation: Evaluation) -> str:
    """Return one sentence with the main figure, its interval, and what it was measured on."""
    what = {"single": "clips", "multi": "clips", "frame": "frames"}[evaluation.task]
    if evaluation.task != "frame" and evaluation.aggregate == "none":
        what = "windows"
    figure = format_figure(evaluation.figures[evaluation.main])
    judged = ""
    if what == "clips" and evaluation.main != "false_alarms":
        judged = f"; each clip is judged by {RULES[evaluation.aggregate].meaning}"
    return (
        f"{evaluation.title}: {_NAMES[evaluation.main]} {figure} on {evaluation.rows:,} {what} from "
        f"{evaluation.groups:,} {'group' if evaluation.groups == 1 else 'groups'}{judged}."
    )


def difference_sentence(difference: Difference) -> str:
    """Return one sentence that says which of two models is better, or that this cannot be told."""
    value, low, high = difference.difference.value, difference.difference.low, difference.difference.high
    names = f"{difference.second} and {difference.first}"
    if value is None or low is None or high is None:
        return f"{names} cannot be compared: they have too little in common."
    if low <= 0 <= high:
        verdict = "which of them is better cannot be told from these data"
    else:
        verdict = f"{difference.second if value > 0 else difference.first} is better"
    return (
        f"{names} differ by {value:+.3f} ({low:+.3f} to {high:+.3f}) in {_NAMES[difference.figure]}, by the "
        f"{difference.labels} labels that both know: {verdict}."
    )


def format_figure(figure: Figure) -> str:
    """Return a figure and its interval."""
    if figure.low is None or figure.high is None:
        return format_number(figure.value)
    return f"{format_number(figure.value)} ({format_number(figure.low)} to {format_number(figure.high)})"


def format_number(value: Number, decimals: int = 3) -> str:
    """Return a number in 0..1 with so many decimals."""
    return _UNKNOWN if value is None else f"{value:.{decimals}f}"


def _weakest(evaluation: Evaluation, count: int) -> list[GroupFigure]:
    return sorted(evaluation.breakdown, key=lambda group: (group.value is None, group.value or 0.0))[:count]


def _plots(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Return captions and pictures."""
    plots: list[tuple[str, str]] = []
    labels = [row.label for row in evaluation.classes]
    if (roc := evaluation.roc) is not None:
        svg = draw_lines([("", roc.x, roc.y)], "False alarms", "Hits", diagonal=True)
        plots.append(("ROC curve, all labels together", svg))
    if (curve := evaluation.precision_recall) is not None:
        svg = draw_lines([("", curve.x, curve.y)], "Recall", "Precision")
        plots.append(("Precision and recall, all labels together", svg))
    if (scan := evaluation.thresholds) is not None:
        lines = [("micro", scan.thresholds, scan.micro_f1), ("mean of labels", scan.thresholds, scan.macro_f1)]
        plots.append(("One threshold for all labels", draw_lines(lines, "Threshold", "F1")))
    if (bins := evaluation.calibration) is not None:
        svg = draw_lines(
            [("", bins.confidence, bins.accuracy)], "Score", "Share that is right", diagonal=True, dots=True
        )
        plots.append((f"Calibration: expected error {format_number(bins.error)}", svg))
    if (tags := evaluation.tags) is not None:
        caption = "How often labels come together: share of the row's clips that the column applies to as well"
        plots.append((caption, draw_matrix(tags.co_occurrence, labels)))
        caption = "How alike the model holds labels: products of the vectors of its last layer; the rankings of pairs "
        caption += f"by both agree with a coefficient of {format_number(tags.rank_correlation, 2)}"
        plots.append((caption, draw_matrix(tags.similarity, labels)))
    return plots
