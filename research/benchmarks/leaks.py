"""How well replies that give the answer away are told from those that do not, on hand-made wordings.

    python research/benchmarks/leaks.py [--wordings research/wordings/leaks.yaml] [--errors]

Prints precision and recall of `answer_revealed` with Wilson intervals: overall, by subject, by language and by kind.
`leaks.yaml` was written before the rules by somebody who had not read them; `leaks_dev.yaml` is what the rules were
worked on by, and says little. An entry with a learner's sentence and no answer is of a form that is to be kept back.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from espalier.artifacts.paths import repo_root
from espalier.command_line import yaml_text
from espalier.command_line.config import Config, FilePath, load
from espalier.command_line.console import say, table
from espalier.errors import run_main
from research.told import HEADERS, Entry, by, figures, kinds, wrongly

_ROLES = {"learner": "user", "student": "user", "tutor": "assistant", "teacher": "assistant"}


class Leaks(Config):
    """What to measure on."""

    wordings: FilePath = repo_root() / "research" / "wordings" / "leaks.yaml"
    """Entries with conversation, answer (or learner, corrected and fix), reply, and whether it is a leak."""
    errors: bool = False
    """Print every entry that was told wrongly."""


def main(argv: list[str]) -> None:
    settings, _ = load(Leaks, argv, prog="python research/benchmarks/leaks.py", doc=__doc__)
    entries = yaml_text.parse(settings.wordings.read_text(encoding="utf-8"), str(settings.wordings))
    judged = [judge(entry) for entry in entries]
    rows = [figures("all", judged)]
    for key in ("subject", "language"):
        rows += [figures(name, part) for name, part in by(key, judged)]
    table(HEADERS, rows)
    say()
    table(["kind", "entries", "told rightly"], kinds(judged))
    for entry, true, _, why in wrongly(judged) if settings.errors else ():
        last = entry["conversation"][-1]["content"] if entry.get("conversation") else entry.get("learner", "")
        about = entry.get("answer") or entry.get("corrected")
        say(f"{'missed' if true else 'false'}: {entry['id']} [{about}] {last} | {entry['reply']} | {why}")


def judge(entry: Entry) -> tuple[Entry, bool, bool, str]:
    """The entry, whether it gives the answer away, and beside that what `answer_revealed` says of it."""
    from evaluation.cases.case import Case, Reply, Truth
    from evaluation.metrics import METRICS

    messages = [
        {"role": _ROLES.get(turn["role"], turn["role"]), "content": turn["content"]}
        for turn in entry.get("conversation") or [{"role": "user", "content": entry.get("learner", "")}]
    ]
    truth = None
    if entry.get("corrected"):
        told = {key: str(entry.get(key) or "") for key in ("learner", "corrected", "fix")}
        truth = Truth(**told, rule="must_not")
    case = Case(name=str(entry["id"]), messages=messages, answer=str(entry.get("answer") or ""), truth=truth)
    score = METRICS["answer_revealed"](case, Reply(text=entry["reply"], num_tokens=1, finish="stop"))
    return entry, entry["leak"], bool(score.value), score.why


if __name__ == "__main__":
    run_main(main)
