"""Body `one`: a single craniospinal space with a closed form for pressure and gradient (Marmarou 1978)."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cisterna.ground.parameter import Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.body import Body
from cisterna.physiology.paths import Injection, Resistance, Source
from cisterna.physiology.walls import MarmarouSpace


class One(Body):
    """One compliant space, constant production, linear absorption to the reference pressure."""

    name = "one"
    summary = "one craniospinal space: production, absorption, exponential compliance; no blood, no posture"

    def plan(self, parameters: Parameters) -> Blueprint:
        p = parameters
        rest = p.value("one_reference") + p.value("csf_production") * p.value("r_out_healthy_elderly")
        return (
            Blueprint()
            .control("production.factor", 1.0, "1")
            .control("infusion", 0.0, "mL/min")
            .control("sinus", p["one_reference"].value, p["one_reference"].unit)
            .add(
                "csf",
                MarmarouSpace(rest=rest, reference=p["one_reference"], elastance_coefficient=p["k_elast_healthy"]),
            )
            .join(
                "production",
                ("", "csf"),
                Source(rate=p["csf_production"]),
                sees={"factor": "drive.production.factor"},
            )
            .join("infusion_line", ("", "csf"), Injection(), sees={"flow": "drive.infusion"})
            .join("absorption", ("csf", "sinus"), Resistance(resistance=p["r_out_healthy_elderly"]))
            .signal("icp", "pressure.csf", "mmHg", "foramen_monro")
            .signal("volume_csf", "volume.csf", "mL")
            .signal("flow_production", "flow.production", "mL/s")
            .signal("flow_absorption", "flow.absorption", "mL/s")
        )


def closed_form(t: Any, k: Any, reference: Any, production: Any, infusion: Any, r_out: Any) -> Any:
    """Pressure during a constant-rate infusion that starts at rest at t = 0.

    P(t) = P_r + I u / (I_f + I_inf exp(-k I t)), u = I_f R_out, I = I_f + I_inf.

    Parameters
    ----------
    t : array
        Time, s.
    k : float
        Elastance coefficient, 1/mL.
    reference : float
        Reference and sinus pressure, mmHg.
    production, infusion : float
        Rates, mL/s.
    r_out : float
        Outflow resistance, mmHg s/mL.

    Returns
    -------
    array
        Pressure, mmHg.

    Examples
    --------
    >>> float(closed_form(0.0, 0.1, 6.0, 0.35 / 60, 1.5 / 60, 8.6 * 60).round(3))
    9.01
    """
    total = production + infusion
    return reference + total * production * r_out / (production + infusion * jnp.exp(-k * total * t))
