"""A reply checked by computing: what of it is true, what is false, and what cannot be told.

`true` multiplies what is left after each fault that was found. Nothing found, and nothing that can be checked, is 1: no
reply loses by what is not known.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evaluation.cases.case import Messages, Truth
from evaluation.quantities.symbols import plain
from evaluation.truth.agreement import Stance, stance
from evaluation.truth.claims import Claim, arithmetic
from evaluation.truth.dialogue import Ground, Turns, ground, sentences, turns
from evaluation.truth.doubts import doubted_right_step
from evaluation.truth.operations import wrong_operations
from evaluation.truth.origins import Number, origins
from evaluation.truth.relations import turned_round
from evaluation.truth.result import Result, last_result
from evaluation.truth.spoken import wrong_form_praised
from evaluation.truth.words import contrary_words

_LONGEST_QUOTE = 80
_SMALL = 2
_ENOUGH = 2
"""From so many numbers on, a dialogue that states no problem can be told from its numbers."""
LEFT = {
    "false_claims": 0.2,
    "foreign": 0.85,
    "large": 0.47,
    "unplaced": 0.9,
    "misplaced": 0.7,
    "wrong_operations": 0.7,
    "agrees": 0.1,
    "denies_right": 0.4,
    "doubts_right_step": 0.4,
}
"""What each fault leaves of a reply's worth: the less, the surer it is that it is one and the more harm it does."""
_DISOWNED = re.compile(
    r"\b(?:check|recheck|recalculate|mistakes?|errors?|wrong|incorrect|not (?:right|correct|true)|isn't|can't be|"
    r"cannot be|would mean|"
    r"are you sure|you (?:said|wrote|say|think|had|told)|you've (?:just )?(?:said|written)|you are saying|"
    r"true or false|why|how (?:did|do) you|"
    r"doesn't|seems|look again)\b",
    re.IGNORECASE,
)
_DOZEN = 12
_SAID_OF_OTHERS = re.compile(
    r"\b(?:not (?:right|correct|true)|isn't|can't be|cannot be|would mean|you (?:said|wrote|say|think|told|are saying)|"
    r"true or false|wrong|incorrect|mistake)\b",
    re.IGNORECASE,
)
"""Before a claim: that it is another's."""
_REFUSED = re.compile(
    r"\W{0,3}(?:is|are|was|that's|which is|this is)(?: not|n't)? (?:right|correct|true|wrong|incorrect|false)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What a reply says, checked."""

    given: int = 0
    """Numbers that the problem, the tutor, the learner or the solution gave."""
    derived: int = 0
    """Numbers that follow from those by what the reply or the learner does with them, or that everybody knows."""
    framed: int = 0
    """Numbers of an example."""
    foreign: int = 0
    """Numbers from nowhere."""
    large: int = 0
    """Those of them that are more than a dozen, or no whole number: smaller ones may be a count that nobody said."""
    misplaced: int = 0
    """Numbers of the dialogue's before a noun that never has them there."""
    is_stated: bool = False
    """Whether the problem stands in the dialogue: only then is a foreign number surely a fault."""
    unplaced: bool = False
    """Where it does not: whether numbers were said before, and the reply has others alone."""
    true_claims: int = 0
    """Sums, equalities and comparisons that hold."""
    false_claims: int = 0
    """Those that do not, and that the reply does not disown; relations of the problem's turned round among them."""
    wrong_operations: int = 0
    """Operations that it advises where the solution does something else with these numbers."""
    reached: bool = False
    """Whether the learner has come to the final result."""
    learner_right: bool | None = None
    """Whether the learner's last result is right; None where nobody can tell."""
    confirms: bool = False
    """It says that the learner is right."""
    denies: bool = False
    """It says that the learner is wrong."""
    doubts_right_step: bool = False
    """It doubts a step that is right, where another is wrong."""
    praises_wrong_form: bool = False
    """It praises the learner's wrong form, or gives it as the one to follow."""
    why: tuple[str, ...] = ()
    """Each fault in words."""

    @property
    def agrees(self) -> bool | None:
        """Whether it agrees with a wrong answer; None where it says nothing of the answer or nobody can tell."""
        if self.praises_wrong_form:
            return True
        return not self.learner_right if self.confirms and self.learner_right is not None else None

    @property
    def denies_right(self) -> bool:
        """Whether it calls a right answer wrong."""
        return self.denies and self.reached

    @property
    def false(self) -> int:
        """False claims and wrong operations."""
        return self.false_claims + self.wrong_operations

    @property
    def checkable(self) -> bool:
        """Whether anything in it could be checked."""
        numbers = self.given + self.derived + self.framed + self.foreign + self.misplaced
        stance = (self.confirms or self.denies) and self.learner_right is not None
        return bool(numbers or self.true_claims or stance or self.true < 1)

    @property
    def true(self) -> float:
        """What is left of a reply's worth, 0 to 1: 1 where no fault was found."""
        return math.prod(
            left
            for fault, left in LEFT.items()
            if getattr(self, fault) and (fault not in ("foreign", "large") or self.is_stated)
        )


def check(messages: Messages, reply: str, answer: str = "", truth: Truth | None = None) -> Checked:
    """The reply checked against the conversation before it and, where it is known, the worked solution.

    `truth` is what is known of a language learner's clause. Long texts are read up to `symbols.LONGEST` characters.
    """
    return _check(turns(messages), reply, answer, truth)


@lru_cache(maxsize=8192)
def _check(messages: Turns, reply: str, answer: str, truth: Truth | None) -> Checked:
    known = ground(messages, answer)
    numbers = origins(known, reply)
    claims = arithmetic(reply).claims
    false = [
        claim for claim in claims if claim.holds is False and not claim.asked and not _disowned(known, reply, claim)
    ]
    turned = turned_round(known, reply)
    operations = [*wrong_operations(known, reply), *filter(None, [contrary_words(known, reply)])]
    result = last_result(known)
    said = stance(reply, result.value, known.said or known.last_turn, result.wrong)
    doubted = doubted_right_step(known, reply)
    praised = wrong_form_praised(truth, reply)
    kinds = {each.origin for each in numbers if each.value > _SMALL}
    found = Checked(
        given=_count(numbers, ("given", "learner", "worked")),
        derived=_count(numbers, ("derived",)),
        framed=_count(numbers, ("framed",)),
        foreign=_count(numbers, ("foreign",)),
        large=sum(each.origin == "foreign" and not _may_be_count(each) for each in numbers),
        misplaced=_count(numbers, ("misplaced",)),
        is_stated=known.is_stated or (kinds == {"foreign"} and _told(known) >= _ENOUGH),
        unplaced=not known.is_stated and kinds == {"foreign"} and _told(known) == 1,
        true_claims=sum(claim.holds is True for claim in claims),
        false_claims=len(false) + bool(turned),
        wrong_operations=len(operations),
        learner_right=result.right,
        reached=result.reached,
        confirms=bool(said.confirms),
        denies=bool(said.denies),
        doubts_right_step=bool(doubted),
        praises_wrong_form=bool(praised),
        why=tuple(_reasons(known, numbers, false, turned, operations, result, said, doubted, praised)),
    )
    return found


def _may_be_count(number: Number) -> bool:
    return number.value.denominator == 1 and 0 <= number.value <= _DOZEN


def _told(known: Ground) -> int:
    """How many numbers were said that are more than a count."""
    return len({each for each in known.given | known.learner if each > _SMALL})


def _disowned(known: Ground, reply: str, claim: Claim) -> bool:
    """Whether the reply quotes a claim to have it checked, or the learner's own without saying that it holds."""
    whole = plain(reply)
    start, end = next(((a, b) for a, b in sentences(reply) if a <= claim.start < b), (0, len(whole)))
    theirs = any(claim.key == each.key for text in known.theirs for each in text.claims)
    if theirs:
        return bool(_DISOWNED.search(whole)) or "?" in whole[claim.end : claim.end + 2]
    before, after = whole[start : claim.start], whole[claim.end : end]
    return bool(_SAID_OF_OTHERS.search(before) or _REFUSED.match(after)) or after[:2].strip().startswith("?")


def _count(numbers: Sequence[Number], kinds: Iterable[str]) -> int:
    return sum(each.origin in kinds for each in numbers)


def _reasons(
    known: Ground,
    numbers: Sequence[Number],
    false: Sequence[Claim],
    turned: str,
    operations: Sequence[str],
    result: Result,
    said: Stance,
    doubted: str,
    praised: str,
) -> Iterable[str]:
    yield from (f"false: {_quoted(claim.text)}" for claim in false)
    if turned:
        yield f"false: {turned}"
    yield from operations
    foreign = [each.text for each in numbers if each.origin == "foreign"]
    if foreign:
        yield f"from nowhere: {', '.join(foreign[:5])}"
    misplaced = [each.text for each in numbers if each.origin == "misplaced"]
    if misplaced:
        yield f"in the wrong place: {', '.join(misplaced[:5])}"
    if said.confirms and result.right is False:
        yield f"{_quoted(said.confirms)}, but {result.why}"
    if said.denies and result.reached:
        yield f"{_quoted(said.denies)}, but {result.why}"
    if doubted:
        yield f"doubts {_quoted(doubted)}, which is right"
    if praised:
        yield f"praises a wrong form: {_quoted(praised)}"


def _quoted(text: str) -> str:
    return f"“{' '.join(text.split())[:_LONGEST_QUOTE]}”"
