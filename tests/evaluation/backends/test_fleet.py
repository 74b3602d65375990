"""A local Ray of two workers beside one process."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from espalier.errors import UserError
from espalier.references import ModelRef
from evaluation.backends import fleet as fleet_module
from evaluation.backends.fleet import Fleet
from evaluation.backends.pool import Placement
from evaluation.suite import Generation
from tests.evaluation.backends.models import ASKS, base, local

ray = pytest.importorskip("ray", reason="Ray is an extra: pip install -e .[ray]")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def fleet(ref: ModelRef, workers: int = 2, **generation: Any) -> Fleet:
    return Fleet(
        ref=ref,
        generation=Generation(**{"max_new_tokens": 8} | generation),
        placement=Placement(device="cpu", batch_size=2),
        workers=workers,
    )


@pytest.mark.slow
@pytest.mark.parametrize("generation", [{}, {"temperature": 0.8, "top_p": 0.9}])
def test_two_workers_answer_as_one_process(tmp_path: Path, generation: dict[str, Any]) -> None:
    ref = base(tmp_path / "m")
    here = local(ref, **generation)
    crew = fleet(ref, **generation)
    found, expected = dict(crew.answer(ASKS * 3)), dict(here.answer(ASKS * 3))
    assert found.keys() == expected.keys()
    for place, reply in expected.items():
        assert (found[place].text, found[place].finish) == (reply.text, reply.finish)
        assert found[place].log_likelihoods == pytest.approx(reply.log_likelihoods, rel=1e-5)
    assert [crew.key(ask) for ask in ASKS] == [here.key(ask) for ask in ASKS]
    assert len(crew._crew) == 2 and dict(crew.answer(ASKS[:1])).keys() == {0}
    crew.close()
    assert not crew._crew


@pytest.mark.slow
def test_a_lost_workers_share_goes_to_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ref = base(tmp_path / "m")
    crew = fleet(ref)
    replies = crew.answer(ASKS * 3)
    first = next(replies)
    ray.kill(crew._crew[0])
    found = dict([first, *replies])
    assert sorted(found) == list(range(18))
    assert "a worker of Ray was lost; 1 go on" in capsys.readouterr().out
    ray.kill(crew._crew[0])
    with pytest.raises(UserError, match="all workers were lost"):
        dict(crew.answer(ASKS))


@pytest.mark.slow
def test_what_a_worker_complains_of_is_said_here(tmp_path: Path) -> None:
    ref = base(tmp_path / "m")
    base(tmp_path / "other", seed=1)
    shutil.rmtree(ref.path)
    (tmp_path / "other").rename(ref.path)
    crew = fleet(ref, workers=1)
    with pytest.raises(UserError, match=r"a worker finds another path:.*share one workspace"):
        dict(crew.answer(ASKS))
    crew.close()


def test_shares_are_whole_even_and_the_longest_come_first(tmp_path: Path) -> None:
    chunks = fleet(base(tmp_path / "m"))._chunks(ASKS * 3)
    assert sorted(place for chunk in chunks for place, _ in chunk) == list(range(18))
    lengths = [fleet_module._length(ask) for chunk in chunks for _, ask in chunk]
    assert lengths == sorted(lengths, reverse=True)
    assert {len(chunk) for chunk in chunks} == {2}
