"""NeuroML files that are malformed or meant to do harm: one line each, nothing outside touched, memory bounded."""

from __future__ import annotations

import os
import resource

import pytest

from bioplast import exchange
from bioplast.errors import BioplastError
from bioplast.exchange.neuroml import elements

CELL = '<iafRefCell id="cell" leakReversal="-70mV" thresh="-55mV" reset="-70mV" C="0.2nF" leakConductance="0.01uS" '\
       'refract="5ms"/>'  # fmt: skip
SYNAPSE = '<expOneSynapse id="ampa" gbase="1nS" erev="0mV" tauDecay="5ms"/>'
PULSE = '<pulseGenerator id="pulse" delay="1ms" duration="5ms" amplitude="1nA"/>'
CELLS = '<population id="cells" component="cell" size="2"/>'
CONNECTION = '<connection id="0" preCellId="../cells[0]" postCellId="../cells[1]"/>'
PROJECTION = (
    '<projection id="p" presynapticPopulation="cells" postsynapticPopulation="cells" synapse="ampa">{}</projection>'
)
INPUT = '<inputList id="i" population="cells" component="pulse">{}</inputList>'


MANY = " ".join(f'a{k}="1"' for k in range(200))
CONNECTED = CELLS + PROJECTION.format(CONNECTION)


def whole(components=CELL + SYNAPSE + PULSE, network=CONNECTED, head=""):
    return f'{head}<neuroml xmlns="http://www.neuroml.org/schema/neuroml2" id="x">{components}' \
           f'<network id="n">{network}</network></neuroml>'  # fmt: skip


def cell(**changed):
    values = {"id": "cell", "leakReversal": "-70mV", "thresh": "-55mV", "reset": "-70mV", "C": "0.2nF",
              "leakConductance": "0.01uS", "refract": "5ms", **changed}  # fmt: skip
    given = " ".join(f'{name}="{value}"' for name, value in values.items() if value is not None)
    return whole(f"<iafRefCell {given}/>", CELLS)


def connected(text):
    return whole(network=CELLS + PROJECTION.format(text))


def network(text):
    return whole(network=CELLS + text)


def component(text, user):
    return whole(CELL + text, CELLS + user)


