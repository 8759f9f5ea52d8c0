// Calls from XLA: arguments and results of the loop over samples are XLA's own buffers, nothing is copied on the way.
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "plan.h"
#include "xla/ffi/api/c_api.h"

// What a buffer holds: of what kind, which one, how many axes it has in one run; `flag` says of an argument whether it has
// an axis of runs in front, of an array that comes out the argument it begins with, of what comes back whether it is
// summed over the runs.
struct Role {
  int64_t kind, number, rank, flag;
};

// What calls of one shape have in common; foreign.py has the same fields.
struct Pattern {
  Plan plan;
  int64_t arguments, results, in_batch, horizon;
  const Role *argument, *result;
  const uint8_t* written;              // of arrays
  const void* const* fixed;            // of arrays that no call changes
  const int64_t* const* way_sources;   // of synapses
  const int64_t* const* way_position;
};

namespace {

enum Kind { kArray, kTable, kEvents, kPending, kStep, kKey, kRecord, kRaster, kPast };

constexpr int64_t kGroups = 16;  // how a sum over a batch is split depends on its size alone

std::mutex guard;
std::map<int64_t, const Pattern*>& patterns() {
  static std::map<int64_t, const Pattern*> known;
  return known;
}

struct Refused {
  std::string text;
};

// Begins a sum or adds to it.
void added(real* to, const real* more, int64_t count, bool first) {
  if (first) std::memcpy(to, more, count * sizeof(real));
  else
    for (int64_t j = 0; j < count; ++j) to[j] += more[j];
}

// What comes back to something that several runs have in common: the sum, and where runs find their part of it, which is
// so far from one run to the next.
struct Sum {
  real* to;
  int64_t count, offset;
  real** place;
  int64_t row;
};

// Sums over groups of runs that add up in one place, each in the order of the groups, whoever is ready first. Only the
// groups that are under way, or wait for one before them, need memory.
struct Sums {
  int64_t samples = 0, chunk = 1, together = 1;  // how many runs in all and in a group, groups of a network

  void add(Sum sum) {
    sum.offset = size;
    size += (sum.count * sizeof(real) + kLine - 1) / kLine * kLine / sizeof(real);
    all.push_back(sum);
  }

  void before(int64_t first) {
    if (all.empty()) return;
    real* place = nullptr;
    {
      const std::lock_guard<std::mutex> lock(busy);
      if (!unused.empty()) place = unused.back(), unused.pop_back();
      else memory.emplace_back(size), place = memory.back().data();
      under_way[first / chunk] = place;
    }
    std::memset(place, 0, size * sizeof(real));
    const int64_t end = std::min(first + chunk, samples);
    for (const Sum& sum : all)
      for (int64_t run = first; run < end; ++run) sum.place[run * sum.row] = place + sum.offset;
  }

  void after(int64_t first) {
    if (all.empty()) return;
    const std::lock_guard<std::mutex> lock(busy);
    ready.insert(first / chunk);
    for (; ready.count(next); ++next) {
      real* const place = under_way[next];
      for (const Sum& sum : all)
        added(sum.to + next / together * sum.count, place + sum.offset, sum.count, !(next % together));
      unused.push_back(place);
    }
  }

 private:
  std::vector<Sum> all;
  int64_t size = 0, next = 0;
  std::mutex busy;
  std::list<Numbers> memory;
  std::vector<real*> unused;
  std::map<int64_t, real*> under_way;
  std::set<int64_t> ready;
};

struct Call {
  const Pattern& pattern;
  const XLA_FFI_CallFrame* frame;
  Plan plan;
  std::vector<int64_t> lead;  // the axes in front of all together
  int64_t size = 1, batch = 1;

  Call(const Pattern& pattern, const XLA_FFI_CallFrame* frame) : pattern(pattern), frame(frame), plan(pattern.plan) {
    for (int64_t k = 0; k < pattern.arguments; ++k) {
      const std::vector<int64_t> own = lead_of(argument(k), pattern.argument[k]);
      if (own.size() > lead.size()) lead.resize(own.size(), 1);
      for (size_t d = 0; d < own.size(); ++d)
        if (own[d] != 1) lead[d] = own[d];
    }
    if (pattern.in_batch && lead.empty()) lead.push_back(1);
    for (int64_t length : lead) size *= length;
    if (pattern.in_batch) batch = lead.back();
    plan.samples = size;
  }

