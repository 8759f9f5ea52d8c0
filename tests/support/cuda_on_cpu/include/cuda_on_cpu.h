// CUDA on a processor, as far as brian2cuda's programs need it: kernels run as loops over blocks and threads, so that what
// such a program computes can be compared where there is no GPU.
//
// Device memory is a region that only kernels and copies may touch: host code that follows a device pointer ends with a
// segmentation fault, as it should. Threads run in an order that is not that of their numbers, and one that reaches
// __syncthreads() waits for the others of its block.

#ifndef CUDA_ON_CPU_H
#define CUDA_ON_CPU_H

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

using std::max;
using std::min;

#define __CUDA_ARCH__ 900
#define __global__
#define __device__
#define __host__
#define __shared__
#define __forceinline__ inline
#define __constant__
#define __launch_bounds__(...)

struct dim3
{
    unsigned x, y, z;
    dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};
inline dim3 threadIdx(0), blockIdx(0), blockDim, gridDim;

namespace on_cpu {

const size_t region_size = size_t(1) << 32;
inline char* region = nullptr;
inline size_t used = 0;
inline int open_depth = 0;

inline bool in_region(const void* p) { return region && p >= region && p < region + region_size; }

// Device memory may be touched as long as one of these lives.
struct Open
{
    Open()
    {
        if (open_depth++ == 0 && used) mprotect(region, used, PROT_READ | PROT_WRITE);
    }
    ~Open()
    {
        if (--open_depth == 0 && used) mprotect(region, used, PROT_NONE);
    }
};

inline void* allocate(size_t bytes)
{
    if (!region)
        region = (char*)mmap(nullptr, region_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    const size_t page = 4096, begin = used;
    used += (bytes + page) / page * page;  // never shared with another array
    if (used > region_size) {
        std::fprintf(stderr, "device memory is used up\n");
        std::abort();
    }
    mprotect(region + begin, used - begin, PROT_READ | PROT_WRITE);
    std::memset(region + begin, 0xff, used - begin);  // uninitialised memory: NaN, -1
    if (!open_depth) mprotect(region + begin, used - begin, PROT_NONE);
    return region + begin;
}

// One thread of a block that may have to wait for others.
struct Fiber
{
    ucontext_t context;
    std::vector<char> stack;
    bool finished = false;
};
inline ucontext_t scheduler;
inline Fiber* running = nullptr;
inline std::function<void()>* body = nullptr;

inline void enter()
{
    (*body)();
    running->finished = true;
    swapcontext(&running->context, &scheduler);
}

inline void together(std::function<void()> kernel, unsigned threads, const std::vector<unsigned>& order)
{
    static std::vector<std::unique_ptr<Fiber>> pool;
    while (pool.size() < threads) {
        pool.push_back(std::make_unique<Fiber>());
        pool.back()->stack.resize(1 << 16);
    }
    body = &kernel;
    for (unsigned k = 0; k < threads; k++) {
        Fiber& fiber = *pool[k];
        fiber.finished = false;
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.data();
        fiber.context.uc_stack.ss_size = fiber.stack.size();
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, enter, 0);
    }
    for (bool more = true; more;) {
        more = false;
        for (unsigned k : order) {
            if (pool[k]->finished) continue;
            running = pool[k].get();
            threadIdx.x = k;
            swapcontext(&scheduler, &running->context);
            more = more || !running->finished;
        }
    }
    running = nullptr;
}

// The numbers 0 to n - 1 in an order of its own for each call.
inline std::vector<unsigned> shuffled(unsigned n)
{
    static uint64_t state = 1;
    std::vector<unsigned> order(n);
    for (unsigned k = 0; k < n; k++) order[k] = k;
    for (unsigned k = n; k > 1; k--) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        std::swap(order[k - 1], order[(state >> 33) % k]);
    }
    return order;
}

template <class Kernel> struct Launch
{
    Kernel kernel;
    dim3 blocks, threads;
    bool waits;

    template <class... Arguments> void operator()(Arguments... arguments)
    {
        if (blocks.x == 0 || threads.x == 0) {
            std::fprintf(stderr, "a kernel is launched with %u blocks of %u threads\n", blocks.x, threads.x);
            std::abort();
        }
        Open open;
        gridDim = blocks;
        blockDim = threads;
        const std::vector<unsigned> order = shuffled(threads.x);
        for (unsigned b : shuffled(blocks.x)) {
            blockIdx.x = b;
            if (waits) {
                together([&] { kernel(arguments...); }, threads.x, order);
                continue;
            }
            for (unsigned t : order) {
                threadIdx.x = t;
                kernel(arguments...);
            }
        }
    }
};
template <class Kernel>
Launch<Kernel> launch(bool waits, Kernel kernel, dim3 blocks, dim3 threads, size_t = 0, void* = nullptr)
{
    return {kernel, blocks, threads, waits};
}

}  // namespace on_cpu

