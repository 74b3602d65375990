"""How near a mix comes to the shares its recipe asks for, beside `datasets.interleave_datasets` on the same rows.

    python research/benchmarks/shares.py --data_root DIR --tokenizer FOLDER [--recipe stage1-small]

Builds the recipe in a temporary workspace, and counts the tokens of the rows it wrote anew, with `tokenizers`. Then
all rows that the filters leave of each source are interleaved by `interleave_datasets`, with the shares as
probabilities, as is usual, until there are as many rows, and counted in the same way. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import json
import os
import subprocess
import tempfile
from collections import Counter
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.command_line.config import Config, FilePath, load
from espalier.errors import UserError, run_main


class Benchmark(Config):
    """What to measure."""

    data_root: FilePath
    """Folder of the recipe's sources."""
    tokenizer: FilePath
    """The counting tokenizer: a folder or a tokenizer.json."""
    recipe: str = "stage1-small"
    """A recipe with shares in tokens."""
    seed: int = 0
    """Of the mix and of the interleaving."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/shares.py", doc=__doc__)
    with tempfile.TemporaryDirectory() as home:
        mix = built(settings, Path(home), "shares")
        whole = built(settings, Path(home), "whole", without_shares=True)
        asked = {
            name: source["asked_percent"]
            for name, source in json.loads((mix / "audit.json").read_text())["shares"]["sources"].items()
        }
        count = counter(settings)
        ours, largest = sizes(rows(mix), count)
        num_rows = sum(1 for _ in rows(mix))
        theirs, _ = sizes(interleaved(whole, asked, num_rows, settings.seed), count)
    report(asked, ours, theirs, largest, num_rows)


def built(settings: Benchmark, home: Path, name: str, *, without_shares: bool = False) -> Path:
    """The folder of a mix of the recipe, or of all rows that its filters leave."""
    from espalier.command_line import yaml_text
    from espalier.command_line.config import read_yaml

    recipe = read_yaml(repo_root() / "data_mix" / "recipes" / f"{settings.recipe}.yaml")
    recipe |= {"name": name, "seed": settings.seed}
    if without_shares:
        recipe |= {"total": None, "valid_fraction": 0.0}
        for source in recipe["sources"]:
            del source["share"]
    file = home / f"{name}.yaml"
    file.write_text(yaml_text.dump(recipe))
    flags = ["--data_root", str(settings.data_root), "--tokenizer", str(settings.tokenizer)]
    words = [sys.executable, "data_mix/build.py", str(file), *flags]
    done = subprocess.run(
        words, cwd=repo_root(), env=os.environ | {"ESPALIER_HOME": str(home)}, capture_output=True, text=True
    )
    if done.returncode:
        raise UserError(f"{' '.join(words)}: {done.stderr.strip()}")
    return home / "mixes" / name


def rows(mix: Path) -> Any:
    """The training rows of a mix, as (source, contents)."""
    from espalier.text.rows import read_rows

    for row in read_rows(mix / "train.parquet"):
        yield row.source, [message["content"] for message in row.messages]


def interleaved(mix: Path, asked: dict[str, float], num_rows: int, seed: int) -> Any:
    """(source, contents) of as many rows, drawn at random by the shares from the sources in turn."""
    from datasets import Dataset, interleave_datasets

    by_source: dict[str, list[list[str]]] = {}
    for source, contents in rows(mix):
        by_source.setdefault(source, []).append(contents)
    sets = [Dataset.from_dict({"source": [name] * len(by_source[name]), "contents": by_source[name]}) for name in asked]
    # Sources that run out begin again, as ours do here.
    mixed = interleave_datasets(
        [one.to_iterable_dataset().repeat(None) for one in sets],
        probabilities=[share / 100 for share in asked.values()],
        seed=seed,
        stopping_strategy="all_exhausted",
    )
    for row in mixed.take(num_rows):
        yield row["source"], row["contents"]


def counter(settings: Benchmark) -> Any:
    """A function from texts to their tokens, by `tokenizers`."""
    from tokenizers import Tokenizer

    from data_mix.mixing.counting import find_tokenizer

    tokenizer = Tokenizer.from_str(find_tokenizer(str(settings.tokenizer)))
    return lambda texts: sum(len(one.ids) for one in tokenizer.encode_batch(texts, add_special_tokens=False))


def sizes(found: Any, count: Any) -> tuple[Counter[str], dict[str, int]]:
    """Tokens by source, and the largest row of each."""
    tokens: Counter[str] = Counter()
    largest: dict[str, int] = {}
    for source, contents in found:
        size = count(contents)
        tokens[source] += size
        largest[source] = max(largest.get(source, 0), size)
    return tokens, largest


def report(
    asked: dict[str, float], ours: Counter[str], theirs: Counter[str], largest: dict[str, int], num_rows: int
) -> None:
    """The table, and the worst of each."""
    print(f"{num_rows:,} rows, {ours.total():,} tokens; interleave_datasets: {theirs.total():,} tokens.\n")
    print("| source | asked | ours | off by, tokens | largest row | interleave_datasets |")
    print("|---|---:|---:|---:|---:|---:|")
    worst = [0.0, 0.0]
    for name, share in asked.items():
        mine, other = 100 * ours[name] / ours.total(), 100 * theirs[name] / theirs.total()
        worst = [max(worst[0], abs(mine - share)), max(worst[1], abs(other - share))]
        off = ours[name] - ours.total() * share / 100
        print(f"| {name} | {share:g} % | {mine:.3f} % | {off:+.0f} | {largest[name]} | {other:.2f} % |")
    print(f"| largest miss, points | | {worst[0]:.4f} | | | {worst[1]:.2f} |")


if __name__ == "__main__":
    run_main(main)
