"""The numbers of a fitted test as results, and the remarks that belong to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.infusion.fit import CsfFit
from cisterna.signals.infusion.marmarou import PVI_TIMES_E
from cisterna.signals.infusion.static import bolus_index, plateau_resistance
from cisterna.signals.result import Result

Array = NDArray[np.float64]
#: A jump with the pump beyond this many standard errors is told: one false alarm in a thousand tests.
_JUMP = 3.3
#: Effective draws below which the ends of an interval are rough, and below which nothing is told.
_FEW, _NONE = 150, 40
_RESISTANCE, _NAN = "mmHg/(mL/min)", float("nan")


def answers(fit: CsfFit, channel: str, begin: float = 0.0) -> tuple[Result, ...]:
    """Results of a fit; `begin` (s) is added to the times in the notes."""
    out = [*_parameters(fit, channel), *_levels(fit, channel, begin)]
    if fit.phases.kind == "bolus":
        return (*out, _jump_index(fit, channel))
    pump = fit.pumps[0]
    if fit.rate_known and -pump.rate > out[4].value:
        note = f"drained at {-pump.rate:g} mL/min, faster than formed: the pressure falls to p0, to no plateau of Rout"
        out.append(Result("rout_static", channel, _NAN, _RESISTANCE, n=fit.end.count, note=note))
    elif fit.rate_known:
        static = plateau_resistance(fit.rest, fit.end, pump.rate, channel)
        short = "" if _on_plateau(fit) else f"; no plateau yet ({100 * fit.reached:.0f} %), so it is too low"
        extra = {"reached": round(fit.reached, 4), "dynamic_less_static": out[0].value - static.value}
        found = Result(
            "rout_static",
            channel,
            static.value,
            static.unit,
            static.low,
            static.high,
            static.n,
            static.note + short,
            extra,
        )
        out.append(found)
    return tuple(out)


def remarks(fit: CsfFit) -> tuple[str, ...]:
    """What limits the answer, in words."""
    rows = default_parameters()
    out = []
    if fit.phases.how == "pressure":
        out.append(
            f"times found from the pressure alone (ln evidence {fit.phases.evidence:.0f}); a plateau wave has a "
            "similar shape: check them against the pump"
        )
    if not fit.rate_known:
        out.append(f"{_lack(fit)}: Rout and elastance are told per unit only, and production not at all")
    if fit.phases.kind == "infusion" and not _on_plateau(fit):
        out.append(
            f"no plateau: {100 * fit.reached:.0f} % of the modelled rise when the pump stopped; Rout rests on the "
            "course of the pressure"
        )
    moved, scatter = fit.end.value - fit.rest.value, float(np.hypot(fit.end.error, fit.rest.error))
    if fit.phases.kind != "bolus" and moved * fit.pumps[0].rate < 0 and abs(moved) > 2 * scatter:
        way = "fell while fluid was infused" if moved < 0 else "rose while fluid was drained"
        out.append(f"the pressure {way} ({moved:+.1f} mmHg): the model does not apply, what is told is prior")
    jump, error = fit.needle_jump
    if fit.phases.kind != "bolus" and not fit.problem.needle and fit.rate_known and jump > _JUMP * error:
        out.append(
            f"the pressure jumps with the pump by {jump:.2g} +- {error:.1g} mmHg per mL/min: if pump and pressure line "
            "shared one needle, say one_needle"
        )
    white, slow, time = fit.noise
    out.append(f"slow waves {slow:.2g} mmHg (standard deviation, {time:.0f} s), other noise {white:.2g} mmHg a block")
    after, least = fit.shift_after, rows["infusion_overdrain_least"].value
    if after is not None and after[0] < -least and after[2] < 0:
        out.append(f"after the test {-after[0]:.1f} mmHg below what the fit expects: overdrainage or leak?")
    if after is not None and after[0] > least and after[1] > 0:
        out.append(f"after the test {after[0]:.1f} mmHg above what the fit expects: not back at rest")
    weak = [name for name in ("rout", "elastance", "p0") if fit.told(name) == "prior"]
    if weak:
        out.append(f"mostly prior, hardly data: {', '.join(weak)}")
    theta = fit.draws.theta
    stiff = np.log(theta[:, 1] * (theta[:, 3] - theta[:, 2]))
    if np.std(stiff) < 0.7 * np.std(np.log(theta[:, 1])):
        unit = "mmHg/mL" if fit.rate_known else "mmHg per unit"
        together = float(np.corrcoef(np.log(theta[:, 1]), theta[:, 2])[0, 1])
        out.append(
            f"elastance and p0 trade against each other (correlation {together:.2f}); the data tell "
            f"their combination E (pb - p0), the stiffness at rest: {_text(np.exp(stiff))} {unit}"
        )
    if fit.blocks.left_out:
        out.append(f"{fit.blocks.left_out} samples left out as spikes")
    if fit.draws.effective < _NONE:
        out.append("the fit did not settle: the model does not describe this pressure")
    elif fit.draws.effective < _FEW:
        out.append(f"the interval ends are rough: {fit.draws.effective:.0f} effective draws")
    return tuple(out)


def _parameters(fit: CsfFit, channel: str) -> list[Result]:
    theta, n = fit.draws.theta, int(fit.used.good.sum())
    rest = theta[:, 3] - theta[:, 2]
    columns: dict[str, tuple[Array, str, str, str]] = {
        "rout": (theta[:, 0], _RESISTANCE, "outflow resistance of the Marmarou model", "rout"),
        "elastance": (theta[:, 1], "1/mL", "coefficient E: dp/dV = E (p - p0)", "elastance"),
        "pvi": (PVI_TIMES_E / theta[:, 1], "mL", "pressure-volume index, 1/(0.4343 E)", "elastance"),
        "p0": (theta[:, 2], "mmHg", "reference pressure of the exponential curve", "p0"),
        "production": (
            rest / theta[:, 0],
            "mL/min",
            "CSF formation (pb - p0)/Rout, if absorption begins at p0: the pressure alone does not tell an outlet "
            "pressure from p0",
            "p0",
        ),
        "stiffness_rest": (theta[:, 1] * rest, "mmHg/mL", "E (pb - p0), inverse compliance at rest", "elastance"),
    }
    if fit.problem.needle:
        columns["needle"] = (theta[:, 4], _RESISTANCE, "resistance of the shared needle", "needle")
    out = []
    for key, (draws, unit, meaning, prior) in columns.items():
        low, value, high = (float(q) for q in np.quantile(draws, [0.025, 0.5, 0.975]))
        extra: dict[str, object] = {"told_by": fit.told(prior), "learned": round(fit.learned[prior], 4)}
        where = f"posterior median, {n} blocks of {fit.used.step:g} s"
        if fit.draws.effective < _NONE:
            note = f"{meaning}; not told: the fit did not settle, the model does not describe this pressure"
            out.append(Result(key, channel, _NAN, unit, _NAN, _NAN, n, note))
            continue
        if fit.rate_known or key == "p0":
            out.append(Result(key, channel, value, unit, low, high, n, f"{meaning}; {where}", extra))
            continue
        extra |= {"per_unit": value, "per_unit_low": low, "per_unit_high": high}
        note = f"{_lack(fit)}; {meaning} per unit of it: {_text(draws)}"
        out.append(Result(key, channel, _NAN, unit, _NAN, _NAN, n, note, extra))
    return out


def _levels(fit: CsfFit, channel: str, begin: float) -> list[Result]:
    rest, end = fit.rest, fit.end
    low, high = rest.ends
    where = f"mean {rest.span[0] + begin:.0f}-{rest.span[1] + begin:.0f} s, slow waves in the interval"
    out = [Result("icp_baseline", channel, rest.value, "mmHg", low, high, rest.count, where)]
    if fit.phases.kind != "bolus":
        theta, rate = fit.draws.theta, fit.pumps[0].rate
        limit = np.maximum(theta[:, 3] + theta[:, 0] * rate, theta[:, 2]) + theta[:, 4] * rate
        ends = [float(q) for q in np.quantile(limit, [0.025, 0.5, 0.975])]
        extra = {
            "asymptote": ends[1],
            "asymptote_low": ends[0],
            "asymptote_high": ends[2],
            "end": end.value,
            "reached": round(fit.reached, 4),
        }
        where = f"mean {end.span[0] + begin:.0f}-{end.span[1] + begin:.0f} s"
        if _on_plateau(fit):
            found = Result("icp_plateau", channel, end.value, "mmHg", *end.ends, end.count, where, extra)
        else:
            share = f"{100 * fit.reached:.0f} % of the modelled change"
            note = f"no plateau reached: {where} was {end.value:.1f} mmHg, {share}"
            found = Result("icp_plateau", channel, _NAN, "mmHg", _NAN, _NAN, end.count, note, extra)
        out.append(found)
    if fit.shift_after is not None:
        value, low, high = fit.shift_after
        note = "pressure at the end of the record less what the fit expects there"
        out.append(Result("icp_shift_after", channel, value, "mmHg", low, high, fit.end.count, note))
    return out


def _jump_index(fit: CsfFit, channel: str) -> Result:
    """Classical index of a bolus, p0 = 0, from rest and the highest block after it."""
    note = "V / log10(peak/rest), p0 = 0 by definition; peak: first whole block after the bolus"
    start, stop = fit.phases.pump
    after = np.flatnonzero((fit.used.edges[:-1] >= stop - 1e-6) & fit.used.good)
    volume = fit.pumps[0].rate * (stop - start) / 60.0
    if not after.size or not fit.rate_known:
        return Result("pvi_static", channel, _NAN, "mL", note=f"{note}; {_lack(fit)}")
    peak, error = float(fit.used.values[after[0]]), float(np.hypot(*fit.noise[:2]))
    random = np.random.default_rng(0)
    try:
        value = bolus_index(fit.rest.value, peak, volume)
    except CisternaError as problem:
        return Result("pvi_static", channel, _NAN, "mL", note=f"{note}; {problem.what}")
    top = peak + error * random.standard_normal(4000)
    low = fit.rest.value + fit.rest.error * random.standard_normal(4000)
    fine = (low > 0) & (top > 0)
    ratio = np.log10(np.where(fine, top, 1.0) / np.where(fine, low, 1.0)) / volume
    ends = np.quantile(ratio, [0.975, 0.025])
    low_end, high_end = (float(1 / e) if e > 0 else float("inf") for e in ends)
    return Result("pvi_static", channel, value, "mL", low_end, high_end, 1, note)


def _on_plateau(fit: CsfFit) -> bool:
    return fit.reached >= default_parameters()["infusion_plateau_share"].value


def _lack(fit: CsfFit) -> str:
    if fit.phases.kind == "bolus":
        return "volume not stated: give volume='4 mL' or write it in the event"
    return "rate not stated: give rate='1.5 mL/min' or write it in the event"


def _text(draws: Array) -> str:
    low, value, high = np.quantile(draws, [0.025, 0.5, 0.975])
    return f"{value:.3g} ({low:.3g} to {high:.3g})"
