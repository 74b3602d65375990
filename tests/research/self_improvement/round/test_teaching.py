"""What an endpoint could be taught by, in its own forms."""

from espalier.artifacts.paths import artifact
from espalier.artifacts.records import read_jsonl, write_jsonl
from research.self_improvement.round.teaching import FILES, write_taught

ASKED = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "4?"}]


def ranked(name, **lines):
    folder = artifact("corpora", name)
    folder.mkdir(parents=True)
    for file in FILES:
        write_jsonl(folder / f"{file}.jsonl", lines.get(file, []))


def reply(text):
    return [{"role": "assistant", "content": text}]


def test_a_preference_is_one_and_its_better_reply_an_example(workspace, tmp_path):
    pair = {"id": "a/0", "messages": ASKED, "chosen": reply("4"), "rejected": reply("5"), "meta": {}}
    ranked("r1", pairs=[pair, pair | {"rejected": reply("6")}], judgements=[pair | {"chosen": reply("A")}])
    assert write_taught(["r1"], tmp_path / "taught") == {"preferences": 3, "examples": 2}
    first, *_ = read_jsonl(tmp_path / "taught" / "preferences.jsonl")
    assert first["input"]["messages"] == ASKED
    assert first["preferred_output"] == reply("4") and first["non_preferred_output"] == reply("5")
    first, *_ = read_jsonl(tmp_path / "taught" / "examples.jsonl")
    assert [each.get("weight") for each in first["messages"]] == [None, 0, None, 1]
    assert first["messages"][-1]["content"] == "4" and first["messages"][:1] == ASKED[:1]


def test_what_was_kept_as_the_best_is_an_example_and_no_preference(workspace, tmp_path):
    ranked("r1", pairs=[{"id": "a/0", "messages": [*ASKED, *reply("4")], "meta": {}}])
    ranked("r2")
    assert write_taught(["r1", "r2"], tmp_path) == {"preferences": 0, "examples": 1}
    (line,) = read_jsonl(tmp_path / "examples.jsonl")
    assert line["messages"][-1] == {"role": "assistant", "content": "4", "weight": 1}
