"""Dialogues played to their end with the model's own replies in the history."""

from __future__ import annotations

from evaluation.comparison.formats import shown
from evaluation.comparison.tables import first_reply, in_dialogue
from evaluation.report.material import Material
from evaluation.report.sections import full_table, meaning, row


def dialogues(material: Material) -> str:
    """What whole dialogues come to, then every turn of them; empty where none was played."""
    results = material.results
    if not any(
        record.num_turns > 1 for each in results.contestants for m in each.members for record in results.records(m)
    ):
        return ""
    rows = [row(material, column.label, column, first_reply) for column in material.of_dialogues]
    in_role = next((column for column in material.metrics if column.name == "in_role"), None)
    if in_role is not None:
        whole = [results.dialogues(each, "in_role") for each in results.contestants]
        played = max((found.num_cases for found in whole if found), default=0)
        if played:
            label = "whole dialogues answered in role to the end"
            rows.append([label, played, *(shown(in_role, found) for found in whole)])
    for column in material.of_replies:
        if column.better != "neither" and column.name != "parses":
            rows.append(row(material, f"turns: {column.label}", column, in_dialogue))
    notes = "".join(f"- {meaning(column)}\n" for column in material.of_dialogues)
    simulated = any(column.name == "turns_to_self_correction" for column in material.of_dialogues)
    learner = (
        "A learner's turns are fixed beforehand, or made by a simulated learner in answer to the tutor"
        if simulated
        else "The learner's turns are fixed beforehand"
    )
    return (
        f"## Dialogues played to the end\n\n{learner}; the tutor's turns in the history are the model's own. "
        "What is said of whole dialogues counts dialogues, what is said of turns counts replies.\n\n"
        + full_table(material, "measure", rows)
        + (f"\n{notes}" if notes else "")
    )
