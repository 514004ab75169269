"""H-PRESSURESTAT: CSF production switched on and off by suture stretch makes the rhythm."""

from __future__ import annotations

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import from_internal
from cisterna.model.assemble import assemble
from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person
from cisterna.model.regions.places import cranial_csf, csf_sources, production_rate
from cisterna.model.start import resting_schedule
from cisterna.physiology.paths import Source
from cisterna.physiology.pressurestat import SutureRelay, SwitchedSource
from cisterna.physiology.skull import skull_port
from cisterna.worlds.hypothesis import Hypothesis
from cisterna.worlds.resting import Resting
from cisterna.worlds.rhythm import rate_of
from cisterna.worlds.start import carry_state

#: Search of the band: shares of the closed form (a wider one its own swing cannot cross), turns, cycles/min.
_SEARCH, _TURNS, _CLOSE = (0.5, 1.25), 6, 0.75
#: How steeply the rate falls with the band (rate ~ band^-_SLOPE) for the next guess, and its floor, cycles/min.
_SLOPE, _SLOWEST = 3.5, 1.0


class Pressurestat(Hypothesis):
    """A relay at the sagittal suture; its middle is the person's own mean pressure, its band follows from T."""

    name = "H-PRESSURESTAT"
    title = "CSF production switched on and off by suture stretch makes the rhythm"
    kind = "claim"
    grade = "contradicted"
    claims = ("C-009", "C-010", "C-056")
    law = (
        "q = qbar (1 + kappa (2 s - 1)); s -> 0 when x_sag >= x_hi, -> 1 when x_sag <= x_lo, tau_s s' = target - s; "
        "T = 2 b / (S kappa qbar), b = x_hi - x_lo, S = dx_sag/dV"
    )
    moves = ("pressurestat_kappa",)
    uses = ("csf_production", "pressurestat_rate", "pressurestat_time")
    expected = "a swing of volume kappa qbar T / 2 and of pressure dV / C at 6-12/min, the sagittal suture leading"
    against = (
        "no such line in ICP once breath, heart and 0.1 Hz are removed; a receptor band below any known; "
        "flow peaks in the aqueduct beyond what is measured"
    )
    order = 20
    self_sustained = True
    excludes = ("H-PRM",)

    def change(self, plan: Blueprint, person: Person) -> Blueprint:
        p = person.parameters
        sources = csf_sources(plan)
        if not sources or not all(isinstance(plan.part(name).law, Source) for name in sources):
            raise CisternaError("production is not a steady source here", where=self.name)
        gap = sagittal_gap(person)
        relay = SutureRelay(
            gap=gap,
            middle=p.value("icp_supine"),
            # Start value: one millimetre of mercury; `tune` sets what the person's own rest asks for.
            band=gap,
            time=p.value("pressurestat_time"),
        )
        felt = f"pressure.{cranial_csf(plan)}"
        plan = plan.add("pressurestat", relay, sees={"pressure": felt}, start=1.0)
        for name in sources:
            part = plan.part(name)
            law = SwitchedSource(rate=part.law.rate, kappa=p.value("pressurestat_kappa"))  # type: ignore[attr-defined]
            plan = plan.replace(name, law, sees={**part.sees, "on": "state.pressurestat"})
        return plan.signal("pressurestat", "state.pressurestat", "1")

    def tune(self, plan: Blueprint, person: Person, rest: Resting) -> tuple[Blueprint, tuple[str, ...]]:
        closed, gap = relay_band(person, rest), sagittal_gap(person)
        row = person.parameters["pressurestat_rate"]
        plan = plan.with_field("pressurestat.middle", rest.icp)
        tried: dict[float, float] = {}
        low, high = _SEARCH
        share = 1.0
        # A wider band slows the relay; heart and breath ride on the pressure, so the rate falls in steps.
        for _ in range(_TURNS):
            net = assemble(plan.with_field("pressurestat.band", share * closed))
            state = carry_state(rest.net, net, rest.start.rest.state)
            rate = tried[share] = rate_of(net, resting_schedule(plan, net), state, "pressurestat")
            if abs(rate - row.value) < _CLOSE or (share == high and rate > row.high):
                break
            low, high = (share, high) if rate > row.value else (low, share)
            guess = share * (max(rate, _SLOWEST) / row.value) ** (1.0 / _SLOPE)
            if not low < guess < high:
                guess = high if guess >= high == _SEARCH[1] else (low * high) ** 0.5
            share = guess
        best = min(tried, key=lambda s: abs(tried[s] - row.value))
        if not row.low <= tried[best] <= row.high:
            best = 1.0
        band, rate = best * closed, tried[best]
        note = (
            f"receptor band {from_internal(band, 'um'):.3g} um of suture opening = {band / gap:.3g} mmHg, "
            f"{best:.2f} of the closed form; the switch then turns {rate:.1f} times a minute (wanted {row.value:g})"
        )
        if not row.low <= rate <= row.high:
            note += f"; {row.low:g}-{row.high:g} is not reached: it follows heart or breath"
        return plan.with_field("pressurestat.band", band), (note,)


def sagittal_gap(person: Person) -> float:
    """Opening of the sagittal suture per pressure, cm/mmHg."""
    return float(skull_port(person.age, person.parameters).gap("sagittal"))


def relay_band(person: Person, rest: Resting) -> float:
    """b of the law, cm: the opening that production on for half a cycle brings, b = S kappa qbar T / 2."""
    p = person.parameters
    mean = production_rate(rest.net)
    swing = p.value("pressurestat_kappa") * mean / (2.0 * p.value("pressurestat_rate"))
    return sagittal_gap(person) / rest.compliance * swing
