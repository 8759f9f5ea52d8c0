#!/bin/sh
# Brian2's compiled targets give other numbers than NumPy where a group reads its own variable under another name.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); targets numpy and cython (a C++ compiler is needed).
# Expected   The same numbers from both: targets differ in speed. Where the order of synapses matters Brian2 warns, and
#            here it does not: each neuron of a ring is to follow its neighbour's potential of the step before.
# Behaviour  NumPy carries out each statement for all elements, so that all see the old values. Cython and C++ standalone
#            take one element after the other and write at once, so the second neuron follows the new potential of the
#            first, the third that of the second: what should move one place in a step runs round the ring. Of a summed
#            variable that reads its own target they see the zeros that the sum begins with, and of synapses within a
#            group `said = x_pre` sees what `x_post += 1` of earlier synapses has left. Nothing is said of any of them.
# Source     the templates stateupdate.pyx, summed_variable.pyx and synapses.pyx of brian2/codegen/runtime/cython_rt, each
#            a loop over elements around all statements, and their likes in devices/cpp_standalone/templates;
#            codegen/permutation_analysis.py takes two names of one array for two variables.
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
import sys

from brian2 import Network, NeuronGroup, Synapses, defaultclock, linked_var, ms, prefs

target = prefs.codegen.target = sys.argv[1]
prefs.codegen.runtime.cython.cache_dir = sys.argv[2]
defaultclock.dt = 0.1 * ms

ring = NeuronGroup(4, "dv/dt = (left - v)/(1*ms) : 1\nleft : 1 (linked)", method="euler")
ring.left = linked_var(ring, "v", index=[3, 0, 1, 2])
ring.v = [1, 0, 0, 0]
Network(ring).run(0.1 * ms)
print(target, "linked", [round(float(x), 6) for x in ring.v[:]])

cells = NeuronGroup(3, "x : 1")
sums = Synapses(cells, cells, "x_post = x_pre : 1 (summed)")
sums.connect(i=[0, 1, 2], j=[1, 2, 0])
cells.x = [1, 2, 4]
Network(cells, sums).run(0.1 * ms)
print(target, "summed", [float(x) for x in cells.x[:]])

pair = NeuronGroup(2, "x : 1", threshold="t == 0*ms", reset="")
both = Synapses(pair, pair, "said : 1", on_pre="said = x_pre\nx_post += 1")
both.connect(i=[0, 1], j=[1, 0])
Network(pair, both).run(0.1 * ms)
print(target, "synapses", [float(x) for x in both.said[:]])
PYTHON
cat >"$folder/expected" <<'TEXT'
numpy linked [0.9, 0.1, 0.0, 0.0]
numpy summed [4.0, 1.0, 2.0]
numpy synapses [0.0, 0.0]
cython linked [0.9, 0.09, 0.009, 0.0009]
cython summed [0.0, 0.0, 0.0]
cython synapses [0.0, 1.0]
TEXT
for target in numpy cython; do
    "$folder/venv/bin/python" "$folder/run.py" "$target" "$folder/cython"
done >"$folder/found" 2>"$folder/told"
! grep -q WARNING "$folder/told"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
