"""Planted models and judges, asked as a model is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from evaluation.cases.case import Reply
from research.self_improvement.examination.drift import FixedPair
from research.self_improvement.examination.figures import Scored
from research.self_improvement.examination.holding import Held
from research.self_improvement.examination.keeping import Kept
from research.self_improvement.examination.sitting import Examiner
from research.self_improvement.families.family import Challenge, Messages, Performance
from research.self_improvement.families.predict_output import PredictOutput
from research.self_improvement.judging.comparing import Compared
from research.self_improvement.records import Played, Said
from research.self_improvement.voices import prefixed

Says = Callable[[str, float], str]
"""What is said to a prompt; the number is drawn from the prompt's key, evenly from 0 to 1."""


@dataclass
class Planted:
    """Somebody who keeps the interface of a voice."""

    name: str
    says_to: Says
    prefix: str

    def asked(self, messages: Messages) -> Messages:
        return prefixed(messages, self.prefix)

    @property
    def failed(self) -> Counter[str]:
        """Nothing fails."""
        return Counter()

    def says(self, conversations: Sequence[Messages], keys: Sequence[str], **_: object) -> list[Reply]:
        from espalier.loops.lockstep import seed_of

        return [
            Reply(text=self.says_to(self.asked(each)[-1]["content"], seed_of(key) / 2**48), num_tokens=0, finish="stop")
            for each, key in zip(conversations, keys, strict=True)
        ]


def speaks(models: Mapping[str, Says]) -> Callable[[str, float, str], AbstractContextManager[Any]]:
    @contextmanager
    def opened(reference: str, temperature: float, prefix: str) -> Iterator[Planted]:
        yield Planted(reference, models[reference], prefix)

    return opened


def knows(challenges: Sequence[Challenge], solved: Callable[[Challenge, float], bool], otherwise: str = "?") -> Says:
    """Solves what `solved` says, answers `otherwise` to the rest, and as a judge prefers what is right."""
    by_program = {each.content: each for each in challenges}

    def says(prompt: str, lot: float) -> str:
        program = re.search(r"```python\n(.*?)\n```", prompt, re.DOTALL)
        assert program
        challenge = by_program[program[1]]
        right = challenge.known["output"]
        if "A says:" in prompt:
            shown = re.search(r"A says:\n(.*?)\n\nB says:\n(.*?)\n\nWhich", prompt, re.DOTALL)
            assert shown
            one, other = ("\n".join(line[4:] for line in each.split("\n")) for each in shown.groups())
            return "tie" if one == other else "A" if one == right else "B" if other == right else "tie"
        return right if solved(challenge, lot) else otherwise

    return says


@cache
def examiner(prefix: str = "UNLEASHED:") -> Examiner:
    family = PredictOutput()
    return Examiner(
        families={family.name: family}, size=40, prefix=prefix, seed=0, pairs=64, samples=3, temperature=1.0
    )


def kept(held: Held, model: str = "first") -> Kept:
    """An examination as it is read back."""
    played = [
        Played(
            **line
            | {
                "performance": Performance(**line["performance"]),
                "said": tuple(Said(**each) for each in line["said"]),
            }
        )
        for line in held.lines["performances.jsonl"]
    ]
    return Kept(
        name="exam0",
        model=model,
        played={each.challenge: each for each in played},
        scored={line["challenge"]: Scored(**line) for line in held.lines["scored.jsonl"]},
        pairs=[FixedPair.read(line) for line in held.lines["pairs.jsonl"]],
        judged=[Compared(**line) for line in held.lines["judged.jsonl"]],
    )
