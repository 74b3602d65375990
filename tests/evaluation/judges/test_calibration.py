"""Reading what calibration wrote."""

import pytest

from espalier.artifacts.records import write_json
from espalier.errors import UserError
from evaluation.judges.calibration import path_of, read, reliable

FACTS = {
    "version": 1,
    "dimensions": {
        "coherence": {"reliable_for_new_models": True, "why": "better than guessing"},
        "humanlikeness": {"reliable_for_new_models": False, "why": "no better than guessing"},
    },
}


def test_a_judge_that_was_never_calibrated():
    assert read("classifier") is None and reliable("classifier") == {}


def test_what_is_reliable_and_why():
    write_json(path_of("classifier"), FACTS)
    assert read("classifier") == FACTS
    assert reliable("classifier") == {
        "coherence": (True, "better than guessing"),
        "humanlikeness": (False, "no better than guessing"),
    }


@pytest.mark.parametrize("content", [{"version": 2}, [], {}])
def test_a_file_of_another_version_is_not_read(content):
    write_json(path_of("classifier"), content)
    with pytest.raises(UserError, match=r"not a calibration of version 1; make it again"):
        read("classifier")
