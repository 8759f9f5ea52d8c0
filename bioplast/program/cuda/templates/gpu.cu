// What bioplast adds to the program that brian2cuda writes: it reads its data when it starts, watches its state, plays
// recorded spikes, keeps the spikes that are on their way, and writes its results; see runtime.h for the files.

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <map>
#include <set>
#include "brianlib/cuda_utils.h"
#include "rand.h"
#include "runtime.h"
#include "synapses_classes.h"
#include "constants.h"

namespace brian {
double _constants[{{ [n_constants, 1]|max }}];
__constant__ double _d_constants[{{ [n_constants, 1]|max }}];
}

namespace bioplast {

using namespace brian;
using runtime::Playback;
using runtime::Progress;
using runtime::Reader;
using runtime::Writer;

template <class T> void to_device(T* device, const T* host, size_t n)
{
    if (n) CUDA_SAFE_CALL(cudaMemcpy(device, host, n * sizeof(T), cudaMemcpyHostToDevice));
}
template <class T> void to_host(T* host, const T* device, size_t n)
{
    if (n) CUDA_SAFE_CALL(cudaMemcpy(host, device, n * sizeof(T), cudaMemcpyDeviceToHost));
}
template <class T> T* pointer(thrust::device_vector<T>& vector)
{
    return thrust::raw_pointer_cast(&vector[0]);
}

struct Span
{
    Clock* clock;
    int64_t start, end, steps;
};
Span spans[] = {
{% for c in clocks %}
    { &{{ c.object }}, 0, 0, 0 },
{% endfor %}
};
const int main_clock = {{ main_clock }};
Playback playbacks[{{ [playbacks|length, 1]|max }}];
int64_t watch_steps, until_watch, synapse_watches, looks = 0;
double report_period, last_finite;
Progress* progress;

// ---------------------------------------------------------------------------------------------------------------- data

template <class T> void read_fixed(Reader& data, T* host, T* device, int64_t size, const char* name)
{
    data.fixed(host, size, name);
    if (device) to_device(device, host, size);
}
template <class T> void read_vector(Reader& data, thrust::host_vector<T>& host, thrust::device_vector<T>& device)
{
    std::vector<T> values;
    data.vector(values);
    host.resize(values.size());
    std::copy(values.begin(), values.end(), host.begin());
    device = host;
}
// A table of any length.
template <class T> void read_table(Reader& data, T*& host, T*& device)
{
    std::vector<T> values;
    data.vector(values);
    if (values.empty()) values.resize(1);
    host = new T[values.size()];
    std::copy(values.begin(), values.end(), host);
    CUDA_SAFE_CALL(cudaMalloc((void**)&device, values.size() * sizeof(T)));
    to_device(device, host, values.size());
}

{% for p in pathways %}
std::vector<int32_t> pending_{{ p.name }};  // pairs of steps until delivery and synapse, when the run begins
{% endfor %}
{% if watched %}
char finite[{{ watched|length }}];  // which arrays were finite when the run began
{% endif %}

void start(const char* path)
{
    Reader data(path);
    const int64_t seed = data.integer();
    watch_steps = until_watch = data.integer();
    synapse_watches = data.integer();
    report_period = data.integer() * 1e-3;
    for (Span& span : spans) span.end = data.integer();
    {
        std::vector<double> values;
        data.vector(values);
        if (values.size() != {{ n_constants }}) runtime::fail("wrong number of constants");
        std::copy(values.begin(), values.end(), _constants);
        CUDA_SAFE_CALL(cudaMemcpyToSymbol(_d_constants, _constants, sizeof _constants));
    }
{% for a in arrays %}
{% if a.size is not none %}
    read_fixed(data, {{ a.name }}, {{ "(" ~ a.ctype ~ "*)0" if a.name in host_only else "dev" ~ a.name }}, {{ a.size }}, "{{ a.name }}");
{% elif a.dimensions == 1 %}
    read_vector(data, {{ a.vector }}, dev{{ a.vector }});
{% endif %}
{% endfor %}
{% for t in tables %}
    read_table(data, {{ t.name }}, dev{{ t.name }});
    CUDA_SAFE_CALL(cudaMemcpyToSymbol(d{{ t.name }}, &dev{{ t.name }}, sizeof dev{{ t.name }}));
{% endfor %}
{% for p in playbacks %}
    playbacks[{{ loop.index0 }}].read(data);
{% endfor %}
{% for p in pathways %}
    data.vector(pending_{{ p.name }});
{% endfor %}
{% if watched %}
    data.bytes(finite, sizeof finite);
{% endif %}
    data.finish();
    for (Span& span : spans) span.start = span.clock->timestep[0];
    random_number_buffer.set_seed(seed);
}

// ------------------------------------------------------------------------------------------------------------- playback

{% for p in playbacks %}
void play_{{ loop.index0 }}()
{
    Playback& playback = playbacks[{{ loop.index0 }}];
    if (!playback.active) return;
    static std::vector<int32_t> space(_num_{{ p }});
    std::fill(space.begin(), space.end(), -1);
    playback.overwrite(space.data(), space.size(), spans[main_clock].clock->timestep[0]);
    to_device(dev{{ p }}[current_idx{{ p }}], space.data(), space.size());
}
{% endfor %}

// ------------------------------------------------------------------------------------------------------ spikes on their way

{% if pathways %}
struct Spike
{
    int64_t step;
    int32_t neuron;
};

// The steps that a delay takes, as brian2cuda rounds it.
inline int delay_steps(const thrust::host_vector<double>& delays, size_t synapse, double dt)
{
    return (int)(delays[delays.size() == 1 ? 0 : synapse] / dt + 0.5);
}
inline int longest_delay(const thrust::host_vector<double>& delays, double dt)
{
    int longest = 0;
    for (size_t k = 0; k < delays.size(); k++) longest = std::max(longest, delay_steps(delays, k, dt));
    return longest;
}

{% for space in spaces %}
// Spikes of the last steps, as long ago as the longest delay.
std::vector<Spike> recent{{ space.name }};
int64_t longest{{ space.name }} = 0;

void remember{{ space.name }}()
{
    const Span& span = spans[main_clock];
    const int64_t step = span.clock->timestep[0];
    if (step < span.end - longest{{ space.name }}) return;
    const int32_t* device = dev{{ space.name }}[current_idx{{ space.name }}];
    int32_t count;
    to_host(&count, device + _num_{{ space.name }} - 1, 1);
    std::vector<int32_t> neurons(count);
    to_host(neurons.data(), device, count);
    for (int32_t neuron : neurons) recent{{ space.name }}.push_back({step, neuron});
}
{% endfor %}

// brian2cuda keeps the spikes of pathways with one delay as the spaces of the last steps, and those of others as bundles,
// the synapses of a neuron onto a block of targets that have the same delay, in one queue for each step to come.
{% for p in pathways %}
__global__ void queue_{{ p.name }}(const int32_t* rows, int n)
{
    for (int k = 0; k < n; k++) {
        const int slot = ({{ p.name }}.queue->current_offset + rows[3 * k]) % {{ p.name }}.queue->num_queues;
        {{ p.name }}.queue->synapses_queue[slot][rows[3 * k + 1]].push(rows[3 * k + 2]);
    }
}
{% endfor %}

typedef std::map<int, std::set<int32_t>> Past;  // neurons that spiked so many steps ago

template <class T> std::vector<T> read_device(const T* device, size_t n)
{
    std::vector<T> host(n);
    to_host(host.data(), device, n);
    return host;
}

void restore_pending()
{
    const double dt = spans[main_clock].clock->dt[0];
{% for space in spaces %}
    Past past{{ space.name }};
{% endfor %}
{% for p in pathways %}
    longest{{ p.space }} = std::max<int64_t>(longest{{ p.space }}, longest_delay({{ p.delay }}, dt));
    if (pending_{{ p.name }}.size() && {{ p.name }}_scalar_delay) {
        for (size_t k = 0; k + 1 < pending_{{ p.name }}.size(); k += 2) {
            const int ago = {{ p.name }}_delay - pending_{{ p.name }}[k] + 1;
            if (ago < 1) runtime::fail("a spike is later than the delay of {{ p.key }}");
            past{{ p.space }}[ago].insert({{ p.sources }}[pending_{{ p.name }}[k + 1]]);
        }
    } else if (pending_{{ p.name }}.size()) {
        int32_t *ids, *starts, *offsets;
        CUDA_SAFE_CALL(cudaMemcpyFromSymbol(&ids, {{ p.name }}_synapse_ids, sizeof ids));
        CUDA_SAFE_CALL(cudaMemcpyFromSymbol(&starts, {{ p.name }}_global_bundle_id_start_by_pre, sizeof starts));
        CUDA_SAFE_CALL(cudaMemcpyFromSymbol(&offsets, {{ p.name }}_synapses_offset_by_bundle, sizeof offsets));
        const auto start = read_device(starts, (size_t)num_parallel_blocks * {{ p.neurons }} + 1);
        const auto offset = read_device(offsets, start.back());
        const auto id = read_device(ids, {{ p.sources }}.size());
        std::multimap<int32_t, int32_t> steps;  // by synapse
        for (size_t k = 0; k + 1 < pending_{{ p.name }}.size(); k += 2)
            steps.insert({pending_{{ p.name }}[k + 1], pending_{{ p.name }}[k]});
        std::vector<int32_t> rows;
        for (size_t block = 0; block + 1 < start.size(); block++)
            for (int32_t bundle = start[block]; bundle < start[block + 1]; bundle++) {
                const auto found = steps.equal_range(id[offset[bundle]]);
                for (auto row = found.first; row != found.second; ++row) {
                    rows.push_back(row->second);
                    rows.push_back(block % num_parallel_blocks);
                    rows.push_back(bundle);
                }
            }
        thrust::device_vector<int32_t> on_device(rows.size());
        to_device(pointer(on_device), rows.data(), rows.size());
        queue_{{ p.name }}<<<1, 1>>>(pointer(on_device), (int)rows.size() / 3);
        CUDA_CHECK_ERROR("queue_{{ p.name }}");
        CUDA_SAFE_CALL(cudaDeviceSynchronize());
    }
{% endfor %}
{% for space in spaces %}
    for (const auto& row : past{{ space.name }}) {
        const int spaces = dev{{ space.name }}.size();
        std::vector<int32_t> space(_num_{{ space.name }}, -1);
        std::copy(row.second.begin(), row.second.end(), space.begin());
        space.back() = row.second.size();
        to_device(dev{{ space.name }}[(current_idx{{ space.name }} - row.first + spaces) % spaces], space.data(), space.size());
    }
{% endfor %}
}

void write_pending(
    Writer& results, const std::vector<int32_t>& before, const std::vector<Spike>& recent,
    const thrust::host_vector<int32_t>& sources, const thrust::host_vector<double>& delays, int first, int stop
)
{
    const Span& span = spans[main_clock];
    std::map<int32_t, std::vector<int64_t>> steps;  // by neuron
    for (const Spike& spike : recent)
        if (first <= spike.neuron && spike.neuron < stop) steps[spike.neuron].push_back(spike.step);
    std::vector<int32_t> pending;
    for (size_t k = 0; k + 1 < before.size(); k += 2)
        if (before[k] > span.end - span.start) {
            pending.push_back(before[k] - (span.end - span.start));
            pending.push_back(before[k + 1]);
        }
    if (steps.size())
        for (size_t synapse = 0; synapse < sources.size(); synapse++) {
            const auto found = steps.find(sources[synapse]);
            if (found == steps.end()) continue;
            for (int64_t step : found->second) {
                const int64_t left = step + delay_steps(delays, synapse, span.clock->dt[0]) - span.end + 1;
                if (left < 1) continue;
                pending.push_back(left);
                pending.push_back(synapse);
            }
        }
    results.fixed(pending.data(), pending.size());
}
{% endif %}

// --------------------------------------------------------------------------------------------------------------- watch

{% if watched %}
const unsigned long long none = ~0ull;
unsigned long long* first_not_finite;  // of each array, on the device

template <class T> __global__ void search(const T* values, int64_t n, unsigned long long* first)
{
    const int64_t k = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (k < n && !isfinite(values[k])) atomicMin(first, (unsigned long long)k);
}

double done_until()
{
    double time = spans[0].clock->t[0];
    for (const Span& span : spans) time = std::min(time, span.clock->t[0]);
    return time;
}

// Called within a step, before the clocks tick, or after the last one.
void watch(bool synapses, double now)
{
    unsigned long long first[{{ watched|length }}];
    std::fill(first, first + {{ watched|length }}, none);
    to_device(first_not_finite, first, {{ watched|length }});
    const int threads = std::min(max_threads_per_block, 256);
{% for array, key, synaptic in watched %}
{% set size = array.size if array.size is not none else "(int64_t)dev" ~ array.vector ~ ".size()" %}
    if (finite[{{ loop.index0 }}]{{ " && synapses" if synaptic else "" }} && {{ size }} > 0)
        search<<<({{ size }} + threads - 1) / threads, threads>>>({{ "dev" ~ array.name if array.size is not none else "pointer(dev" ~ array.vector ~ ")" }}, {{ size }}, first_not_finite + {{ loop.index0 }});
{% endfor %}
    CUDA_CHECK_ERROR("search");
    to_host(first, first_not_finite, {{ watched|length }});
{% for array, key, synaptic in watched %}
    if (first[{{ loop.index0 }}] != none) {
        {{ array.ctype }} value;
        to_host(&value, {{ "dev" ~ array.name if array.size is not none else "pointer(dev" ~ array.vector ~ ")" }} + first[{{ loop.index0 }}], 1);
        std::fprintf(stderr, "nonfinite {{ loop.index0 }} %llu %g %.17g %.17g\n", first[{{ loop.index0 }}], (double)value, last_finite, now);
        std::_Exit(3);
    }
{% endfor %}
    last_finite = now;
}
{% endif %}

// ---------------------------------------------------------------------------------------------------------------- a run

// When the first clock begins, and when the first one ends.
double first_time()
{
    double time = INFINITY;
    for (const Span& span : spans) time = std::min(time, span.start * span.clock->dt[0]);
    return time;
}
double last_time()
{
    double time = INFINITY;
    for (const Span& span : spans) time = std::min(time, span.end * span.clock->dt[0]);
    return time;
}

// After all else that comes before the first step.
void begin()
{
{% if pathways %}
    restore_pending();
{% endif %}
{% if watched %}
    CUDA_SAFE_CALL(cudaMalloc((void**)&first_not_finite, {{ watched|length }} * sizeof *first_not_finite));
    last_finite = done_until();
{% endif %}
    CUDA_SAFE_CALL(cudaDeviceSynchronize());
    progress = new Progress(report_period);
}

{% for c in clocks %}
void count_{{ loop.index0 }}() { spans[{{ loop.index0 }}].steps++; }
{% endfor %}

void end_of_step()
{
    const Span& span = spans[main_clock];
{% for space in spaces %}
    remember{{ space.name }}();
{% endfor %}
{% if watched %}
    if (watch_steps > 0 && --until_watch == 0) {
        until_watch = watch_steps;
        watch(++looks % synapse_watches == 0, (span.clock->timestep[0] + 1) * span.clock->dt[0]);
    }
{% endif %}
    if (span.steps % 16 == 0 && span.end > span.start) progress->tell(double(span.steps) / (span.end - span.start));
}

template <class T> void write_fixed(Writer& results, T* host, const T* device, int64_t size)
{
    if (device) to_host(host, device, size);
    results.fixed(host, size);
}
template <class T> void write_vector(Writer& results, const thrust::host_vector<T>& values)
{
    results.fixed(thrust::raw_pointer_cast(values.data()), values.size());
}
template <class T> void write_matrix(Writer& results, thrust::device_vector<T>* columns, int64_t rows, int64_t n)
{
    std::vector<T> matrix(rows * n);
    for (int64_t column = 0; column < n; column++) {
        const thrust::host_vector<T> values = columns[column];
        if ((int64_t)values.size() < rows) runtime::fail("a monitor recorded too few steps");
        for (int64_t row = 0; row < rows; row++) matrix[row * n + column] = values[row];
    }
    results.integer(rows);
    results.integer(n);
    results.bytes(matrix.data(), matrix.size() * sizeof(T));
}

void finish(const char* path)
{
    if (Network::_globally_stopped) std::_Exit(128 + SIGINT);
    CUDA_SAFE_CALL(cudaDeviceSynchronize());
    const double seconds = progress->elapsed();
    for (const Span& span : spans)
        if ((int64_t)span.clock->timestep[0] != span.end || span.steps != span.end - span.start)
            runtime::fail("the clocks made other steps than those asked for");
{% if watched %}
    if (watch_steps > 0) watch(true, done_until());
{% endif %}
    Writer results(path);
{% for a in arrays if a.written %}
{% if a.size is not none %}
    write_fixed(results, {{ a.name }}, {{ "(" ~ a.ctype ~ "*)0" if a.name in host_only else "dev" ~ a.name }}, {{ a.size }});
{% elif a.dimensions == 1 %}
{% if a.vector not in host_only %}
    {{ a.vector }} = dev{{ a.vector }};
{% endif %}
    write_vector(results, {{ a.vector }});
{% else %}
    write_matrix(results, {{ a.vector }}, {{ rows_of[a.name] }}.size(), {{ columns_of[a.name] }});
{% endif %}
{% endfor %}
{% for p in pathways %}
    write_pending(results, pending_{{ p.name }}, recent{{ p.space }}, {{ p.sources }}, {{ p.delay }}, {{ p.start }}, {{ p.stop }});
{% endfor %}
    results.bytes(&seconds, sizeof seconds);
    results.bytes("complete", 8);
    results.finish();
    std::fflush(stdout);
    std::_Exit(0);  // without destructors, which would need a CUDA that is being shut down
}

}  // namespace bioplast

