"""Endings: answers that never end, and tokens of the chat template in the middle of what is said."""

from __future__ import annotations

from collections.abc import Iterable

from espalier.signals.records import Signal
from training.config import TrainConfig
from training.monitors.base import Look, MonitorKind
from training.monitors.rates import followed
from training.monitors.spoken import spoken


class Endings:
    """The monitor."""

    def __init__(self, config: TrainConfig) -> None:
        self._marks: list[str] | None = None

    def look(self, look: Look) -> Iterable[Signal]:
        """Signals `cut.…` of chats, of which every reply is to end, and `template.…`."""
        said = list(spoken(look))
        if look.as_chat:
            finishes = [each.finish for each in look.answers if each.finish != "error"]
            finishes += [turn.finish for dialogue in look.dialogues for turn in dialogue.own]
            cut = [each.evidence for each, finish in zip(said, finishes, strict=True) if finish == "length"]
            yield from followed(look, "endings", "never end", cut, len(said), prefix="cut.", part=0.5)
        if self._marks is None:
            tokenizer = look.renderer.tokenizer
            self._marks = sorted(tokenizer.convert_ids_to_tokens(sorted(look.renderer.special_ids)))
        leaking = [
            each.evidence | {"tokens": marks}
            for each in said
            if (marks := [mark for mark in self._marks if mark in each.text])
        ]
        yield from followed(
            look, "endings", "hold tokens of the template", leaking, len(said), prefix="template.", part=0.5
        )


MONITOR = MonitorKind(
    name="endings",
    looks_at="whether replies end, and whether tokens of the chat template are said in them",
    evidence="the replies, and the tokens in them",
    make=Endings,
)
