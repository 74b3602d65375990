"""A model behind an endpoint as a judge, by the commands: examined on made replies, and believed no further."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.errors import UserError
from evaluation import calibrate, run
from evaluation.judges import calibration
from evaluation.judges.base import DIMENSIONS
from tests.espalier.endpoints.chat_server import Answer, ChatServer, says, serving

THINGS = ["apples", "pears", "plums", "grapes", "melons", "figs", "lemons", "limes", "cherries", "peaches"]
GOOD, BAD = "Look at the {thing} again: how many of them did you count?", "The {thing} are {number}, so that is done."
TRIED = ("crafted", "agrees", "canned_pool")


@pytest.fixture(autouse=True)
def few_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them take seconds."""
    monkeypatch.setattr("evaluation.calibration.findings.rule_metrics", lambda: ["asks"])


def conversation(place: int) -> tuple[str, str, dict[str, str]]:
    """The question, what the learner says, and a reply by each tutor."""
    known = {"thing": THINGS[place % 10], "number": place + 3}
    good, bad = GOOD.format(**known), BAD.format(**known)
    question = f"The question is: {' '.join([known['thing']] * 6)} in {place + 3} bags?"
    replies = {"Expert": good, "Novice": bad, "Ann": (bad, good)[place % 2]}
    return question, "I have {number} {thing}".format(**known), replies


@pytest.fixture
def labels(tmp_path: Path) -> str:
    rows = []
    for place in range(10):
        question, said, replies = conversation(place)
        entries = {}
        for tutor, reply in replies.items():
            good = "again" in reply
            verdict = "Yes" if good else "No"
            names = ("Mistake_Identification", "Mistake_Location", "Actionability", "Providing_Guidance")
            leaks = "No" if good else "Yes (and the answer is correct)"
            annotation = dict.fromkeys(names, verdict) | {"Revealing_of_the_Answer": leaks}
            entries[tutor] = {"response": reply, "annotation": annotation}
        history = f"Tutor: {question} \n Student: {said}"
        rows.append({"conversation_id": str(place), "conversation_history": history, "tutor_responses": entries})
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(rows))
    return str(path)


@pytest.fixture
def suite(tmp_path: Path) -> str:
    cases = []
    for place in range(10):
        question, said, replies = conversation(place)
        messages = [{"role": "assistant", "content": question}, {"role": "user", "content": said}]
        cases.append({"name": str(place), "messages": messages, "reference": replies["Expert"]})
    path = tmp_path / "suite.yaml"
    metrics = ["pedagogy", "providing_guidance", "actionability"]
    path.write_text(json.dumps({"name": "s", "metrics": metrics, "headline": "pedagogy", "cases": cases}))
    return str(path)


def fooled(talk: str, reply: str) -> bool:
    """Whoever asks teaches."""
    return "?" in reply


def careful(talk: str, reply: str) -> bool:
    """Who sends the learner back to what the talk is of."""
    found = re.search(r"Look at the (\w+) again", reply)
    return found is not None and found[1] in talk


def judging(helps: Callable[[str, str], bool]) -> Callable[[dict[str, Any], int], Answer]:
    """A server that answers every question of the rubric by one rule."""

    def script(body: dict[str, Any], number: int) -> Answer:
        text = body["messages"][0]["content"]
        mark = re.search(r"two lines that say (\S+)", text)
        assert mark
        data = json.loads(text.split(f"\n{mark[1]}\n")[1])
        helps_here = helps(json.dumps(data["conversation"]), data["reply"])
        verdicts = {}
        for name, dimension in DIMENSIONS.items():
            least, *_, best = list(dimension.values)[:: -1 if dimension.better == "lower" else 1]
            verdicts[name] = {"reason": "by rule", "verdict": best if helps_here else least}
        return says(json.dumps(verdicts))

    return script


def examined(server: ChatServer, name: str, labels: str, *words: str) -> list[str]:
    """The command line of a small calibration of the model that the server calls `name`."""
    few = ["--problems", "10", "--folds", "2", "--resamples", "100", "--workers", "2"]
    return ["--labels", labels, "--judge", f"openai:{name}@{server.url}", "--controls", *TRIED, *few, *words]


