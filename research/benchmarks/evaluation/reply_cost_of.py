"""What one checkout takes for a reply; run by reply_cost.py, and with nothing imported from anywhere but that checkout.

It is no command: it is run by its path, so that what it imports is the other checkout's. Prints JSON: milliseconds of
the processor for the judge, and for the other columns of the score. The workspace has a judge that was trained by that
checkout.
"""

import gc
import json
import time
from collections.abc import Callable
from functools import _lru_cache_wrapper
from pathlib import Path

PORTION = 64
"""Replies that are judged at once."""


def main(replies: int, files: list[str]) -> None:
    from data_mix.language.languages import identify
    from evaluation.cases.case import Case, Reply
    from evaluation.judges.base import Item
    from evaluation.judges.classifier import Classifier
    from evaluation.judges.labels import read_labels
    from evaluation.metrics import METRICS
    from evaluation.scoring.pedagogy import columns

    labelled = read_labels([Path(file) for file in files])[:replies]
    items = [Item(messages=each.messages, reply=each.reply, answer=each.answer) for each in labelled]
    cases = [Case(name=each.dialogue, messages=each.messages, answer=each.answer) for each in labelled]
    said = [Reply(text=each.reply, num_tokens=0, finish="stop") for each in labelled]
    metrics = [METRICS[name] for name in columns() if name in METRICS]
    judge = Classifier.open("classifier")

    def judged() -> None:
        for start in range(0, len(items), PORTION):
            judge.judge(items[start : start + PORTION])

    def looked_at() -> None:
        for case, reply in zip(cases, said, strict=True):
            for each in metrics:
                each(case, reply)

    identify("What is loaded once is no cost of a reply.")
    judged()
    for cache in gc.get_objects():
        if isinstance(cache, _lru_cache_wrapper) and _is_of_texts(cache):
            cache.cache_clear()
    found = {"judge": milliseconds(judged) / len(items), "rules": milliseconds(looked_at) / len(items)}
    print(json.dumps({**found, "replies": len(items)}))


def _is_of_texts(cache: "_lru_cache_wrapper[object]") -> bool:
    """Whether it remembers something of ours about texts: one without a limit holds what is loaded once."""
    return (
        str(cache.__module__).startswith(("evaluation.", "data_mix."))
        and cache.cache_parameters()["maxsize"] is not None
    )


def milliseconds(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)
