"""`--fluency`: a language model, tiny and taught a dozen sentences, tells instead of the counts what is language."""

import json
import random
import re
from dataclasses import replace

import pytest
import torch

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models.loading import save_model
from espalier.text.chat import ChatRenderer
from espalier.text.chat_template import read_template
from evaluation.backends.local import LocalModel
from evaluation.cache import Cache
from evaluation.run import main
from evaluation.scoring.fluency import FEWEST, add_fluency, num_texts
from tests import tiny
from tests.evaluation.fluency.test_by_model import Liking
from tests.evaluation.report.made_up import record

NOUNS = [
    "dog",
    "cat",
    "horse",
    "cow",
    "goat",
    "duck",
    "hen",
    "fox",
    "owl",
    "bee",
    "ant",
    "bat",
    "car",
    "bus",
    "cup",
    "hat",
    "key",
    "box",
    "pen",
    "map",
    "bed",
    "door",
    "tree",
    "star",
]
GOOD = [f"Oh, so you saw the {noun} yesterday! And where was it then?" for noun in NOUNS]


def heap(text: str) -> str:
    words = text.split()
    return " ".join(random.Random(text).sample(words, len(words)))


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A model that has learned the order of good replies."""
    renderer = tiny.renderer()
    model = tiny.model(width=32, feed_forward=64, init_std=0.1).float().train()
    rows = [torch.tensor(renderer.text_prompt(text)) for text in GOOD[::2]]
    batch = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-100)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(60):
        loss = model(input_ids=batch.clamp(min=0), labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    folder = tmp_path_factory.mktemp("models") / "reader"
    folder.mkdir()
    save_model(model, renderer, folder, None)
    return folder


@pytest.fixture
def suite(workspace):
    def write(metrics=("plausible", "uptake"), references=True):
        cases = [
            {"name": noun, "prompt": f"I seed one {noun}."} | ({"reference": good} if references else {})
            for noun, good in zip(NOUNS, GOOD, strict=True)
        ]
        found = {"name": "animals", "metrics": list(metrics), "cases": cases}
        (workspace / "animals.yaml").write_text(json.dumps(found))
        return str(workspace / "animals.yaml")

    return write


@pytest.fixture
def compared(workspace, suite):
    """A teacher, and who says the same words in any order."""
    words = ["--suite", suite(), "--name", "s", "--publish", "false", "--device", "cpu", "--models"]
    for name, said in (("teacher", str), ("heaps", heap)):
        lines = [{"case": noun, "reply": said(good)} for noun, good in zip(NOUNS, GOOD, strict=True)]
        (workspace / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        words.append(f"replies:{workspace / name}.jsonl")
    return words


def found(workspace, model):
    lines = records.read_jsonl(workspace / "scores" / "s" / "records.jsonl")
    return [line for line in lines if line["model"] == model]


def refused(*words):
    with pytest.raises(UserError) as caught:
        main(list(words))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_decides_for_all_alike_and_a_warm_run_does_not_ask_it(workspace, compared, taught, capsys, monkeypatch):
    words = [*compared, "--controls", "scrambled", "--fluency", str(taught)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert re.search(r"^read by reader .* left$", out, re.MULTILINE)
    by = "by reader: by how many nats per word a reply's order is likelier than others of its words; by 24 good replies"
    assert f"note: reads as language: {by}" in out
    values = {
        model: [line["metrics"]["plausible"] for line in found(workspace, model)]
        for model in ("teacher", "heaps", "rule:reference", "control:scrambled")
    }
    assert sum(values["teacher"]) > 23 and values["rule:reference"] == values["teacher"]
    assert sum(values["heaps"]) < 2 and sum(values["control:scrambled"]) < 2
    assert found(workspace, "heaps")[0]["notes"]["plausible"]["why"].startswith("by reader: its order is likelier than")
    report = (workspace / "scores" / "s" / "report.md").read_text()
    assert by in report.partition("## How far to trust each column")[2].partition("\n## ")[0]
    scores = records.read_json(workspace / "scores" / "s" / "scores.json")
    assert scores["parents"][f"path:{taught}"] == scores["identity"]["fluency"]["content_hash"]

    def never(self, asks):
        raise AssertionError("asked again")

    before = (workspace / "scores" / "s" / "records.jsonl").read_bytes()
    monkeypatch.setattr(LocalModel, "answer", never)
    assert main([*words, "--redo"]) == main(words) == 0
    assert (workspace / "scores" / "s" / "records.jsonl").read_bytes() == before
    assert "scores s compare something else (fluency" in refused(*words[:-2])


def test_where_it_cannot_tell_the_counts_stand_and_that_is_said(workspace, compared, tmp_path, capsys):
    assert main([*compared, "--name", "t"]) == 0
    records.write_text(workspace / "t", (workspace / "scores" / "t" / "records.jsonl").read_text())
    capsys.readouterr()
    assert main([*compared, "--fluency", str(tiny.saved(tmp_path / "dull"))]) == 0
    told = "by the counts that ship: dull cannot tell language here, for by its word 24 good replies of the suite are "
    assert f"note: reads as language: {told}not told from the same with their words out of order" in (
        capsys.readouterr().out
    )
    assert told in (workspace / "scores" / "s" / "report.md").read_text()
    counted = [line["metrics"] for line in records.read_jsonl(workspace / "t")]
    assert [line["metrics"] for name in ("teacher", "heaps") for line in found(workspace, name)] == counted


def test_the_pin_is_of_its_content(compared, taught, tmp_path, capsys):
    def pin(*words):
        capsys.readouterr()
        assert main([*compared, *words, "--print-pin"]) == 0
        return capsys.readouterr().out

    folder = tiny.saved(tmp_path / "m")
    pins = [pin(), pin("--fluency", str(taught)), pin("--fluency", str(folder))]
    save_model(tiny.model(seed=1), tiny.renderer(), folder, None)
    pins.append(pin("--fluency", str(folder)))
    assert len(set(pins)) == 4 and pin("--fluency", str(folder)) == pins[-1]


def test_who_cannot_be_asked_is_refused_in_one_line(workspace, compared, suite, taught, tmp_path):
    cannot = "cannot say how likely a text is; name a model on this machine"
    for name in ("openai:m@http://127.0.0.1:1", compared[-1], "rule:reference", "human"):
        assert refused(*compared, "--fluency", name) == f"--fluency {name}: {cannot}: a run, a folder or a hub name"
    assert refused(*compared, "--fluency", "basil").startswith("--fluency basil: no model 'basil'")
    mute = tiny.saved(tmp_path / "mute")
    for path in mute.glob("tokenizer*"):
        path.unlink()
    assert "its tokenizer cannot be loaded" in refused(*compared, "--fluency", str(mute))
    said = refused(*compared, "--fluency", str(of_other_words(tmp_path / "foreign")))
    assert "foreign: its tokenizer cannot read these cases: it has no tokens for 60 of 62 words, such as 'seed'" in said
    suite(metrics=["uptake"])
    said = refused(*compared, "--fluency", str(taught))
    assert said.endswith(
        "/reader: decides the column plausible, and suite animals has neither that nor the pedagogy score"
    )
    assert not (workspace / "scores").exists()


def of_other_words(folder):
    """A model whose tokenizer has a vocabulary of whole words, and few of ours."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<unk>", "<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    vocabulary = {word: place for place, word in enumerate([*special, "x", "I", "one"])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    names = {"unk_token": special[0], "bos_token": special[1], "eos_token": special[2]}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **names)
    tokenizer.add_special_tokens({"additional_special_tokens": special[3:]})
    tiny.saved(folder)
    save_model(tiny.model(), ChatRenderer(tokenizer, read_template("espalier")), folder, None)
    return folder


