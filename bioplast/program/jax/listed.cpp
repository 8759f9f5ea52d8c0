// Products of what neurons send with weights of listed synapses, and their two ways back.
//
// Synapses lie by their neuron before: those of neuron n at the positions begin[n] to begin[n + 1]; at position p is the
// synapse number[p], to the neuron target[p]. Neurons that send 0 are skipped. Where many rows share weights that are not
// too thin, these are laid out as a matrix first, whose rows are added as vectors.

#include <cstdint>
#include <cstring>
#include <vector>

#include "handler.h"

namespace {

struct Wiring {
  int64_t before, after, synapses;
  const int32_t *begin, *target, *number;
};

// A matrix pays where at least one of so many of its places is a synapse, and where its places are gone through so often.
constexpr int64_t kThin = 12, kOften = 2, kPlaces = int64_t{1} << 24;

template <typename Number>
struct Vectors {
  typedef Number Vector __attribute__((vector_size(64)));
  static constexpr int64_t size = sizeof(Vector) / sizeof(Number);
  static int64_t whole(int64_t count) { return (count + size - 1) / size * size; }
};

// to[j] += factor*from[j], of whole vectors
template <typename Number>
void add(Number* to, const Number* from, Number factor, int64_t count) {
  typedef typename Vectors<Number>::Vector Vector;
  for (int64_t j = 0; j < count; j += Vectors<Number>::size) {
    Vector a, b;
    std::memcpy(&a, to + j, sizeof a);
    std::memcpy(&b, from + j, sizeof b);
    a += factor * b;
    std::memcpy(to + j, &a, sizeof a);
  }
}

template <typename Number>
Number dot(const Number* one, const Number* other, int64_t count) {
  typedef typename Vectors<Number>::Vector Vector;
  Vector sum = {};
  for (int64_t j = 0; j < count; j += Vectors<Number>::size) {
    Vector a, b;
    std::memcpy(&a, one + j, sizeof a);
    std::memcpy(&b, other + j, sizeof b);
    sum += a * b;
  }
  Number total = 0;
  for (int64_t j = 0; j < Vectors<Number>::size; ++j) total += sum[j];
  return total;
}

template <typename Number>
class Layer {
 public:
  explicit Layer(const Wiring& wiring) : w(wiring), width(Vectors<Number>::whole(wiring.after)) {}

  // after[row] = sum of sent*weight
  void forward(const Number* sent, const Number* weight, Number* after, int64_t rows) {
    std::memset(after, 0, rows * w.after * sizeof(Number));
    const bool laid_out = as_matrix(reached(sent, rows));
    if (laid_out) lay_out(weight);
    for (int64_t row = 0; row < rows; ++row, sent += w.before, after += w.after) {
      if (laid_out) line.assign(width, 0);
      for (int64_t n = 0; n < w.before; ++n) {
        if (sent[n] == 0) continue;
        if (laid_out) {
          add(line.data(), matrix.data() + n * width, sent[n], width);
          continue;
        }
        for (int64_t p = w.begin[n]; p < w.begin[n + 1]; ++p) after[w.target[p]] += sent[n] * weight[w.number[p]];
      }
      if (laid_out) std::memcpy(after, line.data(), w.after * sizeof(Number));
    }
  }

  // weight = sum over rows of sent*back
  void to_weights(const Number* sent, const Number* back, Number* weight, int64_t rows) {
    const bool laid_out = as_matrix(reached(sent, rows));
    if (laid_out) {
      matrix.assign(w.before * width, 0);
      line.assign(width, 0);
    } else {
      std::memset(weight, 0, w.synapses * sizeof(Number));
    }
    for (int64_t row = 0; row < rows; ++row, sent += w.before, back += w.after) {
      if (laid_out) std::memcpy(line.data(), back, w.after * sizeof(Number));
      for (int64_t n = 0; n < w.before; ++n) {
        if (sent[n] == 0) continue;
        if (laid_out) {
          add(matrix.data() + n * width, line.data(), sent[n], width);
          continue;
        }
        for (int64_t p = w.begin[n]; p < w.begin[n + 1]; ++p) weight[w.number[p]] += sent[n] * back[w.target[p]];
      }
    }
    if (!laid_out) return;
    for (int64_t n = 0; n < w.before; ++n)
      for (int64_t p = w.begin[n]; p < w.begin[n + 1]; ++p) weight[w.number[p]] = matrix[n * width + w.target[p]];
  }