#: What each file is, and what the line says.
HOSTILE = {
    "empty": ("", "is no XML"),
    "truncated": (whole()[:-40], "is no XML, or cut short or damaged"),
    "no XML": ("\x80\x04cos\nsystem\n", "is no XML"),
    "HDF5": ("\x89HDF\r\n\x1a\n", "is no XML"),
    "another encoding": ('<?xml version="1.0" encoding="nonsense"?><neuroml/>', "is no XML"),
    # a declaration that means no harm, of which only that it is there is asked
    "a document type": (whole(head='<!DOCTYPE neuroml [<!ENTITY cell "cell">]>'), "line 1: it declares a document"),
    "an entity from outside": (
        whole(head='<!DOCTYPE neuroml SYSTEM "file:///etc/hostname">'), "it declares a document type"
    ),
    "an entity without a type": (whole(network='<population id="&cell;" component="cell" size="1"/>'), "is no XML"),
    "another root": ("<Lems/>", "it is <Lems>"),
    "deep": ("<a>" * 100 + "</a>" * 100, "more than 64 deep"),
    "many attributes": (whole(f"<notes {MANY}/>"), "more than 100 attributes"),
    "no network": ('<neuroml id="x"/>', "holds no network: one is accepted"),
    "two networks": ('<neuroml id="x"><network id="a"/><network id="b"/></neuroml>', "holds 2 networks"),
    "an include of outside": (whole('<include href="../../../etc/passwd"/>'), "files within the folder of x.nml"),
    "an include by path": (whole('<include href="/etc/passwd"/>'), "includes '/etc/passwd'"),
    "an include by address": (whole('<include href="http://localhost/x.nml"/>'), "includes 'http://localhost/x.nml'"),
    "an include by link": (whole('<include href="link.nml"/>'), "includes 'link.nml'"),
    "an include of nothing": (whole('<include href="nowhere.nml"/>'), "nowhere.nml: there is no such file"),
    "an include of a pipe": (whole('<include href="pipe.nml"/>'), "pipe.nml: is no file"),
    "an include of nobody": (whole("<include/>"), "an include without href"),
    "no id": (whole("<iafCell/>", '<population component="cell" size="1"/>'), "<population> lacks 'id'"),
    "an odd id": (whole(CELL, '<population id="a b" component="cell" size="1"/>'), "the id 'a b'"),
    "a cell of its own": (whole('<ComponentType name="iafCell" extends="baseIaf"/>'), "defines iafCell anew"),
    "an id twice": (whole(CELL + CELL), "the id 'cell' is given twice"),
    "a population twice": (network(CELLS), "the population 'cells' is there twice"),
    "no such component": (whole("", CELLS), "names the component 'cell', which the file does not have"),
    "an unknown cell": (
        whole('<pinskyRinzelCA3Cell id="cell"/>', CELLS), "the component 'cell' is a pinskyRinzelCA3Cell, which is not"
    ),
    "a cell with compartments": (whole('<cell id="cell"><morphology id="m"/></cell>', CELLS), "is a cell, which"),
    "a synapse as a cell": (whole(SYNAPSE.replace("ampa", "cell"), CELLS), "is an expOneSynapse, which is not read"),
    "a parameter that is missing": (cell(C=None), "<iafRefCell> 'cell' lacks 'C'"),
    "a parameter that it has not": (
        cell(refactory="5ms"), "'refactory' of <iafRefCell> is not read; accepted: C, leakConductance, leakReversal, "
    ),
    "a parameter of another cell": (
        whole('<iafCell id="cell" leakReversal="-70mV" thresh="-55mV" reset="-70mV" C="0.2nF" leakConductance="0.01uS" '
              'refract="5ms"/>', CELLS),
        "'refract' of <iafCell> is not read",
    ),
    "a weight of a connection without": (
        connected(CONNECTION.replace("/>", ' weight="2"/>')), "'weight' of <connection> is not read; accepted: dest"
    ),
    "a weight of an input without": (
        network(INPUT.format('<input id="0" target="../cells[0]" weight="2"/>')), "'weight' of <input> is not read"
    ),
    "a synapse with a delay of its own": (
        network('<synapticConnection from="cells[0]" to="cells[1]" synapse="ampa" delay="1ms"/>'),
        "'delay' of <synapticConnection> is not read",
    ),
    "a wrong unit": (cell(C="5mV"), "C of <iafRefCell>: '5mV' has the unit 'mV'; accepted: a capacitance in pF"),
    "no unit": (cell(thresh="-55"), "thresh of <iafRefCell>: '-55' has no unit"),
    "an unknown unit": (cell(thresh="-55 furlongs"), "has the unit 'furlongs'"),
    "no number": (cell(thresh="__import__('os')"), "is accepted only as a voltage in mV, V"),
    "NaN": (cell(thresh="nan mV"), "is accepted only as a voltage"),
    "infinite": (cell(thresh="1e999999mV"), "is not finite"),
    "a long number": (cell(thresh="1" * 100_000 + "mV"), "is accepted only as a voltage"),
    "a negative period": (cell(refract="-1ms"), "refract of <iafRefCell> is '-1ms': values from 0 on"),
    "a capacitance of 0": (cell(C="0pF"), "C of <iafRefCell> is '0pF': values above 0"),
    "a size of others": (
        whole(network='<population id="a" component="cell" size="3"><instance id="0"/><instance id="1"/></population>'),
        "size of 'a' is 3, but it has 2 instances",
    ),
    "a size in words": (whole(network='<population id="a" component="cell" size="many"/>'), "size of 'a' is 'many'"),
    "a size of 0": (whole(network='<population id="a" component="cell" size="0"/>'), "numbers from 1 to 10000000"),
    "an absurd size": (whole(network='<population id="a" component="cell" size="1000000000000"/>'), "whole numbers"),
    "many large ones": (
        whole(network="".join(f'<population id="a{k}" component="cell" size="6000000"/>' for k in range(2))),
        "more than 10000000 cells",
    ),
    "a cell that is not there": (connected(CONNECTION.replace("[1]", "[2]")), "is cell 2 of 'cells', which has 2"),
    "a negative cell": (connected(CONNECTION.replace("[1]", "[-1]")), "postCellId is '../cells\\[-1\\]'"),
    "a population that is not there": (connected(CONNECTION.replace("../cells[1]", "../c[1]")), "the population 'c'"),
    "another population": (
        whole(network=CELLS + CELLS.replace('"cells"', '"other"')
              + PROJECTION.format(CONNECTION.replace("../cells[1]", "../other[1]"))),
        "lies in 'other', but the list is of 'cells'",
    ),
    "a path": (connected(CONNECTION.replace("../cells[1]", "../../../etc/passwd")), "is '../../../etc/passwd'"),
    "a compartment": (connected(CONNECTION.replace('id="0"', 'id="0" postSegmentId="3"')), "postSegmentId is '3'"),
    "a negative delay": (
        connected(CONNECTION.replace("connection", "connectionWD").replace("/>", ' weight="1" delay="-1ms"/>')),
        "delay of <connectionWD> is '-1ms'",
    ),
    "a weight with a unit": (
        connected(CONNECTION.replace("connection", "connectionWD").replace("/>", ' weight="1nS" delay="1ms"/>')),
        "weight of <connectionWD>: '1nS' has the unit 'nS'; accepted: a number without",
    ),
    "an electrical projection": (
        network('<electricalProjection id="e"/>'), "<electricalProjection> of the network is not read"
    ),
    "a synapse with plasticity": (
        component(
            '<blockingPlasticSynapse id="ampa" gbase="1nS" erev="0mV" tauRise="1ms" tauDecay="5ms"/>',
            PROJECTION.format(CONNECTION),
        ),
        "the synapse 'ampa' is a blockingPlasticSynapse, which is not read",
    ),
    "one with a mechanism inside": (
        component(
            '<expOneSynapse id="ampa" gbase="1nS" erev="0mV" tauDecay="5ms"><plasticityMechanism/></expOneSynapse>',
            PROJECTION.format(CONNECTION),
        ),
        "<plasticityMechanism> in the expOneSynapse 'ampa' is not read",
    ),
    "equal time constants": (
        component(
            '<expTwoSynapse id="ampa" gbase="1nS" erev="0mV" tauRise="5ms" tauDecay="5ms"/>',
            PROJECTION.format(CONNECTION),
        ),
        "'ampa' has tauRise = tauDecay",
    ),
    "a negative duration": (
        component(PULSE.replace("5ms", "-5ms"), INPUT.format('<input id="0" target="../cells[0]"/>')),
        "duration of <pulseGenerator> is '-5ms'",
    ),
    "an input of another kind": (
        component('<sineGenerator id="pulse"/>', INPUT.format('<input id="0" target="../cells[0]"/>')),
        "the input 'pulse' is a sineGenerator, which is not read; accepted: pulseGenerator",
    ),
    "a cell that takes no input": (
        whole('<iafTauCell id="cell" leakReversal="-70mV" thresh="-55mV" reset="-70mV" tau="30ms"/>' + PULSE,
              CELLS + INPUT.format('<input id="0" target="../cells[0]"/>')),
        "a pulseGenerator onto 'cells', an iafTauCell: NeuroML gives it neither synapses nor inputs",
    ),
    "a synapse onto izhikevichCell": (
        whole('<izhikevichCell id="cell" v0="-70mV" thresh="30mV" a="0.02" b="0.2" c="-50" d="2"/>' + SYNAPSE),
        "an expOneSynapse onto 'cells', an izhikevichCell: pulseGeneratorDL are accepted",
    ),
    "a spike before time 0": (
        whole(CELL + '<spikeArray id="a"><spike id="0" time="-1ms"/></spikeArray>',
              CELLS + '<population id="s" component="a" size="1"/>'),
        "a spike at '-1ms'",
    ),
    "two spikes in a step": (
        whole('<spikeArray id="a"><spike id="0" time="1ms"/><spike id="1" time="1.01ms"/></spikeArray>',
              '<population id="s" component="a" size="1"/>'),
        "the spikeArray 'a' has two spikes within a step of 0.1 ms",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_line_says_what_is_wrong(tmp_path, monkeypatch, name):
    text, message = HOSTILE[name]
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = folder / "x.nml"
    path.write_bytes(text.encode("latin-1"))
    (tmp_path / "secret.nml").write_text(whole())
    (folder / "link.nml").symlink_to(tmp_path / "secret.nml")
    os.mkfifo(folder / "pipe.nml")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BioplastError, match=message) as told:
        exchange.read_neuroml(path)
    said = str(told.value)
    assert "\n" not in said
    assert len(said) < 500
    assert str(folder) in said
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes
    assert sorted(p.name for p in folder.iterdir()) == ["link.nml", "pipe.nml", "x.nml"]


def test_no_file_and_a_folder(tmp_path):
    for path, message in ((tmp_path, "is no file"), (tmp_path / "nobody.nml", "there is no such file")):
        with pytest.raises(BioplastError, match=message):
            exchange.read_neuroml(path)


def test_more_elements_than_are_accepted_are_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(elements, "MOST_ELEMENTS", 1000)
    path = tmp_path / "x.nml"
    path.write_text(f'<neuroml id="x">{"<a/>" * 5000}</neuroml>')
    with pytest.raises(BioplastError, match="more than 1000 elements"):
        exchange.read_neuroml(path)
    # files that include one another are read once, and share one allowance
    path.write_text(f'<neuroml id="x"><include href="y.nml"/>{"<a/>" * 500}</neuroml>')
    (tmp_path / "y.nml").write_text(f'<neuroml id="y"><include href="x.nml"/>{"<a/>" * 600}</neuroml>')
    with pytest.raises(BioplastError, match="more than 1000 elements"):
        exchange.read_neuroml(path)


def test_what_no_one_uses_is_no_matter(tmp_path):
    path = tmp_path / "x.nml"
    path.write_text(whole(CELL + '<ionChannelHH id="na" conductance="nonsense"/><iafCell id="unused"/>', CELLS))
    assert len(exchange.read_neuroml(path)["cells"]) == 2
