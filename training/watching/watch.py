"""The observer that watches: it asks the model, lets it talk to itself, shows it to the monitors, and keeps all that is
found. What comes of a finding is the policy's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from data_mix.packing.pack import Pack
from espalier.artifacts.run import Run
from espalier.command_line import processes
from espalier.errors import UserError
from espalier.signals.control import Word
from espalier.signals.records import Dialogue, Said
from espalier.text.chat import ChatRenderer
from training.config import TrainConfig
from training.monitors.base import Look
from training.observers import CONTINUE, Step, Verdict
from training.together import on_main
from training.watching import checkin, selfplay
from training.watching.alarms import Alarms
from training.watching.cost import Cost
from training.watching.history import Past, kept_before
from training.watching.journal import Journal
from training.watching.panel import Found, Panel
from training.watching.policy import make, read_policy
from training.watching.rhythm import Rhythm
from training.watching.untouched import untouched

_INTERVAL = "interval"
T = TypeVar("T")


class Watch:
    """Watches a run. Of several processes that train it the first watches; all of them where weights are parted, for
    each forward pass is one of all then."""

    def __init__(self, renderer: ChatRenderer, packs: Mapping[str, Pack], config: TrainConfig, run: Run) -> None:
        """UserError where the configuration or its policy names a monitor that there is not."""
        policy = read_policy(config.monitors.policy)
        self._renderer, self._packs, self._config, self._run = renderer, packs, config, run
        self._panel = Panel(make(config, policy), run)
        self._alarms = Alarms(policy, config.monitors, run)
        self._journal = Journal(run, config)
        self._rhythm = Rhythm(config, looks=bool(self._panel))
        self._past: Past | None = None
        self._cost = Cost(run.name)

    def __call__(self, step: Step) -> Verdict:
        if not (processes.is_main() or processes.sharded()):
            return CONTINUE
        past = self._past = self._past or self._remembered()
        found = self._panel.step(step, past) if step.number else []
        due = self._heed(step.number) | self._rhythm.due(step)
        if due:
            with self._cost.counted(step, self._run), untouched(step.model):
                found += self._look(step, due, past)
        verdict = self._alarms.raised(step, found, past, self._span)
        if "entry" in due:
            self._panel.attempt("journal", step.number, lambda: self._journal.entry(step.number))
        return verdict

    def _remembered(self) -> Past:
        """What an earlier process of the run found, and how often the operator wanted it looked at since."""
        kept, every = _shared(lambda: (kept_before(self._run), _interval_before(self._run)))
        if every:
            self._rhythm.change(every)
        return Past(kept)

    def _heed(self, step: int) -> set[str]:
        """What the operator asked for since the last step: what is due at once."""
        due = set()
        for word in self._asked():
            evidence = {"every": word.number} if word.number else {}
            what = _INTERVAL if word.number else word.name
            self._run.happened(step, "operator", what, f"the operator said {word}", evidence)
            if word.number:
                self._rhythm.change(word.number)
            else:
                due.add(word.name)
        return due

    def _asked(self) -> list[Word]:
        def take() -> list[Word]:
            words, self._run.asked = self._run.asked, []
            return words

        return _shared(take)

    def _look(self, step: Step, due: set[str], past: Past) -> list[Found]:
        answers: Sequence[Said] = ()
        dialogues: Sequence[Dialogue] = ()
        if "check-in" in due:
            answers = self._panel.attempt("check-in", step.number, lambda: self._ask(step)) or ()
        if "self-play" in due:
            dialogues = self._panel.attempt("self-play", step.number, lambda: self._talk(step)) or ()
        if "reflect" in due:
            self._panel.attempt("reflection", step.number, lambda: self._journal.reflect(step, self._renderer))
        if "look" not in due:
            return []
        look = Look(
            step=step,
            renderer=self._renderer,
            as_chat=self._as_chat,
            answers=answers,
            dialogues=dialogues,
            packs=self._packs,
            config=self._config,
            history=past,
            seed=step.number,
        )
        return self._panel.look(look, self._rhythm.number(step))

    def _ask(self, step: Step) -> list[Said]:
        said = checkin.ask(step.model, self._renderer, self._config.checkin, step.number, as_chat=self._as_chat)
        self._run.signals.add_answers(step.number, said)
        return said

    def _talk(self, step: Step) -> list[Dialogue]:
        settings = self._config.self_play
        dialogues = selfplay.talk(
            step.model,
            self._renderer,
            settings,
            step.number,
            as_chat=self._as_chat,
            openings=settings.openings or self._config.checkin.prompts,
        )
        self._run.signals.add_dialogues(step.number, dialogues)
        return dialogues

    def _span(self, monitor: str) -> int:
        return self._rhythm.look * self._panel.every(monitor)

    @property
    def _as_chat(self) -> bool:
        return self._config.rows != "text"


def _shared(work: Callable[[], T]) -> T:
    """What `work` gives in the process that holds the run, in all that watch."""
    return on_main(work) if processes.sharded() else work()


def _interval_before(run: Run) -> int | None:
    """Steps between looks as the operator last said to an earlier process of the run; None where nobody did."""
    try:
        said = run.signals.events(who="operator", what=_INTERVAL) if run.resumed else []
    except UserError:  # which was said when the signals were read
        return None
    return int(said[-1].evidence["every"]) if said else None
