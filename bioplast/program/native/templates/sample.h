// What the functions of a network and the loop that calls them have in common: one sample, on its way through its steps.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <vector>
#if defined(__AVX__)
#include <immintrin.h>
#endif

// An array that grows.
struct Column {
  void* data;
  int64_t size, room;
};

// The neurons that have an event.
struct Events {
  int32_t* neurons;
  int64_t count;
};

// Events that are given beforehand: of each moment whether a neuron has one, or the moments and neurons in order.
struct Given {
  const uint8_t* raster;
  const int64_t* steps;
  const int32_t* neurons;
  int64_t count, next;
};

// Who is connected: synapses by their neuron before and, where they have delays of their own, by these.
struct Wires {
  const int64_t* begin;    // [neurons + 1] the positions of each neuron's synapses
  const int32_t* synapse;  // [synapses] by position; null where position and synapse are the same
  const int32_t* delay;    // [synapses] by position, in steps; null where it is `longest` for all
  int64_t shortest, longest, slots;
};

// Events on their way: lists of the last steps, and those that were on their way when the run began.
struct Way {
  Column* ring;
  const int64_t* pending;  // [rows, 3]: the step in which it arrives, the neuron before, the position
  int64_t rows, next;
};

struct Table {
  const real* values;
  int64_t rows, columns;
};

// A stack of bytes that grows.
struct Tape {
  char* data;
  int64_t size, room;
};

// Memory in whole lines of the cache.
constexpr int64_t kLine = 64;
inline void* in_lines(int64_t bytes) {
  void* found = std::aligned_alloc(kLine, (bytes + kLine - 1) / kLine * kLine);
  if (!found) throw std::bad_alloc();
  return found;
}

// Where vectors keep their numbers.
template <class T>
struct InLines {
  typedef T value_type;
  InLines() = default;
  template <class U>
  InLines(const InLines<U>&) {}
  T* allocate(std::size_t count) { return static_cast<T*>(in_lines(count * sizeof(T) + 1)); }
  void deallocate(T* place, std::size_t) { std::free(place); }
  template <class U>
  bool operator==(const InLines<U>&) const { return true; }
  template <class U>
  bool operator!=(const InLines<U>&) const { return false; }
};
typedef std::vector<real, InLines<real>> Numbers;

// What is made of arrays, and made again only of others.
struct Made {
  std::vector<const void*> of;
  bool known(std::initializer_list<const void*> arrays) {
    if (!of.empty() && std::equal(of.begin(), of.end(), arrays.begin(), arrays.end())) return true;
    of.assign(arrays);
    return false;
  }
};

// What each synapse of a way adds, [neurons after, before].
struct Matrix : Made {
  Numbers numbers;
};

// Numbers of each element that are the same in all steps of a run.
struct Steady : Made {
  char* const* arrays;
};

// What comes back to a sample: derivatives of a number in each array, event, table and so on; null where there is none.
struct Back {
  Tape* frames;           // arrays as they were, for each run through the operations of a clock
  Tape* log;              // events as they were, and those that have arrived
  char* frame;
  const int64_t* offset;  // of each array in its frame, and its size
  const int64_t* bytes;
  const int64_t* frame_size;
  real** arrays;
  real** events;
  real** given;           // [moments, neurons] out
  real** tables;
  real** records;
  real** rasters;         // [steps, neurons] of monitors of events
  real** ways;            // [slots, neurons] of events on their way
  Matrix* matrices;       // of ways
};

struct Sample {
  void** arrays;
  const int64_t* sizes;
  const int32_t* const* index;
  const Table* tables;
  Events* events;
  const int64_t* neurons;
  Given* given;
  Way* ways;
  const Wires* const* wires;
  Column* columns;
  void** records;
  uint8_t* const* rasters;
  real* scratch;
  real* common;  // numbers that are made once in a run
  Steady* steady;
  const real* const* draws;
  const int64_t* since;  // steps of each clock since the start
  const uint8_t* due;
  int64_t moment;
  uint64_t seed;
  Back back;
};

