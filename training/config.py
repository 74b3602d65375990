"""The configuration that every training command shares. One file describes one run."""

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, field_validator, model_validator

from espalier.artifacts.run import saved_config
from espalier.command_line.config import ArtifactOptions, Config, FilePath, Name, NotedOptions
from espalier.errors import UserError
from espalier.models.adapters import Growth
from espalier.models.devices import Device
from training import objectives
from training.concepts.settings import ProtectSettings
from training.memory.sizes import Vram
from training.optimizers import OptimSettings
from training.schedules import ScheduleSettings


class AdapterSettings(Config):
    """LoRA (Hu et al. 2021, arXiv:2106.09685): low-rank updates beside frozen weights."""

    kind: Literal["lora", "dora"] = "lora"
    """LoRA, or DoRA (Liu et al. 2024, arXiv:2402.09353), which also trains how long each row of the weights is; it
    takes about twice the time."""
    r: int = Field(16, ge=1)
    """Rank of the updates."""
    alpha: float = Field(32.0, gt=0)
    """Updates are scaled by alpha / r."""
    rslora: bool = False
    """Scale them by alpha / √r instead, which keeps large ranks learning (Kalajdzievski 2023, arXiv:2312.03732)."""
    init: Literal["random", "pissa", "eva"] = "random"
    """Where the updates begin: at random; with the principal directions of the weights (pissa, Meng et al. 2024,
    arXiv:2404.02948; saved as LoRA of twice the rank); or with those of what the layers read (eva, Paischer et al.
    2024, arXiv:2410.07170), for which some rows are read once before training."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Dropout on the input of the updates."""
    target_modules: list[str] | str = "all-linear"
    """Which linear layers get an update: a list of names or their ends (q_proj, mlp.down_proj), or one expression for
    whole names (.*layers\\.1\\d\\..*_proj); all but the output layer by default."""
    layers: Annotated[str, BeforeValidator(str)] | None = None
    """Of these, those in some decoder layers only, such as 8-23 or 0-3,20-27."""
    train_embeddings: Literal["none", "tokens", "all"] = "none"
    """Embeddings trained beside the updates: none, the rows of the template's special tokens, or all of them."""

    @property
    def in_peft(self) -> dict[str, Any]:
        """What the updates are, by peft's names: pissa's are saved with twice the rank, at the same scale."""
        parts = 2 if self.init == "pissa" else 1
        return {
            "r": self.r * parts,
            "lora_alpha": self.alpha * (parts**0.5 if self.rslora else parts),
            "use_rslora": self.rslora,
            "use_dora": self.kind == "dora",
        }

    @field_validator("target_modules")
    @classmethod
    def _can_match(cls, value: list[str] | str) -> list[str] | str:
        if not value:
            raise ValueError("wants a name at least, or all-linear")
        if isinstance(value, str):
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"{value!r} is no regular expression ({error})") from None
        return value

    @field_validator("layers")
    @classmethod
    def _are_ranges(cls, value: str | None) -> str | None:
        if value is not None:
            value = value.replace(" ", "")
            ends = [part.split("-") for part in value.split(",")]
            if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", value) or any(int(e[0]) > int(e[-1]) for e in ends):
                raise ValueError(f"wants numbers and ranges of layers, such as 0-3,20-27, not {value!r}")
        return value


class MemorySettings(Config):
    """What is paid, in time or in host memory, for a smaller peak. All of it is exact but `head_in_4bit`."""

    gradient_checkpointing: Literal["none", "all"] | Annotated[int, Field(ge=1)] = "none"
    """Decoder layers that keep only their input and compute the rest again in the backward pass: none, all, or so many,
    counted from the first. Each of them costs a second forward pass, a third of its step, and saves some fifteen to
    thirty times its input."""
    offload_checkpoints: bool = False
    """Those inputs wait in pinned host memory and are fetched ahead of need: per layer and token, bytes of the width.
    Costs host memory, and time only where the bus is slower than the layer."""
    mlp_tiles: int = Field(1, ge=1)
    """Feed-forward blocks are computed in so many pieces along the sequence, each again in the backward pass: their
    inner activations take so many times less. Costs a second forward pass of these blocks."""
    embedding_on_cpu: bool = False
    """A frozen input embedding stays in host memory and is looked up there: saves vocabulary times width on the card.
    Costs a copy of the looked-up vectors."""
    head_in_4bit: bool = False
    """A frozen output layer is held in NF4, and inside the loss brought back one piece of the vocabulary at a time:
    saves some 70 % of it. Not exact: the weights are rounded, as those of `load_in_4bit` are."""
    liger: bool = False
    """Norms, rotary positions and gates by Liger's fused kernels, which keep less; needs a GPU and liger-kernel."""

    @model_validator(mode="after")
    def _something_to_offload(self) -> Self:
        if self.offload_checkpoints and self.gradient_checkpointing == "none":
            raise ValueError(
                "offload_checkpoints: without gradient_checkpointing no layer's input is kept, so there is nothing to "
                "offload; set gradient_checkpointing: all"
            )
        return self


