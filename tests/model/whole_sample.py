"""What the tests of the body `whole` share: the body at rest, an oracle, and how far two runs are apart."""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import scipy.integrate

from cisterna.model.network import rhs, signals
from cisterna.model.person import Person
from cisterna.model.start import begin

#: The signals an integrator is judged by: C2 and the aqueduct are the hardest (engine notes).
WATCHED = ("icp", "flow_aqueduct", "flow_csf.C2")


@lru_cache(maxsize=1)
def resting():
    """(plan, network, start) of the typical person."""
    person = Person.typical(body="whole")
    plan, net = person.blueprint(), person.network()
    return plan, net, begin(plan, net)


def moving(net):
    """Number of states before the ledgers, on which nothing depends."""
    return len(net.layout.state_names) - len(net.layout.border)


@jax.jit
def _rate(net, t, y, value, slope):
    return rhs(net, t, jnp.concatenate([y, jnp.zeros(len(net.layout.border))]), value + slope * t)[: moving(net)]


_slope = jax.jit(jax.jacfwd(_rate, argnums=2))


@jax.jit
def _read(net, times, states, value, slope):
    still = jnp.zeros(len(net.layout.border))

    def one(t, y):
        return signals(net, t, jnp.concatenate([y, still]), value + slope * t)

    return jax.vmap(one)(times, states)


def lines(net, schedule, t=0.0):
    """Value and slope of every control just after a time."""
    rows = [schedule.track(name).at(t) for name in net.layout.control_names]
    return jnp.array([r[0] for r in rows]), jnp.array([r[1] for r in rows])


def radau(net, schedule, times, state, rtol=1e-7):
    """Signals (times, signals) by SciPy's Radau, of inputs that have no event on the way."""
    value, slope = lines(net, schedule)
    done = scipy.integrate.solve_ivp(
        lambda t, y: np.asarray(_rate(net, t, y, value, slope)), (0.0, float(times[-1])),
        np.asarray(state)[: moving(net)], "Radau", times, rtol=rtol, atol=1e-2 * rtol,
        jac=lambda t, y: np.asarray(_slope(net, t, y, value, slope)),
    )  # fmt: skip
    assert done.success, done.message
    return np.asarray(_read(net, jnp.asarray(times), jnp.asarray(done.y.T), value, slope))


def kvaerno(net, schedule, times, state, rtol=1e-6):
    """The same by diffrax's Kvaerno5."""
    import diffrax

    value, slope = lines(net, schedule)
    done = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, y, _: _rate(net, t, y, value, slope)), diffrax.Kvaerno5(), 0.0, float(times[-1]),
        1e-3, jnp.asarray(state)[: moving(net)], saveat=diffrax.SaveAt(ts=jnp.asarray(times)),
        stepsize_controller=diffrax.PIDController(rtol=rtol, atol=1e-2 * rtol), max_steps=100_000,
    )  # fmt: skip
    return np.asarray(_read(net, jnp.asarray(times), done.ys, value, slope))


def columns(net, samples, names=WATCHED):
    """Some signals out of all."""
    return np.asarray(samples)[:, [net.layout.signal_names.index(name) for name in names]]


def apart(net, samples, exact, names=WATCHED):
    """Largest difference of each signal over the peak to peak of the exact one."""
    a, b = columns(net, samples, names), columns(net, exact, names)
    return dict(zip(names, np.abs(a - b).max(axis=0) / np.ptp(b, axis=0), strict=True))
