"""What comes of findings: alarms are told with their evidence, and the policy says what is done about them.

A finding that was made at the look before is no new one: it is kept, and acts again only where it became graver or had
gone in between. So a run that was resumed after an alarm is not paused for the same again at every look.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from textwrap import indent
from typing import Any

from espalier.artifacts.run import Run
from espalier.command_line.console import printable, say
from espalier.report import escape
from espalier.signals.records import Severity
from training.config import MonitorSettings
from training.observers import CONTINUE, Action, Step, Verdict
from training.watching.history import Past
from training.watching.panel import Found
from training.watching.policy import Policy

_LONGEST = 4000
"""Characters of evidence in the journal; signals.db has all of it."""


class Alarms:
    """Whoever raises them for a run."""

    def __init__(self, policy: Policy, settings: MonitorSettings, run: Run) -> None:
        self._policy, self._settings, self._run = policy, settings, run

    def raised(self, step: Step, found: Sequence[Found], past: Past, span: Callable[[str], int]) -> Verdict:
        """Keep what was found at a step and tell what is new; `span` is steps from a monitor's look to its next."""
        strongest = CONTINUE
        for each in found:
            new = self._is_new(step.number, each, past, span(each.monitor))
            self._run.signals.add_signals(step.number, each.monitor, [each.signal])
            past.add(step.number, each.monitor, each.signal)
            if new:
                strongest = _stronger(strongest, self._tell(step, each))
        return strongest

    def _is_new(self, step: int, found: Found, past: Past, span: int) -> bool:
        severity, before = found.signal.severity, past.raised(found.monitor, found.signal.name)
        if severity is None:
            return False
        return before is None or step - before[0] > span or severity > before[1]

    def _tell(self, step: Step, found: Found) -> Verdict:
        severity = found.signal.severity
        assert severity is not None
        action = self._policy.action(found.monitor, severity)
        if severity is Severity.NOTE and action is Action.CONTINUE:
            return CONTINUE
        name = f"{found.monitor}.{found.signal.name}"
        said = printable(found.signal.said or f"{name} is {found.signal.value}")
        say(f"{severity.word}: {name} at step {step.number}: {said}")
        evidence = found.signal.evidence
        passage = f"{severity.word}: `{name}`: {escape(said)}" + (f"\n\n{_quoted(evidence)}" if evidence else "")
        about = {"monitor": found.monitor, "name": found.signal.name, "severity": severity.word}
        self._run.journal(step.number, passage)
        self._run.signals.add_event(step.number, "run", "alarm", said, about | {"evidence": evidence})
        return self._verdict(step, action, f"{name}: {said}")

    def _verdict(self, step: Step, action: Action, reason: str) -> Verdict:
        if action is Action.CONTINUE or step.last or step.number == 0:
            return CONTINUE  # before the first step there is nothing to keep, and after the last nothing to save
        if action is Action.PAUSE and self._settings.unattended == "stop" and not _attended():
            return Verdict(Action.STOP, f"{reason} (nobody is at a terminal, and monitors.unattended is stop)")
        return Verdict(action, reason)


def _stronger(one: Verdict, other: Verdict) -> Verdict:
    """Of two verdicts; of equal ones both reasons."""
    if one.action is other.action and one.reason:
        return replace(one, reason=f"{one.reason}; {other.reason}")
    return max(one, other, key=lambda verdict: verdict.action)


def _attended() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _quoted(evidence: Mapping[str, Any]) -> str:
    """As an indented block, which no text inside can end."""
    text = json.dumps(evidence, indent=2, ensure_ascii=False)
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…\n(the rest is in signals.db)"
    return indent(shown, "    ")
