"""Read the weights in a TensorFlow checkpoint (V2 bundle) without TensorFlow.

A bundle is an index, which is a LevelDB table from variable names to protocol buffers (``tensor_bundle.proto``), and
one file of raw little-endian tensors. Tables end in a footer that points to a block of pointers to blocks of entries.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from timbrescope.core.errors import ModelError

_TABLE_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # bytes: two block handles, padding, magic
_BLOCK_TRAILER = 5  # bytes: compression, checksum
# Bounds for files that were made to fill the memory: real ones need some hundred bytes a variable.
_LARGEST_INDEX = 1 << 20  # bytes
_LARGEST_DATA = 1 << 31  # bytes
_LONGEST_NAME = 256  # bytes

# tensorflow/core/framework/types.proto
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?", 19: "<f2"}

Fields = dict[int, list[int | bytes]]


def read_bundle(prefix: Path) -> dict[str, NDArray[Any]]:
    """Return the variables of a checkpoint by name, optimiser slots included; variables of strings are left out.

    The index is checked against its checksums. The tensors are read-only and bounded by the size of the file.

    Args:
        prefix: path of the files without ``.index`` and ``.data-00000-of-00001``; a folder stands for a prefix that
            ends in a slash.

    Raises:
        ModelError: a file is missing or damaged, or the checkpoint has several shards.
    """
    name = "" if prefix.is_dir() else prefix.name
    folder = prefix if prefix.is_dir() else prefix.parent
    index = _read(folder / f"{name}.index", _LARGEST_INDEX)
    data = _read(folder / f"{name}.data-00000-of-00001", _LARGEST_DATA)
    try:
        return dict(_variables(index, data))
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelError(f"The TensorFlow checkpoint {prefix} is damaged ({error}); fetch it again.") from error


def _read(path: Path, limit: int) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise ModelError(f"{path} is too large for a TensorFlow checkpoint; check that it is the right file.")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); check that the checkpoint is complete.") from error


def _variables(index: bytes, data: bytes) -> Iterator[tuple[str, NDArray[Any]]]:
    entries = _table(index)
    name, header = next(entries, (None, b""))
    if name != b"":
        raise ValueError("its header is missing")
    if _number(_fields(header), 1) != 1 or _number(_fields(header), 2) != 0:
        raise ValueError("it has several shards or big-endian numbers")
    for key, value in entries:
        entry = _fields(value)
        if _number(entry, 1) in _DTYPES:
            yield key.decode(), _tensor(entry, data)


def _table(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a LevelDB table in order."""
    if len(table) < _FOOTER or int.from_bytes(table[-8:], "little") != _TABLE_MAGIC:
        raise ValueError("its index is cut off or of another kind")
    footer = table[-_FOOTER:]
    _, position = _handle(footer, 0)  # of the meta index, which bundles do not use
    blocks, _ = _handle(footer, position)
    last: bytes | None = None
    for _, pointer in _block(table, *blocks):
        for key, value in _block(table, *_handle(pointer, 0)[0]):
            if last is not None and key <= last:
                raise ValueError("its names are out of order")
            last = key
            yield key, value


def _handle(buffer: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = _varint(buffer, position)
    size, position = _varint(buffer, position)
    return (offset, size), position


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the entries of a block; each key names how much of its start it shares with the one before."""
    end = offset + size
    if size < 4 or end + _BLOCK_TRAILER > len(table):
        raise ValueError("a block lies outside the index")
    if table[end] != 0:
        raise ValueError("its index is compressed")
    if _masked_crc32c(table[offset : end + 1]) != int.from_bytes(table[end + 1 : end + _BLOCK_TRAILER], "little"):
        raise ValueError("a checksum in the index is wrong")
    restarts = int.from_bytes(table[end - 4 : end], "little")
    end -= 4 * (restarts + 1)
    key, position = b"", offset
    while position < end:
        shared, position = _varint(table, position)
        unshared, position = _varint(table, position)
        length, position = _varint(table, position)
        if position + unshared + length > end or shared > len(key) or shared + unshared > _LONGEST_NAME:
            raise ValueError("an entry runs over its block")
        key = key[:shared] + table[position : position + unshared]
        position += unshared
        yield key, table[position : position + length]
        position += length


def _tensor(entry: Fields, data: bytes) -> NDArray[Any]:
    dimensions = _fields(_message(entry, 2)).get(2, [])
    shape = [_number(_fields(dimension), 1) for dimension in dimensions if isinstance(dimension, bytes)]
    dtype = np.dtype(_DTYPES[_number(entry, 1)])
    offset, size = _number(entry, 4), _number(entry, 5)
    if 7 in entry or _number(entry, 3) != 0:
        raise ValueError("a variable is partitioned")
    if math.prod(shape) * dtype.itemsize != size or offset + size > len(data):
        raise ValueError("a variable runs over the end of the data")
    return np.frombuffer(data, dtype, math.prod(shape), offset).reshape(shape)


def _fields(message: bytes) -> Fields:
    """Return the fields of a protocol buffer by number: integers, or bytes for strings and nested messages."""
    fields: Fields = {}
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        value: int | bytes
        if tag & 7 == 0:
            value, position = _varint(message, position)
        else:
            if tag & 7 == 2:
                length, position = _varint(message, position)
            elif tag & 7 in (1, 5):
                length = 8 if tag & 7 == 1 else 4
            else:
                raise ValueError("an entry is of an unknown kind")
            if position + length > len(message):
                raise ValueError("an entry is cut off")
            value = message[position : position + length]
            position += length
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def _number(fields: Fields, tag: int) -> int:
    match fields.get(tag, [0])[-1]:
        case int(value):
            return value
        case _:
            raise ValueError("a number is missing")


def _message(fields: Fields, tag: int) -> bytes:
    match fields.get(tag, [b""])[-1]:
        case bytes(value):
            return value
        case _:
            raise ValueError("a shape is missing")


def _varint(buffer: bytes, position: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, and the position after it."""
    value = 0
    for shift in range(0, 64, 7):
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number is too long")


def _crc32c_table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


_CRC32C = _crc32c_table()


def _masked_crc32c(block: bytes) -> int:
    """Return the Castagnoli checksum in the disguise in which LevelDB stores it."""
    crc = 0xFFFFFFFF
    for byte in block:
        crc = crc >> 8 ^ _CRC32C[crc & 0xFF ^ byte]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
