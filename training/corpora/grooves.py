"""Drum loops from single hits: a steady pattern, varied by a drummer's timing, loudness and fills."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from training.corpora.takes import SAMPLE_RATE, Samples

Role = Literal["kick", "snare", "hat", "open", "ride", "crash", "tom", "other"]
Hit = tuple[float, Role, float]
"""Time in seconds, what is struck, and how loudly (0 to 1)."""

STEPS = 16  # a bar in sixteenths
ROLES: tuple[tuple[Role, str], ...] = (
    ("open", r"open|\boh|ohh|op[_ ]|hho|\bho[_-]|o_hat"),
    ("hat", r"hat|\bhh|hhc|\bhc\b|hihat|hi-hat|chh|^hc"),
    ("kick", r"kick|bass.?drum|\bbd|^bd|_bd|kdrum"),
    ("snare", r"snare|\bsd|^sd|_sn|^sn|rim|side.?stick|clap|\bsr_|\brs_"),
    ("ride", r"ride|\brc_|^rd"),
    ("crash", r"crash|china|splash|cymbal|\bcc_|\bcra"),
    ("tom", r"tom|\bt[12]_|\bft_|^tm"),
)
# how likely each sixteenth is struck, as digits 0 to 9
PATTERNS: dict[str, dict[Role, str]] = {
    "rock": {"kick": "9000002090200020", "snare": "0000900100009001", "hat": "9090909090909090"},
    "pop": {"kick": "9000009090000020", "snare": "0000900000009000", "hat": "9191919191919191"},
    "half": {"kick": "9000000200900000", "snare": "0000000090000000", "hat": "9090909090909090"},
    "dance": {"kick": "9000900090009000", "snare": "0000900000009000", "open": "0090009000900090"},
    "funk": {"kick": "9030009003900200", "snare": "0010920102009102", "hat": "9393939393939393"},
    "swing": {"ride": "9000900290009002", "hat": "0000900000009000", "kick": "3000000030000010"},
    "toms": {"kick": "9000900090009000", "tom": "3393039330393093", "snare": "0000000000009000"},
    "latin": {"kick": "9002900090029000", "snare": "0090009000900900", "other": "9099909990999099"},
}


def role_of(name: str) -> Role:
    """Return what a hit's file name says was struck."""
    lowered = name.lower()
    return next((role for role, pattern in ROLES if re.search(pattern, lowered)), "other")


def groove(bars: int, beats_per_minute: float, rng: np.random.Generator) -> list[Hit]:
    """Return the hits of some bars of 4/4 in a random style, in order, with a fill in every fourth bar."""
    pattern = PATTERNS[str(rng.choice(sorted(PATTERNS)))]
    step = 60 / beats_per_minute / 4
    swing = rng.uniform(0, 0.25) if rng.random() < 0.3 else 0.0
    tightness = rng.uniform(0.002, 0.012)
    hits: list[Hit] = []
    for bar in range(bars):
        fill = bar % 4 == 3 and rng.random() < 0.7
        for at in range(STEPS):
            time = (bar * STEPS + at + (swing if at % 2 else 0.0)) * step
            if fill and at >= STEPS // 2:
                if rng.random() < 0.7:
                    hits.append(_hit(time, "tom" if rng.random() < 0.6 else "snare", 9, tightness, rng))
                continue
            for role, likely in pattern.items():
                if rng.random() < int(likely[at]) / 9:
                    hits.append(_hit(time, role, int(likely[at]), tightness, rng))
        if bar and bar % 4 == 0:
            hits.append(_hit(bar * STEPS * step, "crash", 9, tightness, rng))
    return sorted(hits)


def strike(hits: Sequence[Hit], kit: Mapping[Role, Sequence[Samples]], rng: np.random.Generator) -> Samples:
    """Return the hits played on a kit, float32, shape (n,); what the kit lacks is left out.

    Each role is played with one drum throughout, whose recordings (harder, softer) change from hit to hit.
    """
    choices = {role: _similar(sounds, rng) for role, sounds in kit.items() if sounds}
    end = max((time for time, _, _ in hits), default=0.0) + 1.0
    sound = np.zeros(round(end * SAMPLE_RATE), dtype=np.float32)
    for time, role, loudness in hits:
        if role not in choices:
            continue
        hit = choices[role][int(rng.integers(len(choices[role])))]
        start = round(time * SAMPLE_RATE)
        length = min(len(hit), len(sound) - start)
        sound[start : start + length] += hit[:length] * loudness
    return sound


def _hit(time: float, role: Role, weight: int, tightness: float, rng: np.random.Generator) -> Hit:
    loudness = 0.35 + 0.55 * weight / 9 + rng.normal(0, 0.06)
    return max(0.0, time + rng.normal(0, tightness)), role, float(np.clip(loudness, 0.1, 1.0))


def _similar(sounds: Sequence[Samples], rng: np.random.Generator) -> Sequence[Samples]:
    """Return a few neighbours in the order of file names, which are mostly of the same drum."""
    first = int(rng.integers(len(sounds)))
    return sounds[first : first + 3]
