// The command line and the CSV files of an exported program.

#ifndef BIOPLAST_COMMAND_LINE_H
#define BIOPLAST_COMMAND_LINE_H

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include "runtime.h"

namespace command_line {

// A value that the command line may change: an array of the program under the name that it has in the network.
struct Value
{
    std::string name;
    char type;  // d double, f float, i int32, l int64, b bool
    void* pointer;
    int64_t size;
    double dt;  // the step of the pathway whose delays these are, or 0
};

struct Options
{
    std::string data, out = ".";
    bool has_seed = false, has_duration = false, list = false;
    int64_t seed = 0;
    double duration = 0;
    std::vector<std::pair<std::string, std::string>> values;
};

// Compare the checksum at the end of a file, the CRC-32 of all before it as zlib has it.
inline void check_sum(const std::string& path)
{
    uint32_t table[256];
    for (uint32_t byte = 0; byte < 256; byte++) {
        table[byte] = byte;
        for (int bit = 0; bit < 8; bit++) table[byte] = table[byte] >> 1 ^ (table[byte] & 1 ? 0xedb88320u : 0);
    }
    std::ifstream file(path.c_str(), std::ios::binary | std::ios::ate);
    int64_t left = (int64_t)file.tellg() - 8, expected = 0;
    file.seekg(0);
    uint32_t sum = ~0u;
    std::vector<char> block(1 << 16);
    while (left > 0 && file) {
        const int64_t n = std::min(left, (int64_t)block.size());
        file.read(block.data(), n);
        for (int64_t k = 0; k < n; k++) sum = table[(sum ^ block[k]) & 255] ^ sum >> 8;
        left -= n;
    }
    file.read((char*)&expected, sizeof expected);
    if (!file || expected != (int64_t)(uint32_t)~sum)
        runtime::fail(path + " is no data of this program: it is damaged, its checksum is another");
}

inline double number(const std::string& text, const std::string& what)
{
    char* end = nullptr;
    errno = 0;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end || errno == ERANGE) runtime::fail(what + ": a number is accepted, not '" + text + "'");
    return value;
}

inline Options parse(int argc, char** argv)
{
    const std::string usage =
        "usage: " + std::string(argv[0]) +
        " [--seed N] [--duration SECONDS] [--out DIR] [--data FILE] [--list] [GROUP.VARIABLE=NUMBER|@FILE ...]";
    Options options;
    const std::string program = argv[0];
    const size_t slash = program.rfind('/');
    options.data = (slash == std::string::npos ? "" : program.substr(0, slash + 1)) + "network.dat";
    for (int k = 1; k < argc; k++) {
        const std::string word = argv[k];
        const size_t equals = word.find('=');
        if (word == "--help" || word == "-h") {
            std::printf("%s\nNumbers are in SI base units; @FILE holds one for each neuron or synapse.\n", usage.c_str());
            std::exit(0);
        } else if (word == "--list") {
            options.list = true;
        } else if (word.compare(0, 2, "--") == 0) {
            if (k + 1 == argc) runtime::fail(word + " needs a value; " + usage);
            const std::string value = argv[++k];
            if (word == "--seed") {
                const double seed = number(value, "--seed");
                if (seed < 0 || seed > 4294967295.0 || seed != std::floor(seed))
                    runtime::fail("--seed: a whole number from 0 to 4294967295 is accepted, not '" + value + "'");
                options.has_seed = true;
                options.seed = (int64_t)seed;
            } else if (word == "--duration") {
                options.duration = number(value, "--duration");
                if (!(options.duration >= 0) || std::isinf(options.duration))
                    runtime::fail("--duration: seconds, not negative, are accepted, not '" + value + "'");
                options.has_duration = true;
            } else if (word == "--out") {
                options.out = value;
            } else if (word == "--data") {
                options.data = value;
            } else {
                runtime::fail("unknown option " + word + "; " + usage);
            }
        } else if (equals != std::string::npos) {
            options.values.emplace_back(word.substr(0, equals), word.substr(equals + 1));
        } else {
            runtime::fail("'" + word + "' is not understood; " + usage);
        }
    }
    return options;
}

inline std::vector<double> numbers(const std::string& path, const std::string& name)
{
    std::ifstream file(path);
    if (!file || file.peek() == std::ifstream::traits_type::eof())
        runtime::fail(name + ": cannot read " + path + ", or it is empty");
    std::vector<double> found;
    std::string word;
    char c;
    const auto take = [&]() {
        if (!word.empty()) found.push_back(number(word, name));
        word.clear();
    };
    while (file.get(c)) {
        if (c == ',' || c == ' ' || c == '\n' || c == '\t' || c == '\r')
            take();
        else
            word += c;
    }
    take();
    return found;
}

