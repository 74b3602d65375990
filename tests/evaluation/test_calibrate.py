"""Calibration end to end on toy labels, and its parts by hand."""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from espalier.artifacts import records, registry
from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from espalier.text.ratings import WEIGHTS
from evaluation.cache import Cache
from evaluation.calibrate import main
from evaluation.calibration import baselines
from evaluation.calibration.ablation import ablation, read_pairs, unseen
from evaluation.calibration.asking import Said, out_of_fold, truth
from evaluation.calibration.at_once import at_once
from evaluation.calibration.attacks import arenas, attack, scores
from evaluation.calibration.config import CalibrateConfig
from evaluation.calibration.facts import Labels, bias, columns, dimension_facts, metric_facts, tutor_order
from evaluation.calibration.folds import by_problem, new_tutor
from evaluation.calibration.preferences import pairs_within, preferences, worth_by_name
from evaluation.calibration.values import by_thresholds, metric_values, pedagogy_values, rule_metrics, teachers_score
from evaluation.controls.base import controls
from evaluation.judges import calibration
from evaluation.judges.agreement import Resamples
from evaluation.judges.base import DIMENSIONS, Item, Verdict
from evaluation.judges.labels import Labelled, read_labels
from evaluation.metrics import METRICS
from evaluation.metrics.base import Metric

TUTORS = ("Ann", "Ben", "Cho", "Expert", "Novice")
THINGS = ["apples", "pears", "plums", "grapes", "melons", "figs", "lemons", "limes", "cherries", "peaches", "mangos"]
THINGS += ["dates", "kiwis", "quinces", "olives", "berries"]
GOOD, BAD = "Look at the {thing} again: how many bags of {number} are there?", "Nice. The {thing} are {number}."
EXTENT = DIMENSIONS["actionability"]


def world(seed: int = 0) -> list[dict]:
    """32 dialogues about 16 problems, five replies to each; good ones look again, and Ann's are mostly good."""
    chance = random.Random(seed)
    rows = []
    for number in range(32):
        thing = THINGS[number // 2]
        question = f"Tutor: Please solve this. The question is: {' '.join([thing] * 6)} in {number // 2 + 3} bags?"
        replies = {}
        for tutor in TUTORS:
            good = chance.random() < {"Ann": 0.9, "Novice": 0.1}.get(tutor, 0.5)
            text = (GOOD if good else BAD).format(thing=thing, number=number // 2 + 3)
            verdict = "Yes" if good else "No"
            labels = dict.fromkeys(("Mistake_Identification", "Mistake_Location", "Actionability"), verdict) | {
                "Providing_Guidance": verdict,
                "Revealing_of_the_Answer": "No" if good else "Yes (and the answer is correct)",
                "Coherence": chance.choice(["Yes", "No"]),
            }
            replies[tutor] = {"response": text, "annotation": labels}
        history = f"{question} \n Student: I have {number} {thing}"
        rows.append({"conversation_id": str(number), "conversation_history": history, "tutor_responses": replies})
    return rows


BRIDGE = [
    {
        "c_id": f"b{number}",
        "c_h": [{"user": "tutor", "text": f"Draw shape {number}."}, {"user": "student", "text": f"a circle, {number}"}],
        "c_r": [{"user": "tutor", "text": "Nice."}],
        "c_r_": [{"user": "tutor", "text": "Look again."}, {"user": "tutor", "text": f"How is shape {number} drawn?"}],
    }
    for number in range(30)
]


@dataclass
class Keyword:
    """A judge that has learnt which verdict goes with "again"."""

    verdicts: dict[str, dict[bool, int]]

    def predict(self, items: Sequence[Labelled]) -> dict[str, np.ndarray]:
        return {
            name: np.array([np.eye(len(DIMENSIONS[name].values))[known["again" in each.reply]] for each in items])
            for name, known in self.verdicts.items()
        }

    def decide(self, probabilities: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: rows.argmax(axis=1) for name, rows in probabilities.items()}

    def values(self, probabilities: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: rows @ np.array(list(DIMENSIONS[name].values.values())) for name, rows in probabilities.items()}


def fit(labelled: Sequence[Labelled], *, seed: int = 0, embedding: None = None, without: str = "") -> Keyword:
    verdicts: dict[str, dict[bool, int]] = {}
    for name in DIMENSIONS:
        places = truth(labelled, name)
        has = np.array(["again" in each.reply for each in labelled])
        if (places >= 0).any():
            verdicts[name] = {
                said: int(np.bincount(places[(has == said) & (places >= 0)], minlength=2).argmax())
                for said in (True, False)
            }
    return Keyword(verdicts)


@pytest.fixture
def label_file(tmp_path: Path) -> Path:
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(world()))
    return path


@pytest.fixture
def replies(label_file: Path) -> list[Labelled]:
    return read_labels([label_file])


@pytest.fixture(autouse=True)
def few_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them take seconds."""
    monkeypatch.setattr("evaluation.calibration.findings.rule_metrics", lambda: ["asks", "uptake", "code_switch"])


@pytest.fixture
def labels(replies: list[Labelled]) -> Labels:
    return Labels(
        replies=replies,
        by_problem=by_problem(replies, 4),
        new_tutor=new_tutor(replies, 4),
        resamples=Resamples([each.problem for each in replies], count=300),
    )


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A judge `classifier` in the workspace, and a quick way to teach others like it."""
    monkeypatch.setattr("evaluation.judges.classifier.fit", fit)
    folder = artifact("judges", "classifier")
    folder.mkdir(parents=True)
    records.write_manifest(folder, {"kind": "judge"})
    return folder


# Folds


def test_every_reply_is_asked_once_and_no_problem_is_on_both_sides(replies):
    for folds in (by_problem(replies, 4), new_tutor(replies, 4)):
        assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(replies)))
        for fold in folds:
            assert {replies[i].problem for i in fold.train}.isdisjoint(replies[i].problem for i in fold.test)


