#!/bin/sh
# A process that ignores Ctrl-C, as one started with `nohup` or with `&` in a script does, no longer ignores it once
# Brian2 is imported: SIGINT then raises "TypeError: 'Handlers' object is not callable" wherever the program is.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); Linux.
# Expected   A library leaves an ignored signal ignored: Python itself installs its handler of SIGINT only where it is not
#            ignored. So Ctrl-C in the terminal of a script ends what runs in the foreground, not its jobs in the background.
# Behaviour  Between simulations the job ends with a TypeError that names neither the signal nor Brian2's preference
#            core.stop_on_keyboard_interrupt; within one the simulation is stopped, as if Ctrl-C had been meant for it.
# Source     brian2/__init__.py: _int_handler = _InterruptHandler(signal.getsignal(signal.SIGINT)) and
#            signal.signal(signal.SIGINT, _int_handler), whatever there was; __call__ calls previous_handler, which here is
#            the constant signal.SIG_IGN.
# Output     see the end of this file.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check setuptools cython \
    'brian2==2.9.0; python_version < "3.12"' 'numpy<2.4; python_version < "3.12"' \
    'brian2==2.10.1; python_version == "3.12"' 'brian2==2.11.0; python_version >= "3.13"'
cat >"$folder/run.py" <<'PYTHON'
import os
import signal
import sys


def interrupted():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "goes on"


print("ignored at the start:", signal.getsignal(signal.SIGINT) is signal.SIG_IGN)
print("before Brian2:", interrupted())
import brian2

print("with Brian2:", interrupted())
brian2.prefs.logging.delete_log_on_exit = True
PYTHON
cat >"$folder/expected" <<'TEXT'
ignored at the start: True
before Brian2: goes on
with Brian2: TypeError: 'Handlers' object is not callable
TEXT
(
    trap '' INT
    "$folder/venv/bin/python" "$folder/run.py" >"$folder/found" 2>"$folder/told"
)
diff "$folder/expected" "$folder/found"
cat "$folder/found"
