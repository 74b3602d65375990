"""gigatoken, which counts a mix's tokens, against `tokenizers`: the same ids, and how much faster.

    python research/benchmarks/mixing/token_ids.py --tokenizer FOLDER --rows FOLDER [--mb 20]

Takes the contents of every message of a folder of JSON lines (see `corpus.py`), up to `--mb` of text, and texts on
which tokenizers differ if they differ at all: all of Unicode's first two planes in runs of 64 characters, as they stand
and set apart by spaces. Compares every id. Prints Markdown: MB/s of both, on one and on two
threads, whole batches of 1,000 texts as the mix counts them, medians of the repeats taken in turns; and gigatoken's
counting as the mix does it, cold (its cache of words empty) and warm.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import json
import os
import subprocess
import time
from statistics import median
from typing import Any

from pydantic import Field

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, FilePath, load
from espalier.errors import UserError, run_main

_BATCH = 1000


class Benchmark(Config):
    """What to measure."""

    tokenizer: FilePath
    """The tokenizer: a folder or a tokenizer.json."""
    rows: FilePath
    """Folder of JSON lines with `messages`."""
    mb: float = Field(20.0, gt=0)
    """How much text to take, in 10^6 bytes."""
    repeats: int = Field(3, ge=1)
    """Runs of each; the median counts."""
    threads: list[int] = [1, 2]
    """Numbers of threads to measure with; each in a process of its own."""
    one: int = Field(0, ge=0)
    """Measure with so many threads in this process and print JSON; the command starts itself so."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/mixing/token_ids.py", doc=__doc__)
    if settings.one:
        print(json.dumps(measure(settings)))
        return
    found = []
    for threads in settings.threads:
        # Both take the number of threads from the environment when they start.
        few = os.environ | {
            "RAYON_NUM_THREADS": str(threads),
            "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false",
        }
        words = [sys.executable, str(Path(__file__).resolve()), *argv, "--one", str(threads)]
        done = subprocess.run(words, cwd=repo_root(), env=few, capture_output=True, text=True)
        if done.returncode:
            raise UserError(done.stderr.strip().splitlines()[-1])
        found.append(json.loads(done.stdout))
    rows, odd = found[0]["rows"], found[0]["odd"]
    print(
        f"{rows['texts']:,} texts, {rows['bytes'] / 1e6:,.1f} MB, {rows['tokens']:,} tokens: {rows['other_ids']} texts "
        f"with other ids.\n{odd['texts']:,} odd texts: {odd['other_ids']} with other ids, {odd['other_counts']} with "
        f"another number of them; they begin with {', '.join(odd['examples'][:20]) or 'nothing'}.\n"
    )
    print("| threads | tokenizers, MB/s | gigatoken, MB/s | ratio | first pass, MB/s | ratio |")
    print("|---:|---:|---:|---:|---:|---:|")
    for one in found:
        slow, quick, cold = one["tokenizers"], one["gigatoken"], one["gigatoken, first pass"]
        print(
            f"| {one['threads']} | {slow:.1f} | {quick:.1f} | {quick / slow:.1f} × | {cold:.1f} | {cold / slow:.1f} × |"
        )


def measure(settings: Benchmark) -> dict[str, Any]:
    """Ids compared, and MB/s of both, with the threads that the environment allows."""
    import awkward
    import gigatoken
    import tokenizers

    from data_mix.mixing.counting import find_tokenizer

    text = find_tokenizer(str(settings.tokenizer))
    texts = contents(settings.rows, int(settings.mb * 1e6))
    batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
    size = sum(len(one.encode()) for one in texts)
    parallel = settings.one > 1
    theirs = tokenizers.Tokenizer.from_str(text)

    def slow() -> None:
        for batch in batches:
            theirs.encode_batch_fast(batch, add_special_tokens=False)

    def quick(made: Any) -> None:
        for batch in batches:
            awkward.num(made.encode_batch(batch, parallel=parallel)).to_list()

    times: dict[str, list[float]] = {"tokenizers": [], "gigatoken": [], "gigatoken, first pass": []}
    for _ in range(settings.repeats):
        fresh = gigatoken.Tokenizer.from_json(text)
        times["tokenizers"].append(seconds(slow))
        times["gigatoken, first pass"].append(seconds(lambda fresh=fresh: quick(fresh)))
        times["gigatoken"].append(seconds(lambda fresh=fresh: quick(fresh)))
    return {
        "threads": settings.one,
        "rows": compare(theirs, fresh, texts, parallel) | {"bytes": size},
        "odd": compare(theirs, fresh, odd_texts(), parallel),
        **{name: size / 1e6 / median(taken) for name, taken in times.items()},
    }


def compare(theirs: Any, ours: Any, texts: list[str], parallel: bool) -> dict[str, Any]:
    """How many texts get other ids, or another number of them, and where the first of these begins."""
    found: dict[str, Any] = {"texts": len(texts), "tokens": 0, "other_ids": 0, "other_counts": 0, "examples": []}
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        exact = theirs.encode_batch_fast(batch, add_special_tokens=False)
        for text, one, ids in zip(batch, exact, ours.encode_batch(batch, parallel=parallel).to_list(), strict=True):
            found["tokens"] += len(one.ids)
            found["other_ids"] += one.ids != ids
            found["other_counts"] += len(one.ids) != len(ids)
            if one.ids != ids:
                found["examples"].append(ascii(text[:1]))
    return found


def contents(folder: Path, num_bytes: int) -> list[str]:
    """Contents of messages, as much from every file as from the others."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise UserError(f"{folder}: holds no .jsonl; corpus.py writes such a folder")
    found: list[str] = []
    for file in files:
        size = 0
        with open(file, "rb") as lines:
            for line in lines:
                said = [message["content"] for message in json.loads(line)["messages"]]
                size += sum(len(one.encode()) for one in said)
                found += said
                if size >= num_bytes / len(files):
                    break
    return found


def odd_texts() -> list[str]:
    """Texts on which tokenizers differ if they differ at all: every script, marks, spaces, digits, specials, junk."""
    blocks = [
        "".join(chr(code) for code in range(start, start + 64) if not 0xD800 <= code < 0xE000)
        for start in range(0, 0x20000, 64)
    ]
    odd = [
        "", " ", "\n", "\r\n \t", "a\u0301e\u0308",
        "\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u270a\U0001f3fd",
        "it's I'LL they’re DON'T", "3.14 1,000 12345678901234567890", "x" * 5000, "ab " * 3000, " " * 300 + "y",
        "<|im_start|>user\n<|im_end|>", "<s></s>[INST]", "\x00\x01\x7f\ufeff\ufffd", "ǅ ﬁ ß İ ı Σς",
    ]  # fmt: skip
    return odd + [block for block in blocks if block.strip()] + [" ".join(block) for block in blocks if block.strip()]


def seconds(work: Any) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    run_main(main)
