#include <doctest/doctest.h>

#include <algorithm>

#include "models/cost_blocks.h"
#include "tests/models/cost_fixture.h"

/// Memories, and the operators that are little else: embedding tables, gathers and scatters.
using namespace tessera;
using namespace tessera::tests;

namespace {

/// The choice of one word a cycle, in block RAM or not.
Implementation unfolded(const std::vector<Implementation>& all, bool block_ram) {
    for (const Implementation& made : all)
        if (made.reuse_factor == 1 && (made.resources.bram36 > 0) == block_ram) return made;
    FAIL("no choice of one word a cycle");
    return {};
}

}  // namespace

TEST_CASE("every shape of a block RAM fills half of one, and a bit more takes more") {
    // AMD UG573: RAMB18E2 in simple dual-port mode; its parity bits serve words of nine bits and more.
    struct Shape {
        double width;
        double depth;
    };
    for (const Shape& shape : {Shape{36, 512}, {18, 1024}, {9, 2048}, {4, 4096}, {2, 8192}, {1, 16384}}) {
        CAPTURE(shape.width);
        CHECK(memory_resources(Memory::block_ram, shape.width, shape.depth) == Resources{.bram36 = 0.5});
        CHECK(memory_resources(Memory::block_ram, shape.width + 1, shape.depth).bram36 > 0.5);
        CHECK(memory_resources(Memory::block_ram, shape.width, shape.depth + 1).bram36 > 0.5);
    }
}

TEST_CASE("memories hold their bits, feed a word a cycle through their ports, and never shrink") {
    constexpr double kBlockBits = 36 * 1024;
    constexpr double kBlockPort = 72;
    constexpr double kUltraBits = 288 * 1024;
    constexpr double kUltraPorts = 2 * 72;
    std::mt19937_64 random(7);
    for (int round = 0; round < 2000; ++round) {
        const auto width = static_cast<double>(1 + random() % 600);
        const auto depth = static_cast<double>(1 + random() % 20000);
        CAPTURE(width);
        CAPTURE(depth);
        const double block = memory_resources(Memory::block_ram, width, depth).bram36;
        const double ultra = memory_resources(Memory::ultra_ram, width, depth).uram;
        CHECK(block >= width * depth / kBlockBits);
        CHECK(block >= width / kBlockPort);
        CHECK(ultra >= width * depth / kUltraBits);
        CHECK(ultra >= width / kUltraPorts);
        CHECK(memory_resources(Memory::lut_ram, width, depth).lut >= width * depth / 64);
        for (const Memory memory : {Memory::block_ram, Memory::ultra_ram, Memory::lut_ram, Memory::lut_rom}) {
            const Resources one = memory_resources(memory, width, depth);
            CHECK(one.fits(memory_resources(memory, width + 1, depth)));
            CHECK(one.fits(memory_resources(memory, width, depth + 1)));
            CHECK(memory_resources(memory, 2 * width, depth).fits(one * 2));
        }
    }
}

TEST_CASE("an embedding table is a memory of all its words") {
    Network network = single(OperatorKind::gather, "Gather", {8, 1}, {8, 32}, Access::aligned, Access::whole);
    Operator& op = network.operators[1];
    op.weights.count = std::int64_t{1000} * 32;
    set_widths(network, 8);
    const auto all = cost(network, op, 8, 8);
    const Implementation blocks = unfolded(all, true);
    CHECK(blocks.resources.bram36 == 7.5);  // 15 halves of 1024 x 18 bits give the 256 bits of a word
    CHECK(blocks.resources.ff == 256);
    CHECK(blocks.resources.dsp == 0);
    const Implementation luts = unfolded(all, false);
    CHECK(luts.resources.lut == 256 * 16 + 10 + 125);  // 16 LUTs a bit, ten of address, multiplexers of two times 512 words
    op.weights.count *= 2;
    CHECK(unfolded(cost(network, op, 8, 8), true).resources.bram36 == 14.5);  // 29 halves of 2048 x 9 bits
}

TEST_CASE("gathers and scatters keep two events, one filled while the other is read") {
    Network gather = single(OperatorKind::gather, "Gather", {32, 16}, {64, 16}, Access::whole);
    Network scatter = single(OperatorKind::scatter, "ScatterND", {64, 16}, {32, 16}, Access::whole);
    for (Network* network : {&gather, &scatter}) {
        set_widths(*network, 8);
        const auto all = cost(*network, network->operators[1], 1, 9);
        const Implementation luts = unfolded(all, false);
        CHECK(luts.resources.lut == 153);  // 64 words of 128 bits in LUTRAM, 8/7 each, and six bits of address
        CHECK(luts.latency_cycles == 1);
        CHECK(unfolded(all, true).resources.bram36 == 2);  // four halves of 36 bits
        for (const Implementation& made : all) CHECK(made.resources.dsp == 0);
    }
}