  const XLA_FFI_Buffer& argument(int64_t k) const { return *static_cast<const XLA_FFI_Buffer*>(frame->args.args[k]); }
  const XLA_FFI_Buffer& result(int64_t k) const { return *static_cast<const XLA_FFI_Buffer*>(frame->rets.rets[k]); }

  std::vector<int64_t> lead_of(const XLA_FFI_Buffer& buffer, const Role& role) const {
    std::vector<int64_t> found(buffer.dims, buffer.dims + buffer.rank - role.rank);
    if (pattern.in_batch && !role.flag) found.push_back(1);
    return found;
  }

  static int64_t numbers(const XLA_FFI_Buffer& buffer, int64_t rank) {
    int64_t count = 1;
    for (int64_t d = buffer.rank - rank; d < buffer.rank; ++d) count *= buffer.dims[d];
    return count;
  }

  static int64_t itemsize(const XLA_FFI_Buffer& buffer) {
    switch (buffer.dtype) {
      case XLA_FFI_DataType_PRED: return 1;
      case XLA_FFI_DataType_F64: case XLA_FFI_DataType_S64: case XLA_FFI_DataType_U64: return 8;
      default: return 4;
    }
  }

  // Where the part of each run begins of an argument.
  std::vector<char*> places(const XLA_FFI_Buffer& buffer, const Role& role) const {
    const std::vector<int64_t> own = lead_of(buffer, role);
    const int64_t bytes = numbers(buffer, role.rank) * itemsize(buffer);
    std::vector<char*> found(size);
    for (int64_t run = 0; run < size; ++run) {
      int64_t rest = run, place = 0, step = 1;
      for (size_t d = lead.size(); d-- > 0;) {
        if (d < own.size() && own[d] != 1) place += rest % lead[d] * step, step *= lead[d];
        rest /= lead[d];
      }
      found[run] = static_cast<char*>(buffer.data) + place * bytes;
    }
    return found;
  }

  // The same of a result with all runs.
  char* place(const XLA_FFI_Buffer& buffer, const Role& role, int64_t run) const {
    return static_cast<char*>(buffer.data) + run * numbers(buffer, role.rank) * itemsize(buffer);
  }

  static int64_t integer(const XLA_FFI_Buffer& buffer, const char* place) {
    return itemsize(buffer) == 8 ? *reinterpret_cast<const int64_t*>(place) : *reinterpret_cast<const int32_t*>(place);
  }

  // All tables of the plan, [samples, ...].
  std::vector<void*> array;
  std::vector<const void*> array_from;
  std::vector<Table> table;
  std::vector<Given> given;
  std::vector<const real*> given_real, back_from;
  std::vector<const Wires*> wires;
  std::vector<Pending> pending;
  std::vector<std::vector<int64_t>> pending_rows;
  std::vector<uint8_t*> past, raster;
  std::vector<real*> past_real, raster_real;
  std::vector<void*> record;
  std::vector<const real*> draws;
  std::vector<uint64_t> seeds;
  std::vector<int64_t> first;
  std::vector<uint8_t> back_each;
  std::vector<real*> array_back, table_back, record_back, raster_back, given_back, way_back;
  std::vector<int64_t> raster_size;
  Sums sums;

