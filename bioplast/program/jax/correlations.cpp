// Correlations of images with kernels, forward and back, that look only at what is not zero.
//
// Of images [groups, rows, channels, height, width] and kernels [groups, kernels, channels, high, wide] the correlation is
// [groups, rows, kernels, windows down, windows across]. All three ways sum, over each pixel, each place in a kernel and
// the window in which that place lies on that pixel, the product of the other two. Spikes are few, so whatever is summed
// over goes through the pixels (or windows) that are not zero; everything a pixel adds to lies side by side in memory, by
// kernels (or channels) in vectors of 64 bytes.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "handler.h"

namespace {

// Along one axis: what each place of what is gone through meets. These are neighbours, of a target with a margin on each
// side, so that they are there in any case; the places of a kernel are put in the order of these neighbours.
struct Axis {
  int64_t size, margin, target, padded;
  std::vector<int32_t> order;               // the places of a kernel
  std::vector<int32_t> first, count, begin;  // for each place gone through: neighbour, how many, and the first of `order`

  static Axis from_pixels(int64_t pixels, int64_t windows, int64_t size, int64_t stride, int64_t padding) {
    Axis axis{size, (size - 1 - padding + stride - 1) / stride, windows, 0, {}, {}, {}, {}};
    std::vector<int32_t> begins;
    for (int64_t phase = 0; phase < stride; ++phase) {  // places that meet the same pixels lie a stride apart
      begins.push_back(int32_t(axis.order.size()));
      for (int64_t place = (size - 1 - phase) / stride * stride + phase; place >= phase && phase < size; place -= stride) {
        axis.order.push_back(int32_t(place));
      }
    }
    begins.push_back(int32_t(axis.order.size()));
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      const int64_t phase = (pixel + padding) % stride, count = begins[phase + 1] - begins[phase];
      axis.add((pixel + padding) / stride - count + 1 + axis.margin, count, begins[phase]);
    }
    return axis;
  }

  static Axis from_windows(int64_t pixels, int64_t windows, int64_t size, int64_t stride, int64_t padding) {
    Axis axis{size, padding, pixels, 0, {}, {}, {}, {}};
    for (int64_t place = 0; place < size; ++place) axis.order.push_back(int32_t(place));
    for (int64_t window = 0; window < windows; ++window) axis.add(window * stride, size, 0);
    return axis;
  }

  void add(int64_t neighbour, int64_t number, int64_t from) {
    first.push_back(int32_t(neighbour));
    count.push_back(int32_t(number));
    begin.push_back(int32_t(from));
    padded = std::max({padded, neighbour + number, margin + target});
  }

  // Whether each place meets all of a kernel, and the next place what lies one further.
  bool even() const {
    for (size_t k = 0; k < first.size(); ++k) {
      if (count[k] != size || first[k] != first[0] + int64_t(k)) return false;
    }
    return true;
  }

  bool all_of(int64_t number) const {
    return size == number && std::all_of(count.begin(), count.end(), [&](int32_t one) { return one == number; });
  }
};

// Layers of `from` are gone through, layers of `to` lie side by side.
struct Shape {
  int64_t groups, rows, from, to;
  Axis down, across;

  int64_t places() const { return down.size * across.size; }
  int64_t from_area() const { return int64_t(down.first.size() * across.first.size()); }
  int64_t to_area() const { return down.target * across.target; }
  int64_t padded_area() const { return down.padded * across.padded; }
};

template <typename Number>
struct Lanes {
  typedef Number Vector __attribute__((vector_size(64)));
  static constexpr int64_t size = sizeof(Vector) / sizeof(Number);
};

// Numbers that lie where the processor takes them in whole vectors.
template <typename Number>
class Scratch {
 public:
  Number* zeros(int64_t size) {
    vectors_.assign((size + Lanes<Number>::size - 1) / Lanes<Number>::size, typename Lanes<Number>::Vector{});
    return data();
  }
  Number* data() { return reinterpret_cast<Number*>(vectors_.data()); }

 private:
  std::vector<typename Lanes<Number>::Vector> vectors_;
};

