"""Datasets of the hub are streamed from a server that answers as the hub does, on this machine."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.espalier.endpoints.chat_server import QuietServer

ROOT = Path(__file__).parents[3]
SHA = "1f" * 20
OLD = "2e" * 20
TOKEN = "hf_thisIsNoRealTokenOnlyATest"
"""What may read `her/gated`."""
WRONG = "hf_thisTokenIsNotAccepted"
ASKED = re.compile(
    r"(?:/api)?/datasets/([^/]+(?:/[^/]+)?)(?:/(resolve|revision|tree|auth-check)(?:/([^/]+)(?:/(.*))?)?)?"
)
ASK = """
import json, sys
from data_mix.reading.hub import HubSource
from data_mix.reading.sources import BadRecord
from espalier.errors import UserError

def answer(case):
    shard, of = case.pop("shard", 0), case.pop("of", 1)
    try:
        source = HubSource(**case).resolve()
        rows = [
            [record.line, record.value.reason if isinstance(record.value, BadRecord) else record.value]
            for record in source.records(shard, of)
        ]
        return {"name": source.name, "revision": source.revision, "shards": source.num_shards(), "rows": rows}
    except UserError as error:
        return {"error": str(error)}

print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
"""


def json_lines(*numbers: int) -> bytes:
    return "".join(json.dumps({"id": number, "text": f"Text {number}."}) + "\n" for number in numbers).encode()


def parquet() -> bytes:
    """Values that are no JSON, as `datasets` gives them."""
    import pyarrow
    import pyarrow.parquet

    file = io.BytesIO()
    columns = {
        "when": [datetime(2020, 1, 2, 3, 4, 5), None, None, None],
        "raw": [b"text", b"\xff\xd8", None, None],
        "score": [1.5, 2.5, float("nan"), float("inf")],
        "tags": [["a"], [], None, ["b"]],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


def spoken() -> bytes:
    """A recording and its transcript, in the form in which `datasets` writes them."""
    import pyarrow
    import pyarrow.parquet

    features = {
        "audio": {"sampling_rate": 16000, "_type": "Audio"},
        "transcription": {"dtype": "string", "_type": "Value"},
    }
    columns = {
        "audio": [{"bytes": b"RIFF\xff\xd8", "path": "a.wav"}, {"bytes": b"\xff", "path": None}],
        "transcription": ["Habari?", "Nzuri."],
    }
    table = pyarrow.table(columns).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


CARD = b"""---
configs:
- config_name: one
  data_files: [{split: train, path: one/train-*.jsonl}, {split: test, path: one/test.jsonl}]
- config_name: two
  data_files: [{split: train, path: two.jsonl.gz}]
