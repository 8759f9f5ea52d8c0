#!/bin/sh
# In PyLEMS the refractory period of one iafRefCell with constant input is of two lengths in one run, one and two steps
# longer than its refract.
#
# Versions   PyLEMS 0.6.9 with the core types of NeuroML 2.3 from pyNeuroML 1.3.22; Python 3.11, 3.12, 3.13.
# Expected   A cell whose refract is m whole steps is at its reset potential in m recorded steps after a spike, in Brian2 for
#            example, or in m + 1, always; a cell with constant input spikes at equal intervals.
# Behaviour  It is there in m + 1 steps after some spikes and in m + 2 after others. With refract = 1 ms and a step of 0.5 ms
#            that is 1.5 or 2 ms, so that intervals, and a coefficient of variation, are an artefact.
# Source     NeuroML2CoreTypes/Cells.xml, iafRefCell: the refractory regime is left where "t .gt. lastSpikeTime + refract",
#            and what leaves it is integrated from the step after. lems/sim/sim.py adds up t step by step, so that the
#            rounding of both sides decides whether t is above the sum after m steps or after m + 1.
# Output     see the end of this file: in how many recorded steps in a row the potential is that of the reset.
set -eu
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check 'PyLEMS==0.6.9'
# for the core types alone: what else pyNeuroML needs is half a gigabyte
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps 'pyNeuroML==1.3.22'
cat >"$folder/run.py" <<'PYTHON'
import contextlib
import importlib.util
import io
import itertools
import logging
import pathlib
import sys
import zipfile

logging.disable(logging.CRITICAL)
from lems.model.model import Model
from lems.sim.build import SimulationBuilder

folder = pathlib.Path(sys.argv[1])
library = pathlib.Path(importlib.util.find_spec("pyneuroml").origin).parent / "lib"
with zipfile.ZipFile(next(library.glob("jNeuroML*.jar"))) as jar:
    jar.extractall(folder, [name for name in jar.namelist() if name.startswith("NeuroML2CoreTypes/")])

NETWORK = """
<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="document">
  <iafRefCell id="iaf" leakReversal="-70mV" thresh="-55mV" reset="-70mV" C="200pF" leakConductance="10nS"
              refract="{refract:g}ms"/>
  <pulseGenerator id="pulse" delay="1ms" duration="100ms" amplitude="2nA"/>
  <network id="net">
    <population id="cells" component="iaf" size="1"/>
    <explicitInput target="cells[0]" input="pulse" destination="synapses"/>
  </network>
</neuroml>
"""
LEMS = """
<Lems>
  <Target component="sim"/>
  <Include file="Cells.xml"/> <Include file="Networks.xml"/> <Include file="Simulation.xml"/>
  <Include file="net.nml"/>
  <Simulation id="sim" length="30ms" step="{step:g}ms" target="net">
    <OutputFile id="o" fileName="o.dat"><OutputColumn id="v" quantity="cells[0]/v"/></OutputFile>
  </Simulation>
</Lems>
"""


def potentials(refract, step):
    (folder / "net.nml").write_text(NETWORK.format(refract=refract))
    (folder / "LEMS.xml").write_text(LEMS.format(step=step))
    with contextlib.redirect_stdout(io.StringIO()):
        model = Model()
        model.add_include_directory(str(folder / "NeuroML2CoreTypes"))
        model.import_from_file(str(folder / "LEMS.xml"))
        simulation = SimulationBuilder(model.resolve()).build()
        simulation.run()
    waiting, values = list(simulation.runnables.values()), []
    while waiting and not values:
        each = waiting.pop()
        waiting += [*each.uchildren.values(), *each.array]
        values = [value for recording in each.recorded_variables for _, value in recording.values]
    return values


def held(refract, step):
    """How many recorded steps in a row the potential is at the reset, of all times but the first and the last."""
    rows = [(resting, len(list(run))) for resting, run in itertools.groupby(v == -0.07 for v in potentials(refract, step))]
    return sorted({length for resting, length in rows[1:-1] if resting})


for steps in (3, 5, 7, 10, 15, 20, 24):
    print(f"refract of {steps:2} steps of 0.1 ms: {held(0.1 * steps, 0.1)}")
print(f"refract of  2 steps of 0.5 ms: {held(1.0, 0.5)}")
PYTHON
cat >"$folder/expected" <<'TEXT'
refract of  3 steps of 0.1 ms: [4, 5]
refract of  5 steps of 0.1 ms: [6, 7]
refract of  7 steps of 0.1 ms: [8, 9]
refract of 10 steps of 0.1 ms: [11, 12]
refract of 15 steps of 0.1 ms: [16, 17]
refract of 20 steps of 0.1 ms: [21, 22]
refract of 24 steps of 0.1 ms: [26]
refract of  2 steps of 0.5 ms: [3, 4]
TEXT
"$folder/venv/bin/python" "$folder/run.py" "$folder" >"$folder/found"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
