"""One family of errors a person can act on: what is wrong, where, what was found, how to mend it."""

from __future__ import annotations


class CisternaError(Exception):
    """A mistake in the input, told so that it can be mended.

    Parameters
    ----------
    what : str
        The mistake in one line.
    where : str
        File, line, step or parameter it concerns.
    found : str
        What was found there.
    mend : str
        What to do about it.

    Examples
    --------
    >>> print(CisternaError("no unit for column 2", where="abp.csv", mend="add --units ABP=mmHg"))
    no unit for column 2
      where   abp.csv
      mend    add --units ABP=mmHg
    """

    def __init__(self, what: str, where: str = "", found: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.found, self.mend = what, where, found, mend

    def lines(self) -> list[tuple[str, str]]:
        """The parts that are not empty, as (label, text)."""
        parts = (("where", self.where), ("found", self.found), ("mend", self.mend))
        return [(label, text) for label, text in parts if text]

    def __str__(self) -> str:
        return "\n".join([self.what, *(f"  {label:<7} {text}" for label, text in self.lines())])

    def as_dict(self) -> dict[str, str]:
        """The parts by name, for `--json`."""
        return {"error": self.what, **dict(self.lines())}


class UnknownName(CisternaError):
    """A name that is in no list; carries the nearest right one."""

    def __init__(self, kind: str, name: str, known: list[str], where: str = "") -> None:
        from cisterna.ground.registry import nearest

        best = nearest(name, known)
        shown = ", ".join(sorted(known)[:12]) + (" ..." if len(known) > 12 else "")
        mend = f"did you mean '{best}'?" if best else f"known: {shown}"
        super().__init__(f"no {kind} '{name}'", where=where, mend=mend)
        self.nearest = best
