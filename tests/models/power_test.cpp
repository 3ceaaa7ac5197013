#include <doctest/doctest.h>

#include "models/device_capability.h"
#include "models/power.h"
#include "tests/models/cost_fixture.h"

using namespace tessera;
using namespace tessera::tests;

TEST_CASE("power adds what stands still, what toggles and what talks") {
    boards::Board board;
    board.device = vu13p();
    board.device.static_power_w = 3;
    board.devices = 2;
    const Power idle = board_power({}, 0, board, 360);
    CHECK(idle.total_w() == doctest::Approx(6 * power_data().warm_leakage));
    const Power busy = board_power(board.device.total * 0.7, 100, board, 360);
    CHECK(busy.dynamic_w > 20);  // a full VU13P dissipates tens of watts, not hundreds
    CHECK(busy.dynamic_w < 120);
    CHECK(busy.links_w == doctest::Approx(80));
    CHECK(board_power(board.device.total * 0.7, 100, board, 180).dynamic_w == doctest::Approx(busy.dynamic_w / 2));
    for (const Assumption& each : power_assumptions()) CHECK(!each.source.empty());
}

TEST_CASE("energies are those of the reports that they name") {
    const Resources fitted = fit_energies_pj(power_data().published);
    const Resources& energy = power_data().energy_pj;
    CHECK(energy.lut == doctest::Approx(fitted.lut).epsilon(0.01));
    CHECK(energy.ff == doctest::Approx(fitted.ff).epsilon(0.01));
    CHECK(energy.dsp == doctest::Approx(fitted.dsp).epsilon(0.01));
    CHECK(energy.bram36 == doctest::Approx(fitted.bram36).epsilon(0.01));
    CHECK(fitted.uram == 0);  // no report has any
    // One report by hand: 1.415 W of logic and signals, 193186 LUTs at 50 MHz.
    PublishedPower one;
    one.clock_mhz = 50, one.used.lut = 193186, one.breakdown_w.lut = 1.415;
    CHECK(fit_energies_pj({one}).lut == doctest::Approx(0.1465).epsilon(0.001));
}

TEST_CASE("power comes within a factor of two of every published figure") {
    int measured = 0;
    int compared = 0;
    for (const PublishedPower& design : power_data().published) {
        CAPTURE(design.name);
        const double ratio = estimated_power_w(design) / design.published_w;
        CHECK(ratio > 0.5);
        CHECK(ratio < 2);
        measured += design.measured;
        compared += !design.fitted();
    }
    CHECK(measured >= 1);
    CHECK(compared >= 3);
}

TEST_CASE("a device holds as many weights as its memories have bits") {
    const DeviceCapability one = device_capability(vu13p(), 1, 200, 0.7);
    const DeviceCapability eight = device_capability(vu13p(), 8, 200, 0.7);
    CHECK(one.weights_in_block_ram == doctest::Approx(0.7 * 2688 * 36864));
    CHECK(one.weights_on_chip == doctest::Approx(8 * eight.weights_on_chip));
    CHECK(one.giga_operations_per_s > eight.giga_operations_per_s);
    CHECK(eight.giga_operations_per_s > 2 * 0.7 * 12288 * 2 * 0.2);  // two products a slice, and LUTs beside
}
