"""Who sits on a panel."""

import pytest

from espalier.errors import UserError
from research.self_improvement.round.panel import models_of, open_panel
from research.self_improvement.voices import AskSettings, Sampling

ASKED = [[{"role": "user", "content": f"which, {number}?"}] for number in range(30)]


def opened(*references, temperature=0.0):
    return open_panel(references, Sampling(temperature, 4), AskSettings(), seed=0, prefix="")


def test_rules_read_nothing():
    with opened("rule:random", "rule:first") as panel:
        assert set(panel["rule:first"](ASKED)) == {"A"}
        assert set(panel["rule:random"](ASKED)) == {"A", "B", "tie"}
        assert panel["rule:random"](ASKED) == panel["rule:random"](ASKED)


def test_seats_of_one_model_differ_and_say_the_same_again(workspace, make_run):
    make_run("core")
    with opened("core*2", temperature=1.0) as panel:
        assert list(panel) == ["core#0", "core#1"]
        one, other = (judge(ASKED) for judge in panel.values())
        assert one != other and panel["core#0"](ASKED[:3]) == one[:3]
    assert models_of(["core*2", "rule:first", "run:a"]) == ["core", "run:a"]


def test_what_does_not_fit_is_an_abstention(workspace, make_run, capsys):
    make_run("core")
    with opened("core") as panel:
        assert panel["core"]([[{"role": "user", "content": "long " * 5000}]]) == [""]
    assert "core as a judge abstains 1 times, the first because: the prompt has" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("references", "message"),
    [
        (("rule:last",), "there is no rule:last; there are rule:random, rule:first"),
        (("rule:first", "rule:first"), "sits there twice"),
        (("core*2",), "at temperature 0 all seats say the same"),
    ],
)
def test_a_panel_that_cannot_be_is_refused(workspace, make_run, references, message):
    make_run("core")
    with pytest.raises(UserError, match=message), opened(*references):
        pass
