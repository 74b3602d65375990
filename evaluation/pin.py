"""The evaluator in one hash, its pin: all that decides a score but the model that is scored.

    code       what `evaluation/run.py` can import and what those modules read, by what it does, and --metrics files;
               styles and scripts of the page and the template of a suite count for nothing, as no score passes by them
    packages   versions of Python and of the packages that count, generate and render
    controls   what stands beside the scores: the families of replies made to win, their words, and the suite's rules
    cases      the suite, the cases asked, and the mix that they come from
    judges     trained judges and reward models by the content of their files, others by their name, and every judge's
               calibration
    settings   the rest of the command line that can change a score

`python evaluation/run.py … --print_pin` says it, and asks nobody. With `--pin` a command refuses any other evaluator
before it asks or writes anything, takes no hash of weights from memory, and serves from the cache only what was kept by
the same code under a pin (see `seal`).

A pin notices what was changed. It cannot hold against who changes the code that compares it, a bytecode file in
`__pycache__`, or an installed package: run it from files that the candidate cannot write to. Nor is the model behind an
endpoint known by more than its name and what it says of itself, which the scores' identity holds.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from espalier.artifacts.code_behind import changed_files, code_behind, contents_of
from espalier.artifacts.paths import artifact, workspace
from espalier.artifacts.records import read_json, sha256_file, verify_manifest
from espalier.command_line.config import to_dict
from espalier.errors import UserError
from espalier.models import hashes
from espalier.models.pool import stands_on
from espalier.models.references import folder_hash, resolve
from evaluation import seal
from evaluation.judges import calibration

if TYPE_CHECKING:
    from evaluation.backends.base import Backend
    from evaluation.cases.suite import Suite
    from evaluation.config import EvaluateConfig

COMMAND = "evaluation/run.py"
CONTROLS = ("evaluation/controls", "evaluation/backends/rules.py")
"""Modules, and folders of them."""
CANNOT_CHANGE_A_SCORE = (
    "evaluation/report/web/assets/",
    "espalier/pages/assets/",
    "evaluation/suite_template.yaml",
)
"""How the beginnings of paths read that do not count. All else that is reached does."""
_PACKAGES = (
    "bitsandbytes", "cefrpy", "jinja2", "numpy", "peft", "pyarrow", "pydantic", "pyyaml", "safetensors", "scikit-learn",
    "scipy", "tokenizers", "torch", "transformers", "vllm",
)  # fmt: skip
_WHO = {"models", "name", "baseline", "pool"}
_BY_CONTENT = {"suite", "mix", "limit", "metrics", "judges", "controls", "fluency", "chat_template", "endpoint"}
_SPEED = {"batch_size", "workers", "ray_address"}
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Evaluator:
    """What scores, whoever is scored. Nothing is read before a part is asked for."""

    config: EvaluateConfig
    """The command line."""
    suite: Suite
    """The suite, with the mix that the command line chose."""
    cases: str
    """Hash of the cases."""
    mix: str | None
    """Content hash of the mix they come from."""
    judges: Mapping[str, str]
    """Who judges, as the command line names them, with the name that the calibration has."""
    controls: Sequence[Backend]
    """Who stands beside the models: rules, and replies that were made to win."""
    reader: Backend | None = None
    """The language model that tells what is language, where one does."""

    @cached_property
    def parts(self) -> dict[str, dict[str, Any]]:
        """By part, names of what it is made of with what they are known by. UserError for a damaged judge."""
        return {
            "code": self._code,
            "packages": {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES},
            "controls": self._controls | {rule.name: rule.identity["content_hash"] for rule in self.controls},
            "cases": {"suite": _hash(to_dict(self.suite)), "cases": self.cases, "mix": self.mix},
            "judges": self._judges,
            "settings": self._settings,
        }

    @cached_property
    def pin(self) -> str:
        """The hash of all parts, 64 hexadecimal digits."""
        return _hash(self.parts)

    @property
    def code(self) -> str:
        """The hash of what entries of the cache are written by."""
        return _hash([self.parts["code"], self.parts["packages"]])

    @property
    def summary(self) -> dict[str, str]:
        """The pin, and the hash of each part."""
        return {"pin": self.pin} | {name: _hash(part) for name, part in self.parts.items()}

    def changes_since(self, parts: Mapping[str, Mapping[str, Any]]) -> str:
        """What differs from the parts of another, in a few words; empty where nothing does."""
        if not parts:
            return "of what it was then, nothing is known"
        said = []
        for name, now in self.parts.items():
            changed = changed_files(dict(parts.get(name, {})), now)
            more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
            if changed:
                said.append(f"{name}: {', '.join(changed[:_NAMED])}{more}")
        return "; ".join(said)

    @property
    def _code(self) -> dict[str, str]:
        reached = code_behind(COMMAND).items()
        ours = {path: found for path, found in reached if not path.startswith(CANNOT_CHANGE_A_SCORE)}
        files = enumerate(self.config.metrics)
        return ours | {f"--metrics {place}: {path.name}": sha256_file(path) for place, path in files if path.is_file()}

    @property
    def _controls(self) -> dict[str, str]:
        return {name: found for place in CONTROLS for name, found in contents_of(place).items()}

    @property
    def _judges(self) -> dict[str, str]:
        found = {}
        for reference, name in {**self.judges, calibration.METRICS_ALONE: calibration.METRICS_ALONE}.items():
            path = calibration.path_of(name)
            facts = [_known_by(reference, name), sha256_file(path) if path.exists() else None]
            found[reference] = _hash(facts)
        return found

    @property
    def _settings(self) -> dict[str, Any]:
        left_out = _WHO | _BY_CONTENT | _SPEED
        found = {key: value for key, value in to_dict(self.config).items() if key not in left_out}
        template = self.config.chat_template
        by_content = sha256_file(Path(template)) if template and Path(template).is_file() else template
        fluency = self.reader.identity if self.reader else None
        if self.suite.withheld:
            found["learner"] = resolve(self.config.learner).content_hash
        return found | {
            "fluency": fluency,
            "chat_template": by_content,
            "endpoint.extra": self.config.endpoint.extra,
        }


@contextmanager
def held_to(pin: str | None, evaluator: Evaluator) -> Iterator[None]:
    """A pinned evaluation, from the comparison on; without a pin, any. UserError for another evaluator's pin."""
    if pin is None:
        yield
        return
    if not evaluator.pin.startswith(pin):
        raise UserError(
            f"--pin {pin}: the evaluator is {evaluator.pin[:12]}… now, another than the one pinned "
            f"({_what_differs(pin, evaluator)}); restore that one, or pin this one: --pin {evaluator.pin}"
        )
    with hashes.forgotten(), seal.sealing(evaluator.code):
        yield


