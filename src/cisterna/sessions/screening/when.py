"""Time in plain words: how long ago, still going on, long known, or over.

`find_times` reads one sentence and gives every time mark with its place, so that a symptom can be joined
to the mark nearest to it. Weeks are rough on purpose ("the other day" is under one week); a mark
without a number ("in July") carries ``weeks=None``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

OLD = 1000.0
"""Weeks given to "as a child", "decades ago", "in 2009": surely old."""

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "couple": 2, "few": 3, "several": 4, "some": 3, "many": 6, "half a": 0.5, "half an": 0.5,
}
_UNITS = {"second": 1 / 604800, "sec": 1 / 604800, "minute": 1 / 10080, "min": 1 / 10080, "hour": 1 / 168,
          "day": 1 / 7, "night": 1 / 7, "week": 1.0, "fortnight": 2.0, "month": 52 / 12, "year": 52.0,
          "yr": 52.0, "decade": 520.0, "season": 13.0}
_N = (r"(?:about |around |almost |nearly |over |more than |less than |maybe |perhaps |only |just |the last |last "
      r"|the past |past |these |some |good )*"
      r"(?:a )?(?P<n>\d+(?:\.\d+)?|half an?|" + "|".join(sorted((w for w in _NUMBERS if " " not in w), key=len,
                                                                reverse=True)) + r")"
      r"(?: (?:or|to) (?:\d+|\w+))?(?: of)?(?: full| good| long| whole| or so)?")
_U = r"(?P<u>second|sec|minute|min|hour|day|night|week|fortnight|month|year|yr|decade|season)s?"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = (r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
          r"|spring|summer|autumn|winter|easter|christmas|new year)")


@dataclass(frozen=True)
class Time:
    """A time mark: `kind` past | lasting | now | old | over; `weeks` since (past) or long (lasting)."""

    kind: str
    weeks: float | None
    start: int
    end: int


@cache
def _patterns() -> list[tuple[re.Pattern[str], str, float | None]]:
    rows: list[tuple[str, str, float | None]] = [
        (rf"\b{_N} {_U} (?:ago|back|earlier|before)\b", "past", -1),
        (rf"\b(?:before|ago|makes|it is) {_N} {_U}\b(?! (?:old|pregnant))", "past", -1),
        (r"\b(?:many |some |long |several )?(?:years|decades|ages) (?:ago|back|before|earlier)\b", "past", OLD),
        (r"\b(?:a )?long (?:time )?ago\b|\bback then\b|\bin the past\b|\bin those days\b", "past", OLD),
        (rf"\b(?:since|for|over|during|in|these|the last|last|past|already) {_N} {_U}\b", "lasting", -1),
        (rf"\b{_N} {_U} (?:already|now|long|in a row|that)\b", "lasting", -1),
        (r"\b(?:for|since|many|all these|over the|through the|so many) (?:many |some |long )?(?:years|decades|ages)\b",
         "lasting", OLD),
        (r"\b(?:same|always) (?:for|since|over) (?:many )?years\b|\bas long as i (?:can )?remember\b|\ball my life\b"
         r"|\balways had\b|\bsince (?:forever|always|ever|birth|childhood|school|i was)\b|\bfrom birth\b", "lasting", OLD),
        (r"\bsince (?:19|20)\d\d\b", "lasting", OLD),
        (r"\b(?:in|of|from|back in|anno|year) (?:19|20)\d\d\b|\b(?:spring|summer|autumn|winter|" + _MONTH[3:-1]
         + r") (?:of )?(?:19|20)\d\d\b|\blast seizure (?:19|20)\d\d\b|\b(?:19[3-9]\d|20[01]\d)\b(?! ?(?:steps|euro|kcal|ml|mg))",
         "past", OLD),
        (r"\bas (?:a )?(?:small |little |young )?(?:child|kid|boy|girl|baby|toddler|teen|teenager|adolescent|student"
         r"|newborn|young (?:man|woman))\b|\bin (?:my )?(?:childhood|youth|teens|twenties|thirties|school days)\b"
         r"|\bwhen i was (?!(?:on|in|at) )(?!here)\w+\b|\bwhile i was (?:a|at) (?:child|school)\b|\bat school\b"
         r"|\bat (?:thir|four|fif|six|seven|eigh|nine)teen\b|\bat twenty\b|\bas \d+ year old\b|\bat (?:age|the age of) \d+\b|\baged \d+\b|\bhalf my life ago\b", "past", OLD),
        (r"\blast year\b|\ba year ago\b|\bthe year before\b", "past", 52),
        (rf"\blast {_MONTH}\b", "past", 26),
        (rf"\b(?:in|at|during|around) (?:the )?(?:early |late )?{_MONTH}\b", "past", None),
        (rf"\bsince (?:the )?(?:early |late )?{_MONTH}\b", "lasting", None),
        (r"\blast month\b|\ba month ago\b", "past", 4.3),
        (r"\blast week\b|\ba week ago\b|\bweek before\b", "past", 1.0),
        (r"\bsince last week\b", "lasting", 1.0),
        (rf"\b(?:last|on|this|past) {_WEEKDAY}\b|\b(?:at|on|over|last|this|during) (?:the )?(?:last )?weekend\b"
         rf"|\b(?:the )?other (?:day|night|evening)\b|\b{_WEEKDAY} (?:morning|evening|night)\b", "past", 0.6),
        (rf"\bsince (?:last )?(?:{_WEEKDAY}|the weekend)\b", "lasting", 0.6),
        (rf"\b{_WEEKDAY}\b", "past", 0.6),
        (r"\byesterday\b|\blast (?:night|evening)\b|\bday before yesterday\b", "past", 0.2),
        (r"\bsince (?:yesterday|last night)\b", "lasting", 0.2),
        (r"\b(?:today|tonight|this (?:morning|afternoon|evening|week|month)|right now|just now|at the moment|currently"
         r"|an hour ago|earlier today|minutes ago|at present|these days|meanwhile)\b", "now", 0.0),
        (r"\bsince (?:today|this morning)\b|\bsince then\b|\bever since\b|\bstill\b|\bnow\b|\bat night\b", "now", None),
        (r"\b(?:recently|lately|newly|these last days|in the last (?:days|weeks)|the last (?:days|weeks))\b", "lasting", 2.0),
        (r"\b(?:healed|cured|outgrew|outgrown|grew out of|long gone|recovered|resolved|all clear|in remission)\b"
         r"|\b(?:is|are|was|were|went|has|have|all|completely|totally|now) (?:long |all |completely |totally )?"
         r"(?:gone|away|over|finished|past)\b|\bgone (?:since|for|after|now)\b|\bgoes away\b"
         r"|\bno longer\b|\bnot any ?more\b|\bnothing since\b|\bnone since\b|\bnever (?:since|again|came back|returned)\b"
         r"|\bused to\b|\b(?:fine|well|okay|ok|normal|good|healthy|quiet) (?:again|since|after|now|afterwards)\b"
         r"|\bback to normal\b|\bstopped (?:by itself|in|since|after)\b|\bsorted\b|\bno (?:trouble|problem|problems|symptom"
         r"|symptoms) since\b|\bnot since\b|\bwithout (?:any )?(?:problem|trouble|symptom)s? since\b"
         r"|\b(?:symptom|trouble|problem|seizure|pain|attack) free\b|\bfree of (?:symptom|trouble|problem)s?\b"
         r"|\bcame back to normal\b|\bnever came again\b|\bdisappeared\b", "over", None),
    ]
    return [(re.compile(pattern), kind, weeks) for pattern, kind, weeks in rows]


def find_times(sentence: str) -> list[Time]:
    """Time marks of a sentence in normalised lower-case words, first the longest where two overlap.

    Examples
    --------
    >>> [(t.kind, round(t.weeks, 1)) for t in find_times("concussion five years ago")]
    [('past', 260.0)]
    >>> [t.kind for t in find_times("the dizziness is gone since june")]
    ['over', 'lasting']
    """
    found: list[Time] = []
    for pattern, kind, weeks in _patterns():
        for match in pattern.finditer(sentence):
            span = weeks
            if weeks == -1:
                span = _count(match.group("n")) * _UNITS[match.group("u")]
            found.append(Time(kind, span, match.start(), match.end()))
    found.sort(key=lambda t: (t.start - t.end, t.start))
    kept: list[Time] = []
    for time in found:
        if all(time.end <= other.start or time.start >= other.end or time.kind == "over" != other.kind
               for other in kept):
            kept.append(time)
    return sorted(kept, key=lambda t: t.start)


def _count(word: str) -> float:
    return float(word) if word[0].isdigit() else float(_NUMBERS.get(word, 1))
