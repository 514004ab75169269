"""The word list: which plain words mean which answer, read from ``lexicon/*.toml``.

Pattern language of the tables: a blank is one blank, ``word*`` any ending, `` .. `` up to four words
between (none of them a denial), `` ... `` up to nine, ``(a|b)`` either, ``[word]`` may be there,
``<SET>`` a set of ``sets.toml``. `` & `` joins parts that may stand in any order close together; a part behind ``~``
gives the topic only and may be denied ("I never have headaches, but this one came like an axe").
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, product
from pathlib import Path

_NO = r"(?!(?:no|not|never|without|neither|nor|but|none)\b)"
_NEAR = {2: 10, 3: 20, 4: 24}
"""Words that joined parts may span."""

_CONCEPT_TABLES = (
    "headache",
    "nerves",
    "injury",
    "spine",
    "mind",
    "brain",
    "blood",
    "pregnancy",
    "local",
    "illness",
    "infant",
)
_MOST = 6
"""Places of a part looked at in one sentence."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Phrase:
    """One phrase: a regular expression, or several that stand close together in any order.

    `context` marks parts that only give the time or the topic (``<ACUTE>``, ``<NOW>``, ``~part``): they are looked
    for, but not part of what is said to be so.
    """

    parts: tuple[re.Pattern[str], ...]
    context: tuple[bool, ...] = ()

    def find(self, text: str) -> list[tuple[Span, ...]]:
        """Places of the phrase, one span a part."""
        if len(self.parts) == 1:
            return [(span,) for span in _places(self.parts[0], text)]
        places = []
        for part in self.parts:
            places.append(_places(part, text))
            if not places[-1]:
                return []
        found = []
        for spans in product(*places):
            first, last = min(a for a, _ in spans), max(b for _, b in spans)
            apart = all(x == y or x[1] <= y[0] or y[1] <= x[0] for x in spans for y in spans)
            if apart and len(text[first:last].split()) <= _NEAR[len(self.parts)]:
                found.append(spans)
        found.sort(key=lambda s: max(b for _, b in s) - min(a for a, _ in s))
        return [
            tuple(span for span, aside in zip(spans, self.context, strict=True) if not aside) for spans in found[:1]
        ]


@lru_cache(maxsize=4096)
def _places(part: re.Pattern[str], text: str) -> tuple[Span, ...]:
    """The first places of a part; the same set of words serves many phrases."""
    return tuple(m.span() for m in islice(part.finditer(text), _MOST))


@dataclass(frozen=True)
class Concept:
    """One thing words can tell.

    Attributes
    ----------
    field, value : str
        The answer the words mean.
    kind : str
        sign | event | event_local | illness | medicine | mind | state | loss; decides what time words do.
    also : dict
        Further answers the words carry.
    weeks, days, months : str
        Field that takes the time of an event, "" when none.
    lasting : bool
        True when the finding still counts after it has gone (a passed deficit, a first seizure).
    neuro : bool
        True when its time since onset goes to ``symptom_onset_hours``.
    operation : bool
        True when it may be told as planned only.
    across : bool
        True when its words may stand in two sentences that follow each other.
    mask : pattern
        Phrases that never mean this ("blood pressure" for a bleeding); `exclude` are words that rule it out nearby.
    strong, weak, hint : tuple of Phrase
        Words that speak against a harmless tick; that fill a missing answer; that count beside "unknown" only.
    relieved : bool
        True when relief belongs to the picture ("gone when I lie down"): then "gone" does not end it.
    unless : tuple of str
        Ticked codes beside which these words are no news (a seizure in a known epilepsy).
    needs : tuple of str
        Ticked codes without which these words are not looked for.
    whoever : bool
        True when a sentence about another person still concerns the client (a loss, a shared headache).
    """

    name: str
    field: str
    value: str
    kind: str
    also: dict[str, str] = dataclasses.field(default_factory=dict)
    weeks: str = ""
    days: str = ""
    months: str = ""
    lasting: bool = False
    neuro: bool = False
    whoever: bool = False
    relieved: bool = False
    recent_only: bool = False
    infant_only: bool = False
    operation: bool = False
    across: bool = False
    unless: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    old_value: str = ""
    treated_value: str = ""
    strong: tuple[Phrase, ...] = ()
    weak: tuple[Phrase, ...] = ()
    hint: tuple[Phrase, ...] = ()
    exclude: re.Pattern[str] | None = None
    treated: re.Pattern[str] | None = None
    mask: re.Pattern[str] | None = None

    def find(self, text: str, doubtful: bool = False) -> Iterator[tuple[bool, tuple[Span, ...]]]:
        """Places of the phrases, each with whether its words are strong; masked phrases count as blank.

        `doubtful` adds the hints.
        """
        if self.mask:
            text = self.mask.sub(lambda m: "~" * len(m[0]), text)
        for strong, group in ((True, self.strong), (False, self.weak), (False, self.hint if doubtful else ())):
            for phrase in group:
                for spans in phrase.find(text):
                    yield strong, spans

    @property
    def time_field(self) -> str:
        """The number field of the event's time, "" when it has none."""
        return self.weeks or self.days or self.months

    def in_time_unit(self, weeks: float) -> float:
        """Weeks in the unit of the time field."""
        return weeks * 7 if self.days else weeks * 12 / 52 if self.months else weeks


