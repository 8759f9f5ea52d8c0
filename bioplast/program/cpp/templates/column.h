// An array whose length is data: one value for each synapse, or for each spike of a generator. Its memory is its own, or a
// file that is mapped copy on write. It neither grows nor shrinks while the program runs.

#ifndef BIOPLAST_COLUMN_H
#define BIOPLAST_COLUMN_H

#include <cstddef>
#include "runtime.h"

namespace runtime {

template <class T> class Column
{
    T* first = nullptr;
    size_t count = 0;

public:
    void read(Reader& data) { count = data.table(first); }

    bool empty() const { return count == 0; }
    size_t size() const { return count; }
    T* data() { return first; }
    T& operator[](size_t k) { return first[k]; }
};

}  // namespace runtime

#endif
