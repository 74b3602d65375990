"""The steps of a round, a function each: one of our commands, from artifacts by name to the next artifact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_manifest
from espalier.artifacts.rounds import Round
from espalier.loops.lockstep import seed_of
from espalier.loops.pace import Pace
from espalier.loops.steps import flags, run_step
from espalier.loops.trained import Trained
from espalier.models.references import kind_of
from research.self_improvement.loop.config import POLICY, START, LoopConfig

PROPOSE, PERFORM, JUDGE, RANK, INTERLACE, EXAMINE = (
    f"research/self_improvement/{name}.py" for name in ("propose", "perform", "judge", "rank", "interlace", "examine")
)
BUILD, TRAIN, EVALUATE = "data_mix/build.py", "stage1/train.py", "evaluation/run.py"
_FOLDERS = {BUILD: "mixes", TRAIN: "runs", EVALUATE: "scores"}
LEARNED = {"pairs": ("pairs", "proposals", "judgements"), "best": ("pairs", "proposals"), "truth": ("rows",)}
"""By what is learned, the files of a ranked round that it is learned from."""


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The steps of one round."""

    config: LoopConfig
    pace: Pace
    number: int
    """Which round, from 0."""
    policy: str
    """Who the policy is when the round begins: a reference."""
    run: Callable[..., int] | None = None
    """What runs a command; by default a process that starts from nothing."""

    def name(self, part: str) -> str:
        """What a part of the round is called."""
        return part_of(self.config, self.number, part)

    def challenges(self, after: str | None, earlier: Sequence[str]) -> str:
        """Challenges of the round, by whoever proposes, shown the archive of the ranked round before."""
        how = self.config.proposals
        told = {
            "model": None if how.by == "rules" else self._who(how.by),
            "number": how.number,
            "by_rule": 1.0 if how.by == "rules" else how.by_rule,
            "asks": how.asks,
            "each": how.each,
            "temperature": how.temperature,
            "max_new_tokens": how.max_new_tokens,
            "after": after,
            "earlier": list(earlier),
            "unwalled": self.config.unwalled,
            **self._asked("challenges"),
            **self._diversity,
        }
        return self._run(PROPOSE, "challenges", told)

    def performances(self, challenges: str) -> str:
        """What the policy, and whoever performs beside it, make of them."""
        how = self.config.performances
        told = {
            "challenges": challenges,
            "models": [self.policy, *how.others],
            "k": how.k,
            "temperature": how.temperature,
            "top_p": how.top_p,
            "max_new_tokens": how.max_new_tokens,
            **self._asked("performances"),
        }
        return self._run(PERFORM, "performances", told)

    def judged(self, performances: str, earlier: Sequence[str]) -> str:
        """What is known of them, and said by the panel."""
        how = self.config.judging
        told = {
            "performances": performances,
            "judges": [self._seated(each) for each in how.judges],
            "meta_judge": how.meta_judge and self._who(how.meta_judge),
            "most": how.most,
            "meets": how.meets,
            "temperature": how.temperature,
            "max_new_tokens": how.max_new_tokens,
            "sets": list(earlier) if how.judges else [],
            "unwalled": self.config.unwalled,
            **self._asked("judged"),
            **self._diversity,
        }
        return self._run(JUDGE, "judged", told)

    def ranked(self, judged: str, after: str | None, earlier: Sequence[str]) -> str:
        """What ranks better, the archive, and what falls short."""
        how = self.config.learning
        told = {
            "judged": judged,
            "by": self.config.judging.by,
            "make": "best" if how.what == "best" else "pairs",
            "keep": how.keep,
            "margin": how.margin,
            "train": how.train,
            "proposals": how.proposals,
            "judgements": how.judgements,
            "number": self.number,
            "after": after,
            "earlier": list(earlier),
            "prefix": self.config.prefix,
            "seed": self._seed("ranked"),
            **self._families,
            **self._diversity,
        }
        return self._run(RANK, "ranked", told)

    def learned_mix(self, ranked: str) -> str:
        """What is learned of the ranked round, as a mix."""
        preferred = self.config.learning.what == "pairs"
        keys = {"preferences": "keep"} if preferred else {}
        files = [file for file in LEARNED[self.config.learning.what] if lines_of(ranked, file)]
        return self._mix("learned", [_source(ranked, file) | keys for file in files])

    def preferring(self, mix: str) -> str:
        """The policy, after what ranked better."""
        rows = {"pairs": {}, "best": _EXAMPLES, "truth": _EXAMPLES}[self.config.learning.what]
        return self._trained("preferring", self.config.preferring, mix, self.policy, rows)

    def keeping(self, policy: str) -> str:
        """The policy, after ordinary rows besides; as it is where there are none."""
        how = self.config.ordinary
        if not how.mix:
            return policy
        told = {
            "mix": how.mix,
            "sources": how.sources,
            "rows": how.rows,
            "prefixed": how.prefixed,
            "prefix": self.config.prefix,
            "number": self.number - 1,
            "seed": self.config.seed,
        }
        rows = self._run(INTERLACE, "ordinary", told)
        mix = self._mix("ordinary.mix", [_source(rows, "rows")])
        return self._trained("keeping", self.config.keeping, mix, policy, {})

    def exam(self, policy: str, against: str | None) -> str:
        """What a policy can do on held-out challenges, beside round 0."""
        how = self.config.exam
        told = {
            "model": policy,
            "size": how.size,
            "samples": how.samples,
            "temperature": self.config.performances.temperature,
            "max_new_tokens": self.config.performances.max_new_tokens,
            "judges": [self._who(each) for each in how.judges] if against else [],
            "against": against,
            "unwalled": self.config.unwalled,
            "prefix": self.config.prefix,
            "seed": self.config.seed,
            **self._families,
            **flags_of("ask", self.config.ask),
        }
        return self._run(EXAMINE, "exam", told)

    def scores(self, policy: str) -> str | None:
        """The core suite, of the model that the loop began with and of a policy."""
        core, how = self.config.core, self.config.ask
        if not core.suite:
            return None
        told = {
            "models": list(dict.fromkeys([self.config.model, policy])),
            "suite": core.suite,
            "mix": core.mix,
            "limit": core.limit,
            "device": how.device,
            "dtype": how.dtype,
            "load_in_4bit": how.load_in_4bit,
            "chat_template": how.chat_template,
        }
        return self._run(EVALUATE, "scores", {key: value for key, value in told.items() if value is not None})

    def _who(self, name: str) -> str:
        return {POLICY: self.policy, START: self.config.model}.get(name, name)

    def _seated(self, judge: str) -> str:
        name, times, seats = judge.partition("*")
        return f"{self._who(name)}{times}{seats}"

    def _seed(self, part: str) -> int:
        """A seed of a part of the round, the same whatever else is done in it."""
        return seed_of(self.config.seed, self.number, part) % 2**31

    @property
    def _families(self) -> dict[str, Any]:
        return flags_of("families", self.config.families)

    @property
    def _diversity(self) -> dict[str, Any]:
        return flags_of("diversity", self.config.diversity)

    def _asked(self, part: str) -> dict[str, Any]:
        return {
            "prefix": self.config.prefix,
            "seed": self._seed(part),
            **self._families,
            **flags_of("ask", self.config.ask),
        }

    def _mix(self, part: str, sources: Sequence[Mapping[str, Any]]) -> str:
        told = {f"sources.{place}": dict(source) for place, source in enumerate(sources)}
        return self._run(BUILD, part, {"seed": self.config.seed, "valid_fraction": 0, "workers": 1, **told})

    def _trained(self, part: str, trained: Trained, mix: str, policy: str, rows: Mapping[str, Any]) -> str:
        """A reference to the run. An adapter that the configuration names is made once, and then trained on."""
        kind, start = kind_of(policy)
        ours = kind == "run"
        begun = ours and start.startswith(f"{self.config.name}-r")
        origin = {"parent": start, "base": None} if ours else {"parent": None, "base": start}
        keys = {
            **trained.keys,
            **rows,
            "recipe": None,
            "parent_config": None,
            **origin,
            **({"adapter": None, "growth": "continue"} if begun else {}),
            "mix": mix,
            "seed": self._seed(part),
            "device": self.config.ask.device,
            "threads": self.config.ask.threads,
            "chat_template": self.config.ask.chat_template,
            "monitors.on": "none",  # nobody reads them, and a pause would wait for somebody
            "publish": False,
        }
        keys = {key: value for key, value in keys.items() if key != "chat_template" or value}
        made = run_step(self.pace, TRAIN, "runs", self.name(part), str(trained.config), *flags(keys), run=self.run)
        return f"run:{made}"

    def _run(self, command: str, part: str, told: Mapping[str, Any]) -> str:
        quiet = {} if command == BUILD else {"publish": False}
        folder = _FOLDERS.get(command, "corpora")
        return run_step(self.pace, command, folder, self.name(part), *flags({**told, **quiet}), run=self.run)


_EXAMPLES = {"rows": "chat", "objective": "sft", "preference": None}
"""Keys of a training that learns examples in the place of preferences."""


def part_of(config: LoopConfig, number: int, part: str) -> str:
    """What a part of a round is called: NAME-r03-PART."""
    return Round(loop=config.name, number=number, part=part).name


def lines_of(ranked: str, file: str) -> int:
    """How many lines a file of a ranked round has."""
    manifest = read_manifest(artifact("corpora", ranked))
    assert manifest is not None
    return int(manifest["counts"][f"{file}.jsonl"])


def flags_of(key: str, settings: Any) -> dict[str, Any]:
    """What differs in a group of keys from what it is by default, as keys of a command line."""
    changed = settings.model_dump(mode="json", exclude_defaults=True)
    return {key: changed} if changed else {}


def _source(corpus: str, file: str) -> dict[str, Any]:
    return {"path": Path(f"corpora:{corpus}/{file}.jsonl"), "name": file, "licence": "made here"}