inline void store(const Value& value, int64_t k, double x)
{
    if (value.dt > 0 && !(x >= 0 && x / value.dt < 2147483647.0))
        runtime::fail(value.name + ": delays in seconds, not negative and of fewer than 2^31 steps, are accepted");
    const bool whole = x == std::floor(x) && std::fabs(x) < 9e15;
    switch (value.type) {
        case 'd': ((double*)value.pointer)[k] = x; return;
        case 'f': ((float*)value.pointer)[k] = (float)x; return;
        case 'b':
            if (x != 0 && x != 1) runtime::fail(value.name + ": 0 and 1 are accepted");
            ((char*)value.pointer)[k] = x != 0;
            return;
        default:
            if (!whole) runtime::fail(value.name + ": whole numbers are accepted");
            if (value.type == 'i' && std::fabs(x) > 2147483647.0)
                runtime::fail(value.name + ": whole numbers of at most 2147483647 are accepted");
            if (value.type == 'i') ((int32_t*)value.pointer)[k] = (int32_t)x;
            else ((int64_t*)value.pointer)[k] = (int64_t)x;
    }
}

inline void apply(const Options& options, const std::vector<Value>& values)
{
    if (options.list) {
        for (const Value& value : values) std::printf("%s %lld\n", value.name.c_str(), (long long)value.size);
        if (std::fflush(stdout)) runtime::fail(std::string("cannot write the list: ") + std::strerror(errno));
        std::exit(0);
    }
    for (const auto& given : options.values) {
        const Value* found = nullptr;
        for (const Value& value : values)
            if (value.name == given.first) found = &value;
        if (!found) runtime::fail("unknown value '" + given.first + "': --list shows what there is");
        if (!given.second.empty() && given.second[0] == '@') {
            const std::vector<double> read = numbers(given.second.substr(1), given.first);
            if ((int64_t)read.size() != found->size)
                runtime::fail(given.first + ": " + std::to_string(read.size()) + " numbers in the file, " +
                              std::to_string(found->size) + " are expected");
            for (int64_t k = 0; k < found->size; k++) store(*found, k, read[k]);
        } else {
            const double x = number(given.second, given.first);
            for (int64_t k = 0; k < found->size; k++) store(*found, k, x);
        }
    }
}

// Brian2's rule: the nearest step when it lies within 1e-4 dt, else the next one.
inline int64_t step_at(double time, double dt)
{
    int64_t step = (int64_t)std::nearbyint(time / dt);
    if (std::fabs(step * dt - time) / dt > 1e-4) step = (int64_t)std::ceil(time / dt);
    return step;
}

// The step that a run of so many seconds ends with, from a time on. Up to 2^53 steps a time has a step of its own.
inline int64_t last_step(double start, double duration, double dt)
{
    const double most = 9007199254740992.0 * dt;
    if (!(start + duration <= most)) {
        char text[64];
        std::snprintf(text, sizeof text, "%.6g s at steps of %g s", most, dt);
        runtime::fail("--duration: a run may end at " + std::string(text) + " at most");
    }
    return step_at(start + duration, dt);
}

// The folder of the results, made and tried before the run, which may take long.
inline void prepare(const std::string& folder)
{
    struct stat found;
    if (mkdir(folder.c_str(), 0777) && errno != EEXIST)
        runtime::fail("cannot make " + folder + ": " + std::strerror(errno));
    if (stat(folder.c_str(), &found)) runtime::fail("cannot write into " + folder + ": " + std::strerror(errno));
    if (!S_ISDIR(found.st_mode)) runtime::fail("cannot write into " + folder + ": it is no folder");
    if (access(folder.c_str(), W_OK | X_OK))
        runtime::fail("cannot write into " + folder + ": " + std::strerror(errno));
}

// A CSV file, written to a temporary name and renamed when it is whole.
class Csv
{
    std::string path;
    FILE* file;

public:
    Csv(const std::string& folder, const std::string& name) : path(folder + "/" + name + ".csv")
    {
        file = std::fopen((path + ".part").c_str(), "w");
        if (!file) runtime::fail("cannot write " + path + ": " + std::strerror(errno));
    }
    Csv& text(const char* words, bool first = false)
    {
        std::fprintf(file, first ? "%s" : ",%s", words);
        return *this;
    }
    Csv& value(double x, bool first = false)
    {
        std::fprintf(file, first ? "%.17g" : ",%.17g", x);
        return *this;
    }
    void line() { std::fputc('\n', file); }
    ~Csv()
    {
        const bool failed = std::ferror(file);
        if (std::fclose(file) || failed || std::rename((path + ".part").c_str(), path.c_str()))
            runtime::fail("cannot write " + path + ": " + std::strerror(errno));
    }
};

}  // namespace command_line

#endif
