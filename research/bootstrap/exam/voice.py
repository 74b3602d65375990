"""A model's voice in an examination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from espalier.generation.likelihood import log_likelihoods
from research.bootstrap.exam.sitting import Answer
from research.bootstrap.pupil import Pupil


@dataclass(frozen=True, kw_only=True)
class PupilsVoice:
    """What a pupil says, and how likely it finds what others say."""

    pupil: Pupil
    batch_size: int
    """Turns at once."""

    def says(
        self, transcripts: Sequence[str], *, seeds: Sequence[int], temperature: float, max_new_tokens: int
    ) -> list[Answer]:
        """One line for each transcript. UserError where it cannot go on with one."""
        replies = self.pupil.says(
            transcripts,
            seeds=seeds,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            batch_size=self.batch_size,
        )
        return [Answer(text=reply.text, ended=reply.finish == "stop") for reply in replies]

    def likelihoods(self, texts: Sequence[str]) -> list[float]:
        """In nats."""
        return log_likelihoods(self.pupil.model, self.pupil.renderer, texts, self.batch_size)
