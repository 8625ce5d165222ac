import re
from html import unescape

import numpy as np
import pytest

from tests.training.evaluation.test_evaluate import multi_predictions, single_predictions
from training.evaluation.evaluate import compare, evaluate
from training.evaluation.report import difference_sentence, render_html, render_text
from training.evaluation.results import Difference, Figure


@pytest.mark.parametrize("task", ["single", "multi"])
def test_the_page_needs_nothing_else(task: str, rng: np.random.Generator) -> None:
    predictions = single_predictions(rng, 0.3) if task == "single" else multi_predictions(rng, 0.3)
    html = render_html([evaluate(predictions)], [], "songs & dances")
    assert "http" not in html
    assert "<script" not in html
    assert "<link" not in html
    assert not re.search(r"(src|href)=\"(?!#|data:)", html)
    assert "songs &amp; dances" in html
    for label in predictions.spec.labels:
        assert label in unescape(html)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
    assert html.count("<svg") == html.count("</svg>") == (6 if task == "multi" else 1)
    assert "{{" not in html
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)


def test_names_from_data_are_escaped(rng: np.random.Generator) -> None:
    predictions = single_predictions(rng, 2.0, labels=("<b>bold</b>", "b", "c"))
    html = render_html([evaluate(predictions)], [], "data")
    assert "<b>bold" not in html
    assert "&lt;b&gt;bold" in html


def test_two_models_stand_side_by_side(rng: np.random.Generator) -> None:
    good, bad = single_predictions(rng, 0.3, name="good"), single_predictions(rng, 3.0, name="bad")
    difference = compare(good, bad)
    html = render_html([evaluate(good), evaluate(bad)], [difference], "data")
    assert re.search(r"good</th><th[^>]*>bad</th>", html)
    assert "good is better" in html


def test_the_verdict_follows_the_interval() -> None:
    def verdict(value: float, low: float, high: float) -> str:
        return difference_sentence(Difference("old", "new", "accuracy", Figure(value, low, high), 3))

    assert "new is better" in verdict(0.1, 0.05, 0.2)
    assert "old is better" in verdict(-0.1, -0.2, -0.05)
    assert "cannot be told" in verdict(0.1, -0.05, 0.2)
    assert "cannot be compared" in difference_sentence(
        Difference("old", "new", "accuracy", Figure(None, None, None), 0)
    )


def test_text_lines_up_and_names_every_label(rng: np.random.Generator) -> None:
    predictions = multi_predictions(rng, 0.5)
    text = render_text([evaluate(predictions)], [])
    lines = text.splitlines()
    table = lines[next(index for index, line in enumerate(lines) if "precision" in line) :]
    assert len({len(line) for line in table}) == 1
    assert [line.split()[0] for line in table[1:]] == list(predictions.spec.labels)
