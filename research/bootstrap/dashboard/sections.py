"""The charts and lists of a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from espalier.pages.charts import Chart, ridges, ticks_to
from espalier.report import percent
from evaluation.comparison.stats import wilson
from research.bootstrap.bands import BANDS, GOOD, USABLE, share_from
from research.bootstrap.classroom.asking import PUPIL, SOPHIE
from research.bootstrap.dashboard.material import Told, of_exams, spans

_SHARES = ((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %"))


def band_history(rounds: Sequence[Told]) -> Markup:
    """The band that each round left the pupil at."""
    ticks = [(band, f"{name} {band}") for band, name in enumerate(BANDS)]
    chart = Chart(_numbers(rounds), ticks, left=156, height=220)
    chart.line([each.found["next_band"] for each in rounds], "one", stepped=True)
    return chart.drawn(f"The band after each round; it is {rounds[-1].found['next_band']} now")


def attempts(rounds: Sequence[Told]) -> Markup:
    """The shares of attempts that were usable, and good."""
    chart = Chart(_numbers(rounds), _SHARES)
    for least, kind in ((USABLE, "two"), (GOOD, "one")):
        values = [share_from(each.found["scores"], least) for each in rounds]
        sizes = [sum(each.found["scores"]) for each in rounds]
        ends = [None if share is None else wilson(share, size) for share, size in zip(values, sizes, strict=True)]
        chart.between([end and end[0] for end in ends], [end and end[1] for end in ends], kind)
        chart.line(values, kind)
    return chart.drawn("Shares of attempts that were usable and good, by round")


def scores(rounds: Sequence[Told]) -> Markup | None:
    """The scores of attempts, by round; None where nothing was attempted yet."""
    tried = [each for each in rounds if sum(each.found["scores"])]
    shares = [[count / sum(each.found["scores"]) for count in each.found["scores"]] for each in tried]
    return ridges(_numbers(tried), shares, "Distribution of scores in each round") if tried else None


def examinations(rounds: Sequence[Told]) -> list[dict[str, Any]]:
    """Of each band, the share of held-out turns that were good, by round, with what is wanted of it."""
    last = next((each.exam for each in reversed(rounds) if each.exam), None)
    return [_examination(rounds, last, band) for band in range(len(BANDS))] if last else []


def _examination(rounds: Sequence[Told], last: Mapping[str, Any], band: int) -> dict[str, Any]:
    chart, now = Chart(_numbers(rounds), _SHARES, height=150), last["bands"][band]
    chart.level(now["at_least"], "bar-wanted")
    chart.line(of_exams(rounds, lambda exam: _best_control(exam, band)), "grey")
    _estimates(chart, of_exams(rounds, lambda exam: exam["bands"][band]))
    passed = [str(each.number) for each in rounds if each.found["passed"][band]]
    return {
        "name": f"{band} {BANDS[band]}",
        "chart": chart.drawn(f"Band {band}: share of held-out turns that are good, by round"),
        "now": f"{percent(now['share'])} ({percent(now['low'])} to {percent(now['high'])}) of {now['turns']} turns; "
        f"{percent(now['at_least'], 0)} is wanted",
        "passed": f"passed in round {_listed(passed)}" if passed else "not passed yet",
    }


def _best_control(exam: Mapping[str, Any], band: int) -> float | None:
    return max((each["bands"][band]["share"] for each in exam["controls"].values()), default=None)


def minimal_pairs(rounds: Sequence[Told]) -> list[dict[str, Any]]:
    """Of each phenomenon, the share of pairs whose right sentence is the likelier one, by round."""
    last = next((each.exam for each in reversed(rounds) if each.exam), None)
    found = []
    for name, now in last["minimal_pairs"]["phenomena"].items() if last else ():
        chart = Chart(_numbers(rounds), ((0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")), height=120)
        chart.level(now["shorter"], "grey")
        _estimates(chart, of_exams(rounds, _phenomenon(name)))
        between = f"{percent(now['low'])} to {percent(now['high'])}"
        found.append(
            {
                "name": name,
                "chart": chart.drawn(f"{name}: share of pairs that are right, by round"),
                "now": f"{percent(now['share'])} ({between}) of {now['pairs']} pairs",
            }
        )
    return found


def _phenomenon(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda exam: exam["minimal_pairs"]["phenomena"].get(name)


def _estimates(chart: Chart, found: Sequence[Any]) -> None:
    """A line of shares with their intervals; None where a round has none."""
    chart.between([each and each["low"] for each in found], [each and each["high"] for each in found], "one")
    chart.line([each and each["share"] for each in found], "one")


def floor(rounds: Sequence[Told]) -> dict[str, Any] | None:
    """The trunk's bits per byte on held-out sessions over what their entropy is; None where no round knows them."""
    known = [each.exam["floor"] if each.exam else None for each in rounds]
    if not any(known):
        return None
    chart = Chart(_numbers(rounds), ticks_to(max(each["bits_per_byte"] for each in known if each)))
    chart.line([each and each["floor"] for each in known], "grey")
    chart.line([each and each["bits_per_byte"] for each in known], "one")
    now = next(each for each in reversed(known) if each)
    said = f"{now['bits_per_byte']:.3f} bits per byte, {percent(now['excess'])} over the floor of {now['floor']:.3f}"
    return {"chart": chart.drawn("Bits per byte and their floor, by round"), "now": said}


