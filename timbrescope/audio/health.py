"""What is wrong with a recording, gathered while it is read and told in sentences."""

import numpy as np
from numpy.typing import NDArray

from timbrescope.audio.decoder import Stretch
from timbrescope.core.errors import AudioError

EARLY_SECONDS = 0.2  # encoders round and pad; less missing than this is no damage
LEAST_SECONDS = 0.1  # of sound before damage that make a recording worth showing


class Health:
    """Watch the stretches of one recording go by.

    Args:
        name: of the recording, for the sentences.
        rate: in Hz.

    Attributes:
        samples: how many have been read, silence for lost ones included.
    """

    def __init__(self, name: str, rate: int) -> None:
        self._name = name
        self._rate = rate
        self.samples = 0
        self._places = 0
        self._first_place = 0.0
        self._silent = 0
        self._in_damage = False  # the last stretch was a lost one
        self._not_numbers: float | None = None  # second of the first
        self._heard = self._numbers = False

    @property
    def seconds(self) -> float:
        """How far the recording has been read."""
        return self.samples / self._rate

    def examine(self, stretch: Stretch) -> None:
        """Take note of the next stretch."""
        if stretch.lost and not self._in_damage:
            self._places += 1
            if self._places == 1:
                self._first_place = self.seconds
        self._in_damage = stretch.lost
        if stretch.lost:
            self._silent += len(stretch.samples)
        else:
            self._heard = True
            numbers = np.isfinite(stretch.samples)
            self._numbers = self._numbers or bool(numbers.any())
            if self._not_numbers is None and not numbers.all():
                self._not_numbers = self.seconds + int(np.argmin(numbers.all(axis=1))) / self._rate
        self.samples += len(stretch.samples)

    def verdict(self, promised: float | None) -> tuple[tuple[str, ...], str]:
        """Return notices of what was mended, and what is damaged ("" for nothing); the recording has been read.

        Args:
            promised: seconds that its header vouches for.

        Raises:
            AudioError: there was no sound in it at all.
        """
        name = self._name
        early = promised is not None and self.seconds < promised - EARLY_SECONDS
        if not self._heard or (self.seconds < LEAST_SECONDS and (early or self._in_damage)):
            raise AudioError(f"{name} holds no sound that can be decoded: it is damaged or empty; copy it again.")
        if not self._numbers:
            raise AudioError(f"{name} holds no numbers, only NaN or infinity: it was written wrongly; export it again.")
        damage = []
        places = self._places - (1 if self._in_damage else 0)
        if places:
            where = "is damaged" if places == 1 else f"is damaged in {places} places, first"
            lost = self._silent / self._rate
            what = f"at least {lost:.1f} s are lost and silent here" if lost >= 0.05 else "some sound is lost there"
            damage.append(f"{name} {where} at {self._first_place:.1f} s: {what}.")
        if early:
            damage.append(
                f"{name} ends early: {self.seconds:.1f} s of {promised:.1f} s could be read; the rest is damaged or "
                "missing."
            )
        elif self._in_damage:
            damage.append(f"{name} ends early: {self.seconds:.1f} s could be read; what follows is damaged or missing.")
        notices = []
        if self._not_numbers is not None:
            notices.append(
                f"{name} holds values that are no numbers (NaN or infinity), first at {self._not_numbers:.1f} s; they "
                "are replaced by silence."
            )
        return tuple(notices), " ".join(damage)


def finite(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the samples with zeros for NaN and infinity."""
    good = np.isfinite(samples)
    return samples if good.all() else np.where(good, samples, np.float32(0))
