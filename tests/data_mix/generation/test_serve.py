"""A real server with a real model: `transformers serve` on this machine. The model babbles, and that is rejected."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')
pytest.importorskip("fastapi", reason='needs the extra "endpoints" of the development set-up: transformers[serving]')
pytest.importorskip("uvicorn", reason='needs the extra "endpoints" of the development set-up: transformers[serving]')

from data_mix import generate
from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from tests import tiny

pytestmark = pytest.mark.slow


@contextmanager
def served(model: Path) -> Iterator[str]:
    """Run `transformers serve` for a saved model, on a port that is free; gives the endpoint's URL."""
    log = model.with_name("serve.log")
    program = "from transformers.cli.transformers import main; main()"
    words = ["serve", str(model), "--device", "cpu", "--host", "127.0.0.1", "--port", "0"]
    with open(log, "wb") as file:
        process = subprocess.Popen([sys.executable, "-c", program, *words], stdout=file, stderr=subprocess.STDOUT)
    try:
        while not (up := re.search(r"running on (http://127\.0\.0\.1:\d+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield f"{up[1]}/v1"
    finally:
        process.terminate()
        process.wait()


def grid(url: str, model: Path) -> list[str]:
    return [
        "small", "--name", "babble", "--endpoint", url, "--model", str(model), "--levels", "A1", "--max_tokens", "12",
        "--concurrency", "2", "--max_retries", "1", "--strategies", "recast", "hint",
    ]  # fmt: skip


def test_babble_is_rejected_and_nothing_is_made_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tiny.saved(tmp_path / "base" / "model", max_positions=8192)
    with served(model) as url:
        assert generate.main(grid(url, model)) == 0
        with pytest.raises(UserError, match="answers 400: Server is pinned to"):
            generate.main([*grid(url, model), "--name", "other", "--model", "gpt-x"])
    folder = artifact("corpora", "babble")
    counts = records.verify_manifest(folder)["counts"]
    assert (counts["asked_for"], counts["kept"], counts["rejected"], counts["replies"]) == (6, 0, 6, 12)
    assert set(counts["reasons"]) <= {"cut_off", "not_json", "empty_reply"} and sum(counts["reasons"].values()) == 12
    assert (folder / "dialogues.jsonl").read_bytes() == b""
    assert counts["models"] == {f"{model}@main": 12}, "the name that the server gives, not the one asked for"
    calls = list(records.read_jsonl(folder / "calls.jsonl"))
    rejected = list(records.read_jsonl(folder / "rejected.jsonl"))
    assert sorted(line["reply"] for line in rejected) == sorted(line["reply"] for line in calls), "word for word"
    assert all(0 < line["completion_tokens"] <= 12 and line["prompt_tokens"] > 500 for line in calls)
    assert "12 of 12 replies rejected" in capsys.readouterr().out


def test_a_base_without_a_chat_template_is_an_error_that_says_so(tmp_path: Path) -> None:
    model = tiny.saved(tmp_path / "base" / "model")
    (model / "chat_template.jinja").unlink()
    config = json.loads((model / "tokenizer_config.json").read_text())
    assert "chat_template" not in config
    with (
        served(model) as url,
        pytest.raises(
            UserError, match=r"answers 500, 2 times in a row: Internal Server Error.*the same command goes on"
        ),
    ):
        generate.main(grid(url, model))
    assert not records.is_complete(artifact("corpora", "babble"))
    assert (artifact("corpora", "babble") / "dialogues.jsonl").read_bytes() == b""