class LoopSettings(Config):
    """What the training loop needs to know."""

    steps: int = Field(1000, ge=0)
    """Optimizer steps."""
    grad_accum: int = Field(1, ge=1)
    """Micro-batches per step; the loss is averaged over the trained tokens of all of them."""
    optim: OptimSettings = OptimSettings()
    """The optimizer."""
    schedule: ScheduleSettings = ScheduleSettings()
    """The learning-rate schedule."""
    log_every: int = Field(20, ge=1)
    """Steps between lines of metrics.jsonl."""
    checkpoint_every: int = Field(1000, ge=1)
    """Steps between checkpoints; one more is written at the end."""
    keep_checkpoints: int = Field(2, ge=1)
    """Newest checkpoints kept. One is removed only after a newer one was verified."""


class CheckinSettings(Config):
    """What the model is asked while it learns."""

    every: int = Field(500, ge=0)
    """Steps between check-ins; 0 for none. One is held before the first step and one after the last."""
    prompts: list[str] = []
    """What it is asked: openings to be continued where rows are text, the learner's words where they are chats."""
    system: str | None = None
    """A system message before each prompt; only where rows are chats."""
    max_new_tokens: int = Field(40, ge=1)
    """Longest answer."""
    temperature: float = Field(0.7, ge=0)
    """0 always takes the likeliest token."""
    seed: int = 0
    """Of its own random generator; training's is left alone."""


class MonitorSettings(Config):
    """What is looked at in the model while it learns, and what is done about what is found."""

    on: Literal["all", "none"] | list[str] = "all"
    """Monitors, by the names of files in training/monitors/: a list, all, or none. `inside`, which takes longer, is
    only made where it is named, as in [all, inside]."""
    every: int = Field(250, ge=1)
    """Steps between looks; one is held before the first step and one after the last. `espalier every NAME N` changes
    it while the run trains."""
    policy: FilePath = Path("repo:training/watching/policies/default.yaml")
    """What each severity does: log, checkpoint, pause or stop."""
    unattended: Literal["wait", "stop"] = "wait"
    """What a pause is where nobody sits at a terminal: it waits for `espalier resume NAME`, or the run ends there, at a
    checkpoint."""


class SelfPlaySettings(Config):
    """How the model talks to itself while it learns, in both roles."""

    every: int | None = Field(None, ge=0)
    """Steps between; 0 for none, null for as often as the monitors look."""
    dialogues: int = Field(4, ge=0)
    """Dialogues each time; 0 for none."""
    turns: int = Field(6, ge=1)
    """Turns that it writes after the opening of each."""
    openings: list[str] = []
    """What dialogues begin with, in turn: the learner's words where rows are chats, texts where they are texts; the
    check-in's prompts by default."""
    system: str | None = None
    """A system message before each dialogue; only where rows are chats."""
    max_new_tokens: int = Field(40, ge=1)
    """Longest turn."""
    temperature: float = Field(0.7, ge=0)
    """0 always takes the likeliest token."""
    seed: int = 0
    """Of its own random generator; training's is left alone."""


class JournalSettings(Config):
    """What is written into journal.md."""

    every: int | None = Field(None, ge=0)
    """Steps between entries on what changed since the last; 0 for none, null for checkin.every where anything is asked
    or looked at. One is written before the first step and one after the last."""
    reflection: str = "How do you speak now, and what is hard for you?"
    """What the model is asked by `espalier reflect`; where rows are text, an opening to be continued."""
    max_new_tokens: int = Field(80, ge=1)
    """Longest reflection."""


class HeldoutSettings(Config):
    """How loss is measured on rows that are not trained on."""

    every: int = Field(1000, ge=0)
    """Steps between measurements on the split `valid`; 0 for the end only. At the end every split is measured."""
    max_sequences: int = Field(64, ge=1)
    """Packed sequences measured along the way."""
    final_sequences: int | None = Field(4096, ge=1)
    """Packed sequences of each split measured at the end; null for all of them."""
    final_minutes: float | None = Field(10.0, gt=0)
    """How long that may take for each split: what was measured until then counts, and is said. null for no bound."""
    batch_size: int = Field(16, ge=1)
    """Sequences at a time."""