inline char* pushed(Tape& tape, int64_t bytes) {
  bytes = (bytes + 7) & ~int64_t(7);
  if (__builtin_expect(tape.size + bytes > tape.room, 0)) {
    tape.room = 2 * (tape.size + bytes) + 4096;
    char* const data = static_cast<char*>(in_lines(tape.room));
    if (tape.size) std::memcpy(data, tape.data, tape.size);
    std::free(tape.data);
    tape.data = data;
  }
  char* place = tape.data + tape.size;
  tape.size += bytes;
  return place;
}

inline char* popped(Tape& tape, int64_t bytes) {
  tape.size -= (bytes + 7) & ~int64_t(7);
  return tape.data + tape.size;
}

// Events as they were before a moment in which others take their place.
inline void keep_events(Sample& s, int64_t event) {
  const Events& events = s.events[event];
  std::memcpy(pushed(*s.back.log, events.count * sizeof(int32_t)), events.neurons, events.count * sizeof(int32_t));
  *reinterpret_cast<int64_t*>(pushed(*s.back.log, sizeof(int64_t))) = events.count;
}

inline void earlier_events(Sample& s, int64_t event) {
  Events& events = s.events[event];
  events.count = *reinterpret_cast<const int64_t*>(popped(*s.back.log, sizeof(int64_t)));
  std::memcpy(events.neurons, popped(*s.back.log, events.count * sizeof(int32_t)), events.count * sizeof(int32_t));
}

// What comes back to the events of a moment goes on to where they were given, or ends.
inline void give_back(Sample& s, int64_t event) {
  real* bar = s.back.events[event];
  if (!bar) return;
  const int64_t size = s.neurons[event];
  if (s.back.given[event]) std::memcpy(s.back.given[event] + s.moment * size, bar, size * sizeof(real));
  std::memset(bar, 0, size * sizeof(real));
}

template <class T>
inline void push(Column& column, T value) {
  if (column.size == column.room) {
    column.room = column.room ? 2 * column.room : 64;
    column.data = std::realloc(column.data, column.room * sizeof(T));
    if (!column.data) std::abort();
  }
  static_cast<T*>(column.data)[column.size++] = value;
}

// Events ---------------------------------------------------------------------------------------------------------------

inline bool is_given(const Sample& s, int64_t event) { return s.given[event].raster || s.given[event].steps; }

// So many elements are asked at once whether they have an event; those that are left of so few are asked one by one.
constexpr int64_t kPart = 256, kFew = 32;

// Below so many neurons after, sums over them are made column by column.
constexpr int64_t kNarrow = 64;

#if defined(__AVX512BW__) && defined(__AVX512VBMI2__)
alignas(64) constexpr uint8_t kPlaces[64] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
    32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
#endif

// Lists of events have room for so many more than there are neurons: they are written in whole vectors.
constexpr int64_t kSlack = 64;

// Adds the elements that have an event, from truth values 0 and 1 of those from `from` on.
inline void take_hits(Events& events, const uint8_t* hit, int64_t from, int64_t size) {
  int64_t count = events.count;
#if defined(__AVX512BW__) && defined(__AVX512VBMI2__)
  // without a branch for each event, which a processor could not foresee
  const __m512i places = _mm512_loadu_si512(kPlaces);
  const auto add = [&](int64_t k, __mmask64 found) {
    if (!found) return;
    const __m512i which = _mm512_maskz_compress_epi8(found, places);
    const __m512i base = _mm512_set1_epi32(static_cast<int32_t>(from + k));
    const int64_t many = __builtin_popcountll(found);
    int32_t* to = events.neurons + count;
    _mm512_storeu_si512(to, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(which))));
    if (many > 16) {
      const __m128i parts[3] = {_mm512_extracti32x4_epi32(which, 1), _mm512_extracti32x4_epi32(which, 2),
                                _mm512_extracti32x4_epi32(which, 3)};
      for (int64_t i = 0; i < 3; ++i)
        _mm512_storeu_si512(to + 16 * (i + 1), _mm512_add_epi32(base, _mm512_cvtepu8_epi32(parts[i])));
    }
    count += many;
  };
  int64_t k = 0;
  for (; k + 64 <= size; k += 64) {
    const __m512i part = _mm512_loadu_si512(hit + k);
    add(k, _mm512_test_epi8_mask(part, part));
  }
  if (k + 32 <= size) {  // of what was written a moment ago a load must not ask for more than one store has written
    const __m256i part = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(hit + k));
    add(k, _mm256_test_epi8_mask(part, part));
    k += 32;
  }
  if (k < size) {
    const __m512i part = _mm512_maskz_loadu_epi8((uint64_t(1) << (size - k)) - 1, hit + k);
    add(k, _mm512_test_epi8_mask(part, part));
  }
