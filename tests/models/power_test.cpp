#include <doctest/doctest.h>

#include "models/device_capability.h"
#include "models/power.h"
#include "tests/models/cost_fixture.h"

using namespace tessera;
using namespace tessera::tests;

TEST_CASE("power adds what stands still, what toggles and what talks") {
    boards::Board board;
    board.device = vu13p();
    board.device.static_power_w = 15;
    board.devices = 2;
    const Power idle = board_power({}, 0, board, 360);
    CHECK(idle.total_w() == 30);
    const Power busy = board_power(board.device.total * 0.7, 100, board, 360);
    CHECK(busy.dynamic_w > 20);  // a full VU13P dissipates tens of watts, not hundreds
    CHECK(busy.dynamic_w < 120);
    CHECK(busy.links_w == doctest::Approx(80));
    CHECK(board_power(board.device.total * 0.7, 100, board, 180).dynamic_w == doctest::Approx(busy.dynamic_w / 2));
    for (const Assumption& each : power_assumptions()) CHECK(!each.source.empty());
}

TEST_CASE("a device holds as many weights as its memories have bits") {
    const DeviceCapability one = device_capability(vu13p(), 1, 200, 0.7);
    const DeviceCapability eight = device_capability(vu13p(), 8, 200, 0.7);
    CHECK(one.weights_in_block_ram == doctest::Approx(0.7 * 2688 * 36864));
    CHECK(one.weights_on_chip == doctest::Approx(8 * eight.weights_on_chip));
    CHECK(one.giga_operations_per_s > eight.giga_operations_per_s);
    CHECK(eight.giga_operations_per_s > 2 * 0.7 * 12288 * 2 * 0.2);  // two products a slice, and LUTs beside
}
