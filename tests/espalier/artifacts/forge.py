"""Artifacts of all kinds as their makers leave them, without what makes them large."""

from typing import Any

from espalier.artifacts import records
from espalier.artifacts.kinds import of_word
from espalier.artifacts.paths import workspace

SAID: dict[str, dict[str, Any]] = {
    "corpus": {"counts": {"kept": 950, "asked_for": 1000, "models": {"qwen3-8b": 1100}}},
    "mix": {
        "splits": {
            "train": {"rows": 60000, "bytes": 16_000_000, "tokens": 0},
            "valid": {"rows": 2400, "bytes": 600_000, "tokens": 0},
        },
        "sources": [{"name": "own", "licence": "CC-BY-4.0", "within_policy": True}],
        "recipe": {"policy": "research", "seed": 0},
    },
    "run": {"summary": {"valid_bits_per_byte": 1.5, "loss": 2.0}},
    "judge": {"labels": [{"file": "mrbench.json", "sha256": "ab"}]},
    "scores": {"decides": "recast", "headline": {"trunk": 0.25, "core": 0.75}},
    "export": {"to": "gguf", "quant": "q8_0"},
}
"""What manifests of each kind say."""
BEGUN: dict[str, dict[str, Any]] = {
    "corpus.json": {"config": {"model": "qwen3-8b"}},
    "run.json": {"config": {"lr": 0.1}},
    "scores.json": {
        "identity": {
            "suite": {"name": "recast"},
            "cases": {"number": 1000},
            "models": {"trunk": {"kind": "run"}, "rule:copy": {"kind": "rule"}},
        }
    },
}
"""And what was written before them."""


def forge(spec: str, *parents: str, complete: bool = True, created: str = "", **facts: Any) -> str:
    """Make the artifact `kind:NAME` with these parents, as they are now; returns its content hash. `facts` go to both
    of its files."""
    word, _, name = spec.partition(":")
    kind = of_word(word)
    assert kind is not None
    folder = workspace() / kind.folder / name
    folder.mkdir(parents=True)
    (folder / "content").write_text(spec)
    made_from = {parent: content_hash(parent) for parent in parents}
    if kind.begun:
        begun = {**BEGUN[kind.begun], "parents": made_from, "created": created, **facts}
        records.write_json(folder / kind.begun, begun)
        (folder / "lock").touch()
    if not complete:
        return ""
    said = {"kind": word, "name": name, "parents": made_from, **SAID[word], **facts}
    return str(records.write_manifest(folder, said, content=("content",))["content_hash"])


def content_hash(spec: str) -> str:
    """Of an artifact that is there; of anything else a made-up one."""
    word, _, name = spec.partition(":")
    kind = of_word(word)
    path = workspace() / (kind.folder if kind else "") / name / records.MANIFEST
    return str(records.read_json(path)["content_hash"]) if kind and path.exists() else "0" * 64


def forge_scores(name: str, decided: dict[str, tuple[float, float, float]], **facts: Any) -> None:
    """Scores of the suite `recast` with what runs reached and between what it lies; of runs as they are now."""
    models = {run: {"kind": "run", "spec": f"run:{run}", "content_hash": content_hash(f"run:{run}")} for run in decided}
    cases = {"number": facts.pop("num_cases", 1000)}
    forge(
        f"scores:{name}",
        *(f"run:{run}" for run in decided),
        identity={"suite": {"name": facts.pop("suite", "recast")}, "cases": cases, "models": models},
        decides="fix_given",
        headline={run: value for run, (value, _, _) in decided.items()},
        intervals={run: [low, high] for run, (_, low, high) in decided.items()},
        **facts,
    )
