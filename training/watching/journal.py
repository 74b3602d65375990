"""The journal of a run: what changed since its last entry, in numbers and in the model's own words, as Markdown.

Nothing is written of what did not change, and nothing is claimed beyond what was measured. What an entry rests on is in
`signals.db` and `metrics.jsonl`; where the last one stood is an event there, so that a run that was killed and goes on
writes the same entries.
"""

from __future__ import annotations

from espalier.artifacts.run import Run
from espalier.command_line.console import say
from espalier.generation.generate import generate
from espalier.signals.store import SignalStore
from espalier.text.chat import ChatRenderer
from training.config import TrainConfig
from training.observers import Step
from training.watching.changes import Changes, Since
from training.watching.checkin import asked
from training.watching.quoting import quoted


class Journal:
    """Writes the journal of one run."""

    def __init__(self, run: Run, config: TrainConfig) -> None:
        self._run, self._config = run, config
        self._last = Since()

    def entry(self, step: int) -> None:
        """Write what changed since the last entry; nothing where nothing did. UserError where no signal can be read."""
        store = self._run.signals
        since = self._since(store)
        changes = Changes.find(self._run.folder, store, since, step)
        if not changes.parts:
            return
        opening = "How it stands:" if since.step < 0 else f"Since step {since.step}:"
        self._run.journal(step, "\n\n".join([opening, *changes.parts]))
        self._last = changes.mark
        facts = {"checkin": changes.mark.checkin, "figures": changes.mark.figures}
        store.add_event(step, "run", "journal", "an entry was written into the journal", facts)

    def reflect(self, step: Step, renderer: ChatRenderer) -> None:
        """Ask the model itself, and write down its words as its words."""
        how, checkin = self._config.journal, self._config.checkin
        as_chat = self._config.rows != "text"
        (reply,) = generate(
            step.model,
            renderer,
            [asked(how.reflection, checkin.system, as_chat=as_chat)],
            max_new_tokens=how.max_new_tokens,
            temperature=checkin.temperature,
            seed=checkin.seed + step.number,
        )
        if reply.finish == "error":
            say(f"the model could not be asked to reflect: {reply.error}")
            return
        did = "Asked" if as_chat else "Given as a beginning"
        words = f"drawn at temperature {checkin.temperature:g}" if checkin.temperature else "its likeliest"
        self._run.journal(
            step.number,
            f"### In the model's own words\n\n{did}:\n\n{quoted(how.reflection)}\n\nit said ({words}):\n\n"
            f"{quoted(reply.text)}\n\n"
            "Nobody else says so: none of this was measured, and a model that tells of itself need not be right.",
        )
        facts = {"asked": how.reflection, "reply": reply.text, "finish": reply.finish, "system": checkin.system}
        self._run.signals.add_event(step.number, "run", "reflection", "the model was asked about itself", facts)
        say(f"reflection at step {step.number}; it is in {self._run.folder / 'journal.md'}")

    def _since(self, store: SignalStore) -> Since:
        marks = store.events(who="run", what="journal")
        if not marks:
            return self._last
        mark, kept = marks[-1], marks[-1].evidence
        return Since(step=mark.step, event=mark.id, checkin=kept["checkin"], figures=kept["figures"])
