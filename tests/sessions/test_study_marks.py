"""Marks: what the keys do, what is on disk at any moment, and what is read back."""

import os
import pty
import subprocess
import sys
import time

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.sessions.study import Marking, Plan, Task, create, open_desk, read_presses, read_sitting
from cisterna.sessions.study.marks import COLUMNS, Writer

S = 10**9


def run(presses, tasks=2, seconds=60.0, questions=("felt",)):
    rows = []
    marking = Marking([Task(f"K{k}", "head") for k in range(tasks)], seconds, questions, lambda *r: rows.append(r))
    for at, key in presses:
        marking.press(key, round(at * S))
    return marking, rows


def test_a_hold_ends_at_its_time_and_later_keys_are_no_marks():
    marking, rows = run([(0, "\r"), (5, " "), (30, " "), (59.9, " "), (61, " "), (62, "y")])
    assert [(r[0] / S, r[1]) for r in rows] == [
        (0, "begin"), (5, "mark"), (30, "mark"), (59.9, "mark"), (60.0, "end"), (62, "answer"),
    ]  # fmt: skip
    assert rows[-1][3] == "felt=yes" and marking.state == "ready" and marking.task.hold == "K1"


def test_a_held_down_key_is_one_mark():
    _, rows = run([(0, "\r"), *((5 + 0.03 * k, " ") for k in range(20)), (9, " ")])
    assert [r[0] / S for r in rows if r[1] == "mark"] == [5, 9]


def test_a_broken_hold_is_done_again_and_a_flash_counts_everywhere():
    marking, rows = run([(0, "f"), (1, "\r"), (2, "f"), (3, "q"), (4, "\r"), (65, "-"), (66, "q")])
    assert [r[1:3] for r in rows] == [
        ("flash", ""), ("begin", "K0"), ("flash", "K0"), ("broken", "K0"), ("begin", "K0"), ("end", "K0"),
        ("leave", ""),
    ]  # fmt: skip
    assert marking.state == "over"


def _write(path, rows):
    writer = Writer(path)
    for row in rows:
        writer(*row)
    return writer


ROWS = [
    (1 * S, "session", "", "2026-01-01T00:00:00.000Z"), (2 * S, "begin", "K0", "60"), (5 * S, "mark", "K0"),
    (9 * S, "mark", "K0"), (10 * S, "flash", "K0"), (62 * S, "end", "K0", "time"), (63 * S, "answer", "K0", "felt=no"),
]  # fmt: skip


def test_each_row_is_on_disk_before_the_next_key(tmp_path):
    path = tmp_path / "a.csv"
    writer = Writer(path)
    for k, row in enumerate(ROWS, 1):
        writer(*row)
        assert len(path.read_text().splitlines()) == k + 1
    writer.close()
    sitting = read_sitting(path)
    (hold,) = sitting.holds
    assert hold.times.tolist() == [5.0, 9.0] and hold.begin == 2.0 and hold.seconds == pytest.approx(60.0)
    assert hold.answers == {"felt": False} and hold.whole and sitting.flashes.tolist() == [10.0]


def test_a_file_cut_anywhere_loses_at_most_the_torn_row(tmp_path):
    path = tmp_path / "a.csv"
    _write(path, ROWS).close()
    text = path.read_bytes()
    for size in range(text.index(b"\n") + 1, len(text) + 1):
        part = tmp_path / "part.csv"
        part.write_bytes(text[:size])
        sitting = read_sitting(part)
        rows = text[:size].count(b"\n") - 1
        marks = sum(row[1] == "mark" for row in ROWS[:rows])
        assert sum(hold.times.size for hold in sitting.holds) == marks
        assert all(hold.whole == (rows >= 6) for hold in sitting.holds)


def test_a_killed_program_keeps_every_mark(tmp_path):
    code = f"""
import os, signal
from pathlib import Path
from cisterna.sessions.study.marks import Writer
writer = Writer(Path({str(tmp_path / "a.csv")!r}))
writer(0, "session"); writer(1, "begin", "K0", "60")
for k in range(2, 40):
    writer(k, "mark", "K0")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    (hold,) = read_sitting(tmp_path / "a.csv").holds
    assert hold.times.size == 38 and not hold.whole


@pytest.mark.parametrize(
    "text",
    [
        "", "clock_ns,hold\n", "a\n1,2\n", ",".join(COLUMNS) + "\nx,K0,mark,\n", ",".join(COLUMNS) + "\n5,K0,mark,\n",
        ",".join(COLUMNS) + "\n5,K0,begin,60\n4,K0,mark,\n", ",".join(COLUMNS) + "\n5,K0,begin,60\n6,K1,mark,\n",
        ",".join(COLUMNS) + "\n5,K0,answer,felt=yes\n", ",".join(COLUMNS) + "\n5,K0,dance,\n",
        ",".join(COLUMNS) + "\n99999999999999999999999,K0,flash,\n",
    ],
)  # fmt: skip
def test_a_damaged_file_is_told_with_its_line(tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(CisternaError, match=".") as told:
        read_sitting(path)
    assert str(path) in told.value.where


@pytest.mark.parametrize("text", ["", "time,key\n", "time_s,key\n1\n", "time_s,key\n1,jump\n", "time_s,key\nnan,f\n",
                                  "time_s,key\n2,f\n1,f\n", "time_s,key\n1e30,f\n"])  # fmt: skip
def test_key_presses_that_cannot_be_read_are_refused(text):
    with pytest.raises(CisternaError):
        read_presses(text, "keys.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_keys_of_a_terminal_are_stamped_within_20_ms(tmp_path):
    """A program types into a terminal at known times of the same clock; the marks carry those times."""
    create(tmp_path / "s", Plan(("A", "B"), 2, seconds=20.0, questions=(), seed=1))
    parent, child = pty.openpty()
    words = [sys.executable, "-m", "cisterna.outside.cli", "study", "mark", str(tmp_path / "s" / "A")]
    program = subprocess.Popen(words, stdin=child, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        desk = open_desk(tmp_path / "s" / "A")
        end = time.monotonic() + 30
        while not (found := list(desk.marks.glob("*.csv"))) or not found[0].stat().st_size:
            assert program.poll() is None and time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.2)
        typed = []
        for key in ["\r", *[" "] * 12, "f", "q", "q"]:
            time.sleep(0.17)
            typed.append((time.perf_counter_ns() * 1e-9, key))
            os.write(parent, key.encode())
        program.wait(timeout=20)
    finally:
        program.kill()
        os.close(parent)
        os.close(child)
    assert program.returncode == 0
    sitting = read_sitting(found[0])
    (hold,) = sitting.holds
    late = hold.times - [at for at, key in typed if key == " "]
    print(f"key to stamp: median {1e3 * np.median(late):.2f} ms, largest {1e3 * late.max():.2f} ms")
    assert hold.times.size == 12 and sitting.flashes.size == 1 and not hold.whole
    # What is the same for every key falls out with the sync events, which are typed on the same keys.
    assert np.abs(late - np.median(late)).max() < 0.020 or np.quantile(late, 0.8) < 0.020
