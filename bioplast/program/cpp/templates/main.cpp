#include <algorithm>
#include <cerrno>
#include "objects.h"
#include "runtime.h"
{% if exported %}
#include "command_line.h"
{% endif %}
{% for header in headers %}
#include {{ header }}
{% endfor %}
{% for r in runners %}
#include "code_objects/{{ r.name }}.h"
{% if r.before %}
#include "code_objects/before_run_{{ r.name }}.h"
{% endif %}
{% endfor %}

namespace brian {
std::vector<RandomGenerator> _random_generators;
double* _constants;
{% for a in arrays %}
{{ a.ctype }}* {{ a.name }} = new {{ a.ctype }}[{{ [a.size, 1]|max }}];
{% endfor %}
{% for a in columns %}
runtime::Column<{{ a.ctype }}> {{ a.vector }};
{% endfor %}
{% for a in vectors %}
std::vector<{{ a.ctype }}> {{ a.vector }};
{% endfor %}
{% for a in matrices %}
DynamicArray2D<{{ a.ctype }}> {{ a.vector }};
{% endfor %}
{% for t in tables %}
{{ t.ctype }}* {{ t.name }};
{% endfor %}
{% for p in pathways %}
runtime::Pathway<{{ p.scalar }}> {{ p.name }}({{ p.sources }}, {{ p.delays }}, {{ p.start }}, {{ p.stop }});
{% endfor %}
}

