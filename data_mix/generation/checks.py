"""What a dialogue must be to be kept. Each check is a function of the dialogue and of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from data_mix.generation.cells import Job
from data_mix.generation.errors import contains, is_error
from data_mix.generation.prompts import MAX_SAID
from data_mix.generation.reply import Dialogue, Problem, Turn
from data_mix.language.speech import words
from data_mix.language.teaching import FORM, ROLE_LEAK, corrects_to_the_face

_ASKING = {"clarifying question", "confirmation check", "choice framing", "reflective question"}
# Beside what corrects to the face anywhere: in a dialogue to learn from, no tutor speaks of mistakes or grammar.
_OF_MISTAKES = re.compile(
    r"\b(?:wrong|incorrect|incorrectly|mistaken|grammar|grammatical(?:ly)?)\b"
    r"|\b(?:you|we)(?:'d better| had better| should| must| need to| have to| ought to)(?: not| have)? "
    r"(?:say|said|use|used)\b"
    r"|\b(?:a|an|one|some|two|your|this|that|the|little|small) (?:mistake|error)s?\b"
    rf"|\b(?:we|people) (?:\w+ )?say\b|\b(?:correct|proper) {FORM}\b|\bright {FORM}(?: \w+)? (?:is|was|would be)\b"
    r"|\binstead of (?:saying|\W)",
    re.IGNORECASE,
)
_CHATTER = re.compile(
    r"```|[{\[]\s*\"|\"\s*(?:[}\]]|:\s*[\"\[{])|\\n|\b(?:said|meant|turns|speaker|text)\"|\*\w[^*]*\*|^\s*[(\[].*[)\]]\s*$"
)


def problems(dialogue: Dialogue, job: Job) -> list[Problem]:
    """All that is wrong with a dialogue; none: it is kept."""
    return [problem for check in CHECKS for problem in check(dialogue, job)]


def _tutor(dialogue: Dialogue) -> list[Turn]:
    return [turn for turn in dialogue.turns if turn.speaker == "tutor"]


def order(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """The learner begins, the two take turns, the tutor ends, and the length is the one asked for."""
    speakers = [turn.speaker for turn in dialogue.turns]
    wanted = 2 * job.exchanges
    if speakers[-1] != "tutor":
        yield Problem(reason="tutor_does_not_end", detail="the last turn must be the tutor's")
    elif speakers != ["learner", "tutor"] * (len(speakers) // 2):
        yield Problem(reason="order_of_turns", detail="learner and tutor must take turns, and the learner begins")
    elif len(speakers) != wanted:
        yield Problem(reason="number_of_turns", detail=f"there are {len(speakers)} turns, and {wanted} were asked for")


def length(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """Every turn says something, and no more than suits the level."""
    counts = [len(words(turn.text)) for turn in dialogue.turns]
    if min(counts) == 0:
        yield Problem(reason="empty_turn", detail="a turn has no words")
    if max(counts) > job.max_words:
        yield Problem(reason="too_long", detail=f"a turn has {max(counts)} words, and at most {job.max_words} may be")


def error_is_there(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """The learner makes the mistake that was asked for, in the first turn."""
    first = next((turn.text for turn in dialogue.turns if turn.speaker == "learner"), "")
    said, meant = dialogue.said, dialogue.meant
    if not contains(first, said):
        yield Problem(reason="error_not_in_turn", detail=f'"said" ({said}) does not stand in the learner\'s first turn')
    elif contains(first, meant) and not contains(said, meant):
        yield Problem(reason="error_put_right", detail=f'the learner\'s first turn has the words of "meant" ({meant})')
    elif len(words(said)) > MAX_SAID:
        yield Problem(reason="said_too_long", detail=f'"said" may have at most {MAX_SAID} words')
    elif not is_error(job.cell.error, said, meant):
        yield Problem(
            reason="other_error",
            detail=f'from "said" ({said}) to "meant" ({meant}) is not, or not only, the mistake asked for '
            f"({job.cell.error.replace('_', ' ')})",
        )


def corrected_form(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """The words that were meant stand in the tutor's first turn where the move demands it, and not where it forbids."""
    tutor = _tutor(dialogue)
    first = tutor[0].text if tutor else ""
    if job.corrected == "must" and not contains(first, dialogue.meant, person=True):
        yield Problem(
            reason="correction_missing", detail=f'the tutor\'s first turn lacks the words of "meant" ({dialogue.meant})'
        )
    if job.corrected == "must_not":
        for turn in dialogue.turns:
            given = contains(turn.text, dialogue.meant, person=True) and not contains(dialogue.said, dialogue.meant)
            if given and turn.speaker == "tutor":
                yield Problem(
                    reason="correction_given", detail=f'the tutor says the words of "meant" ({dialogue.meant}) first'
                )
            if given:
                return


def move(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """What can be seen of the move itself: that it asks, or that it offers both."""
    tutor = _tutor(dialogue)
    first = tutor[0].text if tutor else ""
    if job.cell.strategy in _ASKING and "?" not in first:
        yield Problem(reason="asks_nothing", detail=f"a {job.cell.strategy} asks something in the tutor's first turn")
    if job.cell.strategy == "choice framing":
        offered = [contains(first, part, person=True) for part in (dialogue.said, dialogue.meant)]
        if not all(offered):
            yield Problem(
                reason="no_choice", detail='the tutor\'s first turn must offer the words of "said" and those of "meant"'
            )


def not_explicit(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """No turn of the tutor's corrects to the face; no move does."""
    for turn in _tutor(dialogue):
        spoken_of = _OF_MISTAKES.search(turn.text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
        found = corrects_to_the_face(turn.text) or (spoken_of and spoken_of[0])
        if found:
            yield Problem(reason="explicit_correction", detail=f"the tutor corrects to the face ({found})")
            return


def one_question(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """The tutor asks at most one question in a turn."""
    if any(len(re.findall(r"\?+", turn.text)) > 1 for turn in _tutor(dialogue)):
        yield Problem(reason="several_questions", detail="the tutor asks more than one question in a turn")


def in_role(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """A text holds what is spoken, and nothing of the form around it."""
    if any(ROLE_LEAK.search(turn.text) for turn in dialogue.turns):
        yield Problem(reason="role_leak", detail="a text names a speaker; it must hold only what is spoken")
    if any(_CHATTER.search(turn.text) for turn in dialogue.turns):
        yield Problem(reason="not_speech", detail="a text holds JSON, Markdown or a stage direction")


def in_english(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """The tutor speaks English, as far as the text is long enough to tell."""
    from data_mix.language.languages import UNKNOWN, identify

    language, score = identify(" ".join(turn.text for turn in _tutor(dialogue)))
    if language not in ("en", UNKNOWN) and score >= 0.5:
        yield Problem(reason="not_english", detail="the tutor must speak English")


def not_from_the_prompt(dialogue: Dialogue, job: Job) -> Iterator[Problem]:
    """No turn is an example of the prompt."""
    if any(words(turn.text) == words(example) for turn in dialogue.turns for example in job.examples):
        yield Problem(reason="copies_the_prompt", detail="a turn repeats an example; other words were asked for")


CHECKS: tuple[Callable[[Dialogue, Job], Iterator[Problem]], ...] = (
    order, length, error_is_there, corrected_form, move, not_explicit, one_question, in_role, in_english,
    not_from_the_prompt,
)  # fmt: skip
"""In the order in which their reasons are listed."""


def fingerprint(dialogue: Dialogue) -> str:
    """Equal for dialogues that differ in letter case, punctuation and white space alone."""
    return "\n".join(f"{turn.speaker} {' '.join(words(turn.text))}" for turn in dialogue.turns)
