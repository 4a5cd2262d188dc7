#!/usr/bin/env python3
"""House rules that a machine can see. Each failure says the rule, the file and the line."""

import re
import subprocess
import sys
from pathlib import Path

LINES_MAX = 500
# Which modules may import which of ours; the table of docs/architecture.md.
MAY_IMPORT = {
    "JSON": {"CSimdjson"},
    "Protocols": {"CProtocols", "CProtobufC", "JSON"},
    "Telemetry": set(),
    "Crypto": {"COpenSSL", "COpenSSLLifetime"},
    "RPCWire": {"CNGHTTP2", "COpenSSL", "COpenSSLLifetime", "CZlib", "CHTTPParser"},
    "EventLoop": {"CLinux"},
    "RPC": {"RPCWire", "EventLoop", "Protocols", "Telemetry", "CHTTPParser"},
    "Compute": {"CKernels", "CRE2"},
    "ModelFormats": {"Compute", "Protocols", "CZlib", "JSON"},
    "Tokenizers": {"JSON", "CPCRE2", "CUTF8Proc"},
    "Generation": {"Compute", "ModelFormats", "Tokenizers", "JSON"},
    "Training": {"Compute", "ModelFormats", "Protocols", "JSON", "CMPI"},
    "TrainingCluster": {"Training", "RPC", "Protocols", "Crypto", "JSON", "CLinux"},
    "AuthService": {"RPC", "Protocols", "Crypto", "Telemetry", "GRDB"},
    "ModelService": {
        "RPC", "Protocols", "Compute", "ModelFormats", "Generation", "Training",
        "TrainingCluster", "Tokenizers", "JSON", "Crypto", "Telemetry", "CLinux"},
    "Gateway": {"RPC", "Protocols", "Crypto", "Telemetry"},
    "Interop": {"RPC", "Protocols"},
}
SYSTEM = {"Glibc", "Synchronization", "FoundationEssentials", "Dispatch"}
IMPORT = re.compile(r"^(?:@\w+(?:\([^)]*\))?\s+)*(?:(\w+)\s+)?import\s+(?:struct\s+|func\s+)?(\w+)")
# Spelt in two halves, so that this file does not report itself.
UNFINISHED = re.compile(r"\b(" + "TO" + "DO|FIX" + "ME|XX" + r"X|HA" + r"CK)\b")
NOT_OURS = ("/Generated/", "Sources/CProtocols/")


def files():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], check=True, capture_output=True,
        text=True).stdout
    return [Path(p) for p in listed.splitlines() if Path(p).is_file()]


def problems(path):
    name = str(path)
    if any(part in name for part in NOT_OURS):
        return
    if path.suffix not in {".swift", ".c", ".h", ".py", ".sh", ".proto"}:
        return
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, "unfinished work has its place in docs/plan.md"
    if path.suffix == ".swift":
        if len(lines) > LINES_MAX:
            yield len(lines), f"a file holds one idea: at most {LINES_MAX} lines"
        yield from imports(path, lines)


def imports(path, lines):
    parts = path.parts
    if parts[0] != "Sources":
        return
    for number, line in enumerate(lines, 1):
        found = IMPORT.match(line)
        if not found:
            continue
        access, module = found.groups()
        if access not in {"internal", "public", "private", "fileprivate", "package"}:
            yield number, f"say how far `{module}` is visible: internal import or public import"
        allowed = MAY_IMPORT.get(parts[1])
        if allowed is not None and module not in allowed | SYSTEM:
            yield number, f"{parts[1]} may not import {module} (docs/architecture.md)"


def main():
    count = 0
    for path in files():
        for number, message in problems(path):
            print(f"{path}:{number}: {message}")
            count += 1
    return 1 if count else 0


sys.exit(main())
