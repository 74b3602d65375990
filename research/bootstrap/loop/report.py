"""What the rounds of a loop came to so far, as a page beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import agents_dir, artifact
from espalier.artifacts.records import read_json, read_jsonl, write_text
from espalier.command_line.console import duration
from espalier.loops.times import seconds_of
from espalier.report import escape, percent, table
from research.bootstrap.bands import BANDS, GOOD, LAST_BAND, USABLE, share_from
from research.bootstrap.exam.identity import kept, told
from research.bootstrap.loop.bands_table import printed
from research.bootstrap.loop.config import BootstrapConfig
from research.bootstrap.loop.history import History, band_after, seconds_in

_DASHBOARD = """\
![The band after each round](bands.png)

![Scores of attempts, by round](scores.png)

All of it at a glance, in a browser: [dashboard.html](dashboard.html)."""


def line(found: Mapping[str, Any]) -> str:
    """What a round came to, for a terminal."""
    band, scores = found["band"], found["scores"]
    usable, good = share_from(scores, USABLE), share_from(scores, GOOD)
    said = "it listened" if usable is None or good is None else f"usable {percent(usable)}, good {percent(good)}"
    grown = f" → band {found['next_band']}" if found["next_band"] != band else ""
    return (
        f"round {found['number']}: band {band} ({BANDS[band]}), {said}; its examination "
        f"{percent(found['shares'][band])}{grown}"
    )


_MINUTES = (30, 60, 120, 240)


def write_report(config: BootstrapConfig, history: History, *, publish: bool = False) -> Path:
    """Write `report.md` into the loop's folder with the dashboard beside it, and where it is published into the written
    memory, without pictures; returns the page to read."""
    from research.bootstrap.dashboard.page import write_dashboard  # it is drawn of what this module counts

    parts = list(_parts(config, history))
    write_dashboard(config.name, history)
    page = history.folder.folder / "report.md"
    write_text(page, "\n\n".join([*parts[:2], _DASHBOARD, *parts[2:]]) + "\n")
    if publish:
        page = agents_dir() / "reports" / f"{config.name}.md"
        write_text(page, "\n\n".join(parts) + "\n")
    return page


def _parts(config: BootstrapConfig, history: History) -> Iterator[str]:
    rounds, seconds = history.rounds, seconds_of(history.folder.folder)
    last = rounds[-1]
    yield f"# Loop {escape(config.name)}"
    yield (
        f"A model from random weights that listened in round 0 and then grew on its own graded attempts. After "
        f"{len(rounds)} rounds and {duration(sum(seconds.values()))} of work it is of band {last['next_band']}, "
        f"{BANDS[last['next_band']]}{_beside(last)}. {_ended(history)}"
        + (f" It listened as loop {escape(config.begin_from)}." if config.begin_from else "")
    )
    yield "## Rounds"
    yield (
        "Attempts are the pupil's turns in sessions: usable from score 3 on, good from 6 on. Its examination is the "
        "share of held-out tasks of the present band that are done as the milestones ask, without sampling. The trunk "
        "is measured on the curriculum's held-out sessions, in excess of their entropy; the adapter by its last loss."
    )
    yield table(
        ["round", "band", "attempts", "usable", "good", "learned from", "its examination", "bands passed",
         "trunk: excess %", "adapter: nats per token", "trained tokens", "time"],
        [_row(each, seconds) for each in rounds],
    )  # fmt: skip
    yield "Its band after so many minutes of work: " + ", ".join(
        f"{minutes}: {'not so long yet' if band is None else band}"
        for minutes in _MINUTES
        for band in [band_after(minutes, rounds, seconds)]
    )
    yield from _examination(read_json(artifact("corpora", last["exam"]) / "exam.json"), rounds)
    yield "## What grows with the band"
    yield table(*printed(config.table))


def _examination(exam: Mapping[str, Any], rounds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the examination of the last round found."""
    yield "## Examination of the last round"
    if exam["limit"]:
        yield f"Of each band {exam['limit']} tasks at most were asked, so that none is passed."
    yield table(
        ["band", "", "turns", "good", "surely above", "wanted", "as Sophie", "sentences that parse", "passed",
         "why not"],
        [
            [each["band"], each["name"], each["turns"], percent(each["share"]), percent(each["low"]),
             percent(each["at_least"]), percent(exam["as_sophie"][each["band"]]["share"]),
             each["sentences"] and percent(each["sentences"]["share"]), each["passed"],
             "; ".join(each["failed"]) or None]
            for each in exam["bands"]
        ],
    )  # fmt: skip
    yield (
        "As Sophie: the same tasks put to the same model under the name of whom it heard do them. What it can do there "
        "and not as Basil, it knows and has not learned to say itself."
    )
    passing = exam["controls_pass"]
    yield (
        f"Of those who might pass without being able ({', '.join(map(escape, exam['controls']))}) "
        + (
            f"some pass band {', '.join(map(str, passing))}, so that nobody passes it."
            if passing
            else "none passes a band."
        )
    )
    manner = exam["manner"]
    yield table(
        ["its turns", "repeat themselves", "echo what was said", "are different"],
        [[who, *(percent(each[key]) for key in ("repetition", "echo", "distinct"))]
         for who, each in (("the pupil's", manner), ("model answers", manner["wanted"]))],
    )  # fmt: skip
    yield "Of two sentences that differ in one thing, the share of which the right one is likelier:"
    yield table(
        ["phenomenon", "right", "surely above", "whoever takes the shorter"],
        [[name, percent(each["share"]), percent(each["low"]), percent(each["shorter"])]
         for name, each in exam["minimal_pairs"]["phenomena"].items()],
    )  # fmt: skip
    yield "## Who it says it is"
    yield escape(told(exam["identity"]))
    said = [artifact("corpora", each["exam"]) / "identities.jsonl" for each in rounds[-2:]]
    if len(said) > 1 and all(path.is_file() for path in said):  # an earlier examination may have been removed
        before, now = (list(read_jsonl(path)) for path in said)
        yield f"{percent(kept(before, now))} of what it is likeliest to say of itself is what it said a round before."
    yield "## The same tasks in every round"
    yield table(
        ["band", "asked", "it says", "a good answer", "score"],
        [[each["band"], each["asked"], each["reply"], each["model"], each["score"]] for each in exam["watched"]],
    )


