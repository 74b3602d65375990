"""What a recipe says about the from-scratch curriculum."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CurriculumConfig(BaseModel):
    """How much of the curriculum to write, and what to hold out."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    sessions: int = Field(24_000, ge=0)
    """sessions to train on (plain text)"""
    dialogues: int = Field(16_000, ge=0)
    """scaffolding dialogues to train on (chat)"""
    held_out_rows: int = Field(600, ge=1)
    """rows of each kind in every held-out split"""
    held_out_pairs: float = Field(0.05, gt=0, lt=0.5)
    """share of the (verb, object) pairs that training never sees"""
    held_out_triples: float = Field(0.05, gt=0, lt=0.5)
    """share of the (verb, object, mistake) triples that training never sees"""
