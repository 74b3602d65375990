"""The hand-made wordings are whole and balanced; what rules make of them is measured elsewhere, never here."""

from collections import Counter
from typing import Any

import yaml

from espalier.artifacts.paths import repo_root

FOLDER = repo_root() / "research" / "wordings"
Entry = dict[str, Any]


def entries(name: str) -> list[Entry]:
    loaded: list[Entry] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


def check_fields(entry: Entry, required: dict[str, type], optional: dict[str, type]) -> None:
    """Every required field, none that nobody knows, each of its type; what is text has no blanks around it."""
    known = required | optional
    assert set(required) <= set(entry) <= set(known), entry["id"]
    for key, value in entry.items():
        assert isinstance(value, known[key]), (entry["id"], key)
        assert not isinstance(value, str) or value == value.strip(), (entry["id"], key)
    for turn in entry.get("conversation", []):
        assert set(turn) == {"role", "content"}, entry["id"]
        assert turn["role"] in {"user", "assistant"} and turn["content"].strip(), entry["id"]


def check_unique(of: list[Entry], what: list[str]) -> None:
    assert Counter(entry["id"] for entry in of).most_common(1)[0][1] == 1
    assert Counter(str([entry.get(key) for key in what]) for entry in of).most_common(1)[0][1] == 1


def test_corrections_are_whole_and_balanced() -> None:
    all_of = entries("corrections.yaml")
    check_unique(all_of, ["conversation", "learner", "reply"])
    text = dict.fromkeys(["id", "language", "kind", "learner", "corrected", "fix", "reply"], str)
    for entry in all_of:
        check_fields(entry, text | {"explicit": bool, "recast": bool}, {"conversation": list})
        assert all(entry[key] for key in text if key != "fix"), entry["id"]
        assert not (entry["explicit"] and entry["recast"]), entry["id"]
        assert set(entry["fix"].split()) <= set(entry["corrected"].translate(str.maketrans("", "", ".,!?")).split())
        if entry["learner"] == entry["corrected"]:
            assert not (entry["fix"] or entry["explicit"] or entry["recast"]), entry["id"]
        assert "conversation" not in entry or entry["conversation"][-1]["role"] == "assistant", entry["id"]
    assert len(all_of) >= 240
    for language, least in {"en": 100, "es": 45, "fr": 45, "de": 45}.items():
        of = [entry for entry in all_of if entry["language"] == language]
        assert len(of) >= least
        assert 0.4 <= sum(entry["explicit"] for entry in of) / len(of) <= 0.6
        assert sum(entry["recast"] for entry in of) >= 10
        assert sum(not (entry["explicit"] or entry["recast"]) for entry in of) >= 15
    assert {entry["language"] for entry in all_of} == {"en", "es", "fr", "de"}


def test_leaks_are_whole_and_balanced() -> None:
    all_of = entries("leaks.yaml")
    check_unique(all_of, ["conversation", "reply"])
    text = dict.fromkeys(["id", "subject", "language", "kind", "answer", "reply"], str)
    clause = dict.fromkeys(["learner", "corrected", "fix"], str)
    for entry in all_of:
        about_a_clause = clause if entry["subject"] == "language" else {}
        check_fields(entry, text | about_a_clause | {"conversation": list, "leak": bool}, {})
        assert all(entry[key] for key in text | about_a_clause), entry["id"]
        assert entry["conversation"][-1]["role"] == "user", entry["id"]
        if about_a_clause:
            assert entry["learner"] in entry["conversation"][-1]["content"], entry["id"]
            assert entry["learner"] != entry["corrected"] and entry["fix"] in entry["corrected"], entry["id"]
    check_shares(all_of, "language", {"en": 200, "es": 100, "fr": 100})
    check_shares(all_of, "subject", dict.fromkeys(["maths", "science", "history_geography", "language", "reading"], 60))


def check_shares(all_of: list[Entry], key: str, least: dict[str, int]) -> None:
    """So many entries of each, neither more nor fewer kinds of it, and about half of each leak."""
    assert Counter(entry[key] for entry in all_of).keys() == least.keys()
    for value, count in least.items():
        leaks = [entry["leak"] for entry in all_of if entry[key] == value]
        assert len(leaks) >= count and 0.4 <= sum(leaks) / len(leaks) <= 0.6, value
