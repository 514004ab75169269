"""Numbers a model predicts for the planned session may raise a verdict; they never lower one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.sessions.screening.engine import Screening
from cisterna.sessions.screening.questions import limits
from cisterna.sessions.screening.rules import URGENCIES, VERDICTS


@dataclass(frozen=True)
class _Check:
    """One predicted number: the limits-table row, the side that raises, and its unit."""

    above: bool
    row: str
    unit: str
    text: str
    adult_only: bool = False

    def raises(self, value: float) -> bool:
        """Whether the number crosses its limit (the limit itself counts for the ICP peak only)."""
        limit = limits()[self.row]
        if self.row == "icp_ask":
            return value >= limit
        return value > limit if self.above else value < limit


_CHECKS = {
    "icp_peak": _Check(True, "icp_ask", "mmHg", "predicted ICP peak"),
    "dicp": _Check(True, "dicp_ask", "mmHg", "predicted ICP rise above lying neutral"),
    "icp_pulse": _Check(True, "icp_pulse_ask", "mmHg", "predicted ICP pulse, peak to peak"),
    "compliance": _Check(False, "compliance_ask", "mL/mmHg", "predicted compliance", adult_only=True),
    "pvi": _Check(False, "pvi_ask", "mL", "predicted PVI", adult_only=True),
    "r_out": _Check(True, "r_out_ask", "mmHg/(mL/min)", "predicted outflow resistance"),
}


def raise_with_model(screening: Screening, predicted: Mapping[str, float]) -> Screening:
    """Join a screening with predicted numbers.

    Parameters
    ----------
    screening : Screening
    predicted : mapping
        Any of ``icp_peak`` [mmHg], ``dicp`` [mmHg], ``icp_pulse`` [mmHg, peak to peak], ``compliance`` [mL/mmHg],
        ``pvi`` [mL], ``r_out`` [mmHg/(mL/min)]. The limits of compliance and PVI are those of adults and are
        not used for an infant.

    Returns
    -------
    Screening
        Same or graver; never milder.

    Raises
    ------
    CisternaError
        A name that is not known or a number that is not finite.

    Examples
    --------
    >>> from cisterna.sessions.screening import screen
    >>> quiet = screen({"id": "A", "age_years": 40, "answers": {"headache": "none"}})
    >>> raise_with_model(quiet, {"icp_peak": 23.0}).verdict
    'stop'
    >>> shunt = screen({"id": "B", "age_years": 40, "answers": {"shunt": "working"}})
    >>> raise_with_model(shunt, {"icp_peak": 8.0}).verdict
    'physician_first'
    """
    result = screening
    infant = "infant_preset" in screening.conditions
    for name, number in predicted.items():
        if name not in _CHECKS:
            raise UnknownName("predicted number", name, list(_CHECKS), where="raise_with_model")
        check, value = _CHECKS[name], _finite(name, number)
        if (infant and check.adult_only) or not check.raises(value):
            continue
        stop = name == "icp_peak" and value >= limits()["icp_stop"]
        limit = limits()["icp_stop" if stop else check.row]
        reason = f"practice 6: {check.text} {value:.3g} {check.unit} (limit {limit:g})"
        result = _raised(result, "stop" if stop else "physician_first", reason)
    return result


def _finite(name: str, number: float) -> float:
    try:
        value = float(number)
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise CisternaError(
            "a predicted number is not finite",
            where=name,
            found=str(number)[:40],
            mend="the model run failed; do not use it for screening",
        )
    return value


def _raised(screening: Screening, verdict: str, reason: str) -> Screening:
    higher = max(screening.verdict, verdict, key=VERDICTS.index)
    reasons = (reason, *screening.reasons) if higher != screening.verdict else (*screening.reasons, reason)
    urgency = max(screening.urgency, "routine", key=URGENCIES.index)
    return replace(screening, verdict=higher, urgency=urgency, reasons=reasons)
