"""E3, production on and off: closed form, the body run in time, the verdict; and the measures it rests on."""

import json

import numpy as np
import pytest

from cisterna.claims.bench import Bench
from cisterna.claims.book.e3_production_rhythm import ProductionRhythm
from cisterna.claims.run import run_claim
from cisterna.model.person import Person
from cisterna.model.solver.machine import enable_cache
from cisterna.worlds.resting import resting
from cisterna.worlds.world import apply_world


@pytest.fixture(scope="module", autouse=True)
def _programs():
    enable_cache()


@pytest.fixture(scope="module")
def verdict():
    return run_claim("E3", seed=0, fast=True)


def test_the_swing_is_kappa_q_t_over_2_c(verdict):
    """0.35 mL/min for half of 7.5 s is 0.0219 mL; over the measured compliance 0.02 mmHg (claims C-010)."""
    check = verdict.checks[0]
    assert check.first[1] == pytest.approx(check.second[1], rel=0.1)
    assert 0.015 < check.first[1] < 0.025
    table = verdict.cases[0].tables["established"][0]
    assert "0.0219 mL" in table.title
    swing, heart = (row[1] for row in table.rows[:2])
    assert verdict.value == pytest.approx(swing / heart, rel=1e-9) and 0.003 < verdict.value < 0.01


def test_the_verdict_and_what_it_would_take(verdict):
    main = verdict.cases[0]
    assert verdict.verdict == "contradicted" and main.joint.distance > 3.0
    needs = {n.key.id: n for n in main.needs}
    for key in ("csf_production", "pressurestat_kappa"):  # linear in both
        assert needs[key].multiple == pytest.approx(0.3 / verdict.value, rel=0.01)
    assert needs["pressurestat_kappa"].key.range is None and main.joint.left_out == ("pressurestat_kappa",)
    assert needs["pressurestat_kappa"].taught == 200.0
    # A smaller residual raises swing and pulse alike: it cannot make the claim true.
    assert needs["residual"].value is None
    assert "literal strength" in verdict.asked_with


def test_steady_production_swings_nothing_and_the_teaching_much(verdict):
    turned = {(f.world, f.switch): f.reading for f in verdict.flips}
    assert turned["established", "H-PRESSURESTAT"].value == 0.0
    assert turned["as-taught", "H-PRESSURESTAT"].value == 0.0
    assert verdict.cases[0].worlds["as-taught"].verdict == "supported"
    assert turned["as-taught", "H-SUT"].value == pytest.approx(200.0 * verdict.value, rel=1e-6)
    json.dumps(verdict.as_dict(), allow_nan=False)
    assert max(len(line) for line in verdict.text().splitlines()) <= 80


def test_a_slower_rhythm_swings_more():
    claim, shared = ProductionRhythm(), {}
    volumes = {}
    for name, case in claim.cases().items():
        person = apply_world(case.person, "established", flips=["H-PRESSURESTAT"])
        volumes[name] = claim.volume(Bench(name, "established", person, case.settings, shared=shared))
    assert volumes["6 cycles a minute"] / volumes["10 cycles a minute"] == pytest.approx(10 / 6, rel=1e-9)
    assert len(shared) == 1  # one body serves all


def test_the_pulse_falls_with_compliance_as_the_bench_says():
    """pulse' = pulse C / (C + extra), with C measured at another extra than the one asked for."""
    adult = Person.typical()
    bench = Bench("adult", "established", adult, {})
    wide = resting(adult.with_values({"axis_residual_compliance": "0.36 mL/mmHg"}))
    c = bench.beat_compliance
    assert 0.3 < c < 1.2  # mL/mmHg, c_total_fast of the reference table
    assert wide.pulse == pytest.approx(bench.rest.pulse * c / (c + 0.30), rel=0.05)
    assert np.isfinite(c)
