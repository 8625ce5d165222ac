"""The reader against bundles that the test writes itself, whole, damaged and malicious."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from timbrescope.core.errors import ModelError
from timbrescope.recognition.tensorflow_bundle import read_bundle

DTYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}
VARIABLES: dict[str, NDArray[Any]] = {
    "conv2d/bias": np.arange(3, dtype=np.float32),
    "conv2d/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1) / 7,
    "conv2d_1/kernel": np.array([[1, -2]], np.int64),
    "global_step": np.array(12345, np.int32),
    "half": np.array([0.5, 65504], np.float16),
}


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def field(tag: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(tag << 3) + varint(value)
    return varint(tag << 3 | 2) + varint(len(value)) + value


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x82F63B78 * (crc & 1)
    return crc ^ 0xFFFFFFFF


def block(entries: Mapping[bytes, bytes]) -> bytes:
    """Write a block whose keys share their starts, with its compression mark and masked checksum."""
    content, last = b"", b""
    for key, value in entries.items():
        shared = 0
        while shared < min(len(key), len(last)) and key[shared] == last[shared]:
            shared += 1
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    content += (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + b"\0"
    crc = crc32c(content)
    return content + (((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")


def table(entries: Mapping[bytes, bytes], per_block: int = 3) -> bytes:
    items = list(entries.items())
    content, pointers = b"", {}
    for start in range(0, len(items), per_block):
        part = block(dict(items[start : start + per_block]))
        pointers[items[min(start + per_block, len(items)) - 1][0]] = varint(len(content)) + varint(len(part) - 5)
        content += part
    meta, index = block({}), block(pointers)
    footer = varint(len(content)) + varint(len(meta) - 5) + varint(len(content + meta)) + varint(len(index) - 5)
    return content + meta + index + footer.ljust(40, b"\0") + (0xDB4775248B80FB57).to_bytes(8, "little")


def entry(dtype: int, shape: tuple[int, ...], offset: int, size: int, shard: int = 0) -> bytes:
    dimensions = b"".join(field(2, field(1, length)) for length in shape)
    return field(1, dtype) + field(2, dimensions) + field(3, shard) + field(4, offset) + field(5, size)


HEADER = field(1, 1) + field(3, field(1, 1))


def write(prefix: Path, entries: Mapping[str, bytes], data: bytes) -> Path:
    named = {name.encode(): value for name, value in sorted(entries.items())}
    prefix.parent.mkdir(exist_ok=True)
    Path(f"{prefix}.index").write_bytes(table({b"": HEADER, **named}))
    Path(f"{prefix}.data-00000-of-00001").write_bytes(data)
    return prefix


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    entries, data = {"words": entry(7, (1,), 0, 0)}, b""
    for name, values in VARIABLES.items():
        entries[name] = entry(DTYPES[values.dtype.name], values.shape, len(data), values.nbytes)
        data += values.tobytes()
    return write(tmp_path_factory.mktemp("bundle") / "model.ckpt-7", entries, data)


def same(found: Mapping[str, NDArray[Any]]) -> bool:
    return found.keys() == VARIABLES.keys() and all(
        np.array_equal(found[name], values) and found[name].dtype == values.dtype for name, values in VARIABLES.items()
    )


def test_numeric_variables_come_back(bundle: Path) -> None:
    assert same(read_bundle(bundle))


def test_a_folder_is_a_prefix_without_a_name(bundle: Path, tmp_path: Path) -> None:
    for suffix in (".index", ".data-00000-of-00001"):
        (tmp_path / suffix).write_bytes(Path(f"{bundle}{suffix}").read_bytes())
    assert same(read_bundle(tmp_path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(where=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_changed_index_is_an_error_or_changes_nothing(bundle: Path, tmp_path: Path, where: int, flip: int) -> None:
    index = bytearray(Path(f"{bundle}.index").read_bytes())
    index[where % len(index)] ^= flip
    (tmp_path / ".index").write_bytes(index)
    (tmp_path / ".data-00000-of-00001").write_bytes(Path(f"{bundle}.data-00000-of-00001").read_bytes())
    try:
        assert same(read_bundle(tmp_path))
    except ModelError as error:
        assert str(error).endswith("; fetch it again.")  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_a_cut_file_is_an_error(bundle: Path, tmp_path: Path, suffix: str, kept: int) -> None:
    for each in (".index", ".data-00000-of-00001"):
        content = Path(f"{bundle}{each}").read_bytes()
        (tmp_path / each).write_bytes(content[:kept] if each == suffix else content)
    with pytest.raises(ModelError, match="damaged"):
        read_bundle(tmp_path)


@pytest.mark.parametrize("suffix", [".index", ".data-00000-of-00001"])
def test_a_missing_file_is_named(bundle: Path, tmp_path: Path, suffix: str) -> None:
    for each in {".index", ".data-00000-of-00001"} - {suffix}:
        (tmp_path / each).write_bytes(Path(f"{bundle}{each}").read_bytes())
    with pytest.raises(ModelError, match=suffix):
        read_bundle(tmp_path)


@pytest.mark.parametrize(
    "lie",
    [
        entry(1, (4,), 0, 16),  # longer than the data
        entry(1, (3,), 4, 12),  # runs over its end
        entry(1, (2**40,), 0, 2**42),  # more than any memory
        entry(1, (2**62, 4), 0, 0),  # overflows 64 bits
        entry(1, (0, 2**64 - 1), 0, 0),  # a negative dimension
        entry(1, (1,) * 100, 0, 4),  # more dimensions than NumPy has
        entry(1, (2,), 0, 12),  # shape and size disagree
        entry(1, (3,), 0, 12, shard=1),
        entry(1, (3,), 0, 12) + field(7, b""),  # a slice of a partitioned variable
        field(1, 1) + field(2, 5),  # a number where the shape belongs
        field(1, b"x"),
        b"\xff" * 12,  # a number without end
        b"\x0a\x7f",  # a length beyond the entry
    ],
)
def test_lies_in_an_entry_are_errors(tmp_path: Path, lie: bytes) -> None:
    with pytest.raises(ModelError, match="damaged"):
        read_bundle(write(tmp_path / "lie", {"v": lie}, bytes(12)))


def test_another_kind_of_bundle_is_refused(tmp_path: Path) -> None:
    for header in (field(1, 2), field(1, 1) + field(2, 1)):
        write(tmp_path / "odd", {}, b"")
        (tmp_path / "odd.index").write_bytes(table({b"": header}))
        with pytest.raises(ModelError, match="shards"):
            read_bundle(tmp_path / "odd")


def test_names_cannot_fill_the_memory(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="damaged"):
        read_bundle(write(tmp_path / "long", {"n" * 1000: entry(1, (3,), 0, 12)}, bytes(12)))
    write(tmp_path / "large", {}, b"")
    with (tmp_path / "large.index").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(ModelError, match="too large"):
        read_bundle(tmp_path / "large")


def test_a_block_cannot_be_read_over_and_over(tmp_path: Path) -> None:
    data = block({b"": HEADER})
    meta = block({})
    index = block({bytes([number]): varint(0) + varint(len(data) - 5) for number in range(3)})
    footer = varint(len(data)) + varint(len(meta) - 5) + varint(len(data + meta)) + varint(len(index) - 5)
    write(tmp_path / "loop", {}, b"")
    (tmp_path / "loop.index").write_bytes(
        data + meta + index + footer.ljust(40, b"\0") + (0xDB4775248B80FB57).to_bytes(8, "little")
    )
    with pytest.raises(ModelError, match="order"):
        read_bundle(tmp_path / "loop")
