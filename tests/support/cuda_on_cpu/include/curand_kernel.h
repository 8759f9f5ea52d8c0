#ifndef CURAND_KERNEL_ON_CPU_H
#define CURAND_KERNEL_ON_CPU_H

#include "curand.h"

struct curandState
{
    uint64_t seed, count;
};
inline void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long offset, curandState* s)
{
    *s = curandState{seed * 1000003 + sequence, offset};
}
inline std::mt19937_64 curand_on_cpu_next(curandState* s)
{
    std::seed_seq parts{uint32_t(s->seed), uint32_t(s->seed >> 32), uint32_t(s->count++)};
    return std::mt19937_64(parts);
}
inline unsigned curand_poisson(curandState* s, double mean)
{
    auto r = curand_on_cpu_next(s);
    return std::poisson_distribution<>(mean)(r);
}
inline double curand_uniform_double(curandState* s)
{
    auto r = curand_on_cpu_next(s);
    return 1 - std::uniform_real_distribution<>()(r);
}
inline double curand_normal_double(curandState* s)
{
    auto r = curand_on_cpu_next(s);
    return std::normal_distribution<>()(r);
}
inline float curand_uniform(curandState* s) { return (float)curand_uniform_double(s); }
inline float curand_normal(curandState* s) { return (float)curand_normal_double(s); }

#endif
