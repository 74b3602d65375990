"""Has a model met a case in training? Told from the mixes it descends from and what those held out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from espalier.artifacts import registry
from espalier.artifacts.kinds import of_word
from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest
from espalier.artifacts.run import recorded
from espalier.models.loading import ModelRef, info
from evaluation.backends.recorded import split_reference
from evaluation.cases.heldout import Mix

Verdict = Literal["held out", "seen", "unknown"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """What a model descends from."""

    ancestors: tuple[str, ...]
    """`run:…`, `path:…` and `hub:…`, the nearest first."""
    mixes: dict[str, str]
    """Mixes it or an ancestor was trained on, with the content hash they had then."""
    known: bool
    """Whether that is all: a model from elsewhere may have been trained on anything."""
    summary: dict[str, Any]
    """What its run reached; empty for a model that is no run."""
    behind: dict[str, str] = field(default_factory=dict)
    """Models and judges that wrote or valued the replies that it or an ancestor learned from, with content hashes."""

    @property
    def facts(self) -> dict[str, Any]:
        """As `report.json` keeps them."""
        found = asdict(self)
        return found if self.behind else {key: value for key, value in found.items() if key != "behind"}


def trace(reference: ModelRef) -> Lineage:
    """The lineage of a model, through runs and through adapters' bases."""
    ancestors: list[str] = []
    mixes: dict[str, str] = {}
    behind: dict[str, str] = {}
    known = True
    waiting = [reference.spec]
    while waiting:
        kind, _, name = waiting.pop(0).partition(":")
        if kind == "run":
            parents = recorded(name.partition("@")[0]).get("parents", {})
            known = known and bool(parents)
        else:
            parents, known = {}, False
        for parent, content_hash in parents.items():
            if parent.startswith("mix:"):
                mixes[parent.removeprefix("mix:")] = content_hash
                for spec, digest in _answered_in(parent).items():
                    if spec.startswith("mix:"):
                        mixes[spec.removeprefix("mix:")] = digest
                    else:
                        behind[spec] = digest
            elif parent not in ancestors:
                ancestors.append(parent)
                waiting.append(parent)
    if reference.kind != "run" and (base := info(reference.path).get("base")):
        ancestors.append(base["spec"])
    return Lineage(ancestors=tuple(ancestors), mixes=mixes, known=known, summary=_summary(reference), behind=behind)


def judge(lineage: Lineage, combination: tuple[str, ...]) -> Verdict:
    """Whether a (verb, object, error) combination was kept from everything the model was trained on."""
    verdicts = {_judge_mix(name, content_hash, combination) for name, content_hash in lineage.mixes.items()}
    if "seen" in verdicts:
        return "seen"
    return "held out" if lineage.known and verdicts <= {"held out"} else "unknown"


def count_verdicts(lineage: Lineage, combinations: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """How many combinations there are of each verdict."""
    found = {"held out": 0, "seen": 0, "unknown": 0}
    known: dict[tuple[str, ...], Verdict] = {}
    for combination in combinations:
        if combination not in known:
            known[combination] = judge(lineage, combination)
        found[known[combination]] += 1
    return found


def made_from(models: Iterable[Mapping[str, Any]], mix: Mix | None, others: Iterable[str]) -> dict[str, str]:
    """What scores are made from, with content hashes: the models by their identities, the mix of the cases, and
    `others` who judge or play learners, by name. Rules and controls stand beside models and are none.
    """
    found = {}
    for model in models:
        if model["kind"] == "replies":
            parent, content_hash = registry.source(split_reference(model["spec"])[0], model["content_hash"])
            found[parent] = content_hash
        elif model["kind"] not in ("rule", "control"):
            found[model["spec"]] = model["content_hash"]
    if mix:
        found[f"mix:{mix.name}"] = mix.content_hash
    for name in others:
        spec = name if ":" in name else f"judge:{name}"
        found[spec] = registry.content_hash(spec)
    return found


def _answered_in(mix: str) -> dict[str, str]:
    """Of what a mix was made of: the mixes whose prompts a model answered, and the models and judges behind the
    replies, with the content they had then."""
    found: dict[str, str] = {}
    waiting = [mix]
    while waiting:
        word, _, name = waiting.pop().partition(":")
        kind = of_word(word)
        for parent, content_hash in (registry.read(kind, name).parents or {}).items() if kind else ():
            if parent.startswith(("mix:", "run:", "judge:")):
                found[parent] = content_hash
            elif parent.startswith("corpus:"):
                waiting.append(parent)
    return found


def _judge_mix(name: str, content_hash: str, combination: tuple[str, ...]) -> Verdict:
    manifest = read_manifest(artifact("mixes", name))
    if manifest is None or manifest["content_hash"] != content_hash:
        return "unknown"  # gone or built anew since: what it held out then is not known now
    held_out = manifest.get("heldout")
    if not held_out:
        return "held out"  # no rows of the grammar in it, hence none of its combinations
    pair, triple = list(combination[:2]), list(combination)
    return "held out" if pair in held_out["pairs"] or triple in held_out["triples"] else "seen"


def _summary(reference: ModelRef) -> dict[str, Any]:
    if reference.kind != "run" or "@" in reference.name:
        return {}
    manifest = read_manifest(artifact("runs", reference.name)) or {}
    return dict(manifest.get("summary", {}))
