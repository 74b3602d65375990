"""What the command says: before anything is sent, and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_mix.generation.cells import Job
from data_mix.generation.config import GenerateConfig
from espalier.command_line.console import say, table

_BYTES_PER_TOKEN = 4
_TOKENS_PER_TURN, _TOKENS_AROUND = 30, 60


def tell_plan(config: GenerateConfig, jobs: Sequence[Job]) -> None:
    """How much would be asked for, what it may cost, and a prompt."""
    num_cells = len({job.cell for job in jobs})
    prompt_bytes = sum(len(message["content"].encode()) for job in jobs for message in job.messages)
    prompt_tokens = prompt_bytes // _BYTES_PER_TOKEN
    reply_tokens = sum(min(config.max_tokens, _TOKENS_AROUND + 2 * job.exchanges * _TOKENS_PER_TURN) for job in jobs)
    say(f"{config.name}: {num_cells:,} cells, {len(jobs):,} dialogues by {config.model} at {config.endpoint}")
    say(f"calls: {len(jobs):,} where each dialogue is right at once, at most {len(jobs) * config.tries:,}")
    say(f"tokens, estimated for one try each: {prompt_tokens:,} of prompts, {reply_tokens:,} of replies")
    if config.budget.prompt_price is not None or config.budget.completion_price is not None:
        once = config.budget.cost(prompt_tokens, reply_tokens)
        most = config.budget.cost(
            config.tries * (prompt_tokens + len(jobs) * config.max_tokens), len(jobs) * config.max_tokens * config.tries
        )
        say(f"cost, estimated: {once:.4f} US dollars for one try each; {most:.4f} if every try is used and cut off")
    example = jobs[0]
    say(f"\nthe first prompt, for {example.cell} (topic: {example.topic}):")
    for message in example.messages:
        say(f"\n[{message['role']}]\n{message['content']}")


def tell_counts(counts: dict[str, Any]) -> None:
    """What came of it."""
    table(["strategy", "kept"], [[name, count] for name, count in sorted(counts["kept_by_strategy"].items())])
    say(
        f"{counts['asked_for']:,} dialogues asked for: {counts['kept']:,} kept, {counts['rejected']:,} rejected, "
        f"{counts['not_asked_yet']:,} not done yet"
    )
    if counts["replies_rejected"]:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in counts["reasons"].most_common())
        say(f"{counts['replies_rejected']:,} of {counts['replies']:,} replies rejected: {reasons}")
    if counts["remarks"]:
        say(f"of the replies: {', '.join(f'{count:,} {remark}' for remark, count in counts['remarks'].most_common())}")
    if counts["replies"]:
        ways = ", ".join(f"{count:,} by {way}" for way, count in counts["constrained"].most_common())
        say(f"models: {', '.join(counts['models'])}; replies held to their form: {ways}")
    cost = f", {counts['usd']:.4f} US dollars" if counts["usd"] else ""
    say(
        f"{counts['requests_sent']:,} requests sent, {counts['prompt_tokens']:,} prompt tokens, "
        f"{counts['completion_tokens']:,} tokens of replies{cost}"
    )
