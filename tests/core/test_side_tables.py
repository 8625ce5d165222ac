from pathlib import Path

import pytest

from timbrescope.core.errors import MendError
from timbrescope.core.side_tables import read_side_table, side_table, write_side_table


def test_paths_count_from_the_table_and_without_rows_there_is_none(tmp_path: Path) -> None:
    table = side_table(tmp_path, "said.csv")
    rows = [(tmp_path / "a" / "b.wav", ("yes",)), (tmp_path.parent / "c.wav", ("no",))]
    write_side_table(table, ("path", "said"), rows, MendError)
    assert read_side_table(table, MendError) == f"path,said\na/b.wav,yes\n{tmp_path.parent / 'c.wav'},no\n"
    write_side_table(table, ("path", "said"), [], MendError)
    assert not table.exists()
    assert read_side_table(table, MendError) is None


def test_what_cannot_be_read_is_told_as_the_caller_wants(tmp_path: Path) -> None:
    table = side_table(tmp_path / "labels.csv", "said.csv")
    assert table.name == "labels.said.csv"
    table.write_bytes(b"\xff")
    with pytest.raises(MendError, match=r"labels\.said\.csv cannot be read"):
        read_side_table(table, MendError)
