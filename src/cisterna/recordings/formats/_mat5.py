"""MATLAB 5 to 7 files: numbers, texts and plain structs, every length checked before it is believed.

SciPy reads these files too, but a damaged one can end the whole process in its compiled part; this reader is held
against it in the tests. Format: MathWorks, MAT-File Level 5 File Format.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import LARGEST, guard_size

MATRIX, COMPRESSED = 14, 15
#: Classes of MATLAB arrays that are read: struct, char, and the numbers from double to uint64.
STRUCT, CHAR, NUMBERS = 2, 4, range(6, 16)
#: A struct in a struct in a struct is no recording.
DEEPEST = 3
MOST_VARIABLES = 2000
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
_COMPLEX = 0x800
Order = Literal["<", ">"]


class _Element(NamedTuple):
    """One element of the file: its type, its bytes, and the place behind it."""

    kind: int
    data: memoryview
    end: int


def read_mat5(path: Path, notes: list[str]) -> dict[str, Any]:
    """Variables by name: arrays of numbers, lists of texts, mappings for structs of one element.

    Raises
    ------
    CisternaError
        Damaged, too large unpacked, or nested too deep.
    """
    size, total, at = path.stat().st_size, 0, 128
    tree: dict[str, Any] = {}
    with path.open("rb") as stream:
        order: Order = "<" if stream.read(128)[126:128] == b"IM" else ">"
        while at + 8 <= size:
            if len(tree) > MOST_VARIABLES:
                raise CisternaError("the file holds too many variables", str(path), f"more than {MOST_VARIABLES}")
            stream.seek(at)
            kind, length = struct.unpack(f"{order}II", stream.read(8))
            if kind not in (MATRIX, COMPRESSED) or at + 8 + length > size:
                found = f"{length} bytes announced, {size - at - 8} there"
                mend = "copy it again from its source"
                raise CisternaError("the MATLAB file is damaged or cut short", str(path), found, mend)
            body = stream.read(length)
            at += 8 + length
            if kind == COMPRESSED:
                body, announced = _unpacked(body, order, path)
                total += max(announced, 8 * math.prod(_head(memoryview(body), order, path)[2]))
            else:
                total += max(length, 8 * math.prod(_head(memoryview(body), order, path)[2]))
            guard_size(total, path, "the unpacked file")
            name, value = _variable(memoryview(body), order, 0, path)
            if value is not None:
                tree[name] = value
            elif name:
                notes.append(f"variable '{name}' is neither numbers nor text: left out")
    return tree


def _unpacked(body: bytes, order: Order, path: Path) -> tuple[bytes, int]:
    """A packed variable, never more of it than it announces."""
    press = zlib.decompressobj()
    tag = press.decompress(body, 8)
    kind, length = struct.unpack(f"{order}II", tag) if len(tag) == 8 else (0, 0)
    if kind != MATRIX:
        raise CisternaError("the MATLAB file is damaged", str(path), f"type {kind} packed as variable")
    guard_size(length, path, "the unpacked file")
    data = press.decompress(press.unconsumed_tail, max(length, 1))
    # The checksum stands behind the last byte: read on to have it verified.
    press.decompress(press.unconsumed_tail, 8)
    if len(data) < length or not press.eof:
        raise CisternaError("the MATLAB file is damaged or cut short", str(path), f"{len(data)} of {length} bytes")
    return data, length


def _head(data: memoryview, order: Order, path: Path) -> tuple[str, int, tuple[int, ...], int, int]:
    """Name, class, shape, flags of a variable and where its content begins."""
    flags = _element(data, 0, order, path)
    dims = _element(data, flags.end, order, path)
    name = _element(data, dims.end, order, path)
    if len(flags.data) < 4 or len(dims.data) % 4 or not dims.data:
        raise CisternaError("the MATLAB file is damaged", str(path), "a variable without class or shape")
    word = struct.unpack(f"{order}I", flags.data[:4])[0]
    shape = struct.unpack(f"{order}{len(dims.data) // 4}i", dims.data)
    if min(shape) < 0 or math.prod(shape) > LARGEST // 8:
        found = " x ".join(str(n) for n in shape[:8])
        raise CisternaError("a variable is larger than 2 GiB", str(path), found, "it is damaged, or save it in parts")
    return bytes(name.data).decode("latin-1"), word & 0xFF, shape, word, name.end


def _variable(data: memoryview, order: Order, depth: int, path: Path) -> tuple[str, Any]:
    """Name and value of a variable; None for what is neither numbers, text nor a struct of one."""
    if depth > DEEPEST:
        raise CisternaError("the variables are nested too deep", str(path), mend="save the signals as plain vectors")
    if not data:  # an empty field of a struct
        return "", None
    name, cls, shape, flags, at = _head(data, order, path)
    if cls == CHAR and 0 not in shape:
        return name, _texts(_element(data, at, order, path), shape, order, path)
    if cls in NUMBERS and not flags & _COMPLEX:
        return name, _numbers(_element(data, at, order, path), shape, order, path)
    if cls == STRUCT and set(shape) == {1}:
        return name, _fields(data, at, order, depth, path)
    return name, None


def _numbers(part: _Element, shape: tuple[int, ...], order: Order, path: Path) -> Any:
    """Numbers in the shape they have in MATLAB; small ones may be stored in fewer bytes than their class has."""
    if part.kind not in _TYPES:
        raise CisternaError("the MATLAB file is damaged", str(path), f"numbers of type {part.kind}")
    dtype = np.dtype(_TYPES[part.kind]).newbyteorder(order)
    if len(part.data) != math.prod(shape) * dtype.itemsize:
        found = f"{len(part.data)} bytes for {' x '.join(str(n) for n in shape[:8])} numbers"
        raise CisternaError("the MATLAB file is damaged", str(path), found)
    return np.frombuffer(part.data, dtype).astype(dtype.newbyteorder("=")).reshape(shape, order="F")


def _texts(part: _Element, shape: tuple[int, ...], order: Order, path: Path) -> list[str]:
    """The rows of a text array."""
    if part.kind in _TEXTS:
        suffix = "" if part.kind == 16 else ("-le" if order == "<" else "-be")
        letters = list(bytes(part.data).decode(_TEXTS[part.kind] + suffix, "replace"))
    elif part.kind in (1, 2, 4):
        codes = np.frombuffer(part.data, np.dtype(_TYPES[part.kind]).newbyteorder(order))
        letters = [chr(int(code) & 0xFFFF) for code in codes]
    else:
        raise CisternaError("the MATLAB file is damaged", str(path), f"text of type {part.kind}")
    rows = shape[0]
    if len(shape) != 2 or len(letters) != rows * shape[1]:
        return ["".join(letters).strip("\x00 ")]
    return ["".join(letters[row::rows]).strip("\x00 ") for row in range(rows)]


def _fields(data: memoryview, at: int, order: Order, depth: int, path: Path) -> dict[str, Any]:
    """The fields of a struct by name, without the structs in it."""
    length = _element(data, at, order, path)
    names = _element(data, length.end, order, path)
    width = struct.unpack(f"{order}i", length.data[:4])[0] if len(length.data) >= 4 else 0
    if not 0 < width <= 256 or len(names.data) // width > MOST_VARIABLES:
        raise CisternaError("the MATLAB file is damaged", str(path), "a struct without names")
    keys = [bytes(names.data[k : k + width]).split(b"\x00")[0] for k in range(0, len(names.data), width)]
    at, fields = names.end, {}
    for key in keys:
        part = _element(data, at, order, path)
        at = part.end
        if part.kind != MATRIX:
            raise CisternaError("the MATLAB file is damaged", str(path), "a field that is no variable")
        value = _variable(part.data, order, depth + 1, path)[1]
        if value is not None and not isinstance(value, dict):
            fields[key.decode("latin-1")] = value
    return fields


def _element(data: memoryview, at: int, order: Order, path: Path) -> _Element:
    """The element at a place; a small one keeps its length and its bytes in the tag."""
    if at + 8 > len(data):
        raise CisternaError("the MATLAB file is damaged or cut short", str(path), "a variable that ends too early")
    kind, length = struct.unpack_from(f"{order}II", data, at)
    if kind >> 16:
        return _Element(kind & 0xFFFF, data[at + 4 : at + 4 + min(kind >> 16, 4)], at + 8)
    if at + 8 + length > len(data):
        raise CisternaError("the MATLAB file is damaged or cut short", str(path), "a variable that ends too early")
    return _Element(kind, data[at + 8 : at + 8 + length], at + 8 + (length + 7) // 8 * 8)
