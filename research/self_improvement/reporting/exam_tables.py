"""Tables of examinations: what the model wins, beside round 0, controls and what judges say."""

from __future__ import annotations

from espalier.command_line.console import duration
from espalier.pages.shown import Row, Table
from research.self_improvement.reporting.cells import plain_share, points, share
from research.self_improvement.reporting.material import Loop, Told, dig
from research.self_improvement.reporting.verdict import of_exam


def rounds(loop: Loop) -> Table:
    """All rounds, a line each."""
    return Table(
        "Won: the share of held-out challenges, without sampling. Since round 0: the paired difference in points of a "
        "hundred. Preferred: how often the judges prefer it to round 0. As a judge: how often the model is right of "
        "the pairs that round 0 fixed, a half by lot.",
        ["round", "taken", "won", "trained levels", "harder ones", "since round 0", "preferred", "as a judge",
         "conclusion", "trained tokens", "time"],
        [_round(each) for each in loop.rounds],
    )  # fmt: skip


def _round(each: Told) -> Row:
    exam = each.exam
    verdict = of_exam(exam) if exam else None
    return [
        each.number,
        "the start" if not each.number else "yes" if each.taken else "no",
        share(dig(exam, "all", "share")),
        *(share(dig(exam, "all", part)) for part in ("trained", "harder")),
        points(dig(exam, "against", "gain", "all", "difference")),
        share(dig(exam, "against", "judged", "win_rate")),
        share(dig(exam, "judging", "right")),
        verdict and verdict.kind,
        each.found.get("trained_tokens"),
        duration(each.seconds) if each.seconds else None,
    ]


def examination(loop: Loop) -> Table:
    """The present model's examination beside round 0's, by family."""
    first, now = loop.examined[0], loop.present or loop.examined[-1]
    rows = list[Row]()
    for name, each in now.exam["families"].items() if now.exam else ():
        before = dig(first.exam, "families", name)
        for part in ("all", "trained", "harder"):
            gain = dig(now.exam, "against", "families", name, "gain", part, "difference")
            shares = [share(dig(found, "asked", part)) for found in (before, each)]
            plain = share(dig(each, "plain", part))
            if shares[1]:
                rows.append([name, _PARTS[part], *shares, points(gain), plain])
    return Table(
        "Likeliest replies, behind the prefix; the last column is the same without it.",
        ["family", "levels", "round 0", f"round {now.number}", "points gained", "without the prefix"],
        rows,
    )


_PARTS = {"all": "all", "trained": "as trained on", "harder": "harder"}


def levels(loop: Loop) -> Table:
    """Round 0 and the present model by level and by skill."""
    first, now = loop.examined[0], loop.present or loop.examined[-1]
    rows = list[Row]()
    for name, each in now.exam["families"].items() if now.exam else ():
        for place, found in enumerate(each["asked"]["levels"]):
            before = dig(first.exam, "families", name, "asked", "levels", place, "share")
            label = f"level {found['level']}" + ("" if found["trained"] else ", harder than trained")
            rows.append([name, label, share(before), share(found["share"])])
        skills = each["asked"]["skills"]
        for skill in skills if 1 < len(skills) <= _MOST_SKILLS else ():
            before = dig(first.exam, "families", name, "asked", "skills", skill)
            rows.append([name, skill, share(before), share(skills[skill])])
    return Table("", ["family", "", "round 0", f"round {now.number}"], rows)


_MOST_SKILLS = 12


def controls(loop: Loop) -> Table:
    """Who wins without deserving it, and marks, in the present model's examination."""
    now = loop.present or loop.examined[-1]
    rows = list[Row]()
    for name, each in now.exam["families"].items() if now.exam else ():
        held = sorted(each["controls"].items(), key=lambda pair: -pair[1]["share"]["value"])
        rows += [
            [name, f"who {control}" if control.startswith("says") else control, share(found["share"]),
             points(dig(found, "lead", "difference"))]
            for control, found in held
        ]  # fmt: skip
        rows += [[name, f"{mark} (a mark, no control)", share(found), None] for mark, found in each["marks"].items()]
    return Table(
        "A control has worked out nothing. Where the model's lead over the best one is not surely above 0, it is not "
        "called better, whatever it gained.",
        ["family", "control", "wins", "the model's lead, points"],
        rows,
    )


def failures(loop: Loop) -> Table:
    """Why the present model did not win."""
    now = loop.present or loop.examined[-1]
    rows = list[Row]()
    for name, each in now.exam["families"].items() if now.exam else ():
        asked = each["asked"]
        counts = {**asked["reasons"], "nothing said, of these": asked["silent"], "not told by truth": asked["untold"]}
        rows += [[name, why, count, each["challenges"]] for why, count in counts.items() if count]
    return Table("", ["family", "why it did not win all", "challenges", "of"], rows)


def conduct(loop: Loop) -> Table:
    """How the model behaved in games, beside what it won, over rounds."""
    rows = [
        [each.number, name, share(found["asked"]["all"]), ", ".join(f"{kind}: {n}" for kind, n in counts.items())]
        for each in loop.examined
        for name, found in (each.exam or {})["families"].items()
        if (counts := found["asked"].get("conduct"))
    ]
    return Table("By rule, of those whom the model spoke for.", ["round", "family", "won", "conduct"], rows)


def judged(loop: Loop) -> Table:
    """What judges say of each round's model beside round 0's."""
    rows = [
        [each.number, name, share(found["win_rate"]), share(found["where_truth_ties"]), share(found["right"]),
         found["asked"], found["abstained"], plain_share(found["first"]), ", ".join(found["fooled_by"]) or None]
        for each in loop.examined
        for name, found in (dig(each.exam, "against", "judged", "judges") or {}).items()
    ]  # fmt: skip
    return Table(
        "Preferred over all held-out challenges, performances that say the same being ties; then over those of which "
        "truth calls both alike, where nobody should be preferred. Right: of those of which truth calls one better.",
        ["round", "judge", "prefers it", "where truth ties", "right", "asked", "abstained", "says A", "falls for"],
        rows,
    )


def judging(loop: Loop) -> Table:
    """The model as a judge of the pairs that round 0 fixed."""
    rows = [
        [each.number, found["pairs"], share(found["right"]), points(dig(each.exam, "against", "judging_gain")),
         share(found["first"]), share(found["same_both_ways"]), plain_share(found["abstained"]),
         *(share(control) for control in found["controls"].values())]
        for each in loop.examined if (found := dig(each.exam, "judging"))
    ]  # fmt: skip
    return Table(
        "An abstention, a tie and A said twice are worth a half. The last two columns are what who reads nothing gets.",
        ["round", "pairs", "right", "since round 0", "says A", "same both ways", "abstains", "who prefers the longer",
         "the shorter"],
        rows,
    )  # fmt: skip
