"""The grid: which cells, in which order, and that a key stands for all that is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data_mix.curriculum.words import lexicon
from data_mix.generation.cells import cells, jobs
from data_mix.generation.config import DEFAULT_GRID, GenerateConfig, GenerateOptions
from data_mix.generation.prompts import Prompts
from espalier.command_line.config import load, load_file
from espalier.errors import UserError

SMALL: dict[str, Any] = {
    "name": "n", "model": "m", "strategies": ["recast", "hint"], "errors": ["past_tense"], "first_languages": ["Thai"],
    "levels": ["A1", "B1"], "samples": 2,
}  # fmt: skip


def config(**changes: Any) -> GenerateConfig:
    return GenerateConfig(**SMALL | changes)


def keys(config: GenerateConfig) -> list[str]:
    return [job.key for job in jobs(config, Prompts(config.prompt))]


def test_cells_stand_in_the_order_of_the_grid() -> None:
    assert [str(cell) for cell in cells(config())] == [
        "recast/past_tense/Thai/A1", "recast/past_tense/Thai/B1", "hint/past_tense/Thai/A1", "hint/past_tense/Thai/B1",
    ]  # fmt: skip


def test_by_default_mistakes_meet_the_languages_they_are_typical_of() -> None:
    found = cells(GenerateConfig(name="n", model="m"))
    pairs = {(error, l1) for error, facts in lexicon().mistakes.items() for l1 in facts["languages"]}
    assert {(cell.error, cell.l1) for cell in found} == pairs
    assert len(found) == len(set(found)) == len(pairs) * 10 * 5
    assert len(cells(config(first_languages=["Thai", "Klingon"], pairs="all"))) == 8


def test_a_grid_without_cells_is_an_error() -> None:
    with pytest.raises(UserError, match="past_tense: Chinese, Vietnamese, Thai"):
        cells(config(first_languages=["German"]))


@pytest.mark.parametrize("grid", ["small", "full"])
def test_the_grids_that_come_along_are_whole(grid: str) -> None:
    loaded, _ = load(
        GenerateConfig, [grid, "--name", "n", "--model", "m"], prog="", doc="", default=DEFAULT_GRID,
        options=GenerateOptions,
    )  # fmt: skip
    assert len(cells(loaded)) == {"small": 60, "full": 2650}[grid]


def test_prompts_say_what_is_asked() -> None:
    for job in jobs(GenerateConfig(name="n", model="m"), Prompts(config().prompt)):
        text = job.messages[1]["content"]
        assert all(part in text for part in (job.cell.strategy, job.cell.l1, job.cell.level, job.topic))
        assert f"exactly {2 * job.exchanges} turns" in text and f"than {job.max_words} words" in text
        assert ("does not say the words" in text) == (job.corrected == "must_not")
        assert ("contains the words" in text) == (job.corrected == "must")


def test_samples_of_a_cell_differ() -> None:
    found = [
        job for job in jobs(config(samples=5), Prompts(config().prompt)) if str(job.cell) == "hint/past_tense/Thai/A1"
    ]
    assert len({job.topic for job in found}) == len({job.seed for job in found}) == len(found) == 5
    assert {job.exchanges for job in found} == {1, 2, 3}


CHANGES: list[dict[str, Any]] = [
    {"model": "other"}, {"temperature": 0.1}, {"temperature": None}, {"top_p": 0.5}, {"max_tokens": 99}, {"seed": 1},
    {"send_seed": False}, {"tries": 3}, {"constrain": "json"}, {"extra": {"x": 1}}, {"exchanges": [4]},
    {"topics": ["the moon"]},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_whatever_is_asked_otherwise_has_another_key(change: dict[str, Any]) -> None:
    assert not set(keys(config())) & set(keys(config(**change)))


@pytest.mark.parametrize("part", ["system", "request", "again"])
def test_another_prompt_has_another_key(part: str, tmp_path: Path) -> None:
    text = config().prompt.read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace(f"{part}: |\n", f"{part}: |\n  Please. "), encoding="utf-8")
    assert not set(keys(config())) & set(keys(config(prompt=tmp_path / "mine.yaml")))


def test_keys_are_all_different_and_stay_when_the_grid_grows() -> None:
    few, more = keys(config()), keys(config(levels=["A1", "A2", "B1"], samples=3, budget={"calls": 3}, concurrency=9))
    assert len(set(few)) == 8 and len(set(more)) == 18
    assert set(few) < set(more)


@pytest.mark.parametrize(
    ("text", "said"), [("{{ nobody }}", "'nobody' is undefined"), ("{% if %}", "Expected an expression")]
)
def test_a_broken_prompt_is_said(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"system: x\nrequest: '{text}'\nagain: y\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"mine.yaml: .*{said}"):
        keys(config(prompt=file))


def test_a_name_that_is_not_known_is_said(tmp_path: Path) -> None:
    file = tmp_path / "grid.yaml"
    file.write_text("name: n\nmodel: m\nstrategies: [recst]\nlevels: [A1, A1]\nexchanges: [9]\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"(?s)did you mean recast.*A1 is named twice.*numbers from 1 to 8"):
        load_file(GenerateConfig, file)