---
"""
REPOSITORIES: dict[str, dict[str, bytes]] = {
    "her/talks": {
        "README.md": CARD,
        "one/train-0.jsonl": json_lines(1, 2, 3),
        "one/train-1.jsonl": json_lines(4),
        "one/train-2.jsonl": json_lines(5, 6),
        "one/test.jsonl": json_lines(7),
        "two.jsonl.gz": gzip.compress(json_lines(8, 9), mtime=0),
    },
    "her/table": {"train.parquet": parquet()},
    "her/spoken": {"train.parquet": spoken()},
    "her/scripted": {"scripted.py": b"print('never run')", "data.bin": b""},
    "her/broken": {"train.jsonl": json_lines(1, 2) + b'{"id": \n'},
    "her/gated": {"train.jsonl": json_lines(1)},
    "her/empty": {"LICENSE": b""},
}


class Hub(BaseHTTPRequestHandler):
    """The parts of the hub that `huggingface_hub` and `datasets` ask."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        found = ASKED.fullmatch(path)
        if not found:
            return self.refuse(404, None)
        name, what, revision, rest = found.groups()
        name = {"talks": "her/talks"}.get(name, name)  # an old name, of before there were owners
        if name == "her/busy":
            return self.refuse(503, None)
        if self.headers.get("Authorization") == f"Bearer {WRONG}":
            return self.refuse(401, None, "Invalid credentials in Authorization header")
        if name not in REPOSITORIES:
            return self.refuse(401, "RepoNotFound")
        if revision not in (None, "main", "old", SHA, OLD):
            return self.refuse(404, "RevisionNotFound")
        files = REPOSITORIES[name]
        allowed = name != "her/gated" or self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if what in (None, "revision"):
            sha = OLD if revision in ("old", OLD) else SHA
            gated = "auto" if name == "her/gated" else False
            facts = {"_id": "0", "id": name, "sha": sha, "private": False, "gated": gated}
            return self.give(json.dumps(facts | {"siblings": [{"rfilename": file} for file in files]}).encode())
        if not allowed:
            return self.refuse(403, "GatedRepo")
        if what == "auth-check":
            return self.give(b"{}")
        if what == "tree":
            return self.tree(files, rest or "")
        if rest not in files:
            return self.refuse(404, "EntryNotFound")
        return self.give(files[rest])

    def tree(self, files: dict[str, bytes], folder: str) -> None:
        prefix = f"{folder}/" if folder else ""
        inside = {file: content for file, content in files.items() if file.startswith(prefix)}
        if "recursive=true" not in self.path.lower():
            inside = {file: content for file, content in inside.items() if "/" not in file[len(prefix) :]}
        folders = {file.rsplit("/", 1)[0] for file in files if file.startswith(prefix) and "/" in file[len(prefix) :]}
        found = [self.entry(file, content) for file, content in inside.items()]
        found += [{"type": "directory", "oid": "0", "size": 0, "path": folder} for folder in sorted(folders)]
        self.give(json.dumps(found).encode())

    def entry(self, path: str, content: bytes) -> dict[str, Any]:
        return {"type": "file", "oid": hashlib.sha1(content).hexdigest(), "size": len(content), "path": path}

    def give(self, content: bytes) -> None:
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        size = len(content)
        if part:
            content = content[int(part[1]) : int(part[2]) + 1 if part[2] else None]
        self.send_response(206 if part else 200)
        if part:
            self.send_header("Content-Range", f"bytes {part[1]}-{int(part[1]) + len(content) - 1}/{size}")
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", OLD if OLD in self.path else SHA)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def refuse(self, status: int, code: str | None, message: str = "so says the hub") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = QuietServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask(home: Path, endpoint: str, cases: list[dict[str, Any]], **environment: str) -> list[dict[str, Any]]:
    """What each case gives in a process of its own, for the endpoint is read when the libraries are imported."""
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_UPDATE_DOWNLOAD_COUNTS": "0", "HOME": str(home)}
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    run = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(cases), cwd=ROOT, env=clean | settings | environment,
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert TOKEN not in run.stdout + run.stderr and WRONG not in run.stdout + run.stderr
    return list(json.loads(run.stdout.splitlines()[-1]))


def numbers(answer: dict[str, Any]) -> list[int]:
    assert "rows" in answer, answer
    return [value["id"] for _, value in answer["rows"]]


