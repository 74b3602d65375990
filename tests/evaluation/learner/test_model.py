"""A learner that is a model: every lesson is its own, the same every time, and what is heard is what is learned."""

from dataclasses import replace

import pytest
import torch

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.generation.likelihood import log_likelihoods
from espalier.models.references import resolve
from espalier.text.rows import Row, write_rows
from evaluation.backends.base import Ask
from evaluation.backends.lessons import MADE_TO_WIN, TUTORS, PlantedTutor
from evaluation.cache import Cache
from evaluation.cases.case import Dialogue, Learned
from evaluation.cases.suite import Withheld
from evaluation.cases.withheld import learner_of, upbringing, withheld_cases
from evaluation.config import EvaluateConfig
from evaluation.learner.lesson import lesson
from evaluation.learner.model import ModelLearner
from evaluation.learner.opening import open_learner
from evaluation.metrics import METRICS
from evaluation.metrics.learning import form_heard, learning_gain, overuse
from evaluation.metrics.words import contains
from evaluation.play import play
from evaluation.run import main

PASTS = {"write": "wrote", "hide": "hid", "keep": "kept"}
BY_HAND = {
    "learning_gain": 0.7,
    "pre_test": 0.1,
    "post_test": 0.8,
    "production_gain": 0.5,
    "untaught_gain": -0.1,
    "forgotten": 0.05,
    "overuse": 0.25,
    "form_heard": 0.5,
}
SPEC = Withheld(turns=2, lessons_per_item=1, learning_rate=0.01, steps=2)


@pytest.fixture
def grown(workspace):
    """A mix that says that it keeps three pasts back."""
    folder = workspace / "mixes" / "grown"
    folder.mkdir(parents=True)
    row = Row(id="a", source="curriculum", split="train", messages=[{"role": "text", "content": "Tutor: Hm."}])
    write_rows(folder / "train.parquet", [row])
    held_out = {"pairs": [], "triples": [], "pasts": [list(past) for past in PASTS.items()]}
    return records.write_manifest(folder, {"kind": "mix", "name": "grown", "heldout": held_out})["content_hash"]


@pytest.fixture
def pupil(make_run, grown):
    """A run that grew up on it."""
    make_run("pupil", parents={"mix:grown": grown})
    return ModelLearner(ref=resolve("run:pupil"), spec=SPEC, withheld=frozenset(PASTS))


def cases(**changes):
    return withheld_cases(SPEC.model_copy(update=changes), PASTS)


def tutor(name):
    say, label = MADE_TO_WIN[name] if name in MADE_TO_WIN else (TUTORS[name], "")
    return PlantedTutor(name=f"rule:{name}", say=say, label=label)


def taught(pupil, name, workspace, asked=None):
    """The records of lessons by a planted tutor, without a cache from before."""
    with Cache(workspace / f"{name}-{id(pupil)}.sqlite") as cache:
        return play(
            tutor(name), asked or cases(), [learning_gain, form_heard, overuse], cache=cache, seed=0, learner=pupil
        )


def gains(found):
    return {record.case: record.metrics["learning_gain"] for record in found if record.turn == 0}


def test_a_lesson_teaches_one_form_and_tests_it_on_other_things():
    for base in PASTS:
        for number in range(5):
            about = lesson(f"{base}/{number}", base, frozenset(PASTS), 4)
            told = {each.clause.noun for each in about.scenes}
            assert not told & {each.clause.noun for each in about.tests}
            assert all(contains(each.right, PASTS[base]) for each in (*about.scenes, *about.tests))
            assert all(not contains(wrong, PASTS[base]) for each in about.tests for wrong in each.wrong)
            assert {each.clause.verb.base for each in about.others} <= set(PASTS) - {base}
            assert not {each.clause.verb.base for each in about.kept} & set(PASTS)


def test_what_is_heard_becomes_likelier(pupil):
    (case, *_) = cases()
    said = [*case.messages, {"role": "assistant", "content": "Yesterday you wrote your letter!"}]
    heard = "Tutor: Yesterday you wrote your letter!"
    pupil._put(pupil._after(case, said))
    after = log_likelihoods(pupil._model, pupil._renderer, [heard])
    pupil._put(pupil._grown)
    assert after > log_likelihoods(pupil._model, pupil._renderer, [heard])


