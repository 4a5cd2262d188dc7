"""Writes suites of cases: generate.py FOLDER SUITE [...], into FOLDER/SUITE, which must not exist.

A suite is a module beside this one. MARTLET_SEED (1) is the seed of everything random.
"""

import importlib
import os
import sys

from cases import Suite

if __name__ == "__main__":
    seed = int(os.environ.get("MARTLET_SEED", "1"))
    for name in sys.argv[2:]:
        suite = Suite(f"{sys.argv[1]}/{name}")
        importlib.import_module(name).write(suite, seed)
        for case, note in suite.notes.items():
            print(f"{name}: {case}: {note}")
        for case, reason in suite.skipped.items():
            print(f"{name}: skipped {case}: {' '.join(reason.split())[:300]}")
        print(f"{name}: {suite.count} cases, {len(suite.skipped)} skipped, seed {seed}")
