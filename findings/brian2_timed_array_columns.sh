#!/bin/sh
# In Brian2 the column -1 of a TimedArray is the last one in NumPy code and NaN in Cython and C++ code; one too many is an
# IndexError in NumPy code and NaN in the others.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); a C++ compiler is needed.
# Expected   The same number, or the same error, from every target; or an IndexError, as for an index of a group or a synapse
#            that does not exist.
# Behaviour  A neuron that reads its left neighbour's input, drive(t, i - 1), wraps around with target numpy: neuron 0 gets
#            the input of the last one. With cython (the default where there is a compiler) and C++ the same script gives NaN
#            there, and neuron 0 never spikes. Nothing is said.
# Source     brian2/input/timedarray.py: the NumPy implementation indexes the array; those in Cython and C++ test the column
#            and return NaN. The documentation says neither.
# Beside     group.v[:] of such a subexpression is NumPy code with every target (codegen.string_expression_target), and so shows
#            the wrapped value of a network that had NaN.
# Output     see the end of this file.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check setuptools \
    'brian2==2.9.0; python_version < "3.12"' 'numpy<2.4; python_version < "3.12"' \
    'brian2==2.10.1; python_version == "3.12"' 'brian2==2.11.0; python_version >= "3.13"'
cat >"$folder/run.py" <<'PYTHON'
import os
import sys

from brian2 import BrianLogger, Network, NeuronGroup, SpikeMonitor, StateMonitor, TimedArray, ms, prefs

BrianLogger.log_level_error()
prefs.codegen.runtime.cython.cache_dir = os.path.join(sys.argv[1], "cython")


def run(target, column):
    prefs.codegen.target = target
    drive = TimedArray([[0.0, 0.0, 2.0]] * 3, dt=1 * ms)
    cells = NeuronGroup(
        3, f"v = drive(t, {column}) : 1", threshold="v > 1", reset="", dt=1 * ms, namespace={"drive": drive}
    )
    spikes, seen = SpikeMonitor(cells), StateMonitor(cells, "v", record=True, dt=1 * ms)
    try:
        Network(cells, spikes, seen).run(3 * ms)
    except Exception as error:
        while error.__cause__ is not None:
            error = error.__cause__
        return type(error).__name__
    return f"v = {[float(v) for v in seen.v[:, -1]]}, spikes {[int(n) for n in spikes.count]}"


for column in ("i - 1", "i + 1"):
    for target in ("numpy", "cython"):
        print(f"drive(t, {column}), {target}: {run(target, column)}")
PYTHON
cat >"$folder/expected" <<'TEXT'
drive(t, i - 1), numpy: v = [2.0, 0.0, 0.0], spikes [3, 0, 0]
drive(t, i - 1), cython: v = [nan, 0.0, 0.0], spikes [0, 0, 0]
drive(t, i + 1), numpy: IndexError
drive(t, i + 1), cython: v = [0.0, 2.0, nan], spikes [0, 3, 0]
TEXT
"$folder/venv/bin/python" "$folder/run.py" "$folder" >"$folder/found" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
diff "$folder/expected" "$folder/found"
cat "$folder/found"
