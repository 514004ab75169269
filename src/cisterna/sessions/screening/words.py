"""Free text made comparable: sentences, clauses, denial, doubt, and whom a sentence is about.

After the idea of NegEx and ConText (Chapman et al. 2001, Harkema et al. 2009): a finding is looked for
by its words, then cue words before and after decide whether it is denied, feared only, or another
person's. Written new for short lay texts, also by people whose first language is not English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONTRACTIONS = (
    (r"\b(?:can not|can't|cant|cannot)\b", "can not"), (r"\bwon't\b|\bwont\b", "will not"),
    (r"\b(is|are|was|were|do|does|did|have|has|had|could|would|should|must|need)n['o]?t\b", r"\1 not"),
    (r"\b(i)'m\b", r"\1 am"), (r"\b(\w+)'ve\b", r"\1 have"), (r"\b(\w+)'re\b", r"\1 are"), (r"\b(\w+)'ll\b", r"\1 will"),
    (r"\b(i|you|he|she|we|they)'d\b", r"\1 would"), (r"\b(it|he|she|that|there|what|who)'s\b", r"\1 is"),
)
_BREAK = (r"but|however|although|though|yet|except|because|then|otherwise|only that|since then|and now|and since|and then"
          r"|now|so that|whereas|while|until|and (?=i\b|he\b|she\b|it\b|my\b|we\b|they\b)")
_PSEUDO = re.compile(
    r"\b(?:not only|no idea|not sure|no doubt|no wonder|without warning|without (?:a |any )?(?:reason|cause|hitting)"
    r"|(?:do|did|does)? ?not (?:really )?(?:know|understand|remember|recall|want|like|dare|tell|say|think much|sleep|slept"
    r"|help|stop|go|touch|improve|get|getting|come down|fit|work|mention|write|see (?:a|the) doctor|care|react|take it)"
    r"|not (?:better|improving|normal|right|well|good|yet|usual|the same|like (?:before|me|him|her)|himself|herself|myself"
    r"|happy|amused|helping|enough|slept|sleeping|been to|seen (?:a|the|any)? ?doctor|tell|told|examined|checked)"
    r"|never (?:before|had (?:such|this|that|it|a headache|headaches? like|pain like|one like|anything like)|seen|like this|so)"
    r"|like never|as never|no (?:one|body|doctor|appointment|help|reason|cause|matter|joke|pill helps|helmet|time|sleep|scan|ct"
    r"|longer|more (?:strength|power|force|feeling))|nobody|nothing (?:helps|works)|can not|could not|will not|would not|no (?:feel|feeling|force"
    r"|strength|power|control)\b|not normal|if not|whether or not|or not|not long ago|not many|not so)\b")
_NEGATOR = re.compile(r"\b(?:no|not|never|none|without|neither|nor|nothing|denies|denied|free of|free from|absent|zero|nil|non)\b")
_REACH = {"no": 6, "not": 5, "never": 9, "none": 3, "without": 6, "neither": 8, "nor": 5, "nothing": 5}
_ENDS_SCOPE = re.compile(r"\b(?:because|since|so|that|which|who|when|after|before|if|as|where|with|still|has|just)\b")
_AFTER = re.compile(
    r"^\W{0,3}(?:(?:i |we |he |she |it )?(?:have |had |has |do |did |does |is |are |was |were |there is |so far )*)?"
    r"(?:no\b|not\b|never\b|none\b|nil\b|negative\b|denied\b|excluded\b|ruled out\b|unlikely\b|absent\b)"
    r"(?! (?:sure|better|improv|gone|go|going|stop|so|only|more|help|yet|idea|normal|good|well|feel|control|longer|away|"
    r"want|dramatic|treated|examined|checked|long|bad|serious|severe|strong|much|very|too|know|seen|told|medicine|scan|"
    r"doctor|one|pain|fever|vomit|neck|bleeding))")
_VERB = re.compile(r"\b(?:i|he|she|it|my|we|they|is|are|was|were|has|have|had|since|yesterday|today|now|feel|feels|get|gets"
                   r"|getting|comes|came|goes|went|hurts|started|began|starts|can|will|takes|take)\b|\d")
_FEAR = re.compile(r"\b(?:afraid|fear|fears|scared|worried|worry|worries|anxious|could (?:it|this|that) be|might be|in case|risk of"
                   r"|risk for|prevent\w*|prophyla\w*|against|avoid|exclude\w*|rule out|ruled out|read (?:about|that)|people with|persons? with|clients? with|patients? with|somebody with|someone with|help with|heard (?:about|of)"
                   r"|the form|leaflet|no sign of|tested for|test for|checked for|screened for|suspected|suspicion|looked for"
                   r"|internet|google\w*|what about|is it|thought it was|like a|as if a|instead of|not a|wonder\w*)\b")
_RELATIVE = (r"(?:mother|mum|mom|mama|father|dad|papa|parents?|sister|brother|siblings?|aunt|uncle|cousin|grand\w+|nan|granny|wife"
             r"|husband|partner|girlfriend|boyfriend|friend|neighbou?r|colleague|boss|flatmate|roommate|son|daughter|child|kid"
             r"|baby|boy|girl|twin|nephew|niece|dog|cat|client|patient|teacher|family)")
_OTHER = re.compile(rf"\b(?:my|our|his|her|the|a|in my|in the|in our) (?:\w+ )?{_RELATIVE}(?:'s)?\b|\bruns in (?:my|the|our) family\b"
                    r"|\bfamily history\b|\bin (?:my|the|our) family\b|\bhereditary\b|\bfamily\b")
_REPORTS = re.compile(r"\b(?:says?|said|notice[ds]?|noticing|thinks?|thought|found|finds|saw|sees|told|tells|asks?|asked|worr(?:y|ies|ied)"
                      r"|insist\w*|sent|sends|drove|brought|filmed|joke[sd]?|laugh\w*|believes?|claims?|calls?|called|wants?|made"
                      r"|make|observ\w*|mention\w*|suggest\w*|recommend\w*|complain\w*|point\w*|heard|hears|watch\w*|pushed)\b")
_ME = re.compile(r"\b(?:i|me|my (?:left|right|own|head|neck|face|mouth|eye|eyes|arm|arms|leg|legs|hand|hands|speech|words|pupil|lid"
                 r"|eyelid|back|lips|smile|foot|feet))\b")


@dataclass(frozen=True)
class Sentence:
    """One sentence in normalised words, and whether it answers a question with no."""

    text: str
    answered_no: bool = False


def normalise(text: str) -> str:
    """Lower case, plain quotes, contractions opened, hyphens between letters as blanks.

    Examples
    --------
    >>> normalise("I can’t bend; it's 39,6 and one-sided")
    'i can not bend; it is 39.6 and one sided'
    """
    text = text.replace("\u2019", "'").replace("\u2018", "'").replace("`", "'").replace("\u2013", " - ").replace("\u2014", " - ")
    text = re.sub(r"(?<=\d),(?=\d)", ".", text.lower())
    text = re.sub(r"(?<=\w)-(?=[a-z])", " ", text)
    for pattern, replacement in _CONTRACTIONS:
        text = re.sub(pattern, replacement, text)
    return re.sub(r"\s+", " ", text).strip()


def sentences(text: str) -> list[Sentence]:
    """Split normalised text; a question answered by "no" is marked as denied."""
    text = re.sub(r"\b(dr|prof|mr|mrs|ms|approx|ca|st)\.", r"\1", text)
    pieces = re.findall(r"[^.!?;\n]*(?:(?<=\d)\.(?=\d)[^.!?;\n]*)*[.!?;\n]?", text)
    pieces = [piece.strip() for piece in pieces if piece.strip(" .!?;")]
    result = []
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else ""
        no = piece.endswith("?") and re.match(r"(?:no|never|none|not|nope)\b", following) is not None
        result.append(Sentence(piece.strip(" .!?;"), no))
    return result


def clauses(sentence: str) -> list[tuple[int, int]]:
    """Spans of the clauses of a sentence, cut at commas, colons, dashes, brackets and turning words."""
    cuts = [0]
    for match in re.finditer(rf",|:| - |\(|\)|\b(?:{_BREAK})\b", sentence):
        cuts.append(match.start())
    cuts.append(len(sentence))
    return [(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]


def clause_at(sentence: str, position: int) -> tuple[int, int]:
    """Span of the clause that holds a position."""
    for start, end in clauses(sentence):
        if start <= position < end:
            return start, end
    return 0, len(sentence)


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
    before = _PSEUDO.sub(lambda m: "~" * len(m.group(0)), text[first:start])
    if _negated_before(before):
        return True
    if _AFTER.match(text[end:max(last, end)]) or re.match(r"\W{0,3}(?:no|none|never|nil)\s*(?:$|[,.])", text[end:]):
        return True
    return _listed_after_no(text, first, start, last)


def _negated_before(before: str) -> bool:
    negators = list(_NEGATOR.finditer(before))
    if not negators:
        return False
    between = before[negators[-1].end():]
    if _ENDS_SCOPE.search(between):
        return False
    words = between.split()
    joined = re.search(r"\band\b", between)
    if joined and len(words) > 3:
        return False
    return len(words) <= _REACH.get(negators[-1].group(0), 4)


def _listed_after_no(text: str, first: int, start: int, last: int) -> bool:
    """"No numbness, weakness, bladder trouble": the no reaches along a list of bare nouns."""
    spans = [span for span in clauses(text) if span[0] < first]
    here = text[first:last].strip(" ,")
    here = re.sub(r"^(?:or|and|nor)\b", "", here).strip()
    if len(here.split()) > 5 or _VERB.search(here):
        return False
    for a, b in reversed(spans):
        piece = _PSEUDO.sub("~", text[a:b].strip(" ,"))
        if re.match(r"(?:(?:i|he|she|we|there) (?:have|has|had|is|was) )?(?:no|never|without|not|neither|denies)\b", piece):
            return not re.search(r"\b(?:but|because|then|since)\b", text[a:first]) and text[b:b + 1] in (",", "")
        if len(piece.split()) > 4 or _VERB.search(piece):
            return False
    return False


def feared(sentence: str, start: int, end: int) -> bool:
    """Whether an illness is only feared, read about, prevented or excluded."""
    first, last = clause_at(sentence, start)
    return bool(_FEAR.search(sentence[first:start]) or re.search(
        r"^\W*(?:\w+ ){0,3}(?:was |is |were |has been |could be |got )?(?:excluded|ruled out|negative|not confirmed|unlikely)\b",
        sentence[end:last + 40]) or re.match(r" (?:clinic|unit|week|awareness|risk|prevention|prophyla|test|screening|nurse)", sentence[end:]))


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
    before = sentence[first:start]
    if teller != "self":
        mine = re.search(r"\bi (?:myself )?(?:had|have|was|am|take|took|got|needed|suffer\w*)\b", sentence[first:end])
        if mine and not re.search(r"\b(?:noticed|found|saw|think|thought|seen|heard|called|measured)\b", sentence[first:end]):
            return True
        kin = r"\b(?:(?:his|her) (?:father|mother|brother|sister|cousin|twin)|grand\w+|in (?:the|our) family|(?:older|elder|big) (?:brother|sister))\b"
        own = r"\bmy (?:mother|father|sister|brother|aunt|uncle)\b" if teller == "parent" else r"\bin our family\b"
        return bool(re.search(kin, before) or re.search(own, sentence[first:end]))
    scope = sentence[:end] if re.match(r"[,\s]*(?:and |who |he |she |they )", sentence[first:end]) else sentence[first:end]
    other = _OTHER.search(scope)
    if other:
        rest = scope[other.end():]
        return not (_REPORTS.search(rest) or _ME.search(rest))
    if re.search(r"^\W*(?:he|she|they)\b", before) and last_other:
        return not _REPORTS.search(before)
    return bool(re.search(r"\b(?:runs? in (?:my|the|our) family|in (?:my|the|our) family)\b", sentence[start:start + 90]))
