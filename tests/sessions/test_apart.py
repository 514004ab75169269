"""A call in a process of its own: its answer, its progress, its mistakes, and what stops it."""

import apart_work as work
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.sessions import apart
from cisterna.sessions.apart import Apart, apart_or_none


def test_answer_and_progress_come_back():
    told = []
    child = Apart(work.ready, work.twice, 21)
    child.go(lambda *now: told.append(now), 0.5)
    assert child.result() == 42.5
    assert told == [(0.0, 21), (0.5, 21), (1.0, 21)]


@pytest.mark.parametrize(
    ("prepare", "finish", "kind", "words"),
    [
        (work.ready, work.mistaken, CisternaError, "did you mean 'heel'"),
        (work.with_mistake, work.twice, CisternaError, "no rest"),
        (work.ready, work.faulty, RuntimeError, "ZeroDivisionError: one of ours"),
    ],
)
def test_mistakes_of_the_child_are_raised_here(prepare, finish, kind, words):
    child = Apart(prepare, finish, 1)
    child.go(lambda *now: None)
    with pytest.raises(kind) as caught:
        child.result()
    assert words in str(caught.value)


def test_a_listener_that_stops_ends_the_child():
    def stop(*now):
        raise KeyboardInterrupt

    child = Apart(work.ready, work.twice, 1)
    child.go(stop)
    with pytest.raises(KeyboardInterrupt):
        child.result()


def test_nothing_is_finished_without_the_word():
    child = Apart(work.ready, work.twice, 1)
    child.close()
    with pytest.raises(CisternaError, match="without an answer"):
        child.result()


def test_what_cannot_go_to_another_process_stays_here(monkeypatch):
    assert apart_or_none(work.ready, work.twice, lambda: None) is None  # known to this test only
    monkeypatch.setattr(apart, "_several", lambda: False)
    assert apart_or_none(work.ready, work.twice, 1) is None
