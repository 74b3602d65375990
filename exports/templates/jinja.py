"""A pattern in jinja, in the few words of it that every engine's own reader of templates knows."""

from __future__ import annotations

from exports.templates.pattern import ASK, BEGIN, FOLDED, Joint, Pattern, Trim

_TRIMS: dict[Trim, str] = {
    "": "content",
    "both": "content.strip()",
    "newlines": "content.strip('\\n')",
    "left newlines": "content.lstrip('\\n')",
    "right newlines": "content.rstrip('\\n')",
}


def to_jinja(pattern: Pattern) -> str:
    """The template."""
    cases = [
        f"{_test(before, now)} -%}}{{%- set joint = {quoted(joint.text)} -%}}{{%- set space = {_space(joint)} -%}}"
        for (before, now), joint in pattern.joints.items()
        if now != ASK
    ]
    asking = [
        f"ns.before == {quoted(before)} -%}}{{{{ {quoted(joint.text)} }}}}"
        for (before, now), joint in pattern.joints.items()
        if now == ASK and before != BEGIN
    ]
    trims = [
        f"{{%- if m.role == {quoted(role)} -%}}{{%- set content = {_TRIMS[trim]} -%}}{{%- endif -%}}"
        for role, trim in pattern.trims.items()
        if trim
    ]
    fold = (
        "{%- if loop.first and m.role == 'system' -%}{%- set ns.system = m.content + "
        f"{quoted(FOLDED)} -%}}{{%- else -%}}"
    )
    return "".join(
        [
            "{%- set ns = namespace(before='', system='') -%}{%- for m in messages -%}",
            fold if pattern.folds else "",
            "{%- set content = ns.system + m.content -%}",
            *trims,
            "{%- set starts = content[:1] -%}",
            "{%- if ",
            "{%- elif ".join(cases),
            "{%- else -%}{{ raise_exception('this model was not taught this order of roles') }}{%- endif -%}",
            "{{ joint }}{%- if space == 'always' or (space == 'unless there' and starts != ' ') -%}",
            "{%- if content -%}{{ ' ' }}{%- endif -%}{%- endif -%}{{ content }}",
            "{%- set ns.before = m.role -%}{%- set ns.system = '' -%}",
            "{%- endif -%}" if pattern.folds else "",
            "{%- endfor -%}",
            "{%- if add_generation_prompt -%}{%- if ",
            "{%- elif ".join(asking),
            "{%- else -%}{{ raise_exception('nobody spoke who could be answered') }}{%- endif -%}",
            f"{{%- elif ns.before == 'assistant' -%}}{{{{ {quoted(pattern.end)} }}}}{{%- endif -%}}",
        ]
    )


def quoted(text: str) -> str:
    """A text as jinja spells it."""
    for plain, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f"'{text}'"


def _test(before: str, now: str) -> str:
    return f"ns.before == {quoted(before)} and m.role == {quoted(now)}"


def _space(joint: Joint) -> str:
    return quoted(joint.space)
