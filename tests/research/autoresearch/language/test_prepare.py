"""The text is made once from any named mix, sealed, and never made again."""

import json
from pathlib import Path
from typing import Any

import pytest

from data_mix.build import main as build
from espalier.artifacts.records import read_manifest
from espalier.errors import UserError
from research.autoresearch.language.prepare import main

NAME = "autoresearch-language"


@pytest.fixture(autouse=True)
def mix(tmp_path: Path) -> None:
    """A mix of texts and chats called own."""
    lines: list[dict[str, Any]] = [{"text": f"The {n}th story is about {n * 13 % 101} frogs."} for n in range(300)]
    for n in range(100):
        asked, said = f"What is {n} and {n}, please?", f"It is {2 * n}, I think."
        lines.append({"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]})
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert build(["--name", "own", "--sources.0.path", str(tmp_path / "own.jsonl"), "--workers", "1"]) == 0


def words(*more: str) -> list[str]:
    return ["--mix", "own", "--val_bytes", "512", "--publish", "false", *more]


def test_the_end_of_the_text_is_kept_secret(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words()) == 0
    said = capsys.readouterr().out
    folder = workspace / "corpora" / NAME
    made = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("*/*")}
    assert sorted(made) == ["given/train.txt", "secret/second.txt", "secret/val.txt"]
    assert len(made["secret/val.txt"]) == len(made["secret/second.txt"]) == 512
    assert b"\nUser: What is " in made["given/train.txt"] and b"\nAssistant: It is " in made["given/train.txt"]
    manifest = read_manifest(folder)
    assert manifest is not None and set(manifest["files"]) >= set(made)
    assert list(manifest["parents"]) == ["mix:own"] and manifest["counts"]["bits_per_byte"]["unigram"] > 1
    assert f"{manifest['counts']['read']:,} rows read" in said and "not read, held out" in said


def test_it_is_made_once(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(words())
    val = workspace / "corpora" / NAME / "secret" / "val.txt"
    before = val.stat()
    assert main(words()) == 0 and "already complete" in capsys.readouterr().out
    assert val.stat() == before
    with pytest.raises(UserError, match="begun otherwise"):
        main(words("--seed", "1"))
    val.write_bytes(val.read_bytes()[::-1])
    with pytest.raises(UserError, match=r"val.txt: changed since it was made"):
        main(words())


def test_one_that_was_killed_is_made_from_its_beginning(workspace: Path) -> None:
    main(words())
    folder = workspace / "corpora" / NAME
    whole = {path: path.read_bytes() for path in folder.glob("*/*")}
    (folder / "manifest.json").unlink()
    (folder / "given" / "train.txt").write_bytes(b"half")
    (folder / "given" / ".train.txt.rows").write_bytes(b"half")
    assert main(words()) == 0
    assert {path: path.read_bytes() for path in folder.glob("*/*")} == whole


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--mix", "none"], "mix none does not exist"),
        (["--mix", "../own"], "cannot be a name"),
        (["--val_bytes", "0"], "val_bytes"),
        (["--val_bytes", "262144"], "too little text"),
        (["--seeds", "3"], "did you mean"),
    ],
)
def test_what_is_wrong_is_told(more: list[str], said: str, workspace: Path) -> None:
    with pytest.raises(UserError, match=said):
        main(words(*more))
    assert not list((workspace / "corpora").glob("*/manifest.json"))


def test_the_mix_by_default_says_how_it_is_made() -> None:
    with pytest.raises(UserError, match=r"mix basil does not exist; build it with: python data_mix/build.py basil"):
        main([])
