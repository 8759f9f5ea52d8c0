#!/bin/sh
# A synapse whose statement reads v_pre delivers nothing at all, without a word, where v is (unless refractory) in the
# group before as well as in the one after: the neuron before, which has just spiked, is the refractory one then.
#
# Versions   Brian2 2.9.0 (Python 3.11), 2.10.1 (3.12), 2.11.0 (3.13), targets numpy and cython.
# Expected   "v_post += w*(v_pre > 0)" adds w as "v_post += w" does, as long as the neuron after is not refractory: what is
#            held back is the change of a variable of a neuron that is refractory itself.
# Behaviour  Nothing is added. Both groups have a variable not_refractory, and the code knows one by that name: that of the
#            neuron before, which is false whenever it sends. If either group's v is not (unless refractory), all is well.
#            Behind another statement that writes v_post, NumPy's code fails in the first step with a spike instead:
#            "name '_presynaptic_idx' is not defined"; the two statements the other way round run.
# Source     brian2/codegen/codeobject.py, create_runner_codeobj: conditional_write_variables[cond_write_var.name] and
#            all_variable_indices[cond_write_var.name] are set for every variable that is read or written, by one name; the
#            last in the alphabet wins. So z_post, which comes behind v_pre, is held back by its own neuron.
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
from brian2 import Network, NeuronGroup, Synapses, ms, prefs

prefs.logging.console_log_level = "CRITICAL"
prefs.logging.delete_log_on_exit = True
FREE = "dv/dt = 0*v/ms : 1"
HELD = FREE + " (unless refractory)"
LATER = HELD + "\ndz/dt = 0*z/ms : 1 (unless refractory)"


def after_a_spike(target, before, after, *statements, name="v"):
    """A variable, 0, of a neuron that gets one spike of a neuron at 2, through a synapse of 0.25."""
    prefs.codegen.target = target
    how = {"threshold": "v > 1", "reset": "v = 0", "refractory": 5 * ms, "method": "euler"}
    one, other = NeuronGroup(1, before, **how), NeuronGroup(1, after, **how)
    one.v = 2
    synapses = Synapses(one, other, "w : 1", on_pre="\n".join(statements))
    synapses.connect()
    synapses.w = 0.25
    try:
        Network(one, other, synapses).run(1 * ms)
    except Exception as error:
        while error.__cause__ is not None:
            error = error.__cause__
        return f"{type(error).__name__}: {error}"
    return getattr(other, name)[0]


plain, reading = "v_post += w", "v_post += w*(v_pre > 0)"
for target in ("numpy", "cython"):
    for name, before, after in (("neither", FREE, FREE), ("after", FREE, HELD), ("before", HELD, FREE), ("both", HELD, HELD)):
        found = [after_a_spike(target, before, after, statement) for statement in (plain, reading)]
        print(f"{target}, unless refractory: {name:8}", *found)
    print(target, "z_post:", after_a_spike(target, HELD, LATER, "z_post += w*(v_pre > 0)", name="z"))
    print(target, "both statements:", after_a_spike(target, HELD, HELD, plain, reading))
    print(target, "the other way round:", after_a_spike(target, HELD, HELD, reading, plain))
PYTHON
cd "$folder"
"$folder/venv/bin/python" run.py >"$folder/found" 2>"$folder/told"
cat >"$folder/expected" <<'TEXT'
numpy, unless refractory: neither  0.25 0.25
numpy, unless refractory: after    0.25 0.25
numpy, unless refractory: before   0.25 0.25
numpy, unless refractory: both     0.25 0.0
numpy z_post: 0.25
numpy both statements: NameError: name '_presynaptic_idx' is not defined
numpy the other way round: 0.0
cython, unless refractory: neither  0.25 0.25
cython, unless refractory: after    0.25 0.25
cython, unless refractory: before   0.25 0.25
cython, unless refractory: both     0.25 0.0
cython z_post: 0.25
cython both statements: 0.0
cython the other way round: 0.0
TEXT
diff "$folder/expected" "$folder/found"
cat "$folder/found"
