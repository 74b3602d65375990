"""What the default pipeline reaches, and the controls that give the figure its meaning.

    python research/benchmarks/basil.py [--sessions_sampled 100]

Runs the pipeline's own commands (a finished run is not trained again), then prints Markdown: the trunk's bits per byte
beside the floor, the share of its sampled sentences that parse, and the cores on held-out combinations, three seeds
pooled, beside the trunk alone, the same training on random weights, LoRA in its place and a rule that copies. The peer
of every figure is measured on the same cases in the same evaluation.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import subprocess
from typing import Any

from espalier.artifacts.paths import artifact, repo_root
from espalier.artifacts.records import read_json, read_manifest
from espalier.command_line.config import Config, load
from espalier.errors import UserError, run_main

RUNS: dict[str, list[str]] = {
    "basil-core": [],
    "basil-core-s1": ["--name", "basil-core-s1", "--seed", "1"],
    "basil-core-s2": ["--name", "basil-core-s2", "--seed", "2"],
    "basil-on-random": ["--name", "basil-on-random", "--init", "random"],
    "basil-lora": ["--name", "basil-lora", "--adapter.r", "16", "--adapter.train_embeddings", "all"],
}
"""Run -> what differs from the default core."""


class Benchmark(Config):
    """How to measure."""

    sessions_sampled: int = 100
    """Sessions the trunk writes freely, whose sentences are read by the grammar."""
    scores: str = "basil-benchmark"
    """Name of the evaluation."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/basil.py", doc=__doc__)
    for flags in RUNS.values():
        command("stage1/train.py", *flags, "--publish", "false")
    seeds = "basil-core,basil-core-s1,basil-core-s2"
    command("evaluation/run.py", "--name", settings.scores, "--models", "basil-trunk", *RUNS,
            "--pool", f"three seeds={seeds}", "--publish", "false")  # fmt: skip
    for lines in (costs(), floors(), sentences(settings.sessions_sampled), recasts(settings.scores)):
        print("\n".join(lines) + "\n")


def command(*words: str) -> None:
    """Run one of the project's commands; its output goes to stderr, so that stdout is the record."""
    done = subprocess.run([sys.executable, *words], cwd=repo_root(), stdout=sys.stderr)
    if done.returncode:
        raise UserError(f"python {' '.join(words)} ended with exit code {done.returncode}; its own message says why")


def summary(run: str) -> dict[str, Any]:
    """What a finished run says of itself."""
    manifest = read_manifest(artifact("runs", run))
    assert manifest is not None
    return dict(manifest["summary"])


def costs() -> list[str]:
    """Time, memory and parameters of every run."""
    lines = ["| run | steps | tokens/s | s | peak GB | parameters trained |", "|---|---:|---:|---:|---:|---:|"]
    for run in ("basil-trunk", *RUNS):
        facts = summary(run)
        lines.append(
            f"| {run} | {facts['steps']:,} | {facts['tokens_per_second']:,.0f} | {facts['seconds']:.0f} "
            f"| {facts['peak_memory_gb']:.2f} | {facts['share_trained']:.1%} |"
        )
    return lines


def floors() -> list[str]:
    """Bits per byte of trunk and core on held-out rows, beside the entropy of exactly these rows."""
    lines = ["| run | rows | n | bits per byte | floor | over the floor |", "|---|---|---:|---:|---:|---:|"]
    for run in ("basil-trunk", "basil-core"):
        for split, parts in summary(run)["heldout"].items():
            for part, facts in parts.items():
                if facts["rows"]:
                    lines.append(
                        f"| {run} | {split}, {'within' if part == 'fit' else 'beyond'} the context | {facts['rows']} "
                        f"| {facts['bits_per_byte']:.4f} | {facts['floor']:.4f} | {facts['excess']:.1%} |"
                    )
    return lines


def sentences(count: int) -> list[str]:
    """How many of the trunk's freely written sentences the grammar could have written, each in its context."""
    from data_mix.curriculum import sentences_that_parse
    from espalier.generation.generate import generate
    from espalier.models.loading import load_for_inference

    model, renderer = load_for_inference("basil-trunk")
    replies = generate(model, renderer, [""] * count, max_new_tokens=250, temperature=1.0, seed=0)
    texts = [reply.text if reply.finish == "stop" else reply.text.rpartition("\n")[0] for reply in replies]
    found = [sentences_that_parse(text) for text in texts if text]
    good, judged = sum(pair[0] for pair in found), sum(pair[1] for pair in found)
    share = f"{good} of {judged} sampled sentences ({good / judged:.1%})"
    return [f"{share} parse, each after the ones before it, in {count} sessions."]


def recasts(scores: str) -> list[str]:
    """The corrected form and its companions, on unseen triples and unseen pairs."""
    contestants = read_json(artifact("scores", scores) / "summary.json")["contestants"]
    metrics = ("corrected_present", "corrected_absent", "explicit_correction", "in_role", "parses", "uptake")
    lines = ["| model | split | " + " | ".join(metrics) + " |", "|---|---|" + "---:|" * len(metrics)]
    for name, facts in contestants.items():
        for split in ("unseen_triples", "unseen_pairs"):
            found = [facts["metrics"][metric]["groups"]["split"].get(split) for metric in metrics]
            lines.append(f"| {name} | {split} | " + " | ".join(map(interval, found)) + " |")
    return lines


def interval(estimate: dict[str, Any] | None) -> str:
    """A share with its 95 % interval."""
    if estimate is None or estimate["value"] is None:
        return "–"
    return f"{estimate['value']:.1%} ({estimate['low']:.1%}–{estimate['high']:.1%}, n={estimate['num_cases']})"


if __name__ == "__main__":
    run_main(main)