#else
  int64_t k = 0;
  for (; k + 8 <= size; k += 8) {
    uint64_t word;
    std::memcpy(&word, hit + k, 8);
    if (!word) continue;
    // the lowest bits of eight bytes side by side
    for (uint32_t bits = (word * 0x0102040810204080u) >> 56; bits; bits &= bits - 1)
      events.neurons[count++] = static_cast<int32_t>(from + k + __builtin_ctz(bits));
  }
  for (; k < size; ++k)
    if (hit[k]) events.neurons[count++] = static_cast<int32_t>(from + k);
#endif
  events.count = count;
}

// Takes the events of this moment; `since` is the step of their clock.
inline void take(Sample& s, int64_t event, int64_t since) {
  Events& events = s.events[event];
  Given& given = s.given[event];
  events.count = 0;
  if (given.raster) {
    const int64_t size = s.neurons[event];
    take_hits(events, given.raster + s.moment * size, 0, size);
    return;
  }
  int64_t count = 0;
  while (given.next < given.count && given.steps[given.next] < since) ++given.next;
  while (given.next < given.count && given.steps[given.next] == since)
    events.neurons[count++] = given.neurons[given.next++];
  events.count = count;
}

// The neurons whose synapses, which have one delay, are all reached in this step. Calls `run(neuron, from, to)` for the
// positions of others: those that were on their way when the run began.
template <class Run>
inline Events arrived(const Events& events, Way& way, const Wires& wires, int64_t since, Run run) {
  for (; way.next < way.rows && way.pending[3 * way.next] <= since; ++way.next) {
    const int64_t* row = way.pending + 3 * way.next;
    run(row[1], row[2], row[2] + 1);
  }
  if (!wires.longest) return events;
  Column& now = way.ring[since & (wires.slots - 1)];
  now.size = 0;
  for (int64_t e = 0; e < events.count; ++e) push(now, events.neurons[e]);
  if (wires.delay || since < wires.longest) return Events{nullptr, 0};
  const Column& then = way.ring[(since - wires.longest) & (wires.slots - 1)];
  return Events{static_cast<int32_t*>(then.data), then.size};
}

// Calls `run(neuron, from, to)` for the positions of the synapses that events reach in this step.
template <class Run>
inline void arrive(const Events& events, Way& way, const Wires& wires, int64_t since, Run run) {
  const Events whole = arrived(events, way, wires, since, run);
  for (int64_t e = 0; e < whole.count; ++e) {
    const int64_t n = whole.neurons[e];
    run(n, wires.begin[n], wires.begin[n + 1]);
  }
  if (!wires.delay) return;
  for (int64_t age = wires.longest < since ? wires.longest : since; age >= wires.shortest; --age) {
    const Column& then = way.ring[(since - age) & (wires.slots - 1)];
    for (int64_t e = 0; e < then.size; ++e) {
      const int64_t n = static_cast<const int32_t*>(then.data)[e];
      int64_t low = wires.begin[n], high = wires.begin[n + 1];
      const int64_t to = high;
      while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (wires.delay[middle] < age) low = middle + 1; else high = middle;
      }
      const int64_t from = low;
      for (; high < to && wires.delay[high] == age;) ++high;
      if (from < high) run(n, from, high);
    }
  }
}

// What reaches synapses in a step: rows of (neuron before, from, to), and neurons all of whose synapses are reached.
struct Arrivals {
  const int64_t* rows;
  int64_t count;
  Events whole;
};

