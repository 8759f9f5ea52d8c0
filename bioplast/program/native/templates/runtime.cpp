// The loop over samples and moments: each thread takes one sample after the other through all its steps.
#include <atomic>
#include <new>
#include <thread>
#include <vector>
#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

#include "plan.h"

namespace {

typedef std::vector<uint8_t, InLines<uint8_t>> Bytes;

const int64_t kNearby = 4096;  // bytes of an array, beside those of the runs that other threads are at
const int64_t kSynapseLooks = 100;  // synapses are looked at so much less often

class Thread {
 public:
  explicit Thread(Plan& plan)
      : plan(plan), arrays(plan.arrays), events(plan.events), given(plan.events), ways(plan.ways), rings(plan.ways),
        since(plan.clocks), due(plan.clocks), steps(plan.clocks), times(plan.clocks), scratch(plan.scratch), common(plan.common) {
    steady_bytes.resize(plan.steady);
    for (int64_t k = 0; k < plan.steady; ++k) {
      steady_bytes[k].resize(plan.steady_bytes[k] + 1);
      steady_at.push_back(reinterpret_cast<char*>(steady_bytes[k].data()));
    }
    steady.arrays = steady_at.data();
    lists.resize(plan.events);
    for (int64_t k = 0; k < plan.events; ++k) {
      lists[k].resize(plan.neurons[k] + kSlack);
      events[k].neurons = lists[k].data();
    }
  }
  ~Thread() {
    for (auto& ring : rings)
      for (Column& column : ring) std::free(column.data);
    std::free(frames.data);
    std::free(log.data);
  }

