"""How asks are dealt out to the workers of a cluster; what they do there is told in `tests/test_ray.py`."""

from pathlib import Path

from espalier.models.pool import Placement
from evaluation.backends import fleet as fleet_module
from evaluation.backends.fleet import Fleet
from evaluation.cases.suite import Generation
from tests.evaluation.backends.models import ASKS, base


def test_shares_are_whole_even_and_the_longest_come_first(tmp_path: Path) -> None:
    placement = Placement(device="cpu", batch_size=2)
    crew = Fleet(ref=base(tmp_path / "m"), generation=Generation(), placement=placement, workers=2)
    chunks = crew._chunks(ASKS * 3)
    assert sorted(place for chunk in chunks for place, _ in chunk) == list(range(18))
    lengths = [fleet_module._length(ask) for chunk in chunks for _, ask in chunk]
    assert lengths == sorted(lengths, reverse=True)
    assert {len(chunk) for chunk in chunks} == {2}
