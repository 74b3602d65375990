"""Replies of a model: read as exactly one patch of the editable file, or refused with a reason it can act on."""

import difflib
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.autoresearch.proposing.patches import (
    LARGEST_FILE,
    LARGEST_REPLY,
    PatchError,
    apply_edits,
    read_suggestion,
)

PATH = "research/autoresearch/language/train.py"
FILE = "import math\n\n\ndef rate(step):\n    return 1.0\n\n\ndef width():\n    return 64\n"
HUNK = "@@ -1 +1 @@\n-import math\n+import cmath"
WORDS = "description: a longer warmup\nhypothesis: early steps\nare too large\n\n"


def block(before: str, after: str, path: str = PATH) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{before}\n=======\n{after}\n>>>>>>> REPLACE\n"


def diff(lines: str, path: str = PATH) -> str:
    return f"```diff\n--- a/{path}\n+++ b/{path}\n{lines}\n```\n"


def applied(reply: str, text: str = FILE) -> str:
    return apply_edits(text, read_suggestion(reply, PATH).edits, PATH)


def complaint(reply: str, text: str = FILE) -> str:
    with pytest.raises(PatchError) as caught:
        applied(reply, text)
    return str(caught.value)


def test_a_block_takes_the_place_of_its_lines() -> None:
    suggestion = read_suggestion(WORDS + block("    return 64", "    return 128"), PATH)
    assert (suggestion.description, suggestion.hypothesis) == ("a longer warmup", "early steps are too large")
    assert apply_edits(FILE, suggestion.edits, PATH) == FILE.replace("64", "128")


def test_blocks_are_made_at_once_whatever_their_order() -> None:
    first, second = block("    return 1.0", "    return 64"), block("    return 64", "    return 1.0")
    swapped = FILE.replace("1.0", "x").replace("64", "1.0").replace("x", "64")
    assert applied(WORDS + first + second) == applied(WORDS + second + first) == swapped


def test_names_of_the_file_may_be_dressed_and_blocks_fenced() -> None:
    fenced = (
        f"**`{PATH}`**\n```python\n{block('    return 64', '    return 65').partition(chr(10))[2]}```\nThat is all.\n"
    )
    assert applied(WORDS + fenced) == FILE.replace("64", "65")


def test_words_may_be_dressed() -> None:
    suggestion = read_suggestion(
        f"## **Description:** tie `a`\n**Hypothesis**: fewer\n{block('    return 64', '    return 65')}", PATH
    )
    assert (suggestion.description, suggestion.hypothesis) == ("tie `a`", "fewer")


def test_a_hunk_stands_where_its_lines_stand_not_where_its_numbers_say() -> None:
    assert applied(WORDS + diff("@@ -700,2 +1,9 @@ def width\n def width():\n-    return 64\n+    return 65\n")) == (
        FILE.replace("64", "65")
    )


def test_context_whose_space_got_lost_is_context() -> None:
    assert applied(WORDS + diff("@@ @@\n import math\n\n\n-def rate(step):\n+def pace(step):")) == (
        FILE.replace("rate", "pace")
    )


def test_several_hunks_and_what_git_adds() -> None:
    lines = "@@ -1 +1 @@\n-import math\n+import cmath\n@@ -9 +9 @@\n-    return 64\n+    return 65\n\\ No newline"
    reply = WORDS + diff(lines).replace("```diff\n", f"```diff\ndiff --git a/{PATH} b/{PATH}\nindex 123..456 100644\n")
    assert applied(reply) == FILE.replace("math", "cmath").replace("64", "65")


def test_what_stands_in_a_block_is_the_files_whatever_it_looks_like() -> None:
    text = '"""Run:\n```\nhypothesis: none\n```\n"""\n'
    assert applied(WORDS + block("hypothesis: none\n```", "@@ -1 +1 @@\n```"), text) == text.replace(
        "hypothesis: none", "@@ -1 +1 @@"
    )


