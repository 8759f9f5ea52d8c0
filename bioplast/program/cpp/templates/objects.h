#ifndef BIOPLAST_OBJECTS_H
#define BIOPLAST_OBJECTS_H

#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <random>
#include <vector>
#include "column.h"
#include "synapses_classes.h"
#include "powers.h"
#include "brianlib/dynamic_array.h"
#include "brianlib/stdint_compat.h"
{% if threads %}
#include <omp.h>
{% endif %}

using namespace std;  // Brian2's code objects count on it

namespace brian {

// The same generator and the same numbers for the same seed as Brian2's C++ standalone: Mersenne twister, uniform numbers
// of 53 bits, normal ones by Marsaglia's polar method.
class RandomGenerator
{
    std::mt19937 twister;
    double kept = 0;
    bool has_kept = false;

public:
    void seed(uint32_t value)
    {
        twister.seed(value);
        has_kept = false;
    }
    double rand()
    {
        const uint64_t high = twister() >> 5, low = twister() >> 6;
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }
    double randn()
    {
        if (has_kept) {
            has_kept = false;
            return kept;
        }
        double x, y, r2;
        do {
            x = 2.0 * rand() - 1.0;
            y = 2.0 * rand() - 1.0;
            r2 = x * x + y * y;
        } while (r2 >= 1.0 || r2 == 0.0);
        const double f = sqrt(-2.0 * log(r2) / r2);
        kept = f * x;
        has_kept = true;
        return f * y;
    }
};

extern std::vector<RandomGenerator> _random_generators;  // one for each thread
extern double* _constants;

{% for a in arrays %}
extern {{ a.ctype }}* {{ a.name }};
{% endfor %}
{% for a in columns %}
extern runtime::Column<{{ a.ctype }}> {{ a.vector }};
{% endfor %}
{% for a in vectors %}
extern std::vector<{{ a.ctype }}> {{ a.vector }};
{% endfor %}
{% for a in matrices %}
extern DynamicArray2D<{{ a.ctype }}> {{ a.vector }};
{% endfor %}
{% for t in tables %}
extern {{ t.ctype }}* {{ t.name }};
{% endfor %}
{% for p in pathways %}
extern runtime::Pathway<{{ p.scalar }}> {{ p.name }};
{% endfor %}

}  // namespace brian

#endif
