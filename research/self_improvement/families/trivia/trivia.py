"""Questions and answers about a page: the family.

Who solves sees the page. Of `Trivia`, over pages of which nothing is known, an answer that is not the known one word
for word may still be right, and then judges have to tell; of `LexiconTrivia`, over written pages, everything is known.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from espalier.errors import UserError
from research.self_improvement.families.family import (
    Called,
    Challenge,
    Family,
    Messages,
    Performance,
    Playing,
    Refused,
    Verdict,
)
from research.self_improvement.families.trivia import cloze, prompts
from research.self_improvement.families.trivia.answers import answer_of, is_number, is_right, offers_several
from research.self_improvement.families.trivia.asked import FAMILY, LEVELS, TRAINED, asked, challenge_of
from research.self_improvement.families.trivia.page import KEPT_BACK, Page, page_of, stands_in
from research.self_improvement.families.trivia.proposal import read_proposal
from research.self_improvement.families.trivia.support import answered_alike, supported
from research.self_improvement.families.trivia.written import people_page

if TYPE_CHECKING:
    from espalier.sandbox import Pool

_SEED = 20231


class Trivia(Family):
    """Over pages that are given; see `sources.read_pages`."""

    name: ClassVar[str] = FAMILY
    has_truth: ClassVar[bool] = False
    trained = TRAINED

    def __init__(self, pages: Sequence[Page]) -> None:
        """Raises UserError where no page is left to ask about, or titles are not told apart."""
        twice = [title for title, number in Counter(page.title for page in pages).items() if number > 1]
        if twice:
            raise UserError(f"trivia: two pages are called {twice[0]!r}; give each a title of its own")
        self._pages = [page for page in pages if not page.kept_back]
        self._examined = [page for page in pages if page.kept_back]
        if not self._pages:
            raise UserError(
                f"trivia: none of {len(pages)} pages is left to ask about (one of {KEPT_BACK} is kept for "
                "examinations); give more pages"
            )

    def written(self, rng: random.Random, difficulty: int) -> Challenge:
        made = cloze.cloze(rng, rng.choice(self._pages), difficulty) if difficulty < cloze.LEVELS else None
        return made or asked(rng, difficulty, kept_back=False)

    def ask_for(self, rng: random.Random, seeds: Sequence[Challenge], difficulty: int) -> Messages:
        page = rng.choice(self._pages)
        return prompts.propose(page, [seed.known["question"] for seed in seeds], difficulty)

    def read(self, reply: str, proposer: str, difficulty: int) -> Challenge | Refused:
        proposal = read_proposal(reply)
        if isinstance(proposal, Refused):
            return proposal
        page = self._meant(proposal.title, proposal.quotes)
        if isinstance(page, Refused):
            return page
        return challenge_of(page, proposal.question, [proposal.answer], proposal.quotes, difficulty, proposer)

    def check(self, challenges: Sequence[Challenge], pool: Pool | None) -> list[Challenge | Refused]:
        alike = answered_alike(challenges)
        return [
            Refused("answered alike on every page") if challenge.id in alike else supported(challenge)
            for challenge in challenges
        ]

    def play(self, challenge: Challenge, rng: random.Random) -> Playing:
        reply = yield Called("solver", prompts.solve(page_of(challenge.known), challenge.known["question"]))
        return Performance(text=reply)

    def verify(self, challenge: Challenge, performances: Sequence[Performance], pool: Pool | None) -> list[Verdict]:
        return [self._verdict(challenge, performance.text) for performance in performances]

    def compare(self, challenge: Challenge, one: Performance, other: Performance) -> Messages:
        return prompts.compare(page_of(challenge.known), challenge.known["question"], one.text, other.text)

    def answer(self, challenge: Challenge) -> str:
        return str(challenge.known["answers"][0])

    def blind(self, challenge: Challenge) -> Messages:
        return prompts.without_page(challenge.known["question"])

    def examination(self, size: int) -> list[Challenge]:
        """Of pages kept back: each level of the written ones in turn, and where pages are given that are kept back, in
        turn with them, words that are left out of those."""
        rng = random.Random(_SEED)
        found = dict[str, Challenge]()
        gaps = [level for level in range(cloze.LEVELS) if self._examined]
        turn = 0
        while len(found) < size:
            level = turn % (LEVELS + len(gaps))
            turn += 1
            made = (
                asked(rng, level, kept_back=True)
                if level < LEVELS
                else cloze.cloze(rng, rng.choice(self._examined), level - LEVELS)
            )
            if made:
                found[made.id] = made
        return list(found.values())

    def _meant(self, title: str, quotes: Sequence[str]) -> Page | Refused:
        """The page with this title, or the one on which all that is quoted stands."""
        for page in self._pages:
            if title and page.title.casefold() == title.casefold():
                return page
        quoted = [page for page in self._pages if all(stands_in(quote, page.text) for quote in quotes)]
        if len(quoted) != 1:
            return Refused("quotes several pages, and names none" if quoted else "quotes no page")
        return quoted[0]

    def _verdict(self, challenge: Challenge, reply: str) -> Verdict:
        known = challenge.known
        answer = answer_of(reply)
        if answer is None:
            return Verdict(0.0, "no answer, or several")
        # A sentence of a written page holds one fact, and may be said back; one of another page may hold anything.
        around = known["quotes"] if known["facts"] else ()
        if is_right(answer, known["answers"], known["question"], around):
            return Verdict(1.0, "the right answer")
        # Other words may say the same, but for a number and where all that the page says is known.
        if known["facts"] or challenge.proposer == "rules" or is_number(known["answers"][0]):
            return Verdict(0.0, "another answer")
        if offers_several(answer):
            return Verdict(0.0, "several answers, or none")
        return Verdict(None, "in other words")


class LexiconTrivia(Trivia):
    """Over pages written from the curriculum's lexicon, the same ones every time."""

    has_truth: ClassVar[bool] = True

    def __init__(self, num_pages: int = 500, seed: int = 0) -> None:
        rng = random.Random(seed)
        pages = dict[str, Page]()
        while len(pages) < num_pages:
            page = people_page(rng, rng.randrange(4, 7), 3, blocks=rng.random() < 0.5)
            if not page.kept_back:
                pages.setdefault(page.title, page)
        super().__init__(list(pages.values()))

    def written(self, rng: random.Random, difficulty: int) -> Challenge:
        return asked(rng, difficulty, kept_back=False)