  void run(int64_t number) {
    begin(number);
    last_finite = plan.start;
    int64_t m = 0;
    for (; m < plan.moments; ++m) {
      if (stopped(number)) return;
      now(m);
      s.moment = m;
      plan.moment(&s);
      if (plan.watched && ((m + 1) % plan.watch_every == 0 || m + 1 == plan.moments) && !look(number, m)) return;
      if ((m & 63) == 63) __atomic_fetch_add(&plan.done, 64, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&plan.done, m & 63, __ATOMIC_RELAXED);
    end(number);
    if (!plan.back) return;
    while (m-- > 0) {
      if ((m & 15) == 0 && stopped(number)) return;
      now(m);
      s.moment = m;
      plan.back(&s);
    }
  }

 private:
  bool stopped(int64_t number) const {
    if (__atomic_load_n(&plan.stop, __ATOMIC_RELAXED)) return true;
    const int64_t failed = __atomic_load_n(&plan.failed, __ATOMIC_RELAXED);
    return failed >= 0 && failed < number;
  }

  void begin(int64_t number) {
    std::memcpy(arrays.data(), plan.array + number * plan.arrays, plan.arrays * sizeof(void*));
    for (int64_t c = 0; c < plan.clocks; ++c) {
      if (plan.time_array[c] >= 0) arrays[plan.time_array[c]] = &times[c];
      if (plan.step_array[c] >= 0) arrays[plan.step_array[c]] = &steps[c];
    }
    if (plan.array_from) begin_arrays(number);
    for (int64_t k = 0; k < plan.events; ++k) {
      events[k].count = 0;
      given[k] = plan.given[number * plan.events + k];
      given[k].next = 0;
      if (plan.given_real && plan.given_real[number * plan.events + k])
        given[k].raster = truths(plan.given_real[number * plan.events + k], plan.moments * plan.neurons[k], given_bytes, k);
    }
    for (int64_t k = 0; k < plan.ways; ++k) {
      const Wires& wires = *plan.wires[number * plan.ways + k];
      if (static_cast<int64_t>(rings[k].size()) < wires.slots) rings[k].resize(wires.slots, Column{nullptr, 0, 0});
      for (Column& column : rings[k]) column.size = 0;
      const Pending& pending = plan.pending[number * plan.ways + k];
      ways[k] = Way{rings[k].data(), pending.rows, pending.count, 0};
    }
    s.arrays = arrays.data();
    s.sizes = plan.sizes;
    s.index = plan.index;
    s.tables = plan.table + number * plan.tables;
    s.events = events.data();
    s.neurons = plan.neurons;
    s.given = given.data();
    s.ways = ways.data();
    s.wires = plan.wires + number * plan.ways;
    s.columns = plan.column + number * plan.columns;
    s.records = plan.record + number * plan.records;
    s.rasters = plan.raster + number * plan.rasters;
    if (plan.raster_real) begin_rasters(number);
    s.scratch = scratch.data();
    s.draws = plan.draws + number * plan.sites;
    s.since = since.data();
    s.due = due.data();
    s.seed = plan.seeds[number];
    s.common = common.data();
    s.steady = &steady;
    plan.begin(&s);
    if (plan.back) begin_back(number);
  }

  // Small arrays are worked on where no other thread writes nearby, and go to their own place at the end.
  void begin_arrays(int64_t number) {
    array_bytes.resize(plan.arrays);
    own_places.assign(plan.arrays, nullptr);
    for (int64_t k = 0; k < plan.arrays; ++k) {
      const void* from = plan.array_from[number * plan.arrays + k];
      if (!from) continue;
      if (!arrays[k] || plan.array_bytes[k] <= kNearby) {
        own_places[k] = arrays[k];
        array_bytes[k].resize(plan.array_bytes[k]);
        arrays[k] = array_bytes[k].data();
      }
      std::memcpy(arrays[k], from, plan.array_bytes[k]);
    }
  }

  // Which of some numbers are not 0, as bytes.
  static const uint8_t* truths(const real* from, int64_t size, std::vector<Bytes>& into, int64_t k) {
    if (static_cast<int64_t>(into.size()) <= k) into.resize(k + 1);
    into[k].resize(size + 1);
    uint8_t* const to = into[k].data();
    for (int64_t j = 0; j < size; ++j) to[j] = from[j] != 0;
    return to;
  }

  void begin_rasters(int64_t number) {
    raster_bytes.resize(plan.rasters);
    rasters_at.assign(s.rasters, s.rasters + plan.rasters);
    for (int64_t k = 0; k < plan.rasters; ++k) {
      if (!plan.raster_real[number * plan.rasters + k]) continue;
      raster_bytes[k].assign(plan.raster_size[k] + 1, 0);
      rasters_at[k] = raster_bytes[k].data();
    }
    s.rasters = rasters_at.data();
  }

  void begin_back(int64_t number) {
    frames.size = log.size = 0;
    event_bars.resize(plan.events);
    event_bars_at.resize(plan.events);
    way_bars.resize(plan.ways);
    way_bars_at.resize(plan.ways);
    for (int64_t k = 0; k < plan.events; ++k) {
      event_bars[k].assign(plan.event_back[k] ? plan.neurons[k] + 1 : 0, 0);
      event_bars_at[k] = plan.event_back[k] ? event_bars[k].data() : nullptr;
    }
    for (int64_t k = 0; k < plan.ways; ++k) {
      const int64_t size = s.wires[k]->slots * plan.way_neurons[k];
      way_bars[k].assign(size + 1, 0);
      const real* given = plan.way_back[number * plan.ways + k];
      if (given) std::memcpy(way_bars[k].data(), given, size * sizeof(real));
      way_bars_at[k] = way_bars[k].data();
    }
    Back& back = s.back;
    back.frames = &frames;
    back.log = &log;
    back.offset = plan.offset;
    back.bytes = plan.bytes;
    back.frame_size = plan.frame_size;
    back.arrays = const_cast<real**>(plan.array_back + number * plan.arrays);
    if (plan.back_size) begin_array_bars(number);
    back.tables = const_cast<real**>(plan.table_back + number * plan.tables);
    back.records = const_cast<real**>(plan.record_back + number * plan.records);
    back.rasters = const_cast<real**>(plan.raster_back + number * plan.rasters);
    back.given = const_cast<real**>(plan.given_back + number * plan.events);
    back.events = event_bars_at.data();
    back.ways = way_bars_at.data();
    matrices.resize(plan.ways);
    back.matrices = matrices.data();
  }

  void begin_array_bars(int64_t number) {
    array_bars.resize(plan.arrays);
    array_bars_at.assign(s.back.arrays, s.back.arrays + plan.arrays);
    for (int64_t k = 0; k < plan.arrays; ++k) {
      const int64_t size = plan.back_size[k];
      if (!size || !plan.back_each[k]) continue;
      if (!array_bars_at[k]) {
        array_bars[k].resize(size);
        array_bars_at[k] = array_bars[k].data();
      }
      const real* from = plan.back_from[number * plan.arrays + k];
      if (from) std::memcpy(array_bars_at[k], from, size * sizeof(real));
      else std::memset(array_bars_at[k], 0, size * sizeof(real));
    }
    s.back.arrays = array_bars_at.data();
  }

  void now(int64_t m) {
    for (int64_t c = 0; c < plan.clocks; ++c) {
      const int64_t step = plan.due ? plan.step[c][m] : plan.first[c] + m;
      due[c] = plan.due ? plan.due[c][m] : 1;
      since[c] = step - plan.first[c];
      steps[c] = step;
      times[c] = static_cast<real>(step) * static_cast<real>(plan.dt[c]);
    }
  }

  // The time until which all is done after a moment.
  double done_until() const {
    double time = INFINITY;
    for (int64_t c = 0; c < plan.clocks; ++c) {
      const double next = static_cast<double>(steps[c] + due[c]) * plan.dt[c];
      if (next < time) time = next;
    }
    return time;
  }

  bool look(int64_t number, int64_t m) {
    const bool synapses = m + 1 == plan.moments || (m + 1) % (plan.watch_every * kSynapseLooks) == 0;
    for (int64_t w = 0; w < plan.watched; ++w) {
      if (!plan.watched_here[number * plan.watched + w] || (plan.watched_synaptic[w] && !synapses)) continue;
      const real* array = static_cast<const real*>(arrays[plan.watched_array[w]]);
      const int64_t size = plan.watched_size[w];
      real sum = 0;  // not finite if one is not
      for (int64_t k = 0; k < size; ++k) sum += array[k] - array[k];
      if (sum == 0) continue;
      int64_t k = 0;
      while (std::isfinite(array[k])) ++k;
      fail(number, w, k, array[k]);
      return false;
    }
    last_finite = done_until();
    return true;
  }

  void fail(int64_t number, int64_t array, int64_t index, double value) {
    static std::atomic_flag busy = ATOMIC_FLAG_INIT;
    while (busy.test_and_set()) std::this_thread::yield();
    if (plan.failed < 0 || number < plan.failed) {
      plan.failed_array = array;
      plan.failed_index = index;
      plan.failed_value = value;
      plan.failed_now = done_until();
      plan.failed_last = last_finite;
      __atomic_store_n(&plan.failed, number, __ATOMIC_RELAXED);
    }
    busy.clear();
  }

  void end(int64_t number) {
    for (size_t k = 0; k < own_places.size(); ++k)
      if (own_places[k]) std::memcpy(own_places[k], arrays[k], plan.array_bytes[k]);
    for (int64_t k = 0; k < plan.ways; ++k) {
      uint8_t* past = plan.past[number * plan.ways + k];
      real* past_real = plan.past_real ? plan.past_real[number * plan.ways + k] : nullptr;
      if (past) mark(k, past);
      if (past_real) mark(k, past_real);
    }
    if (!plan.raster_real) return;
    for (int64_t k = 0; k < plan.rasters; ++k)
      if (real* const to = plan.raster_real[number * plan.rasters + k])
        for (int64_t j = 0; j < plan.raster_size[k]; ++j) to[j] = rasters_at[k][j];
  }

  template <class T>
  void mark(int64_t way, T* past) const {
    for (int64_t slot = 0; slot < s.wires[way]->slots; ++slot) {
      const Column& then = rings[way][slot];
      for (int64_t e = 0; e < then.size; ++e)
        past[slot * plan.way_neurons[way] + static_cast<const int32_t*>(then.data)[e]] = 1;
    }
  }

  Plan& plan;
  Sample s;
  std::vector<void*> arrays;
  std::vector<Events> events;
  std::vector<std::vector<int32_t>> lists;
  std::vector<Given> given;
  std::vector<Way> ways;
  std::vector<std::vector<Column>> rings;
  std::vector<int64_t> since;
  std::vector<uint8_t> due;
  std::vector<int64_t> steps;
  std::vector<real> times;
  Numbers scratch, common;
  Steady steady;
  std::vector<char*> steady_at;
  double last_finite = 0;
  Tape frames = {nullptr, 0, 0}, log = {nullptr, 0, 0};
  std::vector<Numbers> event_bars, way_bars, array_bars;
  std::vector<real*> array_bars_at;
  std::vector<Bytes> array_bytes, given_bytes, raster_bytes, steady_bytes;
  std::vector<uint8_t*> rasters_at;
  std::vector<void*> own_places;  // of arrays that are worked on elsewhere
  std::vector<real*> event_bars_at, way_bars_at;
  std::vector<Matrix> matrices;
};

// Lets a new thread begin on another processor than this one: Linux may put it behind this thread, which is busy, and take
// milliseconds to see that another processor is idle.
void elsewhere(std::thread& thread) {
#if defined(__linux__)
  cpu_set_t processors;
  const int here = sched_getcpu();
  if (here < 0 || sched_getaffinity(0, sizeof processors, &processors)) return;
  CPU_CLR(here, &processors);
  if (CPU_COUNT(&processors)) pthread_setaffinity_np(thread.native_handle(), sizeof processors, &processors);
#endif
}

}  // namespace

extern "C" int64_t bioplast_run(Plan* plan) {
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> short_of_memory{0};
  auto work = [&] {
    try {
      Thread thread(*plan);
      for (int64_t first; (first = next.fetch_add(plan->chunk)) < plan->samples;) {
        if (plan->before) plan->before(plan->sums, first);
        for (int64_t k = first; k < first + plan->chunk && k < plan->samples; ++k) thread.run(k);
        if (plan->after) plan->after(plan->sums, first);
      }
    } catch (const std::bad_alloc&) {
      short_of_memory = 1;
    }
  };
  std::vector<std::thread> others;
  for (int64_t k = 1; k < plan->threads; ++k) {
    others.emplace_back(work);
    elsewhere(others.back());
  }
  work();
  for (std::thread& thread : others) thread.join();
  return short_of_memory;
}

extern "C" void bioplast_free(Column* columns, int64_t count) {
  for (int64_t k = 0; k < count; ++k) {
    std::free(columns[k].data);
    columns[k] = Column{nullptr, 0, 0};
  }
}
