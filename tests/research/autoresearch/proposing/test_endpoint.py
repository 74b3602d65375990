"""A model behind an endpoint is asked for a patch, told once what was wrong with it, and no more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from evaluation.config import EndpointOptions
from research.autoresearch.proposing.base import NothingProposed, Proposal
from research.autoresearch.proposing.endpoint import EndpointProposer
from research.autoresearch.tasks import TASKS
from tests.espalier.endpoints.chat_server import Answer, ChatServer, fails, says, serving

TASK = TASKS["language"]
PATH = TASK.training
FILE = "import math\n\nRATE = 1\n"
GOOD = f"""description: a higher rate
hypothesis: it is far from the largest that is stable

{PATH}
<<<<<<< SEARCH
RATE = 1
=======
RATE = 2
>>>>>>> REPLACE
"""
ROW = {"status": "discard", "val_bpb": 2.123456, "description": "a lower rate", "why": "worse", "hypothesis": "calm"}
ONCE = EndpointOptions(max_retries=0)


class Asked:
    """A server with answers in their order, and what was proposed by them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.answers = folder, list[Answer]()
        self.file = folder / PATH
        self.file.parent.mkdir(parents=True)
        self.file.write_text(FILE)
        self.server: ChatServer | None = None

    def script(self, body: dict[str, Any], number: int) -> Answer:
        return self.answers.pop(0)

    def propose(self, *answers: Answer, history: Any = (), number: int = 1, **how: Any) -> Proposal:
        self.answers[:] = answers
        return self.proposer(**how).propose(self.folder, history, number, 0)

    def proposer(self, **how: Any) -> EndpointProposer:
        assert self.server is not None
        return EndpointProposer(self.server.url, "true-model", TASK, **{"options": ONCE, **how})

    @property
    def requests(self) -> list[dict[str, Any]]:
        assert self.server is not None
        return self.server.requests


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    found = Asked(tmp_path / "tree")
    with serving(found.script) as server:
        found.server = server
        yield found


def test_a_patch_is_applied_and_its_words_are_kept(asked: Asked) -> None:
    proposal = asked.propose(says(GOOD), history=[ROW | {"number": 7}], number=8)
    assert asked.file.read_text() == FILE.replace("1", "2")
    assert proposal.description == "a higher rate" and proposal.hypothesis.startswith("it is far")
    assert proposal.kind == "endpoint" and proposal.details == {"replies": [GOOD], "errors": []}
    (request,) = asked.requests
    system, user = (message["content"] for message in request["messages"])
    assert system.startswith("# Autoresearch: the contract") and f"{PATH}\n<<<<<<< SEARCH" in system
    assert (
        FILE.rstrip() in user and "7, discard, 2.123456, a lower rate; worse; calm" in user and "experiment 8" in user
    )


def test_a_reply_that_cannot_be_used_is_sent_back_once_with_the_reason(asked: Asked) -> None:
    bad = GOOD.replace("RATE = 1", "RATE = 3")
    proposal = asked.propose(says(bad), says(GOOD))
    assert asked.file.read_text() == FILE.replace("1", "2")
    (error,) = proposal.details["errors"]
    assert "do not stand in" in error and proposal.details["replies"] == [bad, GOOD]
    *_, reply, told = asked.requests[1]["messages"]
    assert reply == {"role": "assistant", "content": bad} and error in told["content"] and len(asked.requests) == 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (says("I cannot help with that."), "no patch"),
        (says(""), "no answer"),
        (says(GOOD, finish="length"), "cut off"),
        (says(GOOD.replace(PATH, "research/autoresearch/evaluate.py")), "only research"),
        (says(GOOD.replace("RATE = 2", "RATE = (")), "no Python"),
    ],
)
def test_two_replies_that_cannot_be_used_are_nothing(asked: Asked, answer: Answer, why: str) -> None:
    with pytest.raises(NothingProposed, match=why) as caught:
        asked.propose(answer, answer)
    assert asked.file.read_text() == FILE and len(asked.requests) == 2
    assert len(caught.value.details["errors"]) == len(caught.value.details["replies"]) == 2


def test_thoughts_are_no_part_of_a_reply(asked: Asked) -> None:
    asked.propose(says(f"<think>\n{GOOD.replace('RATE = 2', 'RATE = 3')}</think>\n{GOOD}"))
    assert asked.file.read_text() == FILE.replace("1", "2")


def test_what_was_answered_before_is_not_asked_again(asked: Asked) -> None:
    first = asked.propose(says(GOOD))
    asked.file.write_text(FILE)
    assert asked.propose() == first and len(asked.requests) == 1
    asked.file.write_text(FILE)
    asked.propose(says(GOOD), number=2, history=[ROW])
    assert len(asked.requests) == 2


def test_the_history_is_bounded_and_holds_what_was_kept(asked: Asked) -> None:
    rows = [ROW | {"number": number, "hypothesis": "x\n" * 5000} for number in range(2000)]
    rows[3] |= {"status": "keep", "description": "what is best so far"}
    asked.propose(says(GOOD), history=rows)
    told = asked.requests[0]["messages"][1]["content"]
    assert len(told) < 16_000 and "what is best so far" in told and "\n1999, discard" in told
    assert "of 2000 experiments are left out" in told


def test_nobody_there_is_an_error_and_a_server_that_goes_away_is_not(asked: Asked) -> None:
    with pytest.raises(UserError, match="/v1"):
        EndpointProposer("http://127.0.0.1:9/v1", "m", TASK, options=ONCE).propose(asked.folder, [], 1, 0)
    with pytest.raises(UserError):
        asked.propose(fails(401))
    proposer = asked.proposer()
    asked.answers[:] = [says(GOOD), fails(503, "overloaded"), fails(401), says(GOOD)]
    proposer.propose(asked.folder, [], 1, 0)
    for number in (2, 3):
        asked.file.write_text(FILE)
        with pytest.raises(NothingProposed) as caught:
            proposer.propose(asked.folder, [ROW] * number, number, 0)
        assert "\n" not in caught.value.why
    assert proposer.propose(asked.folder, [ROW] * 4, 4, 0).description == "a higher rate"


def test_a_name_says_which_model(asked: Asked) -> None:
    assert asked.proposer().name == "endpoint:true-model"
