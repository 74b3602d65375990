"""The trained judge: what it learns, what it may not see, what it says, and what it is kept in."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from espalier.artifacts import records
from espalier.artifacts.paths import artifact, repo_root
from espalier.errors import UserError
from evaluation.judges import classifier, teaching
from evaluation.judges.base import DIMENSIONS, Item
from evaluation.judges.classifier import Classifier, fit, save
from evaluation.judges.disguises import disguises
from evaluation.judges.distractors import distractors
from evaluation.judges.features.table import describe
from evaluation.judges.fitted import as_probabilities, best_offsets
from evaluation.judges.held_out import by_problem, new_tutor
from evaluation.judges.labels import Labelled
from evaluation.judges.parts import PartedJudge
from evaluation.judges.ridge import Ridge
from tests import tiny
from tests.evaluation.judges.toy_labels import labelled

DIMENSION = "mistake_identification"


@pytest.fixture(scope="module")
def taught() -> PartedJudge:
    return fit(labelled(12))


@pytest.fixture(scope="module")
def asked() -> list[Labelled]:
    """Replies to problems that were not taught."""
    return labelled(16)[12 * 6 :]


def items(replies: list[Labelled]) -> list[Item]:
    return [Item(messages=each.messages, reply=each.reply, answer=each.answer) for each in replies]


def truth(replies: list[Labelled]) -> np.ndarray:
    return np.array([list(DIMENSIONS[DIMENSION].values).index(each.labels[DIMENSION]) for each in replies])


def test_it_learns_the_rule_and_uses_it_on_other_problems(taught: PartedJudge, asked: list[Labelled]) -> None:
    probabilities = taught.predict(asked)
    assert set(probabilities) == {"mistake_identification", "actionability"} == set(taught.dimensions)
    assert probabilities[DIMENSION].shape == (len(asked), 3)
    np.testing.assert_allclose(probabilities[DIMENSION].sum(axis=1), 1)
    assert (probabilities[DIMENSION] >= 0).all()
    assert (taught.decide(probabilities)[DIMENSION] == truth(asked)).mean() > 0.9
    values = taught.values(probabilities)[DIMENSION]
    assert values[truth(asked) == 2].min() > values[truth(asked) == 0].max()


def test_a_reply_that_speaks_of_another_problem_helps_less(taught: PartedJudge, asked: list[Labelled]) -> None:
    good = [each for each in asked if each.labels[DIMENSION] == "Yes"]
    moved = [replace(one, reply=other.reply) for one, other in zip(good, good[2:] + good[:2], strict=True)]
    before, after = (taught.values(taught.predict(replies))[DIMENSION] for replies in (good, moved))
    assert after.mean() < before.mean() - 0.1


def test_what_it_says_of_a_reply_does_not_depend_on_the_others(taught: PartedJudge, asked: list[Labelled]) -> None:
    together = taught.predict(asked)[DIMENSION]
    alone = np.concatenate([taught.predict([each])[DIMENSION] for each in asked])
    np.testing.assert_allclose(together, alone, atol=1e-9)
    assert taught.predict([])[DIMENSION].shape == (0, 3)


def test_all_that_replies_are_alike_in_is_summed_up() -> None:
    """The regression's own equation, of replies that were taught."""
    replies = labelled(6)
    fitted = fit(replies)
    expected = of_taught(replies, fitted)
    np.testing.assert_allclose(fitted.predict(replies)[DIMENSION], as_probabilities(expected), atol=1e-9)


def of_taught(replies: list[Labelled], fitted: PartedJudge) -> np.ndarray:
    """What is said of a taught reply: its target less ridge × coefficient, less its tutor's level."""
    coefficients = fitted.parts[0].rank_weights[:, :3]
    everyone = [each.tutor for each in (*replies, *distractors(replies, seed=0))]
    levels = {name: 30.0 * coefficients[[each == name for each in everyone]].sum(axis=0) for name in set(everyone)}
    own = np.array([levels[each.tutor] for each in replies])
    return np.eye(3)[truth(replies)] - 2.0 * coefficients[: len(replies)] - own


def test_equal_labels_and_seeds_make_equal_judges() -> None:
    one, other = fit(labelled(6)).arrays(), fit(labelled(6)).arrays()
    assert one.keys() == other.keys() and all((one[name] == other[name]).all() for name in one)
    seeded = fit(labelled(6), seed=1).arrays()
    assert (seeded["0.term_weights"].shape != one["0.term_weights"].shape) or (
        seeded["0.constant"] != one["0.constant"]
    ).any()