def watched(rounds: Sequence[Told]) -> list[dict[str, Any]]:
    """The tasks that are the same in every round, with what was said to each, round by round."""
    tasks: dict[tuple[int, str], dict[str, Any]] = {}
    for each in rounds:
        for task in each.exam["watched"] if each.exam else ():
            first = {"band": task["band"], "asked": task["asked"], "model": task["model"], "said": []}
            kept = tasks.setdefault((task["band"], task["asked"]), first)
            kept["said"].append((each.number, (task["reply"], task["score"])))
    return [task | {"said": list(spans(task["said"]))} for task in tasks.values()]


def identity(rounds: Sequence[Told]) -> dict[str, Any] | None:
    """How often it says I and its own name, by round, and what it is likeliest to say; None where nothing is known."""
    if not any(each.exam for each in rounds):
        return None
    chart = Chart(_numbers(rounds), _SHARES)
    for speaker, key, kind in (
        (SOPHIE, "own_name", "grey"),
        (PUPIL, "first_person", "two"),
        (PUPIL, "own_name", "one"),
    ):
        who = of_exams(rounds, itemgetter("identity"))
        chart.line([each and each[speaker][key] for each in who], kind)
    questions = list(dict.fromkeys(question for each in rounds for question in each.said))
    said = [
        (question, list(spans([(each.number, each.said[question]) for each in rounds if question in each.said])))
        for question in questions
    ]
    return {
        "chart": chart.drawn("Shares of replies about itself with I, and with its own name, by round"),
        "said": said,
    }


def costs(rounds: Sequence[Told]) -> list[tuple[str, Markup]]:
    """Seconds and trained tokens of each round."""
    found = []
    for name, values in (
        ("seconds", [each.seconds for each in rounds]),
        ("thousand trained tokens", [each.found["trained_tokens"] / 1000 for each in rounds]),
    ):
        chart = Chart(_numbers(rounds), ticks_to(max(values)), height=150)
        chart.bars(values, "one")
        found.append((name, chart.drawn(f"{name.capitalize()} of each round")))
    return found


def _numbers(rounds: Sequence[Told]) -> list[int]:
    return [each.number for each in rounds]


def _listed(numbers: Sequence[str]) -> str:
    return (
        ", ".join(numbers) if len(numbers) <= 6 else f"{', '.join(numbers[:3])} … {numbers[-1]} ({len(numbers)} times)"
    )
