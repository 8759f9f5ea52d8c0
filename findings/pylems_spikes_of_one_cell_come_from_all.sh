#!/bin/sh
# PyLEMS delivers a spike of any cell of a population over the connections of every cell of it, delivers none of a
# spikeArray in a population, and leaves out the weights and delays of connections.
#
# Versions   PyLEMS 0.6.9 with the core types of NeuroML 2.3 from pyNeuroML 1.3.22 (jNeuroML 0.14.0); Python 3.11, 3.12.
# Expected   Cell 0 of a population gets no input and never spikes; cell 1 does. A cell behind cell 0 stays at rest; one
#            behind cell 1 gets the conductance gbase*weight, and after a delay. jNeuroML 0.14.0 gives that.
# Behaviour  With a population of size 2 the cell behind cell 0 is excited just as that behind cell 1. With a
#            populationList, whose cells are made one by one, it stays at rest. A spikeArray sends its spike from a
#            populationList, and none from a population. A connectionWD of weight 0 and delay 20 ms excites as a plain
#            connection does. Nothing is said (but "Property element is not stable").
# Source     lems/sim/runnable.py, Runnable.copy: r.event_out_callbacks[port] = self.event_out_callbacks[port], one list
#            for all copies that <MultiInstantiate> makes; what it calls belongs to the cell that was copied.
#            lems/sim/build.py, build_event_connections: it reads neither ec.delay nor the <Assign> elements.
# Output     see the end of this file.
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
  <expOneSynapse id="ampa" gbase="2nS" erev="0mV" tauDecay="5ms"/>
  <iafCell id="iaf" leakReversal="-70mV" thresh="-55mV" reset="-70mV" C="200pF" leakConductance="10nS"/>
  <spikeArray id="array"><spike id="0" time="10ms"/></spikeArray>
  <pulseGenerator id="pulse" delay="5ms" duration="30ms" amplitude="0.5nA"/>
  <network id="net">
    {before}
    <population id="after" component="iaf" size="1"/>
    <projection id="p" presynapticPopulation="before" postsynapticPopulation="after" synapse="ampa">
      {connection}
    </projection>
    {pulse}
  </network>
</neuroml>
"""
LEMS = """
<Lems>
  <Target component="sim"/>
  <Include file="Cells.xml"/> <Include file="Networks.xml"/> <Include file="Simulation.xml"/>
  <Include file="net.nml"/>
  <Simulation id="sim" length="40ms" step="0.1ms" target="net">
    <OutputFile id="o" fileName="o.dat"><OutputColumn id="v" quantity="after[0]/v"/></OutputFile>
  </Simulation>
</Lems>
"""
SIZE = '<population id="before" component="{component}" size="2"/>'
LIST = '<population id="before" component="{component}" type="populationList" size="2">' + "".join(
    f'<instance id="{k}"><location x="0" y="0" z="0"/></instance>' for k in range(2)
) + "</population>"
CELL = {SIZE: "before[{}]", LIST: "before/{}/{}"}


def highest(before, connected, component="iaf", **change):
    """The highest potential of the cell behind, in mV."""
    tag = "connectionWD" if change else "connection"
    more = "".join(f' {key}="{value}"' for key, value in change.items())
    pre = "../" + CELL[before].format(connected, component)
    text = NETWORK.format(
        before=before.format(component=component),
        connection=f'<{tag} id="0" preCellId="{pre}" postCellId="../after[0]" destination="synapses"{more}/>',
        pulse="" if component == "array" else
        f'<explicitInput target="{CELL[before].format(1, component)}" input="pulse" destination="synapses"/>',
    )
    (folder / "net.nml").write_text(text)
    (folder / "LEMS.xml").write_text(LEMS)
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
    return f"{max(values) * 1e3:.1f} mV"


print("population, behind the silent cell 0:     ", highest(SIZE, 0))
print("population, behind the spiking cell 1:    ", highest(SIZE, 1))
print("populationList, behind the silent cell 0: ", highest(LIST, 0))
print("populationList, behind the spiking cell 1:", highest(LIST, 1))
print("populationList, weight 0, delay 20 ms:    ", highest(LIST, 1, weight="0", delay="20ms"))
print("population of spikeArrays:                ", highest(SIZE, 0, "array"))
print("populationList of spikeArrays:            ", highest(LIST, 0, "array"))
PYTHON
cat >"$folder/expected" <<'TEXT'
population, behind the silent cell 0:      -63.5 mV
population, behind the spiking cell 1:     -63.5 mV
populationList, behind the silent cell 0:  -70.0 mV
populationList, behind the spiking cell 1: -63.5 mV
populationList, weight 0, delay 20 ms:     -63.5 mV
population of spikeArrays:                 -70.0 mV
populationList of spikeArrays:             -67.8 mV
TEXT
"$folder/venv/bin/python" "$folder/run.py" "$folder" >"$folder/found"
diff "$folder/expected" "$folder/found"
cat "$folder/found"
