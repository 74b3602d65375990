"""Contestants in turns, each in a process of its own, and what came of it: medians, spreads, ratios."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from pydantic import Field

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, FilePath
from espalier.errors import UserError
from research.benchmarks.training.cases import CASES, Case, prepare

Flags = tuple[str, ...]
_SCRIPT = "research/benchmarks/training/contestants.py"


class Beside(Config):
    """What to measure."""

    work: Path = Path("/tmp/espalier-beside")
    """Workspace for the mix, the bases and our runs; what is there already is used again."""
    cases: list[str] = []
    """Which cases; all that can be laid out by default."""
    peers: list[str] = []
    """Settings of the peer by name, as the script lists them; by default as it comes and compiled, which served it best
    wherever they were tried."""
    repeats: Annotated[int, Field(ge=1)] = 3
    """Rounds, in which every contestant has one turn."""
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    """Threads of every contestant."""
    stories: FilePath | None = None
    """A small pretrained Llama, for the case `widened`."""
    qwen3_tokenizer: FilePath | None = None
    """Folder of the Qwen3 tokenizer, for the case `widened`."""
    gemma: FilePath | None = None
    """Folder of Gemma 3 270M, for the case `gemma`."""
    out: Path | None = None
    """Write everything measured to this JSON file too."""


def chosen(names: Sequence[str], settings: Mapping[str, Flags]) -> dict[str, Flags]:
    """The settings of these names; the first two for none. UserError for a name that is not there."""
    if unknown := [name for name in names if name not in settings]:
        raise UserError(f"--peers: {unknown[0]!r} is none of {', '.join(settings)}")
    return {name: settings[name] for name in names or list(settings)[:2]}


def held(settings: Beside, contestants: Mapping[str, Mapping[str, Flags]]) -> None:
    """Measure the contestants of every case, by case and name, the first of them ours; prints Markdown."""
    os.environ |= {"ESPALIER_HOME": str(settings.work), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(settings.threads)}
    found: dict[str, Any] = {}
    print(f"{platform.machine()}, {os.cpu_count()} cores, {settings.threads} threads for each.")
    for name, flags in contestants.items():
        case = CASES[name]
        prepare(case, settings.work, settings.stories, settings.qwen3_tokenizer, settings.gemma)
        turns: dict[str, list[dict[str, Any]]] = {who: [] for who in flags}
        for _ in range(settings.repeats):
            for who in flags:
                turns[who].append(_turn(case, flags[who], settings.work))
                print(f"{name}: {who}: {turns[who][-1]['tokens_per_second']:,.0f} tokens/s", file=sys.stderr)
        found[name] = {"case": vars(case), "turns": turns}
        print("\n".join(table(case, turns)))
    if settings.out:
        facts = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": settings.threads}
        settings.out.write_text(json.dumps(facts | {"cases": found}, indent=2) + "\n", encoding="utf-8")


def _turn(case: Case, flags: Flags, work: Path) -> dict[str, Any]:
    """One contestant once. UserError where it fails."""
    words = [sys.executable, _SCRIPT, "--case", case.name, "--work", str(work), *flags]
    done = subprocess.run(words, cwd=repo_root(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{' '.join(words[1:])} ended with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    watch: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    first = case.warmup - 1

    def rate(clock: str) -> float:
        return float((watch["tokens"][-1] - watch["tokens"][first]) / (watch[clock][-1] - watch[clock][first]))

    return watch | {"tokens_per_second": rate("seconds"), "tokens_per_cpu_second": rate("cpu_seconds")}


def table(case: Case, turns: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Markdown: a line for each contestant; ours is first, and its ratios are medians over the rounds."""
    ours = next(iter(turns.values()))
    lines = [
        "",
        f"**{case.name}**: {case.per_step} × {case.seq_len} tokens a step, {case.steps} steps after {case.warmup} that "
        f"do not count, {len(ours)} rounds.",
        "",
        "| contestant | tokens/s | from–to | ours is faster by | from–to | tokens/s of one processor | peak MiB "
        "| ours takes | s to the first step |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for who, each in turns.items():
        speeds = [turn["tokens_per_second"] for turn in each]
        ratios = [one["tokens_per_second"] / speed for one, speed in zip(ours, speeds, strict=True)]
        peak, own = (median(turn["peak_mb"] for turn in those) for those in (each, ours))
        of_cpu = median(turn["tokens_per_cpu_second"] for turn in each)
        told = ["", "", ""] if each is ours else [*_span(ratios), f"{100 * own / peak:.0f} %"]
        lines.append(
            f"| {who} | {median(speeds):,.0f} | {min(speeds):,.0f}–{max(speeds):,.0f} | {told[0]} | {told[1]} "
            f"| {of_cpu:,.0f} | {peak:,.0f} | {told[2]} | {median(turn['seconds'][0] for turn in each):.1f} |"
        )
    return lines


def _span(ratios: Sequence[float]) -> list[str]:
    return [f"{median(ratios):.2f} ×", f"{min(ratios):.2f}–{max(ratios):.2f}"]
