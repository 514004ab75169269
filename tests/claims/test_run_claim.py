"""The rule of a verdict on claims made up for the purpose, and how a claim of one's own is found and run."""

import json

import numpy as np
import pytest

from cisterna.claims.claim import Claim, book, claim
from cisterna.claims.judge import NO_DATA, read
from cisterna.claims.key import Key, key_of
from cisterna.claims.need import Joint, need_of
from cisterna.claims.run import run_claim
from cisterna.claims.verdict import WIDTH
from cisterna.ground.errors import CisternaError


class Toy(Claim):
    """y = a b; no body is run."""

    name = "T1"
    question = "Is a times b enough?"
    claims = ("C-055",)
    output = "a times b"
    unit = "1"
    supports = 10.0
    contradicts = 2.0

    def __init__(self, a=(1.0, 0.8, 1.25), b=(1.0, 0.8, 1.25)):
        self.ends = {"a": a, "b": b}

    def keys(self, bench):
        return [Key(k, k, "1", *ends, source="made up") for k, ends in self.ends.items()]

    def measure(self, bench, multiples):
        values = [self.ends[k][0] * np.asarray(multiples.get(k, 1.0)) for k in self.ends]
        return values[0] * values[1]


def test_a_claim_that_holds_over_its_ranges_is_supported():
    assert run_claim(Toy(a=(20.0, 15.0, 30.0))).verdict == "supported"


def test_a_claim_far_from_holding_is_contradicted():
    verdict = run_claim(Toy())
    assert verdict.verdict == "contradicted" and verdict.value == 1.0
    assert [n.multiple for n in verdict.cases[0].needs] == pytest.approx([10.0, 10.0], rel=0.01)
    spread = np.log(1.25 / 0.8) / 3.29
    assert verdict.cases[0].joint.distance == pytest.approx(np.log(10) / (spread * np.sqrt(2)), rel=0.01)


def test_a_needed_value_inside_its_range_leaves_it_undecided():
    """The draws contradict, but b is so uncertain that the needed value lies inside its range."""
    verdict = run_claim(Toy(a=(0.01, 0.009, 0.011), b=(1.0, 0.001, 2000.0)))
    need = verdict.cases[0].needs[1]
    assert need.inside and need.multiple == pytest.approx(1000.0, rel=0.01)
    # Over such a range not even the draws are sure.
    assert verdict.verdict == "undecided"


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(20.0, "supported"), (1.0, "contradicted"), (5.0, "undecided")],
)
def test_the_rule_on_draws_alone(value, verdict):
    assert read(value, np.full(64, value), supports=10.0, contradicts=2.0).verdict == verdict
    # A claim that holds when the output is small is judged the other way round.
    low = read(1.0 / value, np.full(64, 1.0 / value), supports=0.1, contradicts=0.5)
    assert low.verdict == verdict


def test_ninety_five_per_cent_is_asked_and_no_less():
    draws = np.concatenate([np.full(95, 20.0), np.full(5, 0.0)])
    assert read(20.0, draws, 10.0, 2.0).verdict == "supported"
    assert read(20.0, np.append(draws, 0.0), 10.0, 2.0).verdict == "undecided"


def test_required_values_hold_a_contradiction_open():
    draws = np.zeros(64)
    far = need_of(lambda m: 0.01 * m["k"], Key("k", "k", "1", 1.0, 0.5, 2.0), 10.0)
    near = need_of(lambda m: 0.01 * m["k"], Key("k", "k", "1", 1.0, 0.5, 2000.0), 10.0)
    assert read(0.0, draws, 10.0, 2.0, [far], Joint(5.0, {}, ())).verdict == "contradicted"
    open_one = read(0.0, draws, 10.0, 2.0, [near], Joint(5.0, {}, ()))
    assert open_one.verdict == "undecided" and "inside its range" in open_one.why and "1e+03" in open_one.why
    assert read(0.0, draws, 10.0, 2.0, [far], Joint(2.9, {}, ())).verdict == "undecided"
    assert read(0.0, draws, 10.0, 2.0, [far], Joint(None, {}, ())).verdict == "contradicted"


def test_without_data_nothing_is_decided():
    class Empty(Toy):
        no_data = "no record has head and sacrum"

    verdict = run_claim(Empty(a=(20.0, 15.0, 30.0)), fast=True)
    assert verdict.verdict == "undecided: no data" == NO_DATA
    assert verdict.cases[0].worlds["established"].why == "no record has head and sacrum"
    assert json.loads(json.dumps(verdict.as_dict()))["cases"][0]["worlds"]["established"]["value"] is None
    assert "UNDECIDED: NO DATA" in verdict.text()


