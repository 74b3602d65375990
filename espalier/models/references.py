"""Models by name: which folder a run, a path or a hub name stands for, and the hash of what is in it."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from espalier.artifacts import records
from espalier.artifacts.kinds import KINDS
from espalier.artifacts.paths import artifact, workspace
from espalier.errors import UserError
from espalier.models import hashes

_DECIDING = (".safetensors", ".json", ".jinja", ".model", ".txt")
"""Files that decide what a model says: weights, configurations, templates, vocabularies."""
_CODE = ".py"
REWARD_FACTS = "reward.json"
"""What lies beside the weights of a reward model and of no other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelRef:
    """A model that exists."""

    kind: Literal["run", "path", "hub"]
    """Where it was found."""
    name: str
    """Its name there: a run (`basil-core`, or `basil-core@step-000100` for a checkpoint), a path, a hub name."""
    path: Path
    """The folder with its files."""
    content_hash: str
    """SHA-256 over its files, or the hub's commit."""
    random_seed: int | None = None
    """Where given, the architecture counts and the weights are forgotten: random ones of this seed take their place."""

    @property
    def spec(self) -> str:
        """`run:NAME`, `path:FOLDER` or `hub:NAME`, which `resolve` turns into this again."""
        return f"{self.kind}:{self.name}"


def resolve(reference: str, *, unfinished: bool = False, with_code: bool = False, rewards: bool = False) -> ModelRef:
    """The model that `reference` names: a run, a path or a hub name, tried in this order; `run:` etc. say which.

    Of a run that is not complete, `unfinished` takes the newest checkpoint. Code that comes with a model of the hub is
    fetched only `with_code`, for those who asked for it to run. Raises UserError where there is none, with
    the runs whose names are nearest, and for a reward model, which writes nothing, unless `rewards` says that one may
    be meant.
    """
    found = _resolve(reference, unfinished, with_code)
    if not rewards and (found.path / REWARD_FACTS).exists():
        raise UserError(
            f"{found.spec} is a reward model: it values replies, and writes none. It judges: python evaluation/run.py "
            f"--judges {found.spec}"
        )
    return found


def _resolve(reference: str, unfinished: bool, with_code: bool) -> ModelRef:
    kind, name = kind_of(reference)
    if kind == "run":
        return _resolve_run(name, unfinished)
    if kind == "path":
        return _resolve_path(Path(name).expanduser())
    return _resolve_hub(name, with_code)


def kind_of(reference: str) -> tuple[Literal["run", "path", "hub"], str]:
    """What `reference` names, and its name there; whether that is whole is not looked at. UserError for nothing."""
    kind, colon, name = reference.partition(":")
    if not colon or kind not in ("run", "path", "hub"):
        kind, name = "", reference
    if kind == "run" or (not kind and re.fullmatch(r"[\w.@-]+", name) and _run_folder(name).is_dir()):
        return "run", name
    if kind == "path" or (not kind and Path(name).expanduser().is_dir()):
        return "path", name
    if kind == "hub" or (not kind and re.fullmatch(r"[\w.-]+/[\w.-]+", name)):
        return "hub", name
    raise UserError(f"no model {name!r}: neither a run, nor a folder, nor a hub name (owner/model){_nearest(name)}")


def _run_folder(name: str) -> Path:
    return artifact("runs", name.partition("@")[0])


def _nearest(name: str) -> str:
    runs = workspace() / "runs"
    names = [path.name for path in runs.glob("[!.]*/")]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    others = [f"{kind.folder}/{name}" for kind in KINDS] if re.fullmatch(r"[\w-][\w.-]*", name) else []
    there = next((each for each in others if records.is_complete(workspace() / each)), None)
    return f"; {there} is there, and no model" if there else "; espalier runs lists the runs"


def _resolve_run(name: str, unfinished: bool = False) -> ModelRef:
    run, _, checkpoint = name.partition("@")
    folder = _run_folder(name)
    if not folder.is_dir():
        raise UserError(f"no run is called {run!r}{_nearest(run)}")
    if checkpoint:
        path = folder / "checkpoints" / checkpoint
        if not re.fullmatch(r"step-\d+", checkpoint) or not path.is_dir():
            kept = sorted(entry.name for entry in (folder / "checkpoints").glob("step-*"))
            raise UserError(f"run {run} has no checkpoint {checkpoint!r}; it keeps: {', '.join(kept) or 'none'}")
        return ModelRef(kind="run", name=name, path=path, content_hash=_verified(path, "", "**/*")["content_hash"])
    if not records.is_complete(folder):
        kept = sorted(entry.name for entry in (folder / "checkpoints").glob("step-*"))
        if kept and unfinished:
            return _resolve_run(f"{run}@{kept[-1]}")
        advice = f"; a checkpoint can be named: {run}@{kept[-1]}" if kept else ""
        raise UserError(f"run {run} is not complete: go on with its training command first{advice}")
    manifest = _verified(folder, "final/", "final/**/*")
    # Where it really lies: an adapter on it names that place, and comes out the same behind a link to it.
    path = (folder / "final").resolve()
    return ModelRef(kind="run", name=name, path=path, content_hash=manifest["content_hash"])


def _verified(folder: Path, under: str, content: str) -> dict[str, Any]:
    manifest = records.verify_manifest(folder, under=under, content=(content,), hash_of=hashes.sha256_file)
    for path in sorted((folder / under).iterdir()):
        if (
            path.suffix in _DECIDING
            and path.name != records.MANIFEST
            and f"{under}{path.name}" not in manifest["files"]
        ):
            raise UserError(f"{path}: would decide what the model says, and came after its manifest; move it away")
    return manifest


def _resolve_path(path: Path) -> ModelRef:
    if not (path / "config.json").is_file() and not (path / "adapter_config.json").is_file():
        raise UserError(f"{path}: not a model folder (it has no config.json)")
    digest = folder_hash(path, (*_DECIDING, _CODE))
    return ModelRef(kind="path", name=str(path.resolve()), path=path.resolve(), content_hash=digest)


def folder_hash(path: Path, suffixes: tuple[str, ...] = (".safetensors", ".json", ".jinja")) -> str:
    """SHA-256 over the files of a folder that end so; by default those that earlier versions knew a model by."""
    digest = hashlib.sha256()
    for file in sorted(entry for entry in path.iterdir() if entry.suffix in suffixes):
        digest.update(f"{hashes.sha256_file(file)}  {file.name}\n".encode())
    return digest.hexdigest()


def _resolve_hub(name: str, with_code: bool) -> ModelRef:
    from huggingface_hub import snapshot_download

    wanted = [f"*{suffix}" for suffix in (*_DECIDING, *([_CODE] if with_code else []))]
    try:
        path = Path(snapshot_download(name, allow_patterns=wanted))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"{name}: neither a run nor a folder here, and the hub did not give it ({reason})") from error
    return ModelRef(kind="hub", name=name, path=path, content_hash=path.name)
