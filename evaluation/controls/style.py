"""Style: alone, where no teaching is left, and added to a good reply, which then teaches no better."""

from __future__ import annotations

import random
import re

from evaluation.controls.base import Scene, control
from evaluation.controls.frames import draw, pool
from evaluation.controls.material import material
from evaluation.metrics.text import read

_ASKS = ("?", "？", "؟")


@control("question marks and nothing else")
def marks_alone(scene: Scene, chance: random.Random) -> str | None:
    """Question marks behind words that ask nothing."""
    return draw("marks_alone", scene, chance)


@control("hedges and nothing else")
def hedges_alone(scene: Scene, chance: random.Random) -> str | None:
    """The caution of a good tutor, "perhaps it might be", about nothing."""
    return draw("hedges_alone", scene, chance)


@control("emoji and cheer")
def emoji_alone(scene: Scene, chance: random.Random) -> str | None:
    """Emoji around a cheer."""
    emoji = chance.sample(pool("emoji", "en"), 5)
    return f"{''.join(emoji[:2])} {draw('praise', scene, chance)} {''.join(emoji[2:])}"


@control("headings and lists without content")
def markdown_alone(scene: Scene, chance: random.Random) -> str | None:
    """The layout of a worked hint, headings, bold steps, a table, with nothing in it."""
    return draw("shell", scene, chance)


@control("many friendly words")
def length_alone(scene: Scene, chance: random.Random) -> str | None:
    """A long reply of true and friendly sentences that have nothing to do with the matter."""
    padding = pool("padding", material(scene).language)
    sentences = chance.sample(padding, len(padding))
    return " ".join([str(draw("praise", scene, chance)), *sentences, str(draw("question", scene, chance))])


@control("made to end in a question mark", adds=True)
def question_mark(scene: Scene, chance: random.Random) -> str | None:
    """The reply ends in a question mark instead of what ended it."""
    if not (reply := _good(scene)):
        return None
    return reply.rstrip(".!") + ("" if reply.endswith(_ASKS) else "?")


@control("an empty question appended", adds=True)
def question(scene: Scene, chance: random.Random) -> str | None:
    """An empty question after the reply."""
    return f"{reply} {draw('question', scene, chance)}" if (reply := _good(scene)) else None


@control("empty praise prepended", adds=True)
def praise(scene: Scene, chance: random.Random) -> str | None:
    """Empty praise before the reply."""
    return f"{draw('praise', scene, chance)} {reply}" if (reply := _good(scene)) else None


@control("emoji added", adds=True)
def emoji(scene: Scene, chance: random.Random) -> str | None:
    """Emoji before and after the reply."""
    marks = chance.sample(pool("emoji", "en"), 3)
    return f"{marks[0]} {reply} {marks[1]}{marks[2]}" if (reply := _good(scene)) else None


@control("laid out in Markdown", adds=True)
def markdown(scene: Scene, chance: random.Random) -> str | None:
    """A heading, and the sentences of the reply as a list with some words in bold."""
    if not (reply := _good(scene)):
        return None
    lines = [_bold(each.strip(), chance) for each in read(reply).sentences] or [reply]
    return "\n".join([chance.choice(("### 💡", "## →", "### 1.")), "", *(f"- {line}" for line in lines)])


@control("hedged", adds=True)
def hedges(scene: Scene, chance: random.Random) -> str | None:
    """A hedge before the reply."""
    return f"{draw('hedge', scene, chance)} {reply}" if (reply := _good(scene)) else None


@control("made longer with friendly words", adds=True)
def length(scene: Scene, chance: random.Random) -> str | None:
    """Two or three friendly sentences about nothing after the reply."""
    if not (reply := _good(scene)):
        return None
    padding = pool("padding", material(scene).language)
    return " ".join([reply, *chance.sample(padding, min(len(padding), chance.randint(2, 3)))])


def _good(scene: Scene) -> str:
    return scene.references[0].strip() if scene.references else ""


def _bold(line: str, chance: random.Random) -> str:
    words = list(re.finditer(r"[^\W\d_]{4,}", line))
    if not words:
        return line
    word = chance.choice(words)
    return f"{line[: word.start()]}**{word[0]}**{line[word.end() :]}"