def test_a_dimension_that_some_replies_lack_is_taught_by_the_others() -> None:
    some = [
        replace(each, labels=each.labels | {"coherence": "Yes" if "?" in each.reply else "No"}) if number % 3 else each
        for number, each in enumerate(labelled(8))
    ]
    found = fit(some)
    assert found.dimensions == ("mistake_identification", "actionability", "coherence")
    without = fit(labelled(8))
    np.testing.assert_allclose(found.predict(some)[DIMENSION], without.predict(some)[DIMENSION], atol=1e-6)


def moves(problems: int = 12) -> list[Labelled]:
    """The toy's replies as moves: what asks, guides; what praises, says nothing; and a tutor who does it all."""
    found = []
    for each in labelled(problems):
        verdict = {"Yes": "Guiding", "No": "Generic"}.get(each.labels[DIMENSION])
        told = f"No. It is {each.answer}, because you subtract."
        found.append(
            replace(
                each,
                tutor="Teacher",
                dialogue=f"{each.dialogue}#",
                reply=each.reply if verdict else told,
                labels={"guiding": verdict or "Telling"},
            )
        )
    return found


def test_a_dimension_with_corpora_of_its_own_is_taught_apart_and_changes_no_other(asked: list[Labelled]) -> None:
    both, alone, without = fit([*labelled(12), *moves()]), fit(moves()), fit(labelled(12))
    assert both.dimensions == (*without.dimensions, "guiding") and alone.dimensions == ("guiding",)
    found, before = both.predict(asked), without.predict(asked)
    assert all((found[name] == before[name]).all() for name in before)
    np.testing.assert_allclose(found["guiding"], alone.predict(asked)["guiding"])
    unseen = moves(16)[12 * 6 :]
    said = both.predict(unseen)
    verdicts = [list(DIMENSIONS["guiding"].values).index(each.labels["guiding"]) for each in unseen]
    assert (both.decide(said)["guiding"] == verdicts).mean() > 0.9
    values = both.values(said)["guiding"]
    told = np.array([each.labels["guiding"] == "Telling" for each in unseen])
    assert values[told].max() < values[np.array(verdicts) == 2].min()


def test_telling_dressed_up_as_a_question_is_taught_as_telling() -> None:
    replies = moves(16)
    made = disguises(replies, seed=0)
    assert made == disguises(replies, seed=0) != disguises(replies, seed=1)
    assert {(each.kind, each.labels["guiding"]) for each in made} == {("telling", "Telling"), ("no_content", "Generic")}
    texts = {json.dumps(each.messages): each for each in replies}
    for each in made:
        source = texts[json.dumps(each.messages)]
        assert each.problems == {source.problem} and each.tutor == source.tutor and each.reply != source.reply
    taught, untaught = fit(replies[: 12 * 6]), fit(replies[: 12 * 6], without="telling")
    asked = [
        replace(each, reply=f"Could it be that it is {each.answer.rpartition(' ')[2]}?")
        for each in replies[12 * 6 :]
        if each.labels["guiding"] == "Guiding"
    ]
    assert value(taught, asked) < value(untaught, asked) - 0.02


def value(judge: PartedJudge, asked: list[Labelled]) -> float:
    return float(judge.values(judge.predict(asked))["guiding"].mean())


def test_what_is_taught_apart_is_taught_from_a_sample_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Labelled]] = []
    monkeypatch.setattr(teaching, "_ENOUGH", 30)
    monkeypatch.setattr(teaching, "teach", lambda rows, *others, **settings: seen.append(rows))
    for seed in (0, 0, 1):
        teaching.teach_apart([*labelled(2), *moves()], "guiding", seed=seed)
    assert {len(rows) for rows in seen} == {30} and seen[0] == seen[1] != seen[2]
    assert all("guiding" in each.labels for rows in seen for each in rows)


def test_what_is_taught_apart_costs_nothing_for_each_reply_it_was_taught() -> None:
    (part,) = fit(moves()).parts
    assert len(part.taught_ranks) == len(part.rank_weights) == 0


def test_a_judge_in_parts_says_the_same_after_it_was_kept(workspace: Path, asked: list[Labelled]) -> None:
    fitted = fit([*labelled(12), *moves()])
    save(fitted, "mine", {}, replace=False)
    kept = Classifier.open("mine").judge(items(asked))
    for name, values in fitted.values(fitted.predict(asked)).items():
        np.testing.assert_allclose([verdicts[name].value for verdicts in kept], values, atol=1e-4)


