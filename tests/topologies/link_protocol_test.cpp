#include "topologies/link_protocol.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/error.h"

using namespace tessera;
using namespace tessera::topologies;

namespace {

LinkProtocol read(const std::string& text) { return read_link_protocol(JsonReader::from_text("study.json", text)); }

}  // namespace

TEST_CASE("frames per BX are the whole frames that fit between two crossings") {
    // Line rate / 66 bits (68 with RS(544,514)) / 40.0789 MHz, rounded down, by hand.
    const LhcClock clock;
    CHECK(read(R"("10g-64b66b")").frames_per_bx(clock) == 3);   // 3.90
    CHECK(read(R"("16g-64b66b")").frames_per_bx(clock) == 6);   // 6.17
    CHECK(read(R"("25g-64b66b")").frames_per_bx(clock) == 9);   // 9.75
    CHECK(read(R"("28g-64b66b")").frames_per_bx(clock) == 10);  // 10.59
    CHECK(read(R"("56g-pam4")").frames_per_bx(clock) == 20);    // 20.55
    CHECK(read(R"("112g-pam4")").frames_per_bx(clock) == 41);   // 41.10
}

TEST_CASE("a line rate that is a whole multiple of the frame rate loses no frame to rounding") {
    LinkProtocol protocol;
    for (const double megahertz : {40.0, 40.0789, 39.999, 41.7}) {
        for (int frames = 1; frames <= 100; ++frames) {
            protocol.line_rate_gbps = megahertz * 66 * frames / 1e3;
            CHECK(protocol.frames_per_bx({megahertz, 9}) == frames);
        }
    }
}

TEST_CASE("header and CRC are taken off the payload once a packet") {
    const LinkProtocol protocol = read(R"("25g-64b66b")");
    CHECK(protocol.payload_bits({}, 1) == 7 * 64);
    CHECK(protocol.payload_bits({}, 6) == (54 - 2) * 64);
    LinkProtocol slow = protocol;
    slow.line_rate_gbps = 3;  // one frame a BX: no room for payload
    CHECK(slow.payload_bits({}, 1) == 0);
    CHECK(slow.payload_bits({}, 3) == 64);
}

TEST_CASE("every protocol is sorted by name, fast enough for a packet and fully sourced") {
    const auto protocols = load_link_protocols();
    CHECK(protocols.size() == 6);
    CHECK(std::is_sorted(protocols.begin(), protocols.end(), [](const auto& a, const auto& b) { return a.name < b.name; }));
    for (const auto& protocol : protocols) {
        CAPTURE(protocol.name);
        CHECK(protocol.payload_bits({}, 1) > 0);
        CHECK(protocol.transceiver_latency_ns > 0);
        CHECK(protocol.fibre_ns_per_m == 5);
        CHECK(protocol.sources.size() == 9);
    }
}

TEST_CASE("a study changes a part of a protocol and stands as its source") {
    const LinkProtocol protocol = read(R"({"type": "25g-64b66b", "fibre_m": 20, "alignment_frames": 4})");
    CHECK(protocol.fibre_m == 20);
    CHECK(protocol.alignment_frames == 4);
    CHECK(protocol.line_rate_gbps == 25.78125);
    CHECK(protocol.sources.size() == 9);
    const Assumption expected{"25g-64b66b fibre_m", "20", "study study.json /fibre_m"};
    CHECK(std::find(protocol.sources.begin(), protocol.sources.end(), expected) != protocol.sources.end());
}

TEST_CASE("a study's mistakes are named") {
    for (const char* text : {R"("25g")", R"({"type": "25g-64b66b", "fiber_m": 3})", R"({"type": "25g-64b66b", "fibre_m": -1})",
                             R"({"type": "25g-64b66b", "header_frames": 0.5})", R"({"fibre_m": 3})", "25", "null"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(read(text), InputError);
    }
}
