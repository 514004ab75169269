"""Sixty-four persons drawn over the population ranges of what the body reads: all finite, few refused."""

import importlib.util
from pathlib import Path

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person
from cisterna.model.start import begin

BENCH = Path(__file__).parents[2] / "benchmarks" / "population.py"


def test_sixty_four_persons():
    spec = importlib.util.spec_from_file_location("population", BENCH)
    population = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(population)
    rows = population.ranges(["population"])
    assert len(rows) > 10
    typical = Person.typical()
    state = begin(typical.blueprint(), typical.network()).rest.state
    made, refused = [], []
    for values in population.draws(rows, 64, seed=5):
        try:
            made.append(population.build(values))
        except CisternaError as error:
            refused.append(error.what)
    found = population.batch(made, state, 15.0)
    lost = [one for one in found if isinstance(one, str)]
    assert not lost, lost
    assert len(refused) <= 0.05 * 64, refused
    assert all(np.isfinite(one["icp"]) and 0.0 < one["icp"] < 40.0 for one in found)
