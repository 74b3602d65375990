"""Programs that want what is not theirs: files, other processes, and a better outcome."""

from __future__ import annotations

from espalier.sandbox import Ending
from research.hostile.base import HELD, Hostile, attempt

_READS = {
    "passwords": "open('/etc/passwd').read()",
    "shadows": "open('/etc/shadow').read()",
    "the home folder": "assert [n for n in os.listdir(os.path.expanduser('~')) if n != 'program.py']",
    "root's home": "assert [n for n in os.listdir('/root') if not n.startswith('.pyenv')]",
    "homes": "os.listdir('/home')",
    "keys": "import glob; assert glob.glob('/root/.ssh/*') + glob.glob('/home/*/.ssh/*')",
    "the secret": "print(open('$SECRET').read())",
    "the secret by ..": "print(open('../../../../..' + '$SECRET').read())",
    "the secret by a link": "os.symlink('$SECRET', 'link'); print(open('link').read())",
    "the secret by a hard link": "os.link('$SECRET', 'link'); print(open('link').read())",
    "the secret by its name after a move": "os.chdir('/'); print(open('.' + '$SECRET').read())",
    "the folder outside": "os.listdir('$FOLDER')",
    "the parent's environment": "print(os.environ['SECRET_OF_THE_PARENT'])",
    "the parent's environment in /proc": "print(open('/proc/$PID/environ').read())",
    "the environment of the first": "print(open('/proc/1/environ').read())",
    "its own memory as a file": "open('/proc/self/mem', 'r+b').seek(0)",
    "the root of the first": "os.listdir('/proc/1/root/')",
    "the descriptors of the first": "os.listdir('/proc/1/fd')",
    "the kernel's settings": "open('/proc/sys/kernel/hostname', 'w').write('x')",
    "a trigger of the kernel": "open('/proc/sysrq-trigger', 'w').write('b')",
    "the machine's folder": "os.listdir('/sys')",
    "cgroups": "os.listdir('/sys/fs/cgroup')",
    "the disk": "open('/dev/sda', 'rb').read(1)",
    "the disk of a machine in a machine": "open('/dev/vda', 'rb').read(1)",
    "memory as a device": "open('/dev/mem', 'rb').read(1)",
    "the terminal": "open('/dev/tty', 'w').write('x')",
    "the machine's console": "open('/dev/console', 'w').write('x')",
    "a gate to machines": "open('/dev/kvm', 'rb')",
    "a file system of users": "open('/dev/fuse', 'r+b')",
    "the runtime folder": "os.listdir('/run')",
    "the container's socket": "os.stat('/var/run/docker.sock')",
    "logs": "os.listdir('/var/log')",
    "a descriptor that was left open": "assert [os.fstat(n) for n in range(3, 1000) if os.fstat(n)]",
    "the parent's modules": "import espalier",
    "what was in memory": (
        "import gc; assert [o for o in gc.get_objects() if isinstance(o, dict) and 'SECRET_OF_THE_PARENT' in o]"
    ),
}
_WRITES = {
    "outside": "open('$FOLDER/escaped', 'w').write('x')",
    "the system's programs": "open('/usr/bin/escaped', 'w').write('x')",
    "its own library": "open(os.__file__, 'a').write('x')",
    "what it was given": "open('/given/program.py', 'a').write('x')",
    "what it was given, unprotected": "os.chmod('/given/program.py', 0o777); open('/given/program.py', 'a').write('x')",
    "what it was given, replaced": "os.rename('/given/program.py', '/given/other.py')",
    "the root": "os.mkdir('/escaped')",
    "another's device": "os.utime('/dev/null')",
    "the rights of a device": "os.chmod('/dev/null', 0o777)",
    "the owner of the root": "os.chown('/', 0, 0)",
    "a setuid program": "os.chmod('/usr/bin/env', 0o4755)",
}
_KILL_ALL = "\n".join(
    [
        "import os, signal",
        "for pid in [$PID, os.getppid(), 1, 0, -1, *range(3, 400)]:",
        "    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM):",
        "        if pid in (0, -1) and number != signal.SIGTERM: continue",
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "        try: os.kill(pid, number)",
        "        except OSError: pass",
        "print('nobody else is here')",
    ]
)