def families(name: str) -> dict[str, Any]:
    found = calibration.read(name)
    assert found is not None
    tried: dict[str, Any] = found["attacks"]["mrbench"]["families"]
    return tried


def test_a_judge_that_can_be_fooled_is_told_from_one_that_cannot_and_its_verdicts_are_withheld(
    labels: str, suite: str, tmp_path: Path, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = []
    for name, kept in (("none", 0), ("most", 9)):
        lines = [{"case": str(n), "reply": conversation(n)[2]["Expert" if n < kept else "Novice"]} for n in range(10)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        models.append(f"replies:{tmp_path / name}.jsonl")
    judges = []
    opening = {}
    with serving(judging(fooled)) as one, serving(judging(careful)) as other:
        for server, name in ((one, "fooled"), (other, "careful")):
            assert calibrate.main(examined(server, name, labels)) == 0
            said = capsys.readouterr().out
            asked = len(server.requests)
            assert f"{name} is asked {asked:,} questions, one for each reply, 3 families of made ones" in said
            assert set(families(name)) == set(TRIED)
            assert calibrate.main(examined(server, name, labels)) == 0
            assert len(server.requests) == asked, "what was answered is known"
            judges.append(f"openai:{name}@{server.url}")
            words = ["--suite", suite, "--controls", *TRIED, "--publish", "false", "--models", *models]
            assert run.main([*words, "--name", name, "--judges", judges[-1]]) == 0
            opening[name] = (workspace / "scores" / name / "report.md").read_text().split("\n\n")[1]
        assert run.main([*words, "--name", "both", "--judges", *judges]) == 0
    assert not families("fooled")["crafted"]["beaten"] and all(each["beaten"] for each in families("careful").values())
    assert opening["fooled"].startswith("**Who teaches better cannot be told")
    assert "Who teaches better cannot be told" not in opening["careful"]
    assert "3 controls, replies made to win without teaching, were tried. Good replies beat" in opening["careful"]
    report = (workspace / "scores" / "both" / "report.md").read_text()
    for name, beaten in (("fooled", "not beaten: "), ("careful", "3 of 3 families were beaten")):
        assert re.search(f"In {name}'s calibration, .*{beaten}", report)


def test_an_examination_that_is_interrupted_goes_on(labels: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(judging(careful)) as server:
        words = examined(server, "m", labels)
        with pytest.raises(UserError, match="the same command goes on"):
            calibrate.main([*words, "--endpoint.budget.calls", "20"])
        assert len(server.requests) == 20 and calibration.read("m") is None
        (asked,) = re.findall(r"m is asked ([\d,]+) questions", capsys.readouterr().out)
        assert calibrate.main(words) == 0
        assert len(server.requests) == int(asked)
        assert f"m is asked {int(asked) - 20} questions" in capsys.readouterr().out


def test_without_controls_nothing_but_labelled_replies_is_asked_and_the_page_says_so(
    labels: str, workspace: Path
) -> None:
    with serving(judging(careful)) as server:
        words = [word for word in examined(server, "m", labels) if word not in TRIED]
        words.insert(words.index("--controls") + 1, "none")
        assert calibrate.main(words) == 0
        replies = {reply for place in range(10) for reply in conversation(place)[2].values()}
        assert len(server.requests) == len(replies)
    found = calibration.read("m")
    assert found is not None and found["attacks"] == {} and "--controls none" in found["command"]
    assert "None were tried" in (workspace / "agents" / "reports" / "calibration-m.md").read_text()


def test_a_family_that_there_is_not_is_said_before_anything_is_asked(labels: str) -> None:
    with pytest.raises(UserError, match="--controls craftd: no control, and no kind of them; did you mean crafted"):
        calibrate.main(["--labels", labels, "--judge", "openai:m@http://127.0.0.1:1/v1", "--controls", "craftd"])
