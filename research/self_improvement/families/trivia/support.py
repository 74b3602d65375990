"""Whether a question is answered by its page: by what it quotes, by that alone, and not already by itself.

Each fault has a fixed name, by which refusals are counted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from data_mix.language.words import words
from research.self_improvement.families.family import Challenge, Refused
from research.self_improvement.families.trivia.against_facts import Truth, truth_of
from research.self_improvement.families.trivia.answers import is_in_question, normalised
from research.self_improvement.families.trivia.page import Page, page_of, sentences, stands_in

ALIKE_FROM = 3
"""Pages of which the same is asked, from which on the same answer to all of them shows that none need be read."""
_MOST_WORDS = {"question": 40, "answer": 8, "quote": 60}
_LEAST_QUOTED = 3
_BEGINS_YES_OR_NO = frozenset(
    words(
        "is are was were am do does did has have had can could will would shall should may might must isn aren wasn "
        "doesn didn don hasn"
    )
)
_NAMES_NOTHING = frozenset(
    words(
        "is are was were do does did has have had who whose whom where when which why how what many much in on at by "
        "near of to from for and or it its their his her that this s person people"
    )
)


def supported(challenge: Challenge) -> Challenge | Refused:
    """A challenge with its truth and difficulty as they are found, or why it is none."""
    page, known = page_of(challenge.known), challenge.known
    if page.kept_back:
        return Refused("its page is kept for examinations")
    if why := _fault(page, known["question"], known["answers"][0], known["quotes"]):
        return Refused(why)
    if challenge.proposer == "rules":
        return challenge
    if why := _unsupported(page, known["answers"][0], known["quotes"]):
        return Refused(why)
    if not page.facts:
        return replace(
            challenge, difficulty=_difficulty(page, known["question"], known["quotes"], len(known["quotes"]))
        )
    truth = truth_of(page, known["question"], known["answers"][0], known["quotes"])
    if not isinstance(truth, Truth):
        return Refused(truth)
    difficulty = _difficulty(page, known["question"], known["quotes"], truth.num_facts)
    return replace(challenge, difficulty=difficulty, known={**known, "answers": truth.answers})


def answered_alike(challenges: Sequence[Challenge]) -> set[str]:
    """The ids of challenges that say, word for word, what is asked of other pages too, and that are answered alike on
    all of them (at least ALIKE_FROM): whoever heard the others need not read this one's page."""
    alike = defaultdict[tuple[str, ...], dict[str, Challenge]](dict)
    for challenge in challenges:
        alike[tuple(normalised(challenge.known["question"]))][challenge.known["page"]] = challenge
    found = set[str]()
    for by_page in alike.values():
        answers = Counter(" ".join(normalised(one.known["answers"][0])) for one in by_page.values())
        if len(by_page) >= ALIKE_FROM and len(answers) == 1:
            found |= {one.id for one in by_page.values()}
    return found


def _fault(page: Page, question: str, answer: str, quotes: Sequence[str]) -> str | None:
    """What is wrong with any question, whoever wrote it."""
    asked = normalised(question)
    if len(asked) > _MOST_WORDS["question"]:
        return "the question is too long"
    if not normalised(answer):
        return "the answer says nothing"
    if asked and asked[0] in _BEGINS_YES_OR_NO:
        return "yes or no answers it, or a choice that it offers"
    if is_in_question(answer, question):
        return "its own wording answers it"
    if not (set(asked) - _NAMES_NOTHING) & set(normalised(f"{page.title} {page.text}")):
        return "it names nothing of its page"
    if not all(stands_in(quote, page.text) for quote in quotes):
        return "a quote does not stand on the page"
    return None


def _unsupported(page: Page, answer: str, quotes: Sequence[str]) -> str | None:
    """What is wrong with a question that says itself what supports it."""
    if len(normalised(answer)) > _MOST_WORDS["answer"]:
        return "the answer is too long"
    sizes = [len(quote.split()) for quote in quotes]
    if min(sizes) < _LEAST_QUOTED:
        return "a quote is too short"
    # All of the page supports any question about it, and shows nothing.
    if max(sizes) > _MOST_WORDS["quote"] or (len(sentences(page.text)) > 2 and 2 * sum(sizes) > len(page.text.split())):
        return "too much is quoted"
    held = f" {' '.join(normalised(answer))} "
    if not any(held in f" {' '.join(normalised(quote))} " for quote in quotes):
        return "the answer does not stand in what is quoted"
    return None


def _difficulty(page: Page, question: str, quotes: Sequence[str], num_facts: int) -> int:
    """0 and 1 where the quoted sentence is the one that shares most words with the question, on a page of few and of
    many sentences; 2 where it is another; 3 where several are needed."""
    if num_facts > 1:
        return 3
    said = sentences(page.text)
    asked = set(normalised(question)) - _NAMES_NOTHING
    likest = max(said, key=lambda sentence: len(asked & set(normalised(sentence))))
    if not any(stands_in(quote, likest) or stands_in(likest, quote) for quote in quotes):
        return 2
    return int(len(said) > 4)