def test_a_dataset_is_streamed_by_shards_from_a_commit(tmp_path: Path, endpoint: str) -> None:
    talks = {"name": "talks", "config": "one"}
    parts = [talks | {"shard": shard, "of": 3} for shard in range(3)]
    others = [{"name": "her/talks", "config": "two", "revision": "old"}, {"name": "her/table"}, {"name": "her/spoken"}]
    whole, *answers = ask(tmp_path, endpoint, [talks, *parts, *others])
    assert (whole["name"], whole["revision"], whole["shards"]) == ("her/talks", SHA, 3)
    assert whole["rows"][0] == [1, {"id": 1, "text": "Text 1."}] and numbers(whole) == [1, 2, 3, 4, 5, 6]
    assert [numbers(part) for part in answers[:3]] == [[1, 2, 3], [4], [5, 6]]
    assert [line for line, _ in answers[2]["rows"]] == [1, 2]
    assert answers[3]["revision"] == OLD and numbers(answers[3]) == [8, 9]
    assert answers[4]["rows"] == [
        [1, {"when": "2020-01-02T03:04:05", "raw": "text", "score": 1.5, "tags": ["a"]}],
        [2, "not_text"],
        [3, {"when": None, "raw": None, "score": None, "tags": None}],
        [4, "not_json"],
    ]
    assert answers[5]["rows"] == [
        [1, {"audio": {"path": "a.wav"}, "transcription": "Habari?"}],
        [2, {"audio": {"path": "recording"}, "transcription": "Nzuri."}],
    ]


WRONGS = [
    ({"name": "her/nothing"}, r"hub dataset her/nothing: there is no such dataset"),
    ({"name": "../her"}, r"hub dataset ../her: there is no such dataset"),
    ({"name": "her/talks", "revision": "next"}, r"no such revision"),
    ({"name": "her/talks"}, r"several configurations; set `hub_config` to one of one, two"),
    ({"name": "her/talks", "config": "six"}, r"no configuration 'six'; set `hub_config` to one of one, two"),
    ({"name": "her/talks", "config": "one", "split": "dev"}, r"no split 'dev'; set `hub_split` to one of train, test"),
    (
        {"name": "her/gated"},
        r"^hub dataset her/gated: it is gated; open https://hugg.*/datasets/her/gated, accept .* `hf auth login`",
    ),
    ({"name": "her/scripted"}, r"a loading script, which is code and is not run; .* refs/convert/parquet"),
    ({"name": "her/broken"}, r"her/broken@1f1f1f1f1f1f after record 0 of shard 0: it cannot be read \(.*JSON"),
    ({"name": "her/empty"}, r"it cannot be read \(.*No \(supported\) data files"),
]


def test_what_goes_wrong_is_said_in_a_line(tmp_path: Path, endpoint: str) -> None:
    answers = ask(tmp_path, endpoint, [case for case, _ in WRONGS])
    for answer, (case, message) in zip(answers, WRONGS, strict=True):
        assert re.search(message, answer.get("error", "")), (case, answer)
        assert "\n" not in answer["error"]


def test_a_token_opens_a_gated_dataset_and_a_wrong_one_is_told(tmp_path: Path, endpoint: str) -> None:
    (answer,) = ask(tmp_path, endpoint, [{"name": "her/gated"}], HF_TOKEN=TOKEN)
    assert numbers(answer) == [1]
    (answer,) = ask(tmp_path, endpoint, [{"name": "her/talks"}], HF_TOKEN=WRONG)
    assert "does not accept your token" in answer["error"]


def test_without_a_network(tmp_path: Path, endpoint: str) -> None:
    (answer,) = ask(tmp_path, "http://127.0.0.1:9", [{"name": "her/talks"}])
    assert "cannot be reached" in answer["error"] and "name the folder by `path`" in answer["error"]
    (answer,) = ask(tmp_path, endpoint, [{"name": "her/talks"}], HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in answer["error"]
    (answer,) = ask(tmp_path, endpoint, [{"name": "her/busy"}])
    assert "the hub answers 503" in answer["error"]


def test_secrets_are_taken_out_of_errors() -> None:
    from data_mix.reading.hub import _one_line

    error = ValueError(f"no https://cdn.example/x.parquet?X-Signature=abc&Key=d for\n {TOKEN}")
    assert _one_line(error) == "no https://cdn.example/x.parquet for hf_…"


def test_a_source_is_read_from_a_commit_only() -> None:
    from data_mix.reading.hub import HubSource

    with pytest.raises(ValueError, match="resolve"):
        HubSource(name="her/talks", revision="main").num_shards()
