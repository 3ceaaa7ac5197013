#include "core/resources.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/lhc_clock.h"

using namespace tessera;

TEST_CASE("resources add, scale and compare amount by amount") {
    const Resources a{1, 2, 3, 4, 5};
    CHECK(a + a == a * 2);
    CHECK(a - a == Resources{});
    CHECK(a.scaled({0.5, 1, 0, 2, 1}) == Resources{0.5, 2, 0, 8, 5});
    CHECK(a.fits(a));
    CHECK_FALSE((a + Resources{0, 0, 0.001, 0, 0}).fits(a));
}

TEST_CASE("the largest fraction binds; what is not there cannot be used") {
    CHECK(Resources{50, 10, 0, 0, 0}.max_fraction({100, 100, 0, 0, 0}) == 0.5);
    CHECK(std::isinf(Resources{0, 0, 1, 0, 0}.max_fraction({100, 100, 0, 0, 0})));
}

TEST_CASE("nine cycles of 360.7 MHz make a bunch crossing of 24.95 ns") {
    const LhcClock clock;
    CHECK(clock.bx_ns() == doctest::Approx(24.9508).epsilon(1e-5));
    CHECK(clock.processing_mhz() == doctest::Approx(360.71).epsilon(1e-5));
    CHECK(clock.cycle_ns() * 9 == doctest::Approx(clock.bx_ns()));
}
