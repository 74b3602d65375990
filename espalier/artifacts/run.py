"""A run: a named folder that one process trains in, which says what it is before it begins and is sealed at its end.

    with Run.start("basil-core", command="stage1/train.py", config=config, parents={"run:basil-trunk": hash}, …) as run:
        run.log(step, {"loss": loss})
        run.finish({"valid_bits_per_byte": 1.23})

`run.json` (identity) is written first, `manifest.json` last. Between them stand `metrics.jsonl`, `journal.md`,
`signals.db` (what watches it found), `heartbeat.json`, `control` (words from outside), `lock`, `checkpoints/` and
`final/`.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from espalier.artifacts import gates, identity, records
from espalier.artifacts.code_behind import changed_files, code_behind
from espalier.artifacts.lock import Lock
from espalier.artifacts.paths import artifact
from espalier.artifacts.rounds import Round
from espalier.command_line.config import Config, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, describe
from espalier.report import escape
from espalier.signals import control
from espalier.signals.control import Word

if TYPE_CHECKING:
    from espalier.signals.store import SignalStore

_CONTENT = ("final/**/*",)
_NOT_IN_MANIFEST = (
    "lock", "control", "heartbeat.json", "failed.json", "checkpoints", "tensorboard", "wandb", "signals.db*", gates.FILE
)  # fmt: skip
METRICS = "metrics.jsonl"
_PARENT = re.compile(r"(run|mix|path|hub):.+")


_SPLIT = ("micro_batch_size", "grad_accum")
_AFTERWARDS = ("trackers", "monitors", "checkin", "self_play", "journal", *gates.SETTINGS)


def _as_steps(facts: dict[str, Any]) -> dict[str, Any]:
    """A configuration in which only the product of micro-batch and accumulation counts: what a step learns from.

    Who watches may change, and what the model is held to afterwards.
    """
    facts = {key: value for key, value in facts.items() if key not in _AFTERWARDS}
    if not all(isinstance(facts.get(key), int) for key in _SPLIT):
        return facts
    rest = {key: value for key, value in facts.items() if key not in _SPLIT}
    return rest | {"micro_batch_size x grad_accum": facts[_SPLIT[0]] * facts[_SPLIT[1]]}


def _plain_defaults(config: Config) -> dict[str, Any]:
    """What a configuration says of its keys by itself, where that is one value."""
    found = {key: field.default for key, field in type(config).model_fields.items()}
    return {key: value for key, value in found.items() if isinstance(value, str | int | float | bool | None)}


class AlreadyDone(Exception):
    """The run is complete, under the same configuration: there is nothing to do."""

    def __init__(self, run: "Run") -> None:
        super().__init__(f"{run.name} is already complete: {run.folder}")
        self.run = run


class Run:
    """A run's folder. Made by `Run.start`, which holds its lock until `release` or the end of the `with` block."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = artifact("runs", name)
        self.notes: list[str] = []
        """What `start` found and mended, for the command to tell the user."""
        self.listeners: list[Callable[[int, dict[str, Any]], None]] = []
        """Who else is shown what goes to metrics.jsonl: a step and its figures."""
        self.resumed = False
        """Whether the run was begun by an earlier process."""
        self.asked: list[Word] = []
        """Words from outside that are not for the loop: who watches takes them from here."""
        self._signals: SignalStore | None = None
        self._lock = Lock(self.folder / "lock")

    @classmethod
    def start(
        cls,
        name: str,
        *,
        command: str,
        config: Config,
        parents: dict[str, str],
        seeds: dict[str, int],
        device: str,
        threads: int,
        compile_mode: str,
        processes: int = 1,
        sharded: bool = False,
        made_in: Round | None = None,
        allow_changed_environment: bool = False,
    ) -> "Run":
        """Begin the run `name`, or go on with it, and hold its lock.

        `parents` maps `run:NAME`, `mix:NAME`, `path:…` or `hub:…` to content hashes; `made_in` is the round of a loop
        that makes it; `sharded` says that weights are parted among the processes. Raises AlreadyDone where the run is
        complete, UserError where another process has it, where the configuration or a parent changed, and where code,
        versions or machine changed (then it cannot be bit-exact) unless `allow_changed_environment`.
        """
        if not all(_PARENT.fullmatch(parent) for parent in parents):
            raise ValueError(f"parents are named run:…, mix:…, path:… or hub:…, not {list(parents)}")
        run = cls(name)
        run.folder.mkdir(parents=True, exist_ok=True)
        run._lock.acquire(f"run {name}")
        try:
            # What the process before it was told last. At once: who says a word from now on speaks to this one.
            (run.folder / "control").unlink(missing_ok=True)
            now = {
                "name": name,
                "command": command,
                "config": to_dict(config),
                "seeds": seeds,
                "parents": parents,
                **({"round": made_in.facts} if made_in else {}),
                "code": code_behind(command),
                "environment": identity.environment(
                    device=device,
                    threads=threads,
                    compile_mode=compile_mode,
                    processes=processes,
                    sharded=sharded,
                ),
            }
            if (run.folder / "run.json").exists():
                run._go_on(now, _plain_defaults(config), allow_changed_environment)
            else:
                run._begin(now)
        except BaseException:
            run.release()
            raise
        return run

    @property
    def begun_on(self) -> date:
        """The day on which the run was begun, whichever process goes on with it."""
        return datetime.fromisoformat(records.read_json(self.folder / "run.json")["created"]).date()

    def _begin(self, now: dict[str, Any]) -> None:
        strangers = [path.name for path in self.folder.iterdir() if not path.name.startswith((".", "lock"))]
        if strangers:
            raise UserError(f"{self.folder}: holds {strangers[0]} but no run.json, so it is no run; move it away")
        records.write_json(self.folder / "run.json", {**now, "created": timestamp(), "continued": []})

    def _go_on(self, now: dict[str, Any], defaults: dict[str, Any], allow_changed_environment: bool) -> None:
        before = records.read_json(self.folder / "run.json")
        # Of a key that there was not yet, the default is what was done.
        asked = before | {"config": defaults | before["config"]}
        for what, advice in (("config", "change them back"), ("parents", "restore them")):
            changed = identity.differences(_as_steps(asked[what]), _as_steps(now[what]))
            if changed:
                raise UserError(
                    f"run {self.name} exists with another {what} ({'; '.join(changed)}): {advice}, "
                    f"choose another name, or remove it with: espalier rm {self.name}"
                )
        if records.is_complete(self.folder):
            raise AlreadyDone(self)
        conditions = ("seeds", "environment")
        changed = [line for what in conditions for line in identity.differences(before[what], now[what])]
        split = [{key: facts["config"].get(key) for key in _SPLIT} for facts in (before, now)]
        changed += identity.differences(split[0], split[1])  # the same step, added up in another order
        files = changed_files(before["code"], now["code"])
        if files:
            more = f" and {len(files) - 3} more" if len(files) > 3 else ""
            changed.append(f"code: {', '.join(files[:3])}{more} changed")
        if changed and not allow_changed_environment:
            raise UserError(
                f"run {self.name} was begun under other conditions, so its end would not be bit-identical "
                f"({'; '.join(changed)}): go on all the same with --allow_changed_environment, "
                f"or begin again with: espalier rm {self.name}"
            )
        if changed:
            before["continued"].append({"at": timestamp(), "changed": changed})
            records.write_json(self.folder / "run.json", before)
        self.resumed = True
        for leftover in ("failed.json", "heartbeat.json"):
            (self.folder / leftover).unlink(missing_ok=True)
        for log in self.folder.glob("*.jsonl"):
            cut = records.mend_jsonl(log)
            if cut:
                self.notes.append(f"{log.name}: dropped a half-written last line ({len(cut)} bytes)")

    def log(self, step: int, facts: dict[str, Any], *, file: str = METRICS) -> None:
        """Add one line of facts about a step to a JSON lines file of the run."""
        records.append_jsonl(self.folder / file, {"step": step, **facts})
        if file == METRICS:
            for listener in self.listeners:
                listener(step, facts)

    def journal(self, step: int, text: str) -> None:
        """Add a passage about a step to `journal.md`."""
        with open(self.folder / "journal.md", "a", encoding="utf-8") as file:
            file.write(f"## Step {step}\n\n{text.strip()}\n\n")

    @property
    def signals(self) -> "SignalStore":
        """What its watching finds, and what is done: `signals.db`, made when it is first asked for."""
        if self._signals is None:
            self._signals = self._open_signals()
        return self._signals

    def _open_signals(self) -> "SignalStore":
        from espalier.signals.store import SignalStore  # which knows this file

        return SignalStore.open(self.folder)

    def happened(
        self, step: int, who: Literal["run", "operator"], what: str, said: str, evidence: dict[str, Any] | None = None
    ) -> None:
        """Note in journal and signals what was done at a step, and who did it; `said` is a sentence, which shows in the
        journal as it is, whatever a model wrote of it."""
        self.journal(step, escape(said))
        self.signals.add_event(step, who, what, said, evidence)

    def truncate(self, after_step: int) -> None:
        """Forget what was logged after a step: a run resumed from that step's checkpoint will log it again."""
        for path in self.folder.glob("*.jsonl"):
            rows = list(records.read_jsonl(path))
            kept = [row for row in rows if row["step"] <= after_step]
            if len(kept) < len(rows):
                records.write_jsonl(path, kept)
        journal = self.folder / "journal.md"
        if journal.exists():
            text = journal.read_text(encoding="utf-8")
            later = (m for m in re.finditer(r"^## Step (\d+)$", text, re.MULTILINE) if int(m[1]) > after_step)
            first = next(later, None)
            if first:
                records.write_text(journal, text[: first.start()])
        if (self.folder / "signals.db").exists():
            self.signals.truncate(after_step)

    def heartbeat(self, step: int, state: Literal["running", "paused"] = "running", why: str = "") -> None:
        """Say that the run is alive, and where; and why it is paused."""
        facts = {"pid": os.getpid(), "time": time.time(), "step": step, "state": state}
        records.write_json(self.folder / "heartbeat.json", facts | ({"why": why} if why else {}))

    def control(self) -> list[Word]:
        """The words for the loop that someone wrote into the run's `control` file, once, in their order.

        Those for who watches are `asked` from now on; what is no word is said, and dropped.
        """
        words, wrong = control.take(self.folder)
        for complaint in wrong:
            say(f"{self.folder / control.FILE}: {complaint}")
        self.asked += [word for word in words if word.name not in control.FOR_THE_LOOP]
        return [word for word in words if word.name in control.FOR_THE_LOOP]

    def finish(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Seal the run: the manifest, with the hashes of its files, written last. Returns the manifest."""
        before = records.read_json(self.folder / "run.json")
        facts = {
            "kind": "run",
            "name": self.name,
            **{key: before[key] for key in ("parents", "round") if key in before},
            "finished": timestamp(),
            "summary": summary,
        }
        return records.write_manifest(self.folder, facts, content=_CONTENT, exclude=_NOT_IN_MANIFEST)

    def fail(self, reason: str) -> None:
        """Record why the run cannot go on by itself. The next start tries again."""
        records.write_json(self.folder / "failed.json", {"at": timestamp(), "reason": reason})

    def release(self) -> None:
        """Let others have the run."""
        if self._signals is not None:
            self._signals.close()
            self._signals = None
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # KeyboardInterrupt and SystemExit are no failures: such a run is interrupted, as its missing manifest says.
        try:
            if isinstance(error, Exception) and not isinstance(error, AlreadyDone):
                with suppress(OSError):  # a full disk takes no note either, and is what should be told
                    self.fail(describe(error) or f"{type(error).__name__}: {error}")
        finally:
            self.release()


class Bystander(Run):
    """A run in a process beside the one that began and holds it: it reads, and leaves writing to that one.

    UserError where the run is not seen.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        if not (self.folder / "run.json").exists():
            raise UserError(
                f"{self.folder}: the first process has begun this run, and it is not seen from here; all machines need "
                "one folder of artifacts that they share (ESPALIER_HOME)"
            )

    def log(self, step: int, facts: dict[str, Any], *, file: str = METRICS) -> None:
        """Nothing."""

    def journal(self, step: int, text: str) -> None:
        """Nothing."""

    def truncate(self, after_step: int) -> None:
        """Nothing."""

    def _open_signals(self) -> "SignalStore":
        from espalier.signals.store import SignalStore

        return SignalStore.nowhere(self.folder)

    def heartbeat(self, step: int, state: Literal["running", "paused"] = "running", why: str = "") -> None:
        """Nothing."""

    def control(self) -> list[Word]:
        """Nothing: words are for the other."""
        return []

    def fail(self, reason: str) -> None:
        """Nothing."""


def timestamp() -> str:
    """Now, in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def recorded(name: str) -> dict[str, Any]:
    """What a run wrote before it was begun, its `run.json`; empty where it has not begun."""
    path = artifact("runs", name) / "run.json"
    return dict(records.read_json(path)) if path.exists() else {}


def recorded_threads(name: str) -> int | None:
    """The threads that a run was begun with; None where it has not begun."""
    found = recorded(name)
    return int(found["environment"]["threads"]) if found else None


def saved_config(name: str) -> dict[str, Any]:
    """The resolved configuration of a run, from its `run.json`; UserError where there is no such run."""
    found = recorded(name)
    if not found:
        raise UserError(f"no run is called {name}; espalier runs lists them")
    return dict(found["config"])
