"""H-PRM: the primary respiratory mechanism, an oscillator of its own in the brain."""

from __future__ import annotations

from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person
from cisterna.physiology.rhythm import PrimaryRhythm
from cisterna.worlds.hypothesis import Hypothesis


class PrimaryRespiration(Hypothesis):
    """The brain's volume swings at its own rate. The pull on falx and dural tube needs a body that has them."""

    name = "H-PRM"
    title = "primary respiratory mechanism: an oscillator of its own in brain and membranes"
    kind = "claim"
    grade = "contested"
    claims = ("C-009", "C-010", "C-056")
    law = "phi' = 2 pi f (1 + eps w(t)); brain volume + A_V sin phi; w a slow cosine"
    moves = ("prm_amplitude",)
    uses = ("csr_upledger", "prm_wander", "prm_wander_rate")
    expected = "one phase at head and sacrum, independent of own heart, breath and 0.1 Hz waves"
    against = (
        "rates at head and feet differ when felt at once (Rogers 1998 Phys Ther 78:1175); "
        "residual power below 10 % once heart, breath and 0.1 Hz are removed"
    )
    order = 20
    self_sustained = True
    excludes = ("H-PRESSURESTAT",)

    def change(self, plan: Blueprint, person: Person) -> Blueprint:
        p = person.parameters
        law = PrimaryRhythm(
            amplitude=p.value("prm_amplitude"), frequency=p.value("csr_upledger"),
            wander=p.value("prm_wander"), wander_rate=p.value("prm_wander_rate"),
        )  # fmt: skip
        box = plan.part("cranium")
        return (
            plan.add("prm", law)
            .replace("cranium", sees={**box.sees, "brain": "drive.prm"})
            .signal("volume_brain", "drive.prm", "mL")
        )
