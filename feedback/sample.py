"""Draw replies from a model, several to each prompt, for a scorer, a reward model or people to compare.

    python feedback/sample.py --model basil-core --prompts mix:basil/train --limit 2000 --n 10 --name basil-drawn
    python feedback/sample.py --model openai:qwen3@http://127.0.0.1:8000/v1 --prompts suite:pedagogical --name drawn

They are kept in corpora/NAME/samples.jsonl with what is known of each prompt, and every reply in the cache as it comes:
the same command goes on where it was stopped. python feedback/prefer.py makes pairs of them.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import progress, say
from espalier.errors import UserError, run_main
from espalier.models import devices
from evaluation.config import EndpointOptions, EvaluateConfig

if TYPE_CHECKING:
    from evaluation.backends.base import Backend
    from feedback.prompts import Prompts
    from feedback.samples import Sampled

_NOT_WHAT_BUT_HOW = ("batch_size", "device", "workers", "engine", "ray_address", "endpoint")
"""Keys of how it is asked; what decides the replies besides is in the key of each in the cache."""


class SampleConfig(Config):
    """Who is asked what, and how often."""

    model: str = ""
    """A run, a folder or a hub name (run:, path:, hub: say which), or openai:NAME@URL."""
    prompts: str = ""
    """mix:NAME/SPLIT, suite:NAME, or a file of cases (lines with `messages` or `prompt`)."""
    name: Name
    """Name of the samples: corpora/NAME."""
    n: Annotated[int, Field(ge=1, le=1000)] = 10
    """Replies to each prompt."""
    limit: Annotated[int, Field(ge=1)] | None = None
    """Ask at most so many prompts, drawn by the seed."""
    named_moves: bool = False
    """Of a mix's dialogues ask only the turns whose move the system line names, as the suites of a curriculum do."""
    may_train: bool = Field(False, exclude_if=lambda given: not given)
    """The prompts of a file of your own may be trained on; a suite's never are, nor by default those of a file."""
    temperature: Annotated[float, Field(ge=0)] = 1.0
    """At 0 there is one reply, the likeliest."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of probability that is kept."""
    max_new_tokens: Annotated[int, Field(ge=1)] = 64
    """A reply that has not ended after so many tokens is cut."""
    seed: int = 0
    """Of the prompts that are drawn, and of the replies."""
    batch_size: Annotated[int, Field(ge=1)] = 64
    """Replies generated at once."""
    device: devices.Device = "auto"
    """cpu, cuda, cuda:1 and so on, or auto."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto is bfloat16 on a GPU and float32 elsewhere."""
    load_in_4bit: bool = False
    """Load weights in 4 bits (NF4)."""
    chat_template: str | None = None
    """Builtin template or file, for models that have none."""
    trust_remote_code: bool = False
    """Let code that comes with a model run."""
    engine: Literal["local", "vllm", "ray"] = "local"
    """What runs a model of this machine: this process, vLLM, or the workers of a Ray cluster."""
    ray_address: str | None = None
    """HOST:PORT of a Ray cluster; by default Ray starts one on this machine."""
    workers: Annotated[int, Field(ge=1, le=256)] = 4
    """Questions that an endpoint gets at once, or workers of Ray."""
    endpoint: EndpointOptions = EndpointOptions()
    """How an endpoint is asked."""

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.n > 1 and self.temperature == 0:
            raise ValueError("n: at temperature 0 all replies are the same; set a temperature, or n to 1")
        return self


class SampleOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(SampleConfig, argv, prog="python feedback/sample.py", doc=__doc__, options=SampleOptions)
    for key in ("model", "prompts"):
        if not getattr(config, key):
            raise UserError(f"--{key}: is missing; python feedback/sample.py --help says what it takes")
    return sample(config, options)