// Call `each` with the number of vectors of layers that go together, and the first of these layers.
template <typename Number, typename Each>
void in_vectors(int64_t layers, Each each) {
  const int64_t vectors = (layers + Lanes<Number>::size - 1) / Lanes<Number>::size;
  int64_t first = 0;
  for (; first + 2 <= vectors; first += 2) each(std::integral_constant<int, 2>(), first * Lanes<Number>::size);
  if (first < vectors) each(std::integral_constant<int, 1>(), first * Lanes<Number>::size);
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define BIOPLAST_SHUFFLES 1
#endif
#endif

#ifdef BIOPLAST_SHUFFLES
// Of a block of rows and columns, those that are `apart` and differ in that bit of their numbers exchange places.
template <int apart, typename Vector, int... lane>
void exchange(Vector* rows, std::integer_sequence<int, lane...>) {
  constexpr int size = sizeof...(lane);
  for (int i = 0; i < size; ++i) {
    if (i & apart) continue;
    const Vector one = rows[i], other = rows[i + apart];
    rows[i] = __builtin_shufflevector(one, other, (lane & apart ? size + lane - apart : lane)...);
    rows[i + apart] = __builtin_shufflevector(one, other, (lane & apart ? size + lane : lane + apart)...);
  }
  if constexpr (2 * apart < size) exchange<2 * apart>(rows, std::integer_sequence<int, lane...>());
}
#endif

// Turn a matrix over: out[k, n] = in[n, k] for `n` below `rows` and `k` below `columns`, with the lengths of their lines.
template <typename Number>
void turn(const Number* in, int64_t in_line, int64_t rows, int64_t columns, Number* out, int64_t out_line) {
  constexpr int64_t block = Lanes<Number>::size;
  for (int64_t n = 0; n < rows; n += block) {
    for (int64_t k = 0; k < columns; k += block) {
#ifdef BIOPLAST_SHUFFLES
      if (n + block <= rows && k + block <= columns) {
        typename Lanes<Number>::Vector lines[block];
        for (int64_t i = 0; i < block; ++i) std::memcpy(&lines[i], in + (n + i) * in_line + k, sizeof lines[i]);
        exchange<1>(lines, std::make_integer_sequence<int, int(block)>());
        for (int64_t i = 0; i < block; ++i) std::memcpy(out + (k + i) * out_line + n, &lines[i], sizeof lines[i]);
        continue;
      }
#endif
      for (int64_t i = k; i < std::min(k + block, columns); ++i) {
        for (int64_t j = n; j < std::min(n + block, rows); ++j) out[i * out_line + j] = in[j * in_line + i];
      }
    }
  }
}

// Call `each(y, x, number)` for what is not zero in an image. Nobody can guess which those are, so they are listed first.
template <typename Number, typename Each>
void not_zero(const Number* image, int64_t height, int64_t width, std::vector<int32_t>& where, Each each) {
  for (int64_t y = 0; y < height; ++y, image += width) {
    int64_t count = 0;
    for (int64_t x = 0; x < width; ++x) {
      where[count] = int32_t(x);
      count += image[x] != 0;
    }
    for (int64_t n = 0; n < count; ++n) each(y, where[n], image[where[n]]);
  }
}

// Go through all layers of an image: `each(kernel, met, number)` for each vector that a number meets of the kernels, which
// are [layers, places, vectors], and of the target. `high` and `wide` are the size of the kernels where the compiler knows
// it and each place meets all of them, else 0: it then holds what belongs to a layer in registers.
template <int vectors, int high, int wide, typename Number, typename Vector, typename Each>
void through(const Number* image, Vector* kernels, Vector* target, const Shape& shape, std::vector<int32_t>& where,
             Each each) {
  const int64_t line = shape.across.padded * vectors, row = (wide ? wide : shape.across.size) * vectors;
  const int64_t height = int64_t(shape.down.first.size()), width = int64_t(shape.across.first.size());
  const int32_t *above = shape.down.first.data(), *beside = shape.across.first.data();
  const int32_t *down = shape.down.begin.data(), *across = shape.across.begin.data();
  const int32_t *many = shape.down.count.data(), *much = shape.across.count.data();
  for (int64_t layer = 0; layer < shape.from; ++layer) {
    Vector* own = kernels + layer * shape.places() * vectors;
    constexpr int known = high * wide * vectors;
    Vector held[known ? known : 1];
    for (int n = 0; n < known; ++n) held[n] = own[n];
    not_zero(image + layer * height * width, height, width, where, [&](int64_t y, int64_t x, Number number) {
      Vector* met = target + above[y] * line + beside[x] * vectors;
      if constexpr (known) {
#pragma GCC unroll 28
        for (int n = 0; n < known; ++n) each(held[n], met[n / (wide * vectors) * line + n % (wide * vectors)], number);
        return;
      }
      Vector* kernel = own + down[y] * row + across[x] * vectors;
      const int64_t lines = many[y], run = much[x] * vectors;
      for (int64_t i = 0; i < lines; ++i) {
        for (int64_t j = 0; j < run; ++j) each(kernel[i * row + j], met[i * line + j], number);
      }
    });
    for (int n = 0; n < known; ++n) own[n] = held[n];
  }
}

// The same, with the size of the kernels for the compiler if it is a common one.
template <int vectors, typename... Arguments>
void through_all(const Shape& shape, Arguments&&... arguments) {
  if (shape.down.all_of(3) && shape.across.all_of(3)) {
    through<vectors, 3, 3>(arguments...);
  } else if (shape.down.all_of(5) && shape.across.all_of(5)) {
    through<vectors, 5, 5>(arguments...);
  } else {
    through<vectors, 0, 0>(arguments...);
  }
}

// Call `each(place in memory, place in a kernel)` for the places of a kernel in the order of the axes.
template <typename Each>
void in_order(const Shape& shape, Each each) {
  for (int64_t i = 0; i < shape.down.size; ++i) {
    for (int64_t j = 0; j < shape.across.size; ++j) {
      each(i * shape.across.size + j, shape.down.order[i] * shape.across.size + shape.across.order[j]);
    }
  }
}

// Where the weights of the kernel between two layers begin.
int64_t kernel_of(const Shape& shape, int64_t from, int64_t to, bool by_from) {
  return (by_from ? from * shape.to + to : to * shape.from + from) * shape.places();
}

// How many of the registers of a processor hold sums; a vector of 64 bytes may take two of them.
#ifdef __AVX512F__
constexpr int kSums = 28;
#else
constexpr int kSums = 6;
#endif

// A part of a line of sums: `number` neighbours, each of some vectors, over all layers and places of the kernels.
template <int vectors, int number, typename Number, typename Vector>
void part(const Number* image, const Vector* kernels, Vector* found, const Shape& shape, int64_t height, int64_t width) {
  const int64_t high = shape.down.size, wide = shape.across.size;
  Vector sums[number][vectors] = {};
  for (int64_t layer = 0; layer < shape.from; ++layer, image += height * width, kernels += high * wide * vectors) {
    for (int64_t i = 0; i < high; ++i) {
      const Number* line = image + (high - 1 - i) * width + wide - 1;
      const Vector* kernel = kernels + i * wide * vectors;
      for (int64_t j = 0; j < wide; ++j, kernel += vectors) {
#pragma GCC unroll 28
        for (int n = 0; n < number; ++n) {
          for (int v = 0; v < vectors; ++v) sums[n][v] += line[n - j] * kernel[v];
        }
      }
    }
  }
  for (int n = 0; n < number; ++n) {
    for (int v = 0; v < vectors; ++v) found[n * vectors + v] = sums[n][v];
  }
}

// All sums, zeros or not, where the next pixel meets what lies one further: `image` has a margin of zeros.
template <int vectors, typename Number, typename Vector>
void dense(const Number* image, const Vector* kernels, Vector* found, const Shape& shape, int64_t height, int64_t width) {
  constexpr int most = kSums / vectors;
  for (int64_t y = 0; y < shape.down.target; ++y, image += width) {
    int64_t x = 0;
    const auto some = [&](auto number) {
      constexpr int size = decltype(number)::value;
      for (; x + size <= shape.across.target; x += size, found += size * vectors) {
        part<vectors, size>(image + x, kernels, found, shape, height, width);
      }
    };
    some(std::integral_constant<int, most>());
    some(std::integral_constant<int, (most + 1) / 2>());
    some(std::integral_constant<int, (most + 3) / 4>());
    some(std::integral_constant<int, 1>());
  }
}

// An image with a margin, in which each sum finds all that it adds up.
template <typename Number>
const Number* with_margin(const Number* image, const Shape& shape, Scratch<Number>& scratch, int64_t* size) {
  const auto before = [](const Axis& axis) { return axis.size - 1 - axis.margin + axis.first[0]; };
  const int64_t height = int64_t(shape.down.first.size()), width = int64_t(shape.across.first.size());
  const int64_t above = before(shape.down), beside = before(shape.across);
  size[0] = std::max(above + height, shape.down.target + shape.down.size - 1);
  size[1] = std::max(beside + width, shape.across.target + shape.across.size - 1);
  Number* found = scratch.zeros(shape.from * size[0] * size[1]);
  for (int64_t layer = 0; layer < shape.from; ++layer) {
    for (int64_t y = 0; y < height; ++y, image += width) {
      std::memcpy(found + (layer * size[0] + above + y) * size[1] + beside, image, width * sizeof(Number));
    }
  }
  return found;
}

// Whether so much of the numbers is not zero that it costs less to look at all of them.
template <typename Number>
bool mostly(const Number* numbers, int64_t size) {
  int64_t count = 0;
  for (int64_t n = 0; n < size; ++n) count += numbers[n] != 0;
  return 6 * count > size;
}

// Sums for the layers of `to`: each number that is not zero adds to what its places in the kernels meet.
template <typename Number>
void spread(const Number* from, const Number* weights, Number* to, const Shape& shape, bool by_from) {
  using Vector = typename Lanes<Number>::Vector;
  std::vector<int32_t> where(shape.across.first.size() + 1);
  Scratch<Number> kernels, sums, compact, margin;
  const int64_t places = shape.places(), from_size = shape.from * shape.from_area();
  const bool even = shape.down.even() && shape.across.even();
  for (int64_t group = 0; group < shape.groups; ++group, weights += shape.from * shape.to * places) {
    in_vectors<Number>(shape.to, [&](auto count, int64_t first) {
      constexpr int vectors = decltype(count)::value;
      constexpr int64_t width = vectors * Lanes<Number>::size;
      const int64_t there = std::min(width, shape.to - first);
      Number* arranged = kernels.zeros(shape.from * places * width);
      for (int64_t layer = 0; layer < shape.from; ++layer) {
        for (int64_t k = 0; k < there; ++k) {
          const Number* kernel = weights + kernel_of(shape, layer, first + k, by_from);
          in_order(shape, [&](int64_t n, int64_t place) { arranged[(layer * places + n) * width + k] = kernel[place]; });
        }
      }
      Vector *weight = reinterpret_cast<Vector*>(arranged);
      Number* found = compact.zeros(shape.to_area() * width);
      for (int64_t row = 0; row < shape.rows; ++row) {
        const int64_t sample = group * shape.rows + row;
        const Number* image = from + sample * from_size;
        if (even && mostly(image, from_size)) {
          int64_t size[2];
          const Number* wider = with_margin(image, shape, margin, size);
          dense<vectors>(wider, weight, reinterpret_cast<Vector*>(found), shape, size[0], size[1]);
        } else {
          Number* sum = sums.zeros(shape.padded_area() * width);
          through_all<vectors>(
              shape, image, weight, reinterpret_cast<Vector*>(sum), shape, where,
              [](const Vector& weight, Vector& sum, Number number) { sum += number * weight; });
          sum += (shape.down.margin * shape.across.padded + shape.across.margin) * width;
          for (int64_t y = 0; y < shape.down.target; ++y) {
            std::memcpy(found + y * shape.across.target * width, sum + y * shape.across.padded * width,
                        shape.across.target * width * sizeof(Number));
          }
        }
        turn(found, width, shape.to_area(), there, to + (sample * shape.to + first) * shape.to_area(),
             shape.to_area());
      }
    });
  }
}

// Sums for the kernels: each number that is not zero, times what its places in the kernels meet.
template <typename Number>
void collect(const Number* from, const Number* to, Number* kernels, const Shape& shape) {
  using Vector = typename Lanes<Number>::Vector;
  std::vector<int32_t> where(shape.across.first.size() + 1);
  Scratch<Number> back, sums, compact;
  const int64_t places = shape.places(), from_size = shape.from * shape.from_area();
  for (int64_t group = 0; group < shape.groups; ++group, kernels += shape.from * shape.to * places) {
    in_vectors<Number>(shape.to, [&](auto count, int64_t first) {
      constexpr int vectors = decltype(count)::value;
      constexpr int64_t width = vectors * Lanes<Number>::size;
      const int64_t there = std::min(width, shape.to - first);
      Number* found = sums.zeros(shape.from * places * width);
      Number* arranged = back.zeros(shape.padded_area() * width);
      Number* inside = arranged + (shape.down.margin * shape.across.padded + shape.across.margin) * width;
      Number* turned = compact.zeros(shape.to_area() * width);
      for (int64_t row = 0; row < shape.rows; ++row) {
        const int64_t sample = group * shape.rows + row;
        turn(to + (sample * shape.to + first) * shape.to_area(), shape.to_area(), there, shape.to_area(), turned, width);
        for (int64_t y = 0; y < shape.down.target; ++y) {
          std::memcpy(inside + y * shape.across.padded * width, turned + y * shape.across.target * width,
                      shape.across.target * width * sizeof(Number));
        }
        through_all<vectors>(
            shape, from + sample * from_size, reinterpret_cast<Vector*>(found), reinterpret_cast<Vector*>(arranged),
            shape, where, [](Vector& sum, const Vector& other, Number number) { sum += number * other; });
      }
      for (int64_t layer = 0; layer < shape.from; ++layer) {
        for (int64_t k = 0; k < there; ++k) {
          Number* kernel = kernels + kernel_of(shape, layer, first + k, false);
          in_order(shape, [&](int64_t n, int64_t place) { kernel[place] = found[(layer * places + n) * width + k]; });
        }
      }
    });
  }
}

enum Way { kForward, kToImage, kToKernels };

template <Way way>
XLA_FFI_Error* handle(XLA_FFI_CallFrame* frame) {
  if (told_version(frame)) return nullptr;
  const XLA_FFI_Buffer &one = operand(frame, 0), &other = operand(frame, 1);
  XLA_FFI_Buffer& out = result(frame);
  const auto* apart = static_cast<const int32_t*>(operand(frame, 2).data);  // strides and margins
  // the three arrays, whichever of them is the result
  const XLA_FFI_Buffer& image = way == kToImage ? out : one;
  const XLA_FFI_Buffer& kernels = way == kToKernels ? out : other;
  const XLA_FFI_Buffer& after = way == kForward ? out : way == kToImage ? one : other;
  constexpr bool back = way == kToImage;
  const int64_t *pixels = image.dims + 3, *windows = after.dims + 3, *size = kernels.dims + 3;
  const auto along = [&](int axis) {
    return (back ? Axis::from_windows : Axis::from_pixels)(pixels[axis], windows[axis], size[axis], apart[axis],
                                                           apart[2 + axis]);
  };
  const Shape shape{image.dims[0],           image.dims[1], kernels.dims[back ? 1 : 2],
                    kernels.dims[back ? 2 : 1], along(0),      along(1)};
  const auto run = [&](auto zero) {
    using Number = decltype(zero);
    const auto *first = static_cast<const Number*>(one.data), *second = static_cast<const Number*>(other.data);
    if constexpr (way == kToKernels) {
      collect(first, second, static_cast<Number*>(out.data), shape);
    } else {
      spread(first, second, static_cast<Number*>(out.data), shape, back);
    }
  };
  if (one.dtype == XLA_FFI_DataType_F64) {
    run(double());
  } else {
    run(float());
  }
  return nullptr;
}

}  // namespace

extern "C" XLA_FFI_Error* bioplast_correlation(XLA_FFI_CallFrame* frame) { return handle<kForward>(frame); }
extern "C" XLA_FFI_Error* bioplast_correlation_to_image(XLA_FFI_CallFrame* frame) { return handle<kToImage>(frame); }
extern "C" XLA_FFI_Error* bioplast_correlation_to_kernels(XLA_FFI_CallFrame* frame) { return handle<kToKernels>(frame); }
