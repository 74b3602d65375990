"""The same steps, written plainly on `datasets`, `datasketch` and `tokenizers`: the peer of `data_mix/build.py`.

    python research/benchmarks/mixing/peer_datasets.py --rows FOLDER --clear_of test.jsonl --tokenizer tokenizer.json
        --filters filters.yaml --out FOLDER [--workers 2]

What is done to one row in Python (reading its messages, the filters with the language, what a word is, the key of a
normalised conversation) is our own code here too, so that nobody has to ask whether the peer's regexes are as quick.
What differs is the rest: `load_dataset`, batched `map` and `filter` in two processes, `MinHash.bulk` with xxhash in
place of its slower default, `MinHashLSH` at its own bands for the threshold, `encode_batch_fast`, and `to_parquet`.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from espalier.command_line.config import Config, FilePath, load
from espalier.errors import run_main

NUM_PERM, NGRAM, THRESHOLD, CLEAR_OF_WORDS = 128, 5, 0.8, 13


class Peer(Config):
    """What to work on."""

    rows: FilePath
    """Folder of JSON lines."""
    clear_of: FilePath
    """JSON lines with `question` and `answer`, of which no 13 words in a row may stand in a row."""
    tokenizer: FilePath
    """A tokenizer.json."""
    filters: FilePath
    """YAML of the filters, as under `filters:` in a recipe."""
    out: FilePath
    """Folder to write: train.parquet and facts.json."""
    workers: int = 2
    """Processes of `map` and `filter`."""


def main(argv: list[str]) -> None:
    settings, _ = load(Peer, argv, prog="python research/benchmarks/mixing/peer_datasets.py", doc=__doc__)
    settings.out.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "HF_DATASETS_CACHE": str(settings.out / "cache"),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    import datasets
    import datasketch
    import tokenizers

    facts = run(settings)
    facts["versions"] = {library.__name__: library.__version__ for library in (datasets, datasketch, tokenizers)}
    (settings.out / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


def run(settings: Peer) -> dict[str, Any]:
    """Do the steps; returns seconds of each and what was found."""
    from datasets import Features, Value, load_dataset

    seconds: dict[str, float] = {}
    found: dict[str, int] = {}

    @contextmanager
    def clock(step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds[step] = round(time.perf_counter() - began, 2)

    workers = settings.workers
    with clock("read"):
        message = {"role": Value("string"), "content": Value("string")}
        features = Features(messages=[message], meta={"source": Value("string"), "language": Value("string")})
        files = sorted(map(str, settings.rows.glob("*.jsonl")))
        data = load_dataset("json", data_files=files, features=features, split="train", num_proc=workers)
        found["read"] = len(data)
    with clock("import and filters"):
        chosen = {"filters": str(settings.filters)}
        data = data.map(clean, batched=True, with_indices=True, num_proc=workers, fn_kwargs=chosen,
                        remove_columns=data.column_names)  # fmt: skip
        found["after filters"] = len(data)
    with clock("exact duplicates"):
        keys = data.map(key, batched=True, num_proc=workers, remove_columns=data.column_names)["key"]
        seen: set[bytes] = set()
        kept = []
        for index, value in enumerate(keys):
            if value not in seen:
                seen.add(value)
                kept.append(index)
        found["exact"] = len(data) - len(kept)
        data = data.select(kept)
        del seen, keys
    with clock("signatures"):
        signed = data.map(sign, batched=True, num_proc=workers, remove_columns=data.column_names)
    with clock("near duplicates"):
        kept = not_near(signed)
        found["near"] = len(data) - len(kept)
        data = data.select(kept)
    with clock("13-grams"):
        clear = data.filter(is_clear, batched=True, num_proc=workers, fn_kwargs={"file": str(settings.clear_of)})
        found["in an evaluation"] = len(data) - len(clear)
        data = clear
    with clock("tokens"):
        data = data.map(count, batched=True, num_proc=workers, fn_kwargs={"file": str(settings.tokenizer)})
        found["tokens"] = sum(data["num_tokens"])
    with clock("write"):
        data.to_parquet(str(settings.out / "train.parquet"))
        found["kept"] = len(data)
    return {"seconds": seconds, "found": found}


def clean(batch: dict[str, list[Any]], indices: list[int], filters: str) -> dict[str, list[Any]]:
    """Messages read and mended; rows that no filter lets pass are left out."""
    from data_mix.importers import convert
    from data_mix.reading.sources import BadRecord

    cleaned: dict[str, list[Any]] = {"index": [], "messages": [], "meta": []}
    for index, messages, meta in zip(indices, batch["messages"], batch["meta"], strict=True):
        given = {name: value for name, value in meta.items() if value is not None}
        try:
            _, conversations = convert([{"messages": messages, "meta": given}], "messages")
        except BadRecord:
            continue
        verdict = chain(filters)(conversations[0].messages, conversations[0].meta)
        if verdict.reason is None:
            cleaned["index"].append(index)
            cleaned["messages"].append(verdict.messages)
            cleaned["meta"].append(json.dumps(verdict.meta))
    return cleaned


@cache
def chain(file: str) -> Any:
    """Our filters; one chain a process."""
    from data_mix.filters.chain import Chain
    from data_mix.filters.config import FilterConfig
    from espalier.command_line.config import load_file

    return Chain(load_file(FilterConfig, Path(file)))


def key(batch: dict[str, list[Any]]) -> dict[str, list[bytes]]:
    """16 bytes that conversations share that are equal but for letter case and white space."""
    from data_mix.dedup.duplicates import content_key

    return {"key": [content_key(messages) for messages in batch["messages"]]}


def sign(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """MinHash signatures."""
    import xxhash
    from datasketch import MinHash

    shingles = [[run.encode() for run in runs(words_of(messages), NGRAM)] for messages in batch["messages"]]
    made = MinHash.bulk(shingles, num_perm=NUM_PERM, hashfunc=xxhash.xxh32_intdigest)
    return {"signature": [one.hashvalues for one in made]}


def not_near(signed: Any) -> list[int]:
    """The rows of which no near duplicate came before."""
    from datasketch import LeanMinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM)
    kept, row = [], 0
    for batch in signed.with_format("numpy").iter(batch_size=1000):
        for signature in batch["signature"]:
            hashed = LeanMinHash(seed=1, hashvalues=signature, scheme="affine32")
            if not index.query(hashed):
                index.insert(row, hashed, check_duplication=False)
                kept.append(row)
            row += 1
    return kept


def is_clear(batch: dict[str, list[Any]], file: str) -> list[bool]:
    """Whether a row shares no run of 13 words with the evaluation."""
    taken = grams(file)
    return [taken.isdisjoint(runs(words_of(messages), CLEAR_OF_WORDS)) for messages in batch["messages"]]


@cache
def grams(file: str) -> frozenset[str]:
    """Every run of 13 words of the evaluation's texts."""
    from data_mix.language.words import words

    with open(file, encoding="utf-8") as lines:
        texts = [text for line in lines for text in json.loads(line).values() if isinstance(text, str)]
    return frozenset(run for text in texts for run in runs(words(text), CLEAR_OF_WORDS))


def count(batch: dict[str, list[Any]], file: str) -> dict[str, list[int]]:
    """Tokens of the contents of every row."""
    contents = [message["content"] for messages in batch["messages"] for message in messages]
    counts = iter([len(one) for one in tokenizer(file).encode_batch_fast(contents, add_special_tokens=False)])
    return {"num_tokens": [sum(next(counts) for _ in messages) for messages in batch["messages"]]}


@cache
def tokenizer(file: str) -> Any:
    """The counting tokenizer; one a process."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(file)


def words_of(messages: list[dict[str, str]]) -> list[str]:
    """The words of all contents."""
    from data_mix.language.words import words

    return words("\n".join([message["content"] for message in messages]))


def runs(words: list[str], size: int) -> Iterator[str]:
    """Runs of `size` words; a shorter text is one run."""
    if len(words) < size:
        yield " ".join(words)
    for start in range(len(words) - size + 1):
        yield " ".join(words[start : start + size])


if __name__ == "__main__":
    run_main(main)
