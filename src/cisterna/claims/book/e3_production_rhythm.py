"""E3: can a production on/off rhythm be felt?

Closed form: production that runs and stops with period T moves dV = kappa qbar T / 2, so dICP = dV / C with C
measured on the body. It is held against the cardiac pulse of ICP of the same body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cisterna.claims.bench import Bench, Case
from cisterna.claims.bodies import residual_key
from cisterna.claims.claim import Check, Claim, Table
from cisterna.claims.key import Key, key_of
from cisterna.ground.units import from_internal, quantity
from cisterna.model.person import Person
from cisterna.model.regions.places import production_rate
from cisterna.model.simulate import simulate
from cisterna.physiology.skull import skull_port
from cisterna.worlds.resting import STEP
from cisterna.worlds.rhythm import read_rhythm

#: Cycles that pass before the swing is read, and cycles read.
_SETTLE, _READ = 3, 3
#: Two rates this close are the same.
_SAME = 1e-9


class ProductionRhythm(Claim):
    """Swing of ICP from production switched on and off, over the cardiac pulse of ICP."""

    name = "E3"
    question = "Can a rhythm of CSF production on and off be felt beside the heartbeat?"
    claims = ("C-010",)
    output = "swing of ICP from switched production over the cardiac pulse of ICP"
    unit = "1"
    supports = 0.3
    contradicts = 0.05
    asks = ("H-PRESSURESTAT",)
    switches = ("H-PRESSURESTAT", "H-SUT")

    def cases(self) -> Mapping[str, Case]:
        person = Person.typical()
        return {f"{rate} cycles a minute": Case(person, {"rate": f"{rate} 1/min"}) for rate in (8, 6, 10)}

    def keys(self, bench: Bench) -> Sequence[Key]:
        return bench.keep("keys", lambda: self._keys(bench))

    @staticmethod
    def _keys(bench: Bench) -> list[Key]:
        p = bench.person.parameters
        kappa = p["pressurestat_kappa"]
        literal = kappa.value if kappa.value > 0 else p["pressurestat_kappa_alone"].value
        swing = Key(
            "pressurestat_kappa", "swing of production, kappa", "1", literal, source=kappa.source,
            note="above 1 the source runs backwards for half of each cycle; no published range", drawn=False,
        )  # fmt: skip
        return [key_of(p["csf_production"]), swing, residual_key(bench)]

    def measure(self, bench: Bench, multiples: Mapping[str, np.ndarray]) -> np.ndarray:
        size = max((np.size(m) for m in multiples.values()), default=1)
        m = {key.id: np.asarray(multiples.get(key.id, np.ones(size)), dtype=float) for key in self.keys(bench)}
        extra = (m["residual"] - 1.0) * bench.residual
        swing = self.volume(bench) * m["csf_production"] * m["pressurestat_kappa"] / (bench.rest.compliance + extra)
        pulse = bench.rest.pulse * bench.beat_compliance / (bench.beat_compliance + extra)
        return swing / pulse

    @staticmethod
    def volume(bench: Bench) -> float:
        """dV = kappa qbar T / 2 of this body, mL; nothing when production is steady."""
        kappa = bench.person.parameters.value("pressurestat_kappa") if "H-PRESSURESTAT" in bench.on else 0.0
        return kappa * production_rate(bench.rest.net) * _period(bench) / 2.0

    def tables(self, bench: Bench) -> Sequence[Table]:
        rest = bench.rest
        width = float(skull_port(bench.person.age, bench.person.parameters).width)
        volume = self.volume(bench)
        swings = (
            ("production on and off", volume / rest.compliance), ("heartbeat", rest.pulse), ("breath", rest.breath),
        )  # fmt: skip
        rows: list[tuple[str | float, ...]] = [
            (name, pressure, from_internal(width * pressure, "um")) for name, pressure in swings
        ]
        threshold = bench.person.parameters["vibro_th_01hz"]
        rows.append((f"{threshold.name} ({threshold.status})", "", from_internal(threshold.internal, "um")))
        columns = (("source", ""), ("ICP, peak to peak", "mmHg"), ("width of the vault", "um"))
        found = [Table(f"swings side by side, production moves {volume:.3g} mL", columns, tuple(rows))]
        own_rate = bench.person.parameters.value("pressurestat_rate")
        if bench.world == "as-taught" and not bench.fast and abs(_period(bench) * own_rate - 1.0) < _SAME and bench.on:
            found.append(self._in_time(bench))
        return found

    @staticmethod
    def _in_time(bench: Bench) -> Table:
        """The relay itself, run in time: it is not forced to any rate."""
        reading = read_rhythm(bench.begun)
        rows: list[tuple[str | float, ...]] = [
            ("rate", reading.rate, "1/min"), ("spread of the period", reading.spread, "s"),
            ("swing of ICP", reading.swing, "mmHg"), ("width of the vault", reading.width, "mm"),
        ]  # fmt: skip
        rows += [(note, "", "") for note in bench.begun.notes]
        return Table("the rhythm run in time", (("quantity", ""), ("value", ""), ("unit", "")), tuple(rows))

    def checks(self, bench: Bench) -> Sequence[Check]:
        period, rest = _period(bench), bench.rest
        kappa = bench.person.parameters.value("pressurestat_kappa")
        switched = rest.start.schedule.copy()
        for k in range(_SETTLE + _READ):
            switched.ramp("production.factor", 1.0 + kappa, start=k * period)
            switched.ramp("production.factor", 1.0 - kappa, start=(k + 0.5) * period)
        end = (_SETTLE + _READ) * period
        # Two lanes on identical steps: production as it is, and production that runs and stops.
        run = simulate(rest.net, [rest.start.schedule, switched], end, state=rest.start.rest.state, step=STEP)
        own = run.signal("icp", 1) - run.signal("icp", 0)
        cycle = np.floor(run.times / period - 1e-9)
        swings = [np.ptp(own[cycle == k]) for k in range(_SETTLE, _SETTLE + _READ)]
        closed = self.volume(bench) / rest.compliance
        label = f"swing of ICP at {60.0 / period:g} cycles a minute"
        return (Check(label, "mmHg", ("closed form", closed), ("body run in time", float(np.median(swings)))),)


def _period(bench: Bench) -> float:
    text = bench.settings.get("rate")
    rate = quantity(text, "1/min", "rate") if text else bench.person.parameters.value("pressurestat_rate")
    return 1.0 / rate
