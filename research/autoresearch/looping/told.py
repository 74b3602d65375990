"""What a loop came to so far, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from research.autoresearch.looping.config import AutoresearchConfig
from research.autoresearch.looping.records import BASELINE, Record
from research.autoresearch.looping.standing import standing


def told(records: Sequence[Record], config: AutoresearchConfig) -> Iterator[str]:
    """The lines."""
    stands = standing(records)
    if stands is None:
        return
    tried = [each for each in records if each["proposer"] != BASELINE]
    yield f"baseline: val_bpb {stands.noise}"
    if not tried:
        yield "nothing was tried yet: --agent, --endpoint or --search says who proposes"
        return
    counts = {status: sum(each["status"] == status for each in tried) for status in ("keep", "discard", "crash")}
    refused = sum(each["status"] == "refused" for each in tried)
    yield (
        f"{len(tried)} experiments: {counts['keep']} kept, {counts['discard']} discarded, {counts['crash']} crashed, "
        f"{refused} refused"
    )
    if counts["keep"]:
        yield f"now: val_bpb {stands.mean:.6f} on average of {len(stands.runs)} at {stands.commit[:7]}"
        if not config.confirm:
            yield "each was kept by one run, luck included: --confirm, or a replay of this loop, says what is real"
