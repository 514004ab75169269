"""What an evaluation tells of recordings whose truth is known: made by formula, by Marmarou's model, by the body."""

from __future__ import annotations

import numpy as np
import pytest
from made_ward import ABP, ABP_PULSE, BREATH, HEART, ICP, RATE, SLOPE, ZERO, moving_correlation, slow_parts, ward

from cisterna.recordings import Recording
from cisterna.signals.evaluate import RecordingEvaluation, Wanted, entries, evaluate
from cisterna.signals.infusion import Marmarou, Pump, simulate


@pytest.fixture(scope="module")
def told() -> RecordingEvaluation:
    return evaluate(ward(1200.0))


#: Id, channel, truth, tolerance. The fundamental of each pulse is a sine of that amplitude.
KNOWN = [
    ("heart_rate", "icp", HEART, 0.05),
    ("heart_rate", "abp", HEART, 0.05),
    ("beats", "abp", HEART * 20, 1.0),
    ("breath_rate", "resp", BREATH, 0.05),
    ("breaths", "resp", BREATH * 20, 1.0),
    ("pulse_amplitude_f1", "abp", ABP_PULSE, 0.05),
    ("rap", "icp", 1.0, 0.005),
    ("latency_foot", "abp:icp", 0.0, 0.002),
    ("dose_20", "icp", 0.0, 1e-9),
    ("plateau_waves", "icp", 0.0, 0.0),
]


@pytest.mark.parametrize(("id", "channel", "truth", "within"), KNOWN)
def test_what_was_put_in_comes_out(
    told: RecordingEvaluation, id: str, channel: str, truth: float, within: float
) -> None:
    found = told.result(id, channel)
    print(f"{id} {channel}: {found.value:.4f}, truth {truth:g}")
    assert found.value == pytest.approx(truth, abs=within)


def test_means_and_perfusion_pressure_are_those_of_the_slow_parts(told: RecordingEvaluation) -> None:
    icp, abp = slow_parts(1200.0, 0.6)
    for id, channel, truth in (
        ("mean", "icp", icp.mean()),
        ("mean", "abp", abp.mean()),
        ("cpp", "abp:icp", abp.mean() - icp.mean()),
        ("pulse_amplitude_f1", "icp", SLOPE * (icp.mean() - ZERO)),
    ):
        found = told.result(id, channel)
        assert found.value == pytest.approx(truth, abs=0.01), id
        assert found.low < found.value < found.high
    # The waves have means near zero; their intervals hold what they ride on.
    assert told.result("mean", "icp").low < ICP < told.result("mean", "icp").high
    assert told.result("mean", "abp").low < ABP < told.result("mean", "abp").high


@pytest.mark.parametrize("mix", [-0.7, 1.0])
def test_prx_and_pax_are_the_moving_correlation_of_the_slow_parts(mix: float) -> None:
    """PAx as well: here the amplitude is a line over ICP. Truth by NumPy on signals that never had a pulse."""
    icp, abp = slow_parts(900.0, mix)
    truth = moving_correlation(icp, abp, RATE)
    some = evaluate(ward(900.0, mix).only("icp", "abp"))
    for id in ("prx", "pax"):
        found = some.result(id)
        print(f"{id}, mix {mix:g}: {found.value:.4f}, truth {truth:.4f}")
        assert found.value == pytest.approx(truth, abs=0.01)


def test_the_line_of_amplitude_over_pressure_is_the_one_put_in(told: RecordingEvaluation) -> None:
    """Within a tenth of its range: a pulse that grows within an epoch is no pure sine."""
    slope, zero = told.result("elastance_index"), told.result("amplitude_zero")
    print(f"slope {slope.value:.4f}, truth {SLOPE}; zero {zero.value:.3f} mmHg, truth {ZERO}")
    assert slope.value == pytest.approx(SLOPE, rel=0.03) and zero.value == pytest.approx(ZERO, abs=0.4)


SPACE = Marmarou(rout=12.0, elastance=0.18, p0=3.0, baseline=9.6)


@pytest.mark.parametrize("how", ["told", "marked"])
def test_an_infusion_test_is_recovered(how: str) -> None:
    p = simulate(SPACE, [Pump(300.0, 1500.0, 1.5)], 2100.0, 25.0, white=0.1, wave=0.3, pulse=1.0, seed=2)
    rec = Recording().with_signal(
        "icp", p, rate=25.0, unit="mmHg", level_ref="foramen_monro", origin="measured", own_name="ICP"
    )
    wanted = Wanted()
    if how == "told":
        wanted = Wanted(infusion_rate="1.5 mL/min", infusion=(300.0, 1500.0))
    else:
        rec = rec.with_events([(300.0, 1200.0, "Infusion 1.5 mL/min")])
    found = evaluate(rec, wanted)
    assert found.infusion is not None and found.infusion.phases.pump == (300.0, 1500.0)
    truths = {
        "rout": (SPACE.rout, 0.05), "elastance": (SPACE.elastance, 0.15), "pvi": (SPACE.pvi, 0.15),
        "icp_baseline": (SPACE.baseline, 0.03), "icp_plateau": (SPACE.baseline + 1.5 * SPACE.rout, 0.03),
    }  # fmt: skip
    assert {r.id for r in found.results} <= set(entries())
    for id, (truth, within) in truths.items():
        r = found.result(id)
        print(f"{id}: {r.value:.3f} ({r.low:.3f} to {r.high:.3f}), truth {truth:.3f}")
        assert r.value == pytest.approx(truth, rel=within), id
        assert r.low <= truth <= r.high, id
    for id, truth in (("p0", SPACE.p0), ("production", SPACE.production)):
        assert found.result(id).low <= truth <= found.result(id).high, id
    assert found.as_dict()["infusion"]["found"]
    # AMP follows the same exponential curve: it grows with ICP by 1 mmHg / (pb - p0).
    assert found.result("elastance_index").value == pytest.approx(1.0 / (SPACE.baseline - SPACE.p0), rel=0.05)


