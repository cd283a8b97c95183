"""`python denied_calls.py CALL,… PROGRAM …`: runs a program to which Linux denies some system calls.

It gets EPERM, as by SystemCallFilter=~CALL and SystemCallErrorNumber=EPERM of systemd.
"""

import ctypes
import errno
import os
import struct
import sys

#: Of x86-64.
NUMBERS = {"readlink": 89, "readlinkat": 267}
#: linux/prctl.h, linux/seccomp.h, linux/filter.h
NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


class Program(ctypes.Structure):
    """A filter: struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def deny(calls: list[str]) -> None:
    """Deny the calls to this process and what it becomes. Raises `OSError`."""
    steps = [(LOAD, 0, 0, 0)]
    for call in calls:
        steps += [(EQUAL, 0, 1, NUMBERS[call]), (RETURN, 0, 0, ERRNO | errno.EPERM)]
    steps.append((RETURN, 0, 0, ALLOW))
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    libc = ctypes.CDLL(None, use_errno=True)
    program = Program(len(steps), code)
    for words in ((NO_NEW_PRIVS, 1, 0, 0, 0), (SECCOMP, FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    deny(sys.argv[1].split(","))
    os.execv(sys.argv[2], sys.argv[2:])
