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
from typing import Any

from espalier.artifacts.paths import repo_root
from espalier.command_line import yaml_text
from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import say, table
from espalier.errors import run_main

Entry = dict[str, Any]
Judged = list[tuple[Entry, bool, bool]]
"""An entry, what is true of it, and what was found."""


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
    rows += [figures(f"  by words alone, {name}", part) for name, part in [("all", judged(entries, "explicit", blind))]]
    rows += [figures(f"  {name}", part) for name, part in by("language", explicit)]
    recasts = judged(entries, "recast", is_recast)
    rows += [figures("recasts", recasts)] + [figures(f"  {name}", part) for name, part in by("language", recasts)]
    table(["", "entries", "recall", "interval", "precision", "interval"], rows)
    say()
    kinds = [[name, len(part), sum(found == true for _, true, found in part)] for name, part in by("kind", explicit)]
    table(["kind", "entries", "explicit or not told rightly"], kinds)
    for name, part in (("explicit", explicit), ("recast", recasts)):
        for entry, true, found in part if settings.errors else []:
            if true != found:
                say(f"{name} {'missed' if true else 'found'}: {entry['id']} {entry['learner']} | {entry['reply']}")


def judged(entries: Sequence[Entry], key: str, rule: Callable[[Entry], bool]) -> Judged:
    """Each entry beside what a rule says of it."""
    return [(entry, entry[key], rule(entry)) for entry in entries]


def by(key: str, part: Judged) -> list[tuple[str, Judged]]:
    """The entries in groups, in the order in which the groups first come up."""
    names = dict.fromkeys(entry[key] for entry, _, _ in part)
    return [(name, [each for each in part if each[0][key] == name]) for name in names]


def figures(name: str, part: Judged) -> list[object]:
    """A row: recall and precision with their intervals."""
    right = sum(true and found for _, true, found in part)
    return [name, len(part), *share(right, sum(true for _, true, _ in part)), *share(right, sum(f for _, _, f in part))]


def share(part: int, of: int) -> tuple[str, str]:
    """A share and its Wilson interval, as text."""
    from evaluation.comparison.stats import wilson

    if not of:
        return "–", "–"
    low, high = wilson(part / of, of)
    return f"{part / of:.3f} ({part}/{of})", f"{low:.3f}..{high:.3f}"


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