START = "start"
"""What a reference is called that is the run itself before its first step."""


class PreferenceSettings(Config):
    """How replies are compared (objectives dpo and gradient)."""

    loss: Literal["sigmoid", "hinge", "ipo", "orpo", "unpaired"] = "sigmoid"
    """Of a pair: sigmoid (DPO, Rafailov et al. 2023, arXiv:2305.18290), hinge (SLiC, Zhao et al. 2023,
    arXiv:2305.10425), ipo (Azar et al. 2023, arXiv:2310.12036, by the token), or orpo (Hong et al. 2024,
    arXiv:2403.07691), which has no reference. Of each reply by itself, good or bad: unpaired (KTO, Ethayarajh et al.
    2024, arXiv:2402.01306, with its point of reference at 0)."""
    beta: float = Field(0.1, gt=0)
    """How dear it is to leave the reference: greater keeps nearer to it."""
    label_smoothing: float = Field(0.0, ge=0, lt=0.5)
    """How often a preference is taken to be the wrong way round (loss: sigmoid)."""
    sft_weight: float = Field(0.0, ge=0)
    """Weight of learning the better reply of a pair besides, by the token (Pang et al. 2024, arXiv:2404.19733)."""
    reference: str = START
    """What the model is compared with: start, which is what it is before its first step, or another model by name."""

    sampled_by: str = START
    """Who wrote the replies (objective: gradient), as `reference` is named."""
    clip: float = Field(0.2, gt=0, lt=1)
    """By what share likelier or less likely a token may become for that to count as gain."""
    kl_weight: float = Field(0.04, ge=0)
    """How dear each nat per token is that the model leaves its reference by."""
    max_kl: float = Field(1.0, gt=0)
    """Nats from which on a token that has left the reference by so much gains nothing."""
    scale_rewards: bool = False
    """Whether a group's advantages are divided by their standard deviation, which makes much of small differences."""

    def in_vain(self, objective: str) -> list[str]:
        """The keys that were changed and do nothing under an objective."""
        if objective == "gradient":
            wanted = {"reference", *_OF_GRADIENT}
        else:
            wanted = {"loss", "beta"} | ({"reference"} if self.loss != "orpo" else set())
            wanted |= {"label_smoothing"} if self.loss == "sigmoid" else set()
            wanted |= {"sft_weight"} if self.loss != "unpaired" else set()
        return [key for key in type(self).model_fields if key not in wanted and getattr(self, key) != _usual(key)]


_OF_GRADIENT = ("sampled_by", "clip", "kl_weight", "max_kl", "scale_rewards")


def _usual(key: str) -> Any:
    return PreferenceSettings.model_fields[key].default


