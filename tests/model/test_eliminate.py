"""The solver's shortcuts: sparse products, the Jacobian by few tangents, elimination, ledgers, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cisterna.model.dependence import coloured, dependence, reads, used_arguments
from cisterna.model.network import imposed, moving, rhs
from cisterna.model.person import Person
from cisterna.model.solver.eliminate import factors, parts, slopes, solve
from cisterna.model.solver.march import March, Ramp, chunk, jacobian
from cisterna.model.sparse import apply, pattern_of, product, take
from cisterna.model.start import begin

BODIES = ("one", "cranial", "axis", "whole")


@pytest.fixture(scope="module", params=BODIES)
def somewhere(request):
    """A body away from rest, its Jacobian by a tangent for every state, and by few."""
    net = Person.typical(body=request.param).network()
    rng = np.random.default_rng(3)
    y = net.start * (1.0 + 0.02 * rng.normal(size=net.start.size)) + 0.01 * rng.normal(size=net.start.size)
    t = jnp.array(0.37)
    dense = np.asarray(jax.jit(jacobian)(net, t, y, net.rest))
    few = np.asarray(jax.jit(slopes)(net, imposed(net, t, net.rest), y[: moving(net.layout)]))
    return net, dense, few


@pytest.mark.parametrize("share", [0.02, 0.2, 0.8])
def test_sparse_products_are_products(share):
    rng = np.random.default_rng(0)
    for rows, columns in ((1, 1), (7, 3), (30, 46)):
        a = rng.normal(size=(rows, columns)) * (rng.uniform(size=(rows, columns)) < share)
        x = rng.normal(size=columns)
        way = product(pattern_of(a != 0), columns)
        assert np.allclose(way(way.pack(a), jnp.asarray(x)), a @ x, atol=1e-13)
        assert np.allclose(apply(np.sign(a), jnp.asarray(x)), np.sign(a) @ x, atol=1e-13)


def test_a_gather_differentiates_both_ways_and_maps_over_a_batch():
    where, x = np.array([3, 3, 0, 4]), jnp.arange(1.0, 6.0)

    def ours(v):
        return jnp.sum(jnp.sin(take(v, where)) * jnp.arange(1.0, 5.0))

    def plain(v):
        return jnp.sum(jnp.sin(v[where]) * jnp.arange(1.0, 5.0))

    batch = jnp.stack([x, 2.0 * x])
    for change in (jax.grad, jax.jacfwd, jax.hessian):
        assert np.allclose(change(ours)(x), change(plain)(x), atol=1e-14)
        assert np.allclose(jax.vmap(change(ours))(batch), jax.vmap(change(plain))(batch), atol=1e-14)


def test_nothing_depends_on_what_the_pattern_leaves_out(somewhere):
    net, dense, few = somewhere
    n = moving(net.layout)
    pattern = dependence(net.layout)
    scale = np.abs(dense).max()
    assert np.abs(dense[:, n:]).max(initial=0.0) == 0.0  # ledgers act on nothing
    assert np.abs(np.where(pattern, 0.0, dense[:, :n])).max() < 1e-13 * scale
    assert np.abs(few - dense[:, :n]).max() < 1e-13 * scale


def test_columns_of_one_colour_share_no_row(somewhere):
    pattern = dependence(somewhere[0].layout)
    colour = coloured(pattern)
    for number in range(colour.max() + 1):
        assert pattern[:, colour == number].sum(axis=1).max() <= 1


def test_a_whole_body_needs_few_tangents():
    layout = Person.typical(body="whole").network().layout
    assert coloured(dependence(layout)).max() + 1 < moving(layout) / 4
    assert parts(layout).core.size < moving(layout) / 2


def test_elimination_solves_the_dense_system(somewhere):
    net, dense, few = somewhere
    n, h, gamma = moving(net.layout), 0.005, 0.43586652150845900
    by = jax.jit(lambda jacobian: factors(net.layout, jacobian, h, gamma))(few)
    one = jax.jit(lambda r: solve(net.layout, by, r))
    rng = np.random.default_rng(1)
    for _ in range(3):
        r = rng.normal(size=n)
        exact = np.linalg.solve(np.eye(n) - gamma * h * dense[:n, :n], r)
        found = np.asarray(one(r))
        assert np.abs(found - exact).max() < 1e-12 * np.abs(exact).max()


def test_volume_gained_is_volume_that_crossed_the_border_in_every_chunk(somewhere):
    """Far from rest, with flows that change fast: exact, not to the error of the step."""
    net = somewhere[0]
    ramp = Ramp(net.rest, jnp.zeros_like(net.rest), np.float64(0.0))
    end = np.asarray(chunk(March(), net, net.start, np.float64(0.0), np.float64(0.005), ramp)[0])
    moved, names = end - np.asarray(net.start), net.layout.state_names
    gained = sum(moved[i] for i, name in enumerate(names) if name.startswith("volume."))
    crossed = [moved[i] for i, name in enumerate(names) if name.startswith("ledger.")]
    assert abs(gained - sum(crossed)) < 1e-11 * max(1.0, np.abs(crossed).max())


def test_gradient_of_a_run_of_the_whole_body_is_that_of_finite_differences():
    person = Person.typical(body="whole")
    plan, net = person.blueprint(), person.network()
    start = begin(plan, net)
    y, march = jnp.asarray(start.rest.state), March(inner=4, outer=20)
    controls = [start.schedule.track(name).at(0.0) for name in net.layout.control_names]
    ramp = Ramp(jnp.array([v for v, _ in controls]), jnp.array([s for _, s in controls]), np.float64(0.0))
    k = net.layout.signal_names.index("icp")

    @jax.jit
    def mean(body):
        return chunk(march, body, y, np.float64(0.0), np.float64(0.00125), ramp)[1][:, k].mean()

    found = jax.jit(jax.grad(mean))(net)
    for name in ("cranium.skull", "absorption.sinus.resistance", "wall.L1.time", "lacunae.stiffness", "aqueduct.loss"):
        value = float(net.get(name))
        bump = 1e-5 * value
        slope = float(mean(net.set(name, value + bump)) - mean(net.set(name, value - bump))) / (2.0 * bump)
        # The matrix of the step follows the body in the difference and not in the gradient: an error of the step.
        assert float(found.get(name)) == pytest.approx(slope, rel=1e-4, abs=1e-9 / value), name


def test_rates_of_the_network_are_those_of_its_sparse_form(somewhere):
    """Directional difference of the right-hand side against the Jacobian by few tangents."""
    net, _, few = somewhere
    n, t = moving(net.layout), jnp.array(0.37)
    y = net.start
    direction = jnp.asarray(np.random.default_rng(2).normal(size=n))
    h = 1e-6
    shift = jnp.concatenate([direction, jnp.zeros(y.size - n)]) * h
    numeric = (rhs(net, t, y + shift, net.rest) - rhs(net, t, y - shift, net.rest)) / (2 * h)
    exact = jax.jit(slopes)(net, imposed(net, t, net.rest), y[:n]) @ direction
    assert np.abs(numeric - exact).max() < 1e-5 * max(1.0, np.abs(np.asarray(exact)).max())


@pytest.mark.parametrize("body", ["cranial", "whole", "whole-closed"])
def test_what_a_law_reads_is_what_its_trace_uses(body):
    """The pattern takes arguments from the code of a law; a trace of the law, which sees more, finds the same."""
    layout = Person.typical(body=body).network().layout
    kinds = ((layout.compartments, "pressure", 1), (layout.columns, "acceleration", 2), (layout.tissues, "pressure", 2),
             (layout.tissues, "rate", 2), (layout.paths, "flow", 1), (layout.reflexes, "rate", 1))  # fmt: skip
    for groups, law, count in kinds:
        for group in groups:
            own = used_arguments(group, law, count)[:count]
            assert tuple(reads(getattr(group.law, law), k) for k in range(count)) == own, group.law
