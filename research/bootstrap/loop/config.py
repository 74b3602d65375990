"""What a bootstrapping loop is told: the table of bands, the sizes, the levers, and what ends it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from espalier.command_line.config import ArtifactOptions, Config, FilePath, Name, NotedOptions
from espalier.loops.trained import Trained
from espalier.models.devices import Device
from research.bootstrap.classroom.by_llm import TutorSettings
from research.bootstrap.graders.grading import GraderSettings
from research.bootstrap.loop.bands_table import Band, Curves, Row, whole_table
from research.bootstrap.weights import Kind
from stage1.config import ModelSettings, TokenizerSettings
from training.config import AdapterSettings

DEFAULT_CONFIG = Path(__file__).parents[1] / "configs" / "basil.yaml"
MILESTONES = Path("repo:research/bootstrap/milestones.yaml")


class Listening(Config):
    """Round 0, in which Sophie is the pupil, tasks are of all bands, and the trunk begins."""

    heard: int = Field(1500, ge=1)
    """Sessions that are heard."""
    overheard: int = Field(3000, ge=0)
    """Sessions of the curriculum that are overheard besides."""
    steps: int = Field(500, ge=0)
    """Steps that the trunk is trained."""
    keys: dict[str, Any] = {}
    """Keys of the trunk's training with other values in this round than in later ones."""


class Stop(Config):
    """What ends the loop before its rounds are done."""

    last_band: bool = True
    """The examinations of all bands are passed in one round."""
    plateau: int | None = Field(None, ge=2)
    """So many rounds in a row neither passed a band nor brought the share that passes at the present band, at the last
    one that of all bands, above the best that it was before them; null for never."""
    trained_tokens: int | None = Field(None, ge=1)
    """So many tokens were trained on, by trunks and adapters together; null for no bound."""


class BootstrapConfig(Config):
    """One loop."""

    name: Name
    """Name of the loop: loops/NAME; what its rounds make is called NAME-r00-PART."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Decides, with round and place, all that is drawn."""
    rounds: int = Field(40, ge=1, le=9999)
    """Rounds, the first of which is listening. May be raised later: the loop goes on."""
    begin_from: Name | None = None
    """A loop whose listening is this one's: it goes on from that loop's round 0, and has none of its own."""

    bands: list[Row] = [Row()] * 8
    """The table: one row for each of the bands 0 to 7."""
    curves: Curves = Curves()
    """Columns of it that are given by a curve."""

    listening: Listening = Listening()
    """The first round."""
    sessions: int = Field(300, ge=1)
    """Sessions of every later round with the pupil."""
    heard: int = Field(0, ge=0)
    """Sessions of Sophie's alone that each later round listens to besides."""
    heard_focus: float = Field(0.5, ge=0, le=1)
    """Share of them whose kind and bands are drawn by what the round's attempts failed at; the others are of all alike.
    """
    tasks: int = Field(4, ge=1)
    """Tasks of a session."""
    overheard: int = Field(300, ge=0)
    """Sessions of the curriculum that are overheard in each round besides."""
    more_sessions: int = Field(2, ge=0, le=8)
    """A round in which no attempt can be learned from holds as many sessions again, so often at the most; thresholds
    stay as they are."""
    attempts: int = Field(2, ge=1, le=8)
    """How often the pupil may try a task in a row."""
    temperature: float = Field(0.8, ge=0)
    """Of what the pupil says in sessions; examinations are greedy."""
    demonstrations: float = Field(0.5, ge=0, lt=1)
    """Share of the tasks that Sophie does first, or instead."""

    tutor: TutorSettings = TutorSettings()
    """A model that speaks as tutor and Sophie in sessions, in place of the grammar; examinations are the grammar's."""
    grader: GraderSettings = GraderSettings()
    """Who grades; what does not tell good replies from what is made to please is refused."""
    model: ModelSettings = ModelSettings()
    """The trunk, grown from random weights."""
    tokenizer: TokenizerSettings = TokenizerSettings(vocab_size=1536)
    """Its tokenizer, trained on what is heard in round 0."""
    adapter: AdapterSettings = AdapterSettings()
    """The adapter of a round."""
    trunk: Trained
    """How trunks are trained."""
    adapters: Trained
    """How adapters are trained."""
    preferences: Trained
    """How they are trained on pairs afterwards, where `negatives` are on."""

    staging: bool = True
    """Tasks are of the present band and those below; otherwise of all bands from the first round."""
    threshold: bool = True
    """Attempts of a low score weigh nothing; otherwise everything is reinforced alike."""
    weights: Kind = "linear"
    """How weights rise from the threshold to the top score: in a line, by a constant factor, or by where a score stands
    among those of the round."""
    negatives: bool = False
    """Low attempts are paired with high ones at the same task, and the adapter learns to prefer these (DPO)."""
    separate: bool = True
    """Trunk and adapter are trained apart; otherwise the trunk learns the graded attempts too, and there is no
    adapter."""
    shuffled: bool = False
    """Episodes of a session stand in random order."""
    identity: bool = True
    """There are sessions that ask who the pupil is, and the curriculum has an exercise of it."""
    half_life: float | None = Field(2.0, gt=0)
    """Rounds after which what was said weighs half; null for never."""
    tutor_weight: float = Field(0.3, ge=0, le=1)
    """In the trunk's rows what the tutor says weighs so much, and what Sophie says 1: there is more to learn of answers
    than of what is asked."""
    own_turns_divisor: float = Field(4.0, ge=1)
    """In the trunk's rows the pupil's own turns weigh so many times less than what is heard."""
    permuted_grades: bool = False
    """A control: the grades of a round are dealt out anew among its attempts at tasks of a band, and say nothing of
    them. What the tutor says in the sessions still does."""
    permuted_reactions: bool = False
    """A further control: the tutor reacts as to another attempt at a task of the same band."""

    exam_limit: int | None = Field(None, ge=1)
    """Ask at most so many tasks of each band; for trying things out, since no band is passed by fewer."""
    milestones: FilePath = MILESTONES
    """What has to be passed to be of a band: fixed before anything is run."""
    stop: Stop = Stop()
    """What ends it."""
    device: Device = "cpu"
    """cpu, cuda, cuda:1 and so on, or auto."""
    threads: int = Field(1, ge=1)
    """CPU threads of each step."""

    @model_validator(mode="after")
    def _table_is_whole(self) -> Self:
        whole_table(self.bands, self.curves)
        return self

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> Self:
        if self.negatives and not self.separate:
            raise ValueError("negatives: the adapter learns from pairs, and separate: false leaves no adapter")
        if not self.threshold and self.weights != "linear":
            raise ValueError(f"weights: {self.weights} rises from the threshold, and threshold: false has none")
        return self

    @cached_property
    def table(self) -> tuple[Band, ...]:
        """The table of bands, curves in their place."""
        return whole_table(self.bands, self.curves)


class BootstrapOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""

    minutes: float | None = Field(None, gt=0)
    """Begin no further step after so long; the same command goes on."""
    warm: bool = True
    """Fork commands from a process that has imported what they need, which saves some twenty seconds a round."""
