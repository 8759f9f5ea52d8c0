#!/bin/sh
# A refractory period of 1e15 s, or an infinite one, makes a Brian2 neuron never refractory, one of 1e10 s for ever.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13); target numpy, on x86-64.
# Expected   A neuron whose refractory period is a variable with the value inf spikes once: that is how one writes "once".
# Behaviour  It spikes as if it had no refractory period, without a warning.
# Source     brian2/groups/neurongroup.py makes the condition `timestep(t - lastspike, dt) >= timestep(refractory, dt)`;
#            timestep is a 64-bit integer, and what does not fit becomes the lowest one there is, which all are above.
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
from brian2 import Network, NeuronGroup, SpikeMonitor, inf, ms, prefs, second

prefs.codegen.target = "numpy"
for period in (0, 1e10, 1e15, inf):
    cell = NeuronGroup(
        1,
        "dv/dt = (2 - v)/(10*ms) : 1\nperiod : second",
        threshold="v > 1",
        reset="v = 0",
        refractory="period",
        method="exact",
    )
    cell.period = period * second
    spikes = SpikeMonitor(cell)
    Network(cell, spikes).run(50 * ms)
    print(f"{period:g} s: {spikes.num_spikes} spikes")
PYTHON
cat >"$folder/expected" <<'TEXT'
0 s: 7 spikes
1e+10 s: 0 spikes
1e+15 s: 7 spikes
inf s: 7 spikes
TEXT
"$folder/venv/bin/python" "$folder/run.py" >"$folder/found" 2>"$folder/told"
diff "$folder/expected" "$folder/found"
! grep -q WARNING "$folder/told"
cat "$folder/found"
