"""One sitting at the keys: which key does what, hold after hold. No screen, no clock: both are handed in.

The examiner is shown a code, a site, which quarter of the hold it is and that a key was taken: no seconds, no count and
no rate, for each would pace the next press.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cisterna.ground.errors import CisternaError

#: Key -> what it means. A foot switch that types a space or an Enter does as well.
MARK, FLASH, BEGIN, LEAVE = " ", "f", "\r", "q"
ANSWERS = {"y": "yes", "n": "no", "-": ""}
#: Names of keys in a file of key presses.
NAMES = {"space": MARK, "f": FLASH, "enter": BEGIN, "q": LEAVE, "y": "y", "n": "n", "-": "-"}
_NANO = 1_000_000_000
#: Shorter than any two marks of a person: the repeat of a key held down, or a switch that bounces.
_BOUNCE_NS = 150_000_000

#: Writes one event: clock (ns), event, hold, value.
Write = Callable[[int, str, str, str], None]


@dataclass(frozen=True)
class Task:
    """A hold as the examiner may see it."""

    hold: str
    site: str


class Marking:
    """The keys of one sitting.

    Parameters
    ----------
    tasks : sequence of Task
        Holds still to do, in their order.
    seconds : float
        Length of a hold.
    questions : sequence of str
        Asked after each.
    write : function
        Takes each event as it happens.

    Attributes
    ----------
    state : str
        ``ready`` (waits for the start of a hold), ``hold``, ``ask`` or ``over``.

    Examples
    --------
    >>> seen = []
    >>> marking = Marking([Task("K7QF", "head")], 60.0, [], lambda *row: seen.append(row))
    >>> for second, key in ((0, BEGIN), (4, MARK), (10, MARK)):
    ...     _ = marking.press(key, second * 10**9)
    >>> marking.tick(61 * 10**9)
    >>> [row[1] for row in seen], marking.state
    (['begin', 'mark', 'mark', 'end'], 'over')
    """

    def __init__(self, tasks: Sequence[Task], seconds: float, questions: Sequence[str], write: Write) -> None:
        self.tasks, self.seconds, self.questions, self.write = list(tasks), seconds, list(questions), write
        self.state = "ready" if self.tasks else "over"
        self.began = self._pressed = -(2**63)
        self._asked = 0

    @property
    def task(self) -> Task:
        """The hold at hand."""
        return self.tasks[0]

    @property
    def question(self) -> str:
        """What is asked now."""
        return self.questions[self._asked]

    def left(self, now: int) -> float:
        """Seconds left of the hold."""
        return max(self.seconds - (now - self.began) / _NANO, 0.0)

    def tick(self, now: int) -> None:
        """Time passes: a hold whose time is up ends at that very time."""
        if self.state == "hold" and now - self.began >= self.seconds * _NANO:
            self.write(self.began + round(self.seconds * _NANO), "end", self.task.hold, "time")
            self._asked = 0
            self.state = "ask" if self.questions else self._next()

    def press(self, key: str, now: int) -> str:
        """A key at a time (ns); says what it did: an event, or "" if it means nothing here."""
        self.tick(now)
        key = {"\n": BEGIN, "s": BEGIN, "F": FLASH, "Q": LEAVE}.get(key, key)
        if self.state == "over":
            return ""
        if key == FLASH:
            self.write(now, "flash", self.task.hold if self.state == "hold" else "", "")
            return "flash"
        if self.state == "hold":
            return self._in_hold(key, now)
        if self.state == "ready":
            return self._ready(key, now)
        return self._answer(key.lower(), now)

    def _ready(self, key: str, now: int) -> str:
        if key == BEGIN:
            self.write(now, "begin", self.task.hold, f"{self.seconds:g}")
            self.state, self.began = "hold", now
            return "begin"
        if key == LEAVE:
            self.write(now, "leave", "", "")
            self.state = "over"
            return "leave"
        return ""

    def _in_hold(self, key: str, now: int) -> str:
        if key == MARK:
            bounced = now - self._pressed < _BOUNCE_NS
            self._pressed = now
            if bounced:
                return ""
            self.write(now, "mark", self.task.hold, "")
            return "mark"
        if key == LEAVE:
            self.write(now, "broken", self.task.hold, "")
            self.state = "ready"
            return "broken"
        return ""

    def _answer(self, key: str, now: int) -> str:
        if key not in ANSWERS:
            return ""
        if ANSWERS[key]:
            self.write(now, "answer", self.task.hold, f"{self.question}={ANSWERS[key]}")
        self._asked += 1
        if self._asked == len(self.questions):
            self.state = self._next()
        return "answer"

    def _next(self) -> str:
        self.tasks.pop(0)
        return "ready" if self.tasks else "over"


def read_presses(text: str, where: str) -> list[tuple[int, str]]:
    """Key presses of a file with the columns ``time_s,key``: (ns, key) in their order.

    Keys: space (mark), enter (begin), f (sync event), y n - (answers), q (break off, leave).

    Raises
    ------
    CisternaError
        A row cannot be read, or the times do not rise.

    Examples
    --------
    >>> read_presses("time_s,key\\n0,enter\\n4.25,space\\n", "keys.csv")
    [(0, '\\r'), (4250000000, ' ')]
    """
    import csv
    import math

    rows = list(csv.reader(text.splitlines()))
    if not rows or [cell.strip() for cell in rows[0]] != ["time_s", "key"]:
        raise CisternaError("this is no file of key presses", where=where, mend="first line: time_s,key")
    found: list[tuple[int, str]] = []
    for number, row in enumerate(rows[1:], 2):
        place = f"{where}, line {number}"
        if not row:
            continue
        try:
            seconds, key = float(row[0]), NAMES[row[1].strip().lower()]
        except (ValueError, KeyError, IndexError) as error:
            mend = f"a time in s and one of {', '.join(NAMES)}"
            raise CisternaError("a key press cannot be read", place, ",".join(row)[:60], mend) from error
        if not math.isfinite(seconds) or abs(seconds) > 1e8:
            raise CisternaError("a time is out of range", place, row[0])
        if found and round(seconds * _NANO) < found[-1][0]:
            raise CisternaError("the times do not rise", place, row[0])
        found.append((round(seconds * _NANO), key))
    return found
