"""A model behind an OpenAI-compatible endpoint, asked for one patch and why it should help.

Asked through the evaluator's client, with its retries, budget, keys and cache: a loop that was killed before it had
written an experiment down asks the same again, and gets the same answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.errors import UserError
from evaluation.backends.base import Ask
from evaluation.backends.speaker import open_speaker
from evaluation.cache import Cache
from evaluation.cases.case import Case, Messages, Reply
from evaluation.cases.suite import Generation
from evaluation.config import EndpointOptions
from evaluation.play import answers
from research.autoresearch.proposing.base import History, NothingProposed, Proposal, one_line
from research.autoresearch.proposing.patches import PatchError, apply_edits, read_suggestion
from research.autoresearch.proposing.words import told_history
from research.autoresearch.tasks import HOME, Task

_HISTORY = 12_000
"""Characters of the history that a model is told."""
_KEPT = 16_000
"""Characters of a reply that stand in the record."""
_PART = """
---

# Your part, now

You are asked for one change to `{path}`, and for nothing else: the loop checks it, commits it, trains, measures, logs,
and keeps or reverts it. You see the file as it is now, and what was tried so far. You run nothing.

Answer in this form, first two lines and then one patch:

description: what you change, in a few words
hypothesis: why validation should get better

A patch is either one or more blocks, each under the name of the file:

{path}
<<<<<<< SEARCH
lines as they stand in the file, enough of them to stand there only once
=======
lines that take their place
>>>>>>> REPLACE

or a unified diff:

```diff
--- a/{path}
+++ b/{path}
@@ -1,3 +1,3 @@
 a line that stays
-a line that goes
+a line that comes
```

Lines are compared exactly, with their indentation. Every block or hunk has to fit at exactly one place of the file as
it is shown; all are made at once. Make one change, for one reason, that has not been tried.
"""
_ASKED = """The experiments so far:

{history}

This is `{path}` now:

```python
{file}
```

Propose experiment {number}."""
_AGAIN = """That cannot be used: {why}.
Send the whole answer again, put right, in the same form."""


class EndpointProposer:
    """Asks a model for a patch; once more where it cannot be used, with what is wrong."""

    def __init__(
        self,
        endpoint: str,
        model: str,
        task: Task,
        *,
        max_new_tokens: int = 8192,
        temperature: float = 0.8,
        options: EndpointOptions | None = None,
    ) -> None:
        """UserError where the address, the key or the package is missing or wrong."""
        self._path, self._task = task.training, task
        how = {"endpoint": (options or EndpointOptions()).model_dump()}
        generation = Generation(max_new_tokens=max_new_tokens, temperature=temperature)
        self._backend = open_speaker(f"openai:{model}@{endpoint}", generation, how=how)
        self._reached = False

    @property
    def name(self) -> str:
        """The model, as it was asked for."""
        return f"endpoint:{self._backend.name}"

    def propose(self, worktree: Path, history: History, number: int, seed: int) -> Proposal:
        """A patch, applied. NothingProposed where two replies cannot be used, or no reply comes once there was one;
        UserError where there never was."""
        file = worktree / self._path
        text = file.read_text(encoding="utf-8")
        messages = self._question(text, history, number)
        replies, errors = list[str](), list[str]()
        for turn in range(2):
            reply = self._says(messages, number, turn, seed, {"replies": replies, "errors": errors})
            replies.append(reply.text[:_KEPT])
            try:
                if reply.finish == "length":
                    raise PatchError(f"it was cut off after {reply.num_tokens:,} tokens; answer shorter")
                if reply.silence:
                    raise PatchError(f"there is no answer: {reply.silence}")
                suggestion = read_suggestion(reply.text, self._path)
                changed = apply_edits(text, suggestion.edits, self._path)
            except PatchError as error:
                errors.append(str(error))
                told = {"role": "user", "content": _AGAIN.format(why=error)}
                messages = [*messages, {"role": "assistant", "content": reply.text or "-"}, told]
                continue
            file.write_text(changed, encoding="utf-8")
            return Proposal(
                description=suggestion.description,
                hypothesis=suggestion.hypothesis,
                kind="endpoint",
                details={"replies": replies, "errors": errors},
            )
        raise NothingProposed(f"no patch: {one_line(errors[-1])}", {"replies": replies, "errors": errors})

    def close(self) -> None:
        """Let go of the client."""
        self._backend.close()

    def _question(self, text: str, history: History, number: int) -> Messages:
        contract = (repo_root() / HOME / "program.md").read_text(encoding="utf-8")
        asked = _ASKED.format(
            history=told_history(history, _HISTORY), path=self._path, file=text.rstrip("\n"), number=number
        )
        return [
            {"role": "system", "content": contract + _PART.format(path=self._path)},
            {"role": "user", "content": asked},
        ]

    def _says(self, messages: Messages, number: int, turn: int, seed: int, details: dict[str, Any]) -> Reply:
        ask = Ask(case=Case(name=f"experiment-{number}", messages=messages), turn=turn, sample=0, seed=seed)
        try:
            with Cache() as cache:
                reply = answers(self._backend, [ask], cache, lambda known: None)[0]
        except UserError as error:
            if not self._reached:
                raise
            # A server that goes away for an hour of the night ends no loop.
            raise NothingProposed(one_line(str(error)), details) from None
        if reply.finish == "error":
            raise NothingProposed(f"no reply: {one_line(reply.error)}", details)
        self._reached = True
        return reply
