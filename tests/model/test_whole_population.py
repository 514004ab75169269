"""Twenty-four persons of the body `whole` over the population ranges of what it reads: all finite, few refused."""

import importlib.util
from pathlib import Path

import numpy as np
from whole_sample import resting

from cisterna.ground.errors import CisternaError

BENCH = Path(__file__).parents[2] / "benchmarks" / "population.py"
COUNT = 24


def test_twenty_four_persons(monkeypatch):
    spec = importlib.util.spec_from_file_location("population_of_whole", BENCH)
    population = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(population)
    monkeypatch.setattr(population, "LANES", COUNT)
    rows = population.ranges(["population"], "whole")
    assert len(rows) > 40
    made, refused = [], []
    for values in population.draws(rows, COUNT, seed=7):
        try:
            made.append(population.build(values, "whole"))
        except CisternaError as error:
            refused.append(error.what)
    found = population.batch(made, resting()[2].rest.state, 12.0)
    lost = [one for one in found if isinstance(one, str)]
    assert not lost, lost
    assert len(refused) <= 0.05 * COUNT, refused
    assert all(np.isfinite(one["icp"]) and -5.0 < one["icp"] < 40.0 for one in found)