def sample(config: SampleConfig, options: SampleOptions) -> int:
    """Draw the samples that `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus
    from evaluation.cases.trained_on import made_from
    from feedback.prompts import read_prompts
    from feedback.samples import FILE, to_lines

    if config.engine != "ray":
        devices.check_here(config.device)
    prompts = read_prompts(
        config.prompts,
        limit=config.limit,
        seed=config.seed,
        named_moves=config.named_moves,
        may_train=config.may_train,
    )
    backend = open_model(config, prompts)
    parents = made_from([backend.identity], None, ()) | prompts.parents
    decides = {key: value for key, value in to_dict(config).items() if key not in _NOT_WHAT_BUT_HOW}
    corpus = Corpus.open(
        config.name,
        decides,
        parents=parents,
        about=f"replies of {backend.name} to {config.prompts}",
        command="feedback/sample.py",
        made_in=options.made_in(config.name),
    )
    with corpus:
        if corpus.complete:
            say(f"samples {config.name} are already complete: {corpus.folder / FILE}")
        else:
            samples = ask(config, backend, prompts)
            counts = count(samples, prompts)
            about = f"{counts['replies']:,} replies of {backend.name} to {counts['prompts']:,} prompts"
            corpus.finish({FILE: list(to_lines(samples))}, about=f"{about} of {config.prompts}", counts=counts)
            tell(counts)
            say(f"complete: {corpus.folder / FILE}")
        if options.publish:
            corpus.publish()
    return 0


def open_model(config: SampleConfig, prompts: "Prompts") -> "Backend":
    """Who is asked, as an evaluation opens it. UserError for nobody, or somebody who knows the replies beforehand."""
    from evaluation.backends.speaker import open_speaker
    from evaluation.cases.suite import Generation

    how = {key: getattr(config, key) for key in SampleConfig.model_fields if key in EvaluateConfig.model_fields}
    del how["name"]
    generation = Generation(
        max_new_tokens=config.max_new_tokens, temperature=config.temperature, top_p=config.top_p, samples=config.n
    )
    return open_speaker(config.model, generation, how=how, cases=prompts.cases)


def ask(config: SampleConfig, backend: "Backend", prompts: "Prompts") -> "list[Sampled]":
    """Every reply: from the cache what was drawn before, the rest now. UserError where no prompt gets any."""
    from evaluation.cache import Cache
    from evaluation.cases.case import Reply
    from evaluation.play import play
    from feedback.samples import Sampled, to_reply

    drawn: dict[str, list[Reply]] = {case.name: [] for case in prompts.cases}
    with Cache() as cache, progress(len(prompts.cases) * config.n, backend.name) as bar:

        def on_reply(answered: int, from_cache: int) -> None:
            bar.update(answered, {"from the cache": from_cache} if from_cache else {})

        try:
            found = play(backend, prompts.cases, (), cache=cache, seed=config.seed, samples=config.n, on_reply=on_reply)
        finally:
            backend.close()
    for record in found:
        drawn[record.case].append(to_reply(record))
    replies = [reply for each in drawn.values() for reply in each]
    if all(reply.finish == "error" for reply in replies):
        raise UserError(f"{config.model} gave no reply at all; the first time because: {replies[0].error}")
    return [Sampled(id=case.name, case=case, replies=tuple(drawn[case.name])) for case in prompts.cases]


def count(samples: "list[Sampled]", prompts: "Prompts") -> dict[str, Any]:
    """What was drawn, in numbers."""
    replies = [reply for each in samples for reply in each.replies]
    given = [reply for reply in replies if reply.finish != "error"]
    return {
        "prompts": len(samples),
        "replies": len(given),
        "no_reply": len(replies) - len(given),
        "cut": sum(reply.finish == "length" for reply in given),
        "silent": sum(not reply.text.strip() for reply in given),
        "distinct": sum(len({reply.text for reply in each.replies if reply.finish != "error"}) for each in samples),
        "tokens": sum(reply.num_tokens for reply in given),
        "errors": dict(Counter(reply.error for reply in replies if reply.finish == "error").most_common(5)),
        "remarks": dict(Counter(remark for reply in replies for remark in reply.remarks)),
        "kept_from_training": prompts.heldout,
    }


def tell(counts: dict[str, Any]) -> None:
    """Say what was drawn, and what is odd about it."""
    say(
        f"{counts['replies']:,} replies to {counts['prompts']:,} prompts, {counts['distinct']:,} of them different; "
        f"{counts['cut']:,} were cut, {counts['silent']:,} say nothing, {counts['no_reply']:,} failed"
    )
    for reason, number in counts["errors"].items():
        say(f"note: {number:,} failed because: {reason}")
    for remark, number in counts["remarks"].items():
        say(f"note: {number:,} replies: {remark}")


if __name__ == "__main__":
    run_main(main)