// The same, which goes on record; without delays the events themselves are there again on the way back.
inline Arrivals reach(Sample& s, int64_t event, int64_t way, const Wires& wires, int64_t since) {
  Tape& log = *s.back.log;
  const int64_t start = log.size;
  int64_t count = 0;
  const auto reached = [&](int64_t n, int64_t from, int64_t to) {
    int64_t* row = reinterpret_cast<int64_t*>(pushed(log, 3 * sizeof(int64_t)));
    row[0] = n, row[1] = from, row[2] = to;
    ++count;
  };
  Events whole = {nullptr, 0};
  if (wires.delay) arrive(s.events[event], s.ways[way], wires, since, reached);
  else whole = arrived(s.events[event], s.ways[way], wires, since, reached);
  *reinterpret_cast<int64_t*>(pushed(log, sizeof(int64_t))) = count;
  if (!wires.delay && wires.longest) {
    const int64_t bytes = whole.count * sizeof(int32_t);
    char* const place = pushed(log, bytes);
    if (bytes) std::memcpy(place, whole.neurons, bytes);
    *reinterpret_cast<int64_t*>(pushed(log, sizeof(int64_t))) = whole.count;
  }
  return Arrivals{reinterpret_cast<const int64_t*>(log.data + start), count, whole};
}

inline Arrivals reached_then(Sample& s, int64_t event, const Wires& wires) {
  Tape& log = *s.back.log;
  Events whole = {nullptr, 0};
  if (!wires.delay && wires.longest) {
    whole.count = *reinterpret_cast<const int64_t*>(popped(log, sizeof(int64_t)));
    whole.neurons = reinterpret_cast<int32_t*>(popped(log, whole.count * sizeof(int32_t)));
  } else if (!wires.delay) {
    whole = s.events[event];
  }
  const int64_t count = *reinterpret_cast<const int64_t*>(popped(log, sizeof(int64_t)));
  return Arrivals{reinterpret_cast<const int64_t*>(popped(log, 3 * count * sizeof(int64_t))), count, whole};
}

// Arithmetic of NumPy --------------------------------------------------------------------------------------------------

template <class T>
inline T bp_square(T x) { return x * x; }

template <class T>
inline T bp_max(T a, T b) { return a != a ? a : b != b ? b : a < b ? b : a; }
template <class T>
inline T bp_min(T a, T b) { return a != a ? a : b != b ? b : b < a ? b : a; }
template <class T>
inline T bp_sign(T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x == 0 ? T(0) : x; }
inline int32_t bp_abs(int32_t x) { return x < 0 ? -x : x; }
inline int64_t bp_abs(int64_t x) { return x < 0 ? -x : x; }
inline bool bp_abs(bool x) { return x; }
inline real bp_abs(real x) { return std::fabs(x); }

template <class T>
inline T bp_mod(T a, T b) {
  if (b == 0) return 0;
  if (b == -1) return 0;
  const T rest = a % b;
  return rest && (rest < 0) != (b < 0) ? rest + b : rest;
}
template <class T>
inline T bp_floor_div(T a, T b) {
  if (b == 0) return 0;
  if (b == -1) return -a;
  return a / b - (a % b && (a < 0) != (b < 0));
}
template <>
inline real bp_mod(real a, real b) {
  real rest = std::fmod(a, b);
  if (b == 0) return rest;
  if (rest == 0) return std::copysign(real(0), b);
  return (b < 0) != (rest < 0) ? rest + b : rest;
}
template <>
inline real bp_floor_div(real a, real b) {
  if (b == 0) return a / b;
  real rest = std::fmod(a, b);
  real quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(real(0), a / b);
  const real whole = std::floor(quotient);
  return quotient - whole > real(0.5) ? whole + 1 : whole;
}
inline real bp_exprel(real x) {
  if (std::fabs(x) < real(1e-16)) return 1;
  return x > 717 ? real(INFINITY) : std::expm1(x) / x;
}
inline int64_t bp_timestep(real t, real dt) { return static_cast<int64_t>((t + real(1e-3) * dt) / dt); }
// The same as a real number: what no whole number of 64 bits can be becomes the lowest one there, too.
inline real bp_steps(real t, real dt) {
  const real steps = (t + real(1e-3) * dt) / dt;
  return steps > real(-0x1p63) && steps < real(0x1p63) ? std::trunc(steps) : real(-0x1p63);
}