  void lay_out() {
    const Plan& p = plan;
    array.assign(size * p.arrays, nullptr);
    array_from.assign(size * p.arrays, nullptr);
    table.assign(size * p.tables, Table{nullptr, 0, 0});
    given.assign(size * p.events, Given{nullptr, nullptr, nullptr, 0, 0});
    given_real.assign(size * p.events, nullptr);
    wires.resize(size * p.ways);
    pending.assign(size * p.ways, Pending{nullptr, 0});
    past.assign(size * p.ways, nullptr);
    past_real.assign(size * p.ways, nullptr);
    record.assign(size * p.records, nullptr);
    raster.assign(size * p.rasters, nullptr);
    raster_real.assign(size * p.rasters, nullptr);
    raster_size.assign(p.rasters, 0);
    draws.assign(size * p.sites, nullptr);
    seeds.assign(size, 0);
    first.assign(p.clocks, 0);
    for (int64_t run = 0; run < size; ++run) {
      for (int64_t k = 0; k < p.ways; ++k) wires[run * p.ways + k] = pattern.plan.wires[k];
      for (int64_t k = 0; k < p.arrays; ++k) {
        if (pattern.written[k]) array_from[run * p.arrays + k] = pattern.fixed[k];
        else array[run * p.arrays + k] = const_cast<void*>(pattern.fixed[k]);
      }
    }
    if (plan.back) {
      array_back.assign(size * p.arrays, nullptr);
      back_from.assign(size * p.arrays, nullptr);
      back_each.assign(p.arrays, 1);
      table_back.assign(size * p.tables, nullptr);
      record_back.assign(size * p.records, nullptr);
      raster_back.assign(size * p.rasters, nullptr);
      given_back.assign(size * p.events, nullptr);
      way_back.assign(size * p.ways, nullptr);
    }
    plan.array = array.data();
    plan.array_from = array_from.data();
    plan.table = table.data();
    plan.given = given.data();
    plan.given_real = given_real.data();
    plan.wires = wires.data();
    plan.pending = pending.data();
    plan.past = past.data();
    plan.past_real = past_real.data();
    plan.record = record.data();
    plan.raster = raster.data();
    plan.raster_real = raster_real.data();
    plan.raster_size = raster_size.data();
    plan.draws = draws.data();
    plan.seeds = seeds.data();
    plan.first = first.data();
    plan.array_back = array_back.data();
    plan.back_from = back_from.data();
    plan.back_each = back_each.data();
    plan.table_back = table_back.data();
    plan.record_back = record_back.data();
    plan.raster_back = raster_back.data();
    plan.given_back = given_back.data();
    plan.way_back = way_back.data();
  }

  template <class T, class U>
  void put(std::vector<T>& into, int64_t each, int64_t number, const std::vector<U*>& from) const {
    for (int64_t run = 0; run < size; ++run) into[run * each + number] = reinterpret_cast<T>(from[run]);
  }

  void take_argument(int64_t k) {
    const Role& role = pattern.argument[k];
    const XLA_FFI_Buffer& buffer = argument(k);
    const int64_t number = role.number;
    if (number < 0) return;
    const std::vector<char*> from = places(buffer, role);
    switch (role.kind) {
      case kArray:
        if (pattern.written[number]) put(array_from, plan.arrays, number, from);
        else put(array, plan.arrays, number, from);
        break;
      case kTable: {
        const int64_t* own = buffer.dims + buffer.rank - role.rank;
        for (int64_t run = 0; run < size; ++run)
          table[run * plan.tables + number] =
              Table{reinterpret_cast<const real*>(from[run]), own[0], role.rank > 1 ? own[1] : 1};
        break;
      }
      case kEvents:
        for (int64_t run = 0; run < size; ++run) {
          // an address that is not null, though there may be none
          given[run * plan.events + number].raster = reinterpret_cast<const uint8_t*>(from[run]);
          if (buffer.dtype != XLA_FFI_DataType_PRED)
            given_real[run * plan.events + number] = reinterpret_cast<const real*>(from[run]);
        }
        break;
      case kPending:
        take_pending(buffer, role, from);
        break;
      case kStep:
        if (!numbers(buffer, role.rank)) break;
        first[number] = integer(buffer, from[0]);
        for (const char* place : from)
          if (integer(buffer, place) != first[number])
            throw Refused{"the runs of a batch begin at different times: give each its own call"};
        if (pattern.horizon >= 0 && first[number] + plan.moments > pattern.horizon)
          throw Refused{"the run ends with step " + std::to_string(first[number] + plan.moments) +
                        ": float32 tells the steps of this network apart up to step " +
                        std::to_string(pattern.horizon) +
                        "; start earlier, run shorter or compile with dtype='float64'"};
        break;
      case kKey:
        for (int64_t run = 0; run < size; ++run) {
          const uint32_t* words = reinterpret_cast<const uint32_t*>(from[run]);
          seeds[run] = static_cast<uint64_t>(words[0]) << 32 | words[1];
        }
        break;
    }
  }

