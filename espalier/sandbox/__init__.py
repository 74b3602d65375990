"""The one sandbox, for all that a model wrote and a machine runs.

    with Pool(Limits(cpu_seconds=2)) as pool:
        outcome = pool.run(Program(source="print(input()[::-1])", stdin=b"abc"))
    outcome.ok, outcome.text                                        # True, "cba\\n"

    done = run_command(["python", "score.py"], readable=[clean_checkout, checkpoint], writable=empty_folder)

**What holds.** A program runs in processes of its own, in namespaces of its own: it sees no process, no network and
no file but the system's programs and libraries, this Python's, and what it was given, all read-only, and an empty
folder in memory that vanishes with it. It has none of this process's memory, environment or descriptors, no name, no
rights (no capability, no new privileges), and of the kernel's calls those that programs compute with; the others end
it, and the outcome says what it tried. Processor, clock, memory, processes, output and files are limited. When it
ends, all that it started ends before the outcome is given. Outcomes are decided by the process outside, from what the
kernel says; a program decides its output and its exit code alone. So never let a program print its own verdict: what
checks it has to run apart from it, on what it printed. What a program did, the next one cannot find: its world is
new, and its keeper, which is forked for it, has read nothing that came before.

**What does not.** This stands on the Linux kernel: a fault in one of the calls that are left ends all of it; for what
is meant to do harm, take a virtual machine. Memory is limited for each process by the kernel, for all of them together
by looking 20 times a second, so that a program can hold more for an instant; so it is with processor time. Caches, the
processor's among them, and time can be measured and shared, so two programs that run at once could talk. What the
system's folders and this Python's hold can be read. There is no GPU.

**What it needs.** Linux 5.14 on x86_64 or aarch64, and a user who may make namespaces, or root, who becomes nobody; see
`missing`. Where it cannot be had, it is refused, unless `unsafe=True` is said, which holds limits and nothing else.
"""

from espalier.sandbox.command import Done, run_command
from espalier.sandbox.limits import Limits
from espalier.sandbox.outcome import Ending, Outcome
from espalier.sandbox.place import PROCESSOR
from espalier.sandbox.pool import Pool, Twice
from espalier.sandbox.program import LANGUAGES, Program
from espalier.sandbox.support import missing

__all__ = [
    "LANGUAGES",
    "PROCESSOR",
    "Done",
    "Ending",
    "Limits",
    "Outcome",
    "Pool",
    "Program",
    "Twice",
    "missing",
    "run_command",
]