def test_labels_without_two_verdicts_or_two_problems_are_refused() -> None:
    alike = [replace(each, labels={DIMENSION: "Yes"}) for each in labelled(4)]
    with pytest.raises(ValueError, match="two verdicts"):
        fit(alike)
    with pytest.raises(ValueError, match="one problem"):
        fit(labelled(1))


def test_one_tutor_is_enough_and_none_is_new() -> None:
    alone = [replace(each, tutor="A") for each in labelled(4)]
    assert new_tutor(alone, distractors(alone, seed=0), seed=0) == []
    assert fit(alone).dimensions


@pytest.mark.parametrize("level", [0.0, 3.0])
def test_ridge_says_of_removed_rows_what_it_would_had_it_never_seen_them(level: float) -> None:
    chance = np.random.default_rng(0)
    points, targets = chance.normal(size=(30, 5)), chance.normal(size=(30, 2))
    weights, kernel = chance.uniform(0.2, 1, size=30), points @ points.T
    removed = np.zeros(30, dtype=bool)
    removed[[3, 7, 8, 20]] = True
    groups, settings = np.arange(30) % 4, {"ridge": 2.0, "level": level}
    found = Ridge.fit(kernel, targets, weights, groups, **settings).without(removed)
    rest = Ridge.fit(kernel[~removed][:, ~removed], targets[~removed], weights[~removed], groups[~removed], **settings)
    np.testing.assert_allclose(found, kernel[removed][:, ~removed] @ rest.coefficients)


def test_a_cell_leaves_out_all_that_shares_a_problem_or_a_tutor_with_what_it_asks() -> None:
    replies = labelled(8)
    made = distractors(replies, seed=0)
    for cells, tutors in ((by_problem(replies, made, seed=0), False), (new_tutor(replies, made, seed=0), True)):
        times = sum(cell.asked.astype(int) for cell in cells)
        assert (times[: len(replies)] == 1).all() and not times[len(replies) :].any()
        for cell in cells:
            hidden = {each.problem for each, yes in zip(replies, cell.asked, strict=False) if yes}
            names = {each.tutor for each, yes in zip(replies, cell.asked, strict=False) if yes}
            learnt = [each for each, out in zip(replies, cell.left_out, strict=False) if not out]
            made_learnt = [each for each, out in zip(made, cell.left_out[len(replies) :], strict=True) if not out]
            assert hidden.isdisjoint(each.problem for each in learnt)
            assert all(hidden.isdisjoint(each.problems) for each in made_learnt)
            assert not tutors or names.isdisjoint(each.tutor for each in [*learnt, *made_learnt])


def test_distractors_are_replies_of_other_problems_and_praise_alone() -> None:
    replies = labelled(12, tone=True)
    made = distractors(replies, seed=0)
    assert made == distractors(replies, seed=0) != distractors(replies, seed=1)
    moved = [each for each in made if each.tutor]
    assert moved and len(moved) < len(made)
    texts = {each.reply: each for each in replies}
    for each in moved:
        source = texts[each.reply]
        assert len(each.problems) == 2 and source.problem in each.problems and source.tutor == each.tutor
        assert each.messages != source.messages
        assert each.labels[DIMENSION] == "No" and each.labels["tutor_tone"] == source.labels["tutor_tone"]
    vague = [each for each in moved if each.reply.startswith(("Hmm", "Perhaps", "Exactly"))]
    assert not vague, "a reply that names nothing of its dialogue is not out of place in another"
    assert all(each.labels["tutor_tone"] == "Encouraging" for each in made if not each.tutor)


def test_the_offsets_are_those_with_the_best_macro_f1() -> None:
    chance = np.random.default_rng(0)
    verdicts = chance.choice(3, size=600, p=[0.1, 0.1, 0.8])
    rows = np.eye(3)[verdicts] * 0.25 + chance.dirichlet([2, 2, 9], size=600)
    rows /= rows.sum(axis=1, keepdims=True)
    offsets = best_offsets(verdicts, [(np.ones(600, dtype=bool), rows)])
    assert offsets[0] > 0.05 and offsets[1] > 0.05 and offsets[2] == 0
    plain, chosen = rows.argmax(axis=1), (rows + offsets).argmax(axis=1)
    assert recall(verdicts, chosen) > recall(verdicts, plain) + 0.1


def recall(verdicts: np.ndarray, chosen: np.ndarray) -> float:
    return float(np.mean([(chosen[verdicts == place] == place).mean() for place in range(3)]))


