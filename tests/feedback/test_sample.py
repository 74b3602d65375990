"""Drawing replies: what is asked, that a killed sampling goes on, and that an endpoint will do."""

import json

import pytest

pytest.importorskip("openai", reason='needs the extra "endpoints"')

from espalier.artifacts import records, registry
from espalier.artifacts.kinds import of_word
from espalier.artifacts.rounds import Round
from espalier.errors import UserError
from espalier.text.rows import Row, read_rows, write_rows
from evaluation.cases.case import Case, Checks, Reply, Truth
from feedback.prompts import read_prompts
from feedback.sample import main
from feedback.samples import Sampled, _from_line, read_samples, to_lines
from tests.espalier.endpoints.chat_server import says, serving
from tests.processes import Moment, run

DRAWN = ["--model", "core", "--prompts", "mix:toy/train", "--limit", "6", "--n", "3", "--max_new_tokens", "4"]


def test_samples_are_drawn_kept_and_known(workspace, toy_mix, make_run):
    make_run("core")
    assert main([*DRAWN, "--name", "grow-r01-samples", "--round"]) == 0
    samples = read_samples("grow-r01-samples")
    assert len(samples) == 6 and all(len(each.replies) == 3 for each in samples)
    assert len({reply.text for each in samples for reply in each.replies}) > 6
    (made,) = registry.survey([of_word("corpus")])
    assert made.about == "18 replies of core to 6 prompts of mix:toy/train"
    assert made.round == Round(loop="grow", number=1, part="samples")
    assert made.parents == {
        "run:core": records.read_manifest(workspace / "runs" / "core")["content_hash"],
        "mix:toy": records.read_manifest(toy_mix)["content_hash"],
    }
    assert "corpus:grow-r01-samples" in (workspace / "agents" / "RUNLOG.md").read_text()

    path = workspace / "corpora" / "grow-r01-samples" / "samples.jsonl"
    before = path.read_bytes()
    assert main([*DRAWN, "--name", "again", "--batch_size", "5", "--publish", "false"]) == 0
    assert (workspace / "corpora" / "again" / "samples.jsonl").read_bytes() == before
    with pytest.raises(UserError, match="was begun otherwise"):
        main([*DRAWN, "--name", "again", "--seed", "1"])
    path.write_bytes(before.replace(b"Yesterday", b"Yesterdoy"))
    with pytest.raises(UserError, match="changed since it was made"):
        read_samples("grow-r01-samples")


def test_a_killed_sampling_goes_on_to_the_same_bytes(workspace, toy_mix, make_run):
    make_run("core")
    words = [*DRAWN, "--publish", "false"]
    assert main([*words, "--name", "whole"]) == 0
    (workspace / "cache" / "evaluation.sqlite").unlink()
    killed = run("feedback/sample.py", *words, "--name", "killed", at=Moment(path=r".*corpora/killed/\.samples.*"))
    assert killed.code == -9
    (begun,) = (each for each in registry.survey([of_word("corpus")]) if each.name == "killed")
    assert begun.state == "interrupted" and begun.about == "replies of core to mix:toy/train"
    with pytest.raises(UserError, match="are not complete"):
        read_samples("killed")
    ended = run("feedback/sample.py", *words, "--name", "killed")
    assert ended.code == 0 and "from the cache" in ended.output
    whole, killed = ((workspace / "corpora" / name / "samples.jsonl").read_bytes() for name in ("whole", "killed"))
    assert killed == whole


def test_an_endpoint_answers_with_its_thoughts_apart(workspace):
    prompts = workspace / "asked.jsonl"
    prompts.write_text('{"name": "a", "prompt": "I go yesterday."}\n{"name": "b", "prompt": "Hi."}\n')
    with serving(lambda body, number: says("<think>Hm.</think>You went? Where?")) as server:
        model = f"openai:tutor@{server.url}"
        assert main(["--model", model, "--prompts", str(prompts), "--n", "2", "--name", "far"]) == 0
    samples = read_samples("far")
    assert [each.id for each in samples] == ["a", "b"]
    assert {reply.text for each in samples for reply in each.replies} == {"You went? Where?"}
    assert samples[0].replies[0].reasoning == "Hm."
    (made,) = registry.survey([of_word("corpus")])
    assert any(parent.startswith("openai:tutor@") for parent in made.parents)


