"""From the command line to what is asked: replies found or made, put in an order, with what the page says about it."""

from __future__ import annotations

import signal

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import is_complete
from espalier.command_line.console import say
from espalier.command_line.subcommand import run_command
from espalier.errors import UserError
from evaluation.config import default_name
from feedback.rating import opening, sources
from feedback.rating.choosing import Queue
from feedback.rating.config import RateConfig, evaluation_words
from feedback.rating.content import Ask
from feedback.rating.desk import Desk
from feedback.rating.store import Candidate, Store


def ask_of(name: str, config: RateConfig) -> Ask:
    """What is asked: what the command line says, else what was asked under this name before, else pairs."""
    if config.ask is None and opening.path_of(name).exists():
        with Store.read(name) as store:
            return store.ask
    return config.ask or "pairs"


def gather(config: RateConfig, ask: Ask) -> list[Candidate]:
    """What can be asked. UserError where there are no replies and none can be made."""
    if config.replies:
        said = sources.from_file(config.replies)
    else:
        said = sources.from_scores(config.scores or _scores(config), config.models)
    found, left_out = sources.candidates(said, ask, pairs_per_prompt=config.pairs_per_prompt, seed=config.seed)
    for reason, number in left_out.most_common():
        say(f"left out, {number:,}: {reason}")
    if told := sources.names_told(found):
        say(f"note: {told:,} of them say their own model's name, which the page cannot hide")
    return found


def _scores(config: RateConfig) -> str:
    name = default_name(config.suite, config.models, config.limit)
    if not is_complete(artifact("scores", name)):
        say(f"scores {name} are not there yet: the models are asked now")
        code = run_command("evaluation/run.py", *evaluation_words(config, name))
        if code == 128 + signal.SIGINT:
            raise KeyboardInterrupt
        if code:
            raise UserError(f"evaluation/run.py ended with {code}, so there is nothing to rate; what it said is above")
    return name


def raters_of(store: Store, config: RateConfig) -> list[str]:
    """Who rates: who is named, and else who was before."""
    raters: list[str] = config.raters or store.about("raters") or ["teacher"]
    store.note(raters=raters)
    return raters


def make_desk(store: Store, config: RateConfig) -> Desk:
    """What raters are asked, in which order. UserError where nothing is asked."""
    items = store.items(asked=True)
    if not items:
        raise UserError(f"{store.path}: holds votes, but nothing that is asked; name --models or --replies")
    doubts, chosen_by = None, "random"
    if config.next != "random":
        from espalier.models.pool import Placement
        from feedback.rating.doubt import doubts_of

        placement = Placement(
            device=config.device, load_in_4bit=config.load_in_4bit, chat_template=config.chat_template
        )
        doubts, chosen_by = doubts_of(store, config.next, placement)
    queue = Queue(items, seed=config.seed, gold=config.gold, doubts=doubts)
    by = "chance" if doubts is None else "a reward model: first what it is least sure of"
    stated = {
        "next": f"What comes next is chosen by {by}. The order is the same for everyone.",
        "sides": "Which reply stands on which side is drawn by chance, for everyone anew.",
        "gold": f"Of 100 questions some {100 * config.gold:.0f} come a second time, to see how steady answers are."
        if config.gold
        else "Nothing is asked a second time.",
    }
    for text in stated.values():
        say(text)
    return Desk(store, queue, dimensions=config.dimensions, chosen_by=chosen_by, stated=stated)
