"""An export on a hub: only for those who typed it, and whole; its manifest tells no place on this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from espalier.artifacts import records
from espalier.errors import UserError

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_ADAPTER = "adapter_config.json"


def check_name(repository: str) -> str:
    """`repository` itself. UserError where it is no OWNER/NAME of a hub."""
    if not _REPOSITORY.fullmatch(repository) or ".." in repository or "--" in repository:
        raise UserError(f"--push {repository}: wants OWNER/NAME, as the hub calls a repository of models")
    return repository


def push(folder: Path, repository: str) -> str:
    """Upload a complete export into a repository of models; if there is none, one is made for its owner alone to see.

    Returns its address. UserError where the hub does not take it, or others could not open what was sent.
    """
    from huggingface_hub import HfApi

    manifest = records.verify_manifest(folder)
    _check_adapter(folder)
    hub: Any = HfApi()
    said = f"{manifest['name']} ({manifest['content_hash'][:12]})"
    try:
        address = hub.create_repo(check_name(repository), private=True, exist_ok=True)
        hub.upload_folder(
            repo_id=repository,
            folder_path=str(folder),
            allow_patterns=sorted(manifest["files"]),
            commit_message=said,
        )
        hub.upload_file(
            repo_id=repository,
            path_or_fileobj=json.dumps(placeless(manifest), indent=2).encode(),
            path_in_repo=records.MANIFEST,
            commit_message=said,
        )
    except Exception as error:
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            f"the hub did not take {repository} ({why}); the export is complete in {folder}, and --push sends it again"
        ) from error
    return str(address)


def placeless(said: Any) -> Any:
    """What a file of ours says, with "a folder" for each place on this machine; hashes tell still which it was."""
    if isinstance(said, dict):
        return {placeless(key): placeless(value) for key, value in said.items()}
    if isinstance(said, list):
        return [placeless(each) for each in said]
    return "a folder" if isinstance(said, str) and said.removeprefix("path:").startswith(("/", "~")) else said


def _check_adapter(folder: Path) -> None:
    if (folder / _ADAPTER).is_file():
        base = records.read_json(folder / _ADAPTER)["base_model_name_or_path"]
        if Path(base).is_absolute():
            raise UserError(
                "an adapter whose base lies on this machine can be opened by nobody else; push it as --to merged"
            )
