"""Mixed corpora, whole: shares in tokens, filters, duplicates, evaluations, licences; the same bytes however made."""

import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

from data_mix import build
from data_mix.mixing import engine
from data_mix.mixing.jobs import Job
from espalier.artifacts.paths import repo_root
from espalier.artifacts.records import verify_manifest
from espalier.command_line import yaml_text
from espalier.errors import UserError
from espalier.text.rows import read_rows
from tests.data_mix.making import chat, jsonl
from tests.processes import Moment, run

WORDS = [
    *(
        "the",
        "a",
        "cat",
        "dog",
        "bird",
        "house",
        "river",
        "walks",
        "sees",
        "hears",
        "sings",
        "slowly",
        "gladly",
        "often",
    ),
    *("never", "under", "over", "beside", "green", "old", "small", "letter", "window", "garden", "morning", "evening"),
    *("teacher", "learner", "reads", "writes", "answers", "asks"),
]


def sentence(chance: random.Random, length: int = 12) -> str:
    return " ".join(chance.choices(WORDS, k=length)).capitalize() + "."


def dialogues(number: int, *, seed: int = 0, turns: int = 2) -> list[dict[str, Any]]:
    chance = random.Random(f"{seed} {turns}")
    return [{"messages": chat(*(sentence(chance) for _ in range(turns)))} for _ in range(number)]


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small byte-level tokenizer, as a `tokenizer.json`."""
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    chance = random.Random(0)
    made.train_from_iterator(
        (sentence(chance) for _ in range(500)),
        trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False),
    )
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    made.save(str(path))
    return path


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a recipe to a file, and returns its path as a word of the command."""

    def to_file(**recipe: Any) -> str:
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml_text.dump({"name": "mixed", "valid_fraction": 0.1} | recipe))
        return str(path)

    return to_file


def audited(workspace: Path, name: str = "mixed") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((workspace / "mixes" / name / "audit.json").read_text())
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def sources_in_shares(tmp_path: Path) -> list[dict[str, Any]]:
    return [
        jsonl(tmp_path / "talk.jsonl", dialogues(400, turns=6)) | {"share": 50},
        jsonl(tmp_path / "tasks.jsonl", dialogues(600, seed=1)) | {"share": 30},
        jsonl(tmp_path / "texts.jsonl", [{"text": one["messages"][0]["content"]} for one in dialogues(900, seed=2)])
        | {"share": 20},
    ]


def test_every_source_gives_its_share_of_tokens_to_within_one_row(
    workspace: Path, tmp_path: Path, tokenizer: Path, write: Any
) -> None:
    recipe = write(sources=sources_in_shares(tmp_path), unit="tokens", tokenizer=str(tokenizer), total=12_000)
    assert build.main([recipe]) == 0
    folder = workspace / "mixes" / "mixed"
    counting = tokenizers.Tokenizer.from_file(str(tokenizer))
    for split, total in (("train", 12_000), ("valid", 12_000 / 9)):
        sizes: dict[str, list[int]] = {}
        for row in read_rows(folder / f"{split}.parquet"):
            counts = [len(counting.encode(message["content"]).ids) for message in row.messages]
            assert row.num_tokens == sum(counts)
            sizes.setdefault(row.source, []).append(sum(counts))
        for name, share in (("talk", 50), ("tasks", 30), ("texts", 20)):
            assert abs(sum(sizes[name]) - total * share / 100) <= max(sizes[name])
            found = audited(workspace)["shares"]["sources"][name][split]
            assert found["realised"] == sum(sizes[name])
    card = (folder / "CARD.md").read_text()
    assert "| talk" in card and "shares.png" in card and (folder / "shares.png").exists()
    for tally in audited(workspace)["sources"].values():
        assert tally["read"] + tally["split_off"] + tally["copies"] == (
            tally["kept"] + tally["joined"] + sum(tally["dropped"].values())
        )
    assert audited(workspace)["sources"]["texts"]["dropped"]["over_share"] > 0


@pytest.mark.parametrize("unit", ["bytes", "rows"])
def test_shares_of_bytes_and_of_rows(workspace: Path, tmp_path: Path, write: Any, unit: str) -> None:
    assert build.main([write(sources=sources_in_shares(tmp_path), unit=unit)]) == 0
    found = audited(workspace)["shares"]["sources"]
    for name, share in (("talk", 50), ("tasks", 30), ("texts", 20)):
        assert found[name]["train"]["realised_percent"] == pytest.approx(share, abs=0.6)


