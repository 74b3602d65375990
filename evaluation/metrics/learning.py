"""What a learner learned: one that grew up without a form is tested before the dialogue and after it.

The learner is a model (`evaluation/learner/model.py`), so these say what a tutor's words do to one that learns by what
it hears. Whether a person would have learned as much, or by the same words, they do not say.
"""

from __future__ import annotations

from evaluation.cases.case import Case, Dialogue, Learned
from evaluation.metrics.base import DOES_NOT_APPLY, Score, dialogue_metric, quoted
from evaluation.metrics.words import contains


@dialogue_metric("learning gain", low=-1)
def learning_gain(case: Case, dialogue: Dialogue) -> Score:
    """Post-test minus pre-test: how much more of its belief the learner gives to the forms it was to be taught."""
    learned = dialogue.learned
    return DOES_NOT_APPLY if learned is None else Score(learned.knows - learned.knew, _from_to(learned))


@dialogue_metric("pre-test", better="neither")
def pre_test(case: Case, dialogue: Dialogue) -> Score:
    """The share of its belief that the learner gives to the right forms before the dialogue."""
    return DOES_NOT_APPLY if dialogue.learned is None else Score(dialogue.learned.knew)


@dialogue_metric("post-test")
def post_test(case: Case, dialogue: Dialogue) -> Score:
    """The share of its belief that the learner gives to the right forms after the dialogue."""
    return DOES_NOT_APPLY if dialogue.learned is None else Score(dialogue.learned.knows)


@dialogue_metric("learner says it by itself, after minus before", low=-1)
def production_gain(case: Case, dialogue: Dialogue) -> Score:
    """How many more of the learner's own new sentences have the form after the dialogue than before it."""
    return DOES_NOT_APPLY if dialogue.learned is None else Score(dialogue.learned.says - dialogue.learned.said)


@dialogue_metric("gain on items that were not taught", low=-1, better="neither")
def untaught_gain(case: Case, dialogue: Dialogue) -> Score:
    """Post-test minus pre-test on other forms that were kept from the learner: what is gained here is no teaching."""
    learned = dialogue.learned
    return DOES_NOT_APPLY if learned is None else Score(learned.others_after - learned.others_before)


@dialogue_metric("learner forgets", low=-1, better="lower")
def forgotten(case: Case, dialogue: Dialogue) -> Score:
    """Pre-test minus post-test on forms that the learner grew up with."""
    learned = dialogue.learned
    return DOES_NOT_APPLY if learned is None else Score(learned.kept_before - learned.kept_after)


@dialogue_metric("learner puts the form where it does not belong", better="lower")
def overuse(case: Case, dialogue: Dialogue) -> Score:
    """Sentences about something else in which the learner says the form all the same, after the dialogue."""
    return DOES_NOT_APPLY if dialogue.learned is None else Score(dialogue.learned.overused)


@dialogue_metric("tutor's turns that say the form", better="neither")
def form_heard(case: Case, dialogue: Dialogue) -> Score:
    """The share of the tutor's turns in which the learner hears the right form, in whatever words."""
    if dialogue.learned is None or case.truth is None or not dialogue.replies:
        return DOES_NOT_APPLY
    said = [reply for reply in dialogue.replies if contains(reply, case.truth.fix)]
    return Score(len(said) / len(dialogue.replies), quoted(*said) if said else "")


def _from_to(learned: Learned) -> str:
    return f"{learned.knew:.2f} before, {learned.knows:.2f} after"
