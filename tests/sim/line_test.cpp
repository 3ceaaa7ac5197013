#include "sim/line.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "tests/sim/mapping_builder.h"
#include "topologies/link_protocol.h"

/// What a line carries, word by word: frames, fillers and markers.
namespace tessera::tests {

namespace {

constexpr std::int64_t kOrbitBx = 3564;

/// One lane of a protocol as the mapper would have it.
partition::Mapping with_protocol(const topologies::LinkProtocol& protocol) {
    auto mapping = chain(2, 4, {1, 9, 11}, 17);
    const int frames = protocol.frames_per_bx(mapping.clock);
    mapping.ticks_per_bx = std::lcm(9, frames);
    mapping.link_timing = {
        protocol.name,           protocol.frame_bits,         protocol.header_frames, protocol.crc_frames, mapping.ticks_per_bx / frames,
        protocol.line_rate_gbps, protocol.line_bits_per_frame};
    return mapping;
}

/// The same from the clocks' edges: a word is the marker of an orbit that has begun, else it takes the oldest frame that is
/// complete, else it is a filler.
struct Line {
    sim::LineWords count;
    double longest_wait_words = 0;  ///< of a frame
};
Line play(const partition::Mapping& mapping, std::int64_t ticks) {
    const double frame_ns = static_cast<double>(mapping.link_timing.ticks_per_frame) * mapping.tick_ns();
    const double word_ns = mapping.link_timing.line_bits_per_frame / mapping.link_timing.line_rate_gbps;
    const double orbit_ns = kOrbitBx * mapping.clock.bx_ns();
    const double end_ns = static_cast<double>(ticks) * mapping.tick_ns();
    Line line;
    for (std::int64_t word = 1; static_cast<double>(word) * word_ns <= end_ns * (1 + 1e-12); ++word) {
        const double now = static_cast<double>(word) * word_ns;
        const double complete = static_cast<double>(line.count.frames + 1) * frame_ns;
        ++line.count.words;
        if (static_cast<double>(line.count.markers) * orbit_ns <= now - word_ns) {
            ++line.count.markers;
        } else if (complete <= now) {
            ++line.count.frames;
            line.longest_wait_words = std::max(line.longest_wait_words, (now - complete) / word_ns);
        } else {
            ++line.count.fillers;
        }
    }
    return line;
}

}  // namespace

TEST_CASE("25 Gb/s: nine frames a crossing, and the rest of the line is fillers and one marker an orbit") {
    const auto protocol = topologies::read_link_protocol(JsonReader::from_text("test", "\"25g-64b66b\""));
    const auto mapping = with_protocol(protocol);
    const std::int64_t orbit = kOrbitBx * mapping.ticks_per_bx;
    const auto line = sim::line_words(mapping, orbit);
    // 88924.6 ns at 25.78125 Gb/s are 34736 words of 66 bit; nine frames in each of 3564 crossings.
    CHECK(line.words == static_cast<std::int64_t>(3564 / 40.0789e6 * 25.78125e9 / 66));
    CHECK(line.words == 34736);
    CHECK(line.frames == 9 * kOrbitBx);
    CHECK(line.markers == 1);
    CHECK(line.fillers == 34736 - 9 * kOrbitBx - 1);
    CHECK(sim::line_words(mapping, 1000 * orbit).markers == 1000);
    CHECK(sim::line_words(mapping, 1000 * orbit).words == static_cast<std::int64_t>(3564e3 / 40.0789e6 * 25.78125e9 / 66));
}

TEST_CASE("every protocol: the counts are those of a line that is played word by word, and no frame waits longer than it is aligned") {
    for (const auto& protocol : topologies::load_link_protocols()) {
        CAPTURE(protocol.name);
        const auto mapping = with_protocol(protocol);
        REQUIRE(sim::line_keeps_up(mapping));
        const std::int64_t time = 2 * kOrbitBx * mapping.ticks_per_bx;
        const auto line = sim::line_words(mapping, time);
        const auto played = play(mapping, time);
        CHECK(played.count.words == line.words);
        CHECK(std::abs(played.count.frames - line.frames) <= 1);  // one may be between the clocks at the end
        CHECK(played.count.markers == line.markers);
        CHECK(std::abs(played.count.fillers - line.fillers) <= 1);
        CHECK(played.longest_wait_words < 2);   // for the clock's edge, and behind a marker
        CHECK(protocol.alignment_frames >= 3);  // those words, and one by which the receiver's clock may be off
    }
}

TEST_CASE("what the lines of a system carry adds up, word by word") {
    const auto protocol = topologies::read_link_protocol(JsonReader::from_text("test", "\"25g-64b66b\""));
    auto mapping = with_protocol(protocol);
    mapping.tmux_period_bx = 6;
    mapping.links[1].lanes = 2;
    constexpr std::int64_t kEvents = 600;
    const auto result = simulate(mapping, kEvents);
    REQUIRE(result.events.completed == kEvents);
    for (std::size_t l = 0; l < mapping.links.size(); ++l) {
        CAPTURE(l);
        const auto& words = result.links[l].words;
        const std::int64_t lanes = mapping.links[l].lanes;
        CHECK(words.header == kEvents * lanes);
        CHECK(words.crc == kEvents * lanes);
        CHECK(words.payload == kEvents * 4);  // of 64 bit, on one lane or two
        CHECK(words.marker == lanes * 6);     // the first orbit of six time nodes
        const auto end = kEvents - 1;         // the last event's crossing, and its latency
        const auto line = sim::line_words(mapping, end * 9 + result.max_latency_ticks);
        CHECK(words.header + words.payload + words.crc + words.idle == line.frames * lanes * 6);
        CHECK(words.filler == line.fillers * lanes * 6);
    }
}

TEST_CASE("a line that is as fast as its frames has no fillers, a slower one is refused") {
    auto mapping = chain(2, 4, {1, 9, 11}, 17);
    CHECK(sim::line_words(mapping, kOrbitBx * 9) == sim::LineWords{kOrbitBx * 9, kOrbitBx * 9, 0, 0});  // no rate given
    mapping.link_timing.line_rate_gbps = 9 * 64 / mapping.clock.bx_ns();
    CHECK(sim::line_words(mapping, kOrbitBx * 9).fillers == 0);
    CHECK(simulate(mapping, 100).events.completed == 100);
    mapping.link_timing.line_rate_gbps *= 0.99;
    CHECK_THROWS_AS(simulate(mapping, 100), InputError);
}

TEST_CASE("bits of the line code can be hit as well") {
    constexpr std::int64_t kEvents = 50'000;
    auto mapping = chain(2, 4, {1, 9, 11}, 17);
    mapping.link_timing.line_bits_per_frame = 132;  // far more than 64, so that the difference shows
    sim::Options options;
    options.bunch_crossings = kEvents;
    options.faults.bit_error_rate = 1e-5;
    const double p = 1 - std::pow(1 - 1e-5, 3 * 6 * 132);
    CHECK(std::abs(static_cast<double>(sim::simulate(mapping, options).events.corrupted) - kEvents * p) <
          3 * std::sqrt(kEvents * p * (1 - p)));
}

}  // namespace tessera::tests