namespace {

using namespace brian;
using runtime::Playback;
using runtime::Progress;
using runtime::Reader;
using runtime::Writer;

struct Clock
{
    int64_t* timestep;
    double *t, *dt;
    int64_t end;
    void tick()
    {
        *timestep += 1;
        *t = *timestep * *dt;
    }
};

Clock clocks[] = {
{% for c in clocks %}
    { {{ c.timestep }}, {{ c.t }}, {{ c.dt }}, 0 },
{% endfor %}
};
const int n_clocks = {{ clocks|length }};
int64_t first_steps[n_clocks];
Playback playbacks[{{ [playbacks|length, 1]|max }}];

// ---------------------------------------------------------------------------------------------------------------- data

void read_data(Reader& data)
{
    data.table(_constants);
{% for a in all_arrays %}
{% if a.size is not none %}
    data.fixed({{ a.name }}, {{ a.size }}, "{{ a.name }}");
{% elif a.dimensions == 1 %}
    {{ "data.vector(" ~ a.vector ~ ")" if a.grows else a.vector ~ ".read(data)" }};
{% endif %}
{% endfor %}
{% for t in tables %}
    data.table({{ t.name }});
{% endfor %}
{% for p in playbacks %}
    playbacks[{{ loop.index0 }}].read(data);
{% endfor %}
}

void write_results(Writer& results)
{
{% for a in all_arrays if a.written %}
{% if a.size is not none %}
    results.fixed({{ a.name }}, {{ a.size }});
{% elif a.dimensions == 1 %}
    results.fixed({{ a.vector }}.data(), {{ a.vector }}.size());
{% else %}
    results.matrix({{ a.vector }});
{% endif %}
{% endfor %}
{% for p in pathways %}
    {{ p.name }}.write_pending(results);
{% endfor %}
}

{% if exported %}
// -------------------------------------------------------------------------------------------- command line and CSV files

double smallest_dt()
{
    double dt = *clocks[0].dt;
    for (const Clock& clock : clocks) dt = std::min(dt, *clock.dt);
    return dt;
}

std::vector<command_line::Value> values()
{
    return {
{% set ns = namespace(delays=[]) %}
{% for p in pathways %}
{% set ns.delays = ns.delays + [p.key ~ ".delay"] %}
{% endfor %}
{% for a in all_arrays if a.key and a.dimensions == 1 %}
{% set pointer = a.name if a.size is not none else a.vector ~ ".data()" %}
{% set size = a.size if a.size is not none else "(int64_t)" ~ a.vector ~ ".size()" %}
        {"{{ a.key }}", '{{ {"double": "d", "float": "f", "int32_t": "i", "int64_t": "l", "char": "b"}[a.ctype] }}', {{ pointer }}, {{ size }}, {{ "smallest_dt()" if a.key in ns.delays else 0 }}},
{% endfor %}
    };
}

void write_csv(const std::string& folder)
{
{% for file in csv %}
    {
        command_line::Csv csv(folder, "{{ file.name }}");
{% if file.kind == "states" %}
{% set t = dict(file.columns)["t"] %}
        const int record[] = { {{ file.record|join(", ") }} };
        csv.text("t", true);
{% for variable, matrix in file.columns if variable != "t" %}
        for (int neuron : record) csv.text(("{{ variable }}[" + std::to_string(neuron) + "]").c_str());
{% endfor %}
        csv.line();
        for (size_t row = 0; row < {{ t }}.size(); row++) {
            csv.value({{ t }}[row], true);
{% for variable, matrix in file.columns if variable != "t" %}
            for (int k = 0; k < {{ file.record|length }}; k++) csv.value({{ matrix }}((int)row, k));
{% endfor %}
            csv.line();
        }
{% else %}
{% for variable, vector in file.columns %}
        csv.text("{{ variable }}"{{ ", true" if loop.first }});
{% endfor %}
        csv.line();
        for (size_t row = 0; row < {{ file.columns[0][1] }}.size(); row++) {
{% for variable, vector in file.columns %}
            csv.value({{ vector }}[row]{{ ", true" if loop.first }});
{% endfor %}
            csv.line();
        }
{% endif %}
    }
{% endfor %}
    command_line::Csv csv(folder, "final");
    csv.text("value", true).text("index").text("number");
    csv.line();
    for (const command_line::Value& value : values())
        for (int64_t k = 0; k < value.size; k++) {
            double x = 0;
            switch (value.type) {
                case 'd': x = ((double*)value.pointer)[k]; break;
                case 'f': x = ((float*)value.pointer)[k]; break;
                case 'i': x = ((int32_t*)value.pointer)[k]; break;
                case 'l': x = (double)((int64_t*)value.pointer)[k]; break;
                default: x = ((char*)value.pointer)[k];
            }
            csv.text(value.name.c_str(), true).value((double)k).value(x);
            csv.line();
        }
}

{% endif %}
// --------------------------------------------------------------------------------------------------------------- watch

{% if watched %}
char watched[{{ watched|length }}];  // which arrays were finite when the run began
double last_finite = 0;

// All that comes before this time is done.
double done_until()
{
    double time = *clocks[0].t;
    for (const Clock& clock : clocks) time = std::min(time, *clock.t);
    return time;
}

void not_finite(const char* key, int64_t index, double value)
{
{% if exported %}
    std::fprintf(stderr, "error %s[%lld] is %g at %.10g s (last finite at %.10g s): a smaller dt or other values may help\n",
{% else %}
    std::fprintf(stderr, "nonfinite %s %lld %g %.17g %.17g\n",
{% endif %}
                 key, (long long)index, value, {{ "done_until(), last_finite" if exported else "last_finite, done_until()" }});
    std::exit(3);
}

void watch(bool synapses)
{
    int64_t k;
{% for array, key, synaptic in watched %}
{% set pointer = array.name if array.size is not none else array.vector ~ ".data()" %}
{% set size = array.size if array.size is not none else array.vector ~ ".size()" %}
    if (watched[{{ loop.index0 }}]{{ " && synapses" if synaptic else "" }} && (k = runtime::first_not_finite({{ pointer }}, {{ size }})) >= 0)
        not_finite("{{ key if exported else loop.index0 }}", k, {{ pointer }}[k]);
{% endfor %}
    last_finite = done_until();
}
{% endif %}

// -------------------------------------------------------------------------------------------------------------- a step

{% if single_clock %}
inline void step()
{
{% for r in runners %}
    _run_{{ r.name }}();
{% if r.playback %}
    playbacks[{{ playbacks.index(r.playback) }}].overwrite({{ r.playback }}, {% for a in arrays if a.name == r.playback %}{{ a.size }}{% endfor %}, *clocks[0].timestep);
{% endif %}
{% endfor %}
    clocks[0].tick();
}

inline bool more() { return *clocks[0].timestep < clocks[0].end; }
{% else %}
// Clocks whose times lie within 1e-4 of the smaller dt run in the same step, as in Brian2's own runs.
const Clock* earliest()
{
    const Clock* first = clocks;
    for (const Clock& clock : clocks)
        if (*clock.t < *first->t) first = &clock;
    return first;
}

inline void step()
{
    const Clock* first = earliest();
    bool now[n_clocks];
    for (int k = 0; k < n_clocks; k++)
        now[k] = &clocks[k] == first || fabs(*clocks[k].t - *first->t) / std::min(*clocks[k].dt, *first->dt) < 1e-4;
{% for r in runners %}
    if (now[{{ clock_index[r.clock] }}]) {
        _run_{{ r.name }}();
{% if r.playback %}
        playbacks[{{ playbacks.index(r.playback) }}].overwrite({{ r.playback }}, {% for a in arrays if a.name == r.playback %}{{ a.size }}{% endfor %}, *clocks[{{ clock_index[r.clock] }}].timestep);
{% endif %}
    }
{% endfor %}
    for (int k = 0; k < n_clocks; k++)
        if (now[k]) clocks[k].tick();
}

inline bool more()
{
    const Clock* first = earliest();
    return *first->timestep < first->end;
}
{% endif %}

double fraction()
{
    double done = 1;
    for (int k = 0; k < n_clocks; k++)
        if (clocks[k].end > first_steps[k])
            done = std::min(done, double(*clocks[k].timestep - first_steps[k]) / (clocks[k].end - first_steps[k]));
    return done;
}

}  // namespace

int main(int argc, char** argv)
{
{% if exported %}
    const command_line::Options options = command_line::parse(argc, argv);
    const std::string data_file = options.data;
{% else %}
    if (argc != 3) runtime::fail("usage: main DATA RESULTS");
    const std::string data_file = argv[1];
{% endif %}
    std::signal(SIGINT, runtime::ask_to_stop);
    std::signal(SIGTERM, runtime::ask_to_stop);
{% if threads %}
    omp_set_dynamic(0);
    omp_set_num_threads({{ threads }});
{% endif %}

    Reader data(data_file.c_str());
    int64_t seed = data.integer();
    const int64_t watch_steps = data.integer(), synapse_watches = data.integer();
    const double report_period = data.integer() * 1e-3;
    for (Clock& clock : clocks) clock.end = data.integer();
    read_data(data);
{% if exported %}
    command_line::check_sum(data_file);
    command_line::apply(options, values());
    command_line::prepare(options.out);
    if (options.has_seed) seed = options.seed;
    if (options.has_duration)
        for (Clock& clock : clocks) clock.end = command_line::last_step(*clock.t, options.duration, *clock.dt);
{% endif %}
    for (int k = 0; k < n_clocks; k++) first_steps[k] = *clocks[k].timestep;
    _random_generators.resize({{ [threads, 1]|max }});
    for (size_t k = 0; k < _random_generators.size(); k++) _random_generators[k].seed(seed + k);
{% for r in runners if r.before %}
    _before_run_{{ r.name }}();
{% endfor %}
{% for p in pathways %}
    {{ p.name }}.read_pending(data);
{% endfor %}
{% if watched %}
    data.bytes(watched, sizeof watched);
    last_finite = done_until();
{% endif %}
{% if exported %}
    data.integer();  // the checksum
{% endif %}
    data.finish();

    Progress progress(report_period);
    int64_t until_watch = watch_steps, looks = 0;
    for (int64_t steps = 1; more(); steps++) {
        step();
{% if watched %}
        if (watch_steps > 0 && --until_watch == 0) {
            until_watch = watch_steps;
            watch(++looks % synapse_watches == 0);
        }
{% endif %}
        if (steps % 16 == 0) {
            if (runtime::stop_signal()) return 128 + runtime::stop_signal();
            progress.tell(fraction());
        }
    }
    if (runtime::stop_signal()) return 128 + runtime::stop_signal();
{% if watched %}
    if (watch_steps > 0) watch(true);
{% endif %}
    const double seconds = progress.elapsed();

{% if exported %}
    write_csv(options.out);
    std::printf("%.3f s for %.6g s\n", seconds, *clocks[0].t - first_steps[0] * *clocks[0].dt);
{% else %}
    Writer results(argv[2]);
    write_results(results);
    results.bytes(&seconds, sizeof seconds);
    const char complete[] = "complete";
    results.bytes(complete, 8);
    results.finish();
{% endif %}
    return 0;
}
