"""E6: the verdict follows its rule, the fixed values matter as told, and every figure stands beside its interval."""

import numpy as np
import pytest

from cisterna.claims.book import e6_examiners_without_rhythm as e6
from cisterna.claims.run import run_claim


@pytest.fixture(scope="module")
def verdict():
    before = e6._FINE, e6._COARSE
    e6._FINE = e6._COARSE = (4, 16)
    yield run_claim("E6", fast=True)
    e6._FINE, e6._COARSE = before


def test_the_answer_is_whole(verdict):
    plain = verdict.as_dict()
    assert plain["verdict"] in ("supported", "contradicted", "undecided")
    titles = [table["title"] for table in plain["cases"][0]["tables"]["established"]]
    assert len(titles) == 5 and titles[0].startswith("published figures")
    intervals = plain["cases"][0]["tables"]["established"][0]["rows"]
    assert {row[1] for row in intervals} == {"fit", "predict"} and len(intervals) == 18
    for _, _, published, low, high, covers, *_ in intervals:
        assert low < high and covers == ("yes" if low <= published <= high else "no")
    assert "C-056" in plain["claims"] and verdict.text()


def test_a_missed_prediction_cannot_support(verdict):
    table = verdict.cases[0].tables["established"][0]
    missed = [row for row in table.rows if row[1] == "predict" and row[5] == "no"]
    assert (verdict.value > e6._NO_BETTER) or not missed


class Stub:
    """A replay with given answers."""

    def __init__(self, bayes, missed=(), left=()):
        self._bayes, self._missed, self._left = bayes, list(missed), list(left)

    def bayes(self, shift=0.0, limits=None):
        return self._bayes + shift

    def missed(self):
        return self._missed

    def left(self):
        return self._left


@pytest.mark.parametrize(
    ("stub", "low", "high"),
    [
        (Stub(-1.0), -1.0, -1.0),
        (Stub(-1.0, missed=["x"]), 0.478, 0.999),
        (Stub(2.0, missed=["x"]), 2.0, 2.0),
        (Stub(2.0, left=["x"]), 0.478, 0.999),
        (Stub(-1.0, left=["x"]), 0.478, 0.999),
    ],
)
def test_the_rule(monkeypatch, stub, low, high):
    claim = e6.ExaminersWithoutRhythm()
    monkeypatch.setattr(claim, "_replay", lambda bench: stub)
    monkeypatch.setattr(claim, "_moves", lambda bench: {})
    monkeypatch.setattr(claim, "keys", lambda bench: [type("K", (), {"default": 0.1})()])
    (value,) = claim.measure(None, {"share": np.ones(1)})
    assert low - 1e-9 <= value <= high + 1e-9


def test_more_agreement_between_examiners_favours_the_rhythm(verdict):
    """Had all examiners agreed at 0.6 or 0.8, the rhythm would predict better than at 0.01."""
    rows = verdict.cases[0].tables["established"][3].rows
    by_share = dict(rows[1:])
    print({k: round(v, 1) for k, v in by_share.items()})
    assert max(by_share[0.4], by_share[0.6], by_share[0.8]) > by_share[0.01]