def test_a_lesson_is_the_same_alone_beside_others_and_taken_up_again(pupil, workspace):
    together = taught(pupil, "telling", workspace)
    fresh = ModelLearner(ref=pupil.ref, spec=SPEC, withheld=pupil.withheld)
    alone = taught(fresh, "telling", workspace, cases(only=("keep",)))
    of_keep = [record for record in together if record.case == "keep/1"]
    assert [(each.messages, each.metrics) for each in of_keep] == [(each.messages, each.metrics) for each in alone]
    last = of_keep[-1]
    told = [*last.messages, {"role": "assistant", "content": last.reply}]
    (learned,) = ModelLearner(ref=pupil.ref, spec=SPEC, withheld=pupil.withheld).examine([(cases()[2], told)])
    dialogue = Dialogue(messages=told, opening=1, learned=learned)
    assert learning_gain(cases()[2], dialogue).value == of_keep[0].metrics["learning_gain"]


def test_the_weights_on_disk_and_those_of_the_next_lesson_are_as_they_were_grown(pupil, workspace):
    before = pupil.ref.content_hash
    first = gains(taught(pupil, "telling", workspace))
    assert resolve("run:pupil").content_hash == before
    assert gains(taught(pupil, "telling", workspace, list(reversed(cases())))) == first
    pupil._put(pupil._grown)
    grown_up = ModelLearner(ref=pupil.ref, spec=SPEC, withheld=pupil.withheld)
    assert all(map(torch.equal, pupil._weights, grown_up._weights))


def test_what_it_said_and_learned_is_kept_by_its_identity_and_by_no_others(pupil, workspace, monkeypatch):
    with Cache(workspace / "kept.sqlite") as cache:
        how = {"cache": cache, "seed": 0}
        first = play(tutor("telling"), cases(), [learning_gain], learner=pupil, **how)
        monkeypatch.setattr(ModelLearner, "_after", None)
        again = play(tutor("telling"), cases(), [learning_gain], learner=pupil, **how)
        assert [each.to_json() for each in again] == [each.to_json() for each in first]
        slower = ModelLearner(ref=pupil.ref, spec=SPEC.model_copy(update={"steps": 1}), withheld=pupil.withheld)
        with pytest.raises(TypeError):
            play(tutor("telling"), cases(), [learning_gain], learner=slower, **how)


def test_without_steps_nothing_is_learned_and_an_endless_or_empty_reply_does_no_harm(pupil, workspace):
    idle = ModelLearner(ref=pupil.ref, spec=SPEC.model_copy(update={"steps": 0}), withheld=pupil.withheld)
    assert set(gains(taught(idle, "telling", workspace)).values()) == {0.0}
    (case, *_) = cases()
    for reply in ("", "wrote " * 3_000, "🙂\n\nTutor: Basil: wrote"):
        told = [*case.messages, {"role": "assistant", "content": reply}]
        (learned,) = pupil.examine([(case, told)])
        assert (learned.knows == learned.knew) == (not reply)


def replies(name, case, *said):
    """What a planted tutor answers, turn by turn, to a learner who says so."""
    found, messages = [], []
    for turn, words in enumerate(said):
        messages.append({"role": "user", "content": words})
        now = replace(case, messages=list(messages), truth=replace(case.truth, learner=words))
        ((_, reply),) = tutor(name).answer([Ask(case=now, turn=turn, sample=0, seed=turn)])
        messages.append({"role": "assistant", "content": reply.text})
        found.append(reply.text)
    return found


def test_planted_tutors_do_what_they_are_called():
    case = cases(only=("write",))[0]
    wrong, right = "Yesterday I writed my letter.", "On Monday I wrote an email."
    assert replies("telling", case, wrong)[0].startswith("Yesterday you wrote your letter! ")
    assert replies("telling", case, "I like cheese.")[0].lower().startswith(case.truth.corrected.lower())
    first, second, third = replies("guiding", case, wrong, wrong, right)
    assert "wrote" not in first and "?" in first
    assert "you wrote your letter" in second
    assert third.startswith("Yes! On Monday you wrote an email!")
    assert not any("wrote" in reply for reply in replies("silent", case, wrong, wrong, right))
    assert replies("parrot", case, wrong)[0].startswith("Yesterday you writed your letter! ")
    assert all(word not in replies("false", case, wrong)[0] for word in ("wrote", "writed"))
    assert "wrote" not in replies("letters", case, wrong)[0]
    assert replies("shout", case, wrong) == ["Wrote! Wrote! Wrote!"]