def _what_differs(pin: str, evaluator: Evaluator) -> str:
    """Told from scores that were made under the pin, where some are left."""
    for path in sorted((workspace() / "scores").glob("*/scores.json")):
        try:
            before = read_json(path)["evaluator"]
            if str(before["pin"]).startswith(pin):
                return f"since scores {path.parent.name}: {evaluator.changes_since(before['parts'])}"
        except (UserError, AttributeError, KeyError, TypeError):  # of an earlier version, or half written
            continue
    return "no scores here were made by that one, so it cannot be told what differs"


def _known_by(reference: str, name: str) -> Any:
    """A judge here by its content, any other by how it is named."""
    if reference.startswith("run:"):
        with hashes.forgotten():
            found = resolve(reference, rewards=True)
            return [found.content_hash, stands_on(found)]
    return reference if ":" in reference or reference == calibration.METRICS_ALONE else _trained(name)


def _trained(name: str) -> list[Any]:
    """A trained judge by its files, and those of its parts' embedding models, where they are folders here."""
    folder = artifact("judges", name)
    manifest = verify_manifest(folder, content=("**/*",))
    words = folder / "judge.json"
    parts = read_json(words)["parts"] if words.exists() else []
    embeddings = [each["embedding"] for each in parts if each["embedding"]]
    with hashes.forgotten():
        hashed = [folder_hash(Path(each)) if Path(each).is_dir() else each for each in embeddings]
    return [manifest["content_hash"], *hashed]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