def _beside(last: Mapping[str, Any]) -> str:
    """Whether whoever passes the last band passes the others with it."""
    if not last["passed"][LAST_BAND]:
        return ""
    missing = [str(band) for band, passed in enumerate(last["passed"]) if not passed]
    return f", which it passes, and not band {', '.join(missing)}" if missing else ", and passes all bands in one round"


def _ended(history: History) -> str:
    return f"It ended: {escape(history.ended)}." if history.ended else "It goes on."


def _row(each: Mapping[str, Any], seconds: Mapping[str, float]) -> list[Any]:
    usable, good = (share_from(each["scores"], least) for least in (USABLE, GOOD))
    passed = [str(band) for band, passed in enumerate(each["passed"]) if passed]
    excess = _summary(each["trunk"]).get("valid_excess")
    adapter = _summary(each["pupil"]).get("loss") if each["pupil"] != each["trunk"] else None
    return [
        each["number"],
        each["band"],
        sum(each["scores"]),
        None if usable is None else percent(usable),
        None if good is None else percent(good),
        each["learnable"],
        percent(each["shares"][each["band"]]),
        ", ".join(passed) or None,
        None if excess is None else 100 * excess,
        adapter,
        each["trained_tokens"],
        duration(seconds_in(each, seconds)),
    ]


def _summary(run: str) -> Mapping[str, Any]:
    path = artifact("runs", run) / "manifest.json"
    return dict(read_json(path)["summary"]) if path.is_file() else {}