def test_a_dose_is_said_in_its_share_of_the_turns_exactly():
    case = withheld_cases(SPEC.model_copy(update={"turns": 4}), PASTS)[0]
    for percent in (0, 25, 50, 75, 100):
        said = replies(f"dose-{percent}", case, *["Yesterday I writed a letter."] * 4)
        assert sum("wrote" in reply for reply in said) == percent // 25


@pytest.mark.parametrize(
    ("learner", "problem"),
    [
        ("rules", "wants a learner that learns.*stage1/train.py stage1/configs/basil-learner.yaml"),
        ("run:basil-learner", "no run is called.*train.py stage1/configs/basil-learner.yaml makes it"),
        ("run:nobody", "no run is called.*makes one"),
        ("run:knows", "grew up with the mix toy, which keeps nothing back"),
        ("run:several", "not one mix"),
        ("run:elsewhere", "not one mix .not known."),
    ],
)
def test_a_learner_that_may_know_it_already_or_is_not_there_is_refused(learner, problem, make_run, grown, toy_mix):
    toy = records.read_manifest(toy_mix)["content_hash"]
    make_run("knows")
    make_run("several", parents={"mix:toy": toy, "mix:grown": grown})
    make_run("elsewhere", parents={"hub:somebody/model": "abc"})
    with pytest.raises(UserError, match=problem):
        upbringing(learner_of(learner))


def test_a_learner_of_lessons_is_for_no_other_suite():
    with pytest.raises(UserError, match="--suite learning_gain has"):
        open_learner(EvaluateConfig(learner="run:pupil"))


def test_the_command_ranks_tutors_and_names_who_learned(workspace, pupil, make_run):
    make_run("teacher", seed=3)
    suite = workspace / "short.yaml"
    lessons = "withheld: {turns: 1, lessons_per_item: 1}\ngeneration: {max_new_tokens: 6}\ncontrols: ['rule:parrot']\n"
    suite.write_text("extends: learning_gain\nname: short\n" + lessons)
    argv = ["--models", "teacher", "rule:telling", "--suite", str(suite), "--learner", "run:pupil", "--limit", "2"]
    assert main([*argv, "--publish", "false"]) == 0
    (folder,) = (path for path in (workspace / "scores").iterdir() if path.is_dir())
    manifest = records.read_manifest(folder)
    assert manifest["parents"]["run:pupil"] == pupil.ref.content_hash
    assert pupil.ref.content_hash in (folder / "scores.json").read_text(), "its identity is a part of the scores'"
    summary = records.read_json(folder / "summary.json")
    assert summary["decides"] == "learning_gain"
    assert set(summary["contestants"]) >= {"teacher", "rule:telling", "rule:parrot"}
    assert "run:pupil" in (folder / "report.md").read_text()


def test_columns_by_hand():
    (case, *_) = cases(only=("write",))
    messages = [*case.messages]
    for reply in ("You wrote it!", "Who was there?", "You writed?", "Wrote!"):
        messages += [{"role": "assistant", "content": reply}, {"role": "user", "content": "Hm."}]
    learned = Learned(
        knew=0.1, knows=0.8, said=0.0, says=0.5, others_before=0.2, others_after=0.1, kept_before=0.9, kept_after=0.85,
        overused=0.25,
    )  # fmt: skip
    dialogue = Dialogue(messages=messages, opening=1, learned=learned)
    found = {column.name: column(case, dialogue).value for column in METRICS.values() if column.name in BY_HAND}
    assert found == pytest.approx(BY_HAND)


def test_where_nobody_learned_nothing_is_measured():
    (case, *_) = cases()
    spoken = Dialogue(messages=[*case.messages, {"role": "assistant", "content": "You wrote it!"}], opening=1)
    assert all(METRICS[name](case, spoken).value is None for name in BY_HAND)
