// What a program does around the code that Brian2 generates: read its data, watch its state, report, write its results.
//
// Data is one file of records, each an int64 length in elements (two for a matrix) followed by the elements, in the order
// of the program's arrays. An array that many calls have in common may lie in a file of its own: its record is -1, its
// length, and the length of a path followed by the path. Results are written the same way to a temporary name and
// renamed, after a last record that says that the run is complete: a file that exists is whole.

#ifndef BIOPLAST_RUNTIME_H
#define BIOPLAST_RUNTIME_H

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace runtime {

[[noreturn]] inline void fail(const std::string& message)
{
    std::fprintf(stderr, "error %s\n", message.c_str());
    std::exit(2);
}

// Whatever a file says of itself is checked with its size before memory is asked for: it may be any file.
class Reader
{
    std::string path;
    FILE* file;
    int64_t left;  // bytes that are not read yet

    // How many elements a record has, and the file that they lie in when it is not this one.
    struct Record
    {
        int64_t size;
        std::string path;
    };

    [[noreturn]] void refuse(const std::string& reason) const { fail(path + " is no data of this program: " + reason); }
    // A number of elements that the rest of the file has room for.
    template <class T> int64_t room(int64_t size) const
    {
        if (size < 0 || size > left / (int64_t)sizeof(T)) refuse("it announces more than it holds");
        return size;
    }
    template <class T> Record record()
    {
        Record found = {integer(), ""};
        if (found.size != -1) {
            room<T>(found.size);
            return found;
        }
        found.size = integer();
        if (found.size < 0) refuse("it announces less than nothing");
        found.path.resize(room<char>(integer()));
        bytes(&found.path[0], found.path.size());
        return found;
    }
    template <class T> void elements(T* where, const Record& from)
    {
        if (from.path.empty()) return bytes(where, from.size * sizeof(T));
        Reader other(from.path.c_str());
        other.bytes(where, other.room<T>(from.size) * sizeof(T));
        other.finish();
    }
    // A file in memory, copied where the program writes to it; null where files cannot be mapped.
    static void* mapped(const std::string& path, size_t n)
    {
#if defined(__unix__) || defined(__APPLE__)
        const int descriptor = open(path.c_str(), O_RDONLY);
        if (descriptor < 0) fail("cannot read " + path);
        if (lseek(descriptor, 0, SEEK_END) != (off_t)n) fail("wrong length of " + path);
        void* const place = mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
        close(descriptor);
        return place == MAP_FAILED ? nullptr : place;
#else
        return nullptr;
#endif
    }

public:
    explicit Reader(const char* where) : path(where), file(std::fopen(where, "rb")), left(0)
    {
        if (!file) fail("cannot read " + path + ": " + std::strerror(errno));
        if (std::fseek(file, 0, SEEK_END) || (left = std::ftell(file)) < 0 || left == INT64_MAX)
            fail("cannot read " + path + ": it is no ordinary file");
        std::rewind(file);
    }
    ~Reader() { std::fclose(file); }

    void bytes(void* where, size_t n)
    {
        if (n > (uint64_t)left) refuse("it ends too early");
        if (n && std::fread(where, 1, n, file) != n) fail("cannot read " + path + ": " + std::strerror(errno));
        left -= n;
    }
    int64_t integer()
    {
        int64_t value;
        bytes(&value, sizeof value);
        return value;
    }
    template <class T> void fixed(T* where, int64_t size, const char* name)
    {
        const Record from = record<T>();
        if (from.size != size) refuse(std::string("wrong length of ") + name);
        elements(where, from);
    }
    template <class T> void vector(std::vector<T>& where)
    {
        const Record from = record<T>();
        if (!from.path.empty()) Reader(from.path.c_str()).room<T>(from.size);
        where.resize(from.size);
        elements(where.data(), from);
    }
    template <class T> int64_t table(T*& where)
    {
        const Record from = record<T>();
        where = from.path.empty() ? nullptr : (T*)mapped(from.path, from.size * sizeof(T));
        if (!where) {
            where = new T[from.size > 0 ? from.size : 1];
            elements(where, from);
        }
        return from.size;
    }
    void finish() const
    {
        if (left) refuse("it holds more than the program has");
    }
};

class Writer
{
    std::string path, temporary;
    FILE* file;

public:
    explicit Writer(const std::string& where) : path(where), temporary(where + ".part")
    {
        file = std::fopen(temporary.c_str(), "wb");
        if (!file) fail("cannot write " + temporary);
    }
    void bytes(const void* from, size_t n)
    {
        if (n && std::fwrite(from, 1, n, file) != n) fail("cannot write " + temporary + ": " + std::strerror(errno));
    }
    void integer(int64_t value) { bytes(&value, sizeof value); }
    template <class T> void fixed(const T* from, int64_t size)
    {
        integer(size);
        bytes(from, size * sizeof(T));
    }
    template <class M> void matrix(M& from)
    {
        const int64_t rows = from.n, columns = from.m;
        integer(rows);
        integer(columns);
        for (int64_t row = 0; row < rows && columns > 0; row++) bytes(&from((int)row, 0), columns * sizeof(from(0, 0)));
    }
    void finish()
    {
        if (std::fclose(file) || std::rename(temporary.c_str(), path.c_str()))
            fail("cannot write " + path + ": " + std::strerror(errno));
    }
};

// A stop asked for with SIGINT or SIGTERM ends the program between two steps, without a result.
inline volatile std::sig_atomic_t& stop_signal()
{
    static volatile std::sig_atomic_t signal = 0;
    return signal;
}
inline void ask_to_stop(int signal) { stop_signal() = signal; }

// The first element that is NaN or infinite, or -1. The exponent's bits are tested, since compilers told to be fast may
// assume that comparisons with NaN never happen.
inline int64_t first_not_finite(const double* values, int64_t n)
{
    const uint64_t exponent = 0x7ff0000000000000ull;
    uint64_t any = 0;
    for (int64_t k = 0; k < n; k++) {
        uint64_t bits;
        std::memcpy(&bits, values + k, sizeof bits);
        any |= (uint64_t)((bits & exponent) == exponent);
    }
    if (!any) return -1;
    for (int64_t k = 0; k < n; k++) {
        uint64_t bits;
        std::memcpy(&bits, values + k, sizeof bits);
        if ((bits & exponent) == exponent) return k;
    }
    return -1;
}
inline int64_t first_not_finite(const float* values, int64_t n)
{
    const uint32_t exponent = 0x7f800000u;
    for (int64_t k = 0; k < n; k++) {
        uint32_t bits;
        std::memcpy(&bits, values + k, sizeof bits);
        if ((bits & exponent) == exponent) return k;
    }
    return -1;
}

// Spikes that replace what a group emits: time steps of its clock, sorted, and neurons.
struct Playback
{
    bool active = false;
    std::vector<int64_t> steps;
    std::vector<int32_t> neurons;
    size_t next = 0;

    void read(Reader& data)
    {
        active = data.integer() != 0;
        data.vector(steps);
        data.vector(neurons);
    }
    void overwrite(int32_t* spikes, int64_t size, int64_t step)
    {
        if (!active) return;
        while (next < steps.size() && steps[next] < step) next++;
        int32_t count = 0;
        while (next < steps.size() && steps[next] == step) spikes[count++] = neurons[next++];
        spikes[size - 1] = count;
    }
};

class Progress
{
    typedef std::chrono::steady_clock clock;
    clock::time_point begin, next;
    double period;

public:
    explicit Progress(double seconds) : begin(clock::now()), next(begin), period(seconds)
    {
        next += std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(period));
    }
    double elapsed() const { return std::chrono::duration<double>(clock::now() - begin).count(); }
    // Writing to a reader that is gone ends the program, so a killed parent leaves no orphan behind.
    void tell(double fraction)
    {
        if (period <= 0) return;
        const clock::time_point now = clock::now();
        if (now < next) return;
        next = now + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(period));
        std::printf("progress %.6f %.3f\n", fraction, elapsed());
        std::fflush(stdout);
    }
};

}  // namespace runtime

#endif