// A kernel of a file in which no thread waits for another runs without fibers.
#define ON_CPU_LAUNCH(waits, kernel, ...) \
    on_cpu::launch(waits, [&](auto... arguments) { kernel(arguments...); }, __VA_ARGS__)

inline void __syncthreads()
{
    on_cpu::Fiber* fiber = on_cpu::running;
    if (!fiber) {
        std::fprintf(stderr, "__syncthreads() in a kernel that was launched without fibers\n");
        std::abort();
    }
    const dim3 mine = threadIdx;
    swapcontext(&fiber->context, &on_cpu::scheduler);
    threadIdx = mine;
}
inline void __threadfence() {}
inline char shared_mem[1 << 16];

template <class T, class V> T atomicAdd(T* where, V value)
{
    const T old = *where;
    *where = old + (T)value;
    return old;
}
template <class T, class V> T atomicMin(T* where, V value)
{
    const T old = *where;
    if ((T)value < old) *where = (T)value;
    return old;
}
template <class T, class V> T atomicCAS(T* where, T expected, V value)
{
    const T old = *where;
    if (old == expected) *where = (T)value;
    return old;
}
template <class To, class From> To on_cpu_bits(From from)
{
    static_assert(sizeof(To) == sizeof(From), "");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}
inline long long __double_as_longlong(double x) { return on_cpu_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return on_cpu_bits<double>(x); }
inline int __float_as_int(float x) { return on_cpu_bits<int>(x); }
inline float __int_as_float(int x) { return on_cpu_bits<float>(x); }
inline int __int_as_int(int x) { return x; }

// ----------------------------------------------------------------------------------------------------- the runtime library

typedef int cudaError_t;
typedef int cudaError;
enum { cudaSuccess = 0 };
enum cudaMemcpyKind { cudaMemcpyHostToHost, cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum { cudaLimitMallocHeapSize };
struct cudaDeviceProp
{
    char name[256] = "a processor";
    int major = 9, minor = 0, multiProcessorCount = 3, maxThreadsPerBlock = 8, maxThreadsPerMultiProcessor = 16;
    int warpSize = 4;
    size_t sharedMemPerBlock = sizeof shared_mem;
};
struct cudaFuncAttributes
{
    int numRegs = 0, maxThreadsPerBlock = 8;
    size_t sharedSizeBytes = 0, localSizeBytes = 0, constSizeBytes = 0;
};

inline cudaError_t cudaMalloc(void** where, size_t bytes) { return *where = on_cpu::allocate(bytes), 0; }
template <class T> cudaError_t cudaMalloc(T** where, size_t bytes) { return cudaMalloc((void**)where, bytes); }
inline cudaError_t cudaFree(void*) { return 0; }
inline cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind)
{
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (bytes && (on_cpu::in_region(to) != to_device || on_cpu::in_region(from) != from_device)) {
        std::fprintf(stderr, "a copy of %zu bytes in the wrong direction\n", bytes);
        std::abort();
    }
    on_cpu::Open open;
    if (bytes) std::memmove(to, from, bytes);
    return 0;
}
inline cudaError_t cudaMemset(void* where, int value, size_t bytes)
{
    on_cpu::Open open;
    if (bytes && !on_cpu::in_region(where)) std::abort();
    std::memset(where, value, bytes);
    return 0;
}
template <class T> cudaError_t cudaMemcpyToSymbol(T& symbol, const void* from, size_t bytes)
{
    std::memcpy((void*)&symbol, from, bytes);
    return 0;
}
template <class T> cudaError_t cudaMemcpyFromSymbol(void* to, const T& symbol, size_t bytes)
{
    std::memcpy(to, (const void*)&symbol, bytes);
    return 0;
}
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* props, int) { return *props = cudaDeviceProp(), 0; }
inline cudaError_t cudaSetDevice(int) { return 0; }
inline cudaError_t cudaDeviceSetLimit(int, size_t) { return 0; }
inline cudaError_t cudaDeviceSynchronize() { return 0; }
inline cudaError_t cudaDeviceReset() { return 0; }
inline cudaError_t cudaGetLastError() { return 0; }
inline cudaError_t cudaPeekAtLastError() { return 0; }
inline const char* cudaGetErrorString(cudaError_t) { return "no error"; }
inline cudaError_t cudaMemGetInfo(size_t* left, size_t* total)
{
    *total = on_cpu::region_size;
    *left = *total - on_cpu::used;
    return 0;
}
template <class K> cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, K, size_t = 0, int = 0)
{
    return *grid = 3, *block = 8, 0;
}
template <class K> cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, K, int, size_t)
{
    return *blocks = 2, 0;
}
template <class K> cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* told, K)
{
    return *told = cudaFuncAttributes(), 0;
}

#endif
