"""One line on a whole recording, in words: "fast rock with electric guitar, drums and a male voice".

It says little rather than something wrong:

- an instrument that is present for at least 15 % of the time, by its model's threshold; up to five, longest first;
- it plays solo where it does for half of the time and no other for 5 % of it;
- a tag whose score for the whole recording is worth saying (``noteworthy``): up to two moods (of opposites the clearer
  one), one decade and two genres (of "rock" and "hard rock" the narrower one), in the order of how far their odds are
  above what is usual;
- a tag of an instrument only where no model of instruments answers for it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from timbrescope.core.noteworthy import Heard, Noteworthy, is_covered, known_instruments, noteworthy
from timbrescope.core.presence import presences
from timbrescope.core.tag_groups import group_of

PRESENT_SHARE: Final = 0.15
_SOLO_SHARE: Final = 0.5
_ASIDE_SHARE: Final = 0.05
_MOODS, _GENRES, _SOUNDS = 2, 2, 5
_OPPOSITES: Final = (
    {"slow", "fast"}, {"loud", "quiet"}, {"loud", "soft"}, {"loud", "mellow"}, {"sad", "happy"}, {"sad", "party"},
    {"chillout", "party"},
)  # fmt: skip
_NEED_MUSIC: Final = frozenset({
    "classical", "electronic", "ambient", "indian", "new age", "dance", "country", "folk", "alternative", "indie",
    "experimental", "easy listening",
})  # fmt: skip
_WRITTEN: Final = {"indian": "Indian", "rnb": "R&B", "chillout": "chilled"}


def summarise(found: Iterable[Heard], duration_seconds: float) -> str:
    """Return one line; an empty one where nothing stands out.

    Args:
        found: what each model said.
        duration_seconds: of the recording.
    """
    found = [heard for heard in found if len(heard.scores)]
    instruments = known_instruments([heard.spec for heard in found])
    shares = _instrument_shares(found, duration_seconds)
    tags = _clear_tags([noteworthy(heard) for heard in found], instruments)
    moods = _moods(tags)
    decades = [tag for tag in tags if group_of(tag) == "era" and tag != "oldies"][:1]
    acoustic = [tag for tag in tags if tag == "acoustic"]
    genres = _genres(tags)
    sounds = _sounds(shares, tags)
    aside = [share for label, share in shares.items() if share >= _ASIDE_SHARE]
    plays_alone = len(aside) <= 1 and any(share >= _SOLO_SHARE for share in aside)
    if len(sounds) == 1 and (plays_alone or (not instruments and "solo" in tags)):
        return ", ".join(_written([*moods, f"solo {sounds[0].removeprefix('a ')}", *decades, *genres]))
    adjectives = ", ".join(_written([*moods, *acoustic]))
    head = " ".join(filter(None, [adjectives, *decades, _style(genres)]))
    if not (head or sounds):
        return ""
    if head and not genres:
        head += " music"
    return f"{head or 'music'} with {_listed(sounds)}" if sounds else head


def _instrument_shares(found: Sequence[Heard], duration_seconds: float) -> dict[str, float]:
    """Return for how much of the time each instrument is present, longest first."""
    shares: dict[str, float] = {}
    for heard in found:
        if known_instruments([heard.spec]):
            for one in presences(heard.spec, np.asarray(heard.scores, np.float32), duration_seconds):
                if one.label is not None:
                    shares[one.label] = max(one.share, shares.get(one.label, 0.0))
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _clear_tags(results: Iterable[Noteworthy], instruments: frozenset[str]) -> list[str]:
    """Return the tags that are worth saying, those furthest above their thresholds first."""
    excess: dict[str, float] = {}
    for result in results:
        if not result.is_tags:
            continue
        for label, score, limit in zip(result.labels, result.clip_scores, result.thresholds, strict=True):
            if score >= limit and not is_covered(label, instruments):
                excess[label] = max(_log_odds(float(score)) - _log_odds(float(limit)), excess.get(label, 0.0))
    return sorted(excess, key=lambda label: -excess[label])


def _log_odds(score: float) -> float:
    score = min(max(score, 1e-6), 1 - 1e-6)
    return float(np.log(score / (1 - score)))


def _moods(tags: Sequence[str]) -> list[str]:
    chosen: list[str] = []
    for tag in tags:
        if group_of(tag) == "mood" and not any({tag, other} in _OPPOSITES for other in chosen):
            chosen.append(tag)
    return chosen[:_MOODS]


def _genres(tags: Sequence[str]) -> list[str]:
    """Return the clearest genres without those that another one says too; what describes comes before what names."""
    genres = [tag for tag in tags if group_of(tag) == "genre"]
    narrowest = [tag for tag in genres if not any(set(tag.split()) < set(other.split()) for other in genres)]
    return sorted(narrowest[:_GENRES], key=lambda tag: tag not in _NEED_MUSIC)


def _style(genres: Sequence[str]) -> str:
    if not genres:
        return ""
    describing = [genre in _NEED_MUSIC for genre in genres]
    joint = " and " if len(set(describing)) == 1 else " "
    return joint.join(_written(genres)) + (" music" if describing[-1] else "")


def _sounds(shares: dict[str, float], tags: Sequence[str]) -> list[str]:
    """Return instruments and then voices."""
    present = [label for label, share in shares.items() if share >= PRESENT_SHARE]
    named = [tag for tag in tags if group_of(tag) == "instrument"]
    voices = [tag for tag in tags if group_of(tag) == "voice" and tag != "no voice"]
    particular = [voice for voice in voices if voice != "voice"]
    if not particular and ("voice" in voices or "voice" in present):
        particular = ["voice"]
    return [label for label in (*present, *named) if label != "voice"][:_SOUNDS] + [
        f"a {voice}" for voice in particular
    ]


def _written(words: Iterable[str]) -> list[str]:
    return [_WRITTEN.get(word, word) for word in words]


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
