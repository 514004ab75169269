"""The right-hand side of any network in other people's languages, by reading what JAX traced of it.

`casadi_rhs` walks the jaxpr of `cisterna.model.network.rhs` and builds the same expression in CasADi, scalar by
scalar: nothing is written twice, so what other integrators get is the body itself. From the expression come C code
of the rate and of its sparse Jacobian, compiled by ``cc -O3`` (`compiled`), and CasADi's own integrators.

Needs ``pip install casadi`` and a C compiler; neither is a dependency of Cisterna. Ledgers are left out where nothing
depends on them: they only count, and other integrators shall not be slowed by our bookkeeping.
"""

from __future__ import annotations

import ctypes
import math
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import casadi
import jax
import jax.numpy as jnp
import numpy as np

from cisterna.model.network import Network, rhs

#: Elementwise primitives.
_EACH: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "add_any": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "max": casadi.fmax,
    "min": casadi.fmin,
    "pow": lambda a, b: a**b,
    "exp": casadi.exp,
    "log": casadi.log,
    "log1p": casadi.log1p,
    "expm1": casadi.expm1,
    "sin": casadi.sin,
    "cos": casadi.cos,
    "tan": casadi.tan,
    "tanh": casadi.tanh,
    "atan": casadi.atan,
    "atan2": casadi.atan2,
    "logistic": lambda a: 1.0 / (1.0 + casadi.exp(-a)),
    "sqrt": casadi.sqrt,
    "rsqrt": lambda a: 1.0 / casadi.sqrt(a),
    "square": lambda a: a * a,
    "abs": casadi.fabs,
    "sign": casadi.sign,
    "floor": casadi.floor,
    "ceil": casadi.ceil,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "and": casadi.logic_and,
    "or": casadi.logic_or,
    "not": casadi.logic_not,
    "rem": lambda a, b: casadi.fmod(a, b),
    "convert_element_type": lambda a: a,
    "copy": lambda a: a,
    "stop_gradient": lambda a: a,
}
#: Primitives that only move elements: they are let loose on the elements' numbers.
_MOVE = {
    "broadcast_in_dim", "concatenate", "slice", "squeeze", "reshape", "transpose", "split", "rev", "expand_dims",
    "gather", "dynamic_slice", "copy_p",
}  # fmt: skip
#: Primitives that hold a jaxpr of their own.
_CALLS = ("jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call")


class Untranslated(Exception):
    """A primitive that this file does not know."""


def _known(values: list[Any]) -> bool:
    return all(np.asarray(value).dtype != object for value in values)


def _each(function: Callable[..., Any], values: list[Any]) -> np.ndarray:
    arrays = np.broadcast_arrays(*[np.asarray(value) for value in values])
    out = np.empty(arrays[0].shape, dtype=object)
    for place in np.ndindex(out.shape):
        out[place] = function(*[_scalar(array[place]) for array in arrays])
    return out


def _scalar(value: Any) -> Any:
    return float(value) if isinstance(value, (np.generic, int, bool)) else value


def _moved(eqn: Any, values: list[Any]) -> list[np.ndarray]:
    """Run a primitive on the numbers of the elements and pick these elements."""
    name = eqn.primitive.name
    data = values if name == "concatenate" else values[:1]
    rest = [] if name == "concatenate" else [jnp.asarray(value) for value in values[1:]]
    numbers, pool = [], []
    for array in data:
        array = np.asarray(array)
        numbers.append(jnp.arange(len(pool), len(pool) + array.size).reshape(array.shape))
        pool += list(array.ravel())
    out = eqn.primitive.bind(*numbers, *rest, **eqn.params)
    made = []
    for ids in out if eqn.primitive.multiple_results else [out]:
        ids = np.asarray(ids)
        if ids.size and not (0 <= ids.min() and ids.max() < len(pool)):
            raise Untranslated(f"{name} reaches outside its operand")
        piece = np.empty(ids.shape, dtype=object)
        for place in np.ndindex(ids.shape):
            piece[place] = pool[ids[place]]
        made.append(piece)
    return made


