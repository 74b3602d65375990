"""A corpus of any size to measure mixing on, written from a folder of real dialogues, with everything planted known.

    python research/benchmarks/mixing/corpus.py --data_root FOLDER --out FOLDER [--gb 1] [--seed 0]

Writes `rows/part-NN.jsonl` (one conversation a line), `planted.jsonl` (what was planted, and where) and `corpus.json`
(how much of it). The sources hold some 20 MB of text, so rows are varied until no two are near duplicates: half of the
turns come from another conversation of the same source, 25 % of the words from the source's own vocabulary by
frequency, one in a hundred of those is newly coined (a text of this size keeps bringing new words), and numbers are
drawn anew. Conversations that share 13 words in a row with a GSM8K test question, as half of MathDial's do, are left
out. Then, in shares of all rows:

    5 %     copies of another row, a third of each: as it is, in other letter case, with other white space
    5 %     near copies: 2 to 5 % of the words in one run or two are others; their exact Jaccard index is written down
    0.1 %   hold a passage of at least 13 words from a GSM8K test question
    0.1 %   an empty reply; 0.2 % a reply that repeats itself; 0.2 % a leaked special token; 0.5 % mojibake;
            1 % an e-mail address
    20 %    say nothing of their language; the others name it in `meta.language`

The same seed gives the same bytes, whatever the number of workers. The folder has sgd/ taskmaster/ mathdial/ gpteacher/
gsm8k/ hh_rlhf/ oasst/ tatoeba/, each as its authors publish it.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import hashlib
import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from pydantic import Field

from espalier.command_line.config import Config, FilePath, load
from espalier.errors import UserError, run_main
from research.benchmarks.mixing.conversations import Messages, conversations, gsm8k_test
from research.benchmarks.mixing.near_rows import near_rows
from research.benchmarks.mixing.planted import copied, flawed, grams, nearly_copied

Planted = tuple[int, Messages, dict[str, Any]]
"""A row: its group, its messages, and what was planted there, if anything was."""

SHARES = {"sgd": 0.30, "taskmaster": 0.15, "mathdial": 0.12, "gpteacher": 0.13, "gsm8k": 0.09, "hh_rlhf": 0.12,
          "oasst": 0.03, "tatoeba": 0.06}  # fmt: skip
"""Share of the rows that each source's conversations give."""
EXACT, NEAR, CONTAMINATED = 0.05, 0.05, 0.001
FLAWS = {"empty_reply": 0.001, "repetition": 0.002, "special_token": 0.002, "mojibake": 0.005, "email": 0.01}
WITHOUT_LANGUAGE = 0.20
_OTHER_TURN, _OTHER_WORD, _COINED = 0.5, 0.25, 0.01
_SHARD_BYTES = 8 * 2**20
_MAX_BATCH = 1024
_DRAWS = 2**16
_PIECE = re.compile(r"[\u3400-\u9fff]|\d+|[^\W\d\u3400-\u9fff]+|[\W]+")


class Corpus(Config):
    """What to write."""

    data_root: FilePath
    """Folder of the sources."""
    out: FilePath
    """Folder to write; one that holds a corpus of the same settings is left as it is."""
    gb: float = Field(1.0, gt=0)
    """Size of the JSON lines, in 10^9 bytes."""
    mb: float | None = Field(None, gt=0)
    """Size in 10^6 bytes, instead."""
    seed: int = Field(0, ge=0)
    """Decides every row."""
    files: int = Field(4, ge=1, le=64)
    """Files that the rows are spread over."""
    workers: int = Field(2, ge=1)
    """Processes that write."""
    check_rows: int = Field(0, ge=0)
    """Look for near duplicates that were not planted among so many rows, exactly; 0 does not."""

    @property
    def num_bytes(self) -> int:
        """The size that is wanted."""
        return int(self.mb * 1e6 if self.mb else self.gb * 1e9)


def main(argv: list[str]) -> None:
    settings, _ = load(Corpus, argv, prog="python research/benchmarks/mixing/corpus.py", doc=__doc__)
    facts = build(settings)
    print(json.dumps(facts, indent=2))
    if settings.check_rows:
        print(json.dumps(near_rows(settings.out, settings.check_rows), indent=2))


