"""The reference table of the body `whole`: what it meets, what it does not, and that docs/whole.md says so."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import convert, same_dimension
from cisterna.model.person import Person
from cisterna.protocol.execute import at_rest, reference_table, run
from cisterna.protocol.ranges import experiments
from cisterna.protocol.read import load_protocol
from cisterna.protocol.tally import counts, totals, votes

ROOT = Path(__file__).resolve().parents[2]
#: Votes the set loses, by the rows that lose them; docs/whole.md gives the reason of each.
LOST = {"seated_compliance_index", "seated_venous_pulse", "lumbosacral_up", "lumbosacral_down", "breath_to_heart"}
#: What the table must hold at least.
ASKED = {
    "rest_icp", "rest_pulse", "rest_pulse_f1", "rest_peaks_fall", "rest_absorbed", "rest_stroke_c2",
    "rest_stroke_aqueduct", "rest_aqueduct_delay", "rest_thoracic_over_c2", "rest_lumbar_over_c2", "rest_wave_speed",
    "rest_cbf", "rest_jugular_share", "rest_sinus", "rest_breath", "rest_breath_c2", "bolus_pvi", "infusion_rout",
    "infusion_t90", "infusion_pulse", "seated_icp", "seated_jugular_area", "seated_jugular_share", "seated_lumbar",
}  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return reference_table("whole")


@pytest.fixture(scope="module")
def by_id(rows):
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def page():
    return (ROOT / "docs" / "whole.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def writer():
    spec = importlib.util.spec_from_file_location("docs_whole_page", ROOT / "docs" / "whole_page.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_is_not_met_is_known(rows, by_id, page, writer):
    lost, outvoted = ({row["id"] for row in part} for part in writer.failing(rows))
    assert lost == LOST, {key: (by_id[key]["value"], by_id[key]["low"], by_id[key]["high"]) for key in lost ^ LOST}
    assert {vote for vote, met in votes(rows).items() if not met} == {
        by_id[key]["group"] or by_id[key]["range"] for key in LOST
    }
    section = page.partition("## Rows that are not met")[2].partition("\n## ")[0]
    assert set(re.findall(r"^(?:- |\| )`(\w+)`", section, re.MULTILINE)) == lost | outvoted


def test_what_was_asked_is_there_and_what_is_shown_beside_is_known(rows, by_id):
    """Ranges that are not counted are watched too: outside is the blood excess, which the closed skull excludes."""
    assert set(by_id) >= ASKED
    assert {row["id"] for row in rows if row["inside"] is False and not counts(row)} == {"rest_blood_excess"}


def test_only_outcomes_with_a_source_are_counted(rows):
    """The role comes from the reference itself; the set point of a body is no prediction."""
    for row in filter(counts, rows):
        reference = experiments()[row["range"]]
        assert (row["role"], row["status"], row["group"]) == ("outcome", reference["status"], reference["group"])
        assert row["status"] != "assumed"
    beside = {row["id"]: row["role"] for row in rows if not counts(row)}
    for key in ("rest_cbf", "supine_jugular_area", "infusion_rise", "infusion_rout"):
        assert beside[key] == "input"
    assert beside["bolus_half_time"] == beside["infusion_t90"] == "later" and beside["rest_pulse"] == "parameter"


def test_ranges_without_a_source_say_so(by_id):
    assumed = (
        "rest_pulse", "rest_pulse_f1", "rest_delay_lumbar", "rest_aqueduct_delay", "rest_inflow_peak",
        "rest_inflow_least", "rest_inflow_excess", "rest_breath", "rest_breath_c2", "seated_sinus_vertex",
    )  # fmt: skip
    assert {by_id[key]["basis"] for key in assumed} == {"assumed"}
    assert {by_id[key]["basis"] for key in ("rest_absorbed", "rest_peaks_fall", "infusion_pulse")} == {"own"}
    assert by_id["rest_stroke_c2"]["basis"] == "own band" and by_id["rest_wave_speed"]["basis"] == "published"


def test_every_outcome_of_healthy_people_is_run_or_given_a_reason(rows, page):
    """Rows that need a condition are of patients; those of fluid alone are all in the table or in the page."""
    asked = {key for key, row in experiments().items() if row["role"] == "outcome" and row["needs"] == "fluid"}
    section = page.partition("## Outcome rows that are not run")[2].partition("\n## ")[0]
    left = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))))
    seen = {row["range"] for row in rows}
    assert asked <= seen | left, asked - seen - left
    assert not left & seen


def test_the_closed_skull_is_what_excludes_the_blood_excess(by_id):
    """Arterial minus venous volume of a beat exceeds the stroke at C2 only by what lies above it takes."""
    excess, stroke = by_id["rest_blood_excess"]["value"], by_id["rest_stroke_c2"]["value"]
    assert stroke < excess < stroke + 0.2


def test_three_peaks_of_the_pulse_fall(by_id):
    p1, p2, p3 = (by_id[f"rest_p{k}"]["value"] for k in (1, 2, 3))
    assert p1 > p2 > p3 > 0.3 * by_id["rest_pulse"]["value"]


def test_the_page_prints_these_values(rows, by_id, page, writer):
    """docs/whole.md shows the table; its numbers are those of a run, to the digits printed."""
    told = "run python docs/generate.py"
    tables = page.partition("## Rows that exclude each other")[0]
    shown = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+?) \|", tables, re.MULTILINE))
    assert set(shown) == set(by_id), told
    for key, text in shown.items():
        assert float(text.replace("\u2212", "-")) == pytest.approx(by_id[key]["value"], rel=6e-3, abs=1e-3), (key, told)
    # The rest of what is generated, the numbers set aside that a platform may round otherwise.
    digits = re.compile(r"\u2212?\d[\d.]*(?:e-?\d+)?")
    assert digits.sub("#", writer.with_run(page, rows)) == digits.sub("#", page), told


def test_every_text_tells_the_tally_of_the_run(rows, page):
    total = totals(rows)
    figure = f"{total.met} of {total.asked} outcomes"
    assert f"{figure} of the reference met" in page
    assert f"{total.inside} of {total.beside} further values lie inside their range" in page
    assert figure in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for name in ("README.md", "CHANGELOG.md", "docs/whole.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"\d+ of \d+ outcomes", text)) <= {figure}, name
        assert not re.search(r"\d+ of \d+ (?:values with a published range|published rows)", text), name


def test_the_page_lists_every_value_outside_the_row_it_stands_for(page, writer):
    """Every row a working value names, of its unit and with the value outside, unless half of it is meant."""
    p, found = default_parameters(), set()
    for row in writer.working_values():
        for key in re.findall(r"\w+", f"{row['source']} {row['note']}"):
            if key not in p or key == row["id"] or not same_dimension(p.peek(key).unit, row["unit"]):
                continue
            value = convert(p.peek(row["id"]).value, p.peek(row["id"]).unit, p.peek(key).unit)
            if not p.peek(key).low <= value <= p.peek(key).high and f"half of {key}" not in row["source"]:
                found.add((row["id"], key))
    assert found == set(writer.values_outside())
    section = page.partition("## Values outside their published range")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` .* `(\w+)` \|", section, re.MULTILINE)) == found


def test_only_an_assumed_row_asks_for_a_softer_cervical_sac(by_id):
    """What docs/whole.md says of the gradient of the spinal compliance."""
    values = {
        "whole_spinal_compliance_cervical": "0.00072 mL/(mmHg mm)",
        "whole_spinal_compliance": "0.00085 mL/(mmHg mm)",
    }
    person = Person.typical(body="whole").with_values(values)
    turned = {row["id"]: row for row in run(load_protocol("whole_rest"), body=at_rest(person)).observed}
    assert turned["rest_wave_speed"]["value"] > by_id["rest_wave_speed"]["value"]
    changed = {key for key, row in turned.items() if row["inside"] != by_id[key]["inside"]}
    assert changed == {"rest_delay_lumbar"}
    assert turned["rest_delay_lumbar"]["value"] < turned["rest_delay_lumbar"]["low"]
