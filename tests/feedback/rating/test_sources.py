"""What can be asked of replies in a file or in scores, and what cannot."""

import json

import pytest

from espalier.errors import UserError
from feedback.rating.config import RateConfig
from feedback.rating.putting_together import gather
from feedback.rating.sources import candidates, from_file, names_told
from tests.feedback.rating.made_up import MODELS, lines, write

SAID = {"role": "user", "content": "I goed."}


def asked(path, ask="pairs", **settings):
    return candidates(from_file(path), ask, **{"pairs_per_prompt": 3, "seed": 0} | settings)


def test_forms_of_files(tmp_path):
    records = [
        {"id": "samples", "messages": [SAID], "replies": ["One?", {"text": "Two?"}, {"text": "Three?"}]},
        {"case": "scores", "turn": 1, "sample": 0, "model": "a", "messages": [SAID], "reply": "One."},
        {"case": "scores", "turn": 1, "sample": 0, "model": "b", "messages": [SAID], "reply": "Two."},
        {"id": "pair", "messages": [SAID], "chosen": "Good.", "rejected": [{"role": "assistant", "content": "No."}]},
        {"prompt": "Why?", "response": "Alone."},
        {"id": "case 7", "case": {"a": 5}, "messages": [SAID], "replies": [{"text": "", "finish": "error"}, "a", "b"]},
    ]  # fmt: skip
    found, left_out = asked(write(tmp_path / "a.jsonl", records))
    assert sorted(each.case for each in found) == ["case 7", "pair", "samples", "samples", "samples", "scores#1"]
    failed = "there is no reply, since something went wrong"
    assert left_out == {"no second reply to the same conversation": 1, failed: 1}
    assert {each.content.replies: each.authors for each in found}["One.", "Two."] == ("a", "b")
    assert len(asked(tmp_path / "a.jsonl", "single")[0]) == 10
    few, left_out = asked(tmp_path / "a.jsonl", pairs_per_prompt=1)
    assert len(few) == 4 and left_out["more pairs of a conversation than are asked"] == 2


def test_only_replies_to_the_very_same_conversation_are_compared(tmp_path):
    records = lines(1) + [
        {
            "id": "case 9",
            "model": model,
            "messages": [SAID, {"role": "assistant", "content": model}, SAID],
            "reply": model,
        }
        for model in MODELS
    ]
    found, left_out = asked(write(tmp_path / "a.jsonl", records))
    assert [each.case for each in found] == ["case 0"]
    assert left_out == {"no second reply to the same conversation": 2}


def test_what_nobody_could_choose_between_is_counted(tmp_path):
    same, empty, twice = lines(1)[0], lines(2)[1], lines(3)[2]
    same["replies"][1]["text"] = same["replies"][0]["text"] + "\n"
    for reply in empty["replies"]:
        reply["text"] = " "
    found, left_out = asked(write(tmp_path / "a.jsonl", [same, empty, twice, twice]))
    assert len(found) == 1, "of a line that stands twice too"
    assert left_out == {
        "the two replies are the same, so neither is the better one": 1,
        "there is no reply, or only empty ones": 1,
    }
    with pytest.raises(UserError, match="nothing to rate"):
        asked(write(tmp_path / "b.jsonl", [same]))


def test_replies_that_say_their_models_name_are_counted(tmp_path):
    records = lines(2)
    records[0]["replies"][0]["text"] = f"I am {MODELS[0].upper()}, your tutor."
    assert names_told(asked(write(tmp_path / "a.jsonl", records))[0]) == 1


def test_bad_lines_are_named_and_nothing_is_taken(tmp_path):
    path = tmp_path / "a.jsonl"
    records = ['{"messages": 5, "reply": "a"}', "no json", '{"prompt": "a"}', '{"prompt": "a", "reply": 7}']
    path.write_text("\n".join(records))
    with pytest.raises(UserError) as error:
        from_file(path)
    complaints = str(error.value).splitlines()
    assert [each.split(":")[1] for each in complaints] == ["1", "2", "3", "4"]
    assert "no messages and no prompt" in complaints[0] and "no reply" in complaints[2] and "is a text" in complaints[3]


def scores(workspace, name, **hashes):
    folder = workspace / "scores" / name
    folder.mkdir(parents=True)
    models = {model: {"kind": "run", "spec": f"run:{model}", "content_hash": found} for model, found in hashes.items()}
    models["rule:copy"] = {"kind": "rule", "spec": "rule:copy", "content_hash": "x"}
    (folder / "scores.json").write_text(json.dumps({"identity": {"models": models}}))
    record = {"case": "a", "turn": 0, "sample": 0, "messages": [SAID], "finish": "stop", "log_likelihoods": []}
    said = [record | {"model": model, "reply": f"I am {model}."} for model in models]
    write(folder / "records.jsonl", [*said, record | {"model": "a", "case": "b", "reply": "", "finish": "error"}])
    (folder / "manifest.json").write_text(json.dumps({"files": {}, "content_hash": "x"}))


def trained(workspace, name, content_hash):
    (workspace / "runs" / name).mkdir(parents=True)
    (workspace / "runs" / name / "manifest.json").write_text(json.dumps({"content_hash": content_hash}))


def test_replies_of_scores_without_rules_and_failures(workspace):
    scores(workspace, "recast-a-b", a="1", b="2")
    trained(workspace, "a", "1")
    (found,) = gather(RateConfig(models=["run:a", "b"], suite="recast", scores="recast-a-b"), "pairs")
    assert found.authors == ("a", "b")
    assert gather(RateConfig(models=["a", "b"], suite="recast"), "pairs") == [found], "by the evaluation's own name"


def test_scores_of_a_run_that_was_trained_again_are_refused(workspace):
    scores(workspace, "recast-a-b", a="1", b="2")
    trained(workspace, "a", "new")
    with pytest.raises(UserError, match="before it was trained again"):
        gather(RateConfig(scores="recast-a-b"), "pairs")
    with pytest.raises(UserError, match="no replies of c; they have a, b"):
        gather(RateConfig(scores="recast-a-b", models=["c"]), "pairs")


def test_where_scores_are_missing_the_models_are_asked_first(workspace, monkeypatch):
    def evaluate(script, *words):
        assert (script, words) == (
            "evaluation/run.py",
            (
                "--models",
                "a",
                "b",
                "--suite",
                "recast",
                "--name",
                "recast-a-b",
                "--publish",
                "false",
                "--device",
                "cpu",
            ),
        )
        scores(workspace, "recast-a-b", a="1", b="2")
        return 0

    monkeypatch.setattr("feedback.rating.putting_together.run_command", evaluate)
    assert len(gather(RateConfig(models=["a", "b"], suite="recast", device="cpu"), "pairs")) == 1
    monkeypatch.setattr("feedback.rating.putting_together.run_command", lambda *words: 2)
    with pytest.raises(UserError, match="ended with 2"):
        gather(RateConfig(models=["a", "c"], suite="recast"), "pairs")
    monkeypatch.setattr("feedback.rating.putting_together.run_command", lambda *words: 130)
    with pytest.raises(KeyboardInterrupt):
        gather(RateConfig(models=["a", "c"], suite="recast"), "pairs")
