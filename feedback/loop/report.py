"""What the rounds of a loop came to, as a page with pictures beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from espalier.artifacts.paths import agents_dir
from espalier.artifacts.records import write_text
from espalier.report import Markup, escape, percent, table
from evaluation.comparison.formats import interval
from feedback.loop import pictures
from feedback.loop.config import REWARD, LoopConfig
from feedback.loop.figures import figure

_KEPT = {
    "none": "It was taught once, and not refreshed.",
    "spg": "It was refreshed each round by agreement: of the policy's own replies to a prompt, the best by reward of "
    "the most frequent answer counts as better than one of another.",
    "uml": "It was refreshed each round by the policy's own replies without labels: two to one prompt as two views.",
    "rules": "It was refreshed each round by what rules know of the policy's own replies: what is in reach.",
}
_HEADERS = (
    "round", "weights", "nats from the first", "true score", "reward gained, sd", "pairs ranked right", "tokens",
    "different replies",
)  # fmt: skip


def line(exam: Mapping[str, Any]) -> str:
    """What an examination found, for a terminal."""
    parts = [
        f"{figure(exam, 'kl'):.2f} nats from the first weights",
        f"reward {figure(exam, 'proxy_gain'):+.2f} sd",
        _truth(exam),
        f"ranks {percent(figure(exam, 'accuracy'))} of its pairs right",
    ]
    return ", ".join(parts)


def _truth(exam: Mapping[str, Any]) -> str:
    if not exam["true"]:
        return "what is true of its replies is not known"
    return f"true score {figure(exam, 'true'):.3f} ({figure(exam, 'true_gain'):+.3f})"


def write_report(config: LoopConfig, folder: Path, rounds: Sequence[Mapping[str, Any]], *, publish: bool) -> Path:
    """Write `report.md` and its pictures into the loop's folder, and where it is published into the written memory;
    returns the page to read."""
    drawn = [
        pictures.goodhart(
            {f"round {each['number']}": pictures.of_policies(each["exams"]) for each in rounds},
            folder / f"{config.name}-policies.png",
            title="Policies trained for the reward",
            xlabel="nats per reply from the first weights",
        ),
        pictures.goodhart(
            # A reward model that was not refreshed chooses the same replies in every round.
            {
                f"round {each['number']}": pictures.of_best(each["exams"][-1])
                for each in {e["reward"]: e for e in rounds}.values()
            },
            folder / f"{config.name}-best-of.png",
            title="The best of 1, 2, 4, … replies of the first weights, by the reward",
            xlabel="nats (log n − (n − 1) / n)",
        ),
    ]
    text = "\n\n".join([*_parts(config, rounds), *(f"![{path.stem}]({path.name})" for path in drawn)]) + "\n"
    pages = [folder / "report.md"]
    if publish:
        reports = agents_dir() / "reports"
        reports.mkdir(parents=True, exist_ok=True)
        for path in drawn:
            (reports / path.name).write_bytes(path.read_bytes())
        pages.append(reports / f"{config.name}.md")
    for page in pages:
        write_text(page, text)
    return pages[-1]


def _parts(config: LoopConfig, rounds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"# Loop {escape(config.name)}"
    yield (
        f"A reward model taught by preferences, and in each of {len(rounds)} rounds a policy trained for it from "
        f"{escape(config.start)}. {_KEPT[config.refresh]} Examined on {config.exam.limit:,} prompts of "
        f"{escape(config.exam.prompts)}; intervals are 95 % over prompts."
    )
    if (by := config.policy.by.replace(" ", "")) not in (REWARD, f"{REWARD}=1"):
        yield (
            f"The policies were trained to please `{escape(by)}`. The reward below, its gain and its controls are what "
            "the reward model's first column alone says, without the other parts and weights."
        )
    yield table(_HEADERS, [_row(each, exam) for each in rounds for exam in each["exams"]])
    for each in rounds:
        if each["stopped"]:
            taken = f"{escape(each['policy'])} is taken"
            yield f"The loop ended in round {each['number']}: {escape(each['stopped'])}. {taken}."
        if each["gamed"]:
            yield f"**[gamed]** The policy of round {each['number']} pleases its reward, and is not shown to be better."
            yield "\n".join(f"- {escape(exploit)}" for exploit in each["exploits"])
    yield "## What would win the reward without teaching"
    yield (
        "Each family answers the examination's prompts. What it gets stands beside the reward of the replies of the "
        "round's last weights, in standard deviations of the first weights' replies from their mean; a lead whose "
        "interval does not lie above 0 is a gain that the family shares."
    )
    yield table(["round", "replies made to win", "its reward", "the policy's lead"], list(_control_rows(rounds)))
    yield "## What the policy does otherwise"
    yield table(["round", "what", "first weights", "now", "change"], list(_change_rows(rounds)))


def _row(each: Mapping[str, Any], exam: Mapping[str, Any]) -> list[Any]:
    tokens = exam["changes"].get("tokens", {}).get("now")
    return [
        each["number"],
        f"step {exam['step']:,}" if exam["step"] else "last",
        interval(exam["kl"]),
        interval(exam["true"], 3),
        interval(exam["proxy_gain"], sign="+"),
        interval(exam["accuracy"], 3),
        None if tokens is None or math.isnan(tokens) else float(tokens),
        interval(exam["distinct"], 3),
    ]


def _control_rows(rounds: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    for each in rounds:
        for name, found in each["exams"][-1]["controls"].items():
            shares = found["lead"] and not found["lead"]["low"] > 0
            lead = interval(found["lead"], sign="+")
            yield [
                each["number"],
                f"{found['label']} ({name})",
                interval(found["proxy"], sign="+"),
                Markup(f"**{lead}**") if shares else lead,
            ]


def _change_rows(rounds: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    for each in rounds:
        for name, found in each["exams"][-1]["changes"].items():
            if found["change"]["low"] > 0 or found["change"]["high"] < 0:
                yield [each["number"], name, found["before"], found["now"], interval(found["change"], 3, sign="+")]