def test_without_a_rate_resistance_is_not_guessed() -> None:
    p = simulate(SPACE, [Pump(300.0, 1500.0, 1.5)], 1800.0, 2.0, white=0.1, seed=2)
    rec = Recording().with_signal("icp", p, rate=2.0, unit="mmHg", level_ref="foramen_monro", origin="measured")
    found = evaluate(rec, Wanted(infusion=(300.0, 1500.0)))
    assert np.isnan(found.result("rout").value) and "rate not stated" in found.result("rout").note
    assert found.result("p0").low <= SPACE.p0 <= found.result("p0").high


def _hand(rhythm: float) -> Recording:
    """Force at a hand: breath, noise that is pinker than white, and a rhythm of 6.9 a minute."""
    t = np.arange(0, 1500, 0.1)
    rng = np.random.default_rng(8)
    pace = 0.25 + 0.01 * np.sin(2 * np.pi * t / 97)
    breath = np.sin(2 * np.pi * np.cumsum(pace) * 0.1)
    noise = np.convolve(rng.standard_normal(t.size), np.exp(-np.arange(60) / 15.0), "same")
    force = 2.0 * breath + noise + rhythm * np.sin(2 * np.pi * 6.9 / 60 * t)
    heart = 60.0 + 2.0 * np.convolve(rng.standard_normal(t.size), np.ones(300) / 17.3, "same")
    rec = Recording().with_signal("force", force, rate=10.0, unit="mN", origin="measured")
    rec = rec.with_signal("resp", breath + 0.02 * rng.standard_normal(t.size), rate=10.0, unit="", origin="measured")
    return rec.with_signal("heart_rate", heart, rate=10.0, unit="1/min", origin="measured")


def test_a_rhythm_put_in_is_found_and_none_where_there_is_none() -> None:
    there, none = evaluate(_hand(2.5)), evaluate(_hand(0.0))
    rate, size, p = (there.result(f"rhythm_{k}", "force") for k in ("rate", "amplitude", "p"))
    print(f"rate {rate.value:.2f} ({rate.low:.2f} to {rate.high:.2f}), amplitude {size.value:.2f}, p {p.value:.3f}")
    assert p.value <= 0.01
    assert {r.id for r in there.results} <= set(entries())
    assert rate.low <= 6.9 <= rate.high and rate.value == pytest.approx(6.9, abs=0.3)
    assert size.value == pytest.approx(2.5, rel=0.25)
    assert there.result("breath_rate", "resp").value == pytest.approx(15.0, rel=0.02)
    print(f"without: p {none.result('rhythm_p', 'force').value:.3f}, {none.rhythm['force'].verdict}")
    assert none.result("rhythm_p", "force").value > 0.05 and none.rhythm["force"].verdict != "rhythm"


def test_a_simulated_person_is_told_as_the_model_knows_it() -> None:
    """The body `axis` at rest: rates are its parameters, means and peak to peak those of its own signals."""
    pytest.importorskip("jax")
    from cisterna.model.person import Person
    from cisterna.model.simulate import simulate as run_model
    from cisterna.model.start import begin

    person = Person.typical(age=42)
    plan, net = person.blueprint(), person.network()
    start = begin(plan, net)
    run = run_model(net, start.schedule, 120.0, state=start.rest.state)
    rec = run.recording()
    found = evaluate(rec.only("icp", "abp", "resp"))
    icp, abp, rate = rec.values("icp"), rec.values("abp"), rec.rate("icp")
    heart, breath = person.parameters["hr_rest"].value, person.parameters["rr_rest"].value
    assert found.origin == "simulated"
    beat = int(round(60 / heart * rate))
    slope = np.linspace(0.0, 1.0, beat + 1)
    beats = [icp[k : k + beat + 1] for k in range(0, icp.size - beat, beat)]
    # Without the line from foot to foot: the tilt that breath gives to each beat.
    swing = np.mean([np.ptp(b - (b[-1] - b[0]) * slope) for b in beats])
    for id, channel, truth, within in (
        ("heart_rate", "icp", heart, 0.1),
        ("heart_rate", "abp", heart, 0.1),
        ("breath_rate", "resp", breath, 0.1),
        ("mean", "icp", icp.mean(), 0.02),
        ("mean", "abp", abp.mean(), 0.1),
        ("cpp", "abp:icp", abp.mean() - icp.mean(), 0.1),
        ("pulse_amplitude_pp", "icp", swing, 0.03 * swing),
    ):
        r = found.result(id, channel)
        print(f"{id} {channel}: {r.value:.4f}, the model has {truth:.4f}")
        assert r.value == pytest.approx(truth, abs=within), id
    assert found.result("beats", "abp").value == pytest.approx(2 * heart, abs=1)
