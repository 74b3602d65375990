"""The pupil's lines: ended by their break, drawn by their own seed, and fit to be written down."""

from __future__ import annotations

import torch

from research.bootstrap.pupil import Pupil
from tests import tiny


def test_whatever_bytes_it_says_can_be_written_down_and_come_again() -> None:
    pupil = Pupil(name="tiny", model=tiny.model(init_std=0.6), renderer=tiny.renderer())
    asked = ["Tutor: Say ba.\nBasil:"] * 40
    torch.manual_seed(0)
    replies = pupil.says(asked, seeds=range(40), temperature=3.0, max_new_tokens=16)
    text = "".join(reply.text for reply in replies)
    assert text.isprintable() and "\ufffd" in text
    assert {reply.finish for reply in replies} <= {"stop", "length"}
    assert pupil.says(asked[:3], seeds=range(3), temperature=3.0, max_new_tokens=16, batch_size=1) == replies[:3]