def test_a_new_tutor_is_new(replies):
    folds = new_tutor(replies, 4)
    assert len(folds) == 4 * len(TUTORS)
    for fold in folds:
        (tutor,) = {replies[i].tutor for i in fold.test}
        assert {replies[i].tutor for i in fold.train} == set(TUTORS) - {tutor}


def test_folds_are_alike_in_size_and_change_with_the_seed(replies):
    one, other = by_problem(replies, 4), by_problem(replies, 4, seed=1)
    assert {len(fold.test) for fold in one} == {len(replies) // 4}
    assert [fold.test.tolist() for fold in one] != [fold.test.tolist() for fold in other]
    assert [fold.test.tolist() for fold in one] == [fold.test.tolist() for fold in by_problem(replies, 4)]


# Baselines


def test_baselines_know_what_they_may(replies):
    places = truth(replies, "actionability")
    folds = by_problem(replies, 4)
    asked = {
        name: baselines.out_of_fold(baseline, replies, places, folds, 3)
        for name, baseline in (
            ("majority", baselines.majority),
            ("name", baselines.tutor_name),
            ("surface", baselines.surface),
        )
    }
    by_tutor = {each.tutor: set() for each in replies}
    for each, decided in zip(replies, asked["name"], strict=True):
        by_tutor[each.tutor].add(int(decided))
    assert by_tutor["Ann"] == {2} and by_tutor["Novice"] == {0}
    assert (asked["surface"] == places).mean() > 0.95  # good replies are questions
    assert all(len(set(asked["majority"][fold.test].tolist())) == 1 for fold in folds)


def test_a_new_tutors_name_says_nothing(replies):
    places = truth(replies, "actionability")
    folds = new_tutor(replies, 4)
    by_name, commonest = (
        baselines.out_of_fold(each, replies, places, folds, 3) for each in (baselines.tutor_name, baselines.majority)
    )
    assert (by_name == commonest).all()


def test_where_nobody_gave_a_verdict_there_is_none(replies):
    places = truth(replies, "actionability")
    places[::3] = -1
    found = baselines.out_of_fold(baselines.majority, replies, places, by_problem(replies, 4), 3)
    assert ((found < 0) == (places < 0)).all()


# Replies made to win


def test_every_family_answers_every_good_reply_once(labels):
    bridge = [replace(each, problem=f"b{place}") for place, each in enumerate(labels.replies[:3])]
    found = {each.name: each for each in arenas(labels, bridge, CalibrateConfig(resamples=100))}
    assert set(found) == {"mrbench", "bridge"} and len(found["mrbench"].good) == 32
    arena = found["mrbench"]
    assert all(len(replies) == 32 for replies in arena.made.values())
    assert [labels.replies[place] for place in arena.places] == list(arena.good)
    assert [each for each in arena.placed(arena.good) if each] == list(arena.good)
    (fold,) = found["bridge"].folds
    assert [found["bridge"].among[place] for place in fold.test] == bridge
    assert len(fold.train) == len(labels.replies)


def test_what_a_family_gets_is_told_on_the_dialogues_that_it_can_be_made_for(labels):
    arena = arenas(labels, [], CalibrateConfig(resamples=100))[0]
    good, made = np.full(32, 0.8), np.full(32, 0.2)
    made[:4], made[4:8] = np.nan, 0.9
    found = attack(good, made, arena.resamples)
    assert (found.made, found.good.value) == (28, pytest.approx(0.8))
    assert found.mean.value == pytest.approx(0.3) and found.share.value == pytest.approx(0.375)
    assert found.wins.value == pytest.approx(4 / 28) and found.lead.value == pytest.approx(0.5)
    falsified, canned, added = (controls()[name] for name in ("false_figures", "canned", "praise"))
    assert found.is_beaten(falsified) and not found.is_beaten(canned) and found.is_beaten(added)
    assert attack(good, np.full(32, np.nan), arena.resamples) is None


def test_what_is_said_to_everyone_is_told_among_a_familys_replies(labels):
    arena = arenas(labels, [], CalibrateConfig(resamples=100))[0]
    best = dict.fromkeys(WEIGHTS, np.ones(32)) | {"revealing_of_the_answer": np.zeros(32)}
    found = scores({"good": best, "canned": best}, arena)
    assert np.nanmean(found["canned"]) < 0.2


# What a judge says


def test_folds_that_were_asked_are_not_asked_again(replies, tmp_path):
    folds, taught = by_problem(replies, 4), []

    def teach(train):
        taught.append(len(train))
        judge = fit(train)

        def answer(asked):
            found = judge.predict(asked)
            return Said(values=judge.values(found), decided=judge.decide(found))

        return answer

    with Cache(tmp_path / "c.sqlite") as cache:
        first = out_of_fold(teach, replies, {"real": replies}, folds, identity="a", cache=cache)
        again = out_of_fold(teach, replies, {"real": replies}, folds, identity="a", cache=cache)
        assert len(taught) == 4
        out_of_fold(teach, replies, {"real": replies}, folds, identity="b", cache=cache)
        assert len(taught) == 8
    for name in DIMENSIONS:
        assert np.array_equal(first["real"].values[name], again["real"].values[name], equal_nan=True)
        assert first["real"].decided[name].tolist() == again["real"].decided[name].tolist()
    assert (first["real"].decided["actionability"] == truth(replies, "actionability")).all()
    assert np.isnan(first["real"].values["tutor_tone"]).all()  # nobody was taught it


class Abstainer:
    """Judges by one dimension, and abstains on one dialogue in five."""

    name, identity, dimensions = "abstainer", {"kind": "test"}, ("actionability",)

    def judge(self, items: Sequence[Item]) -> list[dict[str, Verdict]]:
        return [{"actionability": Verdict(value=None if _abstains(each) else 0.7)} for each in items]


def _abstains(each: Item) -> bool:
    return int(each.messages[-1]["content"].split()[2]) % 5 == 0


def test_a_judge_that_learns_nothing_is_asked_at_once_and_may_abstain(replies, tmp_path):
    with Cache(tmp_path / "c.sqlite") as cache:
        said = at_once(Abstainer(), {"real": replies}, cache=cache)["real"]
    silent = np.array([_abstains(Item(messages=each.messages, reply=each.reply)) for each in replies])
    assert silent.any() and not silent.all()
    assert (said.decided["actionability"] == np.where(silent, -1, 1)).all()  # 0.7 is nearest to "To some extent"
    assert np.isnan(said.values["actionability"][silent]).all() and (said.decided["coherence"] == -1).all()


def test_abstentions_are_counted_and_too_few_verdicts_are_no_calibration(labels, replies):
    column = columns(labels)["actionability"]
    said = Said.nothing(len(replies))
    said.decided["actionability"][:] = column.truth
    said.values["actionability"][:] = column.truth / 2
    said.decided["actionability"][:30] = -1
    found = dimension_facts(column, said, said)
    assert found["n"] == 130 and found["abstained"] == 30
    said.decided["actionability"][:70] = -1
    assert dimension_facts(column, said, said) is None


def test_a_judge_of_surfaces_is_not_reliable_and_one_of_more_is(labels, replies):
    column = columns(labels)["coherence"]
    chance = np.random.default_rng(0)
    guess, knows = Said.nothing(len(replies)), Said.nothing(len(replies))
    guess.decided["coherence"][:] = chance.choice([0, 2], len(replies))
    knows.decided["coherence"][:] = np.where(chance.random(len(replies)) < 0.9, column.truth, 0)
    for said in (guess, knows):
        said.values["coherence"][:] = said.decided["coherence"] / 2
    no, yes = (dimension_facts(column, said, said) for said in (guess, knows))
    assert not no["reliable_for_new_models"] and "not surely better" in no["why"]
    assert yes["reliable_for_new_models"] and "better than" in yes["why"]
    assert yes["gain_over_surface"]["low"] > 0 and yes["gain_over_majority"]["low"] > 0


# Metrics


def test_rule_metrics_are_those_of_one_reply():
    assert "asks" in rule_metrics() and all(isinstance(METRICS[name], Metric) for name in rule_metrics())


def test_thresholds_are_learnt_on_other_problems(labels, replies):
    column = columns(labels)["actionability"]
    values = metric_values(replies, ["asks", "uptake"])["asks"]
    decided = by_thresholds(values, column.truth, labels.by_problem, 3)
    assert (decided == column.truth).all()
    values[:8] = np.nan
    assert (by_thresholds(values, column.truth, labels.by_problem, 3)[:8] == -1).all()
    facts = metric_facts(column, values)
    assert facts["pearson"]["value"] == pytest.approx(1) and facts["n"] == len(replies) - 8
    assert metric_facts(column, np.ones(len(replies))) is None


def test_the_pedagogy_score_of_replies(replies):
    verdicts = {name: np.ones(len(replies)) for name in WEIGHTS} | {"revealing_of_the_answer": np.zeros(len(replies))}
    verdicts["actionability"][0] = np.nan
    found = pedagogy_values(verdicts, [replace(each, problem="one") for each in replies])
    assert np.isnan(found[0]) and found[1] == pytest.approx(1) and np.nanmin(found) > 0
    assert np.nanmean(pedagogy_values(verdicts, replies)) < np.nanmean(found)  # they say the same to everyone
    good = next(each for each in replies if "again" in each.reply)
    bad = next(each for each in replies if "Nice" in each.reply)
    assert (teachers_score(good), teachers_score(bad)) == pytest.approx((1, 0))


def test_the_order_of_tutors(replies):
    teachers = np.array([{"Ann": 3.0, "Ben": 2.0, "Cho": 1.0}.get(each.tutor, np.nan) for each in replies])
    found = tutor_order(np.where(teachers == 2, 5.0, teachers), teachers, replies)
    assert (found["pairs"], found["ordered_alike"]) == (3, 2)
    assert found["means"]["Ann"] == {"score": 3.0, "teachers": 3.0}


def test_bias_by_kind_of_tutor(replies):
    teachers = np.full(len(replies), 0.5)
    above = {"Expert": -0.25, "Novice": 0.25}
    scores = teachers + [above.get(each.tutor, 0.0) for each in replies]
    scores[0] = np.nan
    found = bias(scores, teachers, replies, Resamples([each.problem for each in replies], count=50))
    assert {kind: each["bias"]["value"] for kind, each in found.items()} == {
        "expert": -0.25,
        "novice": 0.25,
        "model": 0,
    }
    assert found["model"]["n"] == 95 and found["expert"]["bias"]["low"] == -0.25


# Preferences


def test_a_preference_stands_beside_what_a_mark_a_length_or_a_name_reaches(replies):
    worth = np.array([float("again" in each.reply) for each in replies])
    pairs = pairs_within([each.dialogue for each in replies], worth)
    assert all(replies[a].dialogue == replies[b].dialogue and worth[a] > worth[b] for a, b in pairs)
    assert len(pairs) == sum(
        worth[a] > worth[b] for a in range(len(replies)) for b in range(len(replies)) if a // 5 == b // 5
    )
    draws = Resamples([each.problem for each in replies], count=200)
    names = worth_by_name(replies, worth, by_problem(replies, 4))
    found = preferences(-worth, names, replies, pairs, pairs[:, 0], draws)
    assert set(found) == {"all", "one_asks"}  # here good replies ask, and bad ones never do
    all_pairs = found["all"]
    assert (all_pairs["score"]["value"], all_pairs["question_mark"]["value"], all_pairs["ahead"]["high"]) == (0, 1, -1)
    assert all_pairs["length"]["value"] == 1 and 0.5 < all_pairs["tutor_name_only"]["value"] < 1
    shorter = [replace(each, reply="Hm?" if "again" in each.reply else each.reply + "?") for each in replies]
    fresh = worth_by_name(replies, worth, new_tutor(replies, 4))
    found = preferences(worth, fresh, shorter, pairs, pairs[:, 0], draws)
    assert set(found) == {"all", "both_ask"} and found["all"] == found["both_ask"]
    assert found["all"]["question_mark"]["value"] == 0.5 and found["all"]["ahead"]["low"] == 0.5
    assert found["all"]["length"]["value"] == 1  # the shorter
    assert found["all"]["tutor_name_only"]["low"] == found["all"]["tutor_name_only"]["high"] == 0.5  # of nobody known


# Ablation


def test_pairs_of_bridge_and_those_about_labelled_problems(tmp_path, replies):
    path = tmp_path / "bridge.json"
    path.write_text(json.dumps(BRIDGE))
    pairs = read_pairs([path])
    assert len(pairs) == 30
    assert pairs[3].novice.reply == "Nice." and pairs[3].expert.reply == "Look again. How is shape 3 drawn?"
    assert pairs[3].expert.messages[-1] == {"role": "user", "content": "a circle, 3"}
    assert len(unseen(pairs, replies)) == 30
    assert unseen(pairs, [*replies, pairs[0].novice]) == []  # all are about one drawing


@pytest.mark.parametrize("rows", [{}, [{"c_id": "x"}], [3]])
def test_what_is_no_file_of_bridge(tmp_path, rows):
    path = tmp_path / "bridge.json"
    path.write_text(json.dumps(rows))
    with pytest.raises(UserError, match="Bridge"):
        read_pairs([path])


def test_the_ablation_shows_what_was_style(tmp_path, replies):
    path = tmp_path / "bridge.json"
    path.write_text(json.dumps(BRIDGE))
    pairs = read_pairs([path])

    def teach(train):
        style = "Nice" if any(each.tutor == "Novice" for each in train) else ""
        return lambda asked: np.array([-1.0 if style and style in each.reply else 0.0 for each in asked])

    found = ablation(teach, replies, pairs, Resamples(list(range(30)), count=200))
    assert (found.with_novice.value, found.without_novice.value, found.lost.value) == (1, 0.5, 0.5)
    with_novice, without = (found.beside[name]["all"] for name in ("with_novice", "without_novice"))
    assert with_novice["pairs"] == 30 and with_novice["tutor_name_only"]["value"] == 1
    assert (with_novice["ahead"]["value"], without["ahead"]["value"], without["ahead"]["high"]) == (0, -0.5, -0.5)


# The command


def test_the_command_writes_figures_and_a_page(label_file, trained, workspace, tmp_path, capsys):
    bridge = tmp_path / "bridge.json"
    bridge.write_text(json.dumps(BRIDGE))
    words = ["--labels", str(label_file), "--bridge", str(bridge), "--folds", "4", "--resamples", "200"]
    assert main(words) == 0
    found = calibration.read("classifier")
    facts = found["dimensions"]["actionability"]
    assert facts["by_problem"]["macro_f1"]["value"] == facts["new_tutor"]["macro_f1"]["value"] == 1
    assert facts["tutor_name_only"]["macro_f1"]["value"] < 0.9
    assert not facts["reliable_for_new_models"]  # a question mark tells as much
    assert not found["dimensions"]["coherence"]["reliable_for_new_models"]  # it is chance
    assert calibration.reliable("classifier")["coherence"][0] is False
    families = found["attacks"]["mrbench"]["families"]
    assert families["canned"]["made"] == 32 and not families["canned"]["adds"]
    assert {name for name, each in families.items() if "kind_unseen" in each} == {
        name for name, each in families.items() if each["kind"] in ("false_content", "no_content")
    }
    assert found["attacks"]["bridge"]["dialogues"] == 30
    assert found["pedagogy"]["by_problem"]["pearson"]["value"] > 0.7
    assert found["ablation"]["pairs"] == 30 and found["ablation"]["with_novice"]["value"] == 1
    assert found["ablation"]["beside"]["without_novice"]["one_asks"]["question_mark"]["value"] == 1
    assert found["pedagogy"]["new_tutor"]["preferences"]["all"]["tutor_name_only"]["value"] == 0.5
    assert set(found["pedagogy"]["new_tutor"]["bias"]) == {"expert", "novice", "model"}
    assert found["labels"] == [
        {"file": "labels.json", "sha256": records.sha256_file(label_file), "dialogues": 32, "replies": 160}
    ]
    assert found["identity"]["content_hash"] == records.read_manifest(trained)["content_hash"]
    assert calibration.read("metrics")["metrics"]["asks"]["actionability"]["pearson"]["value"] == pytest.approx(1)

    page = (workspace / "agents" / "reports" / "calibration-classifier.md").read_text()
    assert "says what to do next" in page and "**no**" in page and "Bridge, experts' replies" in page
    assert "with the novice's replies" in page and '"?" only' in page and "| novice | 32 |" in page
    assert not any(thing in page for thing in THINGS) and str(tmp_path) not in page
    assert "asks something" in (workspace / "agents" / "reports" / "calibration-metrics.md").read_text()
    assert "beats the good reply" in capsys.readouterr().out

    judge, _ = sorted(registry.survey(), key=lambda each: each.name)
    assert judge.about.endswith("calibrated on 160 replies: reliable for new models by 0 of 6 dimensions")

    log = workspace / "agents" / "RUNLOG.md"
    noted = log.read_text()
    assert noted.count("\n- ") == 1 and "judge:classifier `" in noted and "calibrated: " in noted

    before = calibration.path_of("classifier").read_bytes()
    assert main(words) == 0 and log.read_text() == noted
    assert calibration.path_of("classifier").read_bytes() == before


def test_four_dimensions_alone_give_no_pedagogy_score(tmp_path, trained, workspace):
    rows = world()
    for row in rows:
        for entry in row["tutor_responses"].values():
            del entry["annotation"]["Revealing_of_the_Answer"]
    path = tmp_path / "four.json"
    path.write_text(json.dumps(rows))
    assert main(["--labels", str(path), "--folds", "2", "--resamples", "100"]) == 0
    found = calibration.read("classifier")
    assert found["pedagogy"]["missing"] == ["revealing_of_the_answer"] and found["attacks"] == {}
    assert "there is no revealing" in (workspace / "agents" / "reports" / "calibration-classifier.md").read_text()


def test_an_endpoint_is_asked_as_it_is(label_file, monkeypatch, workspace):
    monkeypatch.setattr("evaluation.judges.opening.open_judges", lambda names, config: Abstainer())
    words = ["--judge", "openai:m@http://localhost:1/v1", "--folds", "2", "--resamples", "100"]
    assert main(["--labels", str(label_file), *words]) == 0
    found = calibration.read("abstainer")
    facts = found["dimensions"]["actionability"]
    assert set(found["dimensions"]) == {"actionability"} and found["identity"] == {"kind": "test"}
    assert facts["by_problem"] == facts["new_tutor"] and facts["abstained"] > 0
    assert facts["n"] + facts["abstained"] == 160
    assert "abstained" in (workspace / "agents" / "reports" / "calibration-abstainer.md").read_text()


def test_metrics_alone_need_no_judge(label_file, workspace):
    assert main(["--labels", str(label_file), "--judge", "metrics", "--folds", "2", "--resamples", "100"]) == 0
    assert calibration.read("classifier") is None and calibration.read("metrics")["dimensions"] == {}
    (metrics,) = registry.survey()
    assert metrics.parents == {"file:labels.json": records.sha256_file(label_file)}
    assert re.fullmatch(r"calibrated on 160 replies: \d+ rule metrics against teachers", metrics.about)


def test_fewer_problems_on_request(label_file, workspace):
    words = ["--judge", "metrics", "--problems", "10", "--folds", "2", "--resamples", "100"]
    assert main(["--labels", str(label_file), *words]) == 0
    found = calibration.read("metrics")
    assert found["problems"] == 10 and found["replies"] == 100 and "--problems 10" in found["command"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name label files"),
        (["--labels", "FILE", "--folds", "18"], "cannot be divided into 18 folds"),
        (["--labels", "FILE", "--judge", "nobody"], r"no trained judge nobody .*train\.py"),
        (["--labels", "none.json"], "no such file"),
    ],
)
def test_errors_of_a_user(label_file, words, said):
    with pytest.raises(UserError, match=said):
        main([str(label_file) if word == "FILE" else word for word in words])
