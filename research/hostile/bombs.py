"""Programs that want more than there is: of processes, memory, time, output, files, descriptors and stack."""

from __future__ import annotations

from espalier.sandbox import Ending
from research.hostile.base import HELD, Hostile

_PROCESSES, _MEMORY = (Ending.PROCESSES,), (Ending.MEMORY,)
_TIME = (Ending.CPU_TIME, Ending.WALL_TIME)
_SPACE = (Ending.SPACE,)
_SLEEP = "import time; time.sleep(60)"

_SOURCES: dict[str, dict[str, tuple[str, tuple[Ending, ...]]]] = {
    "processes": {
        "a fork bomb": ("import os\nwhile True: os.fork()", _PROCESSES),
        "a fork bomb that catches": ("import os\nwhile True:\n try: os.fork()\n except OSError: pass", _PROCESSES),
        "forks in a new session": ("import os\nwhile True:\n if os.fork() == 0: os.setsid()", _PROCESSES),
        "sleeping children": (
            f"import os\nfor i in range(500):\n if os.fork() == 0:\n  {_SLEEP}\n{_SLEEP}",
            _PROCESSES,
        ),
        "threads": (
            "import threading, time\nthreading.stack_size(65536)\n"
            "for i in range(2000): threading.Thread(target=time.sleep, args=(60,)).start()",
            _PROCESSES,
        ),
        "processes of multiprocessing": (
            "import multiprocessing as m, time\nfor i in range(200): m.Process(target=time.sleep, args=(60,)).start()",
            _PROCESSES,
        ),
        "spawning": ("import os\nwhile True: os.posix_spawn('/bin/sleep', ['sleep', '60'], {})", _PROCESSES),
        "a shell's bomb": ("b(){ b|b& }; b; while :; do :; done", _PROCESSES),
        "forks that end at once": (
            "import os\nwhile True:\n p = os.fork()\n if p == 0: os._exit(0)\n os.waitpid(p, 0)",
            (*_PROCESSES, Ending.CPU_TIME),
        ),
    },
    "memory": {
        "one large list": ("x = [0] * 10**9", _MEMORY),
        "growing": ("x = []\nwhile True: x.append(bytearray(1 << 20))", _MEMORY),
        "a string that doubles": ("x = 'x'\nwhile True: x += x", _MEMORY),
        "a large number": ("x = 1 << (1 << 34)", _MEMORY),
        "nested": ("x = []\nwhile True: x = [x, x.copy(), {}]", _MEMORY),
        "anonymous maps": (
            "import mmap\nk = []\nwhile True:\n"
            " m = mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
            " m.write(b'x' * (1 << 24)); k.append(m)",
            (Ending.MEMORY, Ending.FAILED),
        ),
        "shared maps": (
            "import mmap\nk = []\nwhile True:\n m = mmap.mmap(-1, 1 << 24); m.write(b'x' * (1 << 24)); k.append(m)",
            (Ending.MEMORY, Ending.FAILED),
        ),
        "many processes": (
            "import os, time\nfor i in range(20):\n if os.fork() == 0:\n  x = bytearray(40 << 20); time.sleep(60)\n"
            "time.sleep(60)",
            _MEMORY,
        ),
        "what exhaustion catches": (
            "x = []\nwhile True:\n try: x.append(bytearray(1 << 20))\n except MemoryError: pass",
            (*_MEMORY, *_TIME),
        ),
        "in javascript": ("const x = []; while (true) x.push(new Array(1e6).fill(1.5));", (*_MEMORY, Ending.SIGNAL)),
        "outside javascript's heap": (
            "const x = []; while (true) x.push(Buffer.alloc(1 << 24, 1));",
            (*_MEMORY, Ending.SIGNAL, Ending.FAILED),
        ),
    },
    "time": {
        "a loop": ("while True: pass", _TIME),
        "sleep": (_SLEEP, _TIME),
        "waiting for input": ("import os\nr, w = os.pipe()\nos.read(r, 1)", _TIME),
        "one long step": ("9 ** (9 ** 9)", (*_TIME, *_MEMORY)),
        "a regular expression": ("import re; re.match(r'(a+)+$', 'a' * 40 + 'b')", _TIME),
        "ignoring every signal": (
            "import signal\nfor s in set(signal.Signals) - {9, 19}:\n try: signal.signal(s, signal.SIG_IGN)\n"
            " except OSError: pass\nwhile True: pass",
            _TIME,
        ),
        "a handler of the last signal": (
            "import signal\nsignal.signal(signal.SIGXCPU, lambda *a: print('again'))\nwhile True: pass",
            _TIME,
        ),
        "stopping itself": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", _TIME),
        "children at work": ("import os\nfor i in range(4): os.fork()\nwhile True: pass", _TIME),
        "a lock twice": ("import threading; k = threading.Lock(); k.acquire(); k.acquire()", _TIME),
        "an exit that never ends": ("import atexit, time; atexit.register(time.sleep, 60)", _TIME),
        "a thread that never ends": (
            "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
            _TIME,
        ),
        "a fifo": ("import os; os.mkfifo('f'); open('f')", _TIME),
    },
    "output": {
        "endless": ("while True: print('x' * 1000)", (Ending.OUTPUT,)),
        "endless complaints": ("import sys\nwhile True: sys.stderr.write('x' * 1000)", (Ending.OUTPUT,)),
        "at once": ("print('x' * (1 << 25))", (Ending.OUTPUT,)),
        "multiplied": ("x = 'x' * 10000\nfor i in range(10**6): print(x * 100)", (Ending.OUTPUT,)),
        "unpacked": ("import zlib; print(zlib.decompress(zlib.compress(bytes(1 << 24))).decode())", (Ending.OUTPUT,)),
        "by children": (
            "import os\nfor i in range(3): os.fork()\nwhile True: os.write(1, b'x' * 4096)",
            (Ending.OUTPUT,),
        ),
        "bytes that are no text": ("import os\nwhile True: os.write(1, bytes(range(256)) * 16)", (Ending.OUTPUT,)),
        "echo without end": ("while :; do echo y; done", (Ending.OUTPUT, Ending.CPU_TIME)),
    },
    "files": {
        "a huge file": ("f = open('x', 'wb')\nwhile True: f.write(bytes(1 << 20))", (Ending.FILE_SIZE,)),
        "a huge sparse file": ("open('x', 'wb').truncate(1 << 40)", (Ending.FILE_SIZE,)),
        "filling the folder": (
            "n = 0\nwhile True:\n n += 1\n open(f'x{n}', 'wb').write(bytes(1 << 20))",
            _SPACE,
        ),
        "filling /tmp": ("n = 0\nwhile True:\n n += 1\n open(f'/tmp/escaped{n}', 'wb').write(bytes(1 << 20))", _SPACE),
        "filling /dev/shm": (
            "n = 0\nwhile True:\n n += 1\n open(f'/dev/shm/escaped{n}', 'wb').write(bytes(1 << 20))",
            _SPACE,
        ),
        "files without number": ("n = 0\nwhile True:\n n += 1\n open(f'x{n}', 'w').close()", _SPACE),
        "folders without end": ("import os\nwhile True:\n os.mkdir('x'); os.chdir('x')", _SPACE),
        "links without number": ("import os\nn = 0\nwhile True:\n n += 1\n os.symlink('/', f'x{n}')", _SPACE),
        "descriptors": ("import os\nk = []\nwhile True: k.append(os.open('/dev/null', 0))", HELD),
        "huge descriptors": ("import os; os.dup2(0, 10**6)", HELD),
        "pipes": ("import os\nk = []\nwhile True: k.append(os.pipe())", HELD),
        "every descriptor closed": ("import os; os.closerange(0, 10**6)", (*HELD, Ending.SIGNAL)),
    },
    "stack": {
        "recursion": ("def f(): f()\nf()", (Ending.FAILED,)),
        "recursion without a limit": (
            "import sys; sys.setrecursionlimit(10**9)\nclass A:\n def __repr__(self): return repr(self)\nrepr(A())",
            (Ending.SIGNAL, Ending.FAILED, *_MEMORY),
        ),
        "recursion in C": (
            "x = None\nfor i in range(10**6): x = (x,)\nhash(x)",
            (Ending.SIGNAL, Ending.FAILED, *_MEMORY, Ending.OK),
        ),
        "a source that nests": ("eval('(' * 10**5)", (Ending.FAILED, Ending.MEMORY, Ending.SIGNAL)),
        "an address": ("import ctypes; ctypes.string_at(0)", (Ending.SIGNAL,)),
        "abort": ("import os; os.abort()", (Ending.SIGNAL,)),
        "an illegal call": ("import ctypes; ctypes.CFUNCTYPE(None)(1)()", (Ending.SIGNAL,)),
    },
}
_LANGUAGES = {
    "a shell's bomb": "bash",
    "echo without end": "bash",
    "in javascript": "javascript",
    "outside javascript's heap": "javascript",
}


def bombs() -> list[Hostile]:
    """All of them."""
    return [
        Hostile(family=family, name=name, source=source, ends=ends, language=_LANGUAGES.get(name, "python"))
        for family, sources in _SOURCES.items()
        for name, (source, ends) in sources.items()
    ]
