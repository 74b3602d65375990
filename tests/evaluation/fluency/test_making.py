"""The script that makes the counts, on a few lines of text."""

import json

import numpy as np
import pytest

from espalier.errors import UserError
from evaluation.fluency import counts as reading
from evaluation.fluency.tokens import tokens
from research import fluency as making
from research.fluency_classes import exchange

NOUNS, VERBS = ("cat", "dog", "cow", "bird"), ("sees", "hears", "likes", "wants")
LINES = [
    f"The {one} {verb} the {other}. What does the {one} do?"
    for one in NOUNS for verb in VERBS for other in NOUNS if one != other
]  # fmt: skip


@pytest.fixture
def corpora(tmp_path, monkeypatch):
    monkeypatch.setattr("research.fluency_corpora.TALK", tmp_path)
    (tmp_path / "es.txt").write_text("Mira el gato.\n¿Qué oye la vaca?\n", encoding="utf-8")
    pairs = [{"question": line, "answer": f"{line} <<1+1=2>>\n#### 2"} for line in LINES]
    (tmp_path / "gsm.jsonl").write_text("\n".join(map(json.dumps, pairs)), encoding="utf-8")
    (tmp_path / "sentences.spa").write_text(
        "El gato ve al perro en la calle.\nLa vaca oye al gato en el campo.", encoding="utf-8"
    )
    flags = ["--languages", "es", "--words", "60", "--verbatim", "5", "--groups", "4"]
    return [*flags, "--tatoeba", str(tmp_path / "sentences.spa"), "--gsm8k", str(tmp_path / "gsm.jsonl")]


def test_the_same_text_gives_the_same_files_and_a_card_that_says_which(corpora, tmp_path):
    made = []
    for name in ("one", "other"):
        making.main([*corpora, "--date", "2026-11-26", "--out", str(tmp_path / name)])
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir() if path.name != "CARD.md"})
    assert made[0] == made[1]
    assert sorted(made[0]) == ["es.safetensors", "es.txt", "es.yaml"]
    card = (tmp_path / "one" / "CARD.md").read_text()
    assert "| es | tatoeba | 2 | CC-BY-2.0 FR | Tatoeba" in card
    assert "| tatoeba | sentences.spa | " in card and str(tmp_path) not in card
    known = reading.read(tmp_path / "one" / "es.txt")
    said, mixed = (known.ids(tokens(text)) for text in ("El gato ve al perro.", "perro al ve gato El."))
    assert known.log_likelihoods(said).sum() > known.log_likelihoods(mixed).sum() + 3
    assert "gato" in known.words and "el" in known.functions


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--languages", "tlh"], "known are en"),
        (["--languages", "es", "--tatoeba", "{}none.spa"], "cannot be read"),
        ([], "no text in en"),
        (["--languages", "es", "--tatoeba", "{}"], "too little text"),
    ],
)
def test_what_cannot_be_counted_is_said(flags, says, tmp_path, monkeypatch):
    monkeypatch.setattr("research.fluency_corpora.TALK", tmp_path)
    monkeypatch.setattr("research.fluency_corpora._DIALOGUES", 0)
    (tmp_path / "short.spa").write_text("El gato ve.", encoding="utf-8")
    with pytest.raises(UserError, match=says):
        making.main([flag.format(tmp_path / "short.spa") for flag in flags] + ["--out", str(tmp_path / "out")])
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_words_of_one_use_share_a_class():
    listed = ["the", ".", *NOUNS, *VERBS]
    ids = [np.array([listed.index(word) for word in f"the {a} {v} the {b} .".split()])
           for a in NOUNS for v in VERBS for b in NOUNS]  # fmt: skip
    found = exchange(ids, size=len(listed), fixed=2, groups=2)
    assert len(set(found[2:6])) == len(set(found[6:])) == 1
    assert found[2] != found[6]
