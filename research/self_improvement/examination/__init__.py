"""Examinations: what a model wins on challenges that nothing was trained on, beside what wins without deserving it,
and beside what it won in round 0.

corpora/NAME holds

    exam.json           all figures, with 95 % intervals over challenges
    performances.jsonl  its likeliest performance of each challenge, asked behind the prefix
    plain.jsonl         the same without the prefix
    scored.jsonl        what is known of each
    pairs.jsonl         pairs of sampled performances of which truth says that one is better; in round 0 alone
    judged.jsonl        what the model says of those pairs as a judge
    compared.jsonl      what judges say of its performances beside those of round 0
"""
