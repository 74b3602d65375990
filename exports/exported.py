"""What is handed on between making an export, checking it and describing it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.artifacts.gates import mark_of, run_of
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from espalier.models import loading
from espalier.models.references import ModelRef, resolve
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from exports.config import DEFAULT_QUANT, ExportConfig, ExportOptions, Form, Quant, SamplingSettings

PLACE = "exports/out"
"""Where exports lie in the workspace."""
VERIFICATION = "verification.json"
"""What the checks of an export found."""
_MOST_CONTEXT = 8192
"""Tokens of context that are asked of an engine where nobody says how many: room for more takes its memory."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check of an export found."""

    check: str
    """Its name."""
    passed: bool
    """Whether the export is what it should be. A check that only states what it finds passes."""
    asked: int = 0
    """Prompts, conversations or whatever it asked about."""
    differing: int = 0
    """Of them, those in which the export and what was trained differ."""
    figures: dict[str, Any] = field(default_factory=dict)
    """What was measured: `{"max_logit_difference": 1e-6}`."""
    said: str = ""
    """One line for a person."""

    @classmethod
    def not_checked(cls, check: str, why: str) -> Finding:
        """Of a check that could not be made here: it hinders nothing, proves nothing, and says so."""
        return cls(check=check, passed=True, figures={"not_checked": why}, said=f"not checked: {why}")

    @property
    def verdict(self) -> str:
        """In a word: a check that was not made did not pass."""
        if "not_checked" in self.figures:
            return "not checked"
        return "passed" if self.passed else "FAILED"

    @property
    def facts(self) -> dict[str, Any]:
        """As it is written into `verification.json`."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An export: one that is being written, or one that is whole."""

    name: str
    """Its own name."""
    config: ExportConfig
    """What was asked for."""
    folder: Path
    """Where its files lie, which is a temporary folder while it is being written."""
    run: ModelRef
    """What was trained."""
    renderer: ChatRenderer
    """Messages to ids as the model was trained with them."""
    num_prompts: int | None = None
    """How many conversations both sides answer in its checks; None leaves it to them."""

    @property
    def to(self) -> Form:
        """The form."""
        return self.config.to

    @property
    def quant(self) -> Quant | None:
        """How many bits a weight has in GGUF; None where weights stay as they are."""
        return self.config.quant or DEFAULT_QUANT[self.to]

    @property
    def gguf(self) -> Path:
        """The GGUF of an export that has one."""
        return self.folder / f"{self.name}.gguf"

    @property
    def architecture_folder(self) -> Path:
        """The folder whose config.json tells the architecture: of an adapter, that of what it stands on."""
        found = self.run
        while not (found.path / "config.json").is_file():
            found = loading.base_of(found)
        return found.path

    @property
    def files(self) -> list[Path]:
        """Its files, by name."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    @cached_property
    def sampling(self) -> SamplingSettings:
        """How replies are drawn, with nothing left to an engine's own defaults: what was not asked for is settled."""
        asked = self.config.sampling
        context = asked.context or min(loading.context_of(self.run) or _MOST_CONTEXT, _MOST_CONTEXT)
        return asked.model_copy(update={"context": context, "max_new_tokens": min(asked.max_new_tokens, context // 2)})


def find_run(config: ExportConfig) -> tuple[ModelRef, ChatRenderer]:
    """What is exported, and how it was asked in training. UserError where there is none, or it has no template."""
    run = resolve(config.run)
    template = read_template(config.chat_template) if config.chat_template else None
    return run, loading.load_renderer(run, template)


def refuse_marked(run: ModelRef, options: ExportOptions) -> None:
    """UserError where something speaks against a run (it lost what its parent could, it games the reward that it was
    trained for), or where it is a variant held to nothing yet.

    Unless that is to be overlooked.
    """
    marked = None if run.kind == "hub" else mark_of(run.path)
    begun = run_of(run.path) / "run.json"
    made_by = records.read_json(begun).get("command") if run.kind != "hub" and begun.is_file() else None
    if marked is None and made_by == "stage2/train.py" and not options.force:
        raise UserError(
            f"{run.spec} is a variant that was not held to its gates yet: python stage2/train.py --resume "
            f"{begun.parent.name} does it; --force exports it all the same"
        )
    if marked and marked.marks and not options.force:
        raise UserError(
            f"{run.spec} is marked {marked.brackets}: {'; '.join(marked.reasons)}; --force exports it, and its card "
            "says so"
        )


def open_export(name: str, num_prompts: int | None = None) -> Exported:
    """An export that is whole, by its name. UserError where it is not there, or where what it was made of changed."""
    folder = artifact(PLACE, name)
    if not records.is_complete(folder):
        raise UserError(f"there is no complete export {name!r} ({folder}); make it with python exports/run.py")
    manifest = records.verify_manifest(folder)
    config = ExportConfig.model_validate(manifest["config"])
    run, renderer = find_run(config)
    if manifest["parents"].get(run.spec) != run.content_hash:
        raise UserError(f"export {name} was made of another {run.spec} than the one that is there now; export it again")
    return Exported(name=name, config=config, folder=folder, run=run, renderer=renderer, num_prompts=num_prompts)
