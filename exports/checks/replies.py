"""Whether an export answers as what was trained: greedy replies token by token, and the next token on the same path.

**Identical** is judged where weights are no coarser than 16 bits, and against what was trained with its weights rounded
alike. An engine rounds on the way too (llama.cpp multiplies f16 by f16), so where two tokens are as good as equal it
may take the other one and go on differently. A reply that parts where the reference's margin is within twice the
difference in log-probability measured beside it is counted as a tie and told; that difference is itself bounded.

**Agreement** is the share of the trained replies' tokens that the export finds likeliest behind the same tokens. It is
judged for q8_0 and finer; of coarser weights it is stated, and judged against the same rounding alone. The rounding of
K-quants is not known here: they have to agree with what was trained itself on 80 % of the tokens at least, which leaves
room for coarse weights and none for others.
"""

from __future__ import annotations

from typing import Any

from exports.checks import engine, rounding
from exports.checks.comparing import first_difference, partings
from exports.checks.logits import NEAR
from exports.checks.opened import NO_ENGINE, Opened, opened
from exports.checks.trained import Reply, Trained, along, trained
from exports.config import ExportOptions
from exports.exported import Exported, Finding

_EXACT = {"F32", "F16"}
_FINE = _EXACT | {"BF16", "Q8_0"}
AGREEMENT = 0.98
"""Least share of tokens on which an export has to agree."""
FLOOR = 0.80
"""The same for K-quants, whose rounding nothing here can be held against."""
NOISE = 0.1
"""Largest difference in log-probability that an engine's own rounding may make, in nats, with weights of 16 bits."""


def check_greedy(exported: Exported, options: ExportOptions) -> Finding:
    """Greedy replies beside those of what was trained."""
    ours, theirs = trained(exported), opened(exported)
    stops = ours.renderer.stop_ids
    parted = partings(theirs.reference, stops, ours.ids, theirs.reference_replies, theirs.replies)
    noise = _noise(ours, theirs)
    ties = [each for each in parted if each.margin <= 2 * noise] if noise <= NOISE else []
    others = len(parted) - len(ties)
    exact = theirs.kinds <= _EXACT
    unrounded = sum(one != other for one, other in zip(ours.replies, theirs.replies, strict=True))
    by = engine.version() if theirs.engine else _opener(theirs)
    said = f"{len(ours.ids) - len(parted)} of {len(ours.ids)} replies are the same, by {by}"
    if ties:
        said += f"; {len(ties)} part at a tie (margin {max(each.margin for each in ties):.2g} at most)"
    if others:
        worst = max(parted, key=lambda each: each.margin)
        said += f"; {others} differ, one by {worst.margin:.2g} after {worst.token} tokens"
        said += f" ({_shown(ours, theirs.replies[worst.place])})" if exact else ""
    if not exact:
        said += "; stated, not judged"
    figures = {
        "parted": len(parted),
        "ties": len(ties),
        "largest_margin": max((each.margin for each in parted), default=0.0),
        "noise": noise,
        "other_than_unrounded": unrounded,
        "tokens": sum(len(reply.ids) for reply in theirs.replies),
    }
    return Finding(
        check="replies",
        passed=not others or not exact,
        asked=len(ours.ids),
        differing=others,
        figures=figures,
        said=said,
    )


def check_agreement(exported: Exported, options: ExportOptions) -> Finding:
    """The next token behind each token of the trained replies."""
    ours, theirs = trained(exported), opened(exported)
    kinds = theirs.kinds
    chosen = theirs.forced if theirs.engine else _likeliest(ours, theirs.model)
    alike = _likeliest(ours, theirs.reference)
    wanted = [[*reply.ids, *([None] if reply.ended else [])] for reply in ours.replies]
    stops = ours.renderer.stop_ids
    total = sum(map(len, wanted))
    with_trained = _agreeing(wanted, chosen, stops)
    with_rounded = _agreeing([[None if t in stops else t for t in each] for each in alike], chosen, stops)
    known = all(rounding.is_known(kind) for kind in kinds)
    shares = (with_trained / total, with_rounded / total)
    if known:
        passed = shares[1] >= AGREEMENT and (shares[0] >= AGREEMENT or not kinds <= _FINE)
    else:
        passed = shares[0] >= FLOOR
    figures: dict[str, Any] = {"agreement": shares[0], "tokens": total}
    said = f"{shares[0]:.2%} of {total:,} tokens as trained"
    if known:
        figures["agreement_with_the_same_rounding"] = shares[1]
        said += f", {shares[1]:.2%} as the same rounding"
        said += "" if kinds <= _FINE else "; the first is stated, not judged"
    else:
        said += f"; at least {100 * FLOOR:.0f} % are asked for"
    said += "" if theirs.engine else f"; by {_opener(theirs)}"
    return Finding(
        check="agreement",
        passed=passed,
        asked=total,
        differing=total - with_trained,
        figures=figures,
        said=said,
    )


def _noise(ours: Trained, theirs: Opened) -> float:
    """How far the export's log-probabilities lie from the reference's behind the same tokens, at most."""
    if theirs.engine is None:
        some = ours.ids[:8]
        return 2 * NEAR * max(float(each.abs().max()) for each in along(theirs.reference, some, [[]] * len(some)))
    found = 0.0
    replies = [each.ids for each in theirs.replies]
    for logits, written, wanted in zip(
        along(theirs.reference, ours.ids, replies), theirs.written, theirs.reference_replies, strict=True
    ):
        same = first_difference(written.ids, wanted.ids)
        for at in range(min(len(written.logprobs), len(written.ids) if same is None else same)):
            logprob = float(logits[at].log_softmax(-1)[written.ids[at]])
            found = max(found, abs(logprob - written.logprobs[at]))
    return found


def _likeliest(ours: Trained, model: Any) -> list[list[int]]:
    """The likeliest token behind each token of the trained replies, and before them."""
    replies = [reply.ids if reply.ended else reply.ids[:-1] for reply in ours.replies]
    return [logits.argmax(-1).tolist() for logits in along(model, ours.ids, replies)]


def _agreeing(wanted: list[list[int | None]], chosen: list[list[int]], stops: frozenset[int]) -> int:
    """In how many places the same token was chosen, any end being as good as another."""
    pairs = [pair for one, other in zip(wanted, chosen, strict=True) for pair in zip(one, other, strict=True)]
    return sum(token in stops if want is None else token == want for want, token in pairs)


def _opener(theirs: Opened) -> str:
    return "transformers" if theirs.file is None else f"transformers' reader of GGUF: {NO_ENGINE}"


def _shown(ours: Trained, reply: Reply) -> str:
    return repr(ours.renderer.decode(reply.ids)[:60])
