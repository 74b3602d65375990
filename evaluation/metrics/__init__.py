"""The metrics by name. To add one, write a function of (case, reply) under `@metric` and list it here."""

from __future__ import annotations

from evaluation.metrics.answer import answer_given, answer_revealed
from evaluation.metrics.base import DialogueMetric, Metric
from evaluation.metrics.choice import choice_correct, choice_parsed
from evaluation.metrics.explicit import explicit_correction
from evaluation.metrics.form import mattr, mtld, repetition, sentence_length, sentences, talk_share, words
from evaluation.metrics.grammar import parses
from evaluation.metrics.guidance import collaboration, hedging, hint_without_reveal, invitation
from evaluation.metrics.hollow import hollow_question
from evaluation.metrics.language import code_switch, l1_support
from evaluation.metrics.levels import cognitive_load, level_fit, reading_grade, vocabulary_level
from evaluation.metrics.likelihood import bits_per_byte, prefers_good
from evaluation.metrics.manner import checks, echo, in_role
from evaluation.metrics.overall import good_reply
from evaluation.metrics.questions import asks, closed_question, one_question, open_question, question_at_end
from evaluation.metrics.recast import corrected_absent, corrected_present, fix_present, recast
from evaluation.metrics.relevance import relevance
from evaluation.metrics.safety import refers_to_help, refuses, stereotype, unsafe
from evaluation.metrics.uptake import uptake
from evaluation.metrics.warmth import encouragement, praise, praise_specific

METRICS: dict[str, Metric | DialogueMetric] = {
    metric.name: metric
    for metric in (
        # The learner's form
        recast, corrected_present, corrected_absent, fix_present, explicit_correction, echo, good_reply, parses,
        # The learner's words, and questions about them
        uptake, relevance, question_at_end, hollow_question, asks, open_question, closed_question, one_question,
        # The answer, and the way to it
        hint_without_reveal, answer_revealed, answer_given, invitation, collaboration, hedging,
        # The learner
        praise, praise_specific, encouragement, level_fit, code_switch, l1_support,
        # The text
        words, sentences, sentence_length, talk_share, mattr, mtld, repetition,
        reading_grade, vocabulary_level, cognitive_load,
        # Safety and order
        stereotype, unsafe, refuses, refers_to_help, in_role, checks,
        # Multiple choice, and likelihoods
        choice_correct, choice_parsed, prefers_good, bits_per_byte,
    )
}  # fmt: skip
