"""The model card: what a model is, of what and by what right it was made, what it reached and how sure that is, and
what was found out about the export. All that others wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from espalier.artifacts import records
from espalier.artifacts.gates import MARKS, Gates, mark_of
from espalier.artifacts.lineage import ancestors
from espalier.artifacts.paths import artifact
from espalier.artifacts.registry import Artifact, survey
from espalier.artifacts.scored import Score, scores_of_runs
from espalier.command_line import yaml_text
from espalier.report import Markup, escape, table
from exports.exported import Exported, Finding

NAME = "README.md"
_LIBRARIES = {"merged": "transformers", "adapter": "peft", "gguf": "gguf", "ollama": "gguf"}
_RELATIONS = {"merged": "finetune", "adapter": "adapter", "gguf": "quantized", "ollama": "quantized"}
_HUB_LICENCES = {
    "apache-2.0",
    "mit",
    "cc-by-4.0",
    "cc-by-sa-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0",
    "cc0-1.0",
    "gemma",
}
"""Names of licences that the hub knows."""


def write(exported: Exported, findings: Sequence[Finding]) -> None:
    """Write `README.md`, which a hub shows as the model's page."""
    known = {each.spec: each for each in survey()}
    behind = [exported.run.spec.partition("@")[0], *ancestors(exported.run.spec.partition("@")[0], known)]
    mixes = [known[spec] for spec in behind if spec in known and known[spec].kind.word == "mix"]
    scores = scores_of_runs(known.values()).get(exported.run.spec, [])
    bases = [spec for spec in behind if spec.startswith("hub:")]
    parts = [
        front_matter(exported, behind, mixes, bases),
        f"# {escape(exported.name)}\n\n{_what(exported)}",
        f"## How to use it\n\n{_use(exported)}",
        f"## What was found out about this export\n\n{_verification(findings)}",
        f"## What it reached\n\n{_reached(exported, scores)}",
        f"## What it was made of\n\n{_data(behind, mixes, bases)}",
        f"## Where it comes from\n\n{_lineage(behind, known)}",
        f"## Limits\n\n{_limits(exported)}",
        f"## How to cite it\n\n{_citation(exported)}",
    ]
    records.write_text(exported.folder / NAME, "\n\n".join(parts) + "\n")


def front_matter(exported: Exported, behind: Sequence[str], mixes: Sequence[Artifact], bases: Sequence[str]) -> str:
    """What a hub sorts models by."""
    licences = {str(source["licence"]) for mix in mixes for source in mix.manifest["sources"]}
    facts: dict[str, Any] = {
        "license": _licence(licences, others=bool(bases) or any(spec.startswith("path:") for spec in behind)),
        "library_name": _LIBRARIES[exported.to],
        "pipeline_tag": "text-generation",
        "tags": ["espalier", "tutor", "language-learning"],
    }
    if bases:
        facts["base_model"] = [spec.removeprefix("hub:") for spec in bases]
        facts["base_model_relation"] = _RELATIONS[exported.to]
    return f"---\n{yaml_text.dump(facts)}---"


def _licence(licences: set[str], *, others: bool) -> str:
    """The one licence of everything where there is one that the hub knows, and no base brings another."""
    only = next(iter(licences)).lower() if len(licences) == 1 and not others else "other"
    return only if only in _HUB_LICENCES else "other"


def _what(exported: Exported) -> str:
    form = {
        "merged": "its weights with everything merged, in safetensors",
        "adapter": "what was trained alone, an adapter for peft",
        "gguf": f"one GGUF file, {exported.quant}",
        "ollama": f"one GGUF file, {exported.quant}, and a Modelfile for Ollama",
    }[exported.to]
    gates = None if exported.run.kind == "hub" else mark_of(exported.run.path)
    text = f"A tutor that learners talk to, made with Espalier: {escape(_plain(exported.run.name))} as {form}."
    return text + (_held_against(gates) if gates and gates.marks else "")


def _held_against(gates: Gates) -> str:
    """What speaks against the run, why, and what it exploits."""
    marks = " ".join(f"**[{mark}]** {MARKS[mark]}." for mark in gates.marks)
    exploits = [f"It exploits: {exploit}" for exploit in gates.exploits]
    return f"\n\n{marks}\n\n" + "\n".join(f"- {escape(each)}" for each in [*gates.reasons, *exploits])


def _use(exported: Exported) -> str:
    sampling = exported.sampling
    drawn = "the likeliest token each time" if sampling.temperature == 0 else f"temperature {sampling.temperature:g}"
    how = {
        "merged": [
            "from transformers import pipeline",
            f'ask = pipeline("text-generation", "{exported.name}")',
            'ask([{"role": "user", "content": "Yesterday I go to the market."}])',
        ],
        "adapter": [
            "from peft import AutoPeftModelForCausalLM",
            "from transformers import GenerationConfig",
            f'model = AutoPeftModelForCausalLM.from_pretrained("{exported.name}")',
            f'model.generation_config = GenerationConfig.from_pretrained("{exported.name}")',
        ],
        "gguf": [f"llama-server --model {exported.gguf.name} --jinja --ctx-size {sampling.context}"],
        "ollama": [f"ollama create {exported.name} --file Modelfile", f"ollama run {exported.name}"],
    }[exported.to]
    language = "python" if exported.to in ("merged", "adapter") else "bash"
    code = "\n".join(how)
    return (
        f"```{language}\n{code}\n```\n\nIt was scored with {drawn}, and that is how it is set here: "
        f"{sampling.context:,} tokens of context, replies of at most {sampling.max_new_tokens:,}."
    )


