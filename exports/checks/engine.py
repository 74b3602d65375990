"""An engine that is not ours: llama.cpp, as the package xllamacpp ships it, asked by token ids.

It runs in a process of its own (`exports/llama_process.py`), so that a file it cannot bear ends it and not the export.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError

SLOTS = 8
"""Conversations that are answered at once."""
_PROCESS = "import sys; sys.path.insert(0, sys.argv[1]); from exports.llama_process import serve; serve(*sys.argv[2:])"
_AT_ONCE = 256
"""Prompts in one request."""
_TIMEOUT_S = 1800
_FORCED = 1e4
"""What is added to the logit of a token that is to be the likeliest."""
_GREEDY = {"temperature": 0.0, "samplers": ["temperature"], "return_tokens": True, "cache_prompt": True}


def is_installed() -> bool:
    """Whether there is an engine."""
    from importlib.util import find_spec

    return find_spec("xllamacpp") is not None


def version() -> str:
    """The engine by name and version."""
    from importlib.metadata import version as of

    return f"llama.cpp (xllamacpp {of('xllamacpp')})"


class Written(NamedTuple):
    """What an engine wrote behind a prompt."""

    ids: list[int]
    """Tokens, the one that ended it not counted."""
    ended: bool
    """Whether it ended by itself."""
    logprobs: list[float]
    """The log-probability of each token; empty where a letter is cut by tokens, for then not each one's is told."""


class Engine:
    """llama.cpp with one GGUF file open; a context manager. UserError where it does not open the file.

    `context` is the longest prompt with its reply, in tokens.
    """

    def __init__(self, file: Path, context: int, slots: int = SLOTS) -> None:
        self.file = file
        words = [sys.executable, "-c", _PROCESS, str(repo_root()), str(file), str(context), str(slots)]
        # Not a pipe, which would hold it up where nobody reads; open as long as it runs.
        self._told = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._told, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        """Where it listens."""
        if not self.url:
            self._process.wait()
            raise UserError(f"{file.name}: {version()} does not open it ({self._last_words()})")
        self._connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End its process."""
        self._connection.close()
        self._process.kill()
        self._process.communicate()
        self._told.close()

    def greedy(self, prompts: Sequence[list[int]], most: int, *, forced: int | None = None) -> list[Written]:
        """What it writes greedily behind each prompt; `forced` is a token that is to be the likeliest everywhere."""
        body: dict[str, Any] = {"n_predict": most, "n_probs": 1, **_GREEDY}
        if forced is not None:
            body["logit_bias"] = [[forced, _FORCED]]
        found = []
        for answer in self._completions(prompts, body):
            ended = answer["stop_type"] == "eos"
            ids = answer["tokens"][:-1] if ended else answer["tokens"]
            told = [(each["id"], each["logprob"]) for each in answer.get("completion_probabilities", [])]
            told = told if [token for token, _ in told[: len(ids)]] == ids else []
            found.append(Written(ids, ended, [logprob for _, logprob in told]))
        return found

    def next_tokens(self, prompts: Sequence[list[int]]) -> list[int]:
        """The likeliest token behind each prompt."""
        return [answer["tokens"][0] for answer in self._completions(prompts, {"n_predict": 1, **_GREEDY})]

    def tokenize(self, text: str) -> list[int]:
        """A whole prompt's ids, with what the file has put before it, and marks in it read as tokens."""
        body = {"content": text, "add_special": True, "parse_special": True}
        ids: list[int] = self.post("/tokenize", body)["tokens"]
        return ids

    def render(self, messages: Sequence[dict[str, Any]]) -> str:
        """A conversation as the template in the file prints it, by the engine's own jinja."""
        text: str = self.post("/apply-template", {"messages": list(messages)})["prompt"]
        return text

    def post(self, path: str, body: Any) -> Any:
        """What it answers to a request. UserError where it refuses, or is no longer there."""
        try:
            status, said = self._sent(path, json.dumps(body))
        except (OSError, http.client.HTTPException, ValueError) as error:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            code = self._process.poll()
            how = f"({error})" if code is None else f"ended with code {code} ({self._last_words()})"
            raise UserError(f"{self.file.name}: {version()} was asked, and {how}") from None
        if status != 200:
            why = said.get("error", said)
            raise UserError(f"{self.file.name}: {version()} refuses {path} ({why.get('message', why)})")
        return said

    def _sent(self, path: str, body: str) -> tuple[int, Any]:
        """Status and answer. What is idle for a while is closed there: then once more, on a new connection."""
        for again in (False, True):
            try:
                self._connection.request("POST", path, body, {"content-type": "application/json"})
                answer = self._connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                self._connection.close()
                if again:
                    raise
        raise AssertionError

    def _last_words(self) -> str:
        self._told.seek(0)
        return next((line.strip() for line in reversed(self._told.readlines()) if line.strip()), "it says nothing")

    def _completions(self, prompts: Sequence[list[int]], body: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(prompts), _AT_ONCE):
            some = self.post("/completion", {"prompt": list(prompts[start : start + _AT_ONCE]), **body})
            found += sorted(some, key=lambda each: each["index"]) if isinstance(some, list) else [some]
        return found