@dataclass(frozen=True)
class NumberWords:
    """A number told in words: where it goes and what is plausible."""

    name: str
    field: str
    patterns: tuple[re.Pattern[str], ...]
    low: float
    high: float
    clause: re.Pattern[str] | None
    means: dict[str, str]


@cache
def _tables(name: str) -> dict:
    path = Path(__file__).parent / "lexicon" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def spelling(name: str) -> tuple[str, ...]:
    """Words of ``spelling.toml``: the right spellings (``words``), or those to leave alone (``spared``)."""
    return tuple(_tables("spelling")[name])


@cache
def cue(name: str) -> str:
    """A list of ``cues.toml`` as one regular expression with word borders.

    Examples
    --------
    >>> bool(re.search(cue("ends_denial"), "no pain because it is gone"))
    True
    """
    return r"\b(?:" + "|".join(_tables("cues")[name]) + r")(?!\w)"


def cue_words(name: str) -> list[str]:
    """A list of ``cues.toml`` as it stands."""
    return list(_tables("cues")[name])


@cache
def cues(name: str) -> re.Pattern[str]:
    """The same, compiled."""
    return re.compile(cue(name))


def pattern(text: str) -> str:
    """The regular expression of one phrase part of the pattern language.

    Examples
    --------
    >>> bool(re.search(pattern("(arm|leg) .. numb*"), "my left arm went quite numb"))
    True
    >>> bool(re.search(pattern("(arm|leg) .. numb*"), "my arm is not numb"))
    False
    """
    text = re.sub(r"<([A-Z]+)>", lambda m: f"({_tables('sets')[m[1]]})", text)
    text = re.sub(r"(?:\s*\.{2,3}\s*)$", "", text.strip())
    text = re.sub(r"\[(\w[\w|]*)\] ", r"(?:(?:\1) )?", text)
    text = re.sub(r"(?<=[\w)])\*", r"\\w*", text)
    text = text.replace(" ... ", "<NINE>").replace(" .. ", "<FOUR>").replace(" ", "[,)]? ")
    text = text.replace("<NINE>", rf"(?:[,:)]? {_NO}[^ ]+){{0,9}}?[,:)]? ")
    text = text.replace("<FOUR>", rf"(?:[,:)]? {_NO}[^ ]+){{0,4}}?[,:)]? ")
    return re.sub(r"\((?!\?)", "(?:", rf"\b(?:{text})\b")


def phrases(texts: list[str]) -> tuple[Phrase, ...]:
    """Compile phrases; those without ``&`` are joined into one.

    Examples
    --------
    >>> near = phrases(["arm & numb*"])[0]
    >>> bool(near.find("numb since today is my arm")), bool(near.find("my leg is numb"))
    (True, False)
    """
    plain = [pattern(t) for t in texts if " & " not in t]
    joined = tuple(_joined(t.split(" & ")) for t in texts if " & " in t)
    return ((Phrase((re.compile("|".join(plain)),)),) if plain else ()) + joined


_compiled = cache(re.compile)


def _joined(parts: list[str]) -> Phrase:
    context = tuple(part.strip() in ("<ACUTE>", "<NOW>") or part.strip().startswith("~") for part in parts)
    return Phrase(tuple(_compiled(pattern(part.strip().lstrip("~"))) for part in parts), context)


def _either(texts: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(pattern(t) for t in texts)) if texts else None


@cache
def concepts() -> tuple[Concept, ...]:
    """All concepts of the word list, compiled once at first use."""
    found = []
    for table in _CONCEPT_TABLES:
        for name, row in _tables(table).items():
            row = dict(row)
            row |= {key: tuple(row.get(key, ())) for key in ("unless", "needs")}
            words = {key: row.pop(key, []) for key in ("strong", "weak", "hint", "not", "treated", "mask")}
            found.append(
                Concept(
                    name=name,
                    strong=phrases(words["strong"]),
                    weak=phrases(words["weak"]),
                    hint=phrases(words["hint"]),
                    exclude=_either(words["not"]),
                    treated=_either(words["treated"]),
                    mask=_either(words["mask"]),
                    **row,
                )
            )
    return tuple(found)


@cache
def numbers() -> tuple[NumberWords, ...]:
    """Numbers the words may carry (INR, platelets, temperature, week of pregnancy)."""
    return tuple(
        NumberWords(
            name,
            row["field"],
            tuple(re.compile(p) for p in row["patterns"]),
            row["low"],
            row["high"],
            re.compile(row["clause"]) if "clause" in row else None,
            row.get("means", {}),
        )
        for name, row in _tables("numbers").items()
    )
