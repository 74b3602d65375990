"""How fast a mix is made, against the same steps on `datasets` with `datasketch`, and on datatrove.

    python research/benchmarks/mixing/run.py --data_root FOLDER --tokenizer FOLDER --work FOLDER [--gb 1]
        [--datatrove_python PYTHON] [--out result.json]

Builds the corpus (see `corpus.py`) unless it is there, then runs each contender in a process of its own, one after the
other, over the same warm files, with as many workers: `python data_mix/build.py` with all steps, `peer_datasets.py`
with the same ones, and, where a Python with datatrove is named, `peer_datatrove.py` and ours with its steps alone.
Prints Markdown. Seconds are of the whole command, imports included. Memory is the largest sum of the proportional set
sizes of its processes, 5 times a second: without pages of files, and with them. Recall is told from what was planted
and which rows are left; a planted near copy counts where its exact Jaccard index is at least 0.8.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import json
import os
import platform
import shutil
import subprocess
import time
from typing import Any, Literal

from pydantic import Field

from espalier.artifacts.paths import repo_root
from espalier.command_line import yaml_text
from espalier.command_line.config import Config, FilePath, load
from espalier.errors import UserError, run_main
from research.benchmarks.mixing.corpus import Corpus, build
from research.benchmarks.mixing.found import FOUND, PLACES, recall
from research.benchmarks.mixing.memory import Memory

FILTERS = {"mojibake": "repair", "control": "repair", "roles": "repair", "min_chars": 20, "min_reply_chars": 2,
           "boilerplate": "drop", "artefacts": "drop", "repetition": "drop", "personal_data": "mask",
           "languages": {"where": "unknown"}}  # fmt: skip
FILTERS_OF_DATATROVE: dict[str, Any] = {}
NEAR = {"near": True, "threshold": 0.8, "num_perm": 128, "ngram": 5}
_FOLDER = "research/benchmarks/mixing"


class Benchmark(Config):
    """What to measure."""

    data_root: FilePath
    """Folder of the corpus' sources."""
    tokenizer: FilePath
    """The counting tokenizer: a folder or a tokenizer.json."""
    work: FilePath
    """Folder for the corpus and for what the contenders write, which is removed again."""
    gb: float = Field(1.0, gt=0)
    """Size of the corpus in 10^9 bytes."""
    mb: float | None = Field(None, gt=0)
    """Size in 10^6 bytes, instead: for a quick look."""
    seed: int = 0
    """Of the corpus."""
    workers: int = Field(2, ge=1)
    """Processes of every contender."""
    contenders: list[Literal["espalier", "datasets", "datatrove"]] = ["espalier", "datasets", "datatrove"]
    """What to run; datatrove, and ours with its steps, only where a Python that has it is named."""
    datatrove_python: Path | None = None
    """A Python that has datatrove (see datatrove.txt)."""
    repeats: int = Field(1, ge=1)
    """Runs of each contender, in turns; the fastest counts."""
    out: Path | None = None
    """Write everything measured to this JSON file too."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/mixing/run.py", doc=__doc__)
    size = f"{settings.mb or settings.gb:g}{'mb' if settings.mb else 'gb'}-{settings.seed}"
    corpus = settings.work / f"corpus-{size}"
    facts = build(Corpus(data_root=settings.data_root, out=corpus, gb=settings.gb, mb=settings.mb,
                         seed=settings.seed, workers=settings.workers))  # fmt: skip
    contenders = commands(settings, corpus)
    measured: dict[str, dict[str, Any]] = {}
    for _ in range(settings.repeats):
        for name, command in contenders.items():
            warm(corpus)
            found = measure(name, command, settings.work, corpus)
            if name not in measured or found["seconds"] < measured[name]["seconds"]:
                measured[name] = found
            print(f"{name}: {found['seconds']:.1f} s", file=sys.stderr)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    if settings.out:
        result = {"settings": settings.model_dump(mode="json"), "machine": machine, "corpus": facts, "runs": measured}
        settings.out.write_text(json.dumps(result, indent=2) + "\n")
    print("\n".join(report(facts, measured, settings)))


def commands(settings: Benchmark, corpus: Path) -> dict[str, dict[str, Any]]:
    """What to run, by name, in the order of the table."""
    from data_mix.mixing.counting import find_tokenizer

    shared = settings.work / "shared"
    shared.mkdir(parents=True, exist_ok=True)
    (shared / "tokenizer.json").write_text(find_tokenizer(str(settings.tokenizer)), encoding="utf-8")
    (shared / "filters.yaml").write_text(yaml_text.dump(FILTERS))
    clear_of = settings.data_root / "gsm8k" / "test.jsonl"
    given = ["--rows", str(corpus / "rows"), "--clear_of", str(clear_of), "--tokenizer", str(shared / "tokenizer.json"),
             "--workers", str(settings.workers)]  # fmt: skip

    def ours(name: str, filters: dict[str, Any], duplicates: dict[str, Any]) -> dict[str, Any]:
        recipe = {
            "name": name,
            "seed": 0,
            "valid_fraction": 0.0,
            "unit": "tokens",
            "tokenizer": str(shared / "tokenizer.json"),
            "filters": filters,
            "duplicates": duplicates,
            "keep_clear_of": [str(clear_of)],
            "sources": [{"name": "rows", "path": str(corpus / "rows"), "licence": "several", "on_bad_row": "drop"}],
        }
        file = shared / f"{name}.yaml"
        file.write_text(yaml_text.dump(recipe))
        words = [sys.executable, "data_mix/build.py", str(file), "--workers", str(settings.workers)]
        return {"words": [*words, "--timings", "OUT/timings.json"], "kind": "ours", "mix": name, "against": None}

    found = {}
    if "espalier" in settings.contenders:
        found["espalier"] = ours("all-steps", FILTERS, {"exact": True} | NEAR)
    if "datasets" in settings.contenders:
        words = [sys.executable, f"{_FOLDER}/peer_datasets.py", *given, "--filters", str(shared / "filters.yaml")]
        found["datasets + datasketch"] = {"words": [*words, "--out", "OUT"], "kind": "datasets", "against": "espalier"}
    if "datatrove" in settings.contenders and settings.datatrove_python:
        python = str(settings.datatrove_python.absolute())
        if "espalier" in settings.contenders:
            found["espalier, datatrove's steps"] = ours("its-steps", FILTERS_OF_DATATROVE, NEAR)
        words = [python, f"{_FOLDER}/peer_datatrove.py", *given, "--out", "OUT"]
        found["datatrove"] = {"words": words, "kind": "datatrove", "against": "espalier, datatrove's steps"}
    return found


def warm(corpus: Path) -> None:
    """Read the rows once, so that nobody has to wait for the disk."""
    for file in sorted((corpus / "rows").iterdir()):
        with open(file, "rb") as stream:
            while stream.read(2**24):
                pass


def measure(name: str, command: dict[str, Any], work: Path, corpus: Path) -> dict[str, Any]:
    """Run one command in an empty folder: its seconds, memory, and what it found. UserError where it fails."""
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    words = [word.replace("OUT", str(out), 1) if word.startswith("OUT") else word for word in command["words"]]
    home = {"ESPALIER_HOME": str(out), "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    log = work / f"{command['kind']}.log"
    with open(log, "wb") as stream:
        began = time.perf_counter()
        process = subprocess.Popen(words, cwd=repo_root(), env=os.environ | home, stdout=stream, stderr=stream)
        watch = Memory(process.pid)
        watch.start()
        code = process.wait()
        seconds = time.perf_counter() - began
        watch.ended.set()
        watch.join()
    if code:
        raise UserError(f"{name} ended with exit code {code}; {log} says why")
    facts = FOUND[command["kind"]](out, command)
    left = PLACES[command["kind"]](out, command, corpus)
    written = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    shutil.rmtree(out)
    return {"seconds": round(seconds, 2), "peak_bytes": watch.peak, "peak_bytes_with_files": watch.peak_with_files,
            "bytes_on_disk_at_the_end": written, "against": command["against"], **facts,
            "recall": recall(corpus, left)}  # fmt: skip


def report(facts: dict[str, Any], measured: dict[str, dict[str, Any]], settings: Benchmark) -> list[str]:
    """Markdown: speed and memory, what was found, and seconds of every step."""
    counts = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in facts["counts"].items())
    lines = [
        f"{facts['bytes'] / 1e6:,.0f} MB of JSON lines in {len(facts['files'])} files, {facts['rows']:,} rows, "
        f"{facts['text_bytes'] / 1e6:,.0f} MB of text; planted: {counts}. {settings.workers} workers.",
        "",
        "| contender | s | MB/s of file | MB/s of text | ours is faster by | peak GB | with mapped files |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, run in measured.items():
        ratio = f"{run['seconds'] / measured[run['against']]['seconds']:.1f} ×" if run["against"] in measured else ""
        lines.append(
            f"| {name} | {run['seconds']:.1f} | {facts['bytes'] / 1e6 / run['seconds']:.2f} "
            f"| {facts['text_bytes'] / 1e6 / run['seconds']:.2f} | {ratio} | {run['peak_bytes'] / 1e9:.2f} "
            f"| {run['peak_bytes_with_files'] / 1e9:.2f} |"
        )
    kinds = ("exact", "near", "near, under 0.8", "contaminated")
    lines += ["", "| contender | rows left | tokens | " + " | ".join(f"{kind}: gone" for kind in kinds) + " |",
              "|---|---:|---:|" + "---:|" * len(kinds)]  # fmt: skip
    for name, run in measured.items():
        shares = [run["recall"].get(kind) for kind in kinds]
        cells = [f"{one['gone']:,} of {one['planted']:,}" if one else "–" for one in shares]
        tokens = run["found"]["tokens"]
        lines.append(
            f"| {name} | {run['found']['kept']:,} | {f'{tokens:,}' if tokens else '–'} | {' | '.join(cells)} |"
        )
    for name, run in measured.items():
        said = ", ".join(f"{step} {value:,}" for step, value in run["found"].items() if isinstance(value, int))
        lines += ["", f"{name}: {said}."]
        if run["steps"]:
            lines += ["Seconds: " + ", ".join(f"{step} {value:.1f}" for step, value in flat(run["steps"])) + "."]
    return lines


def flat(steps: dict[str, Any], before: str = "") -> list[tuple[str, float]]:
    """Seconds by step, where steps may have steps."""
    found = []
    for step, value in steps.items():
        if isinstance(value, dict):
            found += flat(value, f"{before}{step}: ")
        elif isinstance(value, int | float):
            found.append((f"{before}{step}", float(value)))
    return found


if __name__ == "__main__":
    run_main(main)
