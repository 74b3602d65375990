"""Ideas that were had while looking for a way out of these very walls."""

from __future__ import annotations

from espalier.sandbox import Ending
from espalier.sandbox.inside.calls import numbers
from research.hostile.base import HELD, Hostile, attempt

_N = numbers()
_CTYPES = "import os, sys, time, signal, ctypes, mmap\nlibc = ctypes.CDLL(None, use_errno=True)\n"
_RUN: dict[str, tuple[str, tuple[Ending, ...]]] = {
    "shared memory that nobody maps": (
        "import mmap\nfor i in range(100):\n m = mmap.mmap(-1, 1 << 24)\n m.write(bytes(1 << 24))\n"
        " m.madvise(mmap.MADV_DONTNEED)\nprint('ESCAPED')",
        (Ending.FAILED, Ending.MEMORY),
    ),
    "shared memory of a device": (
        attempt("import mmap; mmap.mmap(os.open('/dev/zero', os.O_RDWR), 1 << 30, flags=mmap.MAP_SHARED)"),
        HELD,
    ),
    "the name of the machine": ("import os; print('ESCAPED' if os.uname().nodename != 'sandbox' else 'held')", HELD),
    "calls that ask and begin nothing": (
        f"{_CTYPES}while True: libc.syscall({_N['clone']}, 0x80000000 | 0x10000, 0, 0, 0, 0)",
        (Ending.PROCESSES, Ending.CPU_TIME, Ending.SIGNAL),
    ),
    "a brother of its own": (
        f"{_CTYPES}pid = libc.syscall({_N['clone']}, 0x8000 | 17, 0, 0, 0, 0)\n"
        "if pid == 0:\n while True: time.sleep(1)\nos._exit(0)",
        (Ending.OK,),
    ),
    "a brother that ends otherwise": (
        f"{_CTYPES}pid = libc.syscall({_N['clone']}, 0x8000 | 17, 0, 0, 0, 0)\n"
        "if pid == 0: os._exit(0)\ntime.sleep(0.2); os._exit(9)",
        (Ending.FAILED,),
    ),
    "a child whose end kills": (
        f"{_CTYPES}pid = libc.syscall({_N['clone']}, 9, 0, 0, 0, 0)\nif pid == 0: os._exit(0)\ntime.sleep(60)",
        (Ending.SIGNAL,),
    ),
    "an orphan whose end kills": (
        f"{_CTYPES}if os.fork() == 0:\n libc.syscall({_N['clone']}, 9, 0, 0, 0, 0)\n os._exit(0)\n"
        "time.sleep(0.3); sys.exit(4)",
        (Ending.FAILED,),
    ),
    "a group of another": (attempt("os.setpgid(0, $PID)"), HELD),
    "the group of the first": (attempt("os.setpgid(0, 1)"), HELD),
    "the session of another": (attempt("os.getsid($PID)"), HELD),
    "the terminal's group": (attempt("os.tcsetpgrp(0, os.getpgrp())"), HELD),
    "less for everybody of this user": ("import os; os.setpriority(os.PRIO_USER, os.getuid(), 19)", HELD),
    "more for itself": (attempt("os.setpriority(os.PRIO_PROCESS, 0, -20)"), HELD),
    "signals by a pipe": (
        attempt("import fcntl", "fcntl.fcntl(1, fcntl.F_SETOWN, $PID)", "fcntl.fcntl(1, fcntl.F_SETFL, os.O_ASYNC)"),
        HELD,
    ),
    "a timer for another": (
        f"{_CTYPES}event = (ctypes.c_int * 16)(0, 0, 9, 4, $PID)\ntimer = ctypes.c_int()\n"
        f"print('ESCAPED' if libc.syscall({_N['timer_create']}, 1, event, ctypes.byref(timer)) == 0 else 'held')",
        HELD,
    ),
    "its folder replaced": (
        "import os; os.chdir('/box'); os.rename('work', 'other'); os.symlink('$FOLDER', 'work')\n"
        "open('work/escaped', 'w')",
        HELD,
    ),
    "a way back up": (
        attempt("fd = os.open('/', 0)", "os.chdir('..'); os.fchdir(fd)", "print(open('../../..' + '$SECRET').read())"),
        HELD,
    ),
    "an output that does not wait": (
        "import os\nos.set_blocking(1, False)\ntry:\n while True: os.write(1, b'x' * 65536)\nexcept OSError: pass",
        (*HELD, Ending.OUTPUT),
    ),
    "an output that is closed first": ("import os\nos.close(1); os.close(2); os.write(0, b'x')", HELD),
    "an output of another": ("import os\nfor n in range(3, 64):\n try: os.dup2(n, 1)\n except OSError: pass", HELD),
    "zombies": (
        "import os, signal, time\nfor i in range(20):\n if os.fork() == 0: os._exit(0)\nprint('alive')",
        (Ending.OK,),
    ),
    "where the first runs": ("import os; os.sched_setaffinity(1, {0}); print('no matter')", HELD),
    "locks without number": (
        "import fcntl\nf = open('x', 'w')\nn = 0\nwhile True:\n n += 2\n fcntl.lockf(f, fcntl.LOCK_EX, 1, n)",
        (Ending.CPU_TIME, Ending.WALL_TIME, Ending.FAILED),
    ),
    "descriptors in flight": (
        "import socket, array\na, b = socket.socketpair()\nk = []\nwhile True:\n c, d = socket.socketpair()\n"
        " socket.send_fds(a, [b'x'], [c.fileno(), d.fileno()])\n c.close(); d.close()",
        (*HELD, Ending.WALL_TIME),
    ),
    "full sockets": (
        "import socket\nk = []\nwhile True:\n a, b = socket.socketpair(); a.setblocking(False); k.append((a, b))\n"
        " try:\n  while True: a.send(bytes(1 << 16))\n except BlockingIOError: pass",
        HELD,
    ),
    "tables for memory that is empty": (
        "import mmap\nk = []\nwhile True:\n m = mmap.mmap(-1, 1 << 26, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,"
        " prot=mmap.PROT_READ)\n k.append(m); [m[i] for i in range(0, 1 << 26, 4096)]",
        (Ending.FAILED, Ending.MEMORY, Ending.CPU_TIME),
    ),
    "programs that become root": (
        "import os, subprocess\nfor name in ('su', 'passwd', 'mount', 'newgrp', 'sudo'):\n"
        " try: print(subprocess.run([name], stdin=subprocess.DEVNULL, capture_output=True).returncode)\n"
        " except OSError: pass\nprint('ESCAPED' if os.getuid() == 0 or os.geteuid() == 0 else 'held')",
        (*HELD, Ending.FORBIDDEN, Ending.NETWORK),
    ),
    "capabilities after an exec": (
        "import subprocess, sys\ncode = 'import ctypes; h = (ctypes.c_uint * 2)(0x20080522, 0);"
        " d = (ctypes.c_uint * 6)();"
        ' ctypes.CDLL(None).capget(h, d); print("ESCAPED" if any(d) else "held")\'\n'
        "print(subprocess.run([sys.executable, '-S', '-c', code], capture_output=True, text=True).stdout)",
        HELD,
    ),
    "a filter that an exec forgets": (
        "import os, sys; os.execv(sys.executable, ['python', '-S', '-c', 'import socket; socket.socket()'])",
        (Ending.NETWORK,),
    ),
    "capabilities of its own": (
        f"{_CTYPES}h = (ctypes.c_uint * 2)(0x20080522, 0); d = (ctypes.c_uint * 6)(); libc.capget(h, d)\n"
        "print('ESCAPED' if any(d) else 'held')",
        HELD,
    ),
    "calls by another gate": (
        f"{_CTYPES}m = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)\n"
        "m.write(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3')  # mov eax, 20; int 0x80; ret\n"
        "f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))\n"
        "print('ESCAPED' if f() > 0 else 'held')",
        (Ending.FORBIDDEN, Ending.SIGNAL),
    ),
    "numbers of another table": (
        f"{_CTYPES}print('ESCAPED' if libc.syscall(0x40000000 | 39) > 0 else 'held')",
        (Ending.FORBIDDEN, *HELD),
    ),
    "the secret in all of its memory": (
        f"{_CTYPES}import gc\nfound = 0\nfor o in gc.get_objects():\n a = id(o) & ~4095\n"
        " found += b'secret' + b'-' in ctypes.string_at(a, 4096)\nprint(found)",
        (*HELD, Ending.SIGNAL),
    ),
    "a shell within": ("import os; os.system('cat /etc/passwd; ls /home; cat $SECRET')", HELD),
    "libraries of its own": (
        "import os, subprocess\nprint(subprocess.run(['/usr/bin/env'], env={'LD_PRELOAD': '/box/work/x.so'},"
        " capture_output=True).returncode)",
        HELD,
    ),
    "a million attributes": ("import os\nwhile True: os.listxattr('.')", (Ending.FAILED, Ending.CPU_TIME)),
    "names that are not there": (
        "import os\nn = 0\nwhile True:\n n += 1\n os.path.exists(f'/box/work/{n}')",
        (Ending.CPU_TIME, Ending.WALL_TIME),
    ),
    "waiting for the first": (attempt("os.waitpid(1, 0)"), HELD),
    "a reaper of its own": (attempt("assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0"), HELD),
    "being looked at": (attempt("assert ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0"), HELD),
}


def breaking() -> list[Hostile]:
    """All of them."""
    return [
        Hostile(family="breaking out", name=name, source=source, ends=ends) for name, (source, ends) in _RUN.items()
    ]
