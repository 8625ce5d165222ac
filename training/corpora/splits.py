"""Which sources are kept aside: a source is in one split with everything that comes from it."""

import zlib

from training.collection import Split

VALIDATION_SOURCES = frozenset({"generaluser", "erithacus_ja", "drumkit_gmrockkit", "ensemble_validation"})
"""One soundfont family with the ensembles that it plays, one singer and one drum kit, of which no training recording
has a sample."""
INDEPENDENT_GROUPS = frozenset({"fsdkaggle2018", "qabcs"})
"""Collections in which every group is a recording by somebody else, so that they can be split by group."""
VALIDATION_SHARE = 6
"""One group in so many of an independent collection is kept for validation."""


def split_of(source: str, group: str) -> Split:
    """Return the split of a recording; it depends on the source alone, or on the group where groups are independent."""
    if source in VALIDATION_SOURCES:
        return "validation"
    if source in INDEPENDENT_GROUPS and zlib.crc32(group.encode()) % VALIDATION_SHARE == 0:
        return "validation"
    return "train"
