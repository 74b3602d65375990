"""How well corrections and recasts are told from what is none, on hand-made wordings.

    python research/benchmarks/wordings.py [--wordings research/wordings/corrections.yaml] [--errors]

Prints precision and recall with Wilson intervals: of explicit corrections, overall, by language and by kind, with what
is known of the learner's mistake and by the reply's words alone; and of recasts. `corrections.yaml` was written before
the rules by somebody who had not read them; `corrections_dev.yaml` is what they were written by, and says little.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from collections.abc import Callable, Sequence

from espalier.artifacts.paths import repo_root
from espalier.command_line import yaml_text
from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import say, table
from espalier.errors import run_main
from research.told import HEADERS, Entry, Judged, by, figures, kinds, wrongly


class Wordings(Config):
    """What to measure on."""

    wordings: FilePath = repo_root() / "research" / "wordings" / "corrections.yaml"
    """Entries with learner, corrected, fix, reply, and whether the reply is explicit and whether it recasts."""
    errors: bool = False
    """Print every entry that was told wrongly."""


def main(argv: list[str]) -> None:
    settings, _ = load(Wordings, argv, prog="python research/benchmarks/wordings.py", doc=__doc__)
    entries = yaml_text.parse(settings.wordings.read_text(encoding="utf-8"), str(settings.wordings))
    explicit = judged(entries, "explicit", is_explicit)
    rows = [figures("explicit corrections", explicit)]
    rows += [figures("  by words alone, all", judged(entries, "explicit", blind))]
    rows += [figures(f"  {name}", part) for name, part in by("language", explicit)]
    recasts = judged(entries, "recast", is_recast)
    rows += [figures("recasts", recasts)] + [figures(f"  {name}", part) for name, part in by("language", recasts)]
    table(HEADERS, rows)
    say()
    table(["kind", "entries", "explicit or not told rightly"], kinds(explicit))
    for name, part in (("explicit", explicit), ("recast", recasts)):
        for entry, true, _, _ in wrongly(part) if settings.errors else ():
            say(f"{name} {'missed' if true else 'found'}: {entry['id']} {entry['learner']} | {entry['reply']}")


def judged(entries: Sequence[Entry], key: str, rule: Callable[[Entry], bool]) -> Judged:
    """Each entry beside what a rule says of it."""
    return [(entry, entry[key], rule(entry), "") for entry in entries]


def score(entry: Entry, metric: str) -> bool:
    """What a metric gives the entry's reply, with what is known of the mistake."""
    from evaluation.cases.case import Case, Reply, Truth
    from evaluation.metrics import METRICS
    from evaluation.metrics.person import as_tutor_says

    # The wordings put right what the learner said as the learner would say it; a case, as the tutor would.
    corrected, fix = (as_tutor_says(entry[key], entry["language"]) for key in ("corrected", "fix"))
    error = "known" if entry["learner"] != entry["corrected"] else ""
    truth = Truth(learner=entry["learner"], corrected=corrected, fix=fix, error=error)
    messages = [*entry.get("conversation", []), {"role": "user", "content": entry["learner"]}]
    case = Case(name=entry["id"], messages=messages, truth=truth)
    return bool(METRICS[metric](case, Reply(text=entry["reply"], num_tokens=1, finish="stop")).value)


def is_explicit(entry: Entry) -> bool:
    """Whether it corrects to the face, by the metric."""
    return score(entry, "explicit_correction")


def is_recast(entry: Entry) -> bool:
    """Whether it recasts, by the metric."""
    return score(entry, "recast")


def blind(entry: Entry) -> bool:
    """Whether it corrects to the face, by its words alone: all that is known where dialogues are generated."""
    from data_mix.language.teaching import corrects_to_the_face

    return corrects_to_the_face(entry["reply"]) is not None


if __name__ == "__main__":
    run_main(main)
