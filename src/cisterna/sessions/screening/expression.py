"""A small condition language for rule tables: parsed here, never passed to ``eval``.

Grammar (lower-case words are field names on the left and answer codes on the right)::

    either  := both ("or" both)*
    both    := no ("and" no)*
    no      := "not" no | test
    test    := "(" either ")" | word "(" word ")" | word [op word|number] | word "in" "(" word, ... ")"
    op      := == != < <= > >=

Two-valued on purpose: a missing answer makes every comparison false (also ``!=``), so ``not (x == no)``
is how a rule says "anything but a clear no". A bare word is true when its answer is ``yes`` or when it
names a definition that holds. ``lim.name`` stands for a number of the limits table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from cisterna.ground.errors import CisternaError

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|(==|!=|<=|>=|<|>)|([A-Za-z_][\w.]*)|([(),]))")
_FUNCTIONS = ("known", "unknown", "asked")
_MAX_DEPTH = 40


class Facts(Protocol):
    """What an expression may look at."""

    def value(self, name: str) -> str | float | None:
        """Answer code or number of a field; None when missing."""

    def limit(self, name: str) -> float:
        """Number of the limits table."""

    def holds(self, name: str) -> bool | None:
        """Truth of a named definition; None when there is no such definition."""


@dataclass(frozen=True)
class Node:
    """One part of a parsed expression; `names` are the fields it reads, `codes` (field, code) pairs."""

    kind: str
    args: tuple = ()

    def test(self, facts: Facts) -> bool:
        """Truth of this part for one client."""
        if self.kind == "or":
            return any(part.test(facts) for part in self.args)
        if self.kind == "and":
            return all(part.test(facts) for part in self.args)
        if self.kind == "not":
            return not self.args[0].test(facts)
        if self.kind == "call":
            return _call(self.args[0], facts.value(self.args[1]))
        if self.kind == "bare":
            held = facts.holds(self.args[0])
            return facts.value(self.args[0]) == "yes" if held is None else held
        if self.kind == "in":
            return facts.value(self.args[0]) in self.args[1]
        return _compare(facts, *self.args)

    def walk(self) -> Iterator[Node]:
        """This node and all below."""
        yield self
        if self.kind in ("or", "and", "not"):
            for part in self.args:
                yield from part.walk()

    def names(self) -> set[str]:
        """Field and definition names the expression reads."""
        return {n.args[1] if n.kind == "call" else n.args[0] for n in self.walk() if n.kind not in ("or", "and", "not")}

    def codes(self) -> set[tuple[str, str]]:
        """(field, answer code) pairs the expression names, for checking against the questionnaire."""
        found: set[tuple[str, str]] = set()
        for node in self.walk():
            if node.kind == "in":
                found |= {(node.args[0], code) for code in node.args[1]}
            elif node.kind == "compare" and isinstance(node.args[2], str) and not node.args[2].startswith("lim."):
                found.add((node.args[0], node.args[2]))
        return found

    def limits(self) -> set[str]:
        """Names of the limits the expression uses, without the ``lim.`` prefix."""
        return {
            n.args[2][4:]
            for n in self.walk()
            if n.kind == "compare" and isinstance(n.args[2], str) and n.args[2].startswith("lim.")
        }


def _call(function: str, value: str | float | None) -> bool:
    if function == "unknown":
        return value == "unknown"
    if function == "known":
        return value is not None and value != "unknown"
    return value is not None


def _compare(facts: Facts, name: str, op: str, right: str | float) -> bool:
    left = facts.value(name)
    if isinstance(right, str) and right.startswith("lim."):
        right = facts.limit(right[4:])
    if left is None:
        return False
    if op == "==":
        return left == right
    if op == "!=":
        return left != right
    if not isinstance(left, float | int) or not isinstance(right, float | int):
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[op]


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if not match:
                raise self.fail(f"cannot read '{text[position : position + 12].strip()}'")
            self.tokens.append(match.group(0).strip())
            position = match.end()

    def fail(self, what: str) -> CisternaError:
        return CisternaError(
            "a rule condition cannot be read",
            where=self.text.strip()[:200],
            found=what,
            mend="use field == code, < <= > >=, in (a, b), and, or, not, known(), unknown()",
        )

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise self.fail(f"'{token or 'end'}' where '{wanted or 'a word'}' belongs")
        self.at += 1
        return token

    def word(self) -> str:
        token = self.take()
        if not re.fullmatch(r"[A-Za-z_][\w.]*", token) or token in ("and", "or", "not", "in"):
            raise self.fail(f"'{token}' where a name belongs")
        return token

    def either(self) -> Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise self.fail("too many brackets")
        parts = [self.both()]
        while self.peek() == "or":
            self.take()
            parts.append(self.both())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Node("or", tuple(parts))

    def both(self) -> Node:
        parts = [self.negated()]
        while self.peek() == "and":
            self.take()
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else Node("and", tuple(parts))

    def negated(self) -> Node:
        nots = 0
        while self.peek() == "not":
            self.take()
            nots += 1
        node = self.test()
        return Node("not", (node,)) if nots % 2 else node

    def test(self) -> Node:
        if self.peek() == "(":
            self.take()
            node = self.either()
            self.take(")")
            return node
        name = self.word()
        if self.peek() == "(":
            if name not in _FUNCTIONS:
                raise self.fail(f"no function '{name}'")
            self.take()
            field = self.word()
            self.take(")")
            return Node("call", (name, field))
        if self.peek() == "in":
            self.take()
            self.take("(")
            codes = [self.word()]
            while self.peek() == ",":
                self.take()
                codes.append(self.word())
            self.take(")")
            return Node("in", (name, tuple(codes)))
        if self.peek() in ("==", "!=", "<", "<=", ">", ">="):
            op, right = self.take(), self.take()
            return Node("compare", (name, op, float(right) if right[0].isdigit() else right))
        return Node("bare", (name,))


def parse(text: str) -> Node:
    """Parse a condition.

    Raises
    ------
    CisternaError
        The text is not of this small language.

    Examples
    --------
    >>> node = parse("fever and (neck_stiffness or headache in (new, known_changed))")
    >>> sorted(node.names())
    ['fever', 'headache', 'neck_stiffness']
    >>> from types import SimpleNamespace
    >>> answers = {"fever": "yes", "headache": "new"}
    >>> facts = SimpleNamespace(value=answers.get, limit=None, holds=lambda name: None)
    >>> node.test(facts)
    True
    """
    parser = _Parser(text)
    if not parser.tokens:
        raise parser.fail("nothing")
    node = parser.either()
    if parser.peek():
        raise parser.fail(f"'{parser.peek()}' after the end")
    return node


def parse_all(texts: Mapping[str, str]) -> dict[str, Node]:
    """Parse a table of named conditions."""
    return {name: parse(text) for name, text in texts.items()}
