"""Teachers' labels by rule: a reply that names the learner's number sees the mistake, one that praises does not."""

import json
import random
from pathlib import Path
from typing import Any

from evaluation.judges.labels import Labelled

QUESTIONS = (
    ("apples", "{name} buys {a} apples at the market and eats {b} on the way home. How many apples are left?"),
    ("pencils", "A box holds {a} pencils; {name} lends {b} to a friend. What number of pencils remains in the box?"),
    ("miles", "After {b} miles of a walk of {a} miles {name} takes a rest. Find the miles that lie ahead."),
    ("pages", "{name} has read {b} pages from a book that is {a} pages long. How much is unread?"),
    ("eggs", "Out of {a} eggs in the kitchen, {name} uses {b} to bake bread. Count those not used."),
    ("dollars", "Having saved {a} dollars, {name} spends {b} on shoes. Which amount can still be spent?"),
    ("seats", "In a bus with {a} seats, {b} are taken when {name} gets on. How many seats does nobody use?"),
    ("plants", "Frost kills {b} plants in the garden where {name} grew {a}. How many plants survive winter?"),
)
NAMES = ("Ann", "Ben", "Eva", "Tom")


def labelled(problems: int = 16, *, tone: bool = False) -> list[Labelled]:
    """For each problem a good, a vague and a bad reply, by two tutors of three in turn."""
    chance = random.Random(0)
    found = []
    for number in range(problems):
        (thing, text), name = QUESTIONS[number % len(QUESTIONS)], NAMES[number % len(NAMES)]
        a, b = chance.randrange(12, 50), chance.randrange(3, 9)
        question = text.format(name=name, a=a, b=b)
        messages = [
            {"role": "assistant", "content": f"The question is: {question}"},
            {"role": "user", "content": f"I added the {thing}, so {name} has {a + b} {thing} left."},
        ]
        replies = {
            "Yes": (
                f"Not quite: {b} of {name}'s {thing} are gone, so can you subtract {b} from {a} and not add?",
                f"You said {a + b}, but {b} of the {thing} do not count. What is {a} - {b}?",
            ),
            "To some extent": (
                "Hmm, maybe check your work once more and see.",
                "Perhaps look at the last step again, please.",
            ),
            "No": (f"Great job, {name} has all the {thing}!", "Exactly right, well done! Let's move on."),
        }
        for verdict, texts in replies.items():
            for place, text in enumerate(texts):
                labels = {"mistake_identification": verdict, "actionability": verdict}
                if tone:
                    labels["tutor_tone"] = "Encouraging" if verdict == "No" else "Neutral"
                found.append(
                    Labelled(
                        dialogue=f"d{number}",
                        problem=f"p{number}",
                        tutor=("A", "B", "C")[(number + place) % 3],
                        messages=messages,
                        reply=text,
                        answer=f"{a} - {b} = {a - b}",
                        labels=labels,
                    )
                )
    return found


def write(path: Path, problems: int = 16) -> Path:
    """The same as a label file; a tutor's second reply to a dialogue goes under another name."""
    rows: dict[str, dict[str, Any]] = {}
    for each in labelled(problems):
        says = {"assistant": "Tutor", "user": "Student"}
        row = rows.setdefault(
            each.dialogue,
            {
                "conversation_id": each.dialogue,
                "conversation_history": " \n ".join(f"{says[m['role']]}: {m['content']}" for m in each.messages),
                "tutor_responses": {},
            },
        )
        tutor = f"{each.tutor}{len(row['tutor_responses'])}"
        row["tutor_responses"][tutor] = {"response": each.reply, "annotation": each.labels}
    path.write_text(json.dumps(list(rows.values())))
    return path
