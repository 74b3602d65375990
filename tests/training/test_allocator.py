import platform
import subprocess
import sys

import pytest

ROUNDS = """
import ctypes, resource
from training.allocator import keep_freed_memory
if {keep}:
    keep_freed_memory()
lib = ctypes.CDLL(None)
lib.malloc.restype, lib.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
for round in range(20):
    if round == 2:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [lib.malloc(16 << 20) for _ in range(4)]
    for block in blocks:
        ctypes.memset(block, 1, 16 << 20)
    for block in blocks:
        lib.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another one than glibc")
def test_memory_that_is_freed_comes_back_without_a_page_fault() -> None:
    faults = {
        keep: int(subprocess.check_output([sys.executable, "-c", ROUNDS.format(keep=keep)], text=True))
        for keep in (True, False)
    }
    assert faults[True] < 1000
    assert faults[False] > 10 * 1000  # or there was nothing to be gained
