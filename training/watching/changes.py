"""What changed in a run since a step, as parts of a journal's entry: figures, findings, deeds, answers, sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from espalier.artifacts import records
from espalier.artifacts.run import METRICS
from espalier.command_line.console import format_value
from espalier.report import Markup, escape, table
from espalier.signals.records import Event, KeptSignal, Said, Severity
from espalier.signals.store import SignalStore
from training.watching import typical
from training.watching.cost import WATCH
from training.watching.quoting import quoted

_LOSS = "training loss, mean of the lines logged since"
_TOLD_OTHERWISE = ("alarm", "journal", "reflection")
"""What the run did that stands in the journal in another way."""
_SHOWN = 3
"""Sentences at either end."""
_LONGEST = 200
"""Characters that are shown of each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """Where the last entry stood."""

    step: int = -1
    """Its step; -1 where there is none."""
    event: int = 0
    """Its number among the events."""
    checkin: int | None = None
    """The step of the last check-in before it."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """The last value of each figure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What is to be told."""

    parts: list[str]
    """Passages of Markdown; none where nothing changed."""
    mark: Since
    """Where the next entry goes on."""

    @classmethod
    def find(cls, folder: Path, store: SignalStore, since: Since, step: int) -> Self:
        """Between an entry and a step of the run in `folder`. UserError where the store cannot be read."""
        first = since.step + 1
        signals = store.signals(since_step=first, until_step=step)
        answers = store.answers(since_step=first, until_step=step)
        dialogues = store.dialogues(since_step=first, until_step=step)
        events = store.events(after_id=since.event)
        figures = {**_logged(folder, since.step, step), **_values(signals)}
        checkin = max((each.step for each in answers), default=None)
        before = _checkin(store, since.checkin)
        said = [each.said.reply for each in answers]
        said += [turn.said for each in dialogues for turn in each.dialogue.own]
        parts = [
            *_figures(since, step, figures, signals),
            *_findings(signals),
            *_deeds("What the operator did", [each for each in events if each.who == "operator"]),
            *_deeds(
                "What the run did",
                [each for each in events if each.who == "run" and each.what not in _TOLD_OTHERWISE],
            ),
            *_answers(before, [each.said for each in answers if each.step == checkin]),
            *_sentences(said),
        ]
        mark = Since(
            step=step,
            event=max((each.id for each in events), default=since.event),
            checkin=since.checkin if checkin is None else checkin,
            figures={**since.figures, **figures},
        )
        return cls(parts=parts, mark=mark)


def _logged(folder: Path, since: int, step: int) -> dict[str, float]:
    """Training loss over the steps since, and the last held-out figures, of metrics.jsonl."""
    path = folder / METRICS
    found: dict[str, float] = {}
    total, steps, before = 0.0, 0, 0
    for row in records.read_jsonl(path) if path.exists() else ():
        now = row["step"]
        if since < now <= step:
            found |= {key: value for key, value in row.items() if key.startswith("heldout_") and value is not None}
        if row.get("loss") is not None:
            if since < now <= step:
                total, steps = total + row["loss"] * (now - before), steps + now - before
            before = now
    return {_LOSS: total / steps, **found} if steps else found


def _values(signals: Sequence[KeptSignal]) -> dict[str, float]:
    """The last of each figure; not of what watching took, which is another time's in a run made again."""
    return {each.name: each.signal.value for each in signals if each.signal.value is not None and each.monitor != WATCH}


def _figures(since: Since, step: int, now: Mapping[str, float], signals: Sequence[KeptSignal]) -> Iterator[str]:
    """A table of the figures that are not what they were, as far as they are shown; what is new and 0 is not news."""
    worst: dict[str, Severity] = {}
    for each in signals:
        if each.signal.severity is not None:
            worst[each.name] = max(worst.get(each.name, each.signal.severity), each.signal.severity)
    rows = []
    for name in now:
        was, is_now = _shown(name, since.figures), _shown(name, now)
        if is_now is not None and is_now != was and not (was is None and not now[name]):
            grave = [worst[name].word if name in worst else ""] if worst else []
            rows.append([name if "." in name else name.replace("_", " "), was, is_now, *grave])
    if not rows:
        return
    headers = ["", f"step {since.step}", f"step {step}", *(["severity"] if worst else [])]
    if since.step < 0:
        headers, rows = headers[:1] + headers[2:], [row[:1] + row[2:] for row in rows]
    yield table(headers, rows).rstrip()


