"""The written memory: a report's page and picture go to agents/reports/, one line to agents/RUNLOG.md."""

from __future__ import annotations

import hashlib
from pathlib import Path

from espalier.artifacts.paths import agents_dir
from espalier.artifacts.records import write_text

_HEAD = "# Run log\n\nOne line per finished comparison, the newest last; written by `python evaluation/run.py`.\n\n"


def publish(folder: Path, name: str, *, date: str, headline: str) -> Path:
    """Copies `report.md` and the pictures of a scores folder, and logs them once for one content; returns the page.

    `headline` is the line's text. The same scores published again leave the log as it is.
    """
    reports = agents_dir() / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    for picture in sorted(folder.glob("*.png")):
        (reports / picture.name).write_bytes(picture.read_bytes())
    page = reports / f"{name}.md"
    write_text(page, (folder / "report.md").read_text(encoding="utf-8"))

    log = agents_dir() / "RUNLOG.md"
    text = log.read_text(encoding="utf-8") if log.exists() else _HEAD
    digest = hashlib.sha256((folder / "summary.json").read_bytes()).hexdigest()[:12]
    mark = f"[{name}](reports/{name}.md) `{digest}`"
    if mark not in text:
        lines = text.rstrip().splitlines()
        gap = [] if lines[-1].startswith("- ") else [""]
        write_text(log, "\n".join([*lines, *gap, f"- {date} {mark}: {headline}", ""]))
    return page
