"""The bars a curriculum must clear, so that canned replies cannot pass for teaching."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from data_mix.curriculum.learners import learner
from data_mix.curriculum.words import lexicon
from espalier.text.rows import Row

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One figure of a mix beside its bar."""

    name: str
    value: float
    bar: str
    """the bar in words: "at least 0.5" """
    ok: bool


def _at_least(name: str, value: float, bar: float) -> Finding:
    return Finding(name=name, value=round(value, 4), bar=f"at least {bar:g}", ok=value >= bar)


def _at_most(name: str, value: float, bar: float) -> Finding:
    return Finding(name=name, value=round(value, 4), bar=f"at most {bar:g}", ok=value <= bar)


def _content_words() -> frozenset[str]:
    words = lexicon()
    forms = [form for verb in words.verbs for form in verb.forms]
    forms += [form for noun in words.nouns for form in noun.forms]
    forms += [form for person in words.third_persons for form in person.forms]
    return frozenset(form.lower() for form in forms)


def _holds(text: str, words: str) -> bool:
    return re.search(rf"\b{re.escape(words.lower())}\b", text) is not None


def lint(dialogues: Iterable[Row], who: str = "any") -> list[Finding]:
    """Measure dialogues of one kind of learner (10,000, for the first bar to mean what it says) against the bars.

    Where there are few moves, the commonest may be half as common again as it would be among equals.
    """
    replies: Counter[str] = Counter()
    strategies: Counter[str] = Counter()
    mistakes: Counter[str] = Counter()
    taken_up = must = must_kept = must_not = must_not_kept = 0
    known = _content_words()
    for row in dialogues:
        texts = [message["content"] for message in row.messages if message["role"] == "assistant"]
        for text, turn in zip(texts, row.meta["turns"], strict=True):
            replies[text] += 1
            lower = text.lower()
            said = set(_WORD.findall(turn["learner"].lower())) & known
            taken_up += bool(said & set(_WORD.findall(lower)))
            change = turn.get("change", turn["error"])
            if not change:
                continue
            strategies[turn["strategy"]] += 1
            mistakes[change] += 1
            corrected = _holds(lower, turn["corrected"])
            if turn["rule"] == "must":
                must, must_kept = must + 1, must_kept + corrected
            elif turn["rule"] == "must_not":
                given_away = corrected or _holds(lower, turn["fix"])
                must_not, must_not_kept = must_not + 1, must_not_kept + (not given_away)
    total, spoilt = replies.total(), strategies.total()
    moves, changes = learner(who).moves, [change.name for change in learner(who).changes]
    return [
        _at_least("distinct tutor replies / replies", len(replies) / total, 0.5),
        _at_least("replies that take up a content word of the learner's", taken_up / total, 0.7),
        _at_least("replies that must hold the corrected form and do", must_kept / max(must, 1), 1.0),
        _at_least("replies that must not give it away and do not", must_not_kept / max(must_not, 1), 1.0),
        _at_least("share of the rarest strategy", min(strategies[name] for name in moves) / spoilt, 0.03),
        _at_most("share of the commonest strategy", max(strategies.values()) / spoilt, max(0.25, 1.5 / len(moves))),
        _at_least("share of the rarest mistake", min(mistakes[name] for name in changes) / spoilt, 0.03),
        _at_most("share of the commonest mistake", max(mistakes.values()) / spoilt, max(0.25, 1.5 / len(changes))),
        _at_most("share of the commonest reply", replies.most_common(1)[0][1] / total, 0.005),
    ]