def files() -> list[Hostile]:
    """Reading and writing what is outside."""
    reads = [Hostile(family="reading", name=name, source=attempt(line), ends=HELD) for name, line in _READS.items()]
    return reads + [
        Hostile(family="writing", name=name, source=attempt(line), ends=HELD) for name, line in _WRITES.items()
    ]


def processes() -> list[Hostile]:
    """Signals, and processes that would stay."""
    everybody = {
        "every process": ("import os; os.kill(-1, 9)", (Ending.SIGNAL, *HELD)),
        "its group": ("import os; os.kill(0, 9)", (Ending.SIGNAL,)),
        "its group, forked": ("import os\nos.fork()\nos.killpg(os.getpgid(0), 9)", (Ending.SIGNAL,)),
        "everybody by number": (_KILL_ALL, HELD),
        "the first": ("import os\nfor n in range(1, 65):\n try: os.kill(1, n)\n except OSError: pass", HELD),
        "the parent": (attempt("os.kill($PID, 9)"), HELD),
        "the parent's group": (attempt("os.killpg($PID, 9)"), HELD),
        "a handle on the parent": (attempt("signal.pidfd_send_signal(os.pidfd_open($PID), 9)"), HELD),
        "itself": ("import os; os.kill(os.getpid(), 9)", (Ending.SIGNAL,)),
    }
    stay = (
        "import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n"
        "  while True:\n   time.sleep(0.01)\n   open('/tmp/escaped', 'a').write('x')\nprint('gone')"
    )
    lasting = {
        "a daemon": (stay, (Ending.OK,)),
        "a daemon that holds the output": (stay.replace("open('/tmp/escaped', 'a').write('x')", "pass"), (Ending.OK,)),
        "a shell's background": ("sleep 1000 & disown; nohup sleep 1000 & echo gone", (Ending.OK,)),
    }
    found = [("signals", name, *pair) for name, pair in everybody.items()]
    found += [("staying", name, *pair) for name, pair in lasting.items()]
    return [
        Hostile(family=family, name=name, source=source, ends=ends, language="bash" if "shell" in name else "python")
        for family, name, source, ends in found
    ]


def results() -> list[Hostile]:
    """Outcomes that a program would rather have."""
    frames = "\n".join(
        [
            "import sys, os, socket",
            "frame = sys._getframe()",
            "while frame:",
            "    for value in list(frame.f_locals.values()):",
            "        try: isinstance(value, socket.socket) and value.send(b'ended 0 0.0 0') and print('ESCAPED')",
            "        except OSError: pass",
            "    frame = frame.f_back",
            "for n in range(3, 64):",
            "    try: os.write(n, b'ended 0 0.0 0'); print('ESCAPED')",
            "    except OSError: pass",
            "sys.exit(7)",
        ]
    )
    faked = {
        "an exit at once": ("import os; print('all tests passed'); os._exit(0)", (Ending.OK,)),
        "another exit code": ("import os; os._exit(3)", (Ending.FAILED,)),
        "every descriptor and frame": (frames, (Ending.FAILED,)),
        "a patched exit": ("import os, sys\nos._exit = lambda code: None\nsys.exit(5)", (*HELD, Ending.SIGNAL)),
        "a patched hook": ("import sys\nsys.excepthook = lambda *a: print('fine')\n1 / 0", (Ending.FAILED,)),
        "a patched thread": ("import threading\nthreading._shutdown = lambda: print('x')\n1 / 0", (Ending.FAILED,)),
        "an exec": ("import os; os.execv('/bin/true', ['true'])", (Ending.OK,)),
        "an exit code that is none": ("import sys; sys.exit('ok')", (Ending.FAILED,)),
        "a source that is none": ("print('", (Ending.FAILED,)),
        "a null byte": ("print(1)\0", (Ending.FAILED,)),
        "a name for the main module": ("import __main__; print(__main__.__dict__.keys())", (Ending.OK,)),
        "a signal that says it was forbidden": (
            "import os, signal; os.kill(os.getpid(), signal.SIGSYS)",
            (Ending.FORBIDDEN,),
        ),
    }
    return [Hostile(family="results", name=name, source=source, ends=ends) for name, (source, ends) in faked.items()]
