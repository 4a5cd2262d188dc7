"""A command that has done its work ends well, whatever its threads do at that moment.

libcrypto's teardown within exit(3) once met an event loop that was freeing a connection: SIGSEGV,
about once in ten thousand commands. The moment cannot be arranged from outside, so the test looks
at what makes it possible: that the teardown is registered at all.
"""

import os
import shutil
import subprocess

import pytest

REPORTER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
int __cxa_atexit(void (*function)(void *), void *argument, void *library) {
  int (*next)(void (*)(void *), void *, void *) = dlsym(RTLD_NEXT, "__cxa_atexit");
  void *teardown = dlsym(RTLD_DEFAULT, "OPENSSL_cleanup");
  if (teardown && (void *)function == teardown) (void)!write(2, "teardown at exit\n", 17);
  return next(function, argument, library);
}
"""


@pytest.fixture(scope="module")
def reporter(tmp_path_factory):
    """A library that tells, on standard error, when libcrypto's teardown is registered."""
    folder = tmp_path_factory.mktemp("reporter")
    (folder / "reporter.c").write_text(REPORTER)
    compiler = shutil.which("clang") or shutil.which("cc")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", folder / "reporter.so", folder / "reporter.c"],
        check=True)
    return folder / "reporter.so"


def test_the_reporter_sees_a_program_with_the_default(reporter):
    result = subprocess.run(
        ["openssl", "rand", "-hex", "1"], env={**os.environ, "LD_PRELOAD": str(reporter)},
        capture_output=True, text=True, check=True)
    assert "teardown at exit" in result.stderr


def test_a_command_keeps_libcrypto_until_the_process_has_ended(server, keys, reporter, monkeypatch):
    monkeypatch.setenv("LD_PRELOAD", str(reporter))
    result = server.run("key", "list", "--tenant", "north")
    assert result.stdout
    assert "teardown at exit" not in result.stderr
