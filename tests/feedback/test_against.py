"""Good replies against replies made to win, as preferences of a mix."""

from pathlib import Path

import pytest

from data_mix.build import main as build
from espalier.artifacts import records
from espalier.errors import UserError
from espalier.text.rows import read_rows, write_rows
from evaluation.controls.base import controls
from feedback import against
from feedback.rewards.attacks import families_taught
from tests import tiny
from tests.feedback.test_reward import compared
from tests.stage1.commands import NOUNS, VERBS


@pytest.fixture
def mix(workspace: Path) -> Path:
    folder = workspace / "mixes" / "judged"
    (folder / "preferences").mkdir(parents=True)
    write_rows(folder / "train.parquet", [tiny.text_row(1, "I went.")])
    pairs = [(verb, noun) for verb in VERBS for noun in NOUNS[:2]]
    rows = [row for number, (verb, noun) in enumerate(pairs) for row in compared(number, verb, noun, "train")]
    write_rows(folder / "preferences" / "train.parquet", rows)
    records.write_manifest(folder, {"kind": "mix", "name": "judged", "sources": []})
    return folder


def test_the_better_reply_is_preferred_to_made_ones(mix: Path, workspace: Path) -> None:
    words = ["--mix", "judged", "--name", "made", "--controls", "borrowed,canned_pool", "--publish", "false"]
    assert against.main(words) == 0
    folder = workspace / "corpora" / "made"
    lines = list(records.read_jsonl(folder / "preferences.jsonl"))
    paired = [row for row in read_rows(mix / "preferences" / "train.parquet") if row.chosen and row.rejected]
    good = {row.messages[-1]["content"]: row.chosen[0]["content"] for row in paired if row.chosen}
    said = {line["messages"][-1]["content"]: line["chosen"] for line in lines}
    assert said == good, "rated ones, of which nobody said what they are worth on the whole, are left out"
    assert all(line["rejected"] != line["chosen"] for line in lines) and len(lines) == 2 * len(good)
    kinds = {controls()[line["rejected_model"].removeprefix("control:")].kind for line in lines}
    assert kinds == {"borrowed", "no_content"}
    before = (folder / "preferences.jsonl").read_bytes()
    assert against.main([*words[:3], "again", *words[4:]]) == 0
    assert (workspace / "corpora" / "again" / "preferences.jsonl").read_bytes() == before

    path = str(folder / "preferences.jsonl")
    assert build(["--name", "both", "--sources.0.path", path, "--sources.0.preferences", "keep"]) == 0
    found = families_taught(workspace / "mixes" / "both")
    assert found and {controls()[name].kind for name in found} == {"borrowed", "no_content"}


def test_what_is_no_worse_or_not_there_is_refused(mix: Path) -> None:
    with pytest.raises(UserError, match="what adds to a good reply is no worse than it"):
        against.main(["--mix", "judged", "--name", "made", "--controls", "praise"])
    with pytest.raises(UserError, match="there is no complete mix 'none'"):
        against.main(["--mix", "none", "--name", "made"])
    rows = [row for row in read_rows(mix / "preferences" / "train.parquet") if row.meta]
    write_rows(mix / "preferences" / "train.parquet", rows)
    with pytest.raises(UserError, match="no prompt of its training split has a better reply and a worse one"):
        against.main(["--mix", "judged", "--name", "made"])
