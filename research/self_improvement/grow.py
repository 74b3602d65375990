"""Write the rows from which a small model is grown that can take part in self-improvement.

    python research/self_improvement/grow.py [CONFIG.yaml] [--programs 80000 --moves 4000 --any.key VALUE ...]

Programs with what they print and programs to propose, two answers of which one is right, what is said in the games that
a few words are enough for, and questions about pages, if any are asked for. All is by rule, and nothing of it is in an
examination. Half of it stands behind the prefix of open-ended tasks. In corpora/NAME they are programs.jsonl,
judgements.jsonl, moves.jsonl and questions.jsonl, so that a recipe can weigh them: a move is a few tokens, and a
program's steps are many.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections import Counter
from typing import TYPE_CHECKING, Any

from pydantic import Field

from espalier.command_line.config import ArtifactOptions, Config, Name, NotedOptions, load, to_dict
from espalier.command_line.console import say
from espalier.errors import UserError, run_main
from research.self_improvement.families.predict_output.family import TRAINED
from research.self_improvement.families.predict_output.grammar import levels
from research.self_improvement.families.predict_output.rows import TIES
from research.self_improvement.voices import PREFIX

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from research.self_improvement.families.family import Family

COMMAND = "research/self_improvement/grow.py"


class GrowConfig(Config):
    """What rows are written."""

    name: Name = "self-growing"
    """Name of the corpus: corpora/NAME."""
    seed: int = Field(0, ge=0)
    """Of all that is drawn."""
    trained: int = Field(TRAINED, ge=1, lt=len(levels()))
    """Programs are of so many levels, from the easiest; what is harder stays unseen."""
    programs: int = Field(80_000, ge=0)
    """Rows about a program: what it prints, or writing one."""
    proposing: float = Field(0.1, ge=0, le=1)
    """Share of these in which one is written."""
    steps: float = Field(0.3, ge=0, le=1)
    """Share of the answers that begin with the steps in between, as few people's do; judgements all do, unless it is 0.
    So the model knows two ways to answer, and does what most of its text does: which is better is left to find out."""
    judgements: int = Field(4_000, ge=0)
    """Rows in which two answers are compared."""
    ties: float = Field(TIES, ge=0, le=1)
    """Share of these in which neither answer is right."""
    moves: int = Field(4_000, ge=0)
    """Rows in which something is said in a game, by a policy that is no master."""
    questions: int = Field(0, ge=0)
    """Rows in which a question about a page is answered, whose facts are known."""
    prefixed: float = Field(0.5, ge=0, le=1)
    """Share of the rows that stand behind the prefix."""
    prefix: str = PREFIX
    """What stands before an open-ended task."""


class GrowOptions(ArtifactOptions, NotedOptions):
    """Flags of one invocation."""


def main(argv: list[str]) -> int:
    config, options = load(GrowConfig, argv, prog=f"python {COMMAND}", doc=__doc__, options=GrowOptions)
    if not rows_asked(config):
        raise UserError(
            "--programs, --judgements, --moves and --questions are all 0: there is nothing to write; give one of them"
        )
    return grow(config, options)


def grow(config: GrowConfig, options: GrowOptions) -> int:
    """Write the rows that `config` describes; returns the exit code."""
    from espalier.artifacts.corpus import Corpus

    decides = {key: value for key, value in to_dict(config).items() if key != "name"}
    about = f"{rows_asked(config):,} rows to grow a model from that can take part"
    made_in = options.made_in(config.name)
    with Corpus.open(config.name, decides, parents={}, about=about, command=COMMAND, made_in=made_in) as corpus:
        if corpus.complete:
            say(f"rows {config.name} are already complete: {corpus.folder}")
        else:
            kinds = {kind: list(rows) for kind, rows in rows_of(config).items()}
            counts = count([row for rows in kinds.values() for row in rows])
            corpus.finish({f"{kind}.jsonl": rows for kind, rows in kinds.items() if rows}, about=about, counts=counts)
            say(f"{counts['rows']:,} rows, {counts['prefixed']:,} of them behind the prefix: {corpus.folder}")
        if options.publish:
            corpus.publish()
    return 0


def rows_asked(config: GrowConfig) -> int:
    """How many rows it asks for."""
    return config.programs + config.judgements + config.moves + config.questions


def rows_of(config: GrowConfig) -> "dict[str, Iterator[dict[str, Any]]]":
    """The rows by kind, each kind drawn by a seed of its own."""
    import random
    from itertools import islice

    from research.self_improvement.families.predict_output import PredictOutput
    from research.self_improvement.families.predict_output.rows import growing_rows, judging_rows
    from research.self_improvement.families.social_games import growing
    from research.self_improvement.families.trivia.trivia import LexiconTrivia

    family, steps = PredictOutput(config.trained), config.steps

    def drawn(kind: str) -> random.Random:
        return random.Random(f"{config.seed}/{kind}")

    kinds = {
        "programs": growing_rows(family, drawn("programs"), config.programs, steps=steps, proposing=config.proposing),
        "judgements": judging_rows(family, drawn("judgements"), config.judgements, steps=steps > 0, ties=config.ties),
        "moves": islice(growing.rows(drawn("moves")), config.moves),
        "questions": answers(LexiconTrivia(), drawn("questions"), config.questions),
    }
    return {kind: _unleashed(config, kind, rows, drawn(f"{kind}, prefixed")) for kind, rows in kinds.items()}


def answers(family: "Family", rng: "random.Random", number: int) -> "Iterator[dict[str, Any]]":
    """So many right answers by rule, evenly of all levels that are trained on; nothing in them is held out."""
    while number > 0:
        challenge = family.written(rng, number % family.trained)
        reply = family.answer(challenge)
        if reply is not None:
            number -= 1
            asked = next(family.play(challenge, rng)).messages
            about = {"family": family.name, "level": challenge.difficulty, "skill": challenge.skill, "kind": "answer"}
            yield {"messages": [*asked, {"role": "assistant", "content": reply}], "meta": about}


def _unleashed(
    config: GrowConfig, kind: str, rows: "Iterator[dict[str, Any]]", rng: "random.Random"
) -> "Iterator[dict[str, Any]]":
    """The rows with their ids, a share of them behind the prefix, by lot."""
    from research.self_improvement.voices import prefixed

    for place, row in enumerate(rows):
        *asked, reply = row["messages"]
        unleashed = rng.random() < config.prefixed
        messages = [*(prefixed(asked, config.prefix) if unleashed else asked), reply]
        yield {"id": f"{kind}/{place:06d}", "messages": messages, "meta": row["meta"] | {"prefixed": unleashed}}


def count(rows: "list[dict[str, Any]]") -> dict[str, Any]:
    """What was written, in numbers."""
    about = [row["meta"] for row in rows]
    return {
        "rows": len(rows),
        "prefixed": sum(each["prefixed"] for each in about),
        "kinds": dict(sorted(Counter(each["kind"] for each in about).items())),
        "skills": dict(sorted(Counter(each["skill"] for each in about).items())),
        "levels": {str(level): number for level, number in sorted(Counter(each["level"] for each in about).items())},
    }


if __name__ == "__main__":
    run_main(main)
