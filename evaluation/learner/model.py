"""A learner that is a model: it grew up without a form, and learns by what it hears, as a language model does.

What it is to tell next lies before it as cards (`lesson.py`); how it tells it is its own, from its weights as they are
by now: it says the likeliest sentence. A scene that it told right is done; one that it told wrong it tells once more,
and then goes on to the next.

After each reply of the tutor it takes a few steps of Adam on the tutor's words, each conditioned on those before and on
what it had said itself. Nothing else is learned from, no word is marked, and right and wrong are told to nobody. With
every step it rehearses lines that it made up itself before the lesson, so that what is new does not wipe out what it
knows (pseudo-rehearsal, Robins 1995).

Every lesson begins with the weights as they were trained, and is a function of its case and the words said in it.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from espalier.artifacts.code_behind import code_behind
from espalier.models.references import ModelRef
from evaluation.backends import versions
from evaluation.cache import key_of
from evaluation.cases.case import Case, Learned, Messages
from evaluation.cases.suite import Withheld
from evaluation.learner.lesson import Lesson, Sentence, lesson
from evaluation.metrics.words import contains

if TYPE_CHECKING:
    import torch

    from espalier.text.chat import ChatRenderer

LEARNER, TUTOR = "Basil", "Tutor"
SPEAKERS = (TUTOR, LEARNER, "Sophie")
"""Who speaks in the transcripts that it grew up with."""
CARDS = f"{TUTOR}: Cards for {LEARNER}: {{cards}}.\n{LEARNER}:"
"""The exercise in which a sentence is made of headwords."""
CARRIERS = (
    CARDS,
    f"{TUTOR}: Sophie has the cards: {{cards}}. What does Sophie say?\n{LEARNER}:",
    "{question}\nSophie:",
)
"""What stands before a sentence in which it is tested. Each gives its meaning: of what others speak is open."""
LONGEST = 32
"""Tokens of a sentence of its own."""
LONGEST_HEARD = 200
"""Tokens of what it attends to at once; of a longer reply the rest is lost on it."""
MADE_UP, REHEARSED = 64, 4
"""Lines that it makes up while it knows what it grew up with, and how many of them it rehearses with every step."""
BETAS = (0.9, 0.99)
"""Of Adam, which begins anew with every reply."""
_TRIES = 2
_BATCH = 64


@dataclass(kw_only=True)
class ModelLearner:
    """A run of ours that learns in dialogue."""

    ref: ModelRef
    """The run."""
    spec: Withheld
    """How it learns: its learning rate, and steps on each reply."""
    withheld: frozenset[str]
    """Verbs whose past was kept from it."""
    _states: dict[str, list[torch.Tensor]] = field(default_factory=dict, repr=False)
    """Weights after what was heard so far, of lessons under way; those that are missing are learned again."""
    _before: dict[Lesson, tuple[float, float, float, float]] = field(default_factory=dict, repr=False)

    @property
    def identity(self) -> dict[str, Any]:
        """Its weights, how it learns, the code by which it reads, learns and speaks, and what it has to tell."""
        return {
            "model": self.ref.content_hash,
            "learning_rate": self.spec.learning_rate,
            "steps": self.spec.steps,
            "turns": self.spec.turns,
            "withheld": sorted(self.withheld),
            "by": versions.generator("evaluation/learner/model.py"),
            "lessons": key_of(code_behind("evaluation/learner/lesson.py")),
        }

    def respond(self, dialogues: list[tuple[Case, Messages, int]]) -> list[str | None]:
        """Its next words in each (case, messages that end with the tutor's, seed); None where all is told."""
        return [self._respond(case, messages) for case, messages, _ in dialogues]

    def examine(self, dialogues: list[tuple[Case, Messages]]) -> list[Learned]:
        """What it knew before each dialogue, and what it knows after."""
        found = []
        for case, messages in dialogues:
            found.append(self._examine(self._lesson(case), case, messages))
            self._states.pop(_key(case, messages), None)
        return found

    def _respond(self, case: Case, messages: Messages) -> str | None:
        self._put(self._after(case, messages))
        scene = self._next_scene(case, messages)
        return self._say([scene])[0] if scene else None

    def _examine(self, about: Lesson, case: Case, messages: Messages) -> Learned:
        knew, others_before, kept_before, said = self._untaught(about)
        self._put(self._after(case, messages))
        return Learned(
            knew=knew,
            knows=self._belief(about.tests),
            said=said,
            says=_share(self._say(about.tests), about.verb.past),
            others_before=others_before,
            others_after=self._belief(about.others),
            kept_before=kept_before,
            kept_after=self._belief(about.kept),
            overused=_share(self._say([*about.others, *about.kept]), about.verb.past),
        )

    def _untaught(self, about: Lesson) -> tuple[float, float, float, float]:
        """What it believes and says before the lesson; the same whoever teaches, so found out once."""
        if about not in self._before:
            self._put(self._grown)
            beliefs = [self._belief(tests) for tests in (about.tests, about.others, about.kept)]
            self._before[about] = (beliefs[0], beliefs[1], beliefs[2], _share(self._say(about.tests), about.verb.past))
        return self._before[about]

    def _lesson(self, case: Case) -> Lesson:
        return lesson(case.name, case.cluster, self.withheld, self.spec.turns)

    def _next_scene(self, case: Case, messages: Messages) -> Sentence | None:
        """What it tells next: a scene is done once it was told right, or twice."""
        scenes, past = self._lesson(case).scenes, self._lesson(case).verb.past
        at = tries = 0
        for said in (message["content"] for message in messages if message["role"] == "user"):
            tries += 1
            if contains(said, past) or tries == _TRIES:
                at, tries = at + 1, 0
        return scenes[at] if at < len(scenes) else None

    def _after(self, case: Case, messages: Messages) -> list[torch.Tensor]:
        """Its weights after all that the tutor said in `messages`."""
        if all(message["role"] != "assistant" for message in messages):
            return self._grown
        key = _key(case, messages)
        if key not in self._states:
            *before, said, heard = messages
            draw = random.Random(key)
            known = [draw.sample(self._made_up, REHEARSED) for _ in range(self.spec.steps)]
            self._put(self._after(case, before))
            self._states.pop(_key(case, before), None)
            self._hear(said["content"], heard["content"], known)
            self._states[key] = [weight.detach().clone() for weight in self._weights]
        return self._states[key]

    def _hear(self, said: str, heard: str, known: Sequence[Sequence[list[int]]]) -> None:
        """Take steps on the tutor's words, after the learner's own, and with each rehearse what it knew before."""
        import torch

        given = self._renderer.text_prompt(f"{LEARNER}: {_line(said)}\n{TUTOR}:")
        whole = self._renderer.text_prompt(f"{LEARNER}: {_line(said)}\n{TUTOR}: {_line(heard)}\n")
        num_given = _shared(given, whole)
        ids = whole[: num_given + LONGEST_HEARD]
        if not heard.strip() or len(ids) == num_given:
            return
        optimizer = torch.optim.Adam(self._weights, lr=self.spec.learning_rate, betas=BETAS)
        for rehearsed in known:
            loss = self._loss([(ids, num_given)]) + self._loss([(line, 1) for line in rehearsed])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()

    def _loss(self, rows: Sequence[tuple[list[int], int]]) -> torch.Tensor:
        """The mean loss of the tokens of `rows`, each with how many of its first ones are given."""
        import torch

        longest = max(len(ids) for ids, _ in rows)
        inputs = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in rows])
        targets = torch.tensor([[-100] * given + ids[given:] + [-100] * (longest - len(ids)) for ids, given in rows])
        logits = self._model(input_ids=inputs, use_cache=False).logits[:, :-1]
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets[:, 1:].flatten())

    def _say(self, wanted: Sequence[Sentence]) -> list[str]:
        """What it makes of the cards of each sentence, in its own words."""
        from espalier.generation.generate import generate

        prompts = [CARDS.format(cards=sentence.cards) for sentence in wanted]
        replies = generate(self._model, self._renderer, prompts, max_new_tokens=LONGEST, batch_size=_BATCH)
        return [_line(reply.text.strip().partition("\n")[0]) for reply in replies]

    def _belief(self, tests: Sequence[Sentence]) -> float:
        """The mean share that it gives to a sentence as it should be, of what it gives to it, right and wrong."""
        from espalier.generation.likelihood import log_likelihoods

        texts = [
            f"{carrier.format(cards=test.cards, question=test.question)} {said}"
            for test in tests
            for carrier in CARRIERS
            for said in (test.right, *test.wrong)
        ]
        import torch

        scores = torch.tensor(log_likelihoods(self._model, self._renderer, texts, _BATCH), dtype=torch.float64)
        return float(scores.view(-1, 3).softmax(1)[:, 0].mean())

    def _put(self, weights: list[torch.Tensor]) -> None:
        import torch

        with torch.no_grad():
            for weight, value in zip(self._weights, weights, strict=True):
                weight.copy_(value)

    @cached_property
    def _renderer(self) -> ChatRenderer:
        from espalier.models.loading import load_renderer

        return load_renderer(self.ref)

    @cached_property
    def _model(self) -> Any:
        import torch

        from espalier.models.loading import load_model

        return load_model(self.ref, device="cpu", dtype=torch.float32)

    @cached_property
    def _weights(self) -> list[torch.Tensor]:
        weights = list(self._model.parameters())
        for weight in weights:
            weight.requires_grad_(True)
        return weights

    @cached_property
    def _made_up(self) -> list[list[int]]:
        """Lines that it made up when it was grown: tokens of what it then knew."""
        from espalier.generation.generate import generate

        self._put(self._grown)
        starts = [f"{SPEAKERS[at % len(SPEAKERS)]}:" for at in range(MADE_UP)]
        lines = generate(
            self._model, self._renderer, starts, max_new_tokens=LONGEST, temperature=1.0, seed=0, batch_size=_BATCH
        )
        return [self._renderer.text_prompt(f"{start}{line.text}") for start, line in zip(starts, lines, strict=True)]

    @cached_property
    def _grown(self) -> list[torch.Tensor]:
        """Its weights as they were trained."""
        return [weight.detach().clone() for weight in self._weights]


def _key(case: Case, messages: Messages) -> str:
    text = json.dumps([case.name, messages], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _line(text: str) -> str:
    """On one line, as a transcript has it."""
    return " ".join(text.split())


def _share(said: Sequence[str], form: str) -> float:
    return sum(contains(each, form) for each in said) / len(said) if said else 0.0


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
