import json

import numpy as np
import pytest

from timbrescope import paths
from timbrescope.core.noteworthy import LEAST, Heard
from timbrescope.core.summary import summarise
from timbrescope.core.timeline import ScoreSpec

TAGS = tuple(json.loads((paths.resources() / "labels.json").read_text(encoding="utf-8"))["magnatagatune-50"])
PLAYERS = ("piano", "electric guitar", "drums", "violin", "voice")


def tags(**scores: float) -> Heard:
    clip = np.full(50, 0.01, np.float32)
    for label, score in scores.items():
        clip[TAGS.index(label.replace("_", " "))] = score
    return Heard(ScoreSpec("tags", "tags", TAGS, 1.0, 1.0), np.tile(clip, (20, 1)), clip)


def players(**shares: float) -> Heard:
    """Instruments that are present for a share of twenty seconds."""
    scores = np.full((20, len(PLAYERS)), 0.1, np.float32)
    for label, share in shares.items():
        scores[: round(20 * share), PLAYERS.index(label.replace("_", " "))] = 0.9
    return Heard(ScoreSpec("players", "instruments", PLAYERS, 1.0, 1.0), scores, scores.mean(axis=0))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([players(electric_guitar=0.9, drums=0.8, voice=0.5), tags(fast=0.4, rock=0.6, male=0.3)],
         "fast rock with electric guitar, drums and a male voice"),
        ([players(piano=1.0), tags(slow=0.5, classical=0.7, piano=0.9)], "slow, solo piano, classical"),
        ([tags(slow=0.5, classical=0.7, sitar=0.5, solo=0.4)], "slow, solo sitar, classical"),
        ([players(violin=0.5, piano=0.5)], "music with violin and piano"),
        ([tags(quiet=0.3)], "quiet music"),
        ([tags(techno=0.8)], "techno"),
        ([players(voice=0.6, drums=0.3), tags()], "music with drums and a voice"),
    ],
)  # fmt: skip
def test_what_stands_out_is_said(found: list[Heard], words: str) -> None:
    assert summarise(found, 20.0).replace("piano and violin", "violin and piano") == words


def test_nothing_is_said_where_nothing_stands_out() -> None:
    assert summarise([players(), tags()], 20.0) == ""
    assert summarise([], 20.0) == ""
    assert summarise([tags(guitar=0.3)], 20.0) == ""  # it is in every fifth clip


def test_the_same_score_says_more_of_a_rare_tag() -> None:
    assert summarise([tags(harp=0.2)], 20.0) == "music with harp"
    assert summarise([tags(guitar=0.2)], 20.0) == ""
    assert summarise([tags(harp=LEAST - 0.01)], 20.0) == ""


def test_opposites_never_stand_together() -> None:
    assert summarise([tags(slow=0.6, fast=0.5)], 20.0) == "fast music"
    assert summarise([tags(loud=0.6, quiet=0.5, soft=0.4)], 20.0) == "loud music"


def test_a_model_of_instruments_answers_for_its_instruments() -> None:
    found = [players(drums=0.5), tags(piano=0.9, guitar=0.9, harp=0.5)]
    assert summarise(found, 20.0) == "music with drums and harp"


def test_what_plays_now_and_then_is_left_out_and_prevents_a_solo() -> None:
    assert summarise([players(piano=1.0, violin=0.1)], 20.0) == "music with piano"
    assert summarise([players(piano=1.0)], 20.0) == "solo piano"


def test_a_wider_genre_gives_way_to_a_narrower_one() -> None:
    spec = ScoreSpec("tags", "tags", ("rock", "hard rock", "80s"), 1.0, 1.0)
    clip = np.array([0.9, 0.8, 0.7], np.float32)
    assert summarise([Heard(spec, clip[None], clip)], 20.0) == "80s hard rock"
