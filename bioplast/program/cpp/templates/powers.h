// Powers of equations. A small whole exponent, which is nearly every one, is a few products, which the compiler turns into
// vector instructions; the general function of the C library is not, and takes twenty times as long.

#ifndef BIOPLAST_POWERS_H
#define BIOPLAST_POWERS_H

#include <cmath>

namespace powers {

template <class X, class Y>
inline auto power(X x, Y y) -> decltype(std::pow(x, y))
{
    return std::pow(x, y);
}

template <class X>
inline double power(X x, int n)
{
    const double base = x;
    switch (n)
    {
    case 2: return base*base;
    case 3: return base*base*base;
    case 4: return (base*base)*(base*base);
    default: return std::pow(base, n);
    }
}

}

#endif
