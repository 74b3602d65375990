"""Calls that no program needs: by Python's words for them where there are some, by number where there are none."""

from __future__ import annotations

from espalier.sandbox import Ending
from espalier.sandbox.inside.calls import NAMED, numbers
from research.hostile.base import HELD, Hostile, attempt

_FORBIDDEN = (Ending.FORBIDDEN,)
_FAMILIES = {
    "inet stream": "socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(('127.0.0.1', $PORT))",
    "inet datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', $PORT))",
    "inet6": "socket.socket(socket.AF_INET6, socket.SOCK_STREAM).connect(('::1', $PORT))",
    "raw": "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
    "packet": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "vsock": "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((2, 1))",
    "alg": "socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)",
    "bluetooth": "socket.socket(31, socket.SOCK_RAW, 1)",
    "listening": "socket.socket().bind(('0.0.0.0', 0))",
    "datagrams from a pair": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', '$ABSTRACT')",
    "connecting a pair": "socket.socketpair()[0].connect('$UNIX')",
    "binding a pair": "socket.socketpair()[0].bind('\\0mine')",
    "a name": "socket.create_connection(('example.com', 80), 2)",
    "urllib": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$PORT', timeout=2)",
    "in a child": "(os.fork() == 0 and socket.socket()); os.wait(); import time; time.sleep(5)",
    "in a thread": "import threading, time; threading.Thread(target=socket.socket).start(); time.sleep(5)",
}


def network() -> list[Hostile]:
    """Every family of sockets that could reach anything."""
    return [
        Hostile(family="network", name=name, source=attempt(line), ends=(Ending.NETWORK,))
        for name, line in _FAMILIES.items()
    ]


def by_number() -> list[Hostile]:
    """Each call that ends a program, made as itself, with no arguments that make sense."""
    known = numbers()
    return [
        Hostile(
            family=kind,
            name=call,
            source=attempt(f"assert ctypes.CDLL(None).syscall({known[call]}, 2, 0, 0, 0, 0, 0) >= 0"),
            ends=(Ending.NETWORK,) if kind == "network" else _FORBIDDEN,
            tried=None if kind == "network" else kind,
        )
        for kind, calls in NAMED.items()
        for call in calls
        if call in known
    ]


def with_arguments() -> list[Hostile]:
    """Calls whose arguments matter."""
    known = numbers()
    syscall = "libc = ctypes.CDLL(None, use_errno=True); assert libc.syscall"
    namespaces = {"user": 0x10000000, "mount": 0x20000, "network": 0x40000000, "process": 0x20000000, "time": 0x80}
    found = [
        Hostile(
            family="namespaces",
            name=f"clone into a new {name} namespace",
            source=attempt(f"{syscall}({known['clone']}, {flag | 17}, 0, 0, 0, 0) >= 0"),
            ends=_FORBIDDEN,
            tried="namespaces",
        )
        for name, flag in namespaces.items()
    ]
    devices = {"memory": "0o020666, os.makedev(1, 1)", "disk": "0o060666, os.makedev(8, 0)"}
    found += [
        Hostile(
            family="raw devices",
            name=f"make a node for {name}",
            source=attempt(f"os.mknod('node', {arguments})"),
            ends=_FORBIDDEN,
            tried="raw devices",
        )
        for name, arguments in devices.items()
    ]
    quiet = {
        "a socket that is a file": "socket.socket(socket.AF_UNIX).connect('$UNIX')",
        "a socket that has a name": "socket.socket(socket.AF_UNIX).connect('$ABSTRACT')",
        "become root": "os.setuid(0)",
        "become the group root": "os.setgid(0)",
        "take all groups": "os.setgroups([0])",
        "clone3": f"{syscall}({known['clone3']}, ctypes.create_string_buffer(88), 88) >= 0",
        "a filter of its own": f"{syscall}({known['seccomp']}, 1, 0, 0) >= 0",
        "the old way to a filter": "libc = ctypes.CDLL(None); assert libc.prctl(22, 2, 0, 0, 0) == 0",
        "limits of the first process": f"{syscall}({known['prlimit64']}, 1, 0, (ctypes.c_ulong * 2)(1, 1), 0) >= 0",
        "more memory than it has": "import resource; resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))",
        "more processes than it has": "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (-1, -1))",
        "a file in memory that counts nowhere": "os.memfd_create('x')",
        "memory shared by key": "assert ctypes.CDLL(None).shmget(1, 4096, 0o1666) >= 0",
        "a queue": "assert ctypes.CDLL(None).mq_open(b'/x', 0o102, 0o666, 0) >= 0",
        "a lease on a file of the system": "import fcntl; fcntl.fcntl(open(os.__file__), 1024, 0)",
        "typing at the terminal": "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSTI, b'x')",
        "real time": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))",
        "a name that is remembered": "os.setxattr('.', 'user.x', b'x')",
    }
    found += [Hostile(family="calls", name=name, source=attempt(line), ends=HELD) for name, line in quiet.items()]
    return found
