"""A reply against its dialogue: what it takes up of the learner's step, which numbers are new, what it works out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from evaluation.judges.features.reading import Reading, Text, is_number, number, union
from evaluation.truth.claims import Claim, arithmetic

_MANY = 4
_RUN = 150
_NUMBER = r"\$?(\.?\d[\d,.]*)%?"
_REJECTED = re.compile(rf"\b(?:not|instead of|rather than)\b[^.!?\d]{{0,20}}{_NUMBER}", re.IGNORECASE)
_RESULT = re.compile(
    rf"(?:=|\b(?:is|equals?|gives?(?: \w+)?|total of|answer is|be|are|get))\s+(?:\w+ ){{0,2}}{_NUMBER}", re.IGNORECASE
)
_WORDS_OF_NUMBER = """
one two three four five six seven eight nine ten eleven twelve half twice double third quarter hundred dozen
"""
_NUMBER_WORDS = frozenset(_WORDS_OF_NUMBER.split())
_YIELDS = re.compile(r"\W*(?:oh|yes|sorry|i see|right|ah|you're right|ok|i apolog)", re.IGNORECASE)
_UNSURE = re.compile(r"\b(?:not sure|don't know|confus\w*|no idea|help|why)\b", re.IGNORECASE)


def overlap(reading: Reading) -> dict[str, float]:
    """By name, a number for each relation; the names are always the same."""
    return {**_words(reading), **_numbers(reading), **_sums(reading), **_dialogue(reading), **_answer(reading)}


def _words(r: Reading) -> dict[str, float]:
    reply, learner, problem = r.reply.stems, r.learner.stems, r.problem.stems
    before = r.tutor_before.stems | r.learner_before.stems | problem
    size = max(1, len(reply))
    last = Text.read(r.reply.sentences[-1]).stems if r.reply.sentences else frozenset[str]()
    facts = {
        "content": math.log1p(len(reply)),
        "of_learner": len(reply & learner) / size,
        "of_learner_count": math.log1p(len(reply & learner)),
        "learner_covered": len(reply & learner) / max(1, len(learner)),
        "of_learner_alone": math.log1p(len((reply & learner) - before)),
        "of_problem": len(reply & problem) / size,
        "of_problem_count": math.log1p(len(reply & problem)),
        "of_problem_alone": len((reply & problem) - learner) / size,
        "of_tutor": len(reply & r.tutor.stems) / size,
        "tutor_covered": len(reply & r.tutor.stems) / max(1, len(r.tutor.stems)),
        "foreign": len(reply - learner - before) / size,
        "foreign_count": math.log1p(len(reply - learner - before)),
        "familiar_count": math.log1p(len(reply & (learner | before))),
        "last_of_learner": len(last & learner) / max(1, len(last)),
        "last_of_dialogue": len(last & (learner | before)) / max(1, len(last)),
        "last_familiar_count": math.log1p(len(last & (learner | before))),
        "names": float(min(3, _names(r.reply))),
    }
    others = {"learner": r.learner, "problem": r.problem, "tutor": r.tutor}
    for name, other in others.items():
        facts[f"2_grams_of_{name}"] = len(r.reply.pairs & other.pairs) / max(1, len(r.reply.pairs))
    for name, other in others.items():
        facts[f"3_grams_of_{name}"] = len(r.reply.triples & other.triples) / max(1, len(r.reply.triples))
    facts["run_of_learner"] = math.log1p(_longest_run(r.reply.words[:_RUN], r.learner.words[-_RUN:]))
    return facts


def _numbers(r: Reading) -> dict[str, float]:
    reply, learner, problem = set(r.reply.numbers), set(r.learner.numbers), set(r.problem.numbers)
    _, earlier = union((r.tutor_before, r.learner_before))
    new = reply - learner - problem - earlier
    size, final = max(1, len(reply)), r.learner.numbers[-1:]
    ends = r.reply.numbers[-1:]
    last = Text.read(r.reply.sentences[-1]).numbers if r.reply.sentences else ()
    stated = {number(found.strip(".,")) for found in _RESULT.findall(r.reply.plain) if _is_whole(found)}
    rejected = {number(found.strip(".,")) for found in _REJECTED.findall(r.reply.plain) if _is_whole(found)}
    return {
        "numbers": float(min(8, len(r.reply.numbers))),
        "numbers_apart": float(min(8, len(reply))),
        "numbers_of_learner": float(min(_MANY, len(reply & learner))),
        "numbers_of_learner_alone": float(min(_MANY, len((reply & learner) - problem - earlier))),
        "numbers_of_problem": float(min(_MANY, len(reply & problem))),
        "numbers_before": float(min(_MANY, len((reply & earlier) - learner - problem))),
        "numbers_new": float(min(_MANY, len(new))),
        "numbers_new_share": len(new) / size,
        "numbers_of_learner_share": len(reply & learner) / size,
        "learner_numbers_covered": len(reply & learner) / max(1, len(learner)),
        "repeats_final": float(bool(reply.intersection(final))),
        "repeats_final_alone": float(
            bool(reply.intersection(final)) and not earlier.union(problem).intersection(final)
        ),
        "ends_new": float(bool(new.intersection(ends))),
        "ends_with_learner": float(bool(learner.intersection(ends))),
        "last_numbers": float(min(_MANY, len(last))),
        "last_numbers_new": float(min(_MANY, len(new.intersection(last)))),
        "rejects_learner": float(bool(rejected & learner)),
        "states_new": float(bool(stated & new)),
        "states_learner": float(bool(stated & learner)),
        "number_words": float(min(_MANY, sum(word in _NUMBER_WORDS for word in r.reply.words))),
    }


def _sums(r: Reading) -> dict[str, float]:
    mine, theirs = _equalities(r.reply), _equalities(r.learner)
    pairs = [(one, other) for one in mine for other in theirs if one.key[0] == other.key[0]]
    learner = set(r.learner.numbers)
    done = arithmetic(r.reply.plain)
    parts = {id(side) for claim in done.claims for side in (claim.left, claim.right)}
    return {
        "equals": float(min(_MANY, r.reply.plain.count("="))),
        "sums": float(min(_MANY, len(mine))),
        "sums_wrong": float(min(_MANY, sum(each.holds is False for each in mine))),
        "sums_same": float(bool(pairs)),
        "sums_put_right": float(any(one.result != other.result for one, other in pairs)),
        "sums_repeated": float(any(one.key == other.key for one, other in pairs)),
        "sums_new_result": float(any(float(each.result) not in learner for each in mine)),
        "sums_open": float(any(id(each) not in parts for each in done.expressions)),
        "learner_sums": float(min(_MANY, len(theirs))),
        "learner_sums_wrong": float(min(_MANY, sum(each.holds is False for each in theirs))),
    }


def _equalities(text: Text) -> list[Claim]:
    return [claim for claim in arithmetic(text.plain).claims if claim.relation == "=" and not claim.worked.is_number]


def _dialogue(r: Reading) -> dict[str, float]:
    learner = r.learner.plain
    return {
        "turns": float(min(12, r.num_turns)),
        "learner_words": math.log1p(len(r.learner.tokens)),
        "learner_numbers": float(min(10, len(r.learner.numbers))),
        "learner_asks": float("?" in learner),
        "learner_yields": float(bool(_YIELDS.match(learner))),
        "learner_unsure": float(bool(_UNSURE.search(learner))),
        "tutor_words": math.log1p(len(r.tutor.tokens)),
        "tutor_asked": float("?" in r.tutor.plain),
        "problem_words": math.log1p(len(r.problem.tokens)),
    }


def _answer(r: Reading) -> dict[str, float]:
    """All 0 where the solution is not known."""
    reply, known = set(r.reply.numbers), set(r.answer.numbers)
    hidden = known - set(r.problem.numbers) - set(r.learner.numbers)
    final = set(r.answer.numbers[-1:])
    return {
        "answer_known": float(bool(r.answer.tokens)),
        "answer_final": float(bool(reply & final)),
        "answer_final_new": float(bool(reply & final & hidden)),
        "answer_steps": float(min(_MANY, len(reply & hidden - final))),
        "answer_reached": float(bool(final & set(r.learner.numbers))),
        "of_answer": len(r.reply.stems & r.answer.stems) / max(1, len(r.reply.stems)),
    }


def _is_whole(digits: str) -> bool:
    """Whether it is one number, and not "1.2.3"."""
    return bool(re.fullmatch(r"\d[\d,]*(?:\.\d+)?|\.\d+", digits.strip(".,"))) if digits else False


def _names(text: Text) -> int:
    pairs = zip(text.tokens, text.tokens[1:], strict=False)
    return sum(
        token[0].isupper() and len(token) > 1 and not is_number(token) and before not in '.!?:"'
        for before, token in pairs
    )


def _longest_run(one: Sequence[str], other: Sequence[str]) -> int:
    """Words in the longest run that both have."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(other):
        places.setdefault(word, []).append(place)
    best = 0
    runs: dict[int, int] = {}  # by where it ends in the other, how long a run is that ends with the word in the one
    for word in one:
        runs = {place: runs.get(place - 1, 0) + 1 for place in places.get(word, ())}
        best = max(best, *runs.values(), 0)
    return best
