"""CIMA (Stasaski et al. 2020): tutors help people to say in Italian what a picture shows.

    {"prepDataset": {"0": {"past_convo": [tutor, student, …], "tutorResponses": […], "tutorActions": [[…], …],
                           "engPrep", "prep", "engColor", "color", "engObj", "obj", …}, …},
     "shapeDataset": {…}}

The whole corpus is one record, which gives many rows; one of its exercises alone will do as well.
"""

from __future__ import annotations

from typing import Any

from data_mix.importers.base import Imported, Importer, Messages, list_of, short, shown
from data_mix.reading.record import BadRecord

ACTIONS = ("question", "hint", "correction", "confirmation", "other")
"""What the five truth values of a tutor's action stand for, in the paper's order."""
_DATASETS = ("prepDataset", "shapeDataset")
_KNOWN = frozenset(
    (
        *_DATASETS, "past_convo", "tutorResponses", "tutorActions", "studentActions", "tutorKeys", "img", "prep",
        "engPrep", "obj", "engObj", "color", "engColor", "grammarRules",
    )
)  # fmt: skip
_WORDS = (("engPrep", "prep"), ("engColor", "color"), ("engObj", "obj"))


def from_cima(records: list[Any]) -> list[Imported]:
    """A row for each exercise: what was said, and the first of the replies that tutors gave to it.

    An exercise is a picture, which no text shows, and the tutor's first turn hands it out ("Please try to fill in the
    blank in Italian."). So both go to a system message: what is to be said, its words in Italian, and that turn as it
    is. The row begins with the student then, and the tutor's later turns know what they are about.

    Only the first reply (their order says nothing), because each further one would repeat all earlier turns: those of
    the tutor would be learned from three times, and the rows be taken for near duplicates. `meta.strategy` says what
    the reply does.
    """
    record = records[0]
    if not isinstance(record, dict):
        raise BadRecord("not_object", f"a {type(record).__name__} where an object of keys and values is wanted")
    if not any(name in record for name in _DATASETS):
        return [_from_exercise(record)]
    found = []
    for dataset in _DATASETS:
        exercises = record.get(dataset, {})
        if not isinstance(exercises, dict):
            raise BadRecord("bad_messages", f"{dataset} must be an object of exercises")
        for number, exercise in exercises.items():
            try:
                found.append(_from_exercise(exercise))
            except BadRecord as problem:
                raise BadRecord(problem.reason, f"{dataset}, exercise {shown(number)}: {problem.detail}") from None
    if not found:
        raise BadRecord("bad_messages", "the datasets hold no exercise")
    return found


def _from_exercise(exercise: Any) -> Imported:
    said, replies = list_of(exercise, "past_convo"), list_of(exercise, "tutorResponses")
    if not replies or len(said) < 2 or len(said) % 2:
        raise BadRecord("bad_messages", "past_convo must go from a tutor's turn to a student's, and be replied to")
    spoken = [*said, replies[0]]
    if not all(isinstance(turn, str) and turn.strip() for turn in spoken):
        raise BadRecord("bad_messages", "a turn has no content")
    opening, *rest = (turn.strip() for turn in spoken)
    messages: Messages = [{"role": "system", "content": f"{_task(exercise)}{opening}"}]
    messages += [{"role": "assistant" if at % 2 else "user", "content": turn} for at, turn in enumerate(rest)]
    meta = short(language="en", topic="Italian")
    meta["languages"] = ["en", "it"]
    if strategy := _strategy(exercise):
        meta["strategy"] = strategy
    return Imported(messages=messages, meta=meta)


def _task(exercise: dict[str, Any]) -> str:
    words = [(_word(exercise, english), _word(exercise, italian)) for english, italian in _WORDS]
    if not all(english and italian for english, italian in words):
        return ""
    wanted = " ".join(english for english, _ in words)
    listed = ", ".join(f'"{english}" is "{italian}"' for english, italian in words)
    return f'The student learns Italian and is to say: "{wanted}". In Italian {listed}.\n\n'


def _word(exercise: dict[str, Any], key: str) -> str:
    word = exercise.get(key)
    return word.strip() if isinstance(word, str) else ""


def _strategy(exercise: dict[str, Any]) -> list[str]:
    actions = exercise.get("tutorActions")
    first = actions[0] if isinstance(actions, list) and actions else None
    if not isinstance(first, list):
        return []
    return [name for name, holds in zip(ACTIONS, first, strict=False) if holds is True]


def _looks_like(record: dict[str, Any]) -> bool:
    return any(name in record for name in _DATASETS) or ("past_convo" in record and "tutorResponses" in record)


CIMA = Importer(name="cima", order=110, looks_like=_looks_like, convert=from_cima, keys=_KNOWN)
