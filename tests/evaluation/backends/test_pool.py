"""Adapters switched on one base, beside the same models loaded alone."""

import gc
import weakref
from pathlib import Path

import pytest

from espalier.artifacts import records
from espalier.errors import UserError
from espalier.models import loading
from espalier.models import pool as pool_of_models
from espalier.models.pool import Placement, Pool, foundation
from espalier.models.references import ModelRef
from tests.evaluation.backends.models import ASKS, adapter, base, local


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The full models that were read from disk."""
    found: list[str] = []
    real = loading._load_full
    monkeypatch.setattr(loading, "_load_full", lambda ref, *how: (found.append(ref.path.name), real(ref, *how))[1])
    return found


def alone(ref: ModelRef) -> dict:
    return dict(local(ref).answer(ASKS))


@pytest.mark.parametrize("train_embeddings", ["none", "tokens", "all"])
def test_a_base_and_its_adapters_answer_as_each_alone(tmp_path: Path, loads: list[str], train_embeddings: str) -> None:
    on = base(tmp_path / "base")
    refs = [on] + [adapter(tmp_path / f"a{seed}", on, seed, train_embeddings=train_embeddings) for seed in (1, 2)]
    expected = [alone(ref) for ref in refs]
    assert len({str(each) for each in expected}) == 3
    pool = Pool()
    backends = [local(ref, pool=pool) for ref in refs]
    loads.clear()
    for order in ((0, 1, 2), (2, 0, 1), (1, 0), (0, 0, 2, 1)):
        for place in order:
            assert dict(backends[place].answer(ASKS)) == expected[place]
    assert loads == ["base"]


@pytest.mark.parametrize("embeddings", [("tokens", "tokens"), ("all", "none"), ("none", "all")])
def test_a_family_shares_one_base_however_it_grew(
    tmp_path: Path, loads: list[str], embeddings: tuple[str, str]
) -> None:
    """The base, a core on it, and branches beside the core's adapter and on top of that: each as it is alone."""
    on = base(tmp_path / "base")
    core = adapter(tmp_path / "core", on, 1, train_embeddings=embeddings[0])
    refs = [on, core]
    for seed in (2, 3):
        refs.append(adapter(tmp_path / f"s{seed}", core, seed, growth="stack", train_embeddings=embeddings[1]))
    refs.append(adapter(tmp_path / "top", refs[-1], 4, growth="stack"))
    refs.append(adapter(tmp_path / "other", on, 5))
    expected = [alone(ref) for ref in refs]
    assert len({str(each) for each in expected}) == 6
    pool = Pool()
    backends = [local(ref, pool=pool) for ref in refs]
    loads.clear()
    for place in (4, 0, 2, 3, 5, 1, 4, 4, 2, 0, 1):
        assert dict(backends[place].answer(ASKS)) == expected[place]
    assert loads == ["base"]
    merged = [adapter(tmp_path / f"m{seed}", core, seed) for seed in (6, 7)]
    assert len({foundation(ref, backends[0].placement) for ref in merged}) == 1, "a core that is merged once for all"
    assert foundation(merged[0], backends[0].placement) != foundation(core, backends[0].placement)


def test_what_a_model_stands_on_is_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hashes, or asks a hub, and a server wants the model for every batch."""
    ref = adapter(tmp_path / "a", base(tmp_path / "base"), 1)
    asked: list[ModelRef] = []
    real = pool_of_models.standing
    monkeypatch.setattr(pool_of_models, "standing", lambda ref, **how: (asked.append(ref), real(ref, **how))[1])
    pool = Pool()
    backend = local(ref, pool=pool)
    for _ in range(3):
        assert dict(backend.answer(ASKS))
    assert asked == [ref]


def test_an_adapter_may_come_before_its_base(tmp_path: Path, loads: list[str]) -> None:
    on = base(tmp_path / "base")
    ref = adapter(tmp_path / "a", on, 1)
    expected = alone(on)
    loads.clear()
    pool = Pool()
    backends = [local(ref, pool=pool), local(on, pool=pool)]
    assert dict(backends[0].answer(ASKS)) != dict(backends[1].answer(ASKS)) == expected
    assert loads == ["base"]


def test_memory_is_freed_when_the_last_has_left(tmp_path: Path) -> None:
    on = base(tmp_path / "base")
    pool = Pool()
    backends = [local(ref, pool=pool) for ref in (on, adapter(tmp_path / "a", on, 1))]
    dict(backends[0].answer(ASKS))
    model = weakref.ref(pool.model(on, backends[0].placement))
    backends[0].close()
    gc.collect()
    assert model() is not None
    dict(backends[1].answer(ASKS))
    backends[1].close()
    assert model() is None and not pool._loaded


def test_only_what_is_the_same_is_shared(tmp_path: Path) -> None:
    one, two = base(tmp_path / "one"), base(tmp_path / "two", seed=1)
    on_one = adapter(tmp_path / "a", one, 1)
    place = Placement(device="cpu")
    assert foundation(one, place) == foundation(on_one, place) != foundation(two, place)
    assert foundation(one, place) == foundation(one, Placement(device="cpu", batch_size=3, chat_template="chatml"))
    assert foundation(one, place) != foundation(one, Placement(device="cpu", dtype="bfloat16"))
    merged = adapter(tmp_path / "b", on_one, 2)
    assert foundation(merged, place) not in (foundation(one, place), foundation(two, place))
    forgotten = adapter(tmp_path / "c", loading.replace(one, random_seed=5), 3)
    assert foundation(forgotten, place) != foundation(on_one, place)


def test_bases_that_are_made_answer_as_alone(tmp_path: Path) -> None:
    on = base(tmp_path / "base")
    middle = adapter(tmp_path / "middle", on, 1)
    refs = [on, middle, adapter(tmp_path / "top", middle, 2)]
    refs.append(adapter(tmp_path / "forgotten", loading.replace(on, random_seed=5), 3))
    expected = [alone(ref) for ref in refs]
    pool = Pool()
    backends = [local(ref, pool=pool) for ref in refs]
    for place in (3, 2, 1, 0, 1, 2, 3):
        assert dict(backends[place].answer(ASKS)) == expected[place]


def test_an_adapter_that_alters_its_base_has_it_alone(tmp_path: Path, loads: list[str]) -> None:
    on = base(tmp_path / "base")
    refs = [on, adapter(tmp_path / "a", on, 1)]
    settings = records.read_json(refs[1].path / "adapter_config.json")
    records.write_json(refs[1].path / "adapter_config.json", settings | {"init_lora_weights": "pissa"})
    assert foundation(refs[0], Placement()) != foundation(refs[1], Placement())


def test_a_base_that_changed_is_refused(tmp_path: Path) -> None:
    on = base(tmp_path / "base")
    ref = adapter(tmp_path / "a", on, 1)
    (on.path / "generation_config.json").write_text("{}")
    with pytest.raises(UserError, match="was trained on another"):
        alone(ref)


def test_pickled_adapters_are_not_put_on(tmp_path: Path) -> None:
    on = base(tmp_path / "base")
    ref = adapter(tmp_path / "a", on, 1)
    (ref.path / "adapter_model.safetensors").rename(ref.path / "adapter_model.bin")
    with pytest.raises(UserError, match="other formats are not loaded"):
        alone(ref)