def build(settings: Corpus) -> dict[str, Any]:
    """Write the corpus, unless it is there; returns what `corpus.json` says."""
    wanted = settings.model_dump(mode="json", include={"seed", "files"}) | {"bytes_wanted": settings.num_bytes}
    record = settings.out / "corpus.json"
    if record.exists():
        facts = dict(json.loads(record.read_text()))
        if facts["settings"] == wanted:
            return facts
        raise UserError(f"{settings.out}: holds a corpus of other settings; remove it or name another folder")
    if settings.out.exists() and any(settings.out.iterdir()):
        raise UserError(f"{settings.out}: holds something else than a corpus; name another folder")
    from multiprocessing import get_context

    began = time.perf_counter()
    written = settings.out.with_name(f".{settings.out.name}.tmp")
    shutil.rmtree(written, ignore_errors=True)
    (written / "rows").mkdir(parents=True)
    writer = Writer(settings, written)
    with get_context("fork").Pool(settings.workers, initializer=_share, initargs=(writer,)) as pool:
        parts = pool.map(_write_part, range(settings.files), chunksize=1)
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part["counts"])
    write_planted(written / "planted.jsonl", parts)
    seconds = time.perf_counter() - began
    facts = {
        "settings": wanted,
        "files": {part["name"]: {key: part[key] for key in ("sha256", "bytes", "rows")} for part in parts},
        "bytes": sum(part["bytes"] for part in parts),
        "rows": sum(part["rows"] for part in parts),
        "text_bytes": counts.pop("text_bytes"),
        "counts": dict(sorted(counts.items())),
        "seconds": round(seconds, 1),
        "mb_per_s": round(sum(part["bytes"] for part in parts) / 1e6 / seconds, 1),
    }
    (written / "corpus.json").write_text(json.dumps(facts, indent=2) + "\n")
    if settings.out.exists():
        settings.out.rmdir()
    written.rename(settings.out)
    return facts


def write_planted(path: Path, parts: list[dict[str, Any]]) -> None:
    """One line for each planted row. What it copies is known by shard and place until all shards are written."""
    with open(path, "w", encoding="utf-8") as file:
        for part in parts:
            for entry in part["planted"]:
                if "of" in entry:
                    of_part, of_shard, place = entry["of"]
                    of = parts[of_part]
                    entry = entry | {"of": [of["name"], of["first_lines"][of_shard] + place]}
                file.write(json.dumps({"file": part["name"], **entry}) + "\n")


_FIXED, _LOWER, _CAPITAL, _NUMBERS = 0, 1, 2, 3  # _NUMBERS + digits - 1, for one to four digits
_KINDS = _NUMBERS + 4


