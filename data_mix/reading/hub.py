"""Datasets of the Hugging Face hub, streamed: nothing is run of what they hold, and a commit pins what was read."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from data_mix.reading.plain import plain
from data_mix.reading.record import BadRecord, Record
from data_mix.reading.sources import MAX_RECORD_BYTES
from espalier.errors import UserError

_SHA = re.compile(r"[0-9a-f]{40}")
_OR_A_COPY = "or download it and name the folder by `path`"


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSource:
    """A split of a dataset of the hub."""

    name: str
    """OWNER/NAME."""
    config: str | None = None
    """Which of its configurations (subsets); needed where it has several and no default."""
    split: str = "train"
    """Which of its splits."""
    revision: str | None = None
    """A branch, tag or commit; by default what its main branch is now."""
    data_dir: str | None = None
    """Read the files of this folder only, without the configurations that its card tells of."""

    def __str__(self) -> str:
        commit = f"@{self.revision[:12]}" if self.revision else ""
        return f"hub dataset {self.name}{commit}"

    def resolve(self) -> HubSource:
        """The same with its full name and the commit that `revision` stands for, which says what is read for good.

        Raises UserError when there is no such dataset or revision, or you may not read it, or the hub is not there.
        """
        from huggingface_hub import HfApi

        api = HfApi()
        with _hub_errors(self):
            info = api.dataset_info(self.name, revision=self.revision, timeout=60)
            if info.gated:
                api.auth_check(info.id, repo_type="dataset")
        if not info.sha:
            raise UserError(f"{self}: the hub names no commit for it; name one as `revision`")
        return replace(self, name=info.id, revision=info.sha)

    def num_shards(self) -> int:
        """Into how many parts, its files, it can be read apart. Raises UserError when it cannot be read."""
        return int(_stream(self).num_shards)

    def records(self, shard: int = 0, num_shards: int = 1) -> Iterator[Record]:
        """The records of one of `num_shards` parts (at most as many as there are), numbered from 1 in each part. All
        parts in order are the dataset in order. Raises UserError when it cannot be read (on)."""
        stream = _stream(self)
        sounds = [name for name, kind in (stream.features or {}).items() if type(kind).__name__ == "Audio"]
        rows = iter(stream.shard(num_shards=num_shards, index=shard) if num_shards > 1 else stream)
        number = 0
        while True:
            with _hub_errors(self, f" after record {number:,} of shard {shard}"):
                row = next(rows, None)
            if row is None:
                return
            number += 1
            yield Record(line=number, value=_value(_silent(row, sounds)))


def _silent(row: Any, sounds: list[str]) -> Any:
    """The row with the names of its recordings in place of the recordings, so that what is said in them can be read."""
    names = {name: {"path": (row.get(name) or {}).get("path") or "recording"} for name in sounds}
    return row | names if names else row


@functools.lru_cache(maxsize=4)
def _stream(source: HubSource) -> Any:
    """The split as `datasets` streams it. Pictures and sounds are not decoded."""
    if not source.revision or not _SHA.fullmatch(source.revision):
        raise ValueError("resolve() a source before it is read: its revision must be a commit")
    import datasets

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    # With its scheme, a name is never taken for a folder that happens to be here.
    where = f"hf://datasets/{source.name}"
    options = {"revision": source.revision, "data_dir": source.data_dir}
    with _hub_errors(source):
        try:
            builder = datasets.load_dataset_builder(where, source.config, **options)
        except ValueError as error:
            if "onfig" not in str(error):
                raise
            names = datasets.get_dataset_config_names(where, **options)
            asked = f"it has no configuration {source.config!r}" if source.config else "it has several configurations"
            raise UserError(f"{source}: {asked}; set `hub_config` to one of {', '.join(names)}") from error
        if builder.hash != source.revision:
            raise UserError(f"{source}: only another copy of it was found, in a cache; try again when the hub is there")
        splits = builder.as_streaming_dataset()
        if source.split not in splits:
            raise UserError(
                f"{source}: it has no split {source.split!r}; set `hub_split` to one of {', '.join(splits)}"
            )
        stream = splits[source.split]
        return stream.decode(False) if stream.features else stream


def _value(row: Any) -> Any:
    import orjson

    try:
        value = plain(row)
        try:
            too_long = len(orjson.dumps(value)) > MAX_RECORD_BYTES
        except orjson.JSONEncodeError:  # integers beyond 64 bits, deep nesting
            too_long = len(repr(value)) > MAX_RECORD_BYTES
    except BadRecord as problem:
        return problem
    return BadRecord("too_long", f"longer than {MAX_RECORD_BYTES:,} bytes") if too_long else value


@contextmanager
def _hub_errors(source: HubSource, place: str = "") -> Iterator[None]:
    """Says what the hub's libraries raise, which is of many kinds, in one line."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{source}{place}: {_explain(error, source)}") from error


def _explain(error: Exception, source: HubSource) -> str:
    from huggingface_hub import errors

    chain = list(_chain(error))

    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(found, kinds) for found in chain)

    text = _one_line(error)
    if among(errors.GatedRepoError) or "is a gated dataset" in text:
        return (
            f"it is gated; open https://huggingface.co/datasets/{source.name}, accept its conditions, then "
            "`hf auth login` or set HF_TOKEN, and run the same command again"
        )
    if among(errors.RevisionNotFoundError):
        return "it has no such revision; set `revision` to a branch, a tag or a commit that it has"
    if among(errors.DisabledRepoError):
        return "the hub has disabled it; use another dataset"
    if among(errors.RepositoryNotFoundError, errors.HFValidationError):
        return (
            "there is no such dataset on the hub, or it is private; check OWNER/NAME, and for a private one "
            "`hf auth login` or set HF_TOKEN"
        )
    if "Dataset scripts are no longer supported" in text:
        return (
            "it needs a loading script, which is code and is not run; try its Parquet conversion with `revision: "
            "refs/convert/parquet` and `hub_dir: CONFIG`, " + _OR_A_COPY
        )
    if among(errors.OfflineModeIsEnabled):
        return f"HF_HUB_OFFLINE is set, so the hub is not asked; unset it, {_OR_A_COPY}"
    if any(type(found).__name__ in _NO_NETWORK or isinstance(found, ConnectionError | TimeoutError) for found in chain):
        return f"the hub cannot be reached ({text}); check the network, {_OR_A_COPY}"
    for found in chain:
        if isinstance(found, errors.HfHubHTTPError):
            status = found.response.status_code
            if status == 401:
                return "the hub does not accept your token; `hf auth login` anew, or set or unset HF_TOKEN"
            if status == 429:
                return "the hub is asked too often; wait a few minutes, and log in (`hf auth login`) for higher limits"
            return f"the hub answers {status} ({text}); try again later, {_OR_A_COPY}"
    return f"it cannot be read ({type(error).__name__}: {text}); see its page, {_OR_A_COPY}"


_NO_NETWORK = {"ConnectError", "ConnectTimeout", "ReadTimeout", "ReadError", "ProxyError", "RemoteProtocolError"}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _one_line(error: BaseException) -> str:
    """An error's text without what could be secret: the queries of signed addresses, and tokens."""
    text = re.sub(r"(https?://[^\s?'\"]+)\?[^\s'\"]*", r"\1", " ".join(str(error).split()))
    return re.sub(r"\bhf_\w{8,}", "hf_…", text)[:300]
