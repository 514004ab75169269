"""Draws from published ranges, and required values against closed forms."""

import numpy as np
import pytest

from cisterna.claims.key import WIDENED, Key, draw, key_of
from cisterna.claims.need import DECADES, Joint, joint_of, need_of
from cisterna.ground.parameter import default_parameters


def key(name="k", default=1.0, low=0.5, high=2.0, **more):
    return Key(name, name, "1", default, low, high, **more)


def test_five_per_cent_of_the_draws_lie_beyond_each_end():
    drawn = draw([key(default=2.0, low=1.0, high=16.0)], 4000, seed=3)["k"] * 2.0
    assert np.mean(drawn < 1.0) == pytest.approx(0.05, abs=0.005)
    assert np.mean(drawn > 16.0) == pytest.approx(0.05, abs=0.005)
    assert np.median(drawn) == pytest.approx(2.0, rel=0.01)


def test_a_default_at_an_end_varies_to_the_other_side_only():
    drawn = draw([key(default=2.0, low=1.0, high=2.0)], 500, seed=3)["k"]
    assert drawn.max() <= 1.0 + 1e-12 and drawn.min() < 0.6


def test_the_same_seed_gives_the_same_draws_and_the_hypercube_fills_every_stratum():
    keys = [key("a"), key("b", drawn=False), key("c")]
    one, two = (draw(keys, 64, seed=9) for _ in range(2))
    assert all(np.array_equal(one[k], two[k]) for k in one)
    assert np.all(one["b"] == 1.0) and not np.array_equal(one["a"], one["c"])
    spread = np.sort(np.log(one["a"]))
    assert np.all(np.diff(spread) > 0) and len(np.unique(spread)) == 64
    assert not np.array_equal(draw(keys, 64, seed=10)["a"], one["a"])


def test_an_assumed_range_is_widened_before_it_judges():
    narrow, wide = key(), key(assumed=True)
    assert narrow.holds(1.9) and not narrow.holds(2.1)
    assert wide.range == (0.5 / WIDENED, 2.0 * WIDENED) and wide.holds(5.9) and not wide.holds(6.1)
    assert wide.spread - narrow.spread == pytest.approx(2 * np.log(WIDENED) / 3.29, rel=1e-3)


def test_a_number_that_a_hypothesis_put_in_place_has_no_range_and_is_not_drawn():
    row = default_parameters()["skull_suture_E_taught"]
    found = key_of(row)
    assert found.range is None and found.spread == 0.0 and not found.drawn
    assert np.all(draw([found], 8, seed=0)[row.id] == 1.0)


@pytest.mark.parametrize(("power", "level", "expected"), [(1.0, 50.0, 50.0), (-2.0, 0.01, 10.0), (0.5, 1e-3, 1e-6)])
def test_the_needed_multiple_is_found_to_a_per_cent_in_both_directions(power, level, expected):
    need = need_of(lambda m: m["k"] ** power, key(default=3.0), level)
    assert need.multiple == pytest.approx(expected, rel=0.01)
    assert need.value == pytest.approx(3.0 * expected, rel=0.01)


def test_a_level_that_no_value_reaches_is_told_with_the_ceiling():
    need = need_of(lambda m: m["k"] / (1.0 + m["k"]), key(), 2.0)
    assert need.multiple is None and need.value is None and not need.inside
    assert need.ceiling == pytest.approx(1.0, rel=1e-6) and need.ceiling_at == pytest.approx(10.0**DECADES)


def test_of_several_crossings_the_one_nearest_the_default_counts():
    """A law with a kink: the level is reached on both sides, nearer above."""
    need = need_of(lambda m: np.maximum(m["k"] / 4.0, 0.01 / m["k"]), key(), 1.0)
    assert need.multiple == pytest.approx(4.0, rel=0.01)


def test_a_needed_value_inside_the_range_is_seen():
    assert need_of(lambda m: m["k"], key(), 1.5).inside
    assert not need_of(lambda m: m["k"], key(), 2.5).inside


def test_where_the_output_has_no_number_it_is_not_crossed():
    need = need_of(lambda m: np.where(m["k"] > 10.0, np.nan, m["k"]), key(), 5.0)
    assert need.multiple == pytest.approx(5.0, rel=0.01)
    assert need_of(lambda m: np.where(m["k"] > 10.0, np.nan, m["k"]), key(), 50.0).multiple is None


def test_the_smallest_joint_departure_has_its_closed_form():
    """y = a^p b^r: D = ln(level) / sqrt((p s_a)^2 + (r s_b)^2), and each shares by its slope."""
    keys = [key("a", low=0.5, high=2.0), key("b", low=0.1, high=10.0)]
    p, r, level = 1.0, -2.0, 1e3
    joint = joint_of(lambda m: m["a"] ** p * m["b"] ** r, keys, level, [])
    sides = np.array([p * keys[0].spread, r * keys[1].spread])
    assert joint.distance == pytest.approx(np.log(level) / np.linalg.norm(sides), rel=1e-3)
    u = np.log(level) * sides / (sides @ sides)
    expected = np.exp(u * [k.spread for k in keys])
    assert [joint.multiples["a"], joint.multiples["b"]] == pytest.approx(list(expected), rel=0.01)


def test_the_joint_departure_is_never_larger_than_a_single_one():
    keys = [key("a"), key("b")]

    def output(m):
        return m["a"] * (1.0 + 0.1 * m["b"]) / 1.1

    needs = [need_of(lambda m, k=k: output({"a": 1.0, "b": 1.0} | m), k, 20.0) for k in keys]
    joint = joint_of(output, keys, 20.0, needs)
    single = [abs(np.log(n.multiple)) / n.key.spread for n in needs if n.multiple]
    assert joint.distance <= min(single) + 1e-6


def test_what_has_no_range_is_left_out_of_the_joint_departure():
    free = Key("f", "f", "1", 1.0)
    joint = joint_of(lambda m: m.get("f", 1.0) * m["a"], [key("a"), free], 10.0, [])
    assert joint.left_out == ("f",) and list(joint.multiples) == ["a"]
    assert joint_of(lambda m: m["f"], [free], 10.0, []) == Joint(None, {}, ("f",))


def test_a_level_that_nothing_reaches_has_no_joint_departure():
    joint = joint_of(lambda m: 0.1 * np.tanh(m["a"]), [key("a")], 1.0, [])
    assert joint.distance is None
