"""The command: a mix is complete or absent, the same bytes each time, and refuses what it cannot make."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_mix import build, curriculum
from data_mix.curriculum import Finding, bars
from data_mix.recipe import Recipe
from espalier.artifacts import registry
from espalier.artifacts.paths import repo_root
from espalier.artifacts.records import verify_manifest, write_manifest
from espalier.artifacts.rounds import Round
from espalier.command_line.config import load_file
from espalier.errors import UserError
from espalier.text.rows import read_rows
from tests import tiny
from tests.data_mix.making import make_splits, recipe
from tests.processes import Moment, run

CHATS = [
    {
        "messages": [
            {"role": "user", "content": f"I see {n} cat."},
            {"role": "assistant", "content": f"{n} cats! Where?"},
        ]
    }
    for n in range(2, 42)
]
SMALL = ["smoke.yaml", "--sources.0.curriculum.sessions", "30", "--sources.0.curriculum.dialogues", "30"]
SMALL += ["--sources.0.curriculum.held_out_rows", "5"]


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., list[str]]:
    """Writes records as JSON lines and returns the short command for them."""

    def write(records: list[Any], *more: str) -> list[str]:
        text = "".join((record if isinstance(record, str) else json.dumps(record)) + "\n" for record in records)
        (tmp_path / "my.jsonl").write_text(text, encoding="utf-8")
        return ["--name", "my-mix", "--sources.0.path", str(tmp_path / "my.jsonl"), *more]

    return write


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_your_own_jsonl_is_one_short_command(workspace: Path, own: Callable[..., list[str]]) -> None:
    assert build.main(own(CHATS)) == 0
    folder = workspace / "mixes" / "my-mix"
    manifest = verify_manifest(folder)
    assert set(contents(folder)) == {
        "train.parquet", "valid.parquet", "audit.json", "CARD.md", "lengths.png", "manifest.json",
    }  # fmt: skip
    assert manifest["splits"]["train"]["rows"] + manifest["splits"]["valid"]["rows"] == len(CHATS)
    assert manifest["entropy"] == {} and manifest["heldout"] is None
    assert manifest["sources"][0]["files"]["my.jsonl"]["bytes"] > 0
    assert str(workspace.parent) not in (folder / "CARD.md").read_text(), "a card shows rows, and no paths"
    assert next(read_rows(folder / "train.parquet")).messages in [chat["messages"] for chat in CHATS]


def test_a_mix_says_what_it_was_made_from(workspace: Path, own: Callable[..., list[str]], tmp_path: Path) -> None:
    corpus = workspace / "corpora" / "talk"
    corpus.mkdir(parents=True)
    words = own(CHATS)
    (corpus / "dialogues.jsonl").write_text((tmp_path / "my.jsonl").read_text().replace("cat", "dog"))
    written = write_manifest(corpus, {"kind": "corpus"})["content_hash"]
    tokenizer = workspace / "runs" / "core" / "final"
    tokenizer.mkdir(parents=True)
    tiny.renderer().tokenizer.save_pretrained(tokenizer)
    counted = ["--tokenizer", str(tokenizer), "--sources.1.path", str(corpus / "dialogues.jsonl")]
    assert build.main([*words[:1], "grow-r01-mix", *words[2:], *counted, "--round"]) == 0
    mix = next(each for each in registry.survey() if each.spec == "mix:grow-r01-mix")
    sha256 = hashlib.sha256((tmp_path / "my.jsonl").read_bytes()).hexdigest()
    assert mix.parents == {"file:my.jsonl": sha256, "corpus:talk": written, "run:core": ""}
    assert mix.round == Round(loop="grow", number=1, part="mix")
    train = mix.manifest["splits"]["train"]
    assert mix.about.startswith(f"{train['rows']} rows, {train['tokens']:,} tokens, ")
    assert mix.about.endswith("rows held out, not stated (no policy)")
    with pytest.raises(UserError, match="'my-mix' is no name of a round"):
        build.main([*words, "--round"])


def test_building_again_changes_nothing(
    workspace: Path, own: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = workspace / "mixes" / "my-mix"
    build.main(own(CHATS))
    before = contents(folder)
    assert build.main(own(CHATS)) == 0
    assert "already complete" in capsys.readouterr().out
    assert contents(folder) == before
    assert build.main(own(CHATS, "--overwrite")) == 0
    assert contents(folder) == before


def test_another_recipe_or_file_under_an_old_name_is_named(workspace: Path, own: Callable[..., list[str]]) -> None:
    build.main(own(CHATS))
    before = contents(workspace / "mixes" / "my-mix")
    with pytest.raises(
        UserError, match=r"seed: 0 before, 3 now; sources.0.weight: 1.0 before, 2.0 now\. .*--overwrite"
    ):
        build.main(own(CHATS, "--seed", "3", "--sources.0.weight", "2"))
    with pytest.raises(UserError, match=r"my\.jsonl: \w{12} before, \w{12} now"):
        build.main(own(CHATS[:-1]))
    assert contents(workspace / "mixes" / "my-mix") == before
    assert build.main(own(CHATS[:-1], "--overwrite")) == 0
    assert verify_manifest(workspace / "mixes" / "my-mix")["splits"]["train"]["rows"] < len(CHATS)


def test_a_damaged_mix_is_not_called_complete(workspace: Path, own: Callable[..., list[str]]) -> None:
    build.main(own(CHATS))
    path = workspace / "mixes" / "my-mix" / "train.parquet"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"train\.parquet: changed since"):
        build.main(own(CHATS))


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([*CHATS, "{broken"], r"my\.jsonl:41: not JSON .*on_bad_row drop"),
        ([{"messages": [{"role": "user", "content": "hello"}]}], r"my\.jsonl:1: the row has no assistant turn"),
        ([*CHATS, ["a", "list"]], r"my\.jsonl:41: a list where"),
        ([*CHATS, {"question": "?"}], r"my\.jsonl:41: question alone: there is no reply"),
        ([], r"my\.jsonl: it holds no record, so the mix would be empty"),
        (CHATS[:2], r"held-out split at --valid_fraction 0\.05; raise it"),
    ],
)
def test_what_cannot_be_built_says_where_and_leaves_nothing(
    workspace: Path, own: Callable[..., list[str]], records: list[Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        build.main(own(records))
    assert list((workspace / "mixes").iterdir()) == []


def test_bad_rows_can_be_dropped_and_are_counted(
    workspace: Path, own: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    records = ["{broken", *CHATS, {"messages": [{"role": "user", "content": "hello"}]}, "[]"]
    assert build.main(own(records, "--sources.0.on_bad_row", "drop")) == 0
    folder = workspace / "mixes" / "my-mix"
    audited = json.loads((folder / "audit.json").read_text())["sources"]["my"]
    assert audited["read"] == 43 and audited["kept"] == 40
    assert audited["dropped"] == {"no_assistant_turn": 1, "not_json": 1, "not_object": 1}
    assert "3 dropped (1 no_assistant_turn, 1 not_json, 1 not_object)" in capsys.readouterr().out
    assert "no assistant turn" in (folder / "CARD.md").read_text().replace("_", " ")


def test_nothing_but_bad_rows_is_an_empty_mix(own: Callable[..., list[str]]) -> None:
    with pytest.raises(UserError, match=r"all 2 records were dropped \(2 not_json\), so the mix would be empty"):
        build.main(own(["{", "x"], "--sources.0.on_bad_row", "drop"))


def test_a_recipe_is_checked_before_anything_is_read(own: Callable[..., list[str]], tmp_path: Path) -> None:
    for words, message in (
        (own(CHATS, "--name", "a/b"), "cannot be a name"),
        (own(CHATS, "--sources.0.formt", "text"), "did you mean --sources.N.format"),
        (["--name", "x", "--sources.0.path", str(tmp_path / "absent.jsonl")], "absent.jsonl: no such file"),
        (["--name", "x", "--sources.0.name", "a"], "wants either `curriculum`, `path` or `hub`"),
        (own(CHATS, "--sources.1.path", str(tmp_path / "my.jsonl")), "two sources are called my"),
        (["smoke.yaml", "--sources.0.weight", "2"], "weight: for files only"),
    ):
        with pytest.raises(UserError, match=message):
            build.main(words)


@pytest.mark.parametrize("recipe", sorted((repo_root() / "data_mix" / "recipes").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_recipe_is_valid(recipe: Path) -> None:
    assert load_file(Recipe, recipe).sources


@pytest.mark.usefixtures("low_bars")
def test_the_curriculum_is_the_same_bytes_for_any_number_of_workers(workspace: Path) -> None:
    folder = workspace / "mixes" / "smoke"
    assert build.main([*SMALL, "--workers", "1"]) == 0
    alone = contents(folder)
    assert build.main([*SMALL, "--workers", "3", "--overwrite"]) == 0
    assert contents(folder) == alone
    manifest = json.loads(alone["manifest.json"])
    assert {split: (found["text_rows"], found["chat_rows"]) for split, found in manifest["splits"].items()} == {
        "train": (30, 30), "valid": (5, 5), "unseen_triples": (0, 5), "unseen_pairs": (5, 5),
    }  # fmt: skip
    rows = list(read_rows(folder / "train.parquet"))
    for kind in ("session", "dialogue"):
        chosen = [row for row in rows if row.is_text == (kind == "session")]
        bits = -sum(row.log2_prob or 0 for row in chosen)
        assert manifest["entropy"][kind]["bits_per_byte"] == pytest.approx(bits / sum(row.num_bytes for row in chosen))
    assert all(len(pair) == 2 for pair in manifest["heldout"]["pairs"]) and manifest["heldout"]["pairs"]
    assert all(len(triple) == 3 for triple in manifest["heldout"]["triples"]) and manifest["heldout"]["triples"]
    assert all(finding["ok"] for finding in manifest["lint"]["findings"]) and manifest["lint"]["findings"]
    assert {"moves.png", "lengths.png"} <= alone.keys()


def test_another_seed_is_another_mix(tmp_path: Path) -> None:
    few = {"curriculum": {"sessions": 0, "dialogues": 30, "held_out_rows": 5}}
    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        make_splits(recipe(few, seed=seed, valid_fraction=0.0), tmp_path / str(seed))
    first, other = ((tmp_path / str(seed) / "valid.parquet").read_bytes() for seed in (0, 1))
    assert first != other


@pytest.mark.slow
def test_the_smallest_recipe_clears_the_true_bars(workspace: Path) -> None:
    assert build.main(["smoke.yaml"]) == 0
    findings = verify_manifest(workspace / "mixes" / "smoke")["lint"]["findings"]
    assert len(findings) >= 8 and all(finding["ok"] for finding in findings)
    card = (workspace / "mixes" / "smoke" / "CARD.md").read_text()
    assert all(finding["bar"] in card for finding in findings)


def test_a_mix_under_a_bar_is_refused(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missed = Finding(name="distinct replies", value=0.31, bar="at least 0.5", ok=False)
    monkeypatch.setattr(bars, "NUM_DIALOGUES", 20)
    monkeypatch.setattr(curriculum, "lint", lambda rows, who: [missed] if len(list(rows)) == 20 else [])
    with pytest.raises(
        UserError, match=r"smoke: refused.*distinct replies is 0\.31, the bar is at least 0\.5.*lexicon"
    ):
        build.main(SMALL)
    assert list((workspace / "mixes").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_stopped_build_leaves_no_mix_and_the_next_one_clears_up(workspace: Path, number: signal.Signals) -> None:
    words = ["--name", "big", "--sources.0.curriculum.dialogues", "100000", "--workers", "2"]
    moment = Moment(path=r".*/mixes/\.big\.work/.*\.json[^/]*", signal=number)
    stopped = run("data_mix/build.py", *words, at=moment)
    assert stopped.code == {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGKILL: -9}[number]
    assert "Traceback" not in stopped.output
    assert all(path.name.startswith(".") for path in (workspace / "mixes").iterdir())
    (workspace / "my.txt").write_text("\n\n".join(f"Text {n}." for n in range(200)))
    finished = subprocess.run(
        [sys.executable, str(repo_root() / "data_mix/build.py"), "--name", "big", "--sources.0.path", "my.txt"],
        cwd=workspace, capture_output=True, text=True,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert [path.name for path in (workspace / "mixes").iterdir()] == ["big"]


def test_errors_are_one_line_and_exit_code_2(workspace: Path) -> None:
    (workspace / "bad.jsonl").write_text('{"text": "fine"}\n{"text": \n')
    done = subprocess.run(
        [sys.executable, str(repo_root() / "data_mix" / "build.py"), "--name", "x", "--sources.0.path", "bad.jsonl"],
        cwd=workspace, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: ") and "bad.jsonl:2: not JSON" in done.stderr
