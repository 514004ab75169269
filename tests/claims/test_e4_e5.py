"""E4 and E5: undecided without data, with what would be needed; judged by recordings when there are any."""

import json

import numpy as np
import pytest

from cisterna.claims.book.e4_residual_rhythm import ResidualRhythm
from cisterna.claims.book.e5_marks_and_ppg import MarksAndPpg, binomial_p
from cisterna.claims.claim import claim
from cisterna.claims.compared import compared_agreement, compared_rates
from cisterna.claims.judge import NO_DATA
from cisterna.claims.run import run_claim
from cisterna.ground.errors import CisternaError
from cisterna.recordings.recording import Recording

RATE = 2.0


@pytest.fixture(scope="module", params=["E4", "E5"])
def without_data(request):
    return run_claim(request.param, fast=True)


def test_without_data_the_verdict_is_undecided_no_data(without_data):
    assert without_data.verdict == NO_DATA == "undecided: no data"
    assert np.isnan(without_data.value) and without_data.finding.results == ()
    plain = json.loads(json.dumps(without_data.as_dict(), allow_nan=False))
    assert plain["verdict"] == NO_DATA and plain["value"] is None and plain["why"].startswith("no open recording")
    text = without_data.text()
    assert "UNDECIDED: NO DATA" in text and "what would decide it" in text and text.isascii()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert any("required value" in n.quantity for n in without_data.needed)


def test_the_sizes_of_the_experiment_are_reproduced():
    """Simulated in the experiment: 7 | 9, 12 | 18, 18 | 30, 38 | 61, 80 | 122 min; exact here."""
    table = ResidualRhythm._lengths()
    one, eight = ([row[k] for row in table.rows] for k in (1, 2))
    assert one == pytest.approx([7, 12, 18, 38, 80], rel=0.06)
    assert eight == pytest.approx([9, 18, 30, 61, 122], rel=0.06)
    persons = [row[2] for row in MarksAndPpg._sizes().rows]
    assert persons == [35, 10, 4, 144, 17, 7, 158, 18, 8]


def test_the_icp_files_could_have_shown_nothing():
    rows = {(row[0], row[1]): row[2:] for row in ResidualRhythm._available().rows}
    assert rows["56 s", 0] == ("none", "none", "none")
    assert float(rows["600 s", 5][1]) > float(rows["600 s", 0][1]) > 0.3


def test_a_wide_tolerance_swallows_the_published_result():
    table = MarksAndPpg._null(0)
    shares = np.array([row[1:4] for row in table.rows])
    assert np.all(np.diff(shares, axis=0) > 0) and np.all(np.diff(shares, axis=1) > 0)
    need = next(n for n in MarksAndPpg().needed() if n.quantity.endswith("1:1 and 2:1"))
    assert 0.4 < need.value < 0.8 and binomial_p(0.887) == pytest.approx(0.05, abs=0.002)


