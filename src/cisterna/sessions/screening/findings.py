"""What the free text tells: each matched phrase with its state (now, past, denied, feared, planned, other person)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cisterna.sessions.screening import words
from cisterna.sessions.screening.client import Client
from cisterna.sessions.screening.lexicon import Concept, concepts, cues, numbers
from cisterna.sessions.screening.questions import questions
from cisterna.sessions.screening.when import OLD, Time, find_times

_BESIDE = 45
_CHRONIC = 52.0
_HOURS = 0.1
_STALE = 13.0


@dataclass(frozen=True)
class Finding:
    """One thing told in words.

    Attributes
    ----------
    state : str
        now | past | denied | feared | planned | examined (a doctor has looked at it) | other.
    weeks : float or None
        Time since it happened or began, when told.
    passed : bool
        Told as having gone again.
    words : str
        The sentence it stands in, shortened.
    """

    concept: Concept
    value: str
    strong: bool
    state: str
    weeks: float | None
    passed: bool
    words: str


def find(client: Client) -> list[Finding]:
    """All findings of a client's words, in the order told.

    Examples
    --------
    >>> told = find(Client(age_years=60, free_text="Yesterday my right arm went dead for ten minutes. No fever."))
    >>> sorted({(f.concept.name, f.state) for f in told})
    [('fever', 'denied'), ('weakness', 'now')]
    """
    if not client.free_text.strip():
        return []  # before the word list is compiled
    text = re.sub(r"^\s*\(([^)]{2,20})\)\s*", "", client.free_text)
    teller = _teller(client, client.free_text[: len(client.free_text) - len(text)].lower())
    plain = words.normalise(text)
    parts = words.sentences(plain)
    affirms = cues("affirms").search(plain) is not None
    doubtful = {name for name, answer in client.answers.items() if answer == "unknown" and not affirms}
    concerned = [concept for concept in concepts() if _concerns(client, concept)]
    found: list[Finding] = []
    last_other = False
    for index, part in enumerate(parts):
        following = parts[index + 1].text if index + 1 < len(parts) else ""
        times = find_times(part.text)
        told = [
            _judge(concept, strong, part, spans, times, following, teller, last_other)
            for concept in concerned
            for strong, spans in concept.find(part.text, concept.field in doubtful)
            if not _excluded(concept, part.text, spans)
        ]
        found += told
        if following:
            found += _across(concerned, part.text, following, teller, last_other)
        whole = words.about_other(part.text, len(part.text), len(part.text), teller, last_other)
        other = any(f.state == "other" for f in told) or (teller == "self" and whole)
        last_other = other or (last_other and re.match(r"(?:he|she|they)\b", part.text) is not None)
    return found


def _across(concerned: list[Concept], first: str, second: str, teller: str, last_other: bool) -> list[Finding]:
    """Findings whose words stand in two sentences that follow each other; the second gives the time."""
    joined = words.Sentence(f"{first}. {second}")
    times = find_times(joined.text)
    times = [t for t in times if t.start > len(first)] or times
    return [
        _judge(concept, strong, joined, spans, times, "", teller, last_other)
        for concept in concerned
        if concept.across
        for strong, spans in concept.find(joined.text)
        if min(a for a, _ in spans) < len(first) < max(b for _, b in spans)
        and not _excluded(concept, joined.text, spans)
    ]


def _without(part: words.Sentence, spans: tuple[tuple[int, int], ...], kept: tuple[int, int]) -> words.Sentence:
    """The sentence where a "no" inside the other parts of a phrase ("made no sense") denies nothing."""
    text = part.text
    for a, b in spans:
        if (a, b) != kept:
            text = text[:a] + cues("denial").sub(lambda m: "~" * len(m[0]), text[a:b]) + text[b:]
    return words.Sentence(text, part.answered_no)


def _excluded(concept: Concept, text: str, spans: tuple[tuple[int, int], ...]) -> bool:
    """Whether harmless words stand beside the match ("hay fever", "as every night")."""
    if not concept.exclude:
        return False
    start, end = min(a for a, _ in spans) - _BESIDE, max(b for _, b in spans) + _BESIDE
    return any(m.end() > start and m.start() < end for m in concept.exclude.finditer(text))


def _teller(client: Client, writer: str) -> str:
    """Who writes: self, parent (of the client), or kin (child, spouse, friend of the client)."""
    if cues("writer_parent").search(writer):
        return "parent"
    if writer and not re.search(r"\b(?:self|client|me)\b", writer):
        return "kin"
    if client.spoken_for:
        return "parent" if client.minor or client.answers.get("answered_by") == "parent" else "kin"
    return "self"


def _concerns(client: Client, concept: Concept) -> bool:
    if concept.infant_only and not client.infant:
        return False
    if concept.needs and client.answers.get(concept.field) not in concept.needs:
        return False
    question = questions().get(concept.field)
    return client.asked(question.who) if question else not client.infant or concept.field in ("head_injury",)


def _judge(
    concept: Concept,
    strong: bool,
    part: words.Sentence,
    spans: tuple[tuple[int, int], ...],
    times: list[Time],
    following: str,
    teller: str,
    last_other: bool,
) -> Finding:
    start, end = min(a for a, _ in spans), max(b for _, b in spans)
    value, weeks, passed = concept.value, None, False
    if not concept.whoever and words.about_other(part.text, start, end, teller, last_other):
        state = "other"
    elif any(words.denied(_without(part, spans, span), *span) for span in spans):
        state = "denied"
    elif concept.kind in ("illness", "event", "medicine") and words.feared(part.text, start, end):
        state = "feared"
    elif concept.operation and words.planned(part.text, start, end):
        state = "planned"
    else:
        state, weeks, passed = _in_time(concept, part.text, start, end, times, following)
        if state == "now" and concept.kind == "sign" and cues("examined").search(part.text + ". " + following):
            state = "examined" if not strong or weeks is None or weeks > _STALE else state
        if any(_done(part, *m.span()) for m in concept.treated.finditer(part.text)) if concept.treated else False:
            value = concept.treated_value
        if concept.kind == "medicine" and state == "past":
            value, state = "stopped", "now"
    return Finding(concept, value, strong, state, weeks, passed, part.text[:160])


def _done(part: words.Sentence, start: int, end: int) -> bool:
    """Whether a treatment told of has been done: neither denied nor only planned."""
    return not words.denied(part, start, end) and not words.planned(part.text, start, end)


def _short(time: Time) -> bool:
    """A length of minutes or hours ("for ten minutes"): how long it lasted, not when it began."""
    return time.kind == "lasting" and time.weeks is not None and time.weeks < _HOURS


def _nearest(times: list[Time], text: str, start: int, end: int) -> Time | None:
    """The time mark of the same clause, else the nearest one in the sentence, leaving "over" marks aside."""
    marks = [t for t in times if t.kind != "over"]
    marks = [t for t in marks if not _short(t)] or marks
    if any(t.kind == "past" for t in marks):
        marks = [t for t in marks if not (t.kind == "lasting" and text.startswith("for ", t.start))]
    if not marks:
        return None
    first, last = words.clause_at(text, start)
    last = max(last, end)
    same = [t for t in marks if first <= t.start < last]
    vague = bool(same) and all(t.kind in ("past", "lasting") for t in same)
    counted = [t for t in marks if t.weeks is not None and not _short(t)]
    pool = [t for t in same if t.weeks is not None] or (counted if vague and len(counted) == 1 else same) or marks
    return min(pool, key=lambda t: min(abs(t.start - end), abs(start - t.end)))


def _in_time(
    concept: Concept, text: str, start: int, end: int, times: list[Time], following: str
) -> tuple[str, float | None, bool]:
    mark = _nearest(times, text, start, end)
    weeks = mark.weeks if mark else None
    over = any(t.kind == "over" and t.start >= start - 25 for t in times) or bool(cues("gone_next").match(following))
    if concept.relieved and cues("relief").search(text):
        over = False
    brief = bool(cues("brief").search(text[max(0, start - 60) :]) or cues("brief").match(following))
    old = weeks is not None and weeks >= _CHRONIC and mark is not None and mark.kind in ("past", "lasting")
    vague_past = mark is not None and mark.kind in ("past", "lasting") and weeks is None
    if concept.kind == "medicine":
        return ("past" if cues("stopped").search(text[max(0, start - 40) :]) else "now"), weeks, False
    if concept.kind in ("illness", "state"):
        gone = bool(cues("outgrown").search(text))
        return ("past" if gone else "now"), weeks, over
    if concept.kind == "mind":
        settled = (old or vague_past) and bool(cues("settled").search(text + ". " + following))
        long_ago = old and mark is not None and mark.kind == "past"
        return ("past" if long_ago or settled else "now"), weeks, over
    if concept.kind in ("event", "event_local", "loss"):
        if concept.recent_only and weeks is not None and weeks >= _STALE:
            return "past", weeks, over
        if weeks is None and over and vague_past:
            return "past", None, over
        return "now", weeks, over
    if old:
        return "past", weeks, over
    if concept.lasting:
        if over and (vague_past or (weeks or 0) >= 26):
            return "past", weeks, True
        return "now", weeks, over or brief
    if over:
        return "past", weeks, True
    if mark is not None and mark.kind == "past" and (weeks or 0) > _STALE and not cues("began").search(text):
        return "past", weeks, over
    return "now", weeks, over


def told_numbers(client: Client) -> list[tuple[str, float, dict[str, str], str]]:
    """Numbers told in words: (field, value, answers they imply, sentence); denied and old ones are left out."""
    found = []
    for part in words.sentences(words.normalise(client.free_text)):
        times = find_times(part.text)
        for row in numbers():
            if row.clause and not row.clause.search(part.text):
                continue
            for regex in row.patterns:
                for match in regex.finditer(part.text):
                    mark = _nearest(times, part.text, *match.span())
                    stale = mark is not None and mark.kind == "past" and (mark.weeks is None or mark.weeks > 0.9)
                    gone = row.means.get("fever") and any(t.kind == "over" for t in times)
                    value = float(match.group(1))
                    if (
                        row.low <= value <= row.high
                        and not (stale and "fever" in row.means)
                        and not gone
                        and not words.denied(part, *match.span())
                        and not words.about_other(part.text, match.start(), match.end(), _teller(client, ""), False)
                    ):
                        found.append((row.field, value, row.means, part.text[:160]))
    return found


def pressure_told(client: Client) -> str:
    """A blood pressure told in words as "systolic/diastolic", "" when none."""
    text = words.normalise(client.free_text)
    for match in re.finditer(r"\b(\d{2,3}) ?(?:/|over|to) ?(\d{2,3})\b", text):
        high, low = int(match[1]), int(match[2])
        if 80 <= high <= 270 and 40 <= low <= 160 and high > low + 15:
            return f"{high}/{low}"
    return ""


def all_old(client: Client) -> bool:
    """Whether every time mark of the words is at least a year old (used for an event ticked without its time)."""
    marks = [
        t
        for part in words.sentences(words.normalise(client.free_text))
        for t in find_times(part.text)
        if t.kind in ("past", "lasting", "now") and t.weeks is not None
    ]
    return bool(marks) and all((t.weeks or 0) >= _CHRONIC for t in marks)


def old_weeks() -> float:
    """Weeks that stand for "surely old"."""
    return OLD