def test_later_turns_are_asked_after_the_dialogues_own_and_no_move_binds_that_nobody_asked_for(toy_mix):
    asked = read_prompts("mix:toy/train", limit=None, seed=0)
    assert not asked.heldout
    rows = {row.id: row for row in read_rows(toy_mix / "train.parquet")}
    later = 0
    for case in asked.cases:
        row = rows[case.name]
        at = len(case.messages)
        assert case.messages == row.messages[:at] and case.messages[-1]["role"] == "user"
        assert case.reference == row.messages[at]["content"]
        later += any(message["role"] == "assistant" for message in case.messages)
        turn = [message["content"] for message in row.messages if message["role"] == "user"].index(case.learner)
        facts = row.meta["turns"][turn]
        named = row.messages[0]["role"] == "system"
        assert case.truth.corrected == facts["corrected"]
        assert (case.truth.strategy, case.truth.rule) == ((facts["strategy"], facts["rule"]) if named else ("", "may"))
    assert later and not any(case.name.endswith("text") for case in asked.cases)
    said = [json.dumps(case.messages) for case in asked.cases]
    assert len(set(said)) == len(said)  # nobody is asked the same twice

    named = read_prompts("mix:toy/train", limit=None, seed=0, named_moves=True)
    with_line = {name for name, row in rows.items() if row.messages[0]["role"] == "system"}
    assert {case.name for case in named.cases} == with_line
    some = read_prompts("mix:toy/train", limit=5, seed=0)
    drawn = [case.name for case in some.cases]
    assert drawn == [name for name in rows if name in drawn] and len(drawn) == 5
    assert read_prompts("mix:toy/train", limit=5, seed=1).cases != some.cases
    assert read_prompts("mix:toy/unseen_pairs", limit=5, seed=0).heldout
    assert read_prompts("suite:pedagogical", limit=3, seed=0).cases[0].script == ()


def test_what_suites_ask_is_kept_from_training_and_a_file_unless_its_owner_says_otherwise(workspace):
    suite = read_prompts("suite:pedagogical", limit=3, seed=0)
    assert suite.heldout and [*suite.parents] == ["suite:pedagogical"] and all(suite.parents.values())
    assert read_prompts("pedagogical", limit=3, seed=0).parents == suite.parents
    with pytest.raises(UserError, match="--may_train: --prompts suite:pedagogical is no file of your own"):
        read_prompts("suite:pedagogical", limit=3, seed=0, may_train=True)
    path = workspace / "asked.jsonl"
    path.write_text('{"name": "a", "prompt": "I go yesterday."}\n')
    assert read_prompts(str(path), limit=3, seed=0).heldout
    own = read_prompts(str(path), limit=3, seed=0, may_train=True)
    assert not own.heldout and [*own.parents] == ["file:asked.jsonl"]


def test_prompts_of_a_mix_of_preferences(toy_mix):
    messages = [{"role": "user", "content": "I go."}]
    said = [[{"role": "assistant", "content": text}] for text in ("You went!", "No.", "Hm.")]
    (toy_mix / "preferences").mkdir()
    rows = [
        Row(
            id=f"p/{number}", source="p", split="train", messages=messages, chosen=said[0], rejected=said[number],
            meta={"answer": "went"},
        )
        for number in (1, 2)
    ]  # fmt: skip
    write_rows(toy_mix / "preferences" / "train.parquet", rows)
    (case,) = read_prompts("mix:toy/preferences/train", limit=None, seed=0).cases
    assert case.messages == messages and case.answer == "went" and case.truth is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--prompts", "mix:toy/trian"], "wants mix:toy/SPLIT, one of train, unseen_pairs, unseen_triples"),
        (["--prompts", "mix:no/train"], "mix no does not exist"),
        (["--prompts", "nothing.jsonl"], "no suite 'nothing.jsonl'"),
        (["--prompts", "suite:blimp_like"], "no suite"),
        (["--model", "rule:reference"], "nothing can be drawn"),
        (["--model", "nobody"], "no model 'nobody'"),
        (["--model", ""], "--model: is missing"),
        (["--temperature", "0"], "at temperature 0 all replies are the same"),
    ],
)
def test_what_cannot_be_asked(toy_mix, make_run, words, told):
    make_run("core")
    with pytest.raises(UserError, match=told):
        main([*DRAWN, "--name", "x", *words])


def test_nobody_answers(toy_mix, make_run):
    make_run("core")
    with pytest.raises(UserError, match="gave no reply at all; the first time because"):
        main([*DRAWN, "--name", "x", "--max_new_tokens", "9000"])


def test_a_sample_is_read_as_it_was_written():
    case = Case(
        name="a",
        messages=[{"role": "user", "content": "Mi abuela cook."}],
        split="train",
        truth=Truth(learner="Mi abuela cook.", switched=(("abuela", "grandmother"),), rule="must"),
        combination=("cook", "soup", "agreement"),
        checks=Checks(lacks=("wrong",)),
        tags=("train",),
    )
    replies = (
        Reply(text="Oh?", num_tokens=2, finish="stop"),
        Reply(text="", num_tokens=0, finish="error", error="too long", remarks=("odd",)),
    )
    sampled = Sampled(id="a", case=case, replies=replies)
    (line,) = to_lines([sampled])
    assert _from_line(json.loads(json.dumps(line)), "here") == sampled
    assert set(line["case"]) == {"split", "truth", "combination", "checks", "tags"}
    with pytest.raises(UserError, match="here: no samples of a prompt"):
        _from_line({"id": "a", "case": {}}, "here")