def _verification(findings: Sequence[Finding]) -> str:
    if not findings:
        return "Nothing: no check was made."
    rows = [
        [each.check, each.verdict if each.passed else Markup("**failed**"), each.asked, each.differing, each.said]
        for each in findings
    ]
    return (
        "Each check asks the model as it was trained and this export the same; an export that fails one is not "
        "written. What is not checked is not known.\n\n" + table(["check", "", "asked", "differing", "found"], rows)
    )


def _reached(exported: Exported, scores: Sequence[Score]) -> str:
    if not scores:
        return "Nothing is known: no evaluation of these very weights is complete."
    rows = [
        [
            each.suite,
            each.column,
            each.value,
            "–".join(f"{end:.3f}" for end in each.interval) if each.interval else None,
            each.num_cases,
            f"withheld: {each.withheld}" if each.withheld else "stands",
            _calibration(each),
        ]
        for each in scores
    ]
    return (
        "Measured on the weights as they were trained, before this export; the checks above say how near it is.\n\n"
        + table(["suite", "measure", "value", "95 % interval", "cases", "verdict", "calibration"], rows)
    )


def _calibration(score: Score) -> str:
    """How far the measure goes with teachers' verdicts, as the report of its scores says it."""
    path = artifact("scores", score.scores) / "report.json"
    found = records.read_json(path).get("calibrations", {}) if path.is_file() else {}
    for judge, facts in found.items():
        dimension = facts.get("dimensions", {}).get(score.column)
        if dimension:
            reliable = "reliable" if dimension["reliable_for_new_models"] else "not reliable"
            return f"judge {judge}: {reliable} for new models ({dimension['why']})"
        known = facts.get("metrics", {}).get(score.column, {})
        told = {name: each["pearson"]["value"] for name, each in known.items() if each.get("pearson")}
        told = {name: value for name, value in told.items() if value is not None}
        if told:
            closest = max(sorted(told), key=lambda name: abs(told[name]))
            return f"r = {told[closest]:+.2f} with teachers on {closest}"
    return "a rule; not held against teachers' verdicts"


def _data(behind: Sequence[str], mixes: Sequence[Artifact], bases: Sequence[str]) -> str:
    rows = [
        [mix.name, source["name"], source["licence"], source["conditions"] or None, source["attribution"]]
        for mix in mixes
        for source in mix.manifest["sources"]
    ]
    parts = [table(["mix", "source", "licence", "conditions", "attribution"], rows)] if rows else []
    parts += [
        f"It goes on from {escape(spec.removeprefix('hub:'))}, whose own licence and data hold for it too."
        for spec in bases
    ]
    if any(spec.startswith("path:") for spec in behind):
        parts.append("It goes on from a model in a folder, of whose licence and data nothing is known here.")
    return "\n\n".join(parts) or "Nothing is known of what it was trained on."


def _lineage(behind: Sequence[str], known: dict[str, Artifact]) -> str:
    rows = [
        [
            next(_named([spec])),
            ", ".join(_named(known[spec].made_of)) if spec in known else None,
            str(known[spec].manifest.get("content_hash", ""))[:12] if spec in known else None,
        ]
        for spec in behind
    ]
    return table(["what", "made of", "content hash"], rows)


def _named(behind: Sequence[str]) -> Iterator[str]:
    """A place on one machine is not told where a page is read by others, but that there is one."""
    for spec in behind:
        yield "a folder" if spec.startswith("path:") else spec


def _limits(exported: Exported) -> str:
    limits = [
        "A small model: it says false things fluently, and its feedback on a learner's language can be wrong. It is "
        "for practice beside a teacher, not in the place of one.",
        "What it was never taught it was never measured on either: other languages, subjects, ages and ways of asking.",
    ]
    if exported.to != "adapter":
        limits.append(
            "A learner who types one of the tokenizer's own tokens (such as the one that ends a turn) types that token "
            "here; in training such a text was letters. Take them out before they are asked where that matters."
        )
    if exported.to in ("gguf", "ollama"):
        limits.append(
            "llama.cpp keeps what it has read in 16 bits by default, which now and then decides between likely words."
        )
    if exported.to == "ollama":
        limits.append("Ollama joins neighbouring messages of one role by an empty line before it renders them.")
    return "\n".join(f"- {limit}" for limit in limits)


def _citation(exported: Exported) -> str:
    name = exported.name.replace(".", "-").replace("_", "-")
    return (
        f"```bibtex\n@misc{{{name},\n  title = {{{exported.name}}},\n  howpublished = {{Espalier export of "
        f"{_plain(exported.run.name)}}},\n  note = {{content hash {exported.run.content_hash[:16]}}}\n}}\n```"
    )


def _plain(name: str) -> str:
    """A model's name without what would end a citation, or tell of one machine."""
    last = name.rstrip("/").removesuffix("/final").rpartition("/")[2] if name.startswith("/") else name
    return "".join(each for each in last if each.isalnum() or each in "-_./@ ")
