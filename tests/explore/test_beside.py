"""A page that a training starts beside itself changes nothing of it."""

import pytest

from tests import processes
from tests.stage1.commands import TRUNK, fingerprint, make_mix, write_config


@pytest.mark.slow
def test_a_run_with_its_page_beside_it_ends_in_the_same_bytes(workspace):
    make_mix(workspace)
    ends = []
    for name, words in (("alone", []), ("served", ["--serve_while_training"])):
        config = write_config(workspace, TRUNK, name=name)
        done = processes.run("stage1/train.py", config, "--publish", "false", *words)
        assert done.code == 0, done.output
        ends.append(fingerprint(workspace / "runs" / name))
    assert ends[0] == ends[1]
