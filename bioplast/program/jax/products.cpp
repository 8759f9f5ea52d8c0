// Products of events with weights that look only at the events that happen.
//
// events [groups, rows, before] are truth values, mostly false; with weights [groups, before, after] their product is
// [groups, rows, after], and its transpose with what comes back [groups, rows, after] is [groups, before, after].

#include <cstdint>
#include <cstring>
#include <vector>

#include "xla/ffi/api/c_api.h"

namespace {

struct Shape {
  int64_t groups, rows, before, after;
};

// Which of the eight bytes of a word holds its lowest bit.
int64_t position(uint64_t word) {
  const int64_t byte = __builtin_ctzll(word) / 8;
  return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? byte : 7 - byte;
}

// Which neurons of a row have an event. Each is one byte, 0 or 1, so the bits of a word of eight are its events; on a
// big-endian machine they come in another order, which no sum of numbers is the worse for.
int64_t found(const uint8_t* row, int64_t size, std::vector<int64_t>& where) {
  int64_t count = 0, k = 0;
  for (; k + 8 <= size; k += 8) {
    uint64_t word;
    std::memcpy(&word, row + k, 8);
    for (; word; word &= word - 1) where[count++] = k + position(word);
  }
  for (; k < size; ++k) {
    where[count] = k;
    count += row[k];
  }
  return count;
}

template <typename Number>
void product(const uint8_t* events, const Number* weights, Number* out, Shape shape) {
  std::vector<int64_t> where(shape.before + 1);
  for (int64_t group = 0; group < shape.groups; ++group, weights += shape.before * shape.after) {
    for (int64_t row = 0; row < shape.rows; ++row, events += shape.before, out += shape.after) {
      const int64_t count = found(events, shape.before, where);
      std::memset(out, 0, shape.after * sizeof(Number));
      for (int64_t k = 0; k < count; ++k) {
        const Number* weight = weights + where[k] * shape.after;
        for (int64_t j = 0; j < shape.after; ++j) out[j] += weight[j];
      }
    }
  }
}

template <typename Number>
void transposed(const uint8_t* events, const Number* back, Number* out, Shape shape) {
  std::vector<int64_t> where(shape.before + 1);
  for (int64_t group = 0; group < shape.groups; ++group, out += shape.before * shape.after) {
    std::memset(out, 0, shape.before * shape.after * sizeof(Number));
    for (int64_t row = 0; row < shape.rows; ++row, events += shape.before, back += shape.after) {
      const int64_t count = found(events, shape.before, where);
      for (int64_t k = 0; k < count; ++k) {
        Number* weight = out + where[k] * shape.after;
        for (int64_t j = 0; j < shape.after; ++j) weight[j] += back[j];
      }
    }
  }
}

template <bool transpose, typename Number>
void run(const XLA_FFI_Buffer* events, const XLA_FFI_Buffer* other, XLA_FFI_Buffer* out) {
  const Shape shape{events->dims[0], events->dims[1], events->dims[2], other->dims[2]};
  const auto* first = static_cast<const uint8_t*>(events->data);
  const auto* second = static_cast<const Number*>(other->data);
  auto* result = static_cast<Number*>(out->data);
  if (transpose) {
    transposed(first, second, result, shape);
  } else {
    product(first, second, result, shape);
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
