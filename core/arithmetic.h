#pragma once

#include <concepts>

namespace tessera {

/// ceil(a / b) for a >= 0 and b > 0; does not overflow.
template <std::integral A, std::integral B>
constexpr auto divide_up(A a, B b) {
    return a / b + (a % b > 0 ? 1 : 0);
}

}  // namespace tessera