  void take_pending(const XLA_FFI_Buffer& buffer, const Role& role, const std::vector<char*>& from) {
    const int64_t* own = buffer.dims + buffer.rank - role.rank;
    const bool truth = buffer.dtype == XLA_FFI_DataType_PRED;
    std::map<char*, int64_t> known;
    for (int64_t run = 0; run < size; ++run) {
      const auto found = known.emplace(from[run], pending_rows.size());
      if (found.second) {
        pending_rows.emplace_back();
        std::vector<int64_t>& rows = pending_rows.back();
        for (int64_t at = 0; at < own[0]; ++at)
          for (int64_t k = 0; k < own[1]; ++k)
            if (truth ? from[run][at * own[1] + k] != 0 : reinterpret_cast<const real*>(from[run])[at * own[1] + k] != 0) {
              rows.push_back(at);
              rows.push_back(pattern.way_sources[role.number][k]);
              rows.push_back(pattern.way_position[role.number][k]);
            }
      }
      const std::vector<int64_t>& rows = pending_rows[found.first->second];
      pending[run * plan.ways + role.number] = Pending{rows.data(), static_cast<int64_t>(rows.size()) / 3};
    }
  }

  void forward() {
    lay_out();
    for (int64_t k = 0; k < pattern.arguments; ++k) take_argument(k);
    for (int64_t k = 0; k < pattern.results; ++k) {
      const Role& role = pattern.result[k];
      const XLA_FFI_Buffer& buffer = result(k);
      const int64_t number = role.number, all = size * numbers(buffer, role.rank);
      const bool truth = buffer.dtype == XLA_FFI_DataType_PRED;
      if (role.kind != kArray) std::memset(buffer.data, 0, all * itemsize(buffer));
      if (role.kind == kRaster) raster_size[number] = numbers(buffer, role.rank);
      const std::vector<char*> from = role.kind == kArray && number < 0 && role.flag >= 0
                                          ? places(argument(role.flag), pattern.argument[role.flag])
                                          : std::vector<char*>();
      for (int64_t run = 0; run < size; ++run) {
        char* const to = place(buffer, role, run);
        switch (role.kind) {
          case kArray:
            if (number >= 0) array[run * plan.arrays + number] = to;
            else if (!from.empty()) std::memcpy(to, from[run], numbers(buffer, role.rank) * itemsize(buffer));
            break;
          case kRecord:
            record[run * plan.records + number] = to;
            break;
          case kRaster:
            if (truth) raster[run * plan.rasters + number] = reinterpret_cast<uint8_t*>(to);
            else raster_real[run * plan.rasters + number] = reinterpret_cast<real*>(to);
            break;
          case kPast:
            if (truth) past[run * plan.ways + number] = reinterpret_cast<uint8_t*>(to);
            else past_real[run * plan.ways + number] = reinterpret_cast<real*>(to);
            break;
        }
      }
    }
    plan.chunk = 1;
    carry_out();
  }

  // How many runs, which follow each other and belong to one network, go through one thread and add up in one place.
  int64_t chunk() const {
    const int64_t outer = size / batch;
    if (outer == 1) return (batch + kGroups - 1) / kGroups;
    int64_t groups = std::min(batch, std::max<int64_t>(1, kGroups / outer));
    while (batch % groups) --groups;
    return batch / groups;
  }

