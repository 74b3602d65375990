"""Kill a bootstrapping loop at random moments, and see that it ends in the same bytes.

    python research/benchmarks/bootstrap_kills.py [--kills 10] [--seed 0] [--config smoke]

The loop runs whole, and then again in the same place, all of its processes killed (SIGKILL) after random times. It
compares the content hash of every artifact, and what was found of each round. Exit code 1 where anything differs.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from typing import Any

from pydantic import Field

from espalier.command_line.config import Config, load
from espalier.command_line.console import duration, say
from espalier.errors import UserError, run_main

COMMAND = "research/bootstrap/run.py"


class KillsConfig(Config):
    """How often it is killed."""

    config: str = "smoke"
    """Its configuration, a name beside `basil.yaml` or a file."""
    kills: int = Field(10, ge=1)
    """Moments."""
    seed: int = 0
    """Of them."""


def main(argv: list[str]) -> int:
    config, _ = load(KillsConfig, argv, prog="python research/benchmarks/bootstrap_kills.py", doc=__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that no loop is left behind
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        begun = time.monotonic()
        if run(config.config, home, None) != 0:
            raise UserError(f"{config.config} does not end by itself; what it says stands above")
        took, whole = time.monotonic() - begun, contents(home)
        say(f"whole: {len(whole)} artifacts and rounds in {duration(took)}")
        shutil.rmtree(home)
        differs = kill_and_go_on(config, home, took, whole)
    say(f"after {config.kills} kills all of {len(whole)} are the same" if not differs else "it ended otherwise")
    for name in differs:
        say(f"differs: {name}")
    return 1 if differs else 0


def kill_and_go_on(config: KillsConfig, home: Path, took: float, whole: dict[str, Any]) -> list[str]:
    """In what the loop ended otherwise than whole. Where it ends before it was killed so often, it begins anew."""
    rng, kills = random.Random(config.seed), 0
    differs = set[str]()
    while True:
        ended = run(config.config, home, rng.uniform(0, 0.7 * took) if kills < config.kills else None)
        if ended is None:
            kills += 1
            say(f"kill {kills}: {len(contents(home))} of {len(whole)} were complete")
            continue
        if ended != 0:
            raise UserError(f"after {kills} kills it does not go on; what it says stands above")
        now = contents(home)
        differs |= {name for name in whole.keys() | now.keys() if whole.get(name) != now.get(name)}
        if kills == config.kills:
            return sorted(differs)
        shutil.rmtree(home)


def run(config: str, home: Path, seconds: float | None) -> int | None:
    """The loop's exit code; None where it was killed after `seconds`."""
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, str(root / COMMAND), config],
        env=os.environ | {"ESPALIER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:  # whoever stops this stops the loop
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def contents(home: Path) -> dict[str, Any]:
    """The content hash of every complete artifact, and what was found of each round."""
    from espalier.artifacts.records import read_json

    manifests = [
        path for kind in ("corpora", "mixes", "runs", "loops") for path in home.glob(f"{kind}/*/manifest.json")
    ]
    found = {path.parent.relative_to(home).as_posix(): read_json(path)["content_hash"] for path in manifests}
    return found | {path.name: read_json(path) for path in home.glob("loops/*/exams/*.json")}


if __name__ == "__main__":
    run_main(main)
