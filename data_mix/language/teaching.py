"""What a tutor's turn must not be: a correction to the face, or words of the form around it (who speaks, what ends)."""

from __future__ import annotations

import re
from functools import lru_cache

FORM = r"(?:form|words?|sentence|way|answer|version|verb|tense|plural|article|preposition|order)"
"""What a correction is about."""
_QUOTED = r"[\"'“‘][^\"'”’]+[\"'”’]"
_TENSE = rf"(?:\w+ ){{0,2}}(?:{FORM}\b|past\b|present\b|perfect\b|progressive\b|{_QUOTED})"
_PHRASES = (
    # A verdict: "That is wrong", "That's not quite right".
    rf"(?:that|this|it|you|{FORM})(?:'s|'re| is| are| was| sounds) (?:\w+ )?(?:wrong|incorrect)\b",
    r"(?:that|this|it)(?:'s not| is not| isn't) (?:\w+ )?(?:right|correct|how (?:we|you|people) say)\b",
    r"(?:made|there(?:'s| is| are|'re)|have|has) (?:a|an|one|some|two|your) (?:\w+ )?(?:mistake|error)s?\b",
    # An order: "You should say", "Don't say", "We don't say", 'We say "went"'.
    r"you(?:'d better| had better| should| must| need to| have to| ought to)(?: not| have)? "
    rf"(?:sa(?:y|id)\b|used? {_TENSE})",
    r"(?:do not|don't|does not|doesn't|cannot|can't|never) say\b",
    rf"(?:we|you|people) (?:\w+ )?say,? {_QUOTED}",
    rf"(?:you mean|you meant)(?: to say)?,? {_QUOTED}",
    rf"(?:say|use|write),? {_QUOTED},? (?:not|instead)\b",
    # The form beside a label: "The correct form is", "Correct sentence:", 'It should be "went"'.
    rf"(?:correct|right|proper) {FORM}\b(?:(?: \w+){{0,3}} (?:is|was|would be)\b|\s*:)",
    rf"(?:should|must|ought to) be,? {_QUOTED}",
    # One form set against another: 'not "go" but "went"', 'instead of "go"'.
    rf"not {_QUOTED},? but\b",
    rf"(?:instead of|rather than)(?: saying)? {_QUOTED}",
    # The same in Spanish, French, German, Italian and Portuguese.
    r"se dice (?!que)|(?:eso|así) está mal\b|está mal (?:dicho|escrito)\b|(?:es|está) incorrecto\b|lo correcto es\b"
    r"|deberías decir\b",
    r"on (?:ne )?dit (?!que)|(?:il faut|tu dois|vous devez) dire\b|c'est (?:faux|incorrect)\b",
    r"(?:man|wir) sag(?:t|en) (?:nicht|[\"„“])|(?:das|es) ist (?:falsch|nicht richtig)\b|es heißt (?:nicht|richtig)\b"
    r"|richtig (?:heißt|wäre)\b|du musst .{0,20}\bsagen\b",
    r"si dice (?!che)|è sbagliato\b|la forma corretta\b|está errado\b|o correto é\b",
)
_EXPLICIT = re.compile(
    rf"(?<!\w)(?:{'|'.join(_PHRASES)})"
    r"|^\W*(?:wrong|incorrect|correction)\b"
    # '"Go" is wrong', '"went", not "go"'
    rf"|[\"'”’](?: is| was| sounds) (?:\w+ )?(?:wrong|incorrect)\b|{_QUOTED},? (?:and )?not {_QUOTED}"
    "|不对|错了|不是这样说|应该说|正确的(?:说法|答案)",
    re.MULTILINE,
)
_SPEAKERS = "tutor|teacher|learner|student|user|assistant|system|human|sophie|basil|move"
ROLE_LEAK = re.compile(
    rf"(?:^|[\n.?!]\s*)(?:{_SPEAKERS})\b(?:\s+(?:says|said|asks|asked|answers|answered))?\s*:"
    r"|<\|[^<>]*\|>|</?s>|<(?:unk|pad|bos|eos|mask)>|\[/?INST\]|</?(?:start|end)_of_turn>",
    re.IGNORECASE,
)
"""A speaker's name before a colon, or a special token of a chat template."""


@lru_cache(maxsize=256)
def corrects_to_the_face(text: str) -> str | None:
    """The words by which a tutor says that something is wrong, or how it should be said; None where there are none.

    By patterns, mostly of English. It does not see a correction made by tone, or one set apart by dashes.
    """
    found = _EXPLICIT.search(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return found[0] if found else None
