"""How well the screening agrees with vignettes judged by people, misses told in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cisterna.ground.errors import CisternaError
from cisterna.sessions.screening.engine import DISCLAIMER, Screening, screen
from cisterna.sessions.screening.rules import URGENCIES, VERDICTS


@dataclass
class Score:
    """Counts over a set of vignettes; each pair is (right, all).

    Attributes
    ----------
    stop : verdict stop found and urgency not lower
    emergency : emergencies found as stop with urgency emergency
    verdict : verdict right or among `also_acceptable`
    exact : verdict exactly the first one
    doctor_kept : physician_first not lowered
    quiet_kept : care and no listed contraindication not raised to stop
    quiet_exact : the same not raised at all beyond what is acceptable
    urgency_kept : urgency not lower
    needs_text : vignettes whose words decide, right or acceptable
    misses : one line a miss
    """

    count: int = 0
    stop: tuple[int, int] = (0, 0)
    emergency: tuple[int, int] = (0, 0)
    verdict: tuple[int, int] = (0, 0)
    exact: tuple[int, int] = (0, 0)
    doctor_kept: tuple[int, int] = (0, 0)
    quiet_kept: tuple[int, int] = (0, 0)
    quiet_exact: tuple[int, int] = (0, 0)
    urgency_kept: tuple[int, int] = (0, 0)
    needs_text: tuple[int, int] = (0, 0)
    misses: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The score in words."""
        rows = (
            ("stop found, urgency not lower", self.stop),
            ("emergency found", self.emergency),
            ("verdict right or acceptable", self.verdict),
            ("verdict exactly the first", self.exact),
            ("physician first not lowered", self.doctor_kept),
            ("care / none not raised to stop", self.quiet_kept),
            ("care / none right or acceptable", self.quiet_exact),
            ("urgency not lower", self.urgency_kept),
            ("words decide: right", self.needs_text),
        )
        lines = [f"{self.count} vignettes"]
        lines += [f"  {name:<34} {a:>4} of {b:<4} {100 * a / b if b else 100:5.1f} %" for name, (a, b) in rows]
        return "\n".join([*lines, *(f"  miss  {m}" for m in self.misses), DISCLAIMER])


def score(vignettes: Iterable[Mapping]) -> Score:
    """Screen vignettes and compare with their verdicts.

    Parameters
    ----------
    vignettes : iterable of mapping
        Keys of a client and verdict, urgency, reasons; optional also_acceptable, needs_text.

    Raises
    ------
    CisternaError
        A vignette without a valid verdict or urgency.

    Examples
    --------
    >>> told = {"id": "A", "age_years": 50, "answers": {"chiari": "yes"}}
    >>> s = score([told | {"verdict": "physician_first", "urgency": "routine"}])
    >>> s.verdict, s.misses
    ((1, 1), [])
    """
    result = Score()

    def add(name: str, right: bool) -> None:
        a, b = getattr(result, name)
        setattr(result, name, (a + bool(right), b + 1))

    for vignette in vignettes:
        verdict, urgency = vignette.get("verdict"), vignette.get("urgency")
        if verdict not in VERDICTS or urgency not in URGENCIES:
            raise CisternaError(
                "a vignette has no valid verdict and urgency",
                where=str(vignette.get("id"))[:60],
                found=f"{verdict}, {urgency}"[:80],
                mend=f"verdicts: {', '.join(VERDICTS)}; urgencies: {', '.join(URGENCIES)}",
            )
        given = screen(vignette)
        accepted = {verdict, *vignette.get("also_acceptable", [])}
        right = given.verdict in accepted
        lower = URGENCIES.index(given.urgency) < URGENCIES.index(urgency)
        result.count += 1
        add("verdict", right)
        add("exact", given.verdict == verdict)
        add("urgency_kept", not lower)
        if verdict == "stop":
            add("stop", right and (not lower or given.verdict != "stop"))
        if urgency == "emergency":
            add("emergency", given.verdict == "stop" and given.urgency == "emergency")
        if verdict == "physician_first":
            add("doctor_kept", right or given.verdict == "stop")
        if verdict in ("care", "no_listed_contraindication"):
            add("quiet_kept", right or given.verdict != "stop")
            add("quiet_exact", right)
        if vignette.get("needs_text"):
            add("needs_text", right)
        if not right or (lower and verdict == "stop"):
            result.misses.append(_told(vignette, given, verdict, urgency))
    return result


def _told(vignette: Mapping, given: Screening, verdict: str, urgency: str) -> str:
    reason = "; ".join(given.reasons[:2]) or "no reason"
    return (
        f"{vignette.get('id')}: expected {verdict}/{urgency} ({'; '.join(vignette.get('reasons', []))[:120]}), "
        f"got {given.verdict}/{given.urgency} ({reason[:200]})"
    )
