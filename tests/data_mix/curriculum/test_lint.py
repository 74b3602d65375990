"""The bars refuse what they are there to refuse."""

from dataclasses import replace

from data_mix.curriculum import CurriculumConfig, generate, lint
from espalier.text.rows import Row

ROWS = list(generate(CurriculumConfig(), "dialogue", "train", 5000, seed=0))


def failed(rows: list[Row]) -> set[str]:
    return {finding.name for finding in lint(rows) if not finding.ok}


def answered(row: Row, reply: str) -> Row:
    messages = [{**m, "content": reply} if m["role"] == "assistant" else m for m in row.messages]
    return replace(row, messages=messages)


def test_the_curriculum_clears_its_bars() -> None:
    assert failed(ROWS) == set()


def test_canned_questions_are_refused() -> None:
    assert failed([answered(row, "That is interesting, can you tell me more?") for row in ROWS]) == {
        "distinct tutor replies / replies",
        "replies that take up a content word of the learner's",
        "replies that must hold the corrected form and do",
        "share of the commonest reply",
    }


def test_a_hint_that_gives_the_answer_away_is_refused() -> None:
    row = next(row for row in ROWS if row.meta["strategy"] == "hint" and len(row.meta["turns"]) == 1)
    told = answered(row, f"It is {row.meta['fix']}.")
    assert "replies that must not give it away and do not" in failed([*ROWS, told])


def test_a_strategy_that_is_too_common_is_refused() -> None:
    recasts = [row for row in ROWS if {turn["strategy"] for turn in row.meta["turns"]} == {"recast"}]
    assert failed(recasts) >= {"share of the rarest strategy", "share of the commonest strategy"}
