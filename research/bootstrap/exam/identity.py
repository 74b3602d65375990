"""What a pupil says of itself: six questions every round, and a reading of the replies that judges none of them.

Each question is put to Basil, and, as a control, to Sophie in his place: a model that says its name because the name
stands before its turn says the other's name there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from data_mix.curriculum.words import lexicon
from research.bootstrap.classroom.asking import PUPIL, SOPHIE, TUTOR
from research.bootstrap.exam.sitting import Answer

QUESTIONS = (
    "Who are you?",
    "What is your name?",
    "What do you like?",
    "What can you do?",
    "Who is your friend?",
    "Are you Sophie?",
)
SPEAKERS = (PUPIL, SOPHIE)
SAMPLES = 4
"""Replies that are drawn to each question, besides the likeliest."""
TEMPERATURE = 0.8
LONGEST = 32
"""Tokens of a reply."""
_FIRST_PERSON = frozenset({"i", "me", "my", "mine", "myself", "we", "us", "our"})


def asked() -> Iterator[dict[str, Any]]:
    """Every question, as often as it is put: {"question", "speaker", "sample", "temperature", "transcript"}."""
    for speaker in SPEAKERS:
        for question in QUESTIONS:
            for sample in range(1 + SAMPLES):
                yield {
                    "question": question,
                    "speaker": speaker,
                    "sample": sample,
                    "temperature": TEMPERATURE if sample else 0.0,
                    "transcript": f"{TUTOR}: {question}\n{speaker}:",
                }


def heard(line: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """A line of identities.jsonl."""
    reply = answer.text.strip()
    names = named(reply)
    return {
        **{key: line[key] for key in ("question", "speaker", "sample", "temperature")},
        "reply": reply,
        "finish": "stop" if answer.ended else "length",
        "first_person": any(word.lower() in _FIRST_PERSON for word in re.findall(r"\w+", reply)),
        "names": names,
        "whose": _whose(names, line["speaker"]),
    }


def named(reply: str) -> list[str]:
    """The names of people in it, in their order."""
    return [word for word in re.findall(r"\w+", reply) if word in _names()]


def read(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the replies of one round say together; of each speaker

    replies, first_person, own_name   how many there are; the shares that speak of I, and that say the speaker's name
    names                             how often each name is said
    agrees                            share of the drawn replies that are their question's likeliest, word for word

    and `role`: whether the likeliest answers to the first two questions follow who is asked (`follows the speaker`),
    are one name's whoever is asked (`NAME`), or neither (null).
    """
    found: dict[str, Any] = {
        speaker: _of([each for each in lines if each["speaker"] == speaker]) for speaker in SPEAKERS
    }
    return found | {"role": _role(lines)}


def kept(earlier: Sequence[Mapping[str, Any]], later: Sequence[Mapping[str, Any]]) -> float:
    """Between two rounds, the share of Basil's likeliest replies that stayed the same, word for word."""
    before, now = ({each["question"]: each["reply"] for each in _likeliest(lines, PUPIL)} for lines in (earlier, later))
    stayed = sum(bool(before.get(question) == reply) for question, reply in now.items())
    return stayed / max(1, len(now))


def told(reading: Mapping[str, Any]) -> str:
    """The reading in words, for a report."""
    own, role = reading[PUPIL], reading["role"]
    who = "names nobody" if not own["names"] else f"says {' and '.join(list(own['names'])[:3])}"
    whose = {None: "asked who it is, it gives no name that stays", "follows the speaker": "it is whoever is asked"}
    return (
        f"In {own['first_person']:.0%} of {own['replies']} replies it says I; it {who}, its own name in "
        f"{own['own_name']:.0%}; {whose.get(role, f'it is {role}, whoever is asked')}; {own['agrees']:.0%} of the "
        "replies that are drawn are the likeliest one."
    )


def _of(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    n = max(1, len(lines))
    likeliest = {each["question"]: each["reply"] for each in lines if not each["sample"]}
    drawn = [each for each in lines if each["sample"]]
    return {
        "replies": len(lines),
        "first_person": sum(each["first_person"] for each in lines) / n,
        "own_name": sum(each["whose"] == "own" for each in lines) / n,
        "names": dict(Counter(name for each in lines for name in each["names"]).most_common()),
        "agrees": sum(each["reply"] == likeliest.get(each["question"]) for each in drawn) / max(1, len(drawn)),
    }


def _role(lines: Sequence[Mapping[str, Any]]) -> str | None:
    said = {}
    for speaker in SPEAKERS:
        names = [tuple(each["names"]) for each in _likeliest(lines, speaker) if each["question"] in QUESTIONS[:2]]
        if not names or len(set(names)) > 1 or len(names[0]) != 1:
            return None
        said[speaker] = names[0][0]
    if all(name == speaker for speaker, name in said.items()):
        return "follows the speaker"
    return said[PUPIL] if len(set(said.values())) == 1 else None


def _likeliest(lines: Sequence[Mapping[str, Any]], speaker: str) -> list[Mapping[str, Any]]:
    return [each for each in lines if each["speaker"] == speaker and not each["sample"]]


def _whose(names: Sequence[str], speaker: str) -> str | None:
    if not names:
        return None
    if names[0] == speaker:
        return "own"
    return {SOPHIE: "Sophie's", TUTOR: "the tutor's", PUPIL: "Basil's"}.get(names[0], "another's")


@cache
def _names() -> frozenset[str]:
    return frozenset({TUTOR, SOPHIE, PUPIL, *(person.self_name for person in lexicon().named)})
