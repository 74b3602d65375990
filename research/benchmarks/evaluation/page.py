"""How large the report page of many cases is, and how quick it is in a headless Chromium.

    python research/benchmarks/evaluation/page.py [--cases 1000] [--models 3] [--keep page/]

Writes a page of made-up replies of the usual length, opens it from disk and prints a Markdown table. It needs Debian's
chromium and chromium-driver, and selenium. Times are from the event to the second frame after it, so that 33 ms is the
least that can be measured.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[3])

import random
import time
from collections.abc import Iterator, Sequence
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from espalier.command_line.config import Config, load
from espalier.errors import run_main

_WORDS = """
the a to you think about what happens when we add learner sentence verb past went yesterday number step look again
close idea which part of this would change if because first then good careful try say it your own words why does that
fraction energy light plant answer question little more less same other write read remember example
"""
WORDS = _WORDS.split()
LEVELS = ("A1", "A2", "B1", "B2", "C1")
TAGS = ("scaffolding", "metacognition", "conceptual confusion", "socratic", "adaptive depth", "safety")
MISTAKES = ("tense", "agreement", "article", "word_order", "")
JUDGES = ("classifier", "llm")
ACTIONS = {
    "verdict filter": "choose('Verdict', 'candidate')",
    "tag filter": "choose('Tag', 'socratic')",
    "column changed": "choose('Compared by', 'asks')",
    "search": "type('fraction energy')",
    "next case": "press('j')",
    "figures sorted": "document.querySelector('#figures th:nth-child(3) button').click()",
}
HELPERS = """
const control = (label) => [...document.querySelectorAll('#cases label')]
  .find((each) => each.textContent.startsWith(label)).querySelector('select, input');
const choose = (label, value) => {
  const select = control(label); select.value = value; select.dispatchEvent(new Event('change'));
};
const type = (words) => {
  const input = control('Search'); input.value = words; input.dispatchEvent(new Event('input'));
};
const press = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
"""


class Benchmark(Config):
    """What to make and how to measure."""

    cases: int = 1000
    """Cases."""
    models: int = 3
    """Models."""
    repeats: int = 5
    """Loads, and clicks of each kind; the median counts."""
    seed: int = 0
    """Of the made-up replies."""
    keep: str = ""
    """A folder for the page; by default it goes when the measuring is done."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/evaluation/page.py", doc=__doc__)
    with TemporaryDirectory() as temporary:
        path, seconds = write(Path(settings.keep or temporary), settings)
        print(f"{settings.cases:,} cases × {settings.models} models, {path.stat().st_size / 1e6:.2f} MB\n")
        print("| what | median, ms | slowest, ms |\n|---|---:|---:|")
        print(f"| written by Python, figures aside | {1000 * seconds:.0f} | |")
        for name, taken in measured(path.resolve(), settings.repeats).items():
            print(f"| {name} | {median(taken):.0f} | {max(taken):.0f} |")


def write(folder: Path, settings: Benchmark) -> tuple[Path, float]:
    """The page, and the seconds that writing it took."""
    from evaluation.comparison.figures import Contestant, Results
    from evaluation.comparison.summary import summarise
    from evaluation.metrics.base import DialogueMetric
    from evaluation.report.web.page import write_page
    from evaluation.scoring.columns import known_columns

    columns = [column for column in known_columns().values() if not isinstance(column, DialogueMetric)]
    names = [f"model-{number}" for number in range(settings.models)]
    records = list(made_up(names, columns, settings))
    contestants = [Contestant(name=name, members=(name,)) for name in names]
    summary = summarise(Results(records, contestants, names[0], columns, seed=0))
    began = time.perf_counter()
    path = write_page(
        folder,
        title=f"{', '.join(names[1:])} against {names[0]}",
        conclusions=["**These replies are made up.** They say nothing of any model."],
        summary=summary,
        columns=columns,
        records=records,
        models=names,
        seen={names[-1]: {"case-0007": "mix"}},
        facts=[("cases", f"{settings.cases:,}")],
    )
    return path, time.perf_counter() - began


def made_up(names: Sequence[str], columns: Sequence[Any], settings: Benchmark) -> Iterator[Any]:
    """Records of about 60 words a reply; the models of one case share half of them, as siblings do."""
    from evaluation.cases.case import Truth
    from evaluation.scoring.records import Record

    drawn = random.Random(settings.seed)
    for number in range(settings.cases):
        learner = _text(drawn, 25)
        shared = [_text(drawn, drawn.randint(5, 15)) for _ in range(6)]
        truth = Truth(learner=learner, level=drawn.choice(LEVELS), error=drawn.choice(MISTAKES))
        tags = tuple(drawn.sample(TAGS, 2))
        for name in names:
            parts = [part if drawn.random() < 0.5 else _text(drawn, 10) for part in shared]
            yield Record(
                model=name, case=f"case-{number:04d}", turn=0, sample=0, num_turns=1, split="", cluster=str(number),
                combination=(), tags=tags, messages=[
                    {"role": "system", "content": "You are a patient tutor of languages and sciences."},
                    {"role": "user", "content": learner},
                ],
                reply=" ".join(parts), finish="error" if drawn.random() < 0.01 else "stop", error="", num_tokens=80,
                log_likelihoods=(), metrics={column.name: _value(drawn, column) for column in columns},
                notes={
                    column.name: {"why": _text(drawn, 12), "votes": dict.fromkeys(JUDGES, 0.5)}
                    for column in columns[-9:]
                },
                truth=truth, reference=_text(drawn, 30), answer=_text(drawn, 3), criteria=_text(drawn, 25),
            )  # fmt: skip


def measured(path: Path, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of each load and each action."""
    from tests.chromium import open_chromium

    found: dict[str, list[float]] = {"load, to the first case shown": []}
    with open_chromium() as driver:
        for _ in range(repeats):
            driver.get("about:blank")
            driver.get(path.as_uri())
            found["load, to the first case shown"].append(
                driver.execute_script("return performance.getEntriesByType('navigation')[0].domComplete")
            )
            for name, action in ACTIONS.items():
                driver.get("about:blank")
                driver.get(path.as_uri())
                wait = 120 if name == "search" else 0  # the search waits so long for the next letter
                taken = driver.execute_async_script(
                    f"{HELPERS} const done = arguments[0]; const began = performance.now(); {action};"
                    "const frames = () => requestAnimationFrame(() => requestAnimationFrame("
                    f"() => done(performance.now() - began - {wait})));"
                    f"{wait} ? setTimeout(frames, {wait + 1}) : frames();"
                )
                found.setdefault(name, []).append(taken)
    return found


def _text(drawn: random.Random, length: int) -> str:
    return " ".join(drawn.choices(WORDS, k=length)).capitalize() + "."


def _value(drawn: random.Random, column: Any) -> float:
    if column.is_share:
        return drawn.choice((0.0, 1.0, 0.5, round(drawn.random(), 4)))
    return round(drawn.uniform(column.low, min(column.high, 60.0)), 3)


if __name__ == "__main__":
    run_main(main)
