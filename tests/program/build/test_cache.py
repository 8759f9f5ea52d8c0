"""What is compiled anew and what is not, and a cache that survives whatever happens to it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    implementation,
    linked_var,
    ms,
)
from support import interpreter, networks

import bioplast
from bioplast.errors import BioplastError, BuildError, TargetUnavailable
from bioplast.machine import find_compiler
from bioplast.program import targets
from bioplast.program.build import build, cache
from bioplast.program.cpp import program as standalone
from bioplast.program.cpp.lowering import lower


def compiled(network, duration=5 * ms, **options):
    return bioplast.compile(network, duration, "cpp", namespace={}, **options)


# What recompiles ------------------------------------------------------------------------------------------------------


def test_constants_delays_connections_durations_and_seeds_are_data():
    compiled(networks.single())
    changed = networks.single(tau=7 * ms, drive=2.5)
    changed["synapse"].connect(i=[0, 1], j=[0, 0])
    changed["synapse"].delay = 1.7 * ms
    changed["cells"].v = [0.2, 0.3]
    program = compiled(changed, 77 * ms, watch=None)
    assert not program.compiled_now
    program(seed=5)
    assert not program.compiled_now


def test_folders_that_brian2_adds_once_cython_has_compiled_build_nothing_anew(monkeypatch):
    compiled(networks.single())
    folders = [*brian2.prefs["codegen.cpp.include_dirs"], str(Path(brian2.__file__).parent / "synapses")]
    monkeypatch.setitem(brian2.prefs, "codegen.cpp.include_dirs", folders)
    assert not compiled(networks.single()).compiled_now


def test_a_header_of_the_user_is_part_of_what_a_build_is_made_of(tmp_path, monkeypatch):
    header = tmp_path / "gain.h"
    header.write_text("const double gain = 1;")
    monkeypatch.setitem(brian2.prefs, "codegen.cpp.headers", ['"gain.h"'])
    monkeypatch.setitem(brian2.prefs, "codegen.cpp.include_dirs", [str(tmp_path)])
    compiler = standalone._compiler(lower(networks.single(), {}).compiler, 0, False)
    names = [build.fingerprint({}, compiler), build.fingerprint({}, compiler)]
    header.write_text("const double gain = 2;")
    names.append(build.fingerprint({}, compiler))
    assert names[0] == names[1] != names[2]


def test_the_same_constants_in_two_groups_are_two_pieces_of_data():
    lowered = []
    for other in (10, 20):
        groups = [
            NeuronGroup(1, "dv/dt = -v/tau : 1", method="exact", namespace={"tau": tau * ms}, name=name)
            for name, tau in (("a", 10), ("b", other))
        ]
        lowered.append(lower(Network(groups), {}).sources)
    assert lowered[0] == lowered[1]


def test_refractory_periods_spike_lists_and_timed_arrays_are_data():
    sources = []
    for k in (1, 2, 3):
        plastic = networks.plastic(seed=k)
        plastic["cells"]._refractory = k * ms
        driven = networks.driven(seed=k)
        driven["generator"].set_spikes([0] * k, np.arange(k) * ms)
        for name, group in (("stimulus", driven["first"]), ("gain", driven["first"])):
            old = group.namespace[name]
            group.namespace[name] = TimedArray(np.repeat(old.values, k, axis=0), dt=k * ms, name=f"{name}_{k}")
        sources.append([lower(network, {}).sources for network in (plastic, driven)])
    assert sources[0] == sources[1] == sources[2]


def test_another_number_of_neurons_is_compiled_anew():
    first, second = (lower(networks.plastic(neurons=n), {}).sources for n in (50, 51))
    assert first != second


def nameless():
    """Groups with names that count what the process has made, and variables that Brian2 names after them."""
    first = NeuronGroup(3, "dv/dt = -v/second : 1\nboth = v + w : 1\nw : 1", threshold="both > 1", method="exact")
    second = NeuronGroup(3, "u : 1\nlevel : 1 (linked)")
    second.level = linked_var(first, "both")
    synapses = Synapses(first[:2], second, "s : 1", on_pre="u_post += both_pre*s")
    synapses.connect()
    for code in ("u *= 0.5", "u += 0.1"):
        second.run_regularly(code)
    recorded = StateMonitor(first[1:], "both", record=True), StateMonitor(second, "level", record=True)
    return Network(first, second, synapses, SpikeMonitor(first[1:]), recorded)


@pytest.mark.parametrize("make", [nameless, networks.varied, networks.driven, networks.plastic])
def test_names_that_count_what_the_process_has_made_are_not_in_the_sources(make):
    first = lower(make(), {}).sources
    network = make()
    assert lower(network, {}).sources == first
    network.run(1 * ms, namespace={})
    assert lower(network, {}).sources == first


def test_another_process_needs_no_compilation():
    # names and hashes differ from process to process
    compiled(networks.single())
    compiled(networks.varied())
    code = """
