"""What a recipe says about the from-scratch curriculum."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CurriculumConfig(BaseModel):
    """How much of the curriculum to write, and what to hold out."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    learner: Literal["any", "l2", "heritage"] = "any"
    """for whom the dialogues are: `any` are the core's, of any first language; `l2` are for those who learn English
    after Spanish, `heritage` for those who grew up with Spanish at home and switch between the two"""
    sessions: int = Field(24_000, ge=0)
    """sessions to train on (plain text)"""
    dialogues: int = Field(16_000, ge=0)
    """scaffolding dialogues to train on (chat)"""
    held_out_rows: int = Field(600, ge=0)
    """rows of each kind in every held-out split; 0 for what is only replayed"""
    held_out_pairs: float = Field(0.05, gt=0, lt=0.5)
    """share of the (verb, object) pairs that training never sees"""
    held_out_triples: float = Field(0.05, gt=0, lt=0.5)
    """share of the (verb, object, mistake) triples that training never sees"""

    @model_validator(mode="after")
    def _sessions_are_for_everybody(self) -> Self:
        if self.learner != "any" and self.sessions:
            raise ValueError(f"sessions: there are none for the learner {self.learner}; set sessions: 0")
        return self
