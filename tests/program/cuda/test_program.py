"""Target cuda. Programs run on a processor here, by way of cuda_on_cpu: what brian2cuda writes, kernel for kernel.

Threads run one after the other, in an order of their own for each launch, and host code that touches device memory ends
the program. That shows what a program computes; program/test_parity.py runs the same networks on a GPU where there is
one.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import signal
import subprocess

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    PoissonGroup,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    get_device,
    ms,
    prefs,
    um,
)
from support import interpreter, networks
from support.cuda import PROCESSOR, compiled, small, sources
from support.networks import SHARED
from support.parity import RASTER, assert_same, reference

import bioplast
from bioplast.errors import BioplastError, NonFiniteError, RunError, TargetUnavailable, Unsupported
from bioplast.program.build import build
from bioplast.program.codegen import program as compiled_program
from bioplast.program.cuda import toolkit

NVCC = toolkit.missing() is None


@pytest.fixture
def processor(monkeypatch):
    """nvcc compiles for a processor, nvidia-smi finds one."""
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", f"{PROCESSOR}{os.pathsep}{os.environ['PATH']}")


def without_noise(out):
    """An output without what is random; numbers differ between targets."""
    out.states["trace"].pop("noise")
    out.final.pop("cells.noise")
    return out


def both(network, duration, *arguments, **options):
    return [
        without_noise(bioplast.compile(network, duration, target, namespace={})(*arguments, **options))
        for target in ("numpy", "cuda")
    ]


@pytest.mark.long
@pytest.mark.build
@pytest.mark.parametrize("case", ["plastic", "driven", "varied"])
def test_the_program_computes_what_numpy_does(processor, case):
    network, expected = reference(case)
    found = compiled(network, SHARED[case][1])(seed=3, inputs=RASTER if case == "driven" else None)
    assert sum(len(s.times) for s in expected.spikes.values()) > 100
    assert_same(expected, found)


@pytest.mark.long
@pytest.mark.build
def test_spikes_on_their_way_go_on_in_the_next_run(processor):
    network = small()
    expected, found = both(network, 20 * ms, seed=1)
    for queue in ("one_pre.queue", "many_pre.queue"):
        assert len(expected.final[queue]) > 0
    assert_same(expected, found)
    first = [out.final for out in (expected, found)]
    then = both(network, 0.2 * ms, expected.final, seed=1)
    assert len(then[0].final["many_pre.queue"]) > 0  # of the run before
    assert_same(*then)
    again = [
        without_noise(bioplast.compile(network, 15 * ms, target, namespace={})(final, seed=1))
        for target, final in zip(("numpy", "cuda"), first, strict=True)
    ]
    assert_same(*again)


@pytest.mark.long
@pytest.mark.build
def test_other_numbers_compile_nothing(processor):
    compiled(small(), 20 * ms)
    network = small(seed=5, more=3, tau=7 * ms, drive=1.9)
    program = compiled(network, 33.3 * ms)
    assert not program.compiled_now
    values = {"one.w": 0.11, "many.w": np.linspace(0, 0.2, 9), "many_pre.delay": 1.5 * ms, "one_pre.delay": 0 * ms}
    for table in (np.ones(3), np.linspace(0, 1, 100)):
        inputs = {"current": table}
        expected, found = both(network, 33.3 * ms, values, inputs, seed=1)
        assert len(expected.spikes["spikes"].times) > 10
        assert_same(expected, found)


@pytest.mark.long
@pytest.mark.build
def test_a_seed_gives_the_same_noise_again(processor):
    program = compiled(small(), 20 * ms)
    one, same, other = (program(seed=seed).states["trace"]["noise"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any(axis=0).all()
    # 800 standard normal numbers, all different: a mean within 4 standard errors
    assert len(np.unique(one)) == one.size
    assert abs(one.mean()) < 4 / np.sqrt(one.size)


@pytest.mark.long
@pytest.mark.build
@pytest.mark.parametrize("watch", [0.1, 1, 1000])
def test_a_state_that_blows_up_is_told_as_numpy_tells_it(processor, watch):
    network = small()
    told = []
    for target in ("numpy", "cuda"):
        program = bioplast.compile(network, 20 * ms, target, namespace={}, watch=watch * ms)
        with pytest.raises(NonFiniteError) as caught:
            program({"cells.x": [0, 0, 100, 0]})
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert "x of neuron 2 in 'cells' is inf" in told[0]


@pytest.mark.long
@pytest.mark.build
@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, RunError)])
def test_an_interrupted_program_is_no_output(processor, monkeypatch, number, error):
    started = compiled_program.subprocess.Popen

    class Interrupted(started):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.stdout = _Lines(self.stdout, self, number)

    monkeypatch.setattr(compiled_program.subprocess, "Popen", Interrupted)
    with pytest.raises(error):
        compiled(small(), 1e6 * ms)()


class _Lines:
    """The output of a program, which gets a signal once it reports its progress."""

    def __init__(self, stream, process, number):
        self.stream, self.process, self.number, self.close = stream, process, number, stream.close

    def __iter__(self):
        for line in self.stream:
            if line.startswith("progress"):
                self.process.send_signal(self.number)
            yield line


@pytest.mark.long
@pytest.mark.build
def test_an_error_that_brian2cuda_only_prints_is_no_output(processor, tmp_path):
    program = compiled(small(), 20 * ms)
    program._binary = tmp_path / "main"
    program._binary.write_text("#!/bin/sh\necho 'ERROR while allocating 8 bytes'\necho later\n")
    program._binary.chmod(0o755)
    with pytest.raises(RunError, match="the CUDA program failed: ERROR while allocating 8 bytes"):
        program()


@pytest.mark.long
@pytest.mark.build
def test_progress_is_reported(processor):
    told = []
    compiled(small(), 20 * ms)(progress=lambda done, elapsed: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.long
@pytest.mark.build
def test_the_network_is_left_as_it_was(processor):
    network, untouched = small(), small()
    names = [obj.name for obj in network.sorted_objects]
    compiled(network, 20 * ms)(seed=1)
    before = {name: prefs[name] for name in prefs}
    device = get_device()
    compiled(network, 20 * ms)(seed=1)
    assert {name: prefs[name] for name in prefs} == before
    assert get_device() is device
    assert [obj.name for obj in network.sorted_objects] == names
    for each in (network, untouched):
        each.run(20 * ms, namespace={})
    np.testing.assert_array_equal(network["spikes"].t_, untouched["spikes"].t_)
    np.testing.assert_array_equal(network["spikes"].i, untouched["spikes"].i)


def test_values_are_data_and_equations_are_code(processor):
    texts = sources(small(drive=1.2345678))
    assert not [name for name, text in texts.items() if "1.2345678" in text]
    update = texts["code_objects/cells_stateupdater_codeobject.cu"]
    assert "const double drive = BIOPLAST_CONSTANT(" in update
    assert "__global__" in update
    main = texts["main.cu"]
    for call in ("start(argv[1]);", "begin();", "end_of_step);", "finish(argv[2]);"):
        assert f"bioplast::{call}" in main
    assert "many_multiple_pre_post = true;" in main
    assert "one_multiple_pre_post = true;" not in main
    assert texts == sources(small(seed=3))


def test_the_sources_are_the_same_in_another_process(processor):
    code = """
