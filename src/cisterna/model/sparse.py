"""Small sparse products with a pattern known beforehand: a few gathers where rows are thin, dense where not.

A network's matrices are small (tens by tens) and mostly empty; a compiled step reads them thousands of times a
second. Rows with few entries become gathers and multiplications, rows with many a dense block that fits the
first cache. The pattern is static, so it is part of the compiled program; the numbers are arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

Array = jax.Array
#: Which columns of each row may hold a number.
Pattern = tuple[tuple[int, ...], ...]

#: Cost of one multiplication of a dense row against one gathered entry, as timed on a CPU.
_DENSE = 0.25
#: Up to so many stretches are copied as stretches, more are gathered entry by entry; as timed on a CPU.
_RUNS = 4


def pattern_of(entries: np.ndarray) -> Pattern:
    """Pattern of a matrix of booleans or numbers.

    Examples
    --------
    >>> pattern_of(np.array([[0, 1], [0, 0]]))
    ((1,), ())
    """
    return tuple(tuple(int(j) for j in np.flatnonzero(row)) for row in np.asarray(entries))


def boolean(pattern: Pattern, columns: int) -> np.ndarray:
    """A pattern as a matrix of booleans."""
    made = np.zeros((len(pattern), columns), dtype=bool)
    for i, row in enumerate(pattern):
        made[i, list(row)] = True
    return made


class Packed(NamedTuple):
    """Numbers of a sparse matrix in the order a `Product` reads them.

    Attributes
    ----------
    thin : array (width, rows)
        The entries that are gathered.
    heavy : array (heavy rows, columns)
    """

    thin: Array
    heavy: Array


@dataclass(frozen=True)
class Product:
    """How a matrix of one pattern is multiplied with a vector; see `product`.

    Attributes
    ----------
    rows, columns : int
    heavy : tuple of int
        Rows kept dense.
    places : tuple of tuple of int
        (width, rows): columns that are gathered; behind the columns stand the results of the heavy rows.
    """

    rows: int
    columns: int
    heavy: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]

    def pack(self, matrix: Any) -> Packed:
        """The numbers of a dense matrix; entries outside the pattern are dropped."""
        where, row = self._source()
        heavy, there = np.array(self.heavy, dtype=int), (where >= 0).astype(float)
        # Known numbers are packed by NumPy: with JAX every line would be a small program to compile.
        if isinstance(matrix, np.ndarray):
            known = np.concatenate([matrix, np.ones((self.rows, 1))], axis=1)
            return Packed(jnp.asarray(known[row, where] * there), jnp.asarray(matrix[heavy]))
        padded = jnp.concatenate([matrix, jnp.ones((self.rows, 1))], axis=1).reshape(-1)
        across = self.columns + 1
        rows = heavy[:, None] * across + np.arange(self.columns)
        return Packed(pick(padded, row * across + np.where(where < 0, self.columns, where)) * there, pick(padded, rows))

    def _source(self) -> tuple[np.ndarray, np.ndarray]:
        """(column of the padded dense matrix for each gathered place, -1 for none; its row)."""
        places = np.array(self.places, dtype=int).reshape(len(self.places), self.rows)
        where = np.where(places >= self.columns, self.columns, places)
        return where, np.broadcast_to(np.arange(self.rows), where.shape)

    def __call__(self, packed: Packed, x: Array) -> Array:
        """The product with a vector."""
        if not self.places:
            return jnp.zeros(self.rows) if not self.heavy else packed.heavy @ x
        if self.heavy:
            x = jnp.concatenate([x, packed.heavy @ x])
        terms = [packed.thin[k] * take(x, np.maximum(row, 0)) for k, row in enumerate(self.places)]
        return sum(terms[1:], start=terms[0])


@lru_cache(maxsize=512)
def product(pattern: Pattern, columns: int) -> Product:
    """The cheaper way to multiply a matrix of this pattern with a vector.

    Examples
    --------
    >>> way = product(((0,), (1, 2), (0, 1, 2)), 3)
    >>> a = np.array([[2.0, 0, 0], [0, 1, 1], [1, 2, 3]])
    >>> way(way.pack(a), jnp.array([1.0, 10.0, 100.0])).tolist()
    [2.0, 110.0, 321.0]
    """
    rows = len(pattern)
    counts = np.array([len(row) for row in pattern], dtype=int)
    best, width = _DENSE * rows * columns, -1
    for w in sorted({1, *counts.tolist()} - {0}):
        cost = w * rows + _DENSE * columns * int((counts > w).sum())
        if cost < best:
            best, width = cost, w
    if not counts.any():
        return Product(rows, columns, (), ())
    if width < 0:
        return Product(rows, columns, tuple(range(rows)), ())
    heavy = tuple(int(i) for i in np.flatnonzero(counts > width))
    places = np.full((width, rows), -1)
    for i, row in enumerate(pattern):
        if i in heavy:
            places[0, i] = columns + heavy.index(i)
        else:
            places[: len(row), i] = row
    return Product(rows, columns, heavy, tuple(tuple(int(j) for j in line) for line in places))


def apply(matrix: np.ndarray, x: Array) -> Array:
    """Product of a matrix of ones, minus ones and zeros, known beforehand, with a vector."""
    matrix = np.asarray(matrix)
    parts = [sums(pattern_of(matrix == sign), x) for sign in (1, -1) if (matrix == sign).any()]
    if not parts:
        return jnp.zeros(len(matrix))
    return parts[0] - parts[1] if len(parts) == 2 else parts[0] if (matrix == 1).any() else -parts[0]


def take(x: Array, where: Any) -> Array:
    """Entries of a vector at places known beforehand: slices where they follow each other, else a gather."""
    where = np.asarray(where, dtype=int)
    if where.size == 0:
        return jnp.zeros(0)
    runs = np.split(where, np.flatnonzero(np.diff(where) != 1) + 1)
    if len(runs) == 1:
        return x if where.size == x.shape[0] else jax.lax.slice(x, (int(where[0]),), (int(where[0]) + where.size,))
    if len(runs) <= _RUNS:
        return jnp.concatenate([take(x, run) for run in runs])
    return sums(tuple((int(i),) for i in where), x)


def pick(x: Array, where: np.ndarray) -> Array:
    """Entries of a vector at places of any shape; the plain operation, quicker to trace than an index is."""
    rows = jax.lax.GatherDimensionNumbers(offset_dims=(), collapsed_slice_dims=(0,), start_index_map=(0,))
    places = np.asarray(where, dtype=np.int32)[..., None]
    return jax.lax.gather(x, places, rows, (1,), mode="promise_in_bounds")


def sums(pattern: Pattern, x: Array) -> Array:
    """Sum of the entries that each row of a pattern names.

    Its transpose is the same with the transposed pattern: gathers in both directions of differentiation, never a
    scatter, which runs entry by entry.
    """
    made: Array = _sums.bind(x, pattern=pattern, columns=int(x.shape[0]))
    return made


_sums = Primitive("sums")


def _gathered(x: Array, *, pattern: Pattern, columns: int) -> Array:
    way = product(pattern, columns)
    if not way.places:
        return jnp.asarray(boolean(pattern, columns).astype(float)) @ x
    if way.heavy:
        x = jnp.concatenate([x, jnp.asarray(boolean(pattern, columns)[list(way.heavy)].astype(float)) @ x])
    terms = []
    for line in way.places:
        row = np.array(line)
        term = pick(x, np.maximum(row, 0))
        terms.append(term if (row >= 0).all() else jnp.where(row >= 0, term, 0.0))
    return sum(terms[1:], start=terms[0])


@lru_cache(maxsize=1024)
def _transposed(pattern: Pattern, columns: int) -> Pattern:
    return pattern_of(boolean(pattern, columns).T)


def _batched(arguments: Any, axes: Any, *, pattern: Pattern, columns: int) -> Any:
    (x,), (axis,) = arguments, axes
    call = partial(_gathered, pattern=pattern, columns=columns)
    return jax.vmap(call, in_axes=axis)(x), 0


def _transpose(cotangent: Any, x: Any, *, pattern: Pattern, columns: int) -> Any:
    if type(cotangent) is ad.Zero:
        return [ad.Zero(x.aval)]
    return [_sums.bind(cotangent, pattern=_transposed(pattern, columns), columns=len(pattern))]


_sums.def_impl(jax.jit(_gathered, static_argnames=("pattern", "columns")))
_sums.def_abstract_eval(lambda x, *, pattern, columns: jax.core.ShapedArray((len(pattern),), x.dtype))
mlir.register_lowering(_sums, mlir.lower_fun(_gathered, multiple_results=False))
ad.deflinear2(_sums, _transpose)
batching.primitive_batchers[_sums] = _batched