def test_a_source_that_is_too_small_is_refused_filled_up_or_repeated(
    workspace: Path, tmp_path: Path, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    small = [jsonl(tmp_path / "small.jsonl", dialogues(40)) | {"share": 50}]
    large = [jsonl(tmp_path / "large.jsonl", dialogues(900, seed=1)) | {"share": 50}]
    recipe = write(sources=[*small, *large], unit="rows", total=200)
    with pytest.raises(UserError, match=r"small: its share is 100 rows, and it has \d\d\. Lower --total"):
        build.main([recipe])
    assert not (workspace / "mixes" / "mixed").exists()

    assert build.main([recipe, "--shortfall", "renormalise"]) == 0
    assert "going on from an earlier build: 2 parts are done" in capsys.readouterr().out
    found = audited(workspace)
    assert found["splits"]["train"]["rows"] == 200
    assert found["shares"]["sources"]["small"]["short"]["wanted"] == 100

    assert build.main([recipe, "--shortfall", "oversample", "--overwrite"]) == 0
    rows = list(read_rows(workspace / "mixes" / "mixed" / "train.parquet"))
    found = audited(workspace)["sources"]["small"]
    assert found["kept_by_split"]["train"] == 100 and found["copies"] == 100 - (found["read"] - 40 + sum(
        row.source == "small" and "~" not in row.id for row in rows
    ))  # fmt: skip
    assert len({row.id for row in rows}) == len(rows)
    assert {row.id.partition("~")[2] for row in rows if row.source == "small"} <= {"", "2", "3", "4"}
    assert [path.name for path in (workspace / "mixes").iterdir()] == ["mixed"]


def test_a_source_may_not_vanish(tmp_path: Path, write: Any) -> None:
    one = jsonl(tmp_path / "one.jsonl", dialogues(50))
    same = jsonl(tmp_path / "same.jsonl", dialogues(50))
    with pytest.raises(UserError, match="same: every row of it is said before by another source"):
        build.main([write(sources=[one, same], duplicates={"exact": True})])
    junk = jsonl(tmp_path / "junk.jsonl", [{"no": "shape"}]) | {"on_bad_row": "drop"}
    with pytest.raises(UserError, match=r"junk\.jsonl: all 1 records were dropped .*so junk would be missing"):
        build.main([write(sources=[one, junk])])


def test_duplicates_evaluations_and_filters_are_dropped_and_counted(
    workspace: Path, tmp_path: Path, write: Any
) -> None:
    rows = dialogues(300)
    loud = [{"messages": chat(*(one["content"].upper() for one in row["messages"]))} for row in rows[:10]]
    long = dialogues(1, seed=5, turns=12)[0]["messages"]
    near = [{"messages": long}, {"messages": [*long[:-1], long[-1] | {"content": "The cat."}]}]
    again = [{"messages": [rows[20]["messages"][0], {"role": "assistant", "content": "Something else entirely."}]}]
    question = sentence(random.Random(99), 20)
    leak = [{"messages": chat(f"Here: {question}", "No idea at all.")}]
    mail = [{"messages": chat("How do I reach you, and when?", "Write to ann@teachers.org whenever you like.")}]
    loop = [{"messages": chat("Say something to me, please.", "so it goes on and " * 40)}]
    canned = [{"messages": chat(f"Question number {n} of many others", "Good question!")} for n in range(30)]
    source = jsonl(tmp_path / "all.jsonl", [*rows, *loud, *near, *again, *leak, *mail, *loop, *canned])
    (tmp_path / "exam.jsonl").write_text(json.dumps({"question": question}) + "\n")
    recipe = write(
        sources=[source],
        filters={"personal_data": "mask", "repetition": "drop"},
        duplicates={"exact": True, "near": True, "first_user_turn": True},
        keep_clear_of=[str(tmp_path / "exam.jsonl")],
    )
    assert build.main([recipe]) == 0
    found = audited(workspace)
    tally = found["sources"]["all"]
    assert tally["dropped"]["duplicate"] == 10 and tally["samples"]["duplicate"][0]["id"] == "all/all.jsonl:301"
    assert tally["dropped"]["in_an_evaluation"] == 1 == found["in_an_evaluation"]["rows"]
    assert found["in_an_evaluation"]["listed"][0]["where"] == "exam.jsonl:1"
    assert tally["dropped"]["repetition"] == 1
    assert tally["dropped"]["same_first_turn"] == 2, "the one that begins the same, and one of the nearly equal two"
    assert sum(tally["repaired"].values()) == 1
    assert found["canned_replies"]["all"]["largest_group"] == 30
    assert found["canned_replies"]["all"]["largest_reply"] == "Good question!"
    text = (workspace / "mixes" / "mixed" / "CARD.md").read_text()
    assert "Good question!" in text and "exam.jsonl" in text and "repetition" in text
    assert "ann@teachers.org" not in text
    kept = [
        row for split in ("train", "valid") for row in read_rows(workspace / "mixes" / "mixed" / f"{split}.parquet")
    ]
    assert not any("ann@teachers.org" in message["content"] for row in kept for message in row.messages)


def test_a_row_that_a_suites_template_makes_is_dropped(
    workspace: Path, tmp_path: Path, write: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    leak = "I am at B1, and I want to know at last why the sky is blue and the grass green."
    source = jsonl(tmp_path / "all.jsonl", [*dialogues(60), {"messages": chat(leak, "What do you think it is?")}])
    suite, brief = tmp_path / "levels.yaml", tmp_path / "brief.yaml"
    suite.write_text(
        "extends: base.yaml\nname: levels\ntemplates:\n  - name: 'sky-{{ level }}'\n    grid: {level: [A1, B1]}\n"
        f"    case: {{prompt: '{leak.replace('B1', '{{ level }}')}'}}\n"
    )
    (tmp_path / "base.yaml").write_text("name: base\ntests: [{name: b, prompt: Hi.}]\n")
    brief.write_text("- {name: a, prompt: Hi there.}\n")
    assert build.main([write(sources=[source], keep_clear_of=[str(suite), str(brief)])]) == 0
    found = audited(workspace)
    assert found["sources"]["all"]["dropped"]["in_an_evaluation"] == 1
    assert found["in_an_evaluation"]["listed"][0]["where"] == "levels.yaml: case sky-B1"
    said = capsys.readouterr().out
    assert "brief.yaml: all of its texts have fewer than 8 words" in said and "levels.yaml: all" not in said
    (tmp_path / "base.yaml").write_text("name: base\ntests: [{name: b, prompt: Hello.}]\n")
    before = {one["name"]: one["sha256"] for one in verify_manifest(workspace / "mixes" / "mixed")["clear_of"]}
    assert build.main([write(sources=[source], keep_clear_of=[str(suite), str(brief)]), "--name", "again"]) == 0
    after = {one["name"]: one["sha256"] for one in verify_manifest(workspace / "mixes" / "again")["clear_of"]}
    assert before["levels.yaml"] != after["levels.yaml"] and before["brief.yaml"] == after["brief.yaml"]


def test_near_duplicates_within_and_across_sources(workspace: Path, tmp_path: Path, write: Any) -> None:
    rows = dialogues(60, turns=12)
    edited = [
        {"messages": [*row["messages"][:-1], {"role": "assistant", "content": "Another end."}]} for row in rows[:25]
    ]
    sources = [jsonl(tmp_path / "a.jsonl", rows), jsonl(tmp_path / "b.jsonl", [*edited, *dialogues(30, seed=3)])]
    assert build.main([write(sources=sources, duplicates={"near": True, "threshold": 0.7})]) == 0
    found = audited(workspace)
    assert found["sources"]["b"]["dropped"] == {"near_duplicate": 25} and not found["sources"]["a"]["dropped"]
    assert found["near_duplicates"]["found"] == 25


def test_the_policy_decides_about_licences(workspace: Path, tmp_path: Path, write: Any) -> None:
    free = jsonl(tmp_path / "free.jsonl", dialogues(60)) | {"licence": "CC-BY-4.0"}
    bound = jsonl(tmp_path / "bound.jsonl", dialogues(60, seed=1)) | {"licence": "CC-BY-NC-4.0"}
    recipe = write(sources=[free, bound], policy="commercial")
    with pytest.raises(UserError, match=r"bound: CC-BY-NC-4\.0 does not allow commercial use\n.*--allow bound"):
        build.main([recipe])
    assert build.main([recipe, "--allow", "bound"]) == 0
    card = (workspace / "mixes" / "mixed" / "CARD.md").read_text()
    assert "used all the same" in card and "free (CC-BY-4.0)" in card
    sources = verify_manifest(workspace / "mixes" / "mixed")["sources"]
    assert [source["allowed_by_name"] for source in sources] == [False, True]


def large(tmp_path: Path) -> dict[str, Any]:
    """Several files, so that there are several jobs; one of pairs of replies, of which some answer the same prompt."""
    folder = tmp_path / "large"
    folder.mkdir(exist_ok=True)
    for number in range(6):
        jsonl(folder / f"{number}.jsonl", dialogues(60, seed=number, turns=8))
    chance = random.Random(7)
    asked = [sentence(chance) for _ in range(30)]
    pairs = [{"prompt": asked[at % 30], "chosen": sentence(chance), "rejected": sentence(chance)} for at in range(60)]
    jsonl(folder / "pairs.jsonl", pairs)
    return {"path": str(folder)}


ALL = {"unit": "bytes", "duplicates": {"exact": True, "near": True}, "filters": {"roles": "repair", "languages": {}}}


@pytest.mark.usefixtures("low_bars")
def test_the_same_bytes_for_any_number_of_workers_and_any_cut(
    workspace: Path, tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {"curriculum": {"sessions": 100, "dialogues": 0, "held_out_rows": 10}, "share": 40}
    recipe = write(sources=[large(tmp_path) | {"share": 60}, written], **ALL)
    assert build.main([recipe, "--workers", "1"]) == 0
    alone = contents(workspace / "mixes" / "mixed")
    monkeypatch.setattr("data_mix.mixing.jobs.SPAN_BYTES", 20_000)
    monkeypatch.setattr("data_mix.mixing.refine.BATCH", 7)
    assert build.main([recipe, "--workers", "3", "--overwrite"]) == 0
    assert contents(workspace / "mixes" / "mixed") == alone


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_ends_with_the_same_bytes(
    workspace: Path, tmp_path: Path, write: Any
) -> None:
    recipe = write(sources=[large(tmp_path)], **ALL)
    build_py = ("data_mix/build.py", recipe, "--workers", "2")
    assert run(*build_py).code == 0
    folder = workspace / "mixes" / "mixed"
    alone = contents(folder)
    every_file = rf"{re.escape(str(workspace))}/mixes/.*"
    lives = [
        [Moment(path=every_file, number=number) for number in (1, 2, 4, 8)],
        [Moment(does="os.rename", path=every_file, number=number) for number in (1, 3, 6)],
        [Moment(path=r".*/\.mixed\.tmp-\d+/.*"), Moment(does="os.rename", path=r".*/\.mixed\.tmp-\d+")],
        [Moment(does="os.remove", path=every_file)],
    ]
    for deaths in lives:
        shutil.rmtree(folder)
        for moment in deaths:
            died = run(*build_py, at=moment)
            assert died.code == -signal.SIGKILL, (moment, died.output)
        assert run(*build_py).code == 0
        assert contents(folder) == alone
        assert [path.name for path in (workspace / "mixes").iterdir()] == ["mixed"]


def test_two_builds_of_one_mix_do_not_meet(workspace: Path, tmp_path: Path, write: Any) -> None:
    from espalier.artifacts.lock import Lock

    recipe = write(sources=[jsonl(tmp_path / "a.jsonl", dialogues(50))])
    home = workspace / "mixes" / ".mixed.work"
    home.mkdir(parents=True)
    other = Lock(home / "lock")
    other.acquire("the other")
    with pytest.raises(UserError, match=rf"mix mixed is in use by process {os.getpid()}"):
        build.main([recipe])
    other.release()
    assert build.main([recipe]) == 0


class _Dying:
    def is_done(self, job: Job) -> bool:
        return False

    def __call__(self, job: Job) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return job.name


def test_a_worker_that_is_killed_is_said() -> None:
    jobs = [Job(name=str(number), source=0) for number in range(2)]
    with pytest.raises(UserError, match=r"a worker was killed, perhaps because memory ran out; try fewer --workers"):
        engine.do(_Dying(), jobs, workers=2, engine="local")  # type: ignore[arg-type]


def test_a_ray_cluster_that_is_not_there_is_said(tmp_path: Path, write: Any) -> None:
    pytest.importorskip("ray", reason="Ray is an extra: pip install -e .[ray]")
    recipe = write(sources=[jsonl(tmp_path / "a.jsonl", dialogues(50))])
    with pytest.raises(UserError, match=r"--ray_address 127\.0\.0\.1:1: no Ray cluster answers"):
        build.main([recipe, "--engine", "ray", "--ray_address", "127.0.0.1:1"])


def test_a_corpus_of_everything_that_can_be_wrong_is_counted_and_built(
    workspace: Path, tmp_path: Path, write: Any
) -> None:
    good = [json.dumps(row).encode() for row in dialogues(60)]
    nested = b"[" * 3000 + b"]" * 3000
    bad = {
        b'{"messages": [': "not_json",
        b"null": "not_object",
        b"17": "not_object",
        b'["a", {"b": null}]': "not_object",
        b'{"messages": null}': "unknown_shape",
        b'{"messages": [{"role": ["user"], "content": {"a": 1}}]}': "bad_messages",
        b'{"messages": [{"role": "user", "content": "a"}]}': "no_assistant_turn",
        b'{"text": "' + b"x" * (10 * 2**20) + b'"}': "too_long",
        b'{"text": "\xff\xfe broken"}': "not_utf8",
        b'{"text": "nul \\u0000 nul"}': "bad_messages",
        b'{"text": "half \\ud800"}': "bad_messages",
        b'{"text": NaN}': "not_json",
        nested: "not_json",
        b'{"text": ' + nested + b"}": "not_json",
        b'{"what": "is this"}': "unknown_shape",
        b'{"text": "  "}': "bad_messages",
    }
    bell = json.dumps({"messages": chat("Ring the bell for me, please.", "Ding\x07dong, it goes, \x1b[31mred\x1b[0m.")})
    (tmp_path / "all.jsonl").write_bytes(b"\r\n".join([*good, *bad, bell.encode()]))
    source = {"path": str(tmp_path / "all.jsonl"), "on_bad_row": "drop", "filters": {"control": "repair"}}
    assert build.main([write(sources=[source])]) == 0
    found = audited(workspace)["sources"]["all"]
    expected: dict[str, int] = {}
    for reason in bad.values():
        expected[reason] = expected.get(reason, 0) + 1
    assert found["dropped"] == expected and found["kept"] == 61
    assert found["repaired"] == {"control_characters": 1}
    (workspace / "mixes" / "mixed" / "CARD.md").read_text()


def test_a_bomb_of_an_archive_is_refused_in_one_line(workspace: Path, tmp_path: Path, write: Any) -> None:
    bomb = tmp_path / "bomb.txt.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as file:
        for _ in range(300):
            file.write(bytes(2**20))
    assert bomb.stat().st_size < 2**20
    with pytest.raises(UserError, match=r"bomb\.txt\.gz: unpacks to more than .* unpack it yourself") as caught:
        build.main([write(sources=[{"path": str(bomb), "on_bad_row": "drop"}])])
    assert "\n" not in str(caught.value)
    assert not list(workspace.glob("mixes/*"))


def test_a_hub_that_is_not_there_is_said_in_one_line(tmp_path: Path, write: Any) -> None:
    recipe = write(sources=[{"hub": "nobody/nothing-at-all"}])
    words = [sys.executable, str(repo_root() / "data_mix" / "build.py"), recipe]
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(words, capture_output=True, text=True, env=offline)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "nobody/nothing-at-all" in done.stderr and "path" in done.stderr


def test_turns_that_are_records_of_their_own_are_joined_wherever_a_file_could_be_cut(
    workspace: Path, tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(0)
    turns = [
        {"dialogue_id": dialogue, "response_id": turn, "context": sentence(chance), "response": sentence(chance)}
        | {"rots": ["Be kind."], "safety_label": "__casual__", "episode_done": turn == 2}
        for dialogue in range(50)
        for turn in range(3)
    ]
    broken = turns[:70] + turns[71:]  # one dialogue lacks its middle
    monkeypatch.setattr("data_mix.mixing.jobs.SPAN_BYTES", 1000)
    monkeypatch.setattr("data_mix.mixing.refine.BATCH", 4)
    for name, format in (("told", "prosocial"), ("found", "auto")):
        source = jsonl(tmp_path / f"{name}.jsonl", broken) | {"format": format, "on_bad_row": "drop"}
        assert build.main([write(name=name, sources=[source])]) == 0
        found = audited(workspace, name)["sources"][name]
        assert (found["read"], found["joined"], found["kept"]) == (149, 99, 49)
        assert found["dropped"] == {"broken_dialogue": 1}
        rows = [
            row for split in ("train", "valid") for row in read_rows(workspace / "mixes" / name / f"{split}.parquet")
        ]
        assert all(len(row.messages) == 6 for row in rows)


def test_only_the_first_rows_are_taken_where_so_many_are_asked_for(
    workspace: Path, tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data_mix.mixing.jobs.SPAN_BYTES", 1000)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(3):
        jsonl(folder / f"{number}.jsonl", dialogues(40, seed=number))
    assert build.main([write(sources=[{"path": str(folder), "rows": 50}])]) == 0
    assert audited(workspace)["sources"]["many"]["kept"] == 50
    rows = [row.id for split in ("train", "valid") for row in read_rows(workspace / "mixes/mixed" / f"{split}.parquet")]
    assert {row.partition(":")[0] for row in rows} == {"many/0.jsonl", "many/1.jsonl"}
