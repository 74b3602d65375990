"""A corpus folder: what is asked for is written first, answers as they come, dialogues in the grid's order, and the
manifest last.

    corpus.json      the configuration, and when it was begun
    calls.jsonl      every answer word for word, with its tokens and the true model: what cannot be made again
    dialogues.jsonl  what passed the checks, as `messages` and `meta`
    rejected.jsonl   what did not, word for word, and why
    manifest.json    counts and hashes; its presence means complete
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from types import TracebackType
from typing import Any, Self

from data_mix.generation import checks
from data_mix.generation.cells import Job
from data_mix.generation.config import GenerateConfig
from data_mix.generation.reply import Dialogue, Problem, parse
from espalier.artifacts import identity, records
from espalier.artifacts.code_behind import code_behind
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact
from espalier.artifacts.rounds import Round
from espalier.artifacts.run import timestamp
from espalier.command_line.config import to_dict
from espalier.endpoints.completion import Reply
from espalier.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Try:
    """One answer, judged."""

    line: dict[str, Any]
    """The answer as it stands in calls.jsonl."""
    dialogue: Dialogue | None
    """The dialogue, where the answer holds one."""
    problems: list[Problem]
    """Why it cannot be used; empty: it is kept."""


class Corpus:
    """A corpus' folder, held by one process. A context manager that lets it go."""

    def __init__(self, config: GenerateConfig, made_in: Round | None = None) -> None:
        self.config = config
        self._made_in = made_in
        self.folder = artifact("corpora", config.name)
        self.notes: list[str] = []
        """What was found and mended, for the command to tell the user."""
        self.sent = 0
        """Requests sent so far, by all processes, but for those under way when one was killed."""
        self._calls = self.folder / "calls.jsonl"
        self._tries: dict[str, list[Try]] = defaultdict(list)
        self._lock = Lock(self.folder / "lock")

    @classmethod
    def open(cls, config: GenerateConfig, made_in: Round | None = None) -> Self:
        """Begin the corpus, or go on with it, and hold its lock; `made_in` is the round of a loop that makes it.

        UserError where another process has it, or where one of this name was begun with another configuration.
        """
        corpus = cls(config, made_in)
        corpus.folder.mkdir(parents=True, exist_ok=True)
        corpus._lock.acquire(f"corpus {config.name}")
        try:
            corpus._begin_or_go_on()
        except BaseException:
            corpus._lock.release()
            raise
        return corpus

    def _begin_or_go_on(self) -> None:
        path = self.folder / "corpus.json"
        if not path.exists():
            strangers = [entry.name for entry in self.folder.iterdir() if not entry.name.startswith((".", "lock"))]
            if strangers:
                raise UserError(f"{self.folder}: holds {strangers[0]} but no corpus.json; move it away")
            parents = {f"openai:{self.config.model}@{self.config.endpoint}": ""}
            made_in = {"round": self._made_in.facts} if self._made_in else {}
            facts = {"name": self.config.name, "config": to_dict(self.config), "parents": parents, **made_in}
            records.write_json(path, {**facts, "created": timestamp()})
            return
        before = records.read_json(path)["config"]
        now = self.config.identity()
        changed = identity.differences({key: before.get(key) for key in now}, now)
        if changed:
            raise UserError(
                f"corpus {self.config.name} was begun with another configuration ({_short('; '.join(changed))}): "
                "change it back, choose another --name, or remove its folder"
            )
        if cut := records.mend_jsonl(self._calls):
            self.notes.append(f"calls.jsonl: dropped a half-written last line ({len(cut)} bytes)")

    def is_complete(self, jobs: Sequence[Job]) -> bool:
        """Whether it was finished before. UserError where it was damaged since, or made by other prompts."""
        if not records.is_complete(self.folder):
            return False
        manifest = records.verify_manifest(self.folder)
        if manifest["keys"] != _keys_hash(jobs):
            raise UserError(
                f"corpus {self.config.name} was finished with other prompts, briefs or checks of form than there are "
                "now: choose another --name, or remove its folder"
            )
        return True

    def read(self, jobs: Sequence[Job]) -> None:
        """Take up the answers that are there already."""
        by_key = {job.key: job for job in jobs}
        unused = 0
        for line in records.read_jsonl(self._calls) if self._calls.exists() else ():
            self.sent = max(self.sent, line["sent"])
            if "reply" not in line:
                continue
            job = by_key.get(line["key"])
            if job is None:
                unused += 1
            else:
                self._take(job, line)
        if unused:
            self.notes.append(f"calls.jsonl: {unused:,} answers to other prompts than today's are kept there, unused")

    def _take(self, job: Job, line: dict[str, Any]) -> None:
        thought = bool(line.get("thoughts") or line.get("reasoning_tokens"))  # an older line has neither
        found = parse(line["reply"], line["finish"], thought=thought)
        if isinstance(found, Problem):
            self._tries[job.key].append(Try(line=line, dialogue=None, problems=[found]))
        else:
            self._tries[job.key].append(Try(line=line, dialogue=found, problems=checks.problems(found, job)))

    def add(self, job: Job, reply: Reply, *, sent: int) -> None:
        """Keep an answer. It is on its way to the disk before anything else happens."""
        answer = asdict(reply)
        facts = {"key": job.key, "cell": str(job.cell), "sample": job.sample, "try": len(self._tries[job.key]) + 1}
        line = facts | {"reply": answer.pop("content")} | answer | {"sent": sent}
        records.append_jsonl(self._calls, line)
        self.sent = sent
        self._take(job, line)

    def add_stop(self, reason: str, *, sent: int) -> None:
        """Note why the asking ended before its end."""
        records.append_jsonl(self._calls, {"stopped": reason, "at": timestamp(), "sent": sent})

    def last(self, job: Job) -> Try | None:
        """The last answer for a job."""
        tries = self._tries[job.key]
        return tries[-1] if tries else None

    def is_done(self, job: Job) -> bool:
        """Whether nothing more is to be asked for a job."""
        tries = self._tries[job.key]
        return bool(tries) and (not tries[-1].problems or len(tries) >= self.config.tries)

    def cost(self) -> float:
        """US dollars spent so far, at today's prices."""
        lines = list(records.read_jsonl(self._calls)) if self._calls.exists() else []
        return sum(
            self.config.budget.cost(line.get("prompt_tokens") or 0, line.get("completion_tokens") or 0)
            for line in lines
        )

    def write(self, jobs: Sequence[Job]) -> dict[str, Any]:
        """Write dialogues and rejected replies in the grid's order; the same answers give the same bytes. Returns the
        counts."""
        kept: list[dict[str, Any]] = []
        rejected: list[dict[str, Any]] = []
        seen: dict[str, str] = {}
        done = 0
        for job in jobs:
            done += self.is_done(job)
            tries = self._tries[job.key]
            for each in tries:
                problems = list(each.problems)
                if not problems and each.dialogue:
                    first = seen.setdefault(checks.fingerprint(each.dialogue), job.key)
                    if first == job.key:
                        kept.append(_dialogue(job, each, self.config))
                        continue
                    problems = [Problem(reason="copy", detail=f"the same as the dialogue {first}")]
                rejected.append(_rejected(job, each, problems, final=self.is_done(job) and each is tries[-1]))
        records.write_jsonl(self.folder / "dialogues.jsonl", kept)
        records.write_jsonl(self.folder / "rejected.jsonl", rejected)
        return self._counts(jobs, done, kept, rejected)

    def _counts(
        self, jobs: Sequence[Job], done: int, kept: list[dict[str, Any]], rejected: list[dict[str, Any]]
    ) -> dict[str, Any]:
        lines = [each.line for job in jobs for each in self._tries[job.key]]
        return {
            "asked_for": len(jobs),
            "kept": len(kept),
            "rejected": done - len(kept),
            "not_asked_yet": len(jobs) - done,
            "kept_by_strategy": Counter(row["meta"]["strategy"] for row in kept),
            "replies": len(lines),
            "replies_rejected": len(rejected),
            "reasons": Counter(reason for row in rejected for reason in row["reasons"]),
            "remarks": Counter(remark for line in lines for remark in line.get("remarks", ())),
            "models": Counter(line["model"] for line in lines),
            "constrained": Counter(line["constrained"] for line in lines),
            "prompt_tokens": sum(line["prompt_tokens"] or 0 for line in lines),
            "completion_tokens": sum(line["completion_tokens"] or 0 for line in lines),
            "requests_sent": self.sent,
            "usd": round(self.cost(), 6),
        }

    def finish(self, jobs: Sequence[Job], counts: dict[str, Any]) -> None:
        """Seal the corpus."""
        before = records.read_json(self.folder / "corpus.json")
        facts = {
            "kind": "corpus",
            "name": self.config.name,
            **{key: before[key] for key in ("parents", "round") if key in before},
            "finished": timestamp(),
            "config": to_dict(self.config),
            "keys": _keys_hash(jobs),
            "counts": counts,
            "licence": "written by the models named in `counts`: their terms of use decide what it may be used for",
            "made_with": {"openai": metadata.version("openai"), "code": code_behind("data_mix/generate.py")},
        }
        records.write_manifest(self.folder, facts, content=("dialogues.jsonl",), exclude=("lock",))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def _dialogue(job: Job, each: Try, config: GenerateConfig) -> dict[str, Any]:
    assert each.dialogue is not None
    line = each.line
    meta = {
        "strategy": job.cell.strategy,
        "error": job.cell.error,
        "l1": job.cell.l1,
        "level": job.cell.level,
        "topic": job.topic,
        "said": each.dialogue.said,
        "meant": each.dialogue.meant,
        "cell": str(job.cell),
        "sample": job.sample,
        "key": job.key,
        "model": line["model"],
        "usage": {"prompt_tokens": line["prompt_tokens"], "completion_tokens": line["completion_tokens"]},
    }
    if line["model"] != config.model:
        meta["model_asked"] = config.model
    return {"messages": each.dialogue.messages(), "meta": meta}


def _rejected(job: Job, each: Try, problems: list[Problem], *, final: bool) -> dict[str, Any]:
    return {
        "cell": str(job.cell),
        "sample": job.sample,
        "key": job.key,
        "try": each.line["try"],
        "final": final,
        "reasons": [problem.reason for problem in problems],
        "details": [problem.detail for problem in problems],
        "model": each.line["model"],
        "finish": each.line["finish"],
        "reply": each.line["reply"],
    }


def _keys_hash(jobs: Sequence[Job]) -> str:
    return hashlib.sha256("\n".join(job.key for job in jobs).encode()).hexdigest()


def _short(text: str) -> str:
    return text if len(text) <= 400 else f"{text[:397]}..."
