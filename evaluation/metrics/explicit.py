"""Does the reply correct the learner to the face? Scaffolding does not: it lets the learner find the form."""

from __future__ import annotations

import re

from evaluation.cases import Case, Reply, Truth
from evaluation.metrics.base import metric
from evaluation.metrics.words import words

_QUOTED = r"[\"'“‘][^\"'”’]+[\"'”’]"
_FORM = r"(?:form|words?|sentence|way|answer|version|verb|tense|plural|article|preposition|order)"
_PATTERNS = (
    # A verdict: "That is wrong", "That's not quite right", "Incorrect."
    rf"(?:\b(?:that|this|it|you|{_FORM})|[\"'”’])(?:'s|'re| is| are| was| sounds) (?:\w+ )?(?:wrong|incorrect)\b",
    r"\b(?:that|this|it)(?:'s not| is not| isn't) (?:\w+ )?(?:right|correct|how (?:we|you|people) say)\b",
    r"^\W*(?:wrong|incorrect|correction)\b",
    r"\b(?:made|there(?:'s| is| are|'re)|have|has) (?:a|an|one|some|two|your) (?:\w+ )?(?:mistake|error)s?\b",
    # An order: "You should say", "Don't say", "We don't say", 'We say "went"'.
    r"\byou(?:'d better| had better| should| must| need to| have to| ought to)(?: not| have)? (?:say|said|use|used)\b",
    r"\b(?:do not|don't|does not|doesn't|cannot|can't|never) say\b",
    rf"\b(?:we|you|people) (?:\w+ )?say,? {_QUOTED}",
    rf"\b(?:you mean|you meant)(?: to say)?,? {_QUOTED}",
    rf"\b(?:say|use|write),? {_QUOTED},? (?:not|instead)\b",
    # The form beside a label: "The correct form is", "Correct sentence:", 'It should be "went"'.
    rf"\b(?:correct|right|proper) {_FORM}\b(?: \w+){{0,3}} (?:is|was|would be)\b",
    rf"\b(?:correct|right|proper) {_FORM}\s*:",
    rf"\b(?:should|must|ought to) be,? {_QUOTED}",
    # One form set against another: 'not "go" but "went"', '"went", not "go"', 'instead of "go"'.
    rf"\bnot {_QUOTED},? but\b",
    rf"{_QUOTED},? (?:and )?not {_QUOTED}",
    rf"\b(?:instead of|rather than)(?: saying)? {_QUOTED}",
)
_EXPLICIT = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.IGNORECASE | re.MULTILINE)
_NOT_BUT = re.compile(r"\bnot (\w+),? but (\w+)")
_NOT = re.compile(r"\b(\w+),? (?:and )?not (\w+)")


@metric("corrects the learner to the face", better="lower")
def explicit_correction(case: Case, reply: Reply) -> float | None:
    """The reply says that something is wrong or how it should be said, by a list of patterns."""
    text = reply.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return float(bool(_EXPLICIT.search(text)) or (case.truth is not None and _sets_against(case.truth, text.lower())))


def _sets_against(truth: Truth, text: str) -> bool:
    """Whether, without quotes, a word only the learner used is set against one only the corrected clause has."""
    learner, corrected = set(words(truth.learner)), set(words(truth.corrected))
    pairs = [(wrong, right) for wrong, right in _NOT_BUT.findall(text)]
    pairs += [(wrong, right) for right, wrong in _NOT.findall(text)]
    return any(wrong in learner - corrected and right in corrected - learner for wrong, right in pairs)
