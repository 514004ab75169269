"""Two hundred damaged variants of every format: an error of ours or a valid Recording, quickly, and nothing else.

``CISTERNA_DAMAGED_FILES=10000 python -m pytest tests/recordings/test_damage.py`` tries as many of each format.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import recording_samples as samples

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, check, load, stream

VARIANTS = int(os.environ.get("CISTERNA_DAMAGED_FILES", "200"))
SEED = 20240301
#: Most processor time one damaged file may take, this process and its workers together, s.
PATIENCE = 2.0
#: Every so many variants are also read in pieces, and most memory all of them may take (MiB).
STREAMED, ROOM = 4, 1500
_TOKENS = [b"NaN", b"1e308", b"-1", b"0", b"99999999999", b"inf", b"", b"\xff\xfe", b"x" * 300, b"1e-320", b"../../x"]


def damage(data: bytes, rng: np.random.Generator, strangers: list[bytes]) -> bytes:
    """One damaged variant of a file."""
    how = rng.integers(8)
    at = int(rng.integers(len(data)))
    if how == 0:
        return data[:at]
    if how == 1:  # random bytes over random places
        broken = bytearray(data)
        for k in rng.integers(len(data), size=int(rng.integers(1, 40))):
            broken[k] = int(rng.integers(256))
        return bytes(broken)
    if how == 2:  # damage near the head, where the structure is
        broken = bytearray(data)
        for k in rng.integers(min(len(data), 200), size=int(rng.integers(1, 8))):
            broken[k] = int(rng.choice([0, 255, 127, int(rng.integers(256))]))
        return bytes(broken)
    if how == 3:
        return data[:at] + rng.bytes(int(rng.integers(1, 400))) + data[at:]
    if how == 4:  # another word in place of a number or a name
        words = list(re.finditer(rb"[\w.+-]+", data[:4000]))
        word = words[int(rng.integers(len(words)))]
        token = _TOKENS[int(rng.integers(len(_TOKENS)))]
        return data[: word.start()] + token + data[word.end() :]
    if how == 5:
        return data[:at] + b"\x00" * int(rng.integers(1, 2000)) + data[at + 100 :]
    if how == 6:
        return strangers[int(rng.integers(len(strangers)))]
    return b"" if at % 7 == 0 else data + data[: at or 1]


def assert_valid(rec: Recording) -> None:
    """What every Recording promises, whatever the file was."""
    assert rec.signals
    for name in rec.signals:
        values, times = rec.values(name), rec.time(name)
        assert values.dtype == np.float64 and values.shape[0] == times.shape[0]
        assert not np.isinf(values).any(), "an infinite number passed silently"
        assert np.all(np.diff(times) > 0) and np.isfinite(times).all()
        assert rec[name].attrs["level_ref"] and rec[name].attrs["origin"] in ("measured", "simulated")
    check(rec)


def _peak() -> float:
    """Most memory this process has had, MiB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)


@pytest.mark.parametrize("form", samples.WRITERS)
def test_damaged_files_are_refused_or_valid(form: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(SEED)
    goods = []
    for k, write in enumerate(samples.WRITERS[form]):
        (tmp_path / f"good{k}").mkdir()
        goods.append(write(tmp_path / f"good{k}"))
        assert_valid(load(goods[-1]))
    strangers = [
        b"",
        b"PK\x03\x04" + rng.bytes(200),
        b"\x89HDF\r\n\x1a\n" + rng.bytes(300),
        b"{}",
        b"\x1f\x8b" + rng.bytes(60),
    ]
    refused, before_all = 0, _peak()
    for variant in range(VARIANTS):
        good, folder = goods[variant % len(goods)], tmp_path / "bad"
        targets = sorted(good.parent.iterdir())
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good.parent, folder)
        # The side-car and the signal files of a record are damaged in their turn.
        target = folder / targets[variant // len(goods) % len(targets)].name
        target.write_bytes(damage(target.read_bytes(), rng, strangers))
        before = {f.name: f.stat().st_size for f in folder.iterdir()}
        begin = sum(os.times()[:4])
        try:
            assert_valid(load(folder / good.name))
        except CisternaError as error:
            refused += 1
            assert error.what and error.where, f"variant {variant}: the error does not say where"
        if variant % STREAMED == 0:
            try:
                for part in islice(stream(folder / good.name, seconds=1.0), 20):
                    assert_valid(part)
            except CisternaError as error:
                assert error.what and error.where, f"variant {variant}: the error does not say where"
        took = sum(os.times()[:4]) - begin
        assert took < PATIENCE, f"variant {variant} took {took:.1f} s"
        assert before == {f.name: f.stat().st_size for f in folder.iterdir()}, "reading wrote something"
    assert _peak() - before_all < ROOM, "a damaged file took much memory"
    assert refused > VARIANTS // 10, "the damage does no harm: the test tests nothing"