for k in range(3):
    NeuronGroup(k + 1, "v : 1"), TimedArray([k], dt=1*ms), Clock(dt=1*ms)
for make in (networks.single, networks.varied):
    print(bioplast.compile(make(), 5*ms, "cpp", namespace={}).compiled_now)
"""
    for seed in ("1", "2"):
        assert interpreter.run(code, PYTHONHASHSEED=seed).split() == ["False", "False"]


def test_an_integration_scheme_is_not_remembered_for_another_grid_of_a_timed_array():
    def exact(dt):
        group = NeuronGroup(
            1,
            "dv/dt = (drive(t) - v)/(10*ms) : 1",
            method="exact",
            name="group",
            namespace={"drive": TimedArray([1.0, 2.0], dt=dt)},
        )
        return lower(Network(group), {})

    assert exact(1 * ms).sources
    with pytest.raises(BioplastError, match=r"not guaranteed to be constant over a time step"):
        exact(0.13 * ms)


# The folder -----------------------------------------------------------------------------------------------------------

TRIVIAL = {"main.cpp": '#include <cstdio>\nint main() { std::puts("right"); return 0; }\n'}


def trivial(text="right"):
    sources = {"main.cpp": TRIVIAL["main.cpp"].replace("right", text)}
    return build.build(sources, build.Compiler(find_compiler(), ("-O0",)))


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def output(path):
    return os.popen(str(path)).read().strip()


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [truncate, flip, Path.unlink, lambda path: (path.parent / "build.json").unlink()])
def test_a_damaged_build_is_made_again(own_cache, damage):
    path, now = trivial()
    assert now
    assert trivial() == (path, False)
    damage(path)
    assert trivial() == (path, True)
    assert output(path) == "right"


def test_a_program_whose_build_is_damaged_or_gone_is_made_again_and_right(monkeypatch, tmp_path):
    program = compiled(networks.single())
    expected = program().states["trace"]["v"]
    kept = program._binary
    made = []

    def compile_again(sources, compiler, work):
        made.append(work)
        shutil.copy(kept, work)  # spares the compiler the work

    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "_compile", compile_again)
    first = compiled(networks.single())
    assert first.compiled_now and first._binary != kept
    flip(first._binary)
    second = compiled(networks.single())
    assert second.compiled_now
    shutil.rmtree(second._binary.parent)
    for each in (first, second):
        np.testing.assert_array_equal(each().states["trace"]["v"], expected)
    assert len(made) == 3


def test_two_processes_that_want_the_same_build_make_it_once(own_cache):
    code = f"""
