// Products of events with weights that look only at the events that happen.
//
// events [groups, rows, before] are mostly zeros; with weights [groups, before, after] their product is
// [groups, rows, after], and its transpose with what comes back [groups, rows, after] is [groups, before, after].

#include <cstdint>
#include <cstring>
#include <vector>

#include "xla/ffi/api/c_api.h"

namespace {

struct Shape {
  int64_t groups, rows, before, after;
};

// Which of a row's numbers are not zero.
template <typename Event>
int64_t found(const Event* row, int64_t size, std::vector<int64_t>& where) {
  constexpr int64_t width = 32 / sizeof(Event);
  int64_t count = 0, k = 0;
  for (; k + width <= size; k += width) {
    uint64_t words[4];
    std::memcpy(words, row + k, sizeof words);
    if (!(words[0] | words[1] | words[2] | words[3])) continue;
    for (int64_t j = k; j < k + width; ++j) {
      where[count] = j;
      count += row[j] != 0;
    }
  }
  for (; k < size; ++k) {
    where[count] = k;
    count += row[k] != 0;
  }
  return count;
}

template <typename Event, typename Number>
void product(const Event* events, const Number* weights, Number* out, Shape shape) {
  std::vector<int64_t> where(shape.before + 1);
  for (int64_t group = 0; group < shape.groups; ++group, weights += shape.before * shape.after) {
    for (int64_t row = 0; row < shape.rows; ++row, events += shape.before, out += shape.after) {
      const int64_t count = found(events, shape.before, where);
      std::memset(out, 0, shape.after * sizeof(Number));
      for (int64_t k = 0; k < count; ++k) {
        const Number event = static_cast<Number>(events[where[k]]);
        const Number* weight = weights + where[k] * shape.after;
        for (int64_t j = 0; j < shape.after; ++j) out[j] += event * weight[j];
      }
    }
  }
}

template <typename Event, typename Number>
void transposed(const Event* events, const Number* back, Number* out, Shape shape) {
  std::vector<int64_t> where(shape.before + 1);
  for (int64_t group = 0; group < shape.groups; ++group, out += shape.before * shape.after) {
    std::memset(out, 0, shape.before * shape.after * sizeof(Number));
    for (int64_t row = 0; row < shape.rows; ++row, events += shape.before, back += shape.after) {
      const int64_t count = found(events, shape.before, where);
      for (int64_t k = 0; k < count; ++k) {
        const Number event = static_cast<Number>(events[where[k]]);
        Number* weight = out + where[k] * shape.after;
        for (int64_t j = 0; j < shape.after; ++j) weight[j] += event * back[j];
      }
    }
  }
}

template <bool transpose, typename Event, typename Number>
void run(const XLA_FFI_Buffer* events, const XLA_FFI_Buffer* other, XLA_FFI_Buffer* out) {
  const Shape shape{events->dims[0], events->dims[1], events->dims[2], other->dims[2]};
  const auto* first = static_cast<const Event*>(events->data);
  const auto* second = static_cast<const Number*>(other->data);
  auto* result = static_cast<Number*>(out->data);
  if (transpose) {
    transposed(first, second, result, shape);
  } else {
    product(first, second, result, shape);
  }
}

template <bool transpose, typename Number>
void run(const XLA_FFI_Buffer* events, const XLA_FFI_Buffer* other, XLA_FFI_Buffer* out) {
  if (events->dtype == XLA_FFI_DataType_PRED) {
    run<transpose, uint8_t, Number>(events, other, out);
  } else {
    run<transpose, Number, Number>(events, other, out);
  }
}

template <bool transpose>
XLA_FFI_Error* handle(XLA_FFI_CallFrame* frame) {
  if (frame->extension_start != nullptr) {  // XLA asks for the version that this was compiled with
    if (frame->extension_start->type == XLA_FFI_Extension_Metadata) {
      auto* told = reinterpret_cast<XLA_FFI_Metadata_Extension*>(frame->extension_start)->metadata;
      told->api_version = {XLA_FFI_Api_Version_STRUCT_SIZE, nullptr, XLA_FFI_API_MAJOR, XLA_FFI_API_MINOR};
      told->traits = 0;
    }
    return nullptr;
  }
  const auto* events = static_cast<const XLA_FFI_Buffer*>(frame->args.args[0]);
  const auto* other = static_cast<const XLA_FFI_Buffer*>(frame->args.args[1]);
  auto* out = static_cast<XLA_FFI_Buffer*>(frame->rets.rets[0]);
  if (other->dtype == XLA_FFI_DataType_F64) {
    run<transpose, double>(events, other, out);
  } else {
    run<transpose, float>(events, other, out);
  }
  return nullptr;
}

}  // namespace

extern "C" XLA_FFI_Error* bioplast_event_product(XLA_FFI_CallFrame* frame) { return handle<false>(frame); }
extern "C" XLA_FFI_Error* bioplast_event_transpose(XLA_FFI_CallFrame* frame) { return handle<true>(frame); }
