"""Whether replies end: each token that ended a reply in training, made the likeliest, really stops who generates."""

from __future__ import annotations

from typing import Any

from exports.checks.opened import Opened, opened
from exports.checks.trained import Trained, trained
from exports.config import ExportOptions
from exports.exported import Exported, Finding

_FORCED = 1e4
"""What is added to the logit of the one token that is to come."""
_MOST = 4
_OTHERS = 16
"""How many of the likeliest other tokens are tried, which may not stop anything."""


def check(exported: Exported, options: ExportOptions) -> Finding:
    """Every end is one and no other is declared, and what replies are made of does not end them."""
    ours, theirs = trained(exported), opened(exported)
    ends = sorted(ours.renderer.stop_ids)
    common = _common(ours)
    declared = _declared(theirs)
    deaf = [token for token in ends if _written(ours, theirs, token)]
    hasty = [token for token in common if not _written(ours, theirs, token)]
    running = sum(one.ended and not other.ended for one, other in zip(ours.replies, theirs.replies, strict=True))
    name = ours.renderer.decode
    wrong = [f"{name([token])} does not stop it" for token in deaf] + [f"{name([token])!r} stops it" for token in hasty]
    wrong += [f"{name([token])} is declared to end replies, and never did" for token in sorted(declared - set(ends))]
    said = f"{', '.join(name([token]) for token in ends)} stop it"
    said += f"; {sum(reply.ended for reply in theirs.replies)} of {len(theirs.replies)} replies end by themselves"
    figures = {
        "ends": ends,
        "ended_as_trained": sum(reply.ended for reply in ours.replies),
        "ended": sum(reply.ended for reply in theirs.replies),
        "ended_in_training_alone": running,
    }
    return Finding(
        check="stops",
        passed=not wrong,
        asked=len(ends) + len(common),
        differing=len(wrong),
        figures=figures,
        said="; ".join(wrong) or said,
    )


def _declared(theirs: Opened) -> set[int]:
    """The tokens that the export itself calls ends."""
    if theirs.file is not None:
        keys = ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id")
        return {theirs.facts[key] for key in keys if key in theirs.facts}
    said = _generation(theirs).eos_token_id
    return set(said if isinstance(said, list) else [said]) - {None}


def _generation(theirs: Opened) -> Any:
    """How the export says that it generates: of an adapter its own file, since peft goes by that of the base."""
    from transformers import GenerationConfig

    folder = theirs.exported.folder
    if theirs.exported.to == "adapter" and (folder / "generation_config.json").is_file():
        return GenerationConfig.from_pretrained(folder)
    return theirs.model.generation_config


def _common(ours: Trained) -> list[int]:
    """The tokens that replies are most often made of."""
    counts: dict[int, int] = {}
    for reply in ours.replies:
        for token in reply.ids:
            counts[token] = counts.get(token, 0) + 1
    return sorted(counts, key=lambda token: (-counts[token], token))[:_OTHERS]


def _written(ours: Trained, theirs: Opened, token: int) -> list[int]:
    """What is generated where one token is always the likeliest; nothing, where it stops generation."""
    prompt = ours.ids[0]
    if theirs.engine is not None:
        return theirs.engine.greedy([prompt], _MOST, forced=token)[0].ids
    return _by_transformers(theirs, prompt, token)


def _by_transformers(theirs: Opened, prompt: list[int], token: int) -> list[int]:
    import torch

    found = theirs.model.generate(
        torch.tensor([prompt]),
        generation_config=_generation(theirs),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=_MOST,
        do_sample=False,
        sequence_bias=[[[token], _FORCED]],
    )[0, len(prompt) :].tolist()
    return found if len(found) == _MOST else []
