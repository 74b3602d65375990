"""Labels of one dimension by one tutor beside others: no fold moves; and the best verdict told from the least."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact
from evaluation.calibrate import main
from evaluation.calibration.asking import Said, truth
from evaluation.calibration.facts import Labels, columns, dimension_facts
from evaluation.calibration.folds import by_problem, new_tutor
from evaluation.calibration.ranking import auc, told_apart
from evaluation.judges import calibration
from evaluation.judges.agreement import Resamples
from evaluation.judges.base import DIMENSIONS
from evaluation.judges.labels import Labelled

GUIDING = DIMENSIONS["guiding"]
SAYS = {
    "Guiding": ("Look again: what is {a} x {b}?", "Find {a} x {b} again.", "Why did you add {a}?"),
    "Telling": ("You need {a} x {b} = {c}.", "It is {c}.", "It is {c}, right?"),
    "Generic": ("Well done.", "Hi!", "How are you?"),
}
MOVES = {"Guiding": "probing", "Telling": "telling", "Generic": "generic"}


def replies(tutor: str = "Teacher", problems: int = 20) -> list[Labelled]:
    """Nine replies to each problem, three by each verdict: half of those that guide or tell ask."""
    found = []
    for number in range(problems):
        slots = {"a": number + 2, "b": 7, "c": 7 * (number + 2)}
        for verdict, texts in SAYS.items():
            found += [
                Labelled(
                    dialogue=f"m{number}",
                    problem=f"m{number}",
                    tutor=tutor,
                    messages=[{"role": "user", "content": f"I added {number}."}],
                    reply=text.format(**slots),
                    answer="",
                    labels={"guiding": verdict},
                )
                for text in texts
            ]
    return found


def by_several(problems: int = 20) -> list[Labelled]:
    """Replies by three tutors, labelled by another dimension."""
    chance = random.Random(0)
    return [
        Labelled(
            dialogue=f"d{number}",
            problem=f"d{number}",
            tutor=tutor,
            messages=[{"role": "user", "content": f"I have {number}."}],
            reply="Hm.",
            answer="",
            labels={"actionability": chance.choice(["Yes", "No"])},
        )
        for number in range(problems)
        for tutor in ("Ann", "Ben", "Cho")
    ]


def labels_of(labelled: list[Labelled]) -> Labels:
    return Labels(
        replies=labelled,
        by_problem=by_problem(labelled, 4),
        new_tutor=new_tutor(labelled, 4),
        resamples=Resamples([each.problem for each in labelled], count=200),
    )


def says(labelled: list[Labelled], values: np.ndarray) -> Said:
    said = Said.nothing(len(labelled))
    said.values["guiding"][:] = values
    said.decided["guiding"][:] = np.where(np.isnan(values), -1, np.round(2 * np.nan_to_num(values)))
    return said


def test_labels_of_one_tutor_move_no_fold_of_others_and_are_no_new_tutors() -> None:
    alone, both = by_several(), [*by_several(), *replies()]
    for before, after in zip(by_problem(alone, 4), by_problem(both, 4), strict=True):
        assert before.test.tolist() == [place for place in after.test if place < len(alone)]
        assert len(after.test) == len(both) // 4
    for before, after in zip(new_tutor(alone, 4), new_tutor(both, 4), strict=True):
        assert before.test.tolist() == after.test.tolist() and before.train.tolist() == after.train.tolist()
    assert new_tutor(replies(), 4) == []


def test_what_is_said_where_nothing_was_said_before() -> None:
    one, other = says(replies(), np.full(180, 0.5)), says(replies(), np.full(180, 1.0))
    one.values["guiding"][:90], one.decided["guiding"][:90] = np.nan, -1
    found = one.where_nothing(other)
    assert found.values["guiding"].tolist() == [1.0] * 90 + [0.5] * 90
    assert found.decided["guiding"].tolist() == [2] * 90 + [1] * 90
    assert np.isnan(found.values["coherence"]).all()


def test_the_area_is_the_share_of_pairs_in_order_in_every_resample() -> None:
    chance = np.random.default_rng(0)
    clusters = chance.integers(0, 12, size=80)
    values, better = chance.integers(0, 6, size=80) / 5, chance.random(80) < 0.4
    resamples, rows = Resamples(clusters.tolist(), count=300), np.arange(80)
    found = auc(values, better, rows, resamples)

    def by_pairs(weights: np.ndarray) -> float:
        pairs = np.outer(weights[better], weights[~better])
        won = (1 + np.sign(values[better][:, None] - values[~better])) / 2
        return float((pairs * won).sum() / pairs.sum())

    figures = [by_pairs(row[resamples.cluster]) for row in resamples.weights]
    assert found.value == pytest.approx(figures[0])
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(figures[1:], [0.025, 0.975])))
    assert found.num_cases == 80 and found.num_clusters == len(set(clusters.tolist()))


def test_best_and_least_verdict_are_told_apart_beside_what_needs_no_judge() -> None:
    labelled = replies()
    labels, places = labels_of(labelled), truth(labelled, "guiding")
    knows = np.where(places == 0, 0.1, 0.9)
    asks = np.array([float("?" in each.reply) for each in labelled])

    def found(values: np.ndarray) -> dict:
        return told_apart(GUIDING, places, {"it": values}, labelled, labels.by_problem, labels.resamples)

    sees, marks = found(knows), found(asks)
    assert (sees["best"], sees["least"]) == ("Guiding", "Telling")
    assert sees["it"]["value"] == sees["both_ask"]["value"] == sees["neither_asks"]["value"] == 1
    assert sees["it"]["n"] == 120 and sees["both_ask"]["n"] == 60
    assert marks["it"]["value"] == marks["question_mark"]["value"] == pytest.approx(2 / 3)
    assert marks["both_ask"]["value"] == marks["neither_asks"]["value"] == 0.5
    assert sees["surface"]["value"] > sees["question_mark"]["value"] and "length" in sees
    few = told_apart(
        GUIDING, np.where(places == 2, 2, -1), {"it": knows}, labelled, labels.by_problem, labels.resamples
    )
    assert few == {}


@pytest.mark.parametrize(("tutor", "reliable"), [("Teacher", True), ("GPT4", False)])
def test_of_one_tutors_labels_only_the_problem_is_unseen(tutor: str, reliable: bool) -> None:
    labels = labels_of(replies(tutor))
    column = columns(labels)["guiding"]
    said = says(replies(tutor), column.truth / 2)
    found = dimension_facts(column, said, said)
    assert found["tutors"] == 1 and found["reliable_for_new_models"] is reliable
    assert "unseen problems, its macro-F1 is 1.00" in found["why"] and "name one tutor" in found["why"]
    assert found["told_apart"]["by_problem"]["value"] == 1


def mathdial(path: Path, problems: int = 20) -> Path:
    """The same replies as lines of MathDial, each turn answered by the learner."""
    rows: dict[str, list[str]] = {}
    for each in replies(problems=problems):
        turns = rows.setdefault(each.dialogue, [])
        turns += [f"Teacher: ({MOVES[each.labels['guiding']]}){each.reply}", "Student: Hm."]
    lines = [
        {
            "qid": number,
            "question": " ".join([chr(ord("a") + number) * 5] * 6),
            "ground_truth": f"A bag has 7 in it.\n7 x {number + 2} = {7 * number + 14} all in all\n {7 * number + 14}",
            "student_incorrect_solution": f"I added {number}.",
            "conversation": "|EOM|".join(turns),
        }
        for number, turns in enumerate(rows.values())
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_file_of_one_dimension_is_enough_and_gives_no_pedagogy_score(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("evaluation.calibration.findings.rule_metrics", lambda: ["asks"])
    records.write_manifest(artifact("judges", "classifier"), {"kind": "judge"})
    words = ["--labels", str(mathdial(tmp_path / "m.jsonl")), "--folds", "2", "--resamples", "100"]
    assert main(words) == 0
    found = calibration.read("classifier")
    assert set(found["dimensions"]) == {"guiding"} and "guiding" not in found["pedagogy"]["missing"]
    told = found["dimensions"]["guiding"]["told_apart"]
    assert told["by_problem"]["value"] > max(told["question_mark"]["value"], told["surface"]["value"])
    page = (workspace / "agents" / "reports" / "calibration-classifier.md").read_text()
    assert "Good from bad" in page and "Guiding from Telling" in page and '"?" only' in page
    assert "Guiding from telling in disguise" in page
    disguised = found["disguises"]["answer_in_figures"]
    assert disguised["taught"]["n"] == 20 and disguised["taught"]["value"] >= disguised["kind_unseen"]["value"] > 0.5
    assert "area under the curve" in capsys.readouterr().out