  void back() {
    lay_out();
    plan.chunk = chunk();
    // 1. Arguments of the runs, and what comes to their results
    for (int64_t k = 0; k < pattern.arguments; ++k) {
      const Role& role = pattern.argument[k];
      if (role.kind < kBack) {
        take_argument(k);
        continue;
      }
      if (role.number < 0) continue;
      const std::vector<char*> from = places(argument(k), role);
      switch (role.kind - kBack) {
        case kArray: put(back_from, plan.arrays, role.number, from); break;
        case kRecord: put(record_back, plan.records, role.number, from); break;
        case kRaster: put(raster_back, plan.rasters, role.number, from); break;
        case kPast: put(way_back, plan.ways, role.number, from); break;
      }
    }
    // 2. Where what comes back is added up
    const int64_t outer = size / batch;
    std::vector<std::unique_ptr<real[], void (*)(void*)>> each;  // of runs, for results that are summed over them
    for (int64_t k = 0; k < pattern.results; ++k) {
      const Role& role = pattern.result[k];
      const XLA_FFI_Buffer& buffer = result(k);
      const int64_t count = numbers(buffer, role.rank), kind = role.kind - kBack;
      each.emplace_back(nullptr, std::free);
      if (role.number < 0) {
        std::memset(buffer.data, 0, (role.flag ? outer : size) * count * sizeof(real));
        continue;
      }
      const bool changed = kind == kEvents || (kind == kArray && pattern.written[role.number]);
      if (kind == kArray && !changed) back_each[role.number] = 0;
      std::vector<real*>& into = kind == kArray ? array_back : kind == kTable ? table_back : given_back;
      const int64_t row = kind == kArray ? plan.arrays : kind == kTable ? plan.tables : plan.events;
      if (role.flag && !changed) {
        sums.add(Sum{static_cast<real*>(buffer.data), count, 0, into.data() + role.number, row});
        continue;
      }
      real* to = static_cast<real*>(buffer.data);
      if (role.flag) {
        each.back().reset(static_cast<real*>(in_lines(size * count * sizeof(real) + 1)));
        to = each.back().get();
      }
      if (!changed || kind == kEvents) std::memset(to, 0, size * count * sizeof(real));
      for (int64_t run = 0; run < size; ++run) into[run * row + role.number] = to + run * count;
    }
    sums.samples = size;
    sums.chunk = plan.chunk;
    sums.together = batch / plan.chunk + (batch % plan.chunk != 0);
    plan.sums = &sums;
    plan.before = [](void* sums, int64_t first) { static_cast<Sums*>(sums)->before(first); };
    plan.after = [](void* sums, int64_t first) { static_cast<Sums*>(sums)->after(first); };
    carry_out();
    // 3. Sums over the runs of each network, in their order
    for (int64_t k = 0; k < pattern.results; ++k) {
      if (!each[k]) continue;
      const XLA_FFI_Buffer& buffer = result(k);
      const int64_t count = numbers(buffer, pattern.result[k].rank);
      for (int64_t run = 0; run < size; ++run)
        added(static_cast<real*>(buffer.data) + run / batch * count, each[k].get() + run * count, count, !(run % batch));
    }
  }

  void carry_out() {
    plan.threads = std::min(plan.threads, (size + plan.chunk - 1) / plan.chunk);
    if (size && bioplast_run(&plan)) throw Refused{"target native could not run the network: too little memory"};
  }

  static constexpr int64_t kBack = 100;
};

XLA_FFI_Error* refused(const XLA_FFI_CallFrame* frame, const std::string& text) {
  XLA_FFI_Error_Create_Args told = {};
  told.struct_size = XLA_FFI_Error_Create_Args_STRUCT_SIZE;
  told.message = text.c_str();
  told.errc = XLA_FFI_Error_Code_INVALID_ARGUMENT;
  return frame->api->XLA_FFI_Error_Create(&told);
}

}  // namespace

extern "C" void bioplast_know(int64_t number, const Pattern* pattern) {
  const std::lock_guard<std::mutex> lock(guard);
  patterns()[number] = pattern;
}

extern "C" XLA_FFI_Error* bioplast_call(XLA_FFI_CallFrame* frame) {
  if (frame->extension_start != nullptr) {  // XLA asks for the version that this was compiled with
    if (frame->extension_start->type == XLA_FFI_Extension_Metadata) {
      auto* told = reinterpret_cast<XLA_FFI_Metadata_Extension*>(frame->extension_start)->metadata;
      told->api_version = {XLA_FFI_Api_Version_STRUCT_SIZE, nullptr, XLA_FFI_API_MAJOR, XLA_FFI_API_MINOR};
      told->traits = 0;
    }
    return nullptr;
  }
  const auto* scalar = static_cast<const XLA_FFI_Scalar*>(frame->attrs.attrs[0]);
  const Pattern* pattern = nullptr;
  {
    const std::lock_guard<std::mutex> lock(guard);
    const auto found = patterns().find(*static_cast<const int64_t*>(scalar->value));
    if (found != patterns().end()) pattern = found->second;
  }
  if (!pattern) return refused(frame, "this was compiled in another process: compile it again");
  try {
    Call call(*pattern, frame);
    if (pattern->plan.back) call.back();
    else call.forward();
  } catch (const Refused& reason) {
    return refused(frame, reason.text);
  } catch (const std::bad_alloc&) {
    return refused(frame, "target native could not run the network: too little memory");
  }
  return nullptr;
}
