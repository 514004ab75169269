"""E1: does a touch of five grams change intracranial pressure?

Closed form: a hand with force F at a head station changes the skull's volume by g.F and the pressure by
g.F / C. g comes from the condensed skull, C is measured on the body with a bolus. The load points the way in
which it changes the volume most, and the station is the one where that is largest: the claim's best case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.claims.bench import Bench, Case
from cisterna.claims.bodies import raised_pressure, residual_key
from cisterna.claims.claim import Check, Claim, Table
from cisterna.claims.key import Key, key_of
from cisterna.claims.need import POINTS
from cisterna.ground.units import from_internal, to_internal
from cisterna.model.person import Person
from cisterna.physiology.contact import contact_at, creep
from cisterna.physiology.fontanelle import Membrane, anterior_fontanelle, press
from cisterna.physiology.skull import SkullMaterial, SkullPort, condense, dent_compliance, respond, skull_material
from cisterna.physiology.skull_anatomy import anatomy, human_skull
from cisterna.physiology.skull_geometry import SkullGeometry
from cisterna.physiology.stations import station
from cisterna.physiology.touch_effect import touch_effect

#: Largest load of the question, the load that is taught, and the loads and areas of the sweeps.
LOAD, TAUGHT = "20 gf", "5 gf"
LOADS_GF = (1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
AREAS_CM2 = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
#: Where the area of the contact is swept: a finger on bare bone away from any suture.
SWEPT = "frontal.R"
#: How long and how fast the load is put on in the cross-check, s.
_RAMP = 0.5
_FONTANELLE = "fontanelle"


@partial(jax.jit, static_argnames=("geometry",))
def _volumes(materials: SkullMaterial, geometry: SkullGeometry) -> tuple[Any, Any]:
    """C (n,) and g (n, stations, 3) of a stack of materials: motion under pressure is volume under force."""

    def one(material: SkullMaterial) -> tuple[Any, Any]:
        push = jnp.square(material.radius) * geometry.push
        swell = respond(material, geometry, push[:, None])[:, 0]
        return push @ swell, geometry.touch @ swell

    return jax.vmap(one)(materials)


class TouchAndPressure(Claim):
    """The largest change of ICP that a hand can make with twenty grams or less."""

    name = "E1"
    question = "Does a touch of five grams change intracranial pressure?"
    claims = ("C-055", "C-067")
    output = "change of ICP at 20 gf, at the head station and in the direction where it is largest"
    unit = "mmHg"
    supports = 0.5
    contradicts = 0.05
    switches = ("H-SUT",)

    def cases(self) -> Mapping[str, Case]:
        newborn = Person.typical(age=0.0)
        return {
            "adult, healthy": Case(Person.typical()),
            "adult, ICP 30, PVI 10": Case(
                Person.typical().with_(raised_pressure), note="outflow and walls changed as in rows e1_*"
            ),
            "newborn, on the bone": Case(newborn),
            "newborn, on the fontanelle": Case(newborn, {"station": _FONTANELLE}, "an open fontanelle is never loaded"),
        }

    def keys(self, bench: Bench) -> Sequence[Key]:
        return bench.keep("keys", lambda: self._keys(bench))

    def _keys(self, bench: Bench) -> list[Key]:
        p, age = bench.person.parameters, bench.person.age
        membrane = bench.settings.get("station") == _FONTANELLE
        if membrane:
            own = [key_of(p["fontanelle_Et"], "stiffness of the membrane"), key_of(p["fontanelle_area"], "its area")]
            area = station(_FONTANELLE).area
        else:
            adult = age >= p.in_unit("skull_age_adult", "yr")
            ids = ("skull_suture_E", "skull_bone_E") if adult else ("suture_infant_E", "skull_bone_E_newborn")
            own = [key_of(p[ids[0]], "suture modulus"), key_of(p[ids[1]], "modulus of skull bone")]
            area = station(self.strongest(bench)[0]).area
        practice = p["practice_pressure"]
        ends = (practice.low, practice.high)
        low, high = (from_internal(to_internal(end, practice.unit) * area, "gf") for end in ends)
        force = Key(
            "force", "force of the hand", "gf", from_internal(_force(LOAD), "gf"), low, high, drawn=False,
            source=f"measured pressure in practice over {area:g} cm2: {practice.source}",
        )  # fmt: skip
        return [*own, residual_key(bench), force]

    def measure(self, bench: Bench, multiples: Mapping[str, np.ndarray]) -> np.ndarray:
        size = max((np.size(m) for m in multiples.values()), default=1)
        m = {key.id: np.asarray(multiples.get(key.id, np.ones(size)), dtype=float) for key in self.keys(bench)}
        force = _force(LOAD) * m["force"]
        compliance = bench.rest.compliance + (m["residual"] - 1.0) * bench.residual
        if bench.settings.get("station") == _FONTANELLE:
            return -self._membrane(bench, m, force) / compliance
        suture, bone = (m[key.id] for key in self.keys(bench)[:2])
        skull, g = self.volumes(bench, suture, bone)
        compliance = compliance + bench.skull * (skull / float(self.port(bench).compliance) - 1.0)
        most = np.linalg.norm(g[:, self._bony(bench)], axis=2).max(axis=1)
        return most * force / compliance

    # ---- the skull ------------------------------------------------------------------------------------
    @staticmethod
    def port(bench: Bench) -> SkullPort:
        """The condensed skull of this person."""
        return bench.keep("port", lambda: condense(*_skull(bench.person)))

    def volumes(self, bench: Bench, suture: np.ndarray, bone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """C and g for multiples of the suture and bone modulus, padded to one compiled size."""
        size = np.size(suture)
        lanes = max(POINTS, size)
        base, geometry = _skull(bench.person)

        def wide(value: float, by: np.ndarray | None = None) -> jax.Array:
            padded = np.ones(lanes)
            padded[:size] = 1.0 if by is None else by
            return jnp.asarray(value * padded)

        plain = {name: wide(getattr(base, name)) for name in SkullMaterial._fields}
        plain["suture_E"], plain["bone_E"] = wide(base.suture_E, suture), wide(base.bone_E, bone)
        skull, g = _volumes(SkullMaterial(**plain), geometry)
        return np.asarray(skull)[:size], np.asarray(g)[:size]

    @staticmethod
    def _bony(bench: Bench) -> list[int]:
        pads = _skull(bench.person)[1].pads
        return [i for i, name in enumerate(pads) if name != _FONTANELLE]

    def strongest(self, bench: Bench) -> tuple[str, np.ndarray]:
        """Head station with the largest volume per force, and g there."""

        def find() -> tuple[str, np.ndarray]:
            port = self.port(bench)
            g = np.asarray(port.touch)
            best = max(self._bony(bench), key=lambda i: float(np.linalg.norm(g[i])))
            return port.geometry.pads[best], g[best]

        return bench.keep("strongest", find)

    @staticmethod
    def _membrane(bench: Bench, m: Mapping[str, np.ndarray], force: np.ndarray) -> np.ndarray:
        membrane = anterior_fontanelle(bench.person.age, bench.person.parameters)
        assert membrane is not None, "the case is a newborn"
        moved = Membrane(
            membrane.radius * np.sqrt(m["fontanelle_area"]), membrane.tension,
            membrane.stretch * m["fontanelle_Et"], membrane.poisson,
        )  # fmt: skip
        return np.asarray(press(moved, bench.rest.icp, force, station(_FONTANELLE).radius).volume)

    # ---- beyond the output ----------------------------------------------------------------------------
    def tables(self, bench: Bench) -> Sequence[Table]:
        if bench.settings.get("station") == _FONTANELLE:
            return (self._fontanelle_loads(bench),)
        return self._loads(bench), self._stations(bench), self._areas(bench)

    def _loads(self, bench: Bench) -> Table:
        name, g = self.strongest(bench)
        i = _skull(bench.person)[1].pad(name)
        c = np.asarray(self.port(bench).touch_compliance)
        way = g / np.linalg.norm(g)
        rows = []
        for load in LOADS_GF:
            force = to_internal(load, "gf")
            volume = float(np.linalg.norm(g)) * force
            bone = float(way @ c[i, :, i, :] @ way) * force
            rows.append((load, from_internal(volume, "uL"), volume / bench.rest.compliance, from_internal(bone, "um")))
        columns = (("load", "gf"), ("skull volume", "uL"), ("ICP", "mmHg"), ("bone", "um"))
        return Table(f"loads at {name}", columns, tuple(rows))

    def _stations(self, bench: Bench) -> Table:
        geometry = _skull(bench.person)[1]
        port, force = self.port(bench), _force(TAUGHT)
        g, c = np.asarray(port.touch), np.asarray(port.touch_compliance)
        rows = []
        for i in self._bony(bench):
            place, out = station(geometry.pads[i]), geometry.outward[i]
            volume = float(np.linalg.norm(g[i])) * force
            skin = float(creep(contact_at(place, bench.person.parameters), 60.0)[0]) * force
            rows.append(
                (
                    place.id, place.area, from_internal(volume, "uL"), volume / bench.rest.compliance,
                    from_internal(float(out @ c[i, :, i, :] @ out) * force, "um"), from_internal(skin, "um"),
                )
            )  # fmt: skip
        columns = (
            ("station", ""), ("contact", "cm2"), ("skull volume", "uL"), ("ICP", "mmHg"), ("bone, inward", "um"),
            ("skin after 60 s", "um"),
        )  # fmt: skip
        return Table("all head stations at 5 gf", columns, tuple(rows))

    def _areas(self, bench: Bench) -> Table:
        """At one force the volume hardly hangs on the area; the local dent and the skin do."""
        material, geometry = _skull(bench.person)
        place, i = station(SWEPT), geometry.pad(SWEPT)
        out, force = geometry.outward[i], _force(TAUGHT)
        c = np.asarray(self.port(bench).touch_compliance)
        plates = float(out @ c[i, :, i, :] @ out) - float(dent_compliance(material, geometry.reach[i]))
        rows = []
        for area in AREAS_CM2:
            dent = float(dent_compliance(material, np.sqrt(area / np.pi)))
            skin = float(creep(contact_at(place, bench.person.parameters, area), 60.0)[0])
            moved = (from_internal(part * force, "um") for part in (plates + dent, skin))
            rows.append((area, force / area, *moved))
        columns = (("contact", "cm2"), ("pressure on the skin", "mmHg"), ("bone", "um"), ("skin after 60 s", "um"))
        return Table(f"contact areas at 5 gf, {SWEPT}", columns, tuple(rows))

    def _fontanelle_loads(self, bench: Bench) -> Table:
        membrane = anterior_fontanelle(bench.person.age, bench.person.parameters)
        assert membrane is not None
        radius = station(_FONTANELLE).radius
        rows = []
        for load in (gf for gf in LOADS_GF if gf <= from_internal(_force(LOAD), "gf")):
            touch = press(membrane, bench.rest.icp, to_internal(load, "gf"), radius)
            volume = -float(touch.volume)
            dent = from_internal(float(touch.dent), "um")
            rows.append((load, from_internal(volume, "uL"), volume / bench.rest.compliance, dent))
        columns = (("load", "gf"), ("cranial volume", "uL"), ("ICP", "mmHg"), ("membrane", "um"))
        return Table("loads on the open fontanelle", columns, tuple(rows))

    def checks(self, bench: Bench) -> Sequence[Check]:
        name, g = self.strongest(bench)
        force, rest = _force(LOAD), bench.rest
        volume = float(np.linalg.norm(g)) * force
        closed = volume / rest.compliance
        touched_on, nothing = (rest.start.schedule.copy() for _ in range(2))
        touched_on.ramp("touch.volume", volume, start=0.0, over=_RAMP)
        nothing.ramp("touch.volume", 0.0, start=0.0, over=_RAMP)
        way = tuple(float(-part) for part in g / np.linalg.norm(g))
        static = touch_effect(
            bench.person.age, name, force, (way[0], way[1], way[2]), rest.icp, rest.compliance, bench.person.parameters
        )
        in_time = float(rest.rise(touched_on, 1.0).mean())
        null = float(np.abs(rest.rise(nothing, 1.0)).max())
        return (
            Check(f"ICP at 20 gf, {name}", "mmHg", ("closed form", closed), ("body run in time", in_time)),
            Check(f"ICP at 20 gf, {name}", "mmHg", ("closed form", closed), ("touch_effect", static.icp.value)),
            Check("a touch without force", "mmHg", ("closed form", 0.0), ("body run in time", null)),
        )


def _force(text: str) -> float:
    value, unit = text.split()
    return to_internal(float(value), unit)


def _skull(person: Person) -> tuple[SkullMaterial, SkullGeometry]:
    material = skull_material(person.age, person.parameters)
    return material, human_skull(anatomy(person.parameters), float(material.radius))
