"""A damaged study folder is told as such: never a traceback, never a silent analysis of a changed allocation."""

import numpy as np
from study_made import made

from cisterna.ground.errors import CisternaError
from cisterna.sessions.study import Plan, open_study
from cisterna.sessions.study.analyse import agreement

_BITS = [b"\n", b",", b'"', b"\r", b"=", b"[", b"-9999999999", b"nan", b"\x00", b"1e999"]


def test_two_hundred_damaged_files_give_an_error_or_an_answer(tmp_path):
    folder = tmp_path / "s"
    whole = made(folder, Plan(("A", "B"), 3, seconds=60.0, repeats=1, seed=1), lambda h: 8.0, flashes=[0.5, 3.0])
    names = ["study.toml", "allocation.csv", "A/examiner.toml", "A/holds.csv", "A/marks/all.csv"]
    rng = np.random.default_rng(6)
    told = 0
    for k in range(200):
        file = folder / names[k % len(names)]
        before = file.read_bytes()
        damaged = bytearray(before)
        for _ in range(rng.integers(1, 5)):
            at = int(rng.integers(len(damaged) + 1))
            if rng.random() < 0.3:
                del damaged[at : at + int(rng.integers(1, 40))]
            else:
                damaged[at:at] = _BITS[rng.integers(len(_BITS))] if rng.random() < 0.6 else rng.bytes(3)
        file.write_bytes(bytes(damaged))
        try:
            study = open_study(folder)
            agreement(study)
            study.desk("A").open()
            assert study.holds == whole.holds
        except CisternaError as error:
            told += 1
            assert error.what
        file.write_bytes(before)
    assert told > 100
    assert len(agreement(open_study(folder)).holds) == len(whole.holds)
