#include "partition/splitting.h"

#include <doctest/doctest.h>

#include "boards/catalogue.h"
#include "models/network_builder.h"
#include "models/precision.h"

using namespace tessera;
using namespace tessera::partition;

TEST_CASE("an operator of several tokens for each one of another is cut where that one is") {
    models::NetworkBuilder b("steps");
    const TensorId fine = b.activation("fine", "Relu", b.input("x", {32, 4}));
    b.output("y", b.dense("coarse", b.reduce_tokens("means", "ReduceMean", fine, 4), 64));
    models::Network network = b.build();
    models::apply_precision(network, models::read_precision(JsonReader::from_text("precision", R"({"weights": 6, "activations": 8})")));
    const auto board = boards::load_catalogue().board("Serenity-S1", JsonReader::from_text("test", "{}"));
    constexpr std::int64_t kCyclesPerEvent = 3;  // three engines for the eight tokens behind the mean

    std::vector<std::vector<OperatorOption>> options;
    Resources slr = board.slr_capacity();
    for (const auto& op : network.operators) {
        options.emplace_back();
        if (has_hardware(op)) options.back() = operator_options(network, op, kCyclesPerEvent, board.device, slr);
    }
    const auto choice = choose_options(options, board.slr_capacity() * board.slrs());
    const auto position = [&](const std::string& name) {
        std::size_t op = 0;
        while (network.operators[op].name != name) ++op;
        return op;
    };
    const std::size_t coarse = position("coarse"), finer = position("fine");
    // An SLR that one engine of the dense operator nearly fills, so that each gets a shard of its own.
    const Resources engine = options[coarse][choice.chosen[coarse]].implementation.resources;
    SplitLimits limits;
    limits.cycles_per_event = kCyclesPerEvent;
    limits.follow_steps = true;
    limits.slr_capacity = slr * (1.2 * engine.max_fraction(slr));
    const auto grids = split_operators(network, models::dataflow(network), options, choice, limits);
    REQUIRE(grids[coarse].split.slices == 3);
    REQUIRE(grids[finer].split.slices == 3);
    for (std::int64_t slice = 0; slice < 3; ++slice) {
        CHECK(grids[finer].slice(slice).begin == 4 * grids[coarse].slice(slice).begin);
        CHECK(grids[finer].slice(slice).end == 4 * grids[coarse].slice(slice).end);
    }
}
