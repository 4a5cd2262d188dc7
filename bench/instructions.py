#!/usr/bin/env python3
"""What one small call costs the gateway, counted instead of timed: instructions and allocations a
request, under valgrind's callgrind. Usage: instructions.py PROGRAM [--record]

A clock says little on a busy machine; an instruction count is the same to a per cent. Counted are
the program itself and libnghttp2: what libcrypto and libc run depends on the processor.
"""

import collections
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import load  # noqa: E402
from common import IDENTITY, INFER, ROOT, infer_message  # noqa: E402
from service import Gateway, Installation  # noqa: E402

RECORD = ROOT / "bench" / "instructions.json"
CONNECTIONS, STREAMS = 4, 16
WARM, FEW, MANY = 500, 500, 2_500  # requests
ALLOCATORS = {"malloc", "calloc", "realloc", "memalign", "aligned_alloc", "posix_memalign"}


class Profile(collections.Counter):
    """Self cost by object, and calls of allocators by the caller's, of one callgrind file."""

    def __init__(self, path):
        super().__init__()
        self.allocations = collections.Counter()
        current, callee, is_call = "", "", False
        for line in path.read_text().splitlines():
            if line.startswith("ob="):
                current = pathlib.Path(line[3:]).name.split(".so")[0]
            elif line.startswith("cfn="):
                callee = line[4:].split("'")[0]
            elif line.startswith("calls="):
                is_call = True
                if callee in ALLOCATORS:
                    self.allocations[current] += int(line[6:].split()[0])
            elif line and line[0] in "0123456789+-*":
                if not is_call:  # the line after a call has the callee's cost
                    self[current] += int(line.split()[1])
                is_call = False


def control(gateway, *arguments):
    subprocess.run(["callgrind_control", *arguments, str(gateway.pid)], check=True,
                   stdout=subprocess.DEVNULL)


def measure(program):
    """{object: instructions a request} and {object: allocations a request}.

    The same load twice, once short and once long: what the difference costs belongs to requests
    and not to connections.
    """
    program = str(pathlib.Path(program).resolve())
    with Installation(program) as installation:
        key = installation.prepare(IDENTITY, requests_per_second=1_000_000)
        output = installation.directory / "callgrind"
        # valgrind cannot read this compiler's debug information.
        readable = installation.directory / "martlet"
        subprocess.run(["strip", "--strip-debug", "-o", readable, program], check=True)
        gateway = Gateway(
            installation, (installation.data / "run" / "model-0.address").read_text().strip(),
            program=readable, prefix=["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no",
                    "--compress-strings=no", f"--callgrind-out-file={output}"])

        def press(requests):
            load.run(f"https://{gateway.address}{INFER}",
                     infer_message(), requests, gateway.pid, [f"authorization: Bearer {key}"],
                     CONNECTIONS, STREAMS)
        with gateway:
            press(WARM)
            control(gateway, "-i", "on")
            press(FEW)
            control(gateway, "-d")
            press(MANY)
            control(gateway, "-i", "off")
        few, many = Profile(pathlib.Path(f"{output}.1")), Profile(output)
    requests = MANY - FEW
    return ({name: round((many[name] - few[name]) / requests) for name in ("martlet", "libnghttp2")},
            {name: round((count - few.allocations[name]) / requests, 2)
             for name, count in many.allocations.items()})


def main():
    # What is recorded is the program as it is built and installed: with Swift's runtime linked in.
    if "libswiftCore" in subprocess.run(["ldd", sys.argv[1]], capture_output=True, text=True).stdout:
        sys.exit("expected a program built with --static-swift-stdlib, as `make build` does")
    found, allocations = measure(sys.argv[1])
    print(f"a request through the gateway: {found['martlet']:,} instructions of its own,"
          f" {found['libnghttp2']:,} of libnghttp2; allocations: {allocations}")
    if "--record" in sys.argv[2:]:
        RECORD.write_text(json.dumps(found, indent=2) + "\n")
    elif RECORD.exists():
        print(f"recorded: {json.loads(RECORD.read_text())}")


if __name__ == "__main__":
    main()
