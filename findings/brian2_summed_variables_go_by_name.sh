#!/bin/sh
# In Brian2 the names of two Synapses decide whether a chain of summed variables is of this step or of the one before.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); target numpy, no compiler needed.
# Expected   A (summed) variable that sums another (summed) variable is that sum, as it is with subexpressions: z = y = x. Or
#            an error, as for a model that needs its own result.
# Behaviour  Both sums are taken in the slot "groups" with order 0, so by the names of the Synapses. Where the one that reads
#            has the lesser name, it reads the sum of the step before; with the names exchanged, or left to count up
#            (synapses_9 and synapses_10), the same model gives other numbers. Nothing is said.
# Source     brian2/core/network.py, Network.sorted_objects: objects of one slot and order go by name (documented in "Running
#            a simulation"); brian2/synapses/synapses.py, SummedVariableUpdater has no order among its like.
# Output     see the end of this file.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    'brian2==2.9.0; python_version < "3.12"' 'numpy<2.4; python_version < "3.12"' \
    'brian2==2.10.1; python_version == "3.12"' 'brian2==2.11.0; python_version >= "3.13"'
cat >"$folder/run.py" <<'PYTHON'
from brian2 import Network, NeuronGroup, StateMonitor, Synapses, ms, prefs

prefs.codegen.target = "numpy"


def run(x_to_y, y_to_z):
    source = NeuronGroup(1, "x = t/ms : 1", dt=1 * ms)
    middle = NeuronGroup(1, "y : 1", dt=1 * ms)
    end = NeuronGroup(1, "z : 1", dt=1 * ms)
    first = Synapses(source, middle, "y_post = x_pre : 1 (summed)", name=x_to_y, dt=1 * ms)
    second = Synapses(middle, end, "z_post = y_pre : 1 (summed)", name=y_to_z, dt=1 * ms)
    for synapses in (first, second):
        synapses.connect()
    recorded = StateMonitor(end, "z", record=True, when="end", dt=1 * ms)
    Network(source, middle, end, first, second, recorded).run(5 * ms)
    return [int(z) for z in recorded.z[0]]


for names in (("sum_1", "sum_2"), ("sum_2", "sum_1"), ("synapses_9", "synapses_10")):
    print(f"x to y is {names[0]}, y to z is {names[1]}: z = {run(*names)}")
PYTHON
cat >"$folder/expected" <<'TEXT'
x to y is sum_1, y to z is sum_2: z = [0, 1, 2, 3, 4]
x to y is sum_2, y to z is sum_1: z = [0, 0, 1, 2, 3]
x to y is synapses_9, y to z is synapses_10: z = [0, 0, 1, 2, 3]
TEXT
"$folder/venv/bin/python" "$folder/run.py" >"$folder/found"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