def two_sites(seconds=2400.0, common=1.0, origin="measured", seed=0, own=1.0, abp=True):
    """Head and sacrum over breath, heartbeat and pressure, with a common rhythm at 0.13 Hz."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, seconds, 1 / RATE)
    breath = np.sin(2 * np.pi * 0.27 * t + 0.5 * np.cumsum(rng.normal(size=t.size)) / 20)
    pressure = np.sin(2 * np.pi * 0.09 * t + np.cumsum(rng.normal(size=t.size)) / 15) + 0.3 * rng.normal(size=t.size)
    wave = common * np.sin(2 * np.pi * 0.13 * t + np.cumsum(rng.normal(size=t.size)) / 30)
    places = [
        a * breath + b * pressure + wave + own * rng.normal(size=t.size) for a, b in ((3.0, 1.0), (2.0, 1.5))
    ]  # fmt: skip
    fine = np.arange(0, seconds, 0.04)
    pulse = np.maximum(np.sin(2 * np.pi * (1.1 * fine + 0.1 * np.sin(0.3 * fine))), 0) ** 3
    rec = Recording().with_signal("head", places[0], rate=RATE, unit="N", origin=origin)
    rec = rec.with_signal("sacrum", places[1], rate=RATE, unit="N", origin=origin)
    rec = rec.with_signal("resp", breath, rate=RATE, unit="1", origin=origin)
    rec = rec.with_signal("ppg", pulse, rate=25.0, unit="1", origin=origin)
    return rec.with_signal("abp", pressure, rate=RATE, unit="mmHg", origin=origin, level_ref="heart") if abp else rec


def test_a_common_rhythm_in_a_recording_supports_and_its_absence_does_not():
    verdict = run_claim("E4", recordings=[two_sites()], fast=True)
    assert verdict.verdict == "supported" and verdict.value <= 0.05
    rate = next(r for r in verdict.finding.results if r.id == "rhythm_rate")
    assert rate.value == pytest.approx(60 * 0.13, abs=0.3)
    absent = run_claim("E4", recordings=[two_sites(common=0.0, own=3.0, seed=1)], fast=True)
    assert absent.verdict == "undecided" and absent.value > 0.05 and "nothing is shared" in absent.finding.why
    assert max(len(line) for line in verdict.text().splitlines()) <= 80


def test_a_long_record_with_nothing_left_contradicts():
    verdict = run_claim("E4", recordings=[two_sites(common=0.0, seed=1)], fast=True)
    assert verdict.verdict == "contradicted" and "long enough" in verdict.finding.why


def test_what_was_not_recorded_or_not_measured_decides_nothing():
    without = run_claim("E4", recordings=[two_sites(abp=False)], fast=True)
    assert without.verdict == "undecided" and "Mayer" in without.finding.why
    alone = run_claim("E4", recordings=[two_sites().only("head", "resp", "ppg", "abp")], fast=True)
    assert alone.verdict == "undecided" and "two places" in alone.finding.why
    made = run_claim("E4", recordings=[two_sites(origin="simulated")], fast=True)
    assert made.verdict == NO_DATA and "simulated" in made.finding.why
    short = run_claim("E4", recordings=[two_sites(60.0)], fast=True)
    assert short.verdict == "undecided" and "too short" in short.finding.why and np.isnan(short.value)


def person(k, follows=True, seed=0):
    """A plethysmogram with slow waves and marks that follow them one to one, or do not."""
    rng = np.random.default_rng([seed, k])
    f = rng.uniform(0.06, 0.14)
    t = np.arange(0, 300, 0.1)
    wave = np.sin(2 * np.pi * f * t) + 0.5 * np.sin(2 * np.pi * 1.2 * t) + 0.3 * rng.normal(size=t.size)
    pace = f if follows else rng.uniform(0.04, 0.2)
    marks = np.arange(1, 290 * pace) / pace + 0.05 * rng.normal(size=int(290 * pace + 0.999) - 1)
    rec = Recording().with_signal("ppg", wave, rate=10.0, unit="1", origin="measured")
    return rec.with_events([(m, 0.0, "mark") for m in marks])


def test_marks_that_follow_support_and_others_do_not():
    found = run_claim("E5", recordings=[person(k) for k in range(12)], fast=True)
    assert found.verdict == "supported" and found.value > 0.9
    other = run_claim("E5", recordings=[person(k, follows=False) for k in range(12)], fast=True)
    assert other.verdict in ("undecided", "contradicted") and other.value < 0.7
    single = run_claim("E5", recordings=[person(0)], fast=True)
    assert single.verdict == "undecided" and "other persons" in single.finding.why


def test_rows_of_the_measurements_are_computed_and_compared():
    rates = {row.id: row for row in compared_rates()}
    # Palpation that knows nothing of the plethysmogram lies above its band: what is found is printed.
    assert rates["cri_ppg"].computed.value == pytest.approx(6.88 / 60.0, rel=0.03) and not rates["cri_ppg"].inside
    assert rates["cri_ldf_ratio"].inside
    given = {row.id: row for row in compared_agreement()}
    assert set(given) == {"rel_inter", "rel_intra", "rel_hanten_inter", "rel_wp", "rel_rogers_head", "rel_rogers_feet"}
    assert all(row.covered for row in given.values())
    # The more subjects, the narrower.
    assert np.diff([given["rel_hanten_inter"].computed.low, given["rel_hanten_inter"].computed.high]) < np.diff(
        [given["rel_inter"].computed.low, given["rel_inter"].computed.high]
    )
    assert abs(compared_agreement(0.0)[2].computed.value) < 0.05


def test_a_claim_of_data_and_a_claim_of_a_body_are_told_apart():
    assert claim("e4").name == "E4" and claim("C-010").name == "E3"
    with pytest.raises(CisternaError, match="measured on a body") as caught:
        run_claim("E1", recordings=[two_sites(60.0)])
    assert "E4, E5" in caught.value.mend
    with pytest.raises(CisternaError, match="head or sacrum"):
        run_claim("E4", recordings=[person(0)])
    with pytest.raises(CisternaError, match="events called 'mark'"):
        run_claim("E5", recordings=[two_sites(60.0)])


def test_the_command_judges_a_file(tmp_path, capsys):
    from cisterna.outside.cli import run

    rec = two_sites(1200.0)
    file = tmp_path / "two.csv"
    columns = {"CH1": "head", "CH2": "sacrum", "BELT": "resp", "ART": "abp"}
    rows = np.column_stack([rec.time("head"), *(rec.values(own) for own in columns.values())])
    head = "t [s]," + ",".join(f"{name} [{'mmHg' if name == 'ART' else '1'}]" for name in columns)
    np.savetxt(file, rows, delimiter=",", header=head, comments="")
    named = "head=CH1,sacrum=CH2,resp=BELT,abp=ART"
    code = run(["claims", "run", "E4", "--recording", str(file), "--channels", named, "--fast", "--json", "--quiet"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0 and found["verdict"] == "undecided" and "heart" in found["why"]
    assert {r["id"] for r in found["finding"]["results"]} >= {"rhythm_rate", "rhythm_p", "rhythm_amplitude"}
    assert run(["claims", "run", "E4", "--fast", "--quiet"]) == 0
    assert "undecided: no data" in capsys.readouterr().out.lower()