  // sent[row] = sum of back*weight
  void to_sent(const Number* back, const Number* weight, Number* sent, int64_t rows) {
    bool laid_out = as_matrix(rows * w.synapses);
    for (int64_t k = 0; laid_out && k < rows * w.after; ++k) laid_out = back[k] - back[k] == 0;
    if (laid_out) {
      lay_out(weight);
      line.assign(width, 0);
    }
    for (int64_t row = 0; row < rows; ++row, sent += w.before, back += w.after) {
      if (laid_out) std::memcpy(line.data(), back, w.after * sizeof(Number));
      for (int64_t n = 0; n < w.before; ++n) {
        if (laid_out) {
          sent[n] = dot(line.data(), matrix.data() + n * width, width);
          continue;
        }
        Number total = 0;
        for (int64_t p = w.begin[n]; p < w.begin[n + 1]; ++p) total += back[w.target[p]] * weight[w.number[p]];
        sent[n] = total;
      }
    }
  }

 private:
  // How many synapses something is sent through; none where a number is not finite, which would reach, as 0 times
  // itself, the places of a matrix that are no synapse.
  int64_t reached(const Number* sent, int64_t rows) const {
    int64_t count = 0;
    for (int64_t row = 0; row < rows; ++row, sent += w.before)
      for (int64_t n = 0; n < w.before; ++n) {
        if (sent[n] - sent[n] != 0) return 0;
        if (sent[n] != 0) count += w.begin[n + 1] - w.begin[n];
      }
    return count;
  }

  bool as_matrix(int64_t reached) const {
    const int64_t places = w.before * width;
    return places <= kPlaces && places <= kThin * w.synapses && reached >= kOften * w.synapses;
  }

  void lay_out(const Number* weight) {
    matrix.assign(w.before * width, 0);
    for (int64_t n = 0; n < w.before; ++n)
      for (int64_t p = w.begin[n]; p < w.begin[n + 1]; ++p) matrix[n * width + w.target[p]] += weight[w.number[p]];
  }

  const Wiring& w;
  const int64_t width;
  std::vector<Number> matrix, line;
};

enum Way { kForward, kToSent, kToWeights };

template <Way way, typename Number>
void run(const XLA_FFI_Buffer& one, const XLA_FFI_Buffer& other, const XLA_FFI_Buffer& out, const Wiring& wiring) {
  Layer<Number> layer(wiring);
  const auto* a = static_cast<const Number*>(one.data);
  const auto* b = static_cast<const Number*>(other.data);
  auto* c = static_cast<Number*>(out.data);
  const int64_t groups = one.dims[0], rows = one.dims[1];
  const auto each = [](const XLA_FFI_Buffer& buffer) {
    int64_t size = 1;
    for (int64_t d = 1; d < buffer.rank; ++d) size *= buffer.dims[d];
    return size;
  };
  for (int64_t group = 0; group < groups; ++group, a += each(one), b += each(other), c += each(out)) {
    if (way == kForward) layer.forward(a, b, c, rows);
    else if (way == kToSent) layer.to_sent(a, b, c, rows);
    else layer.to_weights(a, b, c, rows);
  }
}

template <Way way>
XLA_FFI_Error* handle(XLA_FFI_CallFrame* frame) {
  if (told_version(frame)) return nullptr;
  const XLA_FFI_Buffer &one = operand(frame, 0), &other = operand(frame, 1), &out = result(frame);
  const auto index = [frame](int k) { return static_cast<const int32_t*>(operand(frame, k).data); };
  const int64_t before = operand(frame, 2).dims[0] - 1, synapses = operand(frame, 3).dims[0];
  const int64_t after = way == kForward ? out.dims[2] : way == kToSent ? one.dims[2] : other.dims[2];
  const Wiring wiring{before, after, synapses, index(2), index(3), index(4)};
  if (out.dtype == XLA_FFI_DataType_F64) run<way, double>(one, other, out, wiring);
  else run<way, float>(one, other, out, wiring);
  return nullptr;
}

}  // namespace

extern "C" XLA_FFI_Error* bioplast_listed(XLA_FFI_CallFrame* frame) { return handle<kForward>(frame); }
extern "C" XLA_FFI_Error* bioplast_listed_to_sent(XLA_FFI_CallFrame* frame) { return handle<kToSent>(frame); }
extern "C" XLA_FFI_Error* bioplast_listed_to_weights(XLA_FFI_CallFrame* frame) { return handle<kToWeights>(frame); }