def _shown(name: str, figures: Mapping[str, float]) -> Markup | None:
    """A figure; with `found`, of how many it is, which is told nowhere else: it changes at every look."""
    of = f"{name.removesuffix('found')}of"
    if name not in figures or name.endswith((".of", "_of")):
        return None
    value = format_value(float(figures[name]))
    counted = name.endswith((".found", "_found")) and figures[name] and of in figures
    return Markup(f"{value} of {format_value(float(figures[of]))}" if counted else value)


def _findings(signals: Sequence[KeptSignal]) -> Iterator[str]:
    """What has a severity, the gravest first; each but once, with its last words."""
    grave = [each for each in signals if each.signal.severity is not None]
    by_kind: dict[tuple[int, str], list[KeptSignal]] = {}
    for each in grave:
        by_kind.setdefault((-int(each.signal.severity or 0), each.name), []).append(each)
    lines = []
    for (_, name), found in sorted(by_kind.items(), key=lambda item: item[0]):
        last = found[-1]
        often = f"step {last.step}" if len(found) == 1 else f"{len(found)} times in steps {found[0].step}–{last.step}"
        assert last.signal.severity is not None
        lines.append(f"- **{last.signal.severity.word}** {escape(name)}, {often}: {escape(last.signal.said)}")
    if lines:
        yield "### Findings\n\n" + "\n".join(lines)


def _deeds(title: str, events: Sequence[Event]) -> Iterator[str]:
    if events:
        lines = [f"- {escape(each.said or each.what)} ({_when(each)})" for each in events]
        yield f"### {title}\n\n" + "\n".join(lines)


def _when(event: Event) -> str:
    """Its step; and the time of what an operator did, which a run made again would not do again."""
    return f"step {event.step}" + (f", {event.at[:16].replace('T', ' ')} UTC" if event.who == "operator" else "")


def _checkin(store: SignalStore, step: int | None) -> dict[tuple[str, str | None], Said]:
    kept = [] if step is None else store.answers(since_step=step, until_step=step)
    return {(each.said.asked, each.said.system): each.said for each in kept}


def _answers(before: Mapping[tuple[str, str | None], Said], now: Sequence[Said]) -> Iterator[str]:
    """The answers of the last check-in that are not those of the one that was told last."""
    parts = []
    for said in now:
        was = before.get((said.asked, said.system))
        if was is not None and (was.reply, was.finish) == (said.reply, said.finish):
            continue
        told = f", told “{escape(said.system)}” before" if said.system is not None else ""
        old = f"was:\n\n{_reply(was)}\n\nis:\n\n" if was is not None else ""
        parts.append(f"To “{escape(said.asked)}”{told}:\n\n{old}{_reply(said)}")
    if parts:
        known = any((said.asked, said.system) in before for said in now)
        count = f", {len(parts)} of {len(now)}" if known else ""
        yield f"### Answers{' that changed' if known else ''}{count}\n\n" + "\n\n".join(parts)


def _reply(said: Said) -> str:
    if said.finish == "error":
        return "> (could not be asked)"
    return quoted(said.reply) + (" (cut off)" if said.finish == "length" else "")


def _sentences(said: Sequence[str]) -> Iterator[str]:
    """Those of its own sentences that are most and least like the others."""
    counted = typical.sentences(said)
    if len(counted) < typical.FEWEST:
        return
    found = typical.by_likeness(counted)
    most, least = found[:_SHOWN], found[_SHOWN:][-_SHOWN:][::-1]
    yield (
        f"### Its own sentences\n\n{counted.total():,} of at least {typical.SHORTEST} characters, {len(counted):,} "
        f"different ones, in check-ins and self-play. {typical.HOW}\n\n"
        f"The most like the others:\n\n{_ranked(most)}\n\nThe most unlike:\n\n{_ranked(least)}"
    )


def _ranked(found: Sequence[typical.Likeness]) -> str:
    lines = [
        quoted(each.text, most=_LONGEST)
        + f" ({each.likeness:.2f}"
        + (f", {each.times} times)" if each.times > 1 else ")")
        for each in found
    ]
    return "\n>\n".join(lines)