def _product(eqn: Any, a: Any, b: Any) -> np.ndarray:
    (contract_a, contract_b), (batch_a, batch_b) = eqn.params["dimension_numbers"]
    if batch_a or batch_b:
        raise Untranslated("dot_general with batch dimensions")
    a, b = np.asarray(a), np.asarray(b)
    left = np.moveaxis(a, contract_a, range(-len(contract_a), 0))
    right = np.moveaxis(b, contract_b, range(len(contract_b)))
    size = math.prod(a.shape[axis] for axis in contract_a)
    rows, columns = left.reshape(-1, size), right.reshape(size, -1)
    out = np.empty((len(rows), columns.shape[1]), dtype=object)
    for i, row in enumerate(rows):
        for j in range(columns.shape[1]):
            terms = [
                _scalar(x) * _scalar(y)
                for x, y in zip(row, columns[:, j], strict=True)
                if not (_zero(x) or _zero(y))
            ]  # fmt: skip
            out[i, j] = sum(terms[1:], terms[0]) if terms else 0.0
    return out.reshape(left.shape[: left.ndim - len(contract_a)] + right.shape[len(contract_b) :])


def _zero(value: Any) -> bool:
    return isinstance(value, (np.generic, int, float)) and float(value) == 0.0


def _reduced(eqn: Any, value: Any) -> np.ndarray:
    value = np.asarray(value)
    axes = tuple(eqn.params["axes"])
    moved = np.moveaxis(value, axes, range(len(axes)))
    flat = moved.reshape(-1, *moved.shape[len(axes) :])
    out = np.zeros(flat.shape[1:], dtype=object)
    for row in flat:
        out = _each(_EACH["add"], [out, row])
    return out