def test_lines_end_at_line_ends_alone() -> None:
    text = 'a = "\u2028"\n\x0c\nb = 1\n'
    assert applied(WORDS + block("b = 1", "b = 2"), text) == text.replace("1", "2")
    assert applied((WORDS + block("b = 1", "b = 2")).replace("\n", "\r\n"), text) == text.replace("1", "2")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("I would rather not.", "no patch"),
        (WORDS + "```python\nimport os\n```", "no patch"),
        (block("    return 64", "    return 65"), "no hypothesis"),
        ("description: x\n" + block("    return 64", "    return 65"), "no hypothesis"),
        (WORDS + block("    return 64", "    return 65", "research/autoresearch/evaluate.py"), "evaluate.py'; only"),
        (WORDS + block("    return 64", "    return 65", "./" + PATH), "only research"),
        (block("    return 64", "    return 65").partition("\n")[2], "'no file'"),
        (WORDS + diff("@@ -1 +1 @@\n-import math\n+import cmath", "espalier/errors.py"), "espalier/errors.py'; only"),
        (WORDS + diff(HUNK).replace(f"+++ b/{PATH}", "+++ /dev/null"), "dev/null"),
        (WORDS + diff(HUNK).replace("--- a", "rename from a"), "nothing but"),
        (WORDS + diff(HUNK).replace(f"--- a/{PATH}\n", ""), "one `---`"),
        (WORDS + "```diff\n```", "wants the lines"),
        (WORDS + diff(""), "no hunk"),
        (WORDS + diff("@@ -1 +1 @@\n-import math\n*import cmath"), "begins with a space"),
        (WORDS + diff(HUNK).replace("\n```\n", ""), "no ``` at its end"),
        (WORDS + diff("@@ -1 +1 @@\n+import cmath"), "holds no line of the file"),
        (WORDS + diff("@@ -1 +1 @@\n import math"), "changes nothing"),
        (WORDS + block("", "x = 1"), "holds no line of the file"),
        (WORDS + block("    return 64", "    return 64"), "changes nothing"),
        (WORDS + block("    return 64", "    return 65").replace("=======\n", ""), "REPLACE within block 1"),
        (WORDS + block("    return 64", "=======\n    return 65"), "======= within block 1"),
        (WORDS + block("    return 64", "    return 65").replace(">>>>>>> REPLACE\n", ""), "has no >>>>>>> REPLACE"),
        (WORDS + block("    return 64", "    return 65") + ">>>>>>> REPLACE", "without <<<<<<< SEARCH"),
        (WORDS + block("    return 64", "    return 65") + diff("@@ @@\n-import math\n+x = 1"), "one kind alone"),
        (WORDS + block("    return 6", "    return 65"), "the nearest is 'return 64'"),
        (WORDS + block("return 64", "return 65"), "do not stand in"),
        (WORDS + block("    return 64\nimport math", "x = 1"), "not in this order"),
        (WORDS + block("", "x = 1").replace("SEARCH\n", "SEARCH\n\n"), "holds no line of the file"),
        (WORDS + block("    return 64", "    return 65") + block("def width():\n    return 64", "w = 1"), "same lines"),
        (WORDS + block("    return 64", "    return (64"), "no Python any more"),
        (WORDS + block("    return 64", f"    return {'(' * 900}1{')' * 900}"), "no Python any more"),
        (WORDS + block("    return 64", f"    return '{'a' * LARGEST_FILE}'"), "at most 65,536"),
        (WORDS + block("    return 64", f"    return '{'a' * LARGEST_REPLY}'"), "the reply has"),
        (WORDS + block("    return 64", "    return '\ud800'"), "half a character"),
        (WORDS + block("    return 64", "    return '\x00'"), "U+0000"),
        (WORDS + block("    return 64", "    return '\rx'"), "U+000D"),
        (WORDS + "".join(block(f"{n}", "x") for n in range(65)), "65 edits"),
    ],
)  # fmt: skip
def test_what_is_no_patch_is_told_why(reply: str, said: str) -> None:
    assert said in complaint(reply)


def test_a_place_has_to_be_one_alone() -> None:
    assert "stand 2 times in" in complaint(WORDS + block("x = 1", "x = 2"), "x = 1\ny = 1\nx = 1\n")
    assert applied(WORDS + block("y = 1\nx = 1", "x = 2"), "x = 1\ny = 1\nx = 1\n") == "x = 1\nx = 2\n"


names = st.from_regex(r"[a-z]{1,4}", fullmatch=True).filter(lambda name: not keyword.iskeyword(name))
lines = st.lists(
    st.one_of(st.just(""), st.builds("{} = {}".format, names, st.integers(0, 99))), min_size=1, max_size=30
)


@given(before=lines, after=lines)
def test_a_diff_that_a_tool_makes_gives_the_file_it_was_made_for(before: list[str], after: list[str]) -> None:
    old, new = "\n".join([*before, ""]), "\n".join([*after, ""])
    made = list(difflib.unified_diff(before, after, f"a/{PATH}", f"b/{PATH}", lineterm=""))
    try:
        assert applied("\n".join([WORDS, "```diff", *made, "```"]), old) == new
    except PatchError as error:  # never another file: where the place is not plain, nothing is made
        assert any(why in str(error) for why in ("times in", "no line of the file", "no hunk", "wants the lines"))


@given(before=lines, after=lines, data=st.data())
def test_a_block_changes_its_lines_and_no_others(before: list[str], after: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(before) - 1))
    end = data.draw(st.integers(start + 1, len(before)))
    new = "\n".join([*before[:start], *after, *before[end:], ""])
    try:
        found = applied(WORDS + block("\n".join(before[start:end]), "\n".join(after)), "\n".join([*before, ""]))
        assert found == new
    except PatchError as error:
        assert any(why in str(error) for why in ("times in", "no line of the file", "changes nothing"))


pieces = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            f"<<<<<<< SEARCH|=======|>>>>>>> REPLACE|```diff|```|--- a/{PATH}|+++ b/{PATH}|{PATH}|@@ -1 +1 @@"
            "|-import math|+import cmath| ||hypothesis: x|import math|\\ No".split("|")
        ),
    ),
    max_size=25,
)


@given(parts=pieces)
def test_any_reply_is_a_patch_or_told_why_it_is_none(parts: list[str]) -> None:
    try:
        found = applied("\n".join(parts))
    except PatchError as error:
        assert str(error)
    else:
        compile(found, PATH, "exec")
        assert found != FILE
