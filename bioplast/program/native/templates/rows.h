// Rows of numbers in registers: so many at once as the processor has room for.
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__AVX__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
constexpr int64_t kLanes = 64 / sizeof(real);
#elif defined(__AVX__)
constexpr int64_t kLanes = 32 / sizeof(real);
#else
constexpr int64_t kLanes = 16 / sizeof(real);
#endif

// So many parts of a row at once: half of the registers, since each sum has to wait for the one before it.
#if defined(__AVX512F__)
constexpr int64_t kMost = 16;
#else
constexpr int64_t kMost = 8;
#endif

// a*b + c, rounded once where the processor does it so: derivatives need not be the sums that others would make.
template <class Part>
inline Part bp_fma(Part a, Part b, Part c) { return a * b + c; }
#if defined(__AVX512F__)
inline __m512 bp_fma(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
inline __m512d bp_fma(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
#endif
#if defined(__AVX__) && defined(__FMA__)
inline __m256 bp_fma(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
inline __m256d bp_fma(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
#endif

// So many numbers in registers, each the sum of what is added in that order.
template <int64_t P>
struct Lanes {
  static constexpr int64_t kEach = P < kLanes ? P : kLanes, kParts = P / kEach;
  typedef real Part __attribute__((vector_size(kEach * sizeof(real))));
  Part parts[kParts];
  static Part part(const real* from) {
    Part found;
    std::memcpy(&found, from, sizeof found);
    return found;
  }
  explicit Lanes(const real* from) {
    for (int64_t i = 0; i < kParts; ++i) parts[i] = part(from + i * kEach);
  }
  void add(const real* more) {
    for (int64_t i = 0; i < kParts; ++i) parts[i] += part(more + i * kEach);
  }
  void subtract(const real* more) {
    for (int64_t i = 0; i < kParts; ++i) parts[i] -= part(more + i * kEach);
  }
  void add(real factor, const real* more) {
    const Part all = factor - Part{};
    for (int64_t i = 0; i < kParts; ++i) parts[i] = bp_fma(all, part(more + i * kEach), parts[i]);
  }
  void store(real* to) const {
    for (int64_t i = 0; i < kParts; ++i) std::memcpy(to + i * kEach, &parts[i], sizeof(Part));
  }
};

template <int64_t P, class Block>
inline void in_blocks_of(int64_t& q, int64_t width, Block& block) {
  for (; q + P <= width; q += P) block(std::integral_constant<int64_t, P>(), q);
}

// Calls `block(how many, first)` for parts of a row, each so long that its loop needs no rest.
template <class Block>
inline void in_blocks(int64_t width, Block block) {
  int64_t q = 0;
  in_blocks_of<kMost * kLanes>(q, width, block);
  in_blocks_of<4 * kLanes>(q, width, block);
  in_blocks_of<kLanes>(q, width, block);
  if (kLanes > 8) in_blocks_of<8>(q, width, block);
  if (kLanes > 4) in_blocks_of<4>(q, width, block);
  in_blocks_of<2>(q, width, block);
  in_blocks_of<1>(q, width, block);
}
