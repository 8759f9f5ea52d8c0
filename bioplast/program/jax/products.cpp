// Products of events with weights that look only at the events that happen.
//
// events [groups, rows, before] are truth values, mostly false; with weights [groups, before, after] their product is
// [groups, rows, after], and its transpose with what comes back [groups, rows, after] is [groups, before, after].

#include <cstdint>
#include <cstring>
#include <vector>

#include "handler.h"

namespace {

struct Shape {
  int64_t groups, rows, before, after;
};

// Multiplied with this, a word of eight bytes 0 or 1 has their bits in its highest byte, in the order of memory.
constexpr uint64_t kCollect =
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0x0102040810204080u : 0x8040201008040201u;

// `found` writes so many places at once, of which the last ones may be none.
constexpr int64_t kAtOnce = 4;

// Which neurons of a row have an event. Each is one byte, 0 or 1. The way through is nearly the same for all rows: where a
// processor cannot guess whether the next neuron has one, each wrong guess costs as much as a dozen sums.
int64_t found(const uint8_t* row, int64_t size, std::vector<int64_t>& where) {
  int64_t count = 0, k = 0;
  for (; k + 64 <= size; k += 64) {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) {
      uint64_t word;
      std::memcpy(&word, row + k + 8 * i, 8);
      bits |= (word * kCollect >> 56) << 8 * i;
    }
    const int64_t more = __builtin_popcountll(bits);
    int64_t* next = where.data() + count;
    for (int64_t n = 0; n < more; n += kAtOnce) {
      for (int64_t i = n; i < n + kAtOnce; ++i, bits &= bits - 1) {
        next[i] = k + __builtin_ctzll(bits | uint64_t{1} << 63);
      }
    }
    count += more;
  }
  for (; k < size; ++k) {
    where[count] = k;
    count += row[k];
  }
  return count;
}

// The sums of some rows of weights from column j on, of so many vectors of `size` columns at once; the column after them.
template <int vectors, int size, typename Number>
int64_t sums(const Number* weights, const std::vector<int64_t>& where, int64_t count, int64_t after, int64_t j,
             Number* out) {
  typedef Number Vector __attribute__((vector_size(size * sizeof(Number))));
  for (; j + vectors * size <= after; j += vectors * size) {
    Vector sum[vectors] = {};
    for (int64_t k = 0; k < count; ++k) {
      const Number* weight = weights + where[k] * after + j;
      for (int i = 0; i < vectors; ++i) {
        Vector some;
        std::memcpy(&some, weight + i * size, sizeof some);
        sum[i] += some;
      }
    }
    std::memcpy(out + j, sum, sizeof sum);
  }
  return j;
}

template <typename Number>
void product(const uint8_t* events, const Number* weights, Number* out, Shape shape) {
  constexpr int size = 64 / sizeof(Number);
  std::vector<int64_t> where(shape.before + kAtOnce);
  for (int64_t group = 0; group < shape.groups; ++group, weights += shape.before * shape.after) {
    for (int64_t row = 0; row < shape.rows; ++row, events += shape.before, out += shape.after) {
      const int64_t count = found(events, shape.before, where);
      int64_t j = sums<4, size>(weights, where, count, shape.after, 0, out);
      j = sums<1, size>(weights, where, count, shape.after, j, out);
      // what is left, such as a few actions or classes, stays in registers too
      if (j == shape.after) continue;
      j = sums<1, 8>(weights, where, count, shape.after, j, out);
      j = sums<1, 4>(weights, where, count, shape.after, j, out);
      j = sums<1, 2>(weights, where, count, shape.after, j, out);
      sums<1, 1>(weights, where, count, shape.after, j, out);
    }
  }
}

template <typename Number>
void transposed(const uint8_t* events, const Number* back, Number* out, Shape shape) {
  std::vector<int64_t> where(shape.before + kAtOnce);
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
  if (told_version(frame)) return nullptr;
  const auto *events = &operand(frame, 0), *other = &operand(frame, 1);
  auto* out = &result(frame);
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
