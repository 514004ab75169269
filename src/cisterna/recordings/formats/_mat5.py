"""MATLAB 5 to 7 files: their structure is walked within bounds before SciPy decodes them."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import LARGEST, guard_size

MATRIX, COMPRESSED = 14, 15
#: Classes of MATLAB arrays that are read: struct, char, and the numbers from double to uint64.
STRUCT, CHAR, NUMBERS = 2, 4, range(6, 16)
#: A struct in a struct in a struct is no recording; the decoder's own recursion must stay short.
DEEPEST = 4
MOST_VARIABLES = 2000
_HEAD = 65536


def read_mat5(path: Path, notes: list[str]) -> dict[str, Any]:
    """Variables by name: arrays of numbers, lists of texts, mappings for structs of one element.

    Raises
    ------
    CisternaError
        Damaged, too large unpacked, or nested too deep.
    """
    from scipy.io import loadmat

    wanted = _walk(path, notes)
    if not wanted:
        return {}
    raw = loadmat(str(path), variable_names=wanted, squeeze_me=False, chars_as_strings=True)
    tree = {name: _plain(raw[name]) for name in wanted if name in raw}
    return {name: value for name, value in tree.items() if value is not None}


def _walk(path: Path, notes: list[str]) -> list[str]:
    """Names of the variables that can be signals, every length in the file checked on the way."""
    size, total = path.stat().st_size, 0
    names: list[str] = []
    with path.open("rb") as stream:
        order = "<" if stream.read(128)[126:128] == b"IM" else ">"
        at = 128
        for count in range(MOST_VARIABLES + 1):
            if at + 8 > size:
                break
            if count == MOST_VARIABLES:
                raise CisternaError("the file holds too many variables", str(path), f"more than {count}")
            stream.seek(at)
            kind, length = struct.unpack(f"{order}II", stream.read(8))
            if kind not in (MATRIX, COMPRESSED) or at + 8 + length > size:
                found = f"{length} bytes announced, {size - at - 8} there"
                mend = "copy it again from its source"
                raise CisternaError("the MATLAB file is damaged or cut short", str(path), found, mend)
            body = stream.read(min(length, _HEAD) if kind == MATRIX else length)
            if kind == COMPRESSED:
                head = zlib.decompressobj().decompress(body, _HEAD)
                if len(head) < 8:
                    raise CisternaError("the MATLAB file is damaged", str(path), "an empty packed variable")
                inner, unpacked = struct.unpack(f"{order}II", head[:8])
                if inner != MATRIX:
                    raise CisternaError("the MATLAB file is damaged", str(path), f"type {inner} packed as variable")
            else:
                head, unpacked = struct.pack(f"{order}II", kind, length) + body, length
            name, cls, shape = _variable(head, order, path)
            # Small integers grow when they become floats; the decoder holds the packed bytes beside.
            total += max(unpacked, 8 * math.prod(shape))
            guard_size(total, path, "the unpacked file")
            if cls in NUMBERS or cls == CHAR:
                names.append(name)
            elif cls == STRUCT and shape == (1, 1):
                if kind == COMPRESSED:
                    whole = zlib.decompressobj().decompress(body, unpacked + 8)
                else:
                    stream.seek(at)
                    whole = stream.read(length + 8)
                _depth(whole[8:], order, 0, path)
                names.append(name)
            elif name:
                notes.append(f"variable '{name}' is neither numbers nor text: left out")
            at += 8 + length
    return names


def _variable(head: bytes, order: str, path: Path) -> tuple[str, int, tuple[int, ...]]:
    """Name, class and shape of a variable from the start of its element."""
    flags, at = _element(head, 8, order, path)
    dims, at = _element(head, at, order, path)
    name, _ = _element(head, at, order, path)
    cls = struct.unpack(f"{order}I", flags[:4])[0] & 0xFF if len(flags) >= 4 else 0
    shape = struct.unpack(f"{order}{len(dims) // 4}i", dims[: len(dims) // 4 * 4])
    if min(shape, default=0) < 0 or math.prod(shape) > LARGEST // 8:
        raise CisternaError("a variable is larger than 2 GiB", str(path), " x ".join(str(n) for n in shape))
    return name.decode("latin-1"), cls, tuple(shape)


def _element(data: bytes, at: int, order: str, path: Path) -> tuple[bytes, int]:
    """The bytes of the element at a place, and the place behind it."""
    if at + 8 > len(data):
        raise CisternaError("the MATLAB file is damaged or cut short", str(path))
    kind, length = struct.unpack_from(f"{order}II", data, at)
    if kind >> 16:  # small element: length and data in the tag itself
        return data[at + 4 : at + 4 + min(kind >> 16, 4)], at + 8
    return data[at + 8 : at + 8 + length], at + 8 + (length + 7) // 8 * 8


def _depth(data: bytes, order: str, depth: int, path: Path) -> None:
    """Refuse elements nested too deep or longer than what holds them."""
    if depth > DEEPEST:
        raise CisternaError("the variables are nested too deep", str(path), mend="save the signals as plain vectors")
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:
            at += 8
            continue
        if at + 8 + length > len(data):
            raise CisternaError("the MATLAB file is damaged or cut short", str(path))
        if kind == MATRIX:
            _depth(data[at + 8 : at + 8 + length], order, depth + 1, path)
        at += 8 + (length + 7) // 8 * 8


def _plain(value: Any) -> Any:
    """A decoded variable as array, list of texts, or mapping; None for anything else."""
    array = np.asarray(value)
    if array.dtype.names:
        if array.size != 1:
            return None
        row = array.ravel()[0]
        fields = {name: _plain(row[name]) for name in array.dtype.names}
        return {name: part for name, part in fields.items() if part is not None and not isinstance(part, Mapping)}
    if array.dtype.kind == "U":
        return [str(text).strip() for text in array.ravel()]
    return array if array.dtype.kind in "fiub" else None
