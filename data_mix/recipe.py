"""What a recipe says: which sources a mix is made of, in which shares, and what is kept out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from data_mix.curriculum.config import CurriculumConfig
from data_mix.filters.config import FilterConfig
from data_mix.importers import IMPORTERS
from data_mix.mixing.split import AND, SPLITS
from espalier.artifacts.paths import check_name
from espalier.command_line.config import ArtifactOptions, Config, FilePath, Name
from espalier.errors import UserError

DEFAULT_RECIPE = Path(__file__).with_name("recipes") / "basil.yaml"
CURRICULUM = "curriculum"
_UNDER_DATA_ROOT = "data:"
_OF_FILES = (
    "paired_with", "languages", "annotations", "corpus", "licence", "format", "text_row", "on_bad_row", "ignore_keys",
    "preferences", "rows", "weight", "filters", "hub_config", "hub_split", "hub_dir", "revision",
)  # fmt: skip

if TYPE_CHECKING:
    Format = str
else:
    Format = Literal["auto", *IMPORTERS]
"""How a record is turned into messages: a name in `data_mix.importers`, or told from the record's keys."""


Preferences = Literal["both", "keep", "chosen", "drop", "refuse"]


class Source(Config):
    """One source of a mix. It has one of `curriculum`, `path` and `hub`."""

    curriculum: CurriculumConfig | None = None
    """The from-scratch curriculum, and how much of it."""
    path: FilePath | None = None
    """A file (.jsonl, .json, .csv, .tsv, .parquet, .txt, .md, each but Parquet also with .gz or .zst) or a folder of
    them; `data:…` lies under --data_root, `corpora:NAME/FILE` is of a corpus that was made here."""
    hub: str | None = Field(None, pattern=r"^[\w.-]+(/[\w.-]+)?$")
    """Name of a data set on the hub, which is streamed."""
    share: Annotated[float, Field(gt=0, le=100)] | None = None
    """Percent of the mix, in the recipe's `unit`; all sources have one, or none has and every row is taken."""
    name: str = ""
    """What its rows are called; by default the file's, folder's or data set's name."""
    hub_config: str | None = None
    """Which of the data set's configurations, where it has several."""
    hub_split: str = "train"
    """Which of its splits."""
    hub_dir: str | None = None
    """Read the files of this folder of it alone."""
    revision: str | None = None
    """A commit or tag of the hub's data set; the newest commit otherwise. The manifest records the commit."""
    paired_with: FilePath | None = None
    """A second text file whose lines translate those of `path`."""
    languages: tuple[str, str] | None = None
    """Languages of `path` and of `paired_with`."""
    annotations: FilePath | None = None
    """The table of misspellings that belongs to TOEFL11's essays."""
    corpus: str | None = None
    """Its entry in research/licences.yaml; by default the one that has the hub name."""
    licence: str = "not stated"
    """The licence of files that are in no entry; the manifest repeats it."""
    format: Format = "auto"
    """How a record is turned into messages; `auto` tells it from the record's keys."""
    text_row: Literal["paragraph", "line", "file"] = "paragraph"
    """What makes a row of a plain text file: paragraphs are set apart by blank lines."""
    on_bad_row: Literal["error", "drop"] = "error"
    """Whether a record that cannot be read stops the build, or is dropped and counted."""
    preferences: Preferences = "both"
    """What becomes of records that say which replies are good ones. `both`: the better reply is trained as any
    conversation, and the comparison is kept beside the rows; `keep`: it is kept alone; `chosen`: the better reply
    alone; `drop`: neither; `refuse`: the build stops. A reply that is said to be bad is never trained."""
    ignore_keys: list[str] = []
    """Keys of records and of their turns, and types of parts of turns, that the source is read without, as if they
    were not there: `[images]` trains the words alone, `[label]` takes replies for good ones whatever their label says.
    Without it, keys that decide what would be learned and that cannot be kept are refused. How many records had such a
    key is counted, as for all that is not read."""
    rows: int | None = Field(None, ge=1)
    """Take only so many rows that pass the filters, the first ones; preferences are counted apart from the others."""
    weight: float = Field(1.0, gt=0)
    """Multiplies the loss of the source's rows."""
    filters: FilterConfig = FilterConfig()
    """Keys that differ from the recipe's `filters` for this source."""

    @field_validator("name")
    @classmethod
    def _name_is_plain(cls, name: str) -> str:
        return _checked(name) if name else name

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        given = [key for key in ("curriculum", "path", "hub") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("wants either `curriculum`, `path` or `hub`")
        if self.curriculum is not None:
            extra = [key for key in _OF_FILES if getattr(self, key) != type(self).model_fields[key].default]
            if extra:
                raise ValueError(f"{', '.join(extra)}: for files only, the curriculum has no such key")
        if self.hub is None:
            extra = [key for key in ("hub_config", "hub_split", "hub_dir", "revision") if key in self.model_fields_set]
            changed = [key for key in extra if getattr(self, key) != type(self).model_fields[key].default]
            if changed:
                raise ValueError(f"{', '.join(changed)}: for sources with `hub` only")
        if (self.paired_with or self.annotations) and self.path is None:
            raise ValueError("paired_with, annotations: beside `path` only")
        return self

    @property
    def label(self) -> str:
        """The name that the source's rows carry."""
        if self.name:
            return self.name
        if self.hub is not None:
            return self.hub.rpartition("/")[2]
        if self.path is None:
            return CURRICULUM
        plain = self.path.name.removeprefix(_UNDER_DATA_ROOT)
        return plain.split(".")[0] or plain


class Duplicates(Config):
    """Which rows of files count as said before. The first row in order stays."""

    exact: bool = False
    """Drop rows equal to an earlier one, but for letter case and white space."""
    first_user_turn: bool = False
    """Drop chats that begin with the same user turn as an earlier one."""
    near: bool = False
    """Drop rows that share most of their word n-grams with an earlier one (MinHash and LSH)."""
    threshold: float = Field(0.8, gt=0, lt=1)
    """Estimated Jaccard similarity of the n-grams from which two rows are near duplicates."""
    num_perm: int = Field(128, ge=16, le=1024)
    """Permutations of a MinHash signature."""
    ngram: int = Field(5, ge=1, le=20)
    """Words in an n-gram."""


class HeldOut(Config):
    """Rows of files that a split holds out by what their corpus says of them."""

    by: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")
    """The key of `meta` that decides: `problem`, `tutor`, `language`. Rows without it are held out by chance alone."""
    values: list[str] = []
    """Its values that are held out."""
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Or so large a share of its values, whichever the seed draws."""

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if bool(self.values) == (self.share is not None):
            raise ValueError("wants either `values` or `share`")
        return self


class Recipe(Config):
    """A mix, whole: the same recipe over the same files gives the same bytes."""

    name: Name
    """Name of the mix: it is built in mixes/NAME."""
    seed: int = Field(0, ge=0, lt=2**63)
    """Decides the curriculum's rows, what they hold out, which rows of files are held out as `valid`, and which rows
    are taken where a share wants fewer than there are."""
    sources: list[Source] = Field(min_length=1)
    """What the mix is made of."""
    data_root: FilePath | None = None
    """The folder under which paths that begin with `data:` lie."""
    unit: Literal["tokens", "bytes", "rows"] = "bytes"
    """What shares and `total` are measured in: tokens or UTF-8 bytes of the rows' contents, or rows."""
    tokenizer: str | None = None
    """The counting tokenizer: a run, a folder, a tokenizer.json or a hub name. Contents are counted, without what a
    chat template adds."""
    total: int | None = Field(None, ge=1)
    """Size of the training split in `unit`; by default the largest that the shares allow without repeating a row."""
    shortfall: Literal["refuse", "renormalise", "oversample"] = "refuse"
    """What happens when a source cannot fill its share of `total`: the build stops; the others fill up in proportion;
    or its rows are repeated, each at most `max_copies` times."""
    max_copies: int = Field(4, ge=1, le=100)
    """How often a row may stand in the training split under `shortfall: oversample`."""
    valid_fraction: float = Field(0.05, ge=0, lt=1)
    """Share of the files' rows that is held out as `valid`; equal conversations are never on both sides. The
    curriculum writes its held-out splits itself."""
    hold_out: dict[Name, HeldOut] = {}
    """Splits of the files' rows by what is said of them, by name: `{new_tutors: {by: tutor, values: [Ann]}}`. A row
    that two of them hold out is in a split of its own, `ONE-and-OTHER`. All others are in `train` or `valid`."""
    filters: FilterConfig = FilterConfig()
    """What is mended in rows of files, and which are dropped; each is counted."""
    duplicates: Duplicates = Duplicates()
    """Which rows of files count as said before, and are dropped."""
    keep_clear_of: list[FilePath] = []
    """Evaluation suites and benchmark files (`data:…` too): rows that share 13 words in a row with them are dropped."""
    policy: Literal["research", "commercial"] | None = None
    """What the mix is for: a source whose licence does not allow it stops the build."""
    allow: list[str] = []
    """Names of sources that are used though the policy does not cover them; the card says so."""

    @field_validator("hold_out")
    @classmethod
    def _splits_are_others(cls, hold_out: dict[str, HeldOut]) -> dict[str, HeldOut]:
        if taken := sorted(name for name in hold_out if name in SPLITS or AND in name):
            raise ValueError(f"{', '.join(taken)}: call the split otherwise")
        return hold_out

    @model_validator(mode="after")
    def _sources_are_told_apart(self) -> Self:
        labels = [source.label for source in self.sources]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"two sources are called {', '.join(twice)}; give one of them another `name`")
        strangers = [name for name in self.allow if name not in labels]
        if strangers:
            raise ValueError(f"allow: {', '.join(strangers)} is no source; there are {', '.join(labels)}")
        return self

    @model_validator(mode="after")
    def _shares_make_a_whole(self) -> Self:
        shares = {source.label: source.share for source in self.sources if source.share is not None}
        if shares and len(shares) < len(self.sources):
            without = [source.label for source in self.sources if source.share is None]
            raise ValueError(f"{', '.join(without)}: without a `share`, while others have one")
        if shares and abs(sum(shares.values()) - 100) > 1e-6:
            listed = " + ".join(f"{share:g}" for share in shares.values())
            raise ValueError(f"the shares sum to {sum(shares.values()):g}, not to 100 ({listed})")
        if not shares and self.total is not None:
            raise ValueError("total: wants a `share` for every source")
        if self.unit == "tokens" and self.tokenizer is None:
            raise ValueError("unit tokens: wants a `tokenizer` to count with")
        counts = [
            label
            for label, chosen in ((source.label, self.filters_of(source)) for source in self.sources)
            if chosen.min_tokens or chosen.max_tokens
        ]
        if counts and self.tokenizer is None:
            raise ValueError(f"min_tokens, max_tokens ({', '.join(counts)}): want a `tokenizer` to count with")
        return self

    @property
    def has_shares(self) -> bool:
        """Whether the sources have shares; otherwise every row is taken."""
        return self.sources[0].share is not None

    def filters_of(self, source: Source) -> FilterConfig:
        """The recipe's filters, with the source's own keys in their place."""
        own = {key: getattr(source.filters, key) for key in source.filters.model_fields_set}
        return self.filters.model_copy(update=own)

    def locate(self, path: Path) -> Path:
        """Where a path of the recipe lies. Raises UserError for `data:…` without a data root."""
        text = str(path)
        if not text.startswith(_UNDER_DATA_ROOT):
            return path
        if self.data_root is None:
            raise UserError(f"{text}: lies under the data root; name that folder, by --data_root DIR")
        return self.data_root / text.removeprefix(_UNDER_DATA_ROOT)


class BuildOptions(ArtifactOptions):
    """Flags of one build; they do not change what is built."""

    workers: int = Field(0, ge=0)
    """Processes that read and write the rows; 0 is one for each core. Any number gives the same bytes."""
    engine: Literal["local", "ray"] = "local"
    """Where they run: on this machine, or on a Ray cluster whose nodes see the same files. The bytes are the same."""
    ray_address: str | None = None
    """The cluster (`auto`, `host:port`); by default RAY_ADDRESS, or a cluster of this machine alone."""
    overwrite: bool = False
    """Replace a mix of this name that was built from another recipe, other files or other code."""
    timings: Path | None = None
    """Write the seconds that every step took to this JSON file."""


def _checked(name: str) -> str:
    try:
        return check_name(name)
    except UserError as error:
        raise ValueError(str(error)) from None
