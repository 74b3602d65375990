"""Asking: cases in, records out. A dialogue goes on with the model's own replies in its history.

All dialogues advance together, turn by turn, so that a backend can answer in batches of its own choice. What was
answered before comes from the cache, and what is answered now goes there as it comes: a killed evaluation goes on.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, runtime_checkable

from espalier.text.reasoning import silence, split_all
from evaluation.backends.base import Ask, Backend
from evaluation.cache import Cache, key_of
from evaluation.cases.case import Case, Dialogue, Learned, Messages, Reply
from evaluation.metrics.base import DOES_NOT_APPLY, Column, DialogueMetric, Metric, Score
from evaluation.scoring.records import Record, in_order

_KEEP_EVERY = 2.0
"""Seconds between two writes to the cache: what a kill can cost, where replies are quick."""


class Learner(Protocol):
    """Who speaks for the learner in a simulated dialogue."""

    @property
    def identity(self) -> dict[str, Any] | None:
        """What it is, as plain data; None where its words are not worth keeping."""

    def respond(self, dialogues: list[tuple[Case, Messages, int]]) -> list[str | None]:
        """The learner's next words for each (case, messages that end with the tutor's, seed); None where it is over."""


@runtime_checkable
class Pupil(Learner, Protocol):
    """A learner that learns, and can be tested."""

    def examine(self, dialogues: list[tuple[Case, Messages]]) -> list[Learned]:
        """What it knew before each (case, messages that end with the tutor's), and what it knows after."""


@dataclass(kw_only=True)
class _Played:
    """One case and sample on its way."""

    case: Case
    sample: int
    place: int
    now: Case
    turns: list[tuple[Case, Reply]]


def play(
    backend: Backend,
    cases: Sequence[Case],
    metrics: Sequence[Column],
    *,
    cache: Cache,
    seed: int,
    samples: int = 1,
    learner: Learner | None = None,
    on_reply: Callable[[int, int], None] = lambda answered, from_cache: None,
) -> list[Record]:
    """Asks `backend` every case `samples` times to its end, and measures the replies.

    `on_reply` hears how many replies there are by now, and how many of them came from the cache.
    """
    played = [
        _Played(case=case, sample=sample, place=place, now=case, turns=[])
        for place, case in enumerate(cases)
        for sample in range(samples)
    ]
    answered = from_cache = turn = 0
    under_way = played

    def heard(known: bool) -> None:
        nonlocal answered, from_cache
        answered, from_cache = answered + 1, from_cache + known
        on_reply(answered, from_cache)

    while under_way:
        asks = [
            Ask(case=each.now, turn=turn, sample=each.sample, seed=_seed(seed, each.case.name, turn, each.sample))
            for each in under_way
        ]
        for each, reply in zip(under_way, answers(backend, asks, cache, heard), strict=True):
            each.turns.append((each.now, reply))
        said = _simulated(under_way, learner, cache, seed)
        under_way = [each for each in under_way if _goes_on(each, said.get(id(each)))]
        turn += 1
    learned = _learned(played, learner, cache)
    records = [record for each in played for record in _records(backend.name, each, metrics, learned.get(id(each)))]
    return in_order(records, [case.name for case in cases])


def num_replies(cases: Sequence[Case]) -> int:
    """Replies that the cases come to at most, asked once each."""
    return sum(case.simulation.turns if case.simulation else 1 + len(case.script) for case in cases)


def answers(backend: Backend, asks: Sequence[Ask], cache: Cache, heard: Callable[[bool], None]) -> list[Reply]:
    """A reply to each ask, from the cache where it is known; `heard` hears of each whether it was."""
    parts = [backend.key(ask) for ask in asks]
    keys = [key_of(part) if part is not None else "" for part in parts]
    known = cache.get(sorted({key for key in keys if key}))
    replies: dict[int, Reply] = {}
    first: dict[str, int] = {}
    for place, key in enumerate(keys):
        if key in known:
            replies[place] = _reply(known[key])
            heard(True)
        elif key:
            first.setdefault(key, place)
    # The same words to the same model are asked once, however many cases hold them.
    wanted = [place for place, key in enumerate(keys) if place not in replies and first.get(key, place) == place]
    fresh: list[tuple[str, Any]] = []
    last_write = time.monotonic()
    try:
        for index, reply in backend.answer([asks[place] for place in wanted]) if wanted else ():
            place = wanted[index]
            replies[place] = reply
            heard(False)
            if keys[place] and reply.finish != "error":
                fresh.append((keys[place], asdict(reply)))
            if fresh and time.monotonic() - last_write > _KEEP_EVERY:
                cache.put(fresh)
                fresh, last_write = [], time.monotonic()
    finally:
        if fresh:
            cache.put(fresh)
    for place, key in enumerate(keys):
        if place not in replies:
            replies[place] = replies[first[key]]
            heard(True)
    return _as_seen([replies[place] for place in range(len(asks))])


def _reply(data: dict[str, Any]) -> Reply:
    tuples = {name: tuple(data.get(name, ())) for name in ("log_likelihoods", "remarks")}
    return Reply(**data | tuples)


def _as_seen(replies: Sequence[Reply]) -> list[Reply]:
    """The replies as a learner sees them, thoughts apart; whoever answered, and whether it was now or is remembered.

    What is kept in the cache is what was written, so that it need not be asked again to be told apart better.
    """
    talks = [place for place, reply in enumerate(replies) if reply.finish != "error" and not reply.log_likelihoods]
    found = list(replies)
    for place, spoken in zip(talks, split_all([(replies[p].text, replies[p].finish) for p in talks]), strict=True):
        reply = replies[place]
        reasoning = "\n\n".join(filter(None, (reply.reasoning, spoken.reasoning)))
        why = silence(spoken.content, reply.finish, thought=bool(reasoning))
        found[place] = replace(reply, text=spoken.content, reasoning=reasoning, silence=why and (reply.silence or why))
    return found


def _simulated(under_way: Sequence[_Played], learner: Learner | None, cache: Cache, seed: int) -> dict[int, str | None]:
    """By identity of the dialogue, what each simulated learner says next."""
    if learner is None:
        return {}
    waiting = [each for each in under_way if _may_go_on(each)]
    dialogues = [
        (each.case, _told(each), _seed(seed, each.case.name, len(each.turns), each.sample)) for each in waiting
    ]
    if learner.identity is None:
        return dict(zip(map(id, waiting), learner.respond(dialogues), strict=True))
    keys = [key_of(["learner", learner.identity, asdict(case), told, at]) for case, told, at in dialogues]
    known = cache.get(keys)
    wanted = [place for place, key in enumerate(keys) if key not in known]
    fresh = learner.respond([dialogues[place] for place in wanted])
    said = {keys[place]: words for place, words in zip(wanted, fresh, strict=True)}
    cache.put(said.items())
    known |= said
    return {id(each): known[key] for each, key in zip(waiting, keys, strict=True)}


def _learned(played: Sequence[_Played], learner: Learner | None, cache: Cache) -> dict[int, Learned]:
    """By identity of the dialogue, what became of a learner that learns; nothing where a reply failed."""
    if not isinstance(learner, Pupil):
        return {}
    whole = [each for each in played if each.case.simulation and each.turns[-1][1].finish != "error"]
    dialogues = [(each.case, _told(each)) for each in whole]
    keys = [key_of(["learned", learner.identity, asdict(case), told]) for case, told in dialogues]
    known = cache.get(keys)
    wanted = [place for place, key in enumerate(keys) if key not in known]
    fresh = learner.examine([dialogues[place] for place in wanted])
    found = {keys[place]: asdict(learned) for place, learned in zip(wanted, fresh, strict=True)}
    cache.put(found.items())
    known |= found
    return {id(each): Learned(**known[key]) for each, key in zip(whole, keys, strict=True)}


def _may_go_on(each: _Played) -> bool:
    simulation = each.case.simulation
    return simulation is not None and len(each.turns) < simulation.turns and each.turns[-1][1].finish != "error"


def _told(each: _Played) -> Messages:
    case, reply = each.turns[-1]
    return [*case.messages, {"role": "assistant", "content": reply.text}]


def _goes_on(each: _Played, simulated: str | None) -> bool:
    """Whether the dialogue has another turn; then the learner's words are put in place."""
    case, reply = each.turns[-1]
    if reply.finish == "error":
        return False  # what the learner would say to it is not known
    if case.script:
        following, *script = case.script
        each.now = replace(
            case,
            messages=[*_told(each), {"role": "user", "content": following.learner}],
            truth=following.truth,
            reference=following.reference,
            checks=following.checks,
            script=tuple(script),
        )
        return True
    if simulated is None:
        return False
    truth = replace(case.truth, learner=simulated) if case.truth else None
    messages = [*_told(each), {"role": "user", "content": simulated}]
    each.now = replace(case, messages=messages, truth=truth, reference=None)
    return True


def _records(model: str, each: _Played, metrics: Sequence[Column], learned: Learned | None) -> list[Record]:
    """A record per turn. What is measured of the whole dialogue stands with its first."""
    found = []
    for turn, (case, reply) in enumerate(each.turns):
        scores: dict[str, Score] = {}
        if reply.finish != "error":
            scores = {metric.name: _earned(metric, case, reply) for metric in metrics if isinstance(metric, Metric)}
            if turn == 0 and (each.case.script or each.case.simulation):
                dialogue = _dialogue(each, learned)
                scores |= {m.name: m(each.case, dialogue) for m in metrics if isinstance(m, DialogueMetric)}
        found.append(
            Record(
                model=model,
                case=case.name,
                turn=turn,
                sample=each.sample,
                num_turns=len(each.turns),
                split=case.split,
                cluster=case.cluster or case.name,
                combination=case.combination,
                tags=case.tags,
                messages=case.messages,
                reply=reply.text,
                finish=reply.finish,
                error=reply.error,
                num_tokens=reply.num_tokens,
                log_likelihoods=reply.log_likelihoods,
                reasoning=reply.reasoning,
                silence=reply.silence,
                remarks=reply.remarks,
                metrics={name: score.value for name, score in scores.items() if score.value is not None},
                notes={name: _note(score) for name, score in scores.items() if score.why},
                truth=case.truth,
                reference=case.reference,
                answer=case.answer,
                criteria=case.criteria,
            )
        )
    return found


def _note(score: Score) -> dict[str, Any]:
    return {"why": score.why} | ({"abstained": True} if score.value is None else {})


def _earned(metric: Metric, case: Case, reply: Reply) -> Score:
    """The score of a reply. Silence earns nothing: that it reveals nothing, say, is no virtue of it, and no score."""
    score = metric(case, reply)
    ideal = {"higher": metric.high, "lower": metric.low, "neither": None}[metric.better]
    return DOES_NOT_APPLY if reply.silence and score.value == ideal else score


def _dialogue(each: _Played, learned: Learned | None) -> Dialogue:
    case, reply = each.turns[-1]
    told = case.messages if reply.finish == "error" else _told(each)
    return Dialogue(messages=told, opening=len(each.case.messages), learned=learned)


def _seed(seed: int, case: str, turn: int, sample: int) -> int:
    """The same for the same reply, whatever else is asked beside it."""
    return int.from_bytes(hashlib.sha256(f"{seed} {turn} {sample} {case}".encode()).digest()[:4], "big")