def test_the_same_seed_gives_the_same_answer():
    one, two, other = (run_claim(Toy(), seed=s) for s in (4, 4, 5))
    assert one.as_dict() == two.as_dict()
    assert other.cases[0].worlds["established"].high != one.cases[0].worlds["established"].high
    assert (one.seed, one.draws) == (4, 64)


class Switched(Toy):
    """The output is the suture modulus: it falls when H-SUT is turned on."""

    name = "T2"
    supports = 1.0
    contradicts = 100.0
    switches = ("H-SUT",)

    def keys(self, bench):
        return [key_of(bench.person.parameters["skull_suture_E"])]

    def measure(self, bench, multiples):
        row = bench.person.parameters["skull_suture_E"]
        return row.value * np.asarray(multiples.get(row.id, np.ones(1)))


def test_worlds_stand_side_by_side_and_each_switch_is_turned_over():
    verdict = run_claim(Switched(), fast=True)
    main = verdict.cases[0]
    assert {k: r.value for k, r in main.worlds.items()} == {"established": 1100.0, "as-taught": 0.0015}
    turned = {(f.world, f.switch, f.turned): f.reading.value for f in verdict.flips}
    assert turned == {("established", "H-SUT", "on"): 0.0015, ("as-taught", "H-SUT", "off"): 1100.0}
    assert main.needs[0].taught == 0.0015
    assert main.worlds["as-taught"].verdict == "supported"
    assert verdict.parameters["as-taught"]["skull_suture_E"].status == "required"
    assert verdict.parameters["established"]["skull_suture_E"].status == "assumed"


def test_the_answer_can_be_printed_saved_and_drawn():
    verdict = run_claim(Switched())
    lines = verdict.text().splitlines()
    assert max(len(line) for line in lines) <= WIDTH and verdict.text().isascii()
    for word in ("established", "as-taught", "what it would take", "required    by the claim", "seed 0, 64 draws"):
        assert word in verdict.text(), word
    saved = json.loads(json.dumps(verdict.as_dict(), allow_nan=False))
    assert saved["verdict"] == verdict.verdict and len(saved["cases"][0]["needs"][0]["scan"]["multiple"]) == 65
    row = verdict.picture()["rows"][0]
    shown = [row[key] for key in ("low", "high", "assumed", "default", "taught")]
    assert shown == [50.0, 1100.0, True, 1100.0, 0.0015]
    assert row["required"] == pytest.approx(1.0, rel=0.01) and row["multiple"] == pytest.approx(1 / 1100.0, rel=0.01)


FILE = '''
import numpy as np
from cisterna.claims.claim import Claim
from cisterna.claims.key import key_of

class Production(Claim):
    """Is the volume that a day of production makes more than the whole CSF?"""
    name = "X-DAY"
    question = "Is the CSF renewed more than twice a day?"
    output = "production of a day over the volume of CSF"
    unit = "1"
    supports = 2.0
    contradicts = 1.0

    def keys(self, bench):
        return [key_of(bench.person.parameters["csf_production"])]

    def measure(self, bench, multiples):
        p = bench.person.parameters
        return p.value("csf_production") * 86400.0 / 250.0 * np.asarray(multiples.get("csf_production", np.ones(1)))
'''


def test_a_file_of_ones_own_is_found_and_run(tmp_path):
    file = tmp_path / "day.py"
    file.write_text(FILE)
    verdict = run_claim("x-day", files=[file], fast=True)
    assert verdict.name == "X-DAY" and verdict.value == pytest.approx(0.35 * 1440 / 250)
    assert verdict.verdict == "undecided"  # production of 0.2 to 0.7 mL/min leaves both possible
    assert "X-DAY" not in book()
    assert verdict.cases[0].needs[0].key.source.startswith("0.35 in Wilson 2016")


def test_a_wrong_file_or_name_is_answered_in_one_message(tmp_path):
    empty = tmp_path / "empty.py"
    empty.write_text("x = 1\n")
    for files, words in (([empty], "no claim in the file"), ([tmp_path / "gone.py"], "cannot read the extension file")):
        with pytest.raises(CisternaError, match=words):
            book(files)
    taken = tmp_path / "taken.py"
    taken.write_text(FILE.replace("X-DAY", "E1"))
    with pytest.raises(CisternaError, match="'E1' exists already"):
        book([taken])
    with pytest.raises(CisternaError, match="no experiment answers C-011"):
        claim("C-011")
    with pytest.raises(CisternaError, match="no claim 'E33'"):
        claim("E33")
    with pytest.raises(CisternaError, match="two levels"):
        run_claim(type("Level", (Toy,), {"contradicts": 10.0})())


def test_a_claim_is_found_by_its_name_and_by_the_rows_it_answers():
    assert claim("e1").name == claim("C-055").name == claim("c-067").name == "E1"
    assert claim("C-010").name == "E3"
