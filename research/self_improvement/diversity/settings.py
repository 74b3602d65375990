"""How diversity is measured, ranked by, and demanded: what a loop's configuration says of it."""

from __future__ import annotations

from pydantic import Field

from espalier.command_line.config import Config

PIECES = "pieces"
"""The embedding that needs no model."""
SIZE = 64
"""Texts that are measured at a time."""


class Weights(Config):
    """Exponents of what a challenge's worth is the product of; 0 leaves a factor out."""

    quality: float = Field(1.0, ge=0)
    """Of how good it is."""
    difficulty: float = Field(1.0, ge=0)
    """Of how near the pass rate is to a half."""
    novelty: float = Field(1.0, ge=0)
    """Of how unlike it is to what there was."""


class Floor(Config):
    """What a round's challenges must have, or the round is rejected.

    The first five are shares of what as many challenges written by rule have, counted from the least that there can be:
    a family whose challenges are alike by nature is held to its own.
    """

    vendi: float = Field(0.5, ge=0, le=1)
    """Of the Vendi score, above 1."""
    clusters: float = Field(0.5, ge=0, le=1)
    """Of the effective number of clusters, above 1."""
    skills: float = Field(0.5, ge=0, le=1)
    """Of the effective number of skills, above 1."""
    distinct: float = Field(0.5, ge=0, le=1)
    """Of the share of distinct pairs of words."""
    apart: float = Field(0.5, ge=0, le=1)
    """Of what is missing of self-BLEU to 1."""
    repeated: float = Field(0.5, ge=0, le=1)
    """The largest share that may say again, or nearly, what an earlier round or the same one says."""


class DiversitySettings(Config):
    """Diversity of challenges."""

    embedding: str = PIECES
    """What tells how alike two texts are: `pieces` (of three letters, TF-IDF), or a model of the hub or in a folder."""
    size: int = Field(SIZE, ge=2)
    """Texts that are measured at a time: figures of different sizes cannot be compared."""
    near: float = Field(0.9, gt=0, le=1)
    """Cosine similarity from which one text nearly says another again."""
    capacity: int = Field(8, ge=1)
    """Challenges that the archive keeps in a niche."""
    weights: Weights = Weights()
    """What the ranking of challenges goes by."""
    floor: Floor | None = Floor()
    """What a round must have; null demands nothing."""
