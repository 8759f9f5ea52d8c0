"""A live network as the CUDA project that brian2cuda writes, with its numbers made data.

brian2cuda is imported here and nowhere else.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brian2
import brian2cuda  # noqa: F401 - registers what its device needs
import numpy as np
from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.codegen.permutation_analysis import OrderDependenceError, check_for_order_independence
from brian2.codegen.translation import make_statements
from brian2.core.functions import Function
from brian2.core.preferences import prefs
from brian2.core.variables import ArrayVariable, Constant, DynamicArrayVariable
from brian2.input.timedarray import TimedArray
from brian2.parsing.rendering import CPPNodeRenderer
from brian2.synapses.synapses import Synapses
from brian2.utils.logger import catch_logs
from brian2.utils.stringtools import get_identifiers
from brian2cuda.codeobject import CUDAStandaloneAtomicsCodeObject, CUDAStandaloneCodeObject
from brian2cuda.device import CUDAStandaloneDevice

from ...errors import Unsupported
from ..codegen.assignments import makes_boolean, refuse_cut_off
from ..codegen.lifting import Lifting
from ..codegen.lowered import Lowered
from ..codegen.lowering import Prepared, describe, prepared
from ..network.clocks import clocks
from ..network.generate import TEMPLATES, Generating
from ..network.in_place import refuse_work_in_place
from ..network.pathways import pathways
from ..network.refusals import refuse_compartments
from .toolkit import BRIAN2CUDA

_WHERE = "target cuda"


@dataclass(frozen=True)
class CudaPathway:
    """A synaptic pathway by the names of its arrays in the project.

    Attributes
    ----------
    name, key : str
        Its name in the project and in the user's network.
    sources, delay, space : str
        The vectors of sources and delays, and the space of its source's spikes.
    neurons, start, stop : int
        How many source neurons there are, and which.
    """

    name: str
    key: str
    sources: str
    delay: str
    space: str
    neurons: int
    start: int
    stop: int


@dataclass(frozen=True)
class CudaProject:
    """What brian2cuda wrote, and what of it has to be known to feed it with data.

    Attributes
    ----------
    lowered : Lowered
        As for C++; its sources are brian2cuda's.
    clocks : list of str
        The clocks by their names in the project, in the order of `lowered.clocks`.
    main_clock : int
        The clock that all others follow.
    spaces : list of str
        The spaces of spikes that synapses read.
    pathways : list of CudaPathway
    host_only : set of str
        The arrays that brian2cuda does not keep on the GPU.
    rows_of, columns_of : mapping
        What counts the rows and columns of an array of two dimensions.
    """

    lowered: Lowered
    clocks: list[str]
    main_clock: int
    spaces: list[str]
    pathways: list[CudaPathway]
    host_only: frozenset[str]
    rows_of: Mapping[str, str]
    columns_of: Mapping[str, str]


class CudaDevice(Generating, Lifting, CUDAStandaloneDevice):
    """brian2cuda's device, which is told of the variables of a live network; their values stay where they are."""

    code_object_classes = (CUDAStandaloneCodeObject, CUDAStandaloneAtomicsCodeObject)
    function_prefix = "__host__ __device__ "

    def __init__(self, runtime: Any):
        super().__init__(runtime)
        self.build_on_run = False
        self.build_options: dict[str, Any] = {}

    def get_array_name(self, var: Any, access_data: bool = True, prefix: str | None = None) -> str:
        if var not in self.arrays:
            self.add_array(var)
            if not isinstance(var, DynamicArrayVariable):
                self.zero_arrays.append((var, self.arrays[var]))  # brian2cuda's word for arrays that it allocates
        return super().get_array_name(var, access_data, prefix)

    def code_object(
        self,
        owner: Any,
        name: str,
        abstract_code: Any,
        variables: dict[str, Any],
        template_name: str,
        variable_indices: Any,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        if template_name not in TEMPLATES:
            raise Unsupported(f"{self.user_name(owner)!r} uses {template_name!r}, which is not lowered to CUDA")
        keywords = options.get("template_kwds")
        refuse_work_in_place(
            self.user_name(owner), abstract_code, variables, variable_indices, template_name, keywords, _WHERE
        )
        scattered = _refuse_races(self.user_name(owner), template_name, abstract_code, variables, variable_indices)
        self.prepare_functions(owner, variables)
        abstract_code = self.lift_refractory_period(owner, abstract_code, variables)
        if template_name == "statemonitor":  # independent lines, whose order Brian2 may have taken from a set
            abstract_code = {None: "\n".join(sorted(abstract_code[None].split("\n")))}
        if template_name == "spikemonitor":
            keywords = dict(options["template_kwds"])
            keywords["record_variables"] = dict(sorted(keywords["record_variables"].items()))
            options["template_kwds"] = keywords
        codeobj = super().code_object(
            owner,
            self.unique(name.rstrip("*")),
            abstract_code,
            variables,
            template_name,
            variable_indices,
            *arguments,
            **options,
        )
        for variable in list(codeobj.variables.values()):
            if isinstance(variable, Function):
                self.collect_tables(variable, owner)
        if scattered and "We are using atomics" not in codeobj.code.cu_file:
            raise Unsupported(
                f"{self.user_name(owner)!r} changes neurons in a way that has no atomic operation, as {_WHERE} needs"
            )
        self.remember_assigned(codeobj, abstract_code)
        self.generated.append(codeobj)
        return codeobj

    def with_constants(self, codeobj: Any, text: str) -> str:
        """The code of `codeobj`, in which the values of the user's constants are read instead of written."""
        if codeobj.poisson_lamdas:  # cuRAND is given the values of constants in another place
            return text
        for name, variable in sorted(codeobj.variables.items()):
            if isinstance(variable, Constant) and self.is_data(name, variable):
                declared = f"const {c_data_type(variable.dtype)} {name} = "
                written = f"{declared}{CPPNodeRenderer().render_expr(repr(variable.value))};"
                if written not in text:
                    raise Unsupported(f"brian2cuda's sources have another form than expected: no line {written!r}")
                text = text.replace(
                    written, f"{declared}BIOPLAST_CONSTANT({self.constant_index(codeobj.owner, name, variable)});"
                )
        return text


def _refuse_races(
    owner: str, template: str, code: Any, variables: Mapping[str, Any], indices: Mapping[str, str]
) -> bool:
    """Refuse what a processor does one after the other and thousands of threads would do at once.

    Returns
    -------
    bool
        Whether what is left has to be done with atomic operations.
    """
    atomic = False
    for block, text in code.items() if isinstance(code, dict) else ():
        scalar, vector = make_statements(text, variables, prefs["core.default_float_dtype"], True, blockname=block)
        for statement in [*scalar, *vector]:
            refuse_cut_off(statement, variables)
            if makes_boolean(statement, variables):
                raise Unsupported(
                    f"{owner!r}: '{statement.var} {statement.op} {statement.expr}' makes a truth value of a number: "
                    f"{_WHERE} cuts it to a byte; write (...) != 0"
                )
            variable = variables.get(statement.var)
            if not isinstance(variable, ArrayVariable):
                continue
            index = indices[statement.var]
            if variable.scalar or index == "0":
                raise Unsupported(
                    f"{owner!r} changes the shared variable {statement.var!r} while it runs: "
                    f"{_WHERE} cannot, all threads would write it at once"
                )
            shared = index != "_idx" and not getattr(variables[index], "unique", False)
            atomic = atomic or shared
            if shared and template != "synapses":
                raise Unsupported(
                    f"{owner!r} changes {statement.var!r} of several synapses at once outside of a spike: "
                    f"{_WHERE} cannot"
                )
        if template == "synapses":
            for name, variable in variables.items():
                if isinstance(variable, Function) and not variable.stateless and name in get_identifiers(text):
                    raise Unsupported(
                        f"{owner!r} draws random numbers ({name}) when a spike arrives: brian2cuda gives the same "
                        f"ones to several synapses, so {_WHERE} refuses them"
                    )
            try:
                check_for_order_independence(vector, variables, indices)
            except OrderDependenceError:
                raise Unsupported(
                    f"{owner!r}: what a spike does depends on the order of the synapses, which {_WHERE} does not keep"
                ) from None
    return atomic


@contextlib.contextmanager
def _preferences(capability: str, runtime_version: str) -> Iterator[None]:
    """brian2cuda's preferences for writing a project on a machine that may have no GPU, until the end of the block."""
    backend = "devices.cuda_standalone.cuda_backend."
    wanted = {
        f"{backend}detect_gpus": False,
        f"{backend}gpu_id": 0,
        f"{backend}compute_capability": float(capability),
        f"{backend}cuda_runtime_version": float(runtime_version),
        f"{backend}extra_compile_args_nvcc": [],
        "devices.cuda_standalone.push_synapse_bundles": True,  # how the spikes on their way are put back
    }
    saved = {name: prefs[name] for name in wanted}
    try:
        for name, value in wanted.items():
            prefs[name] = value
        yield
    finally:
        for name, value in saved.items():
            prefs[name] = value


def lower_for_cuda(
    network: brian2.Network, namespace: Mapping[str, Any], capability: str, runtime_version: str
) -> CudaProject:
    """Let brian2cuda write the project of a network, and gather the data that it reads.

    Parameters
    ----------
    network : brian2.Network
        The user's network; left as it was.
    namespace : mapping
        The names that the equations may refer to.
    capability, runtime_version : str
        The compute capability of the GPU and the version of CUDA, such as "9.0" and "13.0".

    Raises
    ------
    Unsupported
        For an object or construct that has no CUDA form, or one that brian2cuda gets wrong, by its name.
    """
    if prefs["core.default_float_dtype"] != np.float64:
        name = np.dtype(prefs["core.default_float_dtype"]).name
        raise Unsupported(f"core.default_float_dtype is {name}: {_WHERE} takes float64")
    refuse_compartments(network, _WHERE)
    main = _main_clock(network)
    with catch_logs(), _preferences(capability, runtime_version):

        def generate(device: CudaDevice) -> None:
            device.rename(network, "network")
            # a TimedArray that is older than the import of brian2cuda has no CUDA form yet
            for space in (namespace, *(getattr(obj, "namespace", None) or {} for obj in network.sorted_objects)):
                for array in space.values():
                    if isinstance(array, TimedArray):
                        device.announce(array)
            device.network_run(network, 0 * brian2.second, namespace=namespace)

        with prepared(network, namespace, CudaDevice, _WHERE, generate=generate) as ready:
            _refuse_stale_spikes(ready)
            return _project(ready, main)


def _main_clock(network: brian2.Network) -> Any:
    """The clock with the smallest dt; where there are synapses, all others have to be in step with it."""
    found = clocks(network)
    main = min(found, key=lambda clock: clock.dt_)
    for pathway in pathways(network):
        if pathway.source.clock.dt_ != main.dt_:
            raise Unsupported(
                f"{pathway.source.name!r} sends spikes on a clock of {pathway.source.clock.dt_ * 1e3:g} ms, "
                f"another object has {main.dt_ * 1e3:g} ms: brian2cuda delays such spikes wrongly (its issue 222)"
            )
        main = pathway.source.clock
    for clock in found if pathways(network) else ():
        ratio = clock.dt_ / main.dt_
        if abs(ratio - round(ratio)) > 1e-9:
            raise Unsupported(
                f"clock {clock.name!r} has {clock.dt_ * 1e3:g} ms, no multiple of the {main.dt_ * 1e3:g} ms of the "
                "spikes: brian2cuda delays spikes wrongly then (its issue 222)"
            )
    return main


def _refuse_stale_spikes(ready: Prepared) -> None:
    """Refuse objects that look at spikes before those of their step are found: brian2cuda shows them older ones."""
    found: set[Any] = set()
    for obj in ready.schedule:
        for codeobj in obj._code_objects if obj.active else ():
            spaces = {v for v in codeobj.variables.values() if isinstance(v, ArrayVariable) and _is_space(v)}
            if codeobj.template_name in ("threshold", "spikegenerator"):
                found |= spaces
            elif spaces - found:
                raise Unsupported(
                    f"{ready.user_names[id(obj)]!r} runs before the threshold of the spikes that it looks at: "
                    f"{_WHERE} cannot; give it a later slot (when=...)"
                )


def _is_space(variable: Any) -> bool:
    return str(variable.name).startswith("_") and str(variable.name).endswith("space")


def _project(ready: Prepared, main: Any) -> CudaProject:
    device, network = ready.device, ready.network
    for variable in device.arrays:
        if variable.name.endswith("space") and not _is_space(variable):
            raise Unsupported(f"a variable is called {variable.name!r}: brian2cuda takes names in -space for spikes")
    named_clocks = clocks(network)
    described = []
    for pathway in (p for p in pathways(network) if p.active):
        device.get_array_name(pathway.synapse_sources)
        space = pathway.source.variables[pathway.eventspace_name]
        described.append(
            CudaPathway(
                name=pathway.name,
                key=ready.user_names[id(pathway)],
                sources=device.get_array_name(pathway.synapse_sources, access_data=False),
                delay=device.get_array_name(pathway.variables["delay"], access_data=False),
                space=device.get_array_name(space),
                neurons=int(pathway.source.N if np.ndim(pathway.source.N) == 0 else pathway.source.N[0]),
                start=int(pathway.source.start),
                stop=int(pathway.source.stop),
            )
        )
    for clock in named_clocks:
        for name in ("timestep", "t", "dt"):
            device.get_array_name(clock.variables[name])
    lowered = describe(ready, {})
    _call_bioplast(device, lowered, named_clocks.index(main), [clock.name for clock in named_clocks])
    device.clocks = sorted(device.clocks, key=lambda clock: clock.name)  # a set, whose order would change the sources
    device.static_arrays.update(device.tables)  # brian2cuda knows one form of each function, we one for each clock
    device.timed_arrays = {}  # which brian2cuda lets a command line change
    with tempfile.TemporaryDirectory(prefix="bioplast-") as place:
        device.build(directory=place, compile=False, run=False, with_output=False)
        sources = {
            str(path.relative_to(place)): path.read_text()
            for path in sorted(Path(place).rglob("*"))
            if path.suffix in (".cu", ".h", ".cpp")
        }
    for codeobj in device.generated:
        name = f"code_objects/{codeobj.name}.cu"
        sources[name] = device.with_constants(codeobj, sources[name])
    spaces = {device.arrays[v] for v in device.arrays if _is_space(v)}
    lowered = dataclasses.replace(
        lowered,
        constants=list(device.constants.items()),
        arrays=[a for a in lowered.arrays if a.name not in spaces],
        sources=sources,
    )
    rows_of, columns_of = {}, {}
    for variable, name in device.arrays.items():
        if isinstance(variable, DynamicArrayVariable) and variable.ndim == 2:
            monitor = variable.owner
            rows_of[name] = device.get_array_name(monitor.variables["t"], access_data=False)
            columns_of[name] = f"_num_{device.get_array_name(monitor.variables['_indices'])}"
    return CudaProject(
        lowered=lowered,
        clocks=[clock.name for clock in named_clocks],
        main_clock=named_clocks.index(main),
        spaces=sorted({p.space for p in described}),
        pathways=described,
        host_only=frozenset(device.variables_on_host_only),
        rows_of=rows_of,
        columns_of=columns_of,
    )


def _call_bioplast(device: CudaDevice, lowered: Lowered, main: int, clock_names: list[str]) -> None:
    """Call what gpu.cu defines from brian2cuda's main program."""
    device.insert_code("after_start", "bioplast::start(argv[1]);")
    device.insert_code("before_end", "bioplast::finish(argv[2]);")
    ((net, lines),) = [arguments for what, arguments in device.main_queue if what == "run_network"]
    run = [line for line in lines if line.startswith(f"{net.name}.run(")]
    added = [line for line in lines if line.startswith(f"{net.name}.add(")]
    if len(run) != 1 or not added:
        raise Unsupported(f"brian2cuda's program has another form than that of its release {BRIAN2CUDA}")
    steps: list[str] = []
    playbacks = {r.name: k for k, r in enumerate(r for r in lowered.runners if r.playback)}
    for line in added:
        steps.append(line)
        for name, k in playbacks.items():
            if line.endswith(f", _run_{name});"):
                steps.append(line.replace(f"_run_{name}", f"bioplast::play_{k}"))
    steps += [f"{net.name}.add(&{clock}, bioplast::count_{k});" for k, clock in enumerate(clock_names)]
    steps.append(f"{net.name}.add(&{clock_names[main]}, bioplast::end_of_step);")
    lines[:] = [
        *(f"{synapses.name}_multiple_pre_post = true;" for synapses in net.sorted_objects if _has_doubles(synapses)),
        "bioplast::begin();",
        f"{net.name}.clear();",
        *steps,
        f"{net.name}.t = bioplast::first_time();",
        f"{net.name}.run(bioplast::last_time() - bioplast::first_time(), NULL, 10.0);",
    ]


def _has_doubles(synapses: Any) -> bool:
    """Whether two synapses connect the same neurons, which brian2cuda notes when it makes synapses itself."""
    if not isinstance(synapses, Synapses):
        return False
    pre, post = (synapses.variables[name].get_value() for name in ("_synaptic_pre", "_synaptic_post"))
    return len(np.unique(np.stack([pre, post]), axis=1).T) < len(pre)