class Writer:
    """Holds the sources as arrays of piece numbers, and writes parts of the corpus from them."""

    def __init__(self, settings: Corpus, folder: Path) -> None:
        import numpy as np

        self.settings, self.folder = settings, folder
        self.shards = max(1, round(settings.num_bytes / settings.files / _SHARD_BYTES))
        # The rows of a shard that are copied are its first batch, so a small one needs small batches.
        self.batch_rows = min(_MAX_BATCH, max(32, settings.num_bytes // settings.files // self.shards // 8192))
        pieces: dict[str, int] = {}
        kinds: list[int] = []
        groups: dict[str, int] = {}
        counts: list[Counter[int]] = []
        self.languages: list[str] = []
        """Language of each group: a group is a source, or a language of Tatoeba."""
        self.rows: list[list[list[tuple[str, Any]]]] = []
        """Group -> conversation -> turn: its role and its piece numbers."""
        tests = gsm8k_test(settings.data_root)
        taken = {gram for test in tests for gram in grams([{"content": test}], 13)}
        for name, language, messages in conversations(settings.data_root):
            if not taken.isdisjoint(grams(messages, 13)):
                continue  # half of MathDial's problems are of GSM8K's test: here only what is planted is contaminated
            if name not in groups:
                groups[name] = len(groups)
                counts.append(Counter())
                self.languages.append(language)
                self.rows.append([])
            turns = []
            for message in messages:
                numbers = []
                for piece in _PIECE.findall(message["content"]):
                    if piece not in pieces:
                        pieces[piece] = len(pieces)
                        kinds.append(_kind(piece))
                    numbers.append(pieces[piece])
                counts[groups[name]].update(numbers)
                turns.append((message["role"], np.array(numbers, dtype=np.int32)))
            self.rows[groups[name]].append(turns)
        for digits in range(1, 5):
            for value in range(10 ** (digits - 1) if digits > 1 else 0, 10**digits):
                if str(value) not in pieces:
                    pieces[str(value)] = len(pieces)
                    kinds.append(_NUMBERS + digits - 1)
        self.pieces = list(pieces)
        self.kinds = np.array(kinds, dtype=np.int32)
        self.turns = [{role: [turn for row in rows for of, turn in row if of == role] for role in ("user", "assistant")}
                      for rows in self.rows]  # fmt: skip
        self.draws = self._draws(counts)
        names = list(groups)
        share = [
            SHARES[name.split()[0]] / sum(name.split()[0] == other.split()[0] for other in names) for name in names
        ]
        self.cumulative = np.cumsum(np.array(share) / sum(share))
        self.names = [name.split()[0] for name in names]
        self.questions = [question.split() for question in tests if len(question.split()) >= 30]

    def _draws(self, counts: list[Counter[int]]) -> Any:
        """(groups * kinds, _DRAWS): pieces of a kind, as often as the group's texts have them."""
        import numpy as np

        random = np.random.default_rng([self.settings.seed, 1])
        draws = np.zeros((len(counts) * _KINDS, _DRAWS), dtype=np.int32)
        for group, counted in enumerate(counts):
            numbers = np.array(list(counted))
            weights = np.array(list(counted.values()), dtype=float)
            for kind in range(1, _KINDS):
                chosen = self.kinds[numbers] == kind
                some, weight = numbers[chosen], weights[chosen]
                if kind >= _NUMBERS:
                    some = np.flatnonzero(self.kinds == kind)
                    weight = np.ones(len(some))
                if len(some):
                    draws[group * _KINDS + kind] = random.choice(some, _DRAWS, p=weight / weight.sum())
        return draws

    def shard(self, part: int, number: int) -> "Shard":
        """A shard, with nothing written yet."""
        return Shard(self, part, number)


class Shard:
    """Some 8 MB of rows that depend on nothing but the seed and their place."""

    def __init__(self, writer: Writer, part: int, number: int) -> None:
        import numpy as np

        self.writer = writer
        self.random = np.random.default_rng([writer.settings.seed, 2, part, number])
        words = [piece for piece, kind in zip(writer.pieces, writer.kinds.tolist(), strict=True)
                 if kind == _LOWER and 4 <= len(piece) <= 9 and piece.isascii()]  # fmt: skip
        halves = self.random.integers(0, len(words), size=(3000, 2)).tolist()
        coined = [words[a][: len(words[a]) // 2 + 1] + words[b][len(words[b]) // 2 :] for a, b in halves]
        self.pieces = np.array([*writer.pieces, *coined], dtype=object)
        self.draws = writer.draws.copy()
        first, count = len(writer.pieces), int(_DRAWS * _COINED)
        for group, language in enumerate(writer.languages):
            if language == "en":
                numbers = self.random.integers(first, first + len(coined), size=count)
                self.draws[group * _KINDS + _LOWER, :count] = numbers

    def batch(self) -> list[tuple[int, Messages]]:
        """Varied rows, the next `batch_rows` of the shard: their group and their messages."""
        import numpy as np

        writer, random, count = self.writer, self.random, self.writer.batch_rows
        groups = np.searchsorted(writer.cumulative, random.random(count), side="right").clip(max=len(writer.rows) - 1)
        places = random.random(count).tolist()
        plan: list[tuple[int, list[str], list[Any]]] = []
        other = iter(random.random(count * 64).tolist())
        for group, place in zip(groups.tolist(), places, strict=True):
            rows, turns = writer.rows[group], writer.turns[group]
            roles, arrays = [], []
            for role, array in rows[int(place * len(rows))]:
                draw = next(other, 1.0)
                if draw < _OTHER_TURN:
                    choices = turns[role]
                    array = choices[int(draw / _OTHER_TURN * len(choices))]
                roles.append(role)
                arrays.append(array)
            plan.append((group, roles, arrays))
        numbers = np.concatenate([array for _, _, arrays in plan for array in arrays])
        sizes = [sum(map(len, arrays)) for _, _, arrays in plan]
        kinds = writer.kinds[numbers]
        swapped = (kinds >= _NUMBERS) | ((kinds > 0) & (random.random(len(numbers)) < _OTHER_WORD))
        at = np.flatnonzero(swapped)
        drawn = random.integers(0, _DRAWS, size=len(at))
        numbers[at] = self.draws[(np.repeat(groups, sizes) * _KINDS + kinds)[at], drawn]
        texts = self.pieces[numbers].tolist()
        found, start = [], 0
        for group, roles, arrays in plan:
            messages = []
            for role, array in zip(roles, arrays, strict=True):
                messages.append({"role": role, "content": "".join(texts[start : start + len(array)])})
                start += len(array)
            found.append((group, messages))
        return found

    def draw(self, group: int, count: int) -> list[str]:
        """So many words of a group, by frequency."""
        drawn = self.draws[group * _KINDS + _LOWER, self.random.integers(0, _DRAWS, size=count)]
        return list(self.pieces[drawn])


_writer: Writer | None = None


def _share(writer: Writer) -> None:
    global _writer
    _writer = writer


def _kind(piece: str) -> int:
    if piece.isdecimal() and piece.isascii():
        return _NUMBERS + min(len(piece), 4) - 1
    if not piece.isalpha():
        return _FIXED
    return _CAPITAL if piece[0].isupper() else _LOWER


def _write_part(part: int) -> dict[str, Any]:
    """Write one file, shard by shard."""
    import numpy as np
    import orjson

    assert _writer is not None
    writer = _writer
    name = f"part-{part:02d}.jsonl"
    random = np.random.default_rng([writer.settings.seed, 3, part])
    digest, counts = hashlib.sha256(), Counter[str]()
    planted: list[dict[str, Any]] = []
    first_lines, line, size = [], 1, 0
    with open(writer.folder / "rows" / name, "wb") as file:
        for number in range(writer.shards):
            first_lines.append(line)
            target = round(writer.settings.num_bytes / writer.settings.files * (number + 1) / writer.shards)
            for rows in _shard_rows(writer, part, number, random):
                lines = []
                for group, messages, entry in rows:
                    meta = {"source": writer.names[group]}
                    if random.random() >= WITHOUT_LANGUAGE:
                        meta["language"] = writer.languages[group]
                    else:
                        counts["without_language"] += 1
                    lines.append(orjson.dumps({"messages": messages, "meta": meta}))
                    text_bytes = sum(len(message["content"].encode()) for message in messages)
                    counts["text_bytes"] += text_bytes
                    if entry:
                        counts[entry["kind"]] += 1
                        counts["near_at_least_0.8"] += entry["kind"] == "near" and entry["jaccard"] >= 0.8
                        planted.append({"line": line} | entry)
                    line += 1
                block = b"\n".join(lines) + b"\n"
                file.write(block)
                digest.update(block)
                size += len(block)
                if size >= target:
                    break
    return {"name": name, "sha256": digest.hexdigest(), "bytes": size, "rows": line - 1, "counts": dict(counts),
            "planted": planted, "first_lines": first_lines}  # fmt: skip


def _shard_rows(writer: Writer, part: int, number: int, random: Any) -> Iterator[list[Planted]]:
    """Batches of (group, messages, what was planted). The first is clean and in order: copies are made of its rows."""
    shard = writer.shard(part, number)
    first = shard.batch()
    yield [(group, messages, {}) for group, messages in first]
    donors = [((part, number, place), row) for place, row in enumerate(first)]
    elsewhere = int(random.integers(writer.settings.files)), int(random.integers(number + 1))
    if elsewhere != (part, number):
        donors += [((*elsewhere, place), row) for place, row in enumerate(writer.shard(*elsewhere).batch())]
    order = iter(random.permutation(len(donors)).tolist())
    shares = {"exact": EXACT, "near": NEAR, "contaminated": CONTAMINATED, **FLAWS}
    total, done = len(first), Counter[str]()
    while True:
        rows: list[Planted] = [(group, messages, {}) for group, messages in shard.batch()]
        total += len(rows)
        for kind in ("exact", "near"):
            missing = round(total / (1 - EXACT - NEAR) * shares[kind]) - done[kind]
            for _ in range(missing):
                place, (group, original) = donors[next(order, int(random.integers(len(donors))))]
                if kind == "exact":
                    made: tuple[Messages, dict[str, Any]] | None = copied(original, random)
                else:
                    made = nearly_copied(original, partial(shard.draw, group), random)
                if made is not None:
                    rows.append((group, made[0], {"kind": kind, "of": place} | made[1]))
                    done[kind] += 1
        for kind in ("contaminated", *FLAWS):
            for _ in range(int(total / (1 - EXACT - NEAR) * shares[kind] + random.random()) - done[kind]):
                chosen = int(random.integers(writer.batch_rows))
                group, messages, entry = rows[chosen]
                if not entry:
                    rows[chosen] = (group, flawed(kind, messages, writer.questions, random), {"kind": kind})
                    done[kind] += 1
        yield [rows[place] for place in random.permutation(len(rows)).tolist()]


if __name__ == "__main__":
    run_main(main)
