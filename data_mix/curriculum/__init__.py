"""The from-scratch curriculum: a grammar over a lexicon writes it; no human-written text, and no other model."""

from data_mix.curriculum.config import CurriculumConfig
from data_mix.curriculum.lint import Finding, lint
from data_mix.curriculum.withheld import pasts_of
from data_mix.curriculum.write import (
    SPLITS,
    generate,
    heldout,
    parse_replies,
    parses_reply,
    rows_between,
    sentences_that_parse,
)

__all__ = [
    "SPLITS",
    "CurriculumConfig",
    "Finding",
    "generate",
    "heldout",
    "lint",
    "parse_replies",
    "parses_reply",
    "pasts_of",
    "rows_between",
    "sentences_that_parse",
]
