"""Extension is one file: a compartment with its path, and a condition, written as a user would."""

import textwrap

import numpy as np
import pytest

from cisterna.conditions import condition, conditions
from cisterna.ground.errors import CisternaError
from cisterna.ground.registry import load_file
from cisterna.model.condition import Condition
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.model.start import begin

SYRINX = '''
"""A fluid-filled cavity in the cord, filled through a narrow slit."""
from cisterna.ground.parameter import Parameter
from cisterna.model.condition import Condition
from cisterna.physiology.component import Compartment, Path, component, quantity


@component
class Cavity(Compartment):
    compliance: float = quantity("mL/mmHg", "compliance of the cavity wall")
    source = "assumed: example"

    def pressure(self, volume, seen):
        return volume / self.compliance


@component
class Slit(Path):
    resistance: float = quantity("mmHg s/mL", "resistance of the slit")
    source = "assumed: example"

    def flow(self, drop, seen):
        return drop / self.resistance


class Syrinx(Condition):
    name = "syrinx_example"
    summary = "a cavity beside the upper thoracic canal"
    source = "assumed: example"

    def __call__(self, plan):
        soft = Parameter("syrinx_c", 0.05, 0.01, 0.2, "mL/mmHg", source="assumed: example")
        narrow = Parameter("syrinx_r", 40.0, 10, 100, "mmHg s/mL", source="assumed: example")
        below = plan.part("canal.upper_thoracic").position
        plan = plan.add("syrinx", Cavity(compliance=soft), position=below)
        plan = plan.join("syrinx.slit", ("canal.upper_thoracic", "syrinx"), Slit(resistance=narrow))
        return plan.signal("pressure_syrinx", "pressure.syrinx", "mmHg", "local")
'''


def test_a_compartment_with_its_path_in_one_file(tmp_path):
    file = tmp_path / "syrinx.py"
    file.write_text(textwrap.dedent(SYRINX))
    found = load_file(file, Condition)
    person = Person.typical().with_(found["syrinx_example"]())
    plan, net = person.blueprint(), person.network()
    start = begin(plan, net)
    run = simulate(net, start.schedule, start.period, state=start.rest.state, step=0.01)
    # It fills to the pressure beside it and follows it, damped, because the network conserves its volume.
    beside = run.signal("pressure_csf.T4")
    assert run.signal("pressure_syrinx").mean() == pytest.approx(beside.mean(), abs=0.05)
    assert np.ptp(run.signal("pressure_syrinx")) < 0.6 * np.ptp(beside)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(CisternaError, match="extension file"):
        load_file(tmp_path / "nothing.py", Condition)


@pytest.mark.parametrize("name", sorted(conditions()))
def test_every_condition_assembles_and_says_where_it_comes_from(name):
    made = condition(name)
    assert made.summary and made.source
    Person.typical().with_(made).network()


def test_wrong_condition_gets_the_nearest():
    with pytest.raises(CisternaError, match="hydrocephalis") as caught:
        condition("hydrocephalis")
    assert "hydrocephalus" in str(caught.value)
