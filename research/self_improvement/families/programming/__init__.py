"""Programming: a statement, and a validator that runs what is handed in, in Python and JavaScript.

**What is run where.** A solution runs in the sandbox, once for each test, and is given that test's input alone. What it
printed is compared out here, or by a checker in a process of its own; no process holds both a solution and a verdict,
or a solution and what is expected.

**What a validator is worth** is measured before it may judge (`validators.py`): its reference solution has to pass,
answers that are no solution must not, and of mutants of the reference as many as possible must fail.

**What wins nothing.** Half of a score is for tests passed above the share that the best answer without work passes;
the other half is for passing all. Shown examples are no tests.
"""
