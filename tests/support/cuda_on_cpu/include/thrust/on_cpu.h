// The part of Thrust that brian2cuda's programs use.

#ifndef THRUST_ON_CPU_H
#define THRUST_ON_CPU_H

#include <numeric>
#include <stdexcept>

#include "cuda_on_cpu.h"

namespace thrust {

namespace system { typedef std::runtime_error system_error; }

template <class A, class B> using pair = std::pair<A, B>;
using std::make_pair;

template <class T> class device_ptr
{
    T* p;

public:
    explicit device_ptr(T* where = nullptr) : p(where) {}
    T* get() const { return p; }
    device_ptr operator+(ptrdiff_t n) const { return device_ptr(p + n); }
    ptrdiff_t operator-(device_ptr other) const { return p - other.p; }
};
template <class T> T* raw_pointer_cast(T* p) { return p; }
template <class T> T* raw_pointer_cast(device_ptr<T> p) { return p.get(); }
template <class T> device_ptr<T> device_pointer_cast(T* p) { return device_ptr<T>(p); }

template <class T> class host_vector : public std::vector<T>
{
public:
    using std::vector<T>::vector;
    host_vector() {}
    template <class D, class = decltype(std::declval<D>().to_host())> host_vector(const D& other) { *this = other; }
    template <class D, class = decltype(std::declval<D>().to_host())> host_vector& operator=(const D& other)
    {
        std::vector<T>::operator=(other.to_host());
        return *this;
    }
};

// An element of a device vector, seen from the host.
template <class T> class device_reference
{
    T* p;

public:
    explicit device_reference(T* where) : p(where) {}
    operator T() const
    {
        on_cpu::Open open;
        return *p;
    }
    device_reference& operator=(const T& value)
    {
        on_cpu::Open open;
        *p = value;
        return *this;
    }
    device_ptr<T> operator&() const { return device_ptr<T>(p); }
};

template <class T> class device_vector
{
    T* p = nullptr;
    size_t n = 0, room = 0;

    void grow(size_t wanted)
    {
        if (wanted <= room) return;
        wanted = std::max(wanted, 2 * room);
        T* other = (T*)on_cpu::allocate(wanted * sizeof(T));
        on_cpu::Open open;
        if (n) std::memcpy(other, p, n * sizeof(T));
        p = other;
        room = wanted;
    }

public:
    device_vector() {}
    explicit device_vector(size_t size) { resize(size); }
    device_vector(const device_vector& other) { *this = other; }
    template <class H, class = typename H::value_type> device_vector(const H& other) { *this = other; }
    device_vector& operator=(const device_vector& other) { return *this = other.to_host(); }
    template <class H, class = typename H::value_type> device_vector& operator=(const H& other)
    {
        resize(other.size());
        on_cpu::Open open;
        std::copy(other.begin(), other.end(), p);
        return *this;
    }
    std::vector<T> to_host() const
    {
        on_cpu::Open open;
        return std::vector<T>(p, p + n);
    }
    size_t size() const { return n; }
    bool empty() const { return n == 0; }
    void resize(size_t size, T value = T())
    {
        grow(size);
        on_cpu::Open open;
        for (size_t k = n; k < size; k++) p[k] = value;
        n = size;
    }
    void reserve(size_t size) { grow(size); }
    void push_back(const T& value) { resize(n + 1, value); }
    void clear() { n = 0; }
    void shrink_to_fit() {}
    void swap(device_vector& other)
    {
        std::swap(p, other.p);
        std::swap(n, other.n);
        std::swap(room, other.room);
    }
    device_reference<T> operator[](size_t k) { return device_reference<T>(p + k); }
    device_ptr<T> begin() { return device_ptr<T>(p); }
    device_ptr<T> end() { return device_ptr<T>(p + n); }
    device_ptr<T> data() { return device_ptr<T>(p); }
};

template <class T> T* on_host(device_ptr<T> p) { return p.get(); }
template <class I> I on_host(I i) { return i; }

template <class Keys, class Values> void sort_by_key(Keys first, Keys last, Values values)
{
    std::vector<std::pair<typename std::iterator_traits<Keys>::value_type,
                          typename std::iterator_traits<Values>::value_type>> rows;
    for (ptrdiff_t k = 0; k < last - first; k++) rows.push_back({first[k], values[k]});
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t k = 0; k < rows.size(); k++) {
        first[k] = rows[k].first;
        values[k] = rows[k].second;
    }
}
template <class I> void sequence(I first, I last) { std::iota(first, last, 0); }
template <class Keys, class Values> std::pair<Keys, Values> unique_by_key(Keys first, Keys last, Values values)
{
    ptrdiff_t kept = 0;
    for (ptrdiff_t k = 0; k < last - first; k++)
        if (k == 0 || !(first[k] == first[kept - 1])) {
            first[kept] = first[k];
            values[kept++] = values[k];
        }
    return {first + kept, values + kept};
}
template <class I, class Predicate> ptrdiff_t count_if(I first, I last, Predicate wanted)
{
    on_cpu::Open open;
    return std::count_if(on_host(first), on_host(last), wanted);
}
template <class I, class O, class Predicate> void copy_if(I first, I last, O to, Predicate wanted)
{
    on_cpu::Open open;
    std::copy_if(on_host(first), on_host(last), on_host(to), wanted);
}
template <class I, class O> void copy(I first, I last, O to)
{
    on_cpu::Open open;
    std::copy(on_host(first), on_host(last), on_host(to));
}
template <class I, class T> void fill(I first, I last, const T& value)
{
    on_cpu::Open open;
    std::fill(on_host(first), on_host(last), value);
}

}  // namespace thrust

#endif