def interpret(closed: Any, arguments: list[Any]) -> list[Any]:
    """Evaluate a closed jaxpr on arrays of numbers or of CasADi scalars (dtype object).

    Raises
    ------
    Untranslated
        It holds a primitive that is not known here.
    """
    space: dict[Any, Any] = {}

    def read(atom: Any) -> Any:
        return np.asarray(atom.val) if hasattr(atom, "val") else space[atom]

    jaxpr = closed.jaxpr
    space.update(zip(jaxpr.constvars, [np.asarray(c) for c in closed.consts], strict=True))
    space.update(zip(jaxpr.invars, arguments, strict=True))
    for eqn in jaxpr.eqns:
        values = [read(atom) for atom in eqn.invars]
        name = eqn.primitive.name
        if name in _CALLS:
            inner = eqn.params.get("jaxpr") or eqn.params.get("call_jaxpr")
            out = interpret(inner, values)
        elif _known(values):
            bound = eqn.primitive.bind(*[jnp.asarray(v) for v in values], **eqn.params)
            out = [np.asarray(x) for x in (bound if eqn.primitive.multiple_results else [bound])]
        elif name in _MOVE:
            out = _moved(eqn, values)
        elif name == "dot_general":
            out = [_product(eqn, *values)]
        elif name == "reduce_sum":
            out = [_reduced(eqn, values[0])]
        elif name == "integer_pow":
            power = int(eqn.params["y"])
            out = [_each(lambda a, n=power: a**n, values)]
        elif name == "select_n" and len(values) == 3:
            out = [_each(lambda c, no, yes: casadi.if_else(c, yes, no), values)]
        elif name == "clamp":
            out = [_each(lambda low, x, high: casadi.fmin(casadi.fmax(x, low), high), values)]
        elif name in _EACH:
            out = [_each(_EACH[name], values)]
        else:
            out = interpret(_implementation(eqn), values)
        space.update(zip(eqn.outvars, out, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _implementation(eqn: Any) -> Any:
    """Jaxpr of what a primitive of someone's own does; those of JAX have no other form than themselves."""
    name = eqn.primitive.name
    shapes = [jax.ShapeDtypeStruct(atom.aval.shape, atom.aval.dtype) for atom in eqn.invars]
    try:
        inner = jax.make_jaxpr(lambda *values: eqn.primitive.impl(*values, **eqn.params))(*shapes)
    except Exception as error:
        raise Untranslated(f"{name}: add it to benchmarks/translate.py") from error
    if any(one.primitive is eqn.primitive for one in inner.jaxpr.eqns):
        raise Untranslated(f"{name}: add it to benchmarks/translate.py")
    return inner


@dataclass(frozen=True)
class Translated:
    """A network under inputs that are lines in time, as a CasADi expression.

    Attributes
    ----------
    time, state, rate : casadi.SX
        The expression; `state` holds the moving states only.
    moving : int
        Number of states before the ledgers.
    function : casadi.Function
        (t, y) -> rate.
    """

    time: Any
    state: Any
    rate: Any
    moving: int
    function: Any


def casadi_rhs(net: Network, value: np.ndarray, slope: np.ndarray) -> Translated:
    """The rate of a network whose controls follow ``value + slope t``.

    Parameters
    ----------
    net : Network
    value, slope : array (controls,)
        Internal units, order `Layout.control_names`.
    """
    moving = len(net.layout.state_names) - len(net.layout.border)
    value, slope = jnp.asarray(value), jnp.asarray(slope)
    closed = jax.make_jaxpr(lambda t, y: rhs(net, t, y, value + slope * t))(0.0, net.start)
    time, state = casadi.SX.sym("t"), casadi.SX.sym("y", len(net.layout.state_names))
    arguments = [_boxed([time]).reshape(()), _boxed([state[i] for i in range(state.numel())])]
    rate = casadi.vertcat(*interpret(closed, arguments)[0].ravel())
    inner, ledgers = state[:moving], state[moving:]
    if casadi.depends_on(rate[:moving], ledgers):
        moving, inner = state.numel(), state
    rate = rate[:moving]
    return Translated(time, inner, rate, moving, casadi.Function("rate", [time, inner], [rate]))


def _boxed(scalars: list[Any]) -> np.ndarray:
    out = np.empty(len(scalars), dtype=object)
    for i, scalar in enumerate(scalars):
        out[i] = scalar
    return out


@dataclass(frozen=True)
class Compiled:
    """Rate and Jacobian as machine code: ``rate(t, y)`` and ``jacobian(t, y)`` (dense, row by column)."""

    rate: Callable[[float, np.ndarray], np.ndarray]
    jacobian: Callable[[float, np.ndarray], np.ndarray]
    nonzeros: int


def compiled(body: Translated) -> Compiled:
    """Rate and sparse Jacobian through generated C code; the compiler is ``cc -O3 -march=native``."""
    slopes = casadi.jacobian(body.rate, body.state)
    row, column = (np.array(places) for places in slopes.sparsity().get_triplet())
    nonzeros = casadi.vertcat(*slopes.nonzeros()) if hasattr(slopes, "nonzeros") else slopes.nz[:]
    with tempfile.TemporaryDirectory() as folder:
        maker = casadi.CodeGenerator("body.c", {"with_header": False})
        maker.add(casadi.Function("rate", [body.time, body.state], [body.rate]))
        maker.add(casadi.Function("slopes", [body.time, body.state], [casadi.densify(nonzeros)]))
        maker.generate(folder + "/")
        library = str(Path(folder) / "body.so")
        source = str(Path(folder) / "body.c")
        subprocess.run(["cc", "-O3", "-march=native", "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
        loaded = ctypes.CDLL(library)
    size = body.moving

    def caller(name: str, length: int) -> Callable[[float, np.ndarray], np.ndarray]:
        entry = getattr(loaded, name)
        work = getattr(loaded, f"{name}_work")
        sizes = [ctypes.c_longlong() for _ in range(4)]
        work(*[ctypes.byref(s) for s in sizes])
        integers = (ctypes.c_longlong * max(1, sizes[2].value))()
        numbers = (ctypes.c_double * max(1, sizes[3].value))()
        time, state = np.zeros(1), np.zeros(size)
        result = np.zeros(length)
        into = (ctypes.c_void_p * max(2, sizes[0].value))(time.ctypes.data, state.ctypes.data)
        out = (ctypes.c_void_p * max(1, sizes[1].value))(result.ctypes.data)

        def call(t: float, y: np.ndarray) -> np.ndarray:
            time[0] = t
            state[:] = y
            entry(into, out, integers, numbers, 0)
            return result

        return call

    rate, slope = caller("rate", size), caller("slopes", len(row))

    def dense(t: float, y: np.ndarray) -> np.ndarray:
        matrix = np.zeros((size, size))
        matrix[row, column] = slope(t, y)
        return matrix

    return Compiled(lambda t, y: rate(t, y).copy(), dense, len(row))


def disagreement(net: Network, value: np.ndarray, slope: np.ndarray, body: Translated, states: np.ndarray) -> float:
    """Largest difference between the translated rate and ours, over the largest rate, at some states."""
    ours = jax.jit(lambda t, y: rhs(net, t, y, jnp.asarray(value) + jnp.asarray(slope) * t))
    worst = 0.0
    for k, state in enumerate(states):
        t = 0.37 * k
        a = np.asarray(ours(t, state))[: body.moving]
        b = np.asarray(body.function(t, state[: body.moving])).ravel()
        worst = max(worst, float(np.abs(a - b).max() / np.abs(a).max()))
    return worst
