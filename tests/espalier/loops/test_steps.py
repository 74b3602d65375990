"""A step of a loop on a command line."""

from espalier.loops.steps import flags


def test_keys_become_words_as_a_command_line_takes_them() -> None:
    keys = {
        "steps": 9,
        "adapter": {"r": 4, "layers": None, "target_modules": ["q_proj", "v_proj"]},
        "keep": True,
        "e": [],
    }
    words = "--steps 9 --adapter.r 4 --adapter.layers null --adapter.target_modules q_proj v_proj --keep true --e []"
    assert flags(keys) == words.split()
