"""The Modelfile's template through Go's own text/template, which is what Ollama runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from espalier.errors import UserError
from espalier.text.messages import Message

PROGRAM = Path(__file__).parent / "go" / "render.go"
NO_GO = "there is no Go on this machine (apt-get install golang), which Ollama's templates are written for"
_TIMEOUT_S = 300


def is_installed() -> bool:
    """Whether there is a Go compiler."""
    return shutil.which("go") is not None


def render(template: str, conversations: Sequence[Sequence[Message]]) -> list[str]:
    """What Ollama prints of each conversation. UserError where Go refuses the template."""
    said = [
        [{"role": each["role"], "content": each["content"], "thinking": each.get("reasoning", "")} for each in messages]
        for messages in conversations
    ]
    done = subprocess.run(
        ["go", "run", str(PROGRAM)],
        input=json.dumps({"template": template, "conversations": said}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"GO111MODULE": "off", "GOFLAGS": ""},
        timeout=_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise UserError(f"go run {PROGRAM.name} fails: {(done.stderr.strip().splitlines() or ['it says nothing'])[-1]}")
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise UserError(f"the Modelfile's template: {answer['error']}")
    texts: list[str] = answer["texts"]
    return texts
