"""A reply's n-grams with what it is about taken out: how it speaks, and where its words and numbers come from.

"Yes, but Ann bought 12 pencils" becomes "yes , but <name> <said> <given> <said>": what was learnt from one problem can
be used in another, and names and subjects cannot be learnt at all.
"""

from __future__ import annotations

from evaluation.judges.features.reading import FUNCTION_WORDS, Reading, is_number, number, stem

LONGEST = 3
"""Words in the longest n-gram."""
_READ = 400
"""Words of a reply that are read."""
_ENDS = frozenset('.!?:"\n')

# Words of teaching: they tell what a reply does even where the learner used them too.
_LESSON_WORDS = """
    step problem question answer number total mistake error correct incorrect right wrong close almost track try think
    remember recall look check double-check review consider calculate calculation add subtract multiply divide sum
    difference product great good nice excellent job work effort start
"""
_LESSON = frozenset(_LESSON_WORDS.split())


def terms(reading: Reading) -> list[str]:
    """The n-grams, 1 to `LONGEST` words each, repeated as often as they occur."""
    tokens = ["<s>", *delexicalised(reading)[:_READ], "</s>"]
    return [
        " ".join(tokens[start : start + size])
        for size in range(1, LONGEST + 1)
        for start in range(len(tokens) - size + 1)
    ]


def delexicalised(reading: Reading) -> list[str]:
    """The reply's words, marks and numbers in lower case, with classes in place of names and subjects."""
    found, opening = [], True
    sources = _sources(reading)
    learner = reading.learner.stems
    before = reading.problem.stems | reading.tutor_before.stems | reading.learner_before.stems
    for token in reading.reply.tokens:
        word = token.lower()
        if is_number(token):
            found.append(sources.get(number(token), "<new>"))
        elif not word[0].isalpha() or word in FUNCTION_WORDS or word in _LESSON:
            found.append(word)
        elif token[0].isupper() and not opening and len(token) > 1:
            found.append("<name>")
        elif (root := stem(word)) in learner:
            found.append("<said>")
        else:
            found.append("<problem>" if root in before else word)
        opening = token in _ENDS
    return found


def _sources(reading: Reading) -> dict[float, str]:
    """Each number said before the reply, and the class of where it was said last."""
    found = dict.fromkeys((*reading.tutor_before.numbers, *reading.learner_before.numbers), "<before>")
    found.update(dict.fromkeys(reading.problem.numbers, "<given>"))
    found.update(dict.fromkeys(reading.learner.numbers, "<learner's>"))
    return found
