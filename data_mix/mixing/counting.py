"""How many tokens texts have under a named tokenizer, quickly, and the same as the tokenizer itself would say.

Counting would otherwise take most of a mix's time: gigatoken counts many times faster than `tokenizers`. Their ids are
the same (`research/benchmarks/mixing/token_ids.py` compares them, and what was found stands in `research/records/`)
but for three scripts of Unicode 16 that the two normalise differently: texts that hold one are left to `tokenizers`,
and so is a tokenizer that gigatoken does not know, or under which one of a few texts tried at the start differs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError

_CONVERT = """
import sys
from transformers import AutoTokenizer
from transformers.utils import logging
logging.set_verbosity_error()
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
if not getattr(tokenizer, "is_fast", False):
    sys.exit("it has no fast version")
sys.stdout.write(tokenizer.backend_tokenizer.to_str())
"""

_TRIED = [
    "", " ", "Hello, world!", "  two  spaces\n\n\tand lines\r\n", "it's I'LL they’re", "1234567890 3.14 1,000",
    "ÀÉÎõü ß ǅ ﬁ", "你在干什麼啊？今天是６月１８号", "كان سامي يربح الكثير", "हिन्दी में", "สวัสดีครับ", "👩‍👩‍👧 🇩🇪 ✊🏽",
    "a\u0301e\u0308", "def f(x):\n    return x**2  # ok", "<|im_start|>user", "<s> [INST] </s>",
    "\u200b\ufeff\u00a0", "aaaaaaaaaaaaaaaaaaaaaaaa", "x" * 300, "Zürich -- “quoted” … 5€",
]  # fmt: skip
"""Texts on which tokenizers differ if they differ at all: spaces, digits, contractions, scripts, marks, specials."""

_APART = re.compile("[\U00011380-\U000113ff\U00016100-\U0001613f\U00016d40-\U00016d7f]")
"""Tulu-Tigalari, Gurung Khema and Kirat Rai."""


def find_tokenizer(name: str) -> str:
    """The `tokenizer.json`, as text, of a run, a folder, a file of that kind or a hub name.

    Raises UserError where there is none.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return _checked(path.read_text(encoding="utf-8"), str(path))
    from espalier.models import references

    try:
        folder = references.resolve(name).path if not path.is_dir() else path
    except UserError as error:
        raise UserError(
            f"tokenizer to count with: {error}. Name one that is on this machine, with --tokenizer FOLDER (a folder, a "
            "tokenizer.json, a run of yours), or count without one, with --unit bytes --tokenizer null"
        ) from None
    if (folder / "tokenizer.json").is_file():
        return _checked((folder / "tokenizer.json").read_text(encoding="utf-8"), str(folder / "tokenizer.json"))
    # Older kinds of files are converted by transformers, in a process of its own: its imports are a few hundred MB.
    words = [sys.executable, "-c", _CONVERT, str(folder)]
    quiet = os.environ | {"TRANSFORMERS_VERBOSITY": "error", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(words, capture_output=True, text=True, cwd=repo_root(), env=quiet)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it cannot be read"])[-1]
        raise UserError(f"{folder}: no tokenizer that can count ({reason})")
    return done.stdout


def tokenizer_hash(text: str) -> str:
    """SHA-256 of a `tokenizer.json`, whatever its layout."""
    return hashlib.sha256(json.dumps(json.loads(text), sort_keys=True).encode()).hexdigest()


class TokenCounter:
    """Counts tokens under the tokenizer that the text of a `tokenizer.json` describes."""

    def __init__(self, text: str) -> None:
        import gigatoken
        import tokenizers

        self._slow = tokenizers.Tokenizer.from_str(text)
        self._slow.no_truncation()
        self._slow.no_padding()
        self._quick: Any = None
        try:
            self._quick = gigatoken.Tokenizer.from_json(text)
            if self.count(_TRIED) != self._exact(_TRIED):
                self._quick = None
        except Exception:  # it raises whatever its parser did; a tokenizer it does not know is no error
            self._quick = None

    @property
    def backend(self) -> str:
        """`gigatoken` or `tokenizers`."""
        return "tokenizers" if self._quick is None else "gigatoken"

    def count(self, texts: list[str]) -> list[int]:
        """The tokens of each text, without special ones added."""
        if not texts or self._quick is None:
            return self._exact(texts)
        import awkward

        found: list[int] = awkward.num(self._quick.encode_batch(texts, parallel=False)).to_list()
        for at, text in enumerate(texts):
            if not text.isascii() and _APART.search(text):
                found[at] = self._exact([text])[0]
        return found

    def _exact(self, texts: list[str]) -> list[int]:
        return [len(one) for one in self._slow.encode_batch_fast(texts, add_special_tokens=False)]


def _checked(text: str, where: str) -> str:
    try:
        import tokenizers

        tokenizers.Tokenizer.from_str(text)
    except Exception as error:  # tokenizers raises plain Exception for whatever it cannot read
        raise UserError(f"{where}: not a tokenizer.json ({str(error)[:200]})") from None
    return text
