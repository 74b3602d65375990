"""Sessions: the language to be immersed in, spoken by Tutor, Sophie and Basil, and free of mistakes.

A session type is one small class and one template file of the same name; `SESSIONS` lists them with their shares.
"""

from data_mix.curriculum.sessions.base import Session
from data_mix.curriculum.sessions.classroom import Classroom
from data_mix.curriculum.sessions.how_it_works import HowItWorks
from data_mix.curriculum.sessions.retelling import Retelling
from data_mix.curriculum.sessions.storytime import Storytime
from data_mix.curriculum.sessions.why_chain import WhyChain

SESSIONS: dict[type[Session], float] = {
    Classroom: 0.5,
    Retelling: 0.25,
    Storytime: 0.09,
    HowItWorks: 0.08,
    WhyChain: 0.08,
}

__all__ = ["SESSIONS", "Session"]
