"""Who judges: models by reference, a model several times, or a rule that knows nothing, as a control."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from espalier.command_line.console import say
from espalier.errors import UserError
from research.self_improvement.families.family import Messages
from research.self_improvement.judging.comparing import Judge, seats
from research.self_improvement.voices import AskSettings, Sampling, Voice

_SEATS = re.compile(r"(?P<model>.+)\*(?P<count>\d{1,3})")
_RULES = "rule:"


def by_lot(seed: int) -> Judge:
    """Says anything, the same again where it is asked the same."""
    return lambda asked: [random.Random(f"{seed} {each[-1]['content']}").choice(("A", "B", "tie")) for each in asked]


RULES: Mapping[str, Judge] = {"random": by_lot(0), "first": lambda asked: ["A"] * len(asked)}
"""Judges that read nothing."""


@contextmanager
def open_panel(
    references: Sequence[str], sampling: Sampling, how: AskSettings, *, seed: int, prefix: str
) -> Iterator[dict[str, Judge]]:
    """Judges by name: NAME#0 to NAME#4 for NAME*5, each with draws of its own; rule:random and rule:first read nothing.

    UserError for nobody, or for one who is there twice.
    """
    panel = dict[str, Judge]()
    with ExitStack() as opened:
        for reference in references:
            for name, judge in _judges(reference, sampling, how, opened, seed, prefix).items():
                if name in panel:
                    raise UserError(f"judges: {name} sits there twice; {reference}*2 gives it two seats")
                panel[name] = judge
        yield panel


def models_of(references: Sequence[str]) -> list[str]:
    """The models among them, by reference."""
    return [_seated(each)[0] for each in references if not each.startswith(_RULES)]


def spoken_by(voice: Voice) -> Judge:
    """A model as a judge. What it is asked twice it answers alike; of what does not fit into it, it says nothing."""

    def judge(asked: Sequence[Messages]) -> list[str]:
        keys = [hashlib.sha256(each[-1]["content"].encode()).hexdigest()[:16] for each in asked]
        failed = voice.failed.copy()
        replies = voice.says(asked, keys, may_fail=True)
        if new := voice.failed - failed:
            say(f"note: {voice.name} as a judge abstains {new.total():,} times, the first because: {next(iter(new))}")
        return [reply.text for reply in replies]

    return judge


def _judges(
    reference: str, sampling: Sampling, how: AskSettings, opened: ExitStack, seed: int, prefix: str
) -> dict[str, Judge]:
    if reference.startswith(_RULES):
        rule = reference.removeprefix(_RULES)
        if rule not in RULES:
            raise UserError(f"judges: there is no {reference}; there are {', '.join(_RULES + each for each in RULES)}")
        return {reference: RULES[rule]}
    model, count = _seated(reference)
    if count > 1 and sampling.temperature == 0:
        raise UserError(f"judges: {reference}: at temperature 0 all seats say the same; set a temperature")

    def seated(number: int) -> Judge:
        voice = Voice.open(model, sampling, how, seed=1000 * seed + number, prefix=prefix)
        return spoken_by(opened.enter_context(voice))

    return seats(model, count, seated) if count > 1 else {model: seated(0)}


def _seated(reference: str) -> tuple[str, int]:
    found = _SEATS.fullmatch(reference)
    return (found["model"], int(found["count"])) if found else (reference, 1)
