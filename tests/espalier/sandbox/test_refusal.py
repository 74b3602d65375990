"""Where there can be no walls, what a model wrote is not run, unless the user typed it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from espalier.errors import UserError
from espalier.sandbox import Ending, Limits, Pool, Program, missing, run_command
from espalier.sandbox import worker as worker_module
from espalier.sandbox.inside import bpf, calls

LIMITS = Limits(wall_seconds=60, cpu_seconds=1)


@pytest.fixture
def no_walls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that gives nobody namespaces: the keeper finds no folder to show."""
    monkeypatch.setattr(worker_module, "_setup", lambda readable: {**_nothing(), "folders": ["/no/such/folder"]})


def _nothing() -> dict[str, object]:
    return {"folders": [], "links": [], "covered": [], "identity": None}


@pytest.mark.usefixtures("no_walls")
def test_without_walls_nothing_runs(tmp_path: Path) -> None:
    assert missing()
    with pytest.raises(UserError, match="no sandbox on this machine .*run_programs_without_walls: true"):
        Pool(LIMITS)
    with pytest.raises(UserError, match="no sandbox on this machine"):
        run_command(["touch", str(tmp_path / "ran")])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [("sys.platform", "darwin", "darwin has no namespaces"), ("platform.machine", "riscv64", "calls of riscv64")],
)
def test_the_reason_is_said(name: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name, value if name == "sys.platform" else lambda: value)
    with pytest.raises(UserError, match=why):
        Pool(LIMITS)


@pytest.mark.usefixtures("no_walls")
def test_unsafe_holds_limits_and_no_more() -> None:
    with Pool(LIMITS, workers=1, unsafe=True) as pool:
        source = "print(input(), open('data').read())"
        assert pool.run(Program(source=source, stdin=b"in", files={"data": b"file"})).text == "in file\n"
        assert pool.run(Program(source="raise SystemExit(3)")).exit_code == 3
        assert pool.run(Program(source="while True: pass")).ended is Ending.CPU_TIME
        assert pool.run(Program(source="x = bytearray(1 << 40)")).ended is Ending.MEMORY
        assert pool.run(Program(source="while True: print('x' * 1000)")).ended is Ending.OUTPUT
        assert not pool.run_twice(Program(source="print({'a', 'b', 'c', 'd', 'e', 'f'})")).same


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_lets_no_call_through_that_is_not_listed(machine: str) -> None:
    numbers = calls.numbers(machine)
    program = bpf.filter_of_calls(machine)
    looked_at = {numbers[name] for name in bpf.looking_closer() if name in numbers}
    allowed, kernel = {numbers[name] for name in calls.ALLOWED if name in numbers}, calls.AUDIT_ARCH[machine]
    for number in range(600):
        if number not in looked_at:
            assert (run(program, kernel, number) == "allow") == (number in allowed)
    assert run(program, kernel, numbers["ptrace"]) == "notify"
    assert run(program, kernel, 599) == run(program, kernel, numbers["clone3"]) == "errno 38"
    assert run(program, 0x40000003, numbers["read"]) == "kill", "another architecture"
    assert run(program, kernel, 0x40000000 + numbers["read"]) == "kill", "the x32 numbers"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_looks_at_arguments(machine: str) -> None:
    numbers = calls.numbers(machine)
    program, kernel = bpf.filter_of_calls(machine), calls.AUDIT_ARCH[machine]

    def tell(name: str, *arguments: int) -> str:
        return run(program, kernel, numbers[name], *arguments)

    assert [tell("socketpair", 1, kind) for kind in (1, 1 | 0o2000000, 2, 5)] == ["allow", "allow", "notify", "notify"]
    assert [tell("socket", family) for family in (1, 2, 10, 16)] == ["errno 97", "notify", "notify", "notify"]
    assert [tell("mmap", 0, 4096, 3, flags) for flags in (0x22, 0x01, 0x21, 0x23)] == [
        "allow",
        "allow",
        "errno 1",
        "errno 1",
    ]
    assert [tell("ioctl", 0, request) for request in (0x5401, 0x5412, 0x5421)] == ["allow", "errno 25", "allow"]
    assert [tell("prctl", option) for option in (15, 22, 4, 38)] == ["allow", "errno 1", "errno 1", "allow"]
    assert [tell("prlimit64", process) for process in (0, 1)] == ["allow", "errno 1"]
    assert [tell("fcntl", 3, command) for command in (1, 1024, 1026)] == ["allow", "errno 1", "errno 1"]
    assert [tell("mknodat", 0, 0, mode) for mode in (0o100644, 0o010644, 0o020644, 0o060644)] == [
        "allow",
        "allow",
        "notify",
        "notify",
    ]


def run(program: bytes, architecture: int, number: int, *arguments: int) -> str:
    """What the program answers, computed as the kernel would."""
    data = struct.pack("iIQ6Q", number, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    steps = list(struct.iter_unpack("HBBI", program))
    assert len(steps) < 4096
    at, held = 0, 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == 0x06:
            known = {0x80000000: "kill", 0x7FC00000: "notify", 0x7FFF0000: "allow"}
            return known.get(value) or f"errno {value & 0xFFFF}"
        if code == 0x20:
            held = struct.unpack_from("I", data, value)[0]
        elif code == 0x54:
            held &= value
        else:
            at += yes if {0x15: held == value, 0x35: held >= value}[code] else no
