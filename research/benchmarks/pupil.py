"""What it is worth that sessions are held in lockstep, whose pupils speak in one batch, and not one after another.

    python research/benchmarks/pupil.py [--pupil run:basil-trunk] [--bands 1 4 7] [--alone 24]

Sessions drawn by the same seeds are held in three ways that take turns: as research/bootstrap/sessions.py holds them;
one turn at a time, all else alike, which has to give the same sessions; and one turn at a time by `generate` of
transformers, as one would write it in ten lines. One at a time only the first few are held. Turns per second of one
processor's time, of speaking alone and of whole sessions (what is asked, graded and said besides is the same in all
three), and the ratios of the first to the others. Prints Markdown.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.errors import run_main
from research.bootstrap.sessions import SessionsConfig, played

if TYPE_CHECKING:
    from research.bootstrap.classroom.play import Reply, Says
    from research.bootstrap.classroom.record import Session
    from research.bootstrap.pupil import Pupil

WAYS = ("in lockstep", "one at a time", "transformers' generate")


class Benchmark(Config):
    """What to measure."""

    pupil: str = "run:basil-trunk"
    """Who speaks as Basil."""
    bands: Annotated[list[int], Field(min_length=1)] = [1, 4, 7]
    """Bands of the sessions."""
    longest: Annotated[list[int], Field(min_length=1)] = [12, 32, 48]
    """Longest turn at each of them, in tokens."""
    sessions: Annotated[int, Field(ge=1)] = 300
    """Sessions held in lockstep."""
    alone: Annotated[int, Field(ge=1)] = 24
    """Of these, sessions held one turn at a time."""
    batch_size: Annotated[int, Field(ge=1)] = 128
    """Turns that are written at once."""
    repeats: Annotated[int, Field(ge=1)] = 3
    """Times that each way is measured."""
    threads: Annotated[int, Field(ge=1)] = 1
    """CPU threads."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Sessions that were held in one way."""

    sessions: "list[Session]"
    turns: int
    speaking: float
    """Seconds that the pupil took."""
    seconds: float
    """Of all."""


def main(argv: list[str]) -> None:
    settings, _ = load(Benchmark, argv, prog="python research/benchmarks/pupil.py", doc=__doc__)
    import torch

    from research.bootstrap.pupil import Pupil

    torch.set_num_threads(settings.threads)
    pupil = Pupil.open(settings.pupil)
    print(f"{settings.pupil}, {settings.threads} thread(s), {settings.sessions} sessions in lockstep, {settings.alone} "
          f"one turn at a time, medians of {settings.repeats}, turns per second of processor time: speaking alone / "
          "whole sessions.\n\n"
          f"| band | {' | '.join(WAYS)} | ratio to one at a time | to generate | same sessions |\n"
          "|---:|---:|---:|---:|---:|---:|---:|")  # fmt: skip
    for band, longest in zip(settings.bands, settings.longest, strict=True):
        config = SessionsConfig(
            band=band,
            present=0.7,
            sessions=settings.sessions,
            pupil=settings.pupil,
            max_new_tokens=[longest],
            context=["episode" if band < 5 else "session"],
            batch_size=settings.batch_size,
        )
        rounds = [every_way(pupil, config, settings.alone) for _ in range(settings.repeats + 1)][1:]
        print(row(band, rounds))


def every_way(pupil: "Pupil", config: SessionsConfig, alone: int) -> list[Held]:
    """The sessions, held in each way."""
    few = config.model_copy(update={"sessions": alone})
    return [
        held(config, batched(pupil, config)),
        held(few, one_by_one(lambda *turn: batched(pupil, config)(*([each] for each in turn))[0])),
        held(few, one_by_one(lambda *turn: by_transformers(pupil, config, *turn))),
    ]


def held(config: SessionsConfig, says: "Says") -> Held:
    speaking, turns = 0.0, 0

    def timed(transcripts: Sequence[str], seeds: Sequence[int], longest: Sequence[int]) -> "Sequence[Reply]":
        nonlocal speaking, turns
        begun = time.process_time()
        replies = says(transcripts, seeds, longest)
        speaking += time.process_time() - begun
        turns += len(replies)
        return replies

    begun = time.process_time()
    with redirect_stdout(sys.stderr):  # what is printed besides is the record
        sessions = played(config, timed)
    return Held(sessions=sessions, turns=turns, speaking=speaking, seconds=time.process_time() - begun)


def batched(pupil: "Pupil", config: SessionsConfig) -> "Says":
    from research.bootstrap.classroom.play import Reply

    def says(transcripts: Sequence[str], seeds: Sequence[int], longest: Sequence[int]) -> "list[Reply]":
        found = pupil.says(
            transcripts,
            seeds=seeds,
            temperature=config.temperature,
            max_new_tokens=longest,
            batch_size=config.batch_size,
        )
        return [Reply(text=each.text, ended=each.finish == "stop") for each in found]

    return says


def one_by_one(say: "Callable[[str, int, int], Reply]") -> "Says":
    return lambda *turns: [say(*each) for each in zip(*turns, strict=True)]


def by_transformers(pupil: "Pupil", config: SessionsConfig, transcript: str, seed: int, longest: int) -> "Reply":
    """One turn, by `generate` of transformers."""
    import torch

    from research.bootstrap.classroom.play import Reply

    renderer = pupil.renderer
    ends = renderer.stop_ids | renderer.ids_holding("\n")
    ids = torch.tensor([renderer.text_prompt(transcript)])
    torch.manual_seed(seed)
    written = pupil.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=config.temperature, top_k=0,
        max_new_tokens=longest, eos_token_id=sorted(ends), pad_token_id=min(renderer.stop_ids),
    )[0, ids.shape[1] :].tolist()  # fmt: skip
    ended = written[-1] in ends
    return Reply(text=renderer.decode(written[: len(written) - ended]), ended=ended)


def row(band: int, rounds: Sequence[Sequence[Held]]) -> str:
    """A line of the table."""
    spoken = [[each[way].turns / each[way].speaking for each in rounds] for way in range(len(WAYS))]
    whole = [[each[way].turns / each[way].seconds for each in rounds] for way in range(len(WAYS))]
    speeds = [f"{median(fast):.0f} / {median(slow):.0f}" for fast, slow in zip(spoken, whole, strict=True)]
    ratios = [
        " / ".join(f"{median(a / b for a, b in zip(of[0], of[way], strict=True)):.1f}" for of in (spoken, whole))
        for way in (1, 2)
    ]
    lockstep, alone = rounds[-1][0].sessions, rounds[-1][1].sessions
    same = sum(one == other for one, other in zip(lockstep, alone, strict=False))
    cells: list[Any] = [band, *speeds, *ratios, f"{same} of {len(alone)}"]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    run_main(main)
