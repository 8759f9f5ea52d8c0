// The part of cuRAND that brian2cuda's programs use; other numbers than cuRAND's, drawn from the same distributions.

#ifndef CURAND_ON_CPU_H
#define CURAND_ON_CPU_H

#include <random>

#include "cuda_on_cpu.h"

#define CURAND_H_
enum curandStatus_t {
    CURAND_STATUS_SUCCESS,
    CURAND_STATUS_VERSION_MISMATCH,
    CURAND_STATUS_NOT_INITIALIZED,
    CURAND_STATUS_ALLOCATION_FAILED,
    CURAND_STATUS_TYPE_ERROR,
    CURAND_STATUS_OUT_OF_RANGE,
    CURAND_STATUS_LENGTH_NOT_MULTIPLE,
    CURAND_STATUS_DOUBLE_PRECISION_REQUIRED,
    CURAND_STATUS_LAUNCH_FAILURE,
    CURAND_STATUS_PREEXISTING_FAILURE,
    CURAND_STATUS_INITIALIZATION_FAILED,
    CURAND_STATUS_ARCH_MISMATCH,
    CURAND_STATUS_INTERNAL_ERROR
};
typedef std::mt19937_64* curandGenerator_t;
enum { CURAND_RNG_PSEUDO_DEFAULT = 100, CURAND_ORDERING_PSEUDO_DEFAULT = 101 };

inline curandStatus_t curandCreateGenerator(curandGenerator_t* g, int)
{
    *g = new std::mt19937_64;
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandDestroyGenerator(curandGenerator_t) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetGeneratorOrdering(curandGenerator_t, int) { return CURAND_STATUS_SUCCESS; }
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t g, unsigned long long seed)
{
    g->seed(seed);
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) { return CURAND_STATUS_SUCCESS; }

template <class T, class Distribution>
curandStatus_t curand_on_cpu(curandGenerator_t g, T* where, size_t n, Distribution distribution)
{
    on_cpu::Open open;
    for (size_t k = 0; k < n; k++) where[k] = (T)distribution(*g);
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandGenerateUniformDouble(curandGenerator_t g, double* where, size_t n)
{
    return curand_on_cpu(g, where, n, [](std::mt19937_64& r) { return 1 - std::uniform_real_distribution<>()(r); });
}
inline curandStatus_t curandGenerateUniform(curandGenerator_t g, float* where, size_t n)
{
    return curand_on_cpu(g, where, n, [](std::mt19937_64& r) { return 1 - std::uniform_real_distribution<float>()(r); });
}
inline curandStatus_t curandGenerateNormalDouble(curandGenerator_t g, double* where, size_t n, double mean, double sd)
{
    if (n % 2) return CURAND_STATUS_LENGTH_NOT_MULTIPLE;  // cuRAND refuses an odd number
    return curand_on_cpu(g, where, n, std::normal_distribution<>(mean, sd));
}
inline curandStatus_t curandGenerateNormal(curandGenerator_t g, float* where, size_t n, float mean, float sd)
{
    if (n % 2) return CURAND_STATUS_LENGTH_NOT_MULTIPLE;
    return curand_on_cpu(g, where, n, std::normal_distribution<float>(mean, sd));
}
inline curandStatus_t curandGeneratePoisson(curandGenerator_t g, unsigned* where, size_t n, double mean)
{
    return curand_on_cpu(g, where, n, std::poisson_distribution<>(mean));
}

#endif
