"""The configuration of a base, found by name without its weights, which need not even be on this machine."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from espalier.artifacts.paths import artifact
from espalier.errors import UserError
from espalier.models import loading
from espalier.models.references import kind_of
from training.config import TrainConfig


def config_of(name: str, *, trust_remote_code: bool = False) -> Any:
    """The transformers configuration of a run, a folder or a hub name; of an adapter, that of the model it stands on.

    Of a model on the hub no more is fetched than its config.json, and that only if it is not in the cache. UserError
    where it is not to be had, or names an architecture that this version of transformers does not know.
    """
    import transformers

    file = _file(name)
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        kind = said["model_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file}: not the configuration of a model (it names no model_type)") from error
    try:
        return transformers.AutoConfig.from_pretrained(file.parent, trust_remote_code=trust_remote_code)
    except (OSError, ValueError, KeyError, TypeError) as error:
        if kind not in transformers.CONFIG_MAPPING and "auto_map" not in said:
            raise UserError(
                f"{name}: its architecture, {kind}, is not known to transformers {transformers.__version__}; choose "
                "another base"
            ) from error
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"{file}: not the configuration of a model ({reason})") from error


def config_of_origin(config: TrainConfig) -> Any | None:
    """The transformers configuration of what a run goes on from; None for a parent that is not there yet."""
    if config.base:
        return config_of(config.base, trust_remote_code=config.trust_remote_code)
    assert config.parent is not None
    if (artifact("runs", config.parent) / "final").is_dir():
        return config_of(f"run:{config.parent}", trust_remote_code=config.trust_remote_code)
    return None


def no_parent(config: TrainConfig) -> UserError:
    """What to tell a user whose parent is neither there nor described."""
    return UserError(
        f"there is no complete run {config.parent!r}, so nothing says how large its model is; train it first, or "
        "name its --parent_config"
    )


def folder_of(name: str) -> Path:
    """The folder with a model's configuration, and its tokenizer where that is here too. UserError as in config_of."""
    return _file(name).parent


def _file(name: str) -> Path:
    kind, rest = kind_of(name)
    if kind == "hub":
        return _on_hub(rest)
    if kind == "path":
        return _in_folder(Path(rest).expanduser(), name)
    run, _, checkpoint = rest.partition("@")
    folder = artifact("runs", run)
    if checkpoint and not re.fullmatch(r"step-\d+", checkpoint):
        raise UserError(f"{name}: {checkpoint!r} is no checkpoint's name, such as step-000100")
    return _in_folder(folder / "checkpoints" / checkpoint if checkpoint else folder / "final", name)


def _in_folder(folder: Path, name: str) -> Path:
    adapter = folder / "adapter_config.json"
    if (folder / "config.json").is_file():
        return folder / "config.json"
    if not adapter.is_file():
        raise UserError(f"{name}: {folder} has no config.json, so nothing says how large the model is")
    said = (loading.info(folder).get("base") or {}).get("spec")
    return _file(said or json.loads(adapter.read_text(encoding="utf-8")).get("base_model_name_or_path") or "")


def _on_hub(name: str) -> Path:
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(name, "config.json")
    if isinstance(cached, str):
        return Path(cached)
    try:
        _reach(constants.ENDPOINT)
        return Path(hf_hub_download(name, "config.json"))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(f"{name}: no config.json in the cache, and the hub did not give it ({reason})") from error


def _reach(endpoint: str) -> None:
    """OSError where nothing answers there; the library itself would try for half a minute."""
    from huggingface_hub import constants

    address = urlsplit(endpoint)
    if constants.HF_HUB_OFFLINE:
        raise OSError("HF_HUB_OFFLINE is set")
    if address.hostname and not getproxies():
        socket.create_connection((address.hostname, address.port or 443), timeout=3).close()
