#include "models/common_device.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "boards/catalogue.h"
#include "tests/models/cost_fixture.h"

using namespace tessera;
using namespace tessera::tests;

namespace {

boards::Stock stock_of(const boards::Device& a, const boards::Device& b) {
    boards::Board first, second;
    first.device = a, second.device = b;
    return {{first, 1}, {second, 1}};
}

/// The same way to build it on another device takes no more, nor longer.
bool can_be_built(const Implementation& common, const std::vector<Implementation>& on_device) {
    return std::any_of(on_device.begin(), on_device.end(), [&](const Implementation& own) {
        return own.strategy == common.strategy && own.reuse_factor == common.reuse_factor &&
               own.resources.fits(common.resources * (1 + 1e-9)) && own.latency_cycles <= common.latency_cycles &&
               own.token_interval_cycles <= common.token_interval_cycles;
    });
}

}  // namespace

TEST_CASE("what is built of what two devices have in common can be built on each of them, for no more") {
    const auto devices = boards::load_catalogue().devices;
    std::size_t built = 0, of_wider_dsp = 0;
    for (const int bits : {4, 6, 8, 16}) {
        Network network = zoo_of_kinds(16, 8);
        set_widths(network, bits);
        network.clock_mhz = 360;
        for (Operator& op : network.operators) op.fixed.strategy = std::nullopt;
        for (const auto& a : devices) {
            for (const auto& b : devices) {
                const boards::Device common = common_device(stock_of(a, b));
                of_wider_dsp += common.dsp != a.dsp ? 1 : 0;
                for (const Operator& op : network.operators) {
                    if (op.inputs.empty()) continue;
                    const StreamShape stream = network.stream(op.id);
                    const ImplementationRequest request{{{0, std::min<std::int64_t>(4, stream.tokens)}, {0, stream.channels}}, 162};
                    const auto own = implementations(network, op, request, a);
                    for (const auto& each : implementations(network, op, request, common)) {
                        CAPTURE(a.name);
                        CAPTURE(b.name);
                        CAPTURE(op.name);
                        CAPTURE(name_of(each.strategy));
                        CAPTURE(each.reuse_factor);
                        CHECK(can_be_built(each, own));
                        ++built;
                    }
                }
            }
        }
    }
    CHECK(built > 1000);
    CHECK(of_wider_dsp > 0);
}

TEST_CASE("of one type the common device is its own") {
    boards::Board board;
    board.device = vu13p();
    const boards::Device same = common_device({{board, 3}});
    CHECK(same.name == "VU13P");
    CHECK(same.total == vu13p().total);
    CHECK(same.int8_products_per_dsp == 2);
}
