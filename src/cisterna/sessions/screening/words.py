"""Free text made comparable: sentences, clauses, denial, doubt, and whom a sentence is about.

After the idea of NegEx and ConText (Chapman et al. 2001, Harkema et al. 2009): a finding is looked for
by its words, then cue words before and after decide whether it is denied, feared only, or another
person's. Written new for short lay texts, also by people whose first language is not English.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from cisterna.sessions.screening.lexicon import cue, cue_words, cues, spelling

_CONTRACTIONS = (
    (r"\b(?:can not|can't|cant|cannot)\b", "can not"),
    (r"\bwon't\b|\bwont\b", "will not"),
    (r"\b(is|are|was|were|do|does|did|have|has|had|could|would|should|must|need)n['o]?t\b", r"\1 not"),
    (r"\b(i)'m\b", r"\1 am"),
    (r"\b(\w+)'ve\b", r"\1 have"),
    (r"\b(\w+)'re\b", r"\1 are"),
    (r"\b(\w+)'ll\b", r"\1 will"),
    (r"\b(i|you|he|she|we|they)'d\b", r"\1 would"),
    (r"\b(it|he|she|that|there|what|who)'s\b", r"\1 is"),
)
_LONG = 6
"""Shorter words are not corrected."""

_LONGEST = 500
"""Longest sentence in characters."""

_LIKENESS = re.compile(r"\b(?:like|as) (?:a|an|my|the|some) \w+")
""" "Like a child" tells of no child."""

_MINE_NOW = re.compile(r"\bi (?:keep|kept|have|take|took|got|use|save|saved) [^.]*\b(?:of|from) my\b")
""" "I keep the insulin of my husband" is about me."""

_REACH = {"no": 6, "not": 5, "never": 9, "none": 3, "without": 6, "neither": 8, "nor": 5, "nothing": 5}
"""How many words a denial reaches forward."""


@dataclass(frozen=True)
class Sentence:
    """One sentence in normalised words, and whether it answers a question with no."""

    text: str
    answered_no: bool = False


def normalise(text: str) -> str:
    """Lower case without accents, plain quotes, contractions opened, hyphens as blanks, medical words spelt right.

    Examples
    --------
    >>> normalise("I can’t bend; it's 39,6 and one-sided")
    'i can not bend; it is 39.6 and one sided'
    >>> normalise("siezure, haedache and a menengitis")
    'seizure, headache and a meningitis'
    """
    text = (
        text.replace("\u2019", "'")
        .replace("\u2018", "'")
        .replace("`", "'")
        .replace("\u2013", " - ")
        .replace("\u2014", " - ")
    )
    plain = unicodedata.normalize("NFKD", text.lower())
    text = "".join(c for c in plain if not unicodedata.combining(c))
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"(?<=\w)-(?=[a-z])", " ", text)
    for pattern, replacement in _CONTRACTIONS:
        text = re.sub(pattern, replacement, text)
    text = re.sub(r"[a-z]{6,20}", lambda m: _right(m[0]), text)
    return re.sub(r"\s+", " ", text).strip()


@cache
def _spellings() -> dict[str, list[str]]:
    """The right spellings by what is left of them when one letter is left out."""
    found: dict[str, list[str]] = {}
    for word in spelling("words"):
        for variant in _one_less(word):
            found.setdefault(variant, []).append(word)
    return found


def _one_less(word: str) -> set[str]:
    return {word} | {word[:k] + word[k + 1 :] for k in range(1, len(word))}


def _one_off(word: str, meant: str) -> bool:
    """Whether one letter is left out, added, wrong, or two neighbours are swapped."""
    start = next((k for k, (a, b) in enumerate(zip(word, meant, strict=False)) if a != b), min(len(word), len(meant)))
    a, b = word[start:], meant[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


@cache
def _right(word: str) -> str:
    """The right spelling of a long medical word one letter off, else the word itself."""
    if len(word) < _LONG or word in spelling("words") or word in spelling("spared"):
        return word
    near = {meant for variant in _one_less(word) for meant in _spellings().get(variant, []) if _one_off(word, meant)}
    return min(near, default=word)


def _short_enough(piece: str) -> list[str]:
    """Text without full stops is cut at a blank, so that reading time grows with its length only."""
    return re.findall(rf".{{1,{_LONGEST}}}(?:\s|$)|.{{{_LONGEST}}}|.+", piece) if len(piece) > _LONGEST else [piece]


def sentences(text: str) -> list[Sentence]:
    """Split normalised text; a question answered by "no" is marked as denied."""
    text = re.sub(r"\b(dr|prof|mr|mrs|ms|approx|ca|st)\.", r"\1", text)
    pieces = re.findall(r"[^.!?;\n]*(?:(?<=\d)\.(?=\d)[^.!?;\n]*)*[.!?;\n]?", text)
    pieces = [part for piece in pieces if piece.strip(" .!?;") for part in _short_enough(piece.strip())]
    result = []
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else ""
        no = piece.endswith("?") and re.match(r"(?:no|never|none|not|nope)\b", following) is not None
        result.append(Sentence(piece.strip(" .!?;"), no))
    return result


@cache
def _clause_cut() -> re.Pattern[str]:
    return re.compile(r",|:| - |\(|\)|" + cue("clause_breaks"))


@cache
def _denied_after() -> re.Pattern[str]:
    return re.compile(
        r"^\W{0,3}(?:(?:i |we |he |she |it )?"
        r"(?:have |had |has |do |did |does |is |are |was |were |there is |so far )*)?"
        r"(?:no|not|never|none|nil|negative|denied|excluded|ruled out|unlikely|absent)\b"
        r"(?! (?:" + "|".join(cue_words("denial_after_but_not")) + "))"
    )


def clauses(sentence: str) -> list[tuple[int, int]]:
    """Spans of the clauses of a sentence, cut at commas, colons, dashes, brackets and turning words."""
    cuts = [0]
    for match in _clause_cut().finditer(sentence):
        cuts.append(match.start())
    cuts.append(len(sentence))
    return [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]


def clause_at(sentence: str, position: int) -> tuple[int, int]:
    """Span of the clause that holds a position."""
    for start, end in clauses(sentence):
        if start <= position < end:
            return start, end
    return 0, len(sentence)


def _verb(text: str) -> bool:
    return bool(cues("verbs").search(text) or re.search(r"\d", text))


def denied(sentence: Sentence, start: int, end: int) -> bool:
    """Whether the words from `start` to `end` are said not to be so.

    Examples
    --------
    >>> s = Sentence("no fever or stiff neck, but the arm is numb")
    >>> denied(s, 3, 8), denied(s, 12, 22), denied(s, 28, 43)
    (True, True, False)
    """
    text = sentence.text
    if sentence.answered_no:
        return True
    first, last = clause_at(text, start)
    before = cues("no_denial").sub(lambda m: "~" * len(m.group(0)), text[first:start])
    if _negated_before(before):
        return True
    if _denied_after().match(text[end : max(last, end)]) or re.match(
        r"\W{0,3}(?:no|none|never|nil)\s*(?:$|[,.])", text[end:]
    ):
        return True
    return _listed_after_no(text, first, start, last)


def _negated_before(before: str) -> bool:
    negators = list(cues("denial").finditer(before))
    if not negators:
        return False
    between = before[negators[-1].end() :]
    if cues("ends_denial").search(between):
        return False
    words = between.split()
    joined = re.search(r"\band\b", between)
    if joined and len(words) > 3:
        return False
    return len(words) <= _REACH.get(negators[-1].group(0), 4)


def _listed_after_no(text: str, first: int, start: int, last: int) -> bool:
    """ "No numbness, weakness, bladder trouble": the no reaches along a list of bare nouns."""
    spans = [span for span in clauses(text) if span[0] < first]
    here = text[first:last].strip(" ,")
    here = re.sub(r"^(?:or|and|nor)\b", "", here).strip()
    if len(here.split()) > 5 or _verb(here):
        return False
    for a, b in reversed(spans):
        piece = cues("no_denial").sub("~", text[a:b].strip(" ,"))
        if re.match(
            r"(?:(?:i|he|she|we|there) (?:have|has|had|is|was) )?(?:no|never|without|not|neither|denies)\b", piece
        ):
            return not re.search(r"\b(?:but|because|then|since)\b", text[a:first]) and text[b : b + 1] in (",", "")
        if len(piece.split()) > 4 or _verb(piece):
            return False
    return False


def planned(sentence: str, start: int, end: int) -> bool:
    """Whether an operation or examination is only planned, waited for, refused or thought about.

    Examples
    --------
    >>> text = "coiling is planned in may, the shunt was put in 2009"
    >>> planned(text, 0, 7), planned(text, 31, 36)
    (True, False)
    """
    first, last = clause_at(sentence, start)
    last = max(last, end)
    around = cues("unplanned").sub(lambda m: "~" * len(m[0]), sentence[first:last])
    return bool(cues("planned").search(around)) and not cues("done").search(around)


def feared(sentence: str, start: int, end: int) -> bool:
    """Whether an illness is only feared, read about, prevented or excluded."""
    first, last = clause_at(sentence, start)
    if cues("fear").search(sentence[first:start]) or re.match("|".join(cue_words("fear_after")), sentence[end:]):
        return True
    if re.match(r"[^.]{0,20}?[, ]+(?:but )?i (?:have )?never had (?:one|it|that|this|any)", sentence[end:]):
        return True
    after = r"^\W*(?:\w+ ){0,3}(?:was |is |were |has been |could be |got )?" + cue("excluded_after")
    return bool(re.search(after, sentence[end : last + 40]))


@cache
def _other() -> re.Pattern[str]:
    who = "|".join(cue_words("relatives"))
    return re.compile(
        rf"\b(?:my|our|his|her|the|a|in my|in the|in our) (?:\w+ )?(?:{who})(?:'s)?\b|\bruns in (?:my|the|our) family\b"
        r"|\bfamily history\b|\bin (?:my|the|our) family\b|\bhereditary\b|\bfamily\b"
    )


def about_other(sentence: str, start: int, end: int, teller: str, last_other: bool) -> bool:
    """Whether the words from `start` to `end` tell of somebody else than the client.

    Parameters
    ----------
    teller : str
        self | parent | kin. When another writes, he and she are the client and "I had" is the writer.
    last_other : bool
        The sentence before was about another person ("my mother had a stroke. She was paralysed").

    Examples
    --------
    >>> text = "my mother had a stroke at sixty"
    >>> about_other(text, 10, 22, "self", False)
    True
    >>> text = "my wife says my mouth hangs"
    >>> about_other(text, 16, 27, "self", False)
    False
    """
    first, _ = clause_at(sentence, start)
    sentence = _LIKENESS.sub(lambda m: "~" * len(m[0]), sentence)
    before = sentence[first:start]
    if teller != "self":
        piece = sentence[first:end]
        mine = re.search(r"\bi (?:myself )?(?:had|have|was|am|take|took|got|needed|suffer\w*)\b", piece)
        if mine and not re.search(r"\b(?:noticed|found|saw|think|thought|seen|heard|called|measured)\b", piece):
            return True
        kin = (
            r"\b(?:(?:his|her) (?:father|mother|brother|sister|cousin|twin)|grand\w+|in (?:the|our) family"
            r"|(?:older|elder|big) (?:brother|sister))\b"
        )
        own = r"\bmy (?:mother|father|sister|brother|aunt|uncle)\b" if teller == "parent" else r"\bin our family\b"
        return bool(re.search(kin, before) or re.search(own, sentence[first:end]))
    joined = re.match(r"[,\s]*(?:and |who |he |she |they )", sentence[first:end])
    scope = sentence[:end] if joined else sentence[first:end]
    other = _other().search(scope)
    if other and not _MINE_NOW.search(scope):
        rest = scope[other.end() :]
        return not (cues("reports").search(rest) or cues("me").search(rest))
    if re.search(r"^\W*(?:and )?(?:he|she)\b", before) or (last_other and re.search(r"^\W*they\b", before)):
        return not cues("reports").search(before)
    return bool(re.search(r"\bin (?:my|the|our) family\b", sentence[start : start + 90]))
