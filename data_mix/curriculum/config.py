"""What a recipe says about the from-scratch curriculum."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


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
    transcripts: int = Field(0, ge=0, exclude_if=lambda number: not number)
    """dialogues to train on as plain text, the words of both speakers behind their names: for a model that is to hear a
    tutor and to speak as a learner"""
    first: int = Field(0, ge=0, exclude_if=lambda number: not number)
    """the number of the first row of each kind to train on: a later round of a loop reads on where an earlier one
    ended, over the same hold-outs"""
    held_out_rows: int = Field(600, ge=0)
    """rows of each kind in every held-out split; 0 for what is only replayed"""
    held_out_pairs: float = Field(0.05, gt=0, lt=0.5)
    """share of the (verb, object) pairs that training never sees"""
    held_out_triples: float = Field(0.05, gt=0, lt=0.5)
    """share of the (verb, object, mistake) triples that training never sees"""
    held_out_seed: int | None = Field(None, ge=0, exclude_if=lambda seed: seed is None)
    """draws what training never sees; by default the mix's seed does, so that mixes of other seeds hold out other pairs
    and can share no examination"""
    withhold: int = Field(0, ge=0, exclude_if=lambda number: not number)
    """so many verbs, drawn by the mix's seed, have an irregular past that no row of any split holds: whoever grows up
    with the rows forms it by the rule (goed), and can be taught what it truly does not know"""

    without: tuple[str, ...] = Field((), exclude_if=lambda names: not names)
    """exercises of a lesson, by name, that no row of any split holds, as `who_are_you`; others come in their place"""

    @field_validator("without")
    @classmethod
    def _some_exercises_are_left(cls, without: tuple[str, ...]) -> tuple[str, ...]:
        from data_mix.curriculum.sessions.classroom import EXERCISES

        if without and (unknown := sorted(set(without) - set(EXERCISES))):
            raise ValueError(f"there is no exercise {', '.join(unknown)}; there are {', '.join(EXERCISES)}")
        if set(without) == set(EXERCISES):
            raise ValueError("no exercise is left for a lesson")
        return without

    @model_validator(mode="after")
    def _sessions_are_for_everybody(self) -> Self:
        if self.learner != "any" and self.sessions:
            raise ValueError(f"sessions: there are none for the learner {self.learner}; set sessions: 0")
        return self

    @model_validator(mode="after")
    def _so_many_can_be_withheld(self) -> Self:
        from data_mix.curriculum.withheld import candidates

        if self.withhold and self.withhold > len(candidates()):
            raise ValueError(
                f"withhold: at most {len(candidates())} irregular pasts stand nowhere but in a verb's table"
            )
        return self