def of_alphabet(number, model="m"):
    """A reply in the order of the alphabet, which `Liking` likes."""
    words = [chr(97 + (number + place) % 20) * 2 + chr(97 + place) for place in range(8)]
    return record(model, f"c{number}", " ".join(sorted(words)), metrics={"plausible": 0.5})


def test_the_scale_is_set_by_good_replies_or_by_what_the_models_said(tmp_path):
    lines = [of_alphabet(number) for number in range(FEWEST)]
    backwards = replace(lines[0], case="back", reply=" ".join(reversed(lines[0].reply.split())))
    short = replace(lines[0], case="short", reply="Yes!")
    lost = replace(lines[0], case="lost", finish="error", metrics={})
    made = replace(lines[0], case="made", model="control:x", reply="zz yy xx ww")
    heard = []
    with Cache(tmp_path / "cache.sqlite") as cache:
        how = {"models": ["m"], "cache": cache}
        read = add_fluency([*lines, short, lost], Liking(), on_text=heard.append, **how)
        assert heard[-1] == num_texts([*lines, short], ["m"]) and heard == sorted(heard)
        values = sorted(each.metrics["plausible"] for each in read[:FEWEST])
        assert values[1] == 1.0 > values[0] > 0.5, "one of twenty lies below the scale's end"
        assert read[-1] == lost
        assert "plausible" not in read[-2].metrics and read[-2].why("plausible") == "by liking: too few words to tell"
        by = read[0].notes["plausible"]["by"]
        assert "by 20 replies of the models (the suite has 0 good ones, and 20 are needed)" in by
        known = [replace(line, reference=line.reply, reply=backwards.reply) for line in lines]
        read = add_fluency(known, Liking(), **how)
        assert {each.metrics["plausible"] for each in read} == {0.0}
        assert "by 20 good replies of the suite" in read[0].notes["plausible"]["by"]
        few = add_fluency([*lines[1:], made], Liking(), **how)
        assert {each.metrics["plausible"] for each in few} == {0.5}, "a control's reply sets no scale"
        assert "for there are only 19 replies to set its scale by, of 20" in few[0].notes["plausible"]["by"]
