"""Files that are written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replaced_when_done(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path`` that takes its place at the end, unless an error ends the work.

    Raises:
        OSError: the folder does not exist or cannot be written, or the disk is full; ``path`` is as it was.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o666 & ~_umask())  # mkstemp's files are for the owner alone
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def edited_when_done(path: Path) -> Iterator[Path]:
    """Copy a file to a temporary one beside it, to be changed there, that takes its place at the end.

    An error that ends the work leaves the file as it was. It keeps its permissions and, where the system allows it, its
    owner; a symbolic link goes on pointing at it.

    Raises:
        OSError: the folder cannot be written, or the disk is full; ``path`` is as it was.
    """
    original = path.resolve()
    # Not named after the file, whose name may have the greatest length already.
    descriptor, name = tempfile.mkstemp(dir=original.parent, prefix=".timbrescope-", suffix=".part")
    os.close(descriptor)
    part = Path(name)
    try:
        shutil.copyfile(original, part)
        if hasattr(os, "chown"):
            with suppress(PermissionError):
                os.chown(part, original.stat().st_uid, original.stat().st_gid)
        shutil.copystat(original, part)
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(original)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
