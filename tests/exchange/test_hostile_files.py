"""Files that are malformed or meant to do harm: one line each, nothing outside touched, memory bounded."""

from __future__ import annotations

import resource

import h5py
import numpy as np
import pynwb
import pytest
from support.nir_graphs import graph, lif, written

from bioplast import exchange
from bioplast.errors import BioplastError

READERS = {
    "nir": exchange.read_nir,
    "sonata": exchange.read_sonata,
    "nwb": exchange.read_nwb,
    "nix": exchange.read_nix,
}


def nir_file(path):
    return written(path, graph({"lif": lif(2)}, ("input", "lif"), ("lif", "output"), outputs=2))


def changed(path, change):
    with h5py.File(nir_file(path), "a") as file:
        change(file)


def replaced(file, name, **dataset):
    del file[name]
    file.create_dataset(name, **dataset)


TAU = "node/nodes/lif/tau"


def sonata_file(path, times=(1.0, 2.0), ids=(0, 1), **attributes):
    with h5py.File(path, "w") as file:
        group = file.create_group("spikes/all")
        group["timestamps"], group["node_ids"] = times, ids
        group["timestamps"].attrs["units"] = attributes.get("units", "milliseconds")


def nwb_file(path, times):
    import datetime

    file = pynwb.NWBFile("x", "x", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    file.add_unit(spike_times=times, obs_intervals=[[0.0, 1.0]])
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(file)


def truncated(path):
    content = nir_file(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])


def loop(file):
    file["node/nodes/lif/metadata"] = file["node"]


def many_edges(file):
    replaced(file, "node/edges", data=np.array([["input", "lif"], ["lif", "nobody"]], dtype=object),
             dtype=h5py.string_dtype())  # fmt: skip


def outside(file):
    layout = h5py.VirtualLayout(shape=(2,), dtype=float)
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(2,))
    del file[TAU]
    file.create_virtual_dataset(TAU, layout)


def raw_outside(file):
    del file[TAU]
    file.create_dataset(TAU, shape=(2,), dtype=float, external=[("/etc/passwd", 0, 16)])


def link(kind):
    def change(file):
        del file[TAU]
        file[TAU] = kind

    return change


#: What makes each file, who reads it, and what the line says.
HOSTILE = {
    "truncated": (truncated, "nir", "no NIR file, or cut short or damaged"),
    "empty": (lambda p: p.write_bytes(b""), "nir", "no NIR file, or cut short or damaged"),
    "pickle": (lambda p: p.write_bytes(b"\x80\x04cos\nsystem\n(S'touch pwned'\ntR."), "nir", "no NIR file"),
    "folder": (lambda p: p.mkdir(), "nir", "is no file; a NIR file is accepted"),
    "missing": (lambda p: None, "sonata", "there is no such file"),
    "no node": (lambda p: changed(p, lambda f: f.pop("node")), "nir", "it lacks the group 'node'"),
    "no parameter": (lambda p: changed(p, lambda f: f.pop(TAU)), "nir", "nodes/lif lacks 'tau'"),
    "text for numbers": (lambda p: changed(p, lambda f: replaced(f, TAU, data="os.system")), "nir", "tau holds text"),
    "group for numbers": (
        lambda p: changed(p, lambda f: (f.pop(TAU), f.create_group(TAU))), "nir", "tau is a group"
    ),
    "no such kind": (
        lambda p: changed(p, lambda f: replaced(f, "node/nodes/lif/type", data="__import__")), "nir", "'__import__'"
    ),
    "NaN": (lambda p: changed(p, lambda f: replaced(f, TAU, data=[np.nan, 1.0])), "nir", "lif/tau holds NaN"),
    "edge to nowhere": (lambda p: changed(p, many_edges), "nir", "names no node 'nobody'"),
    "absurd size": (
        lambda p: changed(p, lambda f: replaced(f, TAU, shape=(1 << 40,), dtype=float, chunks=(1 << 10,))),
        "nir", "GiB with /node/nodes/lif/tau of the shape",
    ),
    "absurd shape": (
        lambda p: changed(p, lambda f: replaced(f, "node/nodes/input/shape", data=[1 << 40, 1 << 40])),
        "nir", "at most 100000000 values",
    ),
    "group in itself": (lambda p: changed(p, loop), "nir", "a group that contains itself"),
    "external link": (
        lambda p: changed(p, link(h5py.ExternalLink("/etc/passwd", "/"))), "nir", "lif/tau is a link to another file"
    ),
    "soft link": (lambda p: changed(p, link(h5py.SoftLink("/node"))), "nir", "lif/tau is a link to another place"),
    "virtual dataset": (lambda p: changed(p, outside), "nir", "lif/tau keeps its content in another file"),
    "raw data outside": (lambda p: changed(p, raw_outside), "nir", "lif/tau keeps its content in another file"),
    "negative times": (lambda p: sonata_file(p, times=[-1.0, 2.0]), "sonata", "a spike at -0.001 s"),
    "NaN times": (lambda p: sonata_file(p, times=[np.nan, 2.0]), "sonata", "timestamps holds NaN"),
    "negative node": (lambda p: sonata_file(p, ids=[-1, 0]), "sonata", "node_ids has -1 to 0"),
    "absurd node": (lambda p: sonata_file(p, ids=np.array([0, 1 << 62])), "sonata", "node_ids has 0 to 46"),
    "more times than nodes": (lambda p: sonata_file(p, times=[1.0, 2.0, 3.0]), "sonata", "3 spike times, but 2"),
    "unit of its own": (lambda p: sonata_file(p, units="parsec"), "sonata", "are in 'parsec'"),
    "units as a number": (lambda p: sonata_file(p, units=3), "sonata", "are in 3|are in np.int64"),
    "another format": (lambda p: sonata_file(p), "nwb", "is no NWB file, or damaged"),
    "unsorted times": (lambda p: nwb_file(p, [0.5, 0.25]), "nwb", "of unit 0 are not sorted"),
    "negative NWB times": (lambda p: nwb_file(p, [-0.5, 0.25]), "nwb", "a spike at -0.5 s"),
    "not NIX": (lambda p: sonata_file(p), "nix", "is no NIX file, or damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_line_says_what_is_wrong(tmp_path, monkeypatch, name):
    make, reader, message = HOSTILE[name]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "file.h5"
    make(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BioplastError, match=message) as told:
        READERS[reader](path)
    said = str(told.value)
    assert "\n" not in said
    assert len(said) < 500
    assert str(path) in said
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes
    assert sorted(p.name for p in tmp_path.iterdir()) in ([], ["file.h5"])
