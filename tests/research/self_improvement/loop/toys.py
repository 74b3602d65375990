"""A loop whose models are toys: what they say is right as often as they are skilled, and training makes them so."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from evaluation.backends.base import Ask
from evaluation.cases.case import Reply
from research.self_improvement import examine, interlace, judge, perform, propose, rank
from research.self_improvement.families.predict_output import PredictOutput
from research.self_improvement.families.predict_output.program import Source
from research.self_improvement.families.predict_output.prompts import fenced
from research.self_improvement.loop import steps
from research.self_improvement.voices import AskSettings, Sampling, Voice

REAL = {
    steps.PROPOSE: propose.main,
    steps.PERFORM: perform.main,
    steps.JUDGE: judge.main,
    steps.RANK: rank.main,
    steps.INTERLACE: interlace.main,
    steps.EXAMINE: examine.main,
}
FOLDERS = {steps.BUILD: "mixes", steps.TRAIN: "runs", steps.EVALUATE: "scores"}
FAMILY = PredictOutput(3)
_PROGRAM = re.compile(r"```python\n(.*?)\n```", re.DOTALL)


class Backend:
    """Somebody who predicts what programs print, rightly with a probability that is its skill."""

    is_model, interactive, ref, supports_texts = True, False, None, False

    def __init__(self, reference: str, skill: float, proposes: str | None) -> None:
        self.name, self._skill, self._proposes = reference.removeprefix("run:"), skill, proposes
        self.identity = {"kind": "toy", "spec": reference, "content_hash": f"{reference} {skill}"}

    def key(self, ask: Ask) -> None:
        return None

    def answer(self, asks: Sequence[Ask]) -> Iterator[tuple[int, Reply]]:
        for place, ask in enumerate(asks):
            yield place, Reply(text=self._said(ask.case.messages[-1]["content"], ask.seed), num_tokens=1, finish="stop")

    def close(self) -> None:
        pass

    def _said(self, asked: str, seed: int) -> str:
        rng = random.Random(f"{seed} {asked}")
        if "Write a short Python program" in asked:
            return self._proposes or fenced(FAMILY.written(rng, rng.randrange(3)).content)
        if "Answer with A, B or tie" in asked or "answer with A, B or tie" in asked:
            return rng.choice("AB")
        found = _PROGRAM.search(asked)
        source = Source.read(found[1]) if found else None
        run = source.followed() if isinstance(source, Source) else None
        output = run.output.strip() if run else "?"
        return output if rng.random() < self._skill else f"{output}{rng.randrange(10)}"


class Toys:
    """Stands for models and their training; the other steps of a loop are the real ones."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.run: list[list[str]] = []
        self.gains: list[float] = []
        """Of each training from preferences, what it brings; 0.2 where it is not said."""
        self.proposes: str | None = None
        """What every model proposes; programs of the grammar where it is not said."""
        self.dies_before: str | None = None
        """The artifact before which the loop is killed."""
        patch.setattr("espalier.loops.steps.run_command", self)
        patch.setattr(Voice, "open", self._opened)

    def __call__(self, script: str, *words: str) -> int:
        name = words[words.index("--name") + 1]
        if self.dies_before and name.endswith(self.dies_before):
            raise KeyboardInterrupt
        self.run.append([script, *words])
        if script in REAL:
            return REAL[script](list(words))
        if script == steps.TRAIN:
            self.start(name, self._trained(words, name.endswith("-preferring")))
            return 0
        folder = artifact(FOLDERS[script], name)
        folder.mkdir(parents=True)
        (folder / "made").write_text(" ".join(words))
        records.write_manifest(folder, {"kind": "any", "name": name})
        return 0

    def start(self, name: str, skill: float) -> None:
        """A run of so much skill."""
        folder = artifact("runs", name)
        (folder / "final").mkdir(parents=True)
        (folder / "final" / "config.json").write_text(f"{name} {skill}")
        facts = {"kind": "run", "name": name, "summary": {"tokens": 1000}, "skill": skill}
        records.write_manifest(folder, facts, content=("final/**/*",))

    @property
    def made(self) -> list[str]:
        """What was made, in order, without the loop's name."""
        return [words[words.index("--name") + 1].partition("-")[2] for words in self.run]

    def given(self, part: str, key: str) -> str | None:
        """What a part was told for a key."""
        words = next(words for words in self.run if words[words.index("--name") + 1].endswith(part))
        return words[words.index(f"--{key}") + 1] if f"--{key}" in words else None

    def _trained(self, words: Sequence[str], preferring: bool) -> float:
        skill = self._skill(words[words.index("--parent") + 1])
        return skill + ((self.gains.pop(0) if self.gains else 0.2) if preferring else 0.0)

    def _skill(self, run: str) -> float:
        return float(records.read_json(artifact("runs", run.removeprefix("run:")) / "manifest.json")["skill"])

    def _opened(
        self, reference: str, sampling: Sampling, how: AskSettings, *, seed: int = 0, prefix: str = ""
    ) -> Voice:
        skill = 0.3 if reference.startswith("openai:") else self._skill(reference)
        return Voice(Backend(reference, skill, self.proposes), seed, prefix)
