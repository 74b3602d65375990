"""Have a model write a corpus of dialogues, over a grid of moves, mistakes, first languages and levels.

    python data_mix/generate.py [GRID.yaml] --name NAME --endpoint http://127.0.0.1:8000/v1 --model MODEL [--key VALUE]
    python data_mix/generate.py full --name NAME --model MODEL --dry_run

Any OpenAI-compatible endpoint will do. What passes the checks is in corpora/NAME/dialogues.jsonl, which a mix takes as
it is (--sources.0.path), and what does not is in rejected.jsonl beside it. The same command goes on where it was
stopped, and says so when the corpus is complete. Exit code 3: the budget is reached.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from data_mix.generation.config import DEFAULT_GRID, GenerateConfig, GenerateOptions
from espalier.command_line.config import load
from espalier.command_line.console import say
from espalier.errors import UserError, run_main

BUDGET_REACHED = 3
_GO_ON = "what was answered is kept; the same command goes on"


def main(argv: list[str]) -> int:
    config, options = load(
        GenerateConfig,
        argv,
        prog="python data_mix/generate.py",
        doc=__doc__,
        default=DEFAULT_GRID,
        options=GenerateOptions,
    )
    return generate(config, options)


def generate(config: GenerateConfig, options: GenerateOptions) -> int:
    """Make the corpus that `config` describes; returns the exit code."""
    from data_mix.generation.ask import ask
    from data_mix.generation.cells import jobs as all_jobs
    from data_mix.generation.corpus import Corpus
    from data_mix.generation.prompts import Prompts
    from data_mix.generation.tell import tell_counts, tell_plan
    from espalier.endpoints.client import EndpointError, read_key, warnings

    prompts = Prompts(config.prompt)
    jobs = all_jobs(config, prompts)
    if options.dry_run:
        tell_plan(config, jobs)
        return 0

    read_key(config)
    with Corpus.open(config, options.made_in(config.name)) as corpus:
        if corpus.is_complete(jobs):
            say(f"corpus {config.name} is already complete: {corpus.folder}")
            return 0
        corpus.read(jobs)
        for line in (*corpus.notes, *warnings(config)):
            say(line)
        say(f"corpus {config.name}: {len(jobs):,} dialogues by {config.model} at {config.endpoint}")
        try:
            stopped = ask(corpus, prompts, jobs)
        except KeyboardInterrupt:
            say(_GO_ON)
            raise
        except EndpointError as error:
            raise UserError(f"{error} ({_GO_ON})") from error
        finally:
            counts = corpus.write(jobs)
        tell_counts(counts)
        if stopped:
            say(f"stopped at the budget ({stopped}); what is done is kept in {corpus.folder}")
            say("go on with the same command and a higher --budget.calls or --budget.usd")
            return BUDGET_REACHED
        corpus.finish(jobs, counts)
        say(f"complete: {corpus.folder / 'dialogues.jsonl'}")
    return 0


if __name__ == "__main__":
    run_main(main)