from bioplast.machine import find_compiler
from bioplast.program.build import build
print(*build.build({TRIVIAL!r}, build.Compiler(find_compiler(), ("-O0",))))
"""
    both = [interpreter.start(code), interpreter.start(code)]
    told = [process.communicate(timeout=300)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(now for _, now in told) == ["False", "True"]
    assert told[0][0] == told[1][0]
    assert output(told[0][0]) == "right"


def test_above_the_limit_the_build_used_least_recently_goes_and_the_one_in_use_stays(own_cache, monkeypatch):
    paths = [trivial(text)[0] for text in ("one", "two", "three")]
    for age, path in zip((300, 200, 100), paths, strict=True):
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    trivial("one")  # used again
    each = max(cache._bytes(path.parent) for path in paths)
    monkeypatch.setenv("BIOPLAST_CACHE_LIMIT", str(int(3.5 * each)))
    four = trivial("four")[0]
    assert [path.exists() for path in [*paths, four]] == [True, False, True, True]
    monkeypatch.setenv("BIOPLAST_CACHE_LIMIT", "0")
    five = trivial("five")[0]
    assert [path.exists() for path in [*paths, four, five]] == [False, False, False, False, True]


def test_a_limit_that_is_no_number_is_told(own_cache, monkeypatch):
    monkeypatch.setenv("BIOPLAST_CACHE_LIMIT", "1 GB")
    with pytest.raises(BioplastError, match="BIOPLAST_CACHE_LIMIT is '1 GB': a whole number of bytes is accepted"):
        trivial()


def test_clear_removes_builds_and_what_killed_processes_left(own_cache):
    path, _ = trivial()
    leftover = path.parent.parent / f".{path.parent.name}.killed"
    leftover.mkdir()
    (leftover / "main.o").write_bytes(bytes(1000))
    assert cache.clear() >= 1000
    assert not path.exists()
    assert not leftover.exists()
    assert trivial()[1]


def test_a_build_removes_what_a_killed_process_left_of_it(own_cache):
    path, _ = trivial()
    shutil.rmtree(path.parent)
    leftover = path.parent.parent / f".{path.parent.name}.killed"
    leftover.mkdir()
    assert trivial()[1]
    assert not leftover.exists()


def test_a_text_that_was_damaged_is_worked_out_again(own_cache):
    assert cache.remembered("question", lambda: "answer") == "answer"
    assert cache.remembered("question", lambda: "not asked") == "answer"
    for path in (own_cache / "texts").iterdir():
        path.write_text(path.read_text() + "!")
    assert cache.remembered("question", lambda: "asked again") == "asked again"


# Errors ---------------------------------------------------------------------------------------------------------------


def one_line(caught):
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_cache_that_cannot_be_written_is_told_in_one_line(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path / "file"))
    with pytest.raises(BioplastError, match=r"cannot write the build cache .*set BIOPLAST_CACHE") as caught:
        compiled(networks.single())
    one_line(caught)


def test_a_lock_that_cannot_be_written_is_told_in_one_line(own_cache):
    path, _ = trivial()
    shutil.rmtree(path.parent)
    lock = path.parent.parent / f".{path.parent.name}.lock"
    lock.unlink()
    lock.mkdir()
    with pytest.raises(BioplastError, match=r"cannot write the build cache .*set BIOPLAST_CACHE") as caught:
        trivial()
    one_line(caught)


@pytest.mark.parametrize(("name", "value"), [("PATH", ""), ("CXX", "nonexistent")])
def test_without_a_compiler_the_target_says_how_to_get_one(monkeypatch, name, value):
    if name == "PATH":
        monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(
        TargetUnavailable, match=r"target 'cpp' cannot work here: no C.. compiler .*install g"
    ) as caught:
        compiled(networks.single())
    one_line(caught)
    assert targets.available()["numpy"] is None


def test_a_compiler_that_compiles_nothing_is_told_in_one_line(own_cache, monkeypatch):
    monkeypatch.setenv("CXX", shutil.which("true"))
    with pytest.raises(BuildError) as caught:
        trivial()
    one_line(caught)


def test_an_error_of_the_compiler_is_told_in_one_line_that_names_the_log(own_cache):
    @implementation("cpp", "double broken(double x) { return x +; }")
    @check_units(x=1, result=1)
    def broken(x):
        return x

    group = NeuronGroup(1, "v : 1", threshold="broken(v) > 1", namespace={"broken": broken}, name="group")
    with pytest.raises(BuildError, match=r"the C\+\+ compiler failed: .*error.*all of it in ") as caught:
        compiled(Network(group, SpikeMonitor(group)))
    assert str(own_cache / "failed-build.log") in one_line(caught)
    assert "return x +;" in (own_cache / "failed-build.log").read_text()
    assert not [path for path in (own_cache / "builds").iterdir() if path.is_dir()]


@pytest.mark.parametrize("target", ["numpy", "cpp"])
def test_a_users_function_works_alike_on_every_target(target):
    states = bioplast.compile(networks.fragile(), 5 * ms, target, namespace={})(seed=1).states["noises"]
    np.testing.assert_allclose(states["cube"], states["noise"] ** 3, rtol=1e-12)


def test_flags_that_the_compiler_does_not_know_are_left_out(own_cache):
    source = {"main.cpp": "#include <cstdio>\nint main() { std::puts(NAME); }\n"}
    known, unknown = '-DNAME="told"', "-fno-such-flag-at-all"
    path, _ = build.build(source, build.Compiler(find_compiler(), (known, unknown)))
    assert output(path) == "told"
    with pytest.raises(BuildError, match="no-such-flag"):
        build.build(source, build.Compiler(find_compiler(), (unknown, known), probed=False))