import json
from support.cuda import small, sources
print(json.dumps(sources(small())))
"""
    found = interpreter.run(code, PYTHONHASHSEED="1")
    assert json.loads(found.splitlines()[-1]) == sources(small())


@pytest.mark.long
def test_a_copy_gives_the_same_output(processor):
    program = compiled(small(), 10 * ms)
    expected = without_noise(program(seed=2))
    for other in (pickle.loads(pickle.dumps(program)), copy.deepcopy(program), copy.copy(program)):
        assert_same(expected, without_noise(other(seed=2)))
        assert other._lowered.sources == program._lowered.sources


# What is refused -----------------------------------------------------------------------------------------------------


def pair(model="w : 1", on_pre="v += 1", dt=None, other=None, **options):
    cells = NeuronGroup(3, "v : 1\ns : 1 (shared)\nspace : 1", threshold="v > 1", reset="v = 0", dt=dt, name="cells")
    synapses = Synapses(cells, cells, model, on_pre=on_pre, namespace={}, name="synapses", **options)
    synapses.connect()
    return Network(cells, synapses, *([] if other is None else [other])), cells, synapses


def refused(network, *told, error=Unsupported, **options):
    with pytest.raises(error) as caught:
        compiled(network, 1 * ms, **options)
    message = str(caught.value)
    assert "\n" not in message
    for word in told:
        assert word in message


def test_spikes_on_a_slower_clock_are_refused(processor):
    other = NeuronGroup(1, "u : 1", threshold="u > 1", dt=0.1 * ms, name="other")
    refused(pair(dt=1 * ms, other=other)[0], "'cells' sends spikes on a clock of 1 ms", "issue 222")


def test_clocks_that_are_not_in_step_are_refused(processor):
    other = NeuronGroup(1, "u : 1", threshold="u > 1", dt=0.25 * ms, name="other")
    refused(pair(other=other)[0], "0.25 ms, no multiple of the 0.1 ms", "issue 222")


def test_random_numbers_of_a_spike_are_refused(processor):
    refused(pair(on_pre="w = rand()")[0], "'synapses", "random numbers (rand)")


def test_what_depends_on_the_order_of_synapses_is_refused(processor):
    refused(pair(on_pre="v_post = 2*v_post + w")[0], "'synapses", "depends on the order of the synapses")


def test_effects_that_are_not_atomic_are_refused(processor, monkeypatch):
    import brian2cuda  # noqa: F401 - registers the preference

    monkeypatch.setitem(prefs, "devices.cuda_standalone.use_atomics", False)
    refused(pair()[0], "'synapses", "no atomic operation")


def test_synapses_that_change_neurons_between_spikes_are_refused(processor):
    network, _, synapses = pair()
    network.add(synapses.run_regularly("v_post += w"))
    refused(network, "'synapses", "changes 'v_post' of several synapses at once")


def test_a_shared_variable_that_changes_is_refused(processor):
    network, cells, _ = pair()
    network.add(cells.run_regularly("s += 1"))
    refused(network, "'cells", "changes the shared variable 's'")


def test_spikes_that_are_looked_at_too_early_are_refused(processor):
    network, _, synapses = pair()
    synapses.pre.when = "start"
    refused(network, "'synapses_pre' runs before the threshold")


def test_a_variable_with_a_name_of_brian2cudas_is_refused(processor):
    network, cells, _ = pair()
    network.add(StateMonitor(cells, "space", record=True, name="trace"))
    refused(network, "a variable is called 'space'")


def test_a_neuron_with_compartments_is_refused_with_the_targets_that_run_it(processor):
    neuron = SpatialNeuron(Soma(30 * um), "Im = 0*amp/meter**2 : amp/meter**2", name="cell")
    told = "'cell' is a SpatialNeuron: target cuda does not solve", "use target='cpp', 'openmp', 'cython' or 'numpy'"
    refused(Network(neuron), *told)


def test_single_precision_is_refused(processor, monkeypatch):
    network = pair()[0]
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    refused(network, "core.default_float_dtype is float32")


def test_a_function_without_cuda_code_is_refused(processor):
    refused(networks.fragile(), "'cells", "Cannot use function 'cubed'")


def test_a_network_operation_is_refused(processor):
    from brian2 import NetworkOperation

    refused(pair(other=NetworkOperation(lambda: None, name="operation"))[0], "'operation'", "target cuda cannot run it")


@pytest.mark.long
@pytest.mark.build
def test_spikes_on_their_way_of_part_of_a_neuron_are_refused(processor):
    program = compiled(small(), 20 * ms)
    for queue, told in (
        ({"one_pre.queue": [[1, 0]]}, "'one_pre.queue': the spikes on their way are not those of whole neurons"),
        ({"many_pre.queue": [[21, 4], [21, 5]]}, "'many_pre.queue': a spike is on its way that cannot"),
        ({"many_pre.queue": [[9, 5]]}, "'many_pre.queue': "),
    ):
        with pytest.raises(BioplastError) as caught:
            program({"network.t": 100 * ms, **queue})
        assert str(caught.value).startswith(told)


# What a machine lacks ------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.build
def test_without_a_gpu_it_compiles_and_says_that_it_cannot_run(processor, monkeypatch):
    program = compiled(small(), 20 * ms)
    monkeypatch.setattr(toolkit, "gpu", lambda: None)
    with pytest.raises(TargetUnavailable, match="no NVIDIA GPU here"):
        program()


def test_every_group_of_spikes_that_can_be_replaced_is_known(processor):
    poisson = PoissonGroup(2, rates=np.nan * ms**-1, name="poisson")
    generator = SpikeGeneratorGroup(2, [0], [1] * ms, name="generator")
    texts = sources(Network(poisson, generator, SpikeMonitor(poisson), SpikeMonitor(generator)))
    lines = [line.strip() for line in texts["main.cu"].splitlines()]
    at = lines.index("network.add(&defaultclock, _run_poisson_spike_thresholder_codeobject);")
    assert lines[at + 1] == "network.add(&defaultclock, bioplast::play_0);"


if NVCC:  # what this machine's nvcc says; about a minute for each file, so not all of them are compiled

    @pytest.mark.long
    @pytest.mark.build
    @pytest.mark.parametrize("name", ["main.cu", "code_objects/many_pre_codeobject.cu"])
    def test_nvidias_compiler_accepts_the_sources(tmp_path, name):
        found = toolkit.find_toolkit()
        texts = sources(small())
        build._write(texts, tmp_path)
        include = [f"-I{found.include}"] if found.include else []
        call = [found.nvcc, "-w", "-std=c++17", "-rdc=true", "-arch=sm_75", *include, "-I.", "-O0", "-Xptxas=-O0"]
        done = subprocess.run([*call, "-c", name, "-o", "out.o"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_what_is_missing_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        monkeypatch.delenv(variable, raising=False)
    assert "no CUDA compiler (nvcc not found)" in toolkit.missing()
    (tmp_path / "bin").mkdir()
    nvcc = tmp_path / "bin" / "nvcc"
    nvcc.write_text("#!/bin/sh\n")
    nvcc.chmod(0o755)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    monkeypatch.setattr(toolkit, "_wheels", lambda: [])
    assert "cuRAND is missing" in toolkit.missing()
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "curand.h").write_text("")
    assert toolkit.missing() is None
    monkeypatch.setattr(toolkit.metadata, "version", lambda package: "2.11.0" if package == "brian2" else "1.0b1")
    assert "not brian2 2.11.0: pip install 'bioplast[cuda]'" in toolkit.missing()
    monkeypatch.setattr(toolkit.sys, "version_info", (3, 11, 9))
    assert "needs Python 3.12 or newer, not 3.11" in toolkit.missing()
