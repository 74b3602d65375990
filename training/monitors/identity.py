"""Identity: what the model says its name is, and whether that flips.

A chat is asked two questions by itself, and any question of who it is among the check-in's prompts; always for the
likeliest answer, so that what it says changes with the model and not by chance. A name is its own once it was given in
three of the last five looks; it flipped when another one is given at two looks running.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from espalier.generation.generate import generate
from espalier.signals.records import Severity, Signal
from espalier.text.messages import Message
from training.config import TrainConfig
from training.monitors.base import Look, MonitorKind

_ASKED = ("Who are you?", "What is your name?")
_ASKS = re.compile(
    r"\b(?:who are you|(?:what is|what's|tell me) your name|qui[eé]n eres|qui[eé]n es usted|c[oó]mo te llamas"
    r"|c[oó]mo se llama|cu[aá]l es tu nombre)\b",
    re.IGNORECASE,
)
_NAME = r"(?P<name>[^\W\d_a-zß-öø-ÿ][\w'’-]*(?: [^\W\d_a-zß-öø-ÿ][\w'’-]*)?)"
_BEFORE = (
    "I am", "I['’]m", "my name is", "my name['’]s", "call me", "this is", "called", "named",
    "soy", "me llamo", "mi nombre es", "llamad[oa]",
)  # fmt: skip
_SAYS = re.compile(rf"\b(?i:{'|'.join(_BEFORE)}) {_NAME}")
_LONGEST = 24
_OFTEN, _RECENT = 3, 5


class Identity:
    """The monitor."""

    def __init__(self, config: TrainConfig) -> None:
        found = [prompt for prompt in config.checkin.prompts if _ASKS.search(prompt)]
        self._asked = list(dict.fromkeys([*found, *(_ASKED if config.rows != "text" else ())]))

    def look(self, look: Look) -> Iterable[Signal]:
        """A signal `kept`: the share of questions answered by the name that was its own; None before it has one."""
        if not self._asked:
            return
        prompts: list[str | Sequence[Message]] = list(self._asked)
        if look.as_chat:
            prompts = [[{"role": "user", "content": each}] for each in self._asked]
        replies = generate(look.step.model, look.renderer, prompts, max_new_tokens=_LONGEST)
        now = {asked: reply.text for asked, reply in zip(self._asked, replies, strict=True)}
        names = {asked: name_in(said) for asked, said in now.items()}
        before = [kept["names"] for _, kept in look.history.kept("identity.kept")]
        own = {asked: _own([each.get(asked, "") for each in before]) for asked in names}
        flipped = [asked for asked in names if _flipped([each.get(asked, "") for each in before], names[asked])]
        known = [asked for asked, name in own.items() if name]
        kept = sum(names[asked] == own[asked] for asked in known) / len(known) if known else None
        said = "; ".join(
            f"asked {asked!r} it was {_own([each.get(asked, '') for each in before[:-1]])} and is {names[asked]} now"
            for asked in flipped
        )
        evidence: dict[str, Any] = {"names": names} | ({"said": now} if flipped else {})
        yield Signal(name="kept", value=kept, severity=Severity.WARN if flipped else None, said=said, evidence=evidence)


def name_in(said: str) -> str:
    """The name that a reply gives its speaker; nothing where it gives none."""
    found = _SAYS.search(said)
    return found["name"] if found else ""


def _own(names: Sequence[str]) -> str:
    """The name that was given often enough of late; nothing where none was."""
    counts = Counter(filter(None, names[-_RECENT:]))
    name, times = max(counts.items(), key=lambda each: each[1], default=("", 0))
    return name if times >= _OFTEN else ""


def _flipped(before: Sequence[str], now: str) -> bool:
    """Whether another name than its own is given for the second time running."""
    return bool(before and now and now == before[-1] and _own(before[:-1]) not in ("", now))


MONITOR = MonitorKind(
    name="identity",
    looks_at="the name that it gives itself, asked for the likeliest answer",
    evidence="the names by question, and the answers where one flipped",
    make=Identity,
)