class TrainConfig(LoopSettings):
    """One run: what is trained, on which rows, how."""

    name: Name
    """Name of the run: runs/NAME."""
    mix: Name
    """Name of the mix it trains on: mixes/MIX."""
    recipe: FilePath | None = None
    """Recipe that builds the mix when it is missing."""
    rows: Literal["text", "chat", "all", "preference"] = "all"
    """Which rows of the mix are trained on: texts, chats, both, or its preferences, which are compared."""
    row_weights: FilePath | None = None
    """A table (.parquet, .csv, .jsonl) of row ids and their weights in this run, times those in the mix."""
    objective: objectives.Name = "sft"
    """What is learned, by the name of a file in training/objectives/."""
    preference: PreferenceSettings | None = None
    """How replies are compared, for the objectives that do so by the model's own probabilities."""
    seed: int = 0
    """Of weights, order of the data and dropout."""

    parent: Name | None = None
    """Go on from this run of ours."""
    parent_config: FilePath | None = None
    """Configuration that trains the parent when it is missing."""
    base: str | None = None
    """Go on from this pretrained model: a path or a hub name."""
    growth: Growth = "merge"
    """How to go on from parent or base where that is an adapter. `merge`: it is merged, in full precision also below 4
    bits, and what is trained comes on top. `stack`: it stays as it is, frozen and active, and a new adapter lies beside
    it. `continue`: that same adapter is trained on, or all weights of a model that has none."""
    init: Literal["weights", "random"] = "weights"
    """`random` keeps the architecture of parent or base and forgets its weights: a control."""
    adapter: AdapterSettings | None = None
    """Train an adapter beside frozen weights; null trains all weights, or by `growth: continue` what the parent did."""
    memory: MemorySettings = MemorySettings()
    """What is paid for a smaller peak of memory."""
    neftune_alpha: float = Field(0.0, ge=0)
    """Noise on the embeddings in training, against learning rows by heart (Jain et al. 2023, arXiv:2310.05914): 5 is
    usual, 0 is none."""
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

    protect: list[ProtectSettings] | None = None
    """Concepts that are to stay as they are, found in parent or base before the first step."""

    trackers: list[Literal["tensorboard", "wandb", "trackio"]] = []
    """Where the figures of metrics.jsonl are shown too. W&B wants `wandb login` or WANDB_MODE=offline."""
    heldout: HeldoutSettings = HeldoutSettings()
    """Held-out loss."""
    checkin: CheckinSettings = CheckinSettings()
    """Check-ins."""
    monitors: MonitorSettings = MonitorSettings()
    """What watches it, and may pause it."""
    self_play: SelfPlaySettings = SelfPlaySettings()
    """The model's dialogues with itself."""
    journal: JournalSettings = JournalSettings()
    """The journal."""

    origins: ClassVar[tuple[str, ...]] = ("parent", "base")
    """The keys of which one says where the weights come from."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [key for key in self.origins if getattr(self, key) is not None]
        if len(given) != 1:
            wanted = f"{', '.join(self.origins[:-1])} and {self.origins[-1]}"
            raise ValueError(f"give exactly one of {wanted}, not {' and '.join(given) or 'none of them'}")
        if self.load_in_4bit and (self._trains_all or self.init == "random"):
            raise ValueError("load_in_4bit: weights in 4 bits are frozen, so it needs an adapter and trained weights")
        return self

    @model_validator(mode="before")
    @classmethod
    def _says_how_it_compares(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("objective") in objectives.REFERRING and not given.get("preference"):
            return given | {"preference": {}}
        return given

    @model_validator(mode="after")
    def _has_a_head_to_train(self) -> Self:
        if self.objective == "reward" and "reward" not in type(self).model_fields:
            raise ValueError("objective: reward trains a reward model, which python feedback/reward.py does")
        return self

    @model_validator(mode="after")
    def _tells_nothing_to_a_text(self) -> Self:
        for key in ("checkin", "self_play"):
            if self.rows == "text" and getattr(self, key).system is not None:
                raise ValueError(f"{key}.system: rows: text knows no roles, so that there is none to tell anything")
        return self

    @model_validator(mode="after")
    def _compares_what_is_compared(self) -> Self:
        comparing = self.objective in objectives.COMPARING
        if self.rows == "preference" and not comparing:
            raise ValueError(
                f"rows: preference holds rejected replies too, and objective: {self.objective} would learn them like "
                f"the others; give objective: {' or '.join(objectives.COMPARING)}"
            )
        if comparing and self.rows != "preference":
            raise ValueError(f"objective: {self.objective} compares replies; give rows: preference")
        if self.preference and self.objective not in objectives.REFERRING:
            raise ValueError(f"preference: is for objective: {' or '.join(objectives.REFERRING)}")
        return self

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> Self:
        how = self.preference
        for key in how.in_vain(self.objective) if how else ():
            kind = f"loss: {how.loss}" if how and self.objective == "dpo" else f"objective: {self.objective}"
            raise ValueError(f"preference.{key}: {kind} has no use for it")
        return self

    @model_validator(mode="after")
    def _grows_from_something(self) -> Self:
        if self.growth == "merge":
            return self
        if self.parent is None and self.base is None:
            raise ValueError(f"growth: {self.growth} goes on from a parent or a base, and none is given")
        if self.init == "random":
            raise ValueError(f"growth: {self.growth} keeps what the parent learned, and init: random forgets it")
        if self.growth == "stack" and self.adapter is None:
            raise ValueError("growth: stack lays a new adapter beside the parent's; give adapter")
        if self.growth == "stack" and self.adapter and self.adapter.kind == "dora":
            raise ValueError("growth: stack adds updates up, and DoRA's are no sums; give adapter.kind: lora")
        return self

    @model_validator(mode="after")
    def _has_concepts_to_protect(self) -> Self:
        if not self.protect:
            return self
        names = [concept.name for concept in self.protect]
        if len(set(names)) < len(names):
            raise ValueError("protect: two concepts have one name; each needs its own")
        if self.init == "random" or (self.parent is None and self.base is None):
            raise ValueError("protect: random weights know no concept yet; it is for a model that goes on from another")
        if self.adapter and (self.adapter.kind != "lora" or self.adapter.init == "pissa"):
            raise ValueError(
                "protect: DoRA's updates are no sums, and PiSSA's begin with what the weights write, so that neither "
                "can be kept out of a subspace; give adapter: {kind: lora, init: random} or init: eva"
            )
        if self.memory.head_in_4bit:
            raise ValueError("protect: memory.head_in_4bit keeps no weights of which it could be told what they say")
        if self.adapter and self.adapter.train_embeddings == "tokens":
            raise ValueError("protect: adapter.train_embeddings: tokens adds to rows that are kept; give none or all")
        return self

    @property
    def compared_with(self) -> dict[str, str]:
        """What the objective compares the model with, by what it finds it as: `start`, or a model's name."""
        how = self.preference
        if how is None or (self.objective == "dpo" and how.loss == "orpo"):
            return {}
        return {"reference": how.reference} | ({"sampled_by": how.sampled_by} if self.objective == "gradient" else {})

    @property
    def _trains_all(self) -> bool:
        """Whether no weights are frozen, as far as is known before the parent is looked at."""
        return not self.adapter and self.growth != "continue"

    @model_validator(mode="after")
    def _only_frozen_weights_are_moved(self) -> Self:
        trained = "all weights are" if not self.adapter else "adapter.train_embeddings says that embeddings are"
        train_embeddings = self.adapter is not None and self.adapter.train_embeddings != "none"
        for key in ("embedding_on_cpu", "head_in_4bit"):
            if getattr(self.memory, key) and (self._trains_all or train_embeddings):
                raise ValueError(f"memory.{key} is for frozen weights, but {trained} trained")
        if self.memory.mlp_tiles > self.seq_len:
            raise ValueError(f"memory.mlp_tiles: {self.memory.mlp_tiles} pieces of {self.seq_len} tokens (seq_len)")
        return self


class TrainOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""

    resume: str | None = None
    """Go on with this run, with the configuration it was begun with."""
    resume_from: str | None = None
    """Go on from this checkpoint of it (step-000100) rather than the newest."""
    data_root: FilePath | None = None
    """Where the files of a recipe lie (`data:…`), for a mix that is built first."""
    allow_changed_environment: bool = False
    """Go on although code, versions or machine changed, so that the end will not be bit-identical."""
    serve_while_training: bool = False
    """Show the run on a page of this machine while it trains, in a process of its own that ends with it; the same as
    `espalier explore NAME` in another terminal."""
    plan: bool = False
    """Print where memory, disk and time will go, from the model's configuration alone, and stop."""
    dry_run: bool = False
    """The same as --plan."""
    fit: bool = False
    """Choose sequence length, micro-batch and switches so that the run fits, and train so; with --plan, only print."""
    vram: Vram | None = None
    """With --plan or --fit: plan for a card of so much memory, such as 8GB, instead of the one found."""
    max_seq_len: int | None = Field(None, ge=8)
    """With --fit: no longer sequences than this."""

    @model_validator(mode="before")
    @classmethod
    def _dry_run_is_a_plan(cls, given: dict[str, Any]) -> dict[str, Any]:
        return given | {"plan": True} if given.get("dry_run") else given

    @model_validator(mode="after")
    def _only_to_plan(self) -> Self:
        if self.vram and not (self.plan or self.fit):
            raise ValueError("--vram names a card to plan for: give --plan or --fit with it")
        if self.max_seq_len and not self.fit:
            raise ValueError("--max_seq_len bounds what --fit chooses: give --fit with it")
        if self.fit and self.resume:
            raise ValueError("--fit chooses for a new run, and --resume takes what the run was begun with; give one")
        return self


C = TypeVar("C", bound=TrainConfig)


def resumed_config(model: type[C], options: TrainOptions, argv: list[str]) -> C:
    """The configuration of the run to be resumed. UserError when the command line asks for anything else beside."""
    allowed = {f"--{name}" for name in type(options).model_fields}
    others = [word for word in argv if word.startswith("--") and word.partition("=")[0] not in allowed]
    if others:
        raise UserError(f"--resume takes the run's own configuration, so {others[0]} cannot be given beside it")
    assert options.resume is not None
    return model.model_validate(saved_config(options.resume))