def test_it_abstains_by_what_it_was_not_taught_and_of_an_empty_reply(
    workspace: Path, taught: PartedJudge, asked: list[Labelled]
) -> None:
    save(taught, "mine", {}, replace=False)
    judge = Classifier.open("mine")
    assert judge.name == "mine" and judge.dimensions == tuple(DIMENSIONS)
    full, empty = judge.judge([items(asked)[0], replace(items(asked)[0], reply=" \n")])
    assert full[DIMENSION].value is not None and 0 <= full[DIMENSION].value <= 1
    assert full["coherence"].value is None and "taught no labels" in full["coherence"].why
    assert all(verdict.value is None and "empty" in verdict.why for verdict in empty.values())


def test_a_judge_says_the_same_after_it_was_kept(workspace: Path, taught: PartedJudge, asked: list[Labelled]) -> None:
    save(taught, "mine", {}, replace=False)
    found = [verdicts[DIMENSION].value for verdicts in Classifier.open("mine").judge(items(asked))]
    np.testing.assert_allclose(found, taught.values(taught.predict(asked))[DIMENSION], atol=1e-4)
    assert {path.name for path in artifact("judges", "mine").iterdir()} == {
        "judge.json",
        "judge.safetensors",
        "manifest.json",
    }


def test_nothing_of_the_replies_is_kept(workspace: Path, taught: PartedJudge) -> None:
    save(taught, "mine", {}, replace=False)
    kept = json.dumps(records.read_json(artifact("judges", "mine") / "judge.json"))
    assert "apples" not in kept and "pencils" not in kept and "Ann" not in kept and "subtract" in kept


def test_a_calibration_beside_it_changes_nothing(workspace: Path, taught: PartedJudge, asked: list[Labelled]) -> None:
    save(taught, "mine", {}, replace=False)
    before = Classifier.open("mine").identity
    records.write_json(artifact("judges", "mine") / "calibration.json", {"version": 1})
    assert Classifier.open("mine").identity == before
    assert Classifier.open("mine").judge(items(asked)[:1])


def test_no_judge_and_one_of_other_code_are_refused_with_the_command(
    workspace: Path, taught: PartedJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"no trained judge mine.*train\.py --labels FILE --name mine"):
        Classifier.open("mine")
    save(taught, "mine", {"labels": [{"file": "some.json"}]}, replace=False)
    monkeypatch.setattr(classifier, "code_hash", lambda: "other")
    with pytest.raises(UserError, match=r"other code.*train\.py --labels some\.json --name mine --redo"):
        Classifier.open("mine")


def test_a_changed_file_is_refused(workspace: Path, taught: PartedJudge, asked: list[Labelled]) -> None:
    save(taught, "mine", {}, replace=False)
    path = artifact("judges", "mine") / "judge.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="changed since it was made"):
        Classifier.open("mine").judge(items(asked))


def test_its_identity_needs_no_numbers(workspace: Path, taught: PartedJudge) -> None:
    save(taught, "mine", {}, replace=False)
    code = """
import sys
from evaluation.judges.classifier import Classifier
print(Classifier.open("mine").identity["kind"], {"numpy", "scipy", "sklearn", "torch"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repo_root())
    assert done.stdout == "trained set()\n", done.stderr


def test_an_embedding_model_is_used_and_named(workspace: Path, tmp_path: Path, asked: list[Labelled]) -> None:
    from evaluation.judges.embedding import Embedding

    folder = tiny.saved(tmp_path / "model")
    embedding = Embedding(str(folder))
    vectors = embedding.vectors(asked)
    assert vectors.shape == (len(asked), 3 * 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    np.testing.assert_allclose(Embedding(str(folder)).vectors(asked[3:4])[0], vectors[3], atol=1e-5)
    fitted = fit(labelled(6), embedding=embedding)
    replies = labelled(6)
    expected = of_taught(replies, fitted)
    np.testing.assert_allclose(fitted.predict(replies)[DIMENSION], as_probabilities(expected), atol=1e-9)
    save(fitted, "mine", {}, replace=False)
    found = [verdicts[DIMENSION].value for verdicts in Classifier.open("mine").judge(items(asked))]
    np.testing.assert_allclose(found, fitted.values(fitted.predict(asked))[DIMENSION], atol=1e-4)
    with pytest.raises(UserError, match="--embedding nobody/nothing"):
        Embedding(str(tmp_path / "nobody/nothing").removeprefix(f"{tmp_path}/")).vectors(asked)


def test_features_are_made_once(asked: list[Labelled]) -> None:
    assert describe(asked[0]) is describe(items(asked)[0])
