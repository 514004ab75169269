"""The folder of a study: plain files, and who may see which.

    study.toml           the plan and the seed: the key. For the coordinator.
    allocation.csv       order, code, examiner, subject, site, repeat of every hold. For the coordinator.
    A/examiner.toml      what examiner A needs: length of a hold, questions.
    A/holds.csv          A's holds in their order: code and site, neither subject nor repeat.
    A/marks/*.csv        one file for each sitting of A at the keys (`marks`).

An examiner gets its own folder and nothing else; it is enough to mark with, on any computer. Afterwards the folders
come back beside ``study.toml`` and are analysed together.
"""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.sessions.study.allocation import Hold, allocate, as_csv, digest, from_csv
from cisterna.sessions.study.marking import Task
from cisterna.sessions.study.marks import Marked, Sitting, Writer, read_sitting
from cisterna.sessions.study.plan import LONGEST, Plan, read_plan, read_toml

_DESK_FORMAT = "cisterna study examiner 1"


@dataclass(frozen=True)
class Desk:
    """What one examiner works with.

    Attributes
    ----------
    folder : Path
    examiner : str
    seconds : float
    questions : tuple of str
    tasks : tuple of Task
        All holds, in their order.
    """

    folder: Path
    examiner: str
    seconds: float
    questions: tuple[str, ...]
    tasks: tuple[Task, ...]

    @property
    def marks(self) -> Path:
        """Folder of the files of marks."""
        return self.folder / "marks"

    def sittings(self) -> list[Sitting]:
        """All sittings at the keys so far, in the order they began."""
        found = [read_sitting(path) for path in sorted(self.marks.glob("*.csv"))]
        return sorted(found, key=lambda one: (one.started, one.name))

    def done(self, sittings: Sequence[Sitting] | None = None) -> Mapping[str, Marked]:
        """The last whole marking of each hold, by code."""
        every = [hold for sitting in (self.sittings() if sittings is None else sittings) for hold in sitting.holds]
        known = {task.hold for task in self.tasks}
        for hold in every:
            if hold.hold not in known:
                raise UnknownName("hold", hold.hold, sorted(known), where=f"{self.examiner}, {hold.session}.csv")
        return {hold.hold: hold for hold in every if hold.whole}

    def open(self) -> list[Task]:
        """Holds still to do, in their order."""
        done = self.done()
        return [task for task in self.tasks if task.hold not in done]

    def writer(self, started: datetime | None = None) -> Writer:
        """A new file of marks, named by when it began (UTC)."""
        stamp = (started or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        try:
            self.marks.mkdir(exist_ok=True)
        except OSError as error:
            raise CisternaError("marks cannot be written here", str(self.marks), error.strerror or "") from error
        return Writer(self.marks / f"{stamp}-{secrets.token_hex(2)}.csv")


@dataclass(frozen=True)
class Study:
    """A study with its key, as the coordinator has it."""

    folder: Path
    plan: Plan
    holds: tuple[Hold, ...]

    def desk(self, examiner: str) -> Desk:
        """The desk of an examiner."""
        if examiner not in self.plan.examiners:
            raise UnknownName("examiner", examiner, list(self.plan.examiners))
        return open_desk(self.folder / examiner)

    def marked(self) -> dict[str, tuple[list[Sitting], Mapping[str, Marked]]]:
        """By examiner: sittings, and whole holds by code. An examiner whose folder has not come back has none."""
        found = {}
        for examiner in self.plan.examiners:
            if (self.folder / examiner).is_dir():
                desk = self.desk(examiner)
                sittings = desk.sittings()
                found[examiner] = (sittings, desk.done(sittings))
            else:
                found[examiner] = ([], {})
        return found


def create(folder: Path, plan: Plan) -> Study:
    """Draw the allocation and write the folder.

    Raises
    ------
    CisternaError
        The folder exists and is not empty, or cannot be written.
    """
    holds = allocate(plan)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        mend = "give a new folder: a study is drawn once"
        raise CisternaError("something is there already", where=str(folder), mend=mend)
    try:
        folder.mkdir(exist_ok=True)
        for examiner in plan.examiners:
            desk = folder / examiner
            (desk / "marks").mkdir(parents=True)
            (desk / "examiner.toml").write_text(_desk_toml(plan, examiner), encoding="utf-8")
            (desk / "holds.csv").write_text(_desk_csv(holds, examiner), encoding="utf-8")
        (folder / "allocation.csv").write_text(as_csv(holds), encoding="utf-8")
        # Last, so that a folder with a plan is whole.
        (folder / "study.toml").write_text(plan.as_toml(digest(holds)), encoding="utf-8")
    except OSError as error:
        raise CisternaError("the study cannot be written", str(folder), error.strerror or str(error)) from error
    return Study(folder, plan, holds)


def open_study(folder: Path) -> Study:
    """The study of a folder, with its key.

    Raises
    ------
    CisternaError
        No study, a plan that makes no sense, or an allocation that was changed.
    """
    plan, expected = read_plan(folder / "study.toml")
    path = folder / "allocation.csv"
    return Study(folder, plan, from_csv(_text(path), str(path), expected))


def open_desk(folder: Path) -> Desk:
    """The desk of an examiner's folder; the key is not needed.

    Raises
    ------
    CisternaError
        No such folder, or files that cannot be read.
    """
    path = folder / "examiner.toml"
    if not path.is_file():
        mend = "give the folder of one examiner, as `cisterna study new` made it"
        raise CisternaError("this is not the folder of an examiner", where=str(folder), mend=mend)
    table = read_toml(path)
    if table.get("format") != _DESK_FORMAT:
        raise CisternaError("this is not the desk of an examiner", where=str(path))
    seconds, questions, examiner = table.get("seconds"), table.get("questions"), table.get("examiner")
    fits = isinstance(seconds, (int, float)) and 0 < seconds <= LONGEST and isinstance(examiner, str)
    if not fits or not isinstance(questions, list) or not all(isinstance(q, str) for q in questions):
        raise CisternaError("the entries do not fit", where=str(path), mend="restore the file")
    place = folder / "holds.csv"
    rows = list(csv.reader(_text(place).splitlines()))
    if not rows or rows[0] != ["order", "hold", "site"] or any(len(row) != 3 for row in rows):
        raise CisternaError("the list of holds cannot be read", where=str(place), mend="restore the file")
    tasks = tuple(Task(row[1], row[2]) for row in rows[1:])
    return Desk(folder, str(examiner), float(seconds or 0.0), tuple(questions), tasks)


def _desk_toml(plan: Plan, examiner: str) -> str:
    entries = {
        "format": _DESK_FORMAT, "examiner": examiner, "seconds": plan.seconds, "questions": list(plan.questions),
    }  # fmt: skip
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in entries.items())


def _desk_csv(holds: Sequence[Hold], examiner: str) -> str:
    own = [hold for hold in holds if hold.examiner == examiner]
    return "order,hold,site\n" + "".join(f"{k},{hold.hold},{hold.site}\n" for k, hold in enumerate(own, 1))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CisternaError("the file cannot be read", where=str(path), found=str(error)[:100]) from error
