"""Examinations: what a pupil can do on tasks that stand in no session, and what else is measured of it each round.

`research/bootstrap/examine.py` makes `corpora/NAME-r03-exam/` of three files.

exam.json

    bands           a list, by band: {"band", "name", "tasks", "turns", "good", "share", "low", "high", "score",
                    "at_least", "sentences": null | {"of", "share", "low", "high", "at_least"}, "english",
                    "task", "mean_score" (means, 0 to 7), "scores" (how many turns have each score, 0 to 7), "by_kind":
                    {session type: share of good turns}, "cut" (turns that did not end), "confirmed": null | the same
                    of the second paper, which is drawn by the round, "failed": [why it is not passed], "passed"}
    manner          {"turns", "repetition", "echo", "distinct"}: shares over all turns, of which a good pupil's model
                    answers are "wanted": {the same keys}
    as_sophie       by band, {"turns", "share", "low", "high"}: good turns where the tasks are put to the same voice
                    under the name of Sophie, whom it has heard do them: what it knows, beside what it says as Basil
    controls        {name: {"bands": [{"share", "low", "passed"} by band], "about"}}: who might pass without being able
    controls_pass   the bands, from 1 on, that a control passes: they are not passed by anybody
    minimal_pairs   {"phenomena": {name: {"pairs", "right", "share", "low", "high", "shorter"}}, "share": their mean};
                    `shorter` is the share that is right for whoever takes the shorter sentence, half of one as long
    floor           {"bits_per_byte", "floor", "excess"} of the trunk on the curriculum's held-out sessions; null where
                    unknown
    identity        what the replies in identities.jsonl say together: see `identity.read`
    watched         six tasks that are the same in every round: [{"band", "kind", "asked", "reply", "model", "score"}]
    milestones      the SHA-256 of their file, by which tasks were drawn and passed; limit: null | the tasks of a band

replies.jsonl       a line for each turn: {"band", "paper" (0 | 1), "place" (of the task), "turn", "kind", "asked",
                    "reply", "finish", "model", "english", "task", "score", "why"}

identities.jsonl    a line for each reply about itself: {"question", "speaker" (Basil | Sophie, who is asked in his
                    place as a control), "sample" (0 is the likeliest), "temperature", "reply", "finish",
                    "first_person", "names", "whose": null | "own" | "Basil's" | "Sophie's" | "the tutor's" |
                    "another's"}
"""
