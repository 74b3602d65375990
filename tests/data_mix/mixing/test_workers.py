"""Workers leave with their parent, however early it goes."""

import os
from multiprocessing import get_context

from data_mix.mixing import workers


def test_a_worker_whose_parent_is_gone_already_does_not_stay() -> None:
    codes = []
    for parent in (os.getpid(), os.getpid() + 1):
        worker = get_context("fork").Process(target=workers._settle, args=(parent,))
        worker.start()
        worker.join()
        codes.append(worker.exitcode)
    assert codes == [0, 1]
