"""The configuration that every training command shares. One file describes one run."""

from typing import ClassVar, Literal, Self, TypeVar

from pydantic import Field, model_validator

from espalier.artifacts.run import saved_config
from espalier.command_line.config import ArtifactOptions, FilePath, Name
from espalier.errors import UserError
from espalier.models.devices import Device
from training import objectives
from training.settings import AdapterSettings, CheckinSettings, HeldoutSettings, LoopSettings


class TrainConfig(LoopSettings):
    """One run: what is trained, on which rows, how."""

    name: Name
    """Name of the run: runs/NAME."""
    mix: Name
    """Name of the mix it trains on: mixes/MIX."""
    recipe: FilePath | None = None
    """Recipe that builds the mix when it is missing."""
    rows: Literal["text", "chat", "all"] = "all"
    """Which rows of the mix are trained on."""
    row_weights: FilePath | None = None
    """A table (.parquet, .csv, .jsonl) of row ids and their weights in this run, times those in the mix."""
    objective: objectives.Name = "sft"
    """What is learned, by the name of a file in training/objectives/."""
    seed: int = 0
    """Of weights, order of the data and dropout."""

    parent: Name | None = None
    """Go on from this run of ours."""
    parent_config: FilePath | None = None
    """Configuration that trains the parent when it is missing."""
    base: str | None = None
    """Go on from this pretrained model: a path or a hub name."""
    init: Literal["weights", "random"] = "weights"
    """`random` keeps the architecture of parent or base and forgets its weights: a control."""
    adapter: AdapterSettings | None = None
    """Train an adapter beside frozen weights; null trains all weights."""
    load_in_4bit: bool = False
    """Hold the frozen weights in 4 bits (NF4, double quantisation)."""
    trust_remote_code: bool = False
    """Run model code that comes with a base."""
    chat_template: str | None = None
    """A builtin template or a file, for a base that has none or for a new model."""
    thinking: Literal["drop", "keep"] = "drop"
    """What becomes of thoughts before a reply (`reasoning`, or a block at its beginning): left out and counted, and
    replies asked for without; or trained where the chat template has a place for them."""

    seq_len: int = Field(128, ge=8)
    """Tokens of a packed sequence."""
    micro_batch_size: int = Field(4, ge=1)
    """Sequences per micro-batch and process."""
    long_rows: Literal["split", "drop"] = "split"
    """What becomes of training rows longer than a sequence; both are counted."""
    bad_rows: Literal["error", "drop"] = "error"
    """Whether a row that the chat template refuses or alters stops the training, or is left out and counted."""

    device: Device = "auto"
    """cpu, cuda, cuda:1 and so on for one of several GPUs, or auto."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """What is computed in; auto is bfloat16 on a GPU and float32 elsewhere. Trained weights are always float32."""
    threads: int | None = Field(None, ge=1)
    """CPU threads; by default as few as are as fast as more, tried when the run begins."""
    compile: Literal["layers", "off"] = "layers"
    """Compile the decoder layers, which stays bit-reproducible, or nothing."""

    heldout: HeldoutSettings = HeldoutSettings()
    """Held-out loss."""
    checkin: CheckinSettings = CheckinSettings()
    """Check-ins."""

    origins: ClassVar[tuple[str, ...]] = ("parent", "base")
    """The keys of which one says where the weights come from."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [key for key in self.origins if getattr(self, key) is not None]
        if len(given) != 1:
            wanted = f"{', '.join(self.origins[:-1])} and {self.origins[-1]}"
            raise ValueError(f"give exactly one of {wanted}, not {' and '.join(given) or 'none of them'}")
        if self.load_in_4bit and (not self.adapter or self.init == "random"):
            raise ValueError("load_in_4bit: weights in 4 bits are frozen, so it needs an adapter and trained weights")
        return self


class TrainOptions(ArtifactOptions):
    """Flags of one invocation."""

    resume: str | None = None
    """Go on with this run, with the configuration it was begun with."""
    resume_from: str | None = None
    """Go on from this checkpoint of it (step-000100) rather than the newest."""
    allow_changed_environment: bool = False
    """Go on although code, versions or machine changed, so that the end will not be bit-identical."""


C = TypeVar("C", bound=TrainConfig)


def resumed_config(model: type[C], options: TrainOptions, argv: list[str]) -> C:
    """The configuration of the run to be resumed. UserError when the command line asks for anything else beside."""
    allowed = {f"--{name}" for name in TrainOptions.model_fields}
    others = [word for word in argv if word.startswith("--") and word.partition("=")[0] not in allowed]
    if others:
        raise UserError(f"--resume takes the run's own configuration, so {others[0]} cannot be given beside it")
    assert options.resume is not None
    return model.model_validate(saved_config(options.resume))
