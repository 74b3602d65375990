import pytest

from training.schedules import ScheduleSettings, lr_factor


def curve(steps: int = 100, **settings: object) -> list[float]:
    schedule = ScheduleSettings.model_validate({"warmup": 10, **settings})
    return [lr_factor(step, steps, schedule) for step in range(steps)]


@pytest.mark.parametrize("kind", ["wsd", "cosine", "linear"])
def test_up_then_down_to_the_final_share(kind: str) -> None:
    factors = curve(kind=kind, final=0.1)
    assert factors[:10] == sorted(factors[:10]) and factors[0] == pytest.approx(1 / 11)
    assert max(factors) == pytest.approx(1.0)
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert 0.1 < factors[-1] < 0.15


def test_wsd_is_stable_until_its_decay() -> None:
    factors = curve(kind="wsd", decay_fraction=0.4)
    assert set(factors[10:61]) == {1.0}
    assert factors[61] == pytest.approx(39 / 40) and factors[-1] == pytest.approx(1 / 40)


def test_constant_stays() -> None:
    assert set(curve(kind="constant")[10:]) == {1.0}


def test_no_warmup_begins_at_the_peak() -> None:
    assert curve(warmup=0)[0] == 1.0
