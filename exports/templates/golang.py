"""A pattern as a template of Go, which Ollama runs.

It has no functions on texts but slicing and comparing: taking white space off is a template that calls itself on what
is left.
"""

from __future__ import annotations

import json

from exports.templates.pattern import ASK, BEGIN, FOLDED, Joint, Pattern, Trim

_ASCII = "\t\n\v\f\r\x1c\x1d\x1e\x1f "
_TWO, _THREE = "\x85\xa0", "\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""What Python and jinja take for white space, by the bytes of a letter."""
_SIDES: dict[Trim, tuple[bool, bool]] = {
    "both": (True, True),
    "newlines": (True, True),
    "left newlines": (True, False),
    "right newlines": (False, True),
}
_UNTAUGHT = '{{ template "this model was not taught this order of roles" . }}'
"""A template that is not there: an error that Ollama answers with, where a prompt would mean something else."""


def to_go(pattern: Pattern, *, begins: str = "") -> str:
    """The template; without what `begins` every text where whoever makes ids of it puts that there himself."""
    cases = [
        f"(and (eq $before {quoted(before)}) (eq .Role {quoted(now)})) }}}}"
        f"{{{{ {quoted(joint.text.removeprefix('' if before else begins))} }}}}"
        + _content(joint, pattern.trims.get(now, ""), folds=pattern.folds and now == "user")
        for (before, now), joint in pattern.joints.items()
        if now != ASK
    ]
    asking = [
        f"(eq $before {quoted(before)}) }}}}{{{{ {quoted(joint.text)} }}}}"
        for (before, now), joint in pattern.joints.items()
        if now == ASK and before != BEGIN
    ]
    first = '{{ if (and (eq .Role "system") (eq $before "")) }}'
    fold = f'{first}{{{{ $system = printf "%s%s" .Content {quoted(FOLDED)} }}}}{{{{ else }}}}'
    used = {(joint.space, pattern.trims.get(now, "")) for (_, now), joint in pattern.joints.items() if now != ASK}
    return "".join(
        [
            *(_define(space, trim) for space, trim in sorted(used)),
            '{{ $before := "" }}{{ $system := "" }}{{ range .Messages }}',
            fold if pattern.folds else "",
            "{{ if ",
            "{{ else if ".join(cases),
            f'{{{{ else }}}}{_UNTAUGHT}{{{{ end }}}}{{{{ $before = .Role }}}}{{{{ $system = "" }}}}',
            "{{ end }}" if pattern.folds else "",
            "{{ end }}{{ if ",
            "{{ else if ".join(asking),
            f"{{{{ else }}}}{_UNTAUGHT}{{{{ end }}}}",
        ]
    )


def quoted(text: str) -> str:
    """A text as Go spells it."""
    return json.dumps(text, ensure_ascii=False)


def _content(joint: Joint, trim: Trim, *, folds: bool) -> str:
    said = '(printf "%s%s" $system .Content)' if folds else ".Content"
    return f"{{{{ template {quoted(_name(joint.space, trim))} {said} }}}}"


def _name(space: str, trim: str) -> str:
    return f"space {space}, off {trim or 'nothing'}"


def _define(space: str, trim: Trim) -> str:
    """The template that prints a text, with what is taken off it and the space that it gets."""
    name = _name(space, trim)
    put = {"always": '{{ " " }}', "unless there": '{{ if ne (slice . 0 1) " " }}{{ " " }}{{ end }}', "never": ""}[space]
    out = f"{{{{ if . }}}}{put}{{{{ . }}}}{{{{ end }}}}"
    if not trim:
        return f"{{{{ define {quoted(name)} }}}}{out}{{{{ end }}}}"
    left, right = _SIDES[trim]
    everything = trim == "both"
    defined = []
    behind = f"{name}, behind"
    if left:
        white = (_ASCII + _TWO + _THREE) if everything else "\n"
        defined.append(
            f'{{{{ define {quoted(name)} }}}}{{{{ if . }}}}{{{{ $first := printf "%.1s" . }}}}'
            f"{{{{ if eq $first {_listed(white)} }}}}"
            f"{{{{ template {quoted(name)} (slice . (len $first)) }}}}{{{{ else }}}}"
            + (f"{{{{ template {quoted(behind)} . }}}}" if right else out)
            + "{{ end }}{{ end }}{{ end }}"
        )
    if right:
        own = behind if left else name
        ends = [(1, _ASCII), (2, _TWO), (3, _THREE)] if everything else [(1, "\n")]
        tests = [
            f"(and (ge (len .) {size}) (eq (slice . (len (slice . {size}))) {_listed(white)})) }}}}"
            f"{{{{ template {quoted(own)} (slice . 0 (len (slice . {size}))) }}}}"
            for size, white in ends
        ]
        defined.append(
            f"{{{{ define {quoted(own)} }}}}{{{{ if . }}}}{{{{ if {'{{ else if '.join(tests)}{{{{ else }}}}{out}"
            "{{ end }}{{ end }}{{ end }}"
        )
    return "".join(defined)


def _listed(letters: str) -> str:
    return " ".join(map(json.dumps, letters))