inline int64_t bp_row(const Table& table, real t, real epsilon, real factor) {
  const int32_t row = static_cast<int32_t>(std::nearbyint(t / epsilon) / factor);
  return row < 0 ? 0 : row >= table.rows ? table.rows - 1 : row;
}
inline real bp_table(const Table& table, real t, real epsilon, real factor) {
  return table.values[bp_row(table, t, epsilon, factor)];
}
inline real bp_table(const Table& table, real t, real epsilon, real factor, int64_t column) {
  if (column < 0 || column >= table.columns) return NAN;
  return table.values[bp_row(table, t, epsilon, factor) * table.columns + column];
}

// Random numbers -------------------------------------------------------------------------------------------------------

inline uint64_t bp_mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// The numbers of one draw of one element in one moment: they depend on nothing else, such as the order of elements.
struct Random {
  uint64_t state;
  Random(const Sample& s, uint64_t site, uint64_t k)
      : state(bp_mixed(bp_mixed(bp_mixed(s.seed + 0x9e3779b97f4a7c15u * (site + 1)) + s.moment) + k)) {}
  double operator()() {  // from 0 to 1, without 1
    state += 0x9e3779b97f4a7c15u;
    return static_cast<double>(bp_mixed(state) >> 11) * 0x1p-53;
  }
};

inline real bp_rand(Random random) {
  const real number = static_cast<real>(random());
  return number < 1 ? number : std::nextafter(real(1), real(0));
}
inline real bp_randn(Random random) {
  const double radius = std::sqrt(-2 * std::log(1 - random()));
  return static_cast<real>(radius * std::cos(6.283185307179586 * random()));
}
inline real bp_normal(Random random, real loc, real scale) { return loc + scale * bp_randn(random); }

// The successes among n trials: from one to the next so many trials fail as a geometric number says.
inline real bp_binomial(Random random, real n, real p) {
  if (p > real(0.5)) return n - bp_binomial(random, n, 1 - p);
  if (!(p > 0)) return 0;
  const double scale = 1 / std::log1p(-static_cast<double>(p));
  double place = 0, count = -1;
  for (; place <= n; ++count) place += std::floor(std::log(1 - random()) * scale) + 1;
  return static_cast<real>(count);
}

// By inversion, and for large means by transformed rejection: Hoermann (1993), Insurance Math. Econ. 12:39, PTRS.
inline int32_t bp_poisson(Random random, real mean) {
  const double m = mean;
  if (!(m > 0)) return 0;
  if (m < 10) {
    double term = std::exp(-m), sum = term;
    int32_t k = 0;
    for (const double u = random(); u > sum && k < 1000; sum += term) term *= m / ++k;
    return k;
  }
  const double b = 0.931 + 2.53 * std::sqrt(m), a = -0.059 + 0.02483 * b;
  const double alpha = 1.1239 + 1.1328 / (b - 3.4), bound = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = random() - 0.5, v = random(), us = 0.5 - std::fabs(u);
    const double k = std::floor((2 * a / us + b) * u + m + 0.43);
    if (us >= 0.07 && v <= bound) return static_cast<int32_t>(k);
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v * alpha / (a / (us * us) + b)) <= k * std::log(m) - m - std::lgamma(k + 1)) return static_cast<int32_t>(k);
  }
}

// Derivatives ----------------------------------------------------------------------------------------------------------

// 1 where a is the larger one, 1/2 where both are equal.
inline real bp_above(real a, real b) { return a > b ? real(1) : a == b ? real(0.5) : real(0); }
inline real bp_log(real x) { return x == 0 ? real(0) : std::log(x); }

// The quotient loses its digits near 0, where some terms of the series have all of them.
inline real bp_exprel_slope(real x, real y) {
  if (std::fabs(x) < real(1e-3)) return real(0.5) + x * (real(1. / 3) + x * (real(1. / 8) + x * (real(1. / 30) + x / 144)));
  return (std::exp(x) - y) / x;
}

inline void bp_table_back(const Table& table, real* bar, real t, real epsilon, real factor, int64_t column, real back) {
  if (!bar || column < 0 || column >= table.columns) return;
  bar[bp_row(table, t, epsilon, factor) * table.columns + column] += back;
}
