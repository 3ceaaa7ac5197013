#include "sim/faults.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "core/error.h"
#include "tests/sim/random_mapping.h"

namespace tessera::tests {

namespace {

using sim::Fault;
using Kind = sim::Fault::Kind;

/// Source, two boards with a link of 17 ticks between them, decision: an event starts on the link 17 ticks
/// after its crossing and takes 6, starts on the second board at 40 and is complete at 57.
partition::Mapping two_boards() { return chain(2, 4, {1, 9, 11}, 17); }
constexpr std::int64_t kUndisturbed = 57;

Fault fault(Kind kind, std::uint32_t place, std::int64_t from_bx, std::int64_t for_bx = Fault::kForGood) {
    Fault made;
    made.kind = kind, made.place = place, made.from_bx = from_bx, made.for_bx = for_bx;
    return made;
}

sim::Result simulate_with(const partition::Mapping& mapping, const sim::Faults& faults, std::int64_t crossings = 40) {
    sim::Options options;
    options.bunch_crossings = crossings;
    options.faults = faults;
    options.late_after_ns = (kUndisturbed + 0.5) * mapping.tick_ns();
    return sim::simulate(mapping, options);
}

sim::Result simulate_with(const Fault& fault, std::int64_t crossings = 40) { return simulate_with(two_boards(), {0, {fault}}, crossings); }

std::string rejection(const std::string& text) {
    try {
        sim::read_faults(JsonReader::from_text("study.json", text));
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a link that is down loses what is on it meanwhile, and nothing else") {
    // Down in [90, 135): events of 17 + 9 e .. 23 + 9 e that meet it are 8 to 13.
    const auto result = simulate_with(fault(Kind::link_down, 1, 10, 5));
    CHECK(result.events.lost == 6);
    CHECK(result.events.completed == 34);
    CHECK(result.max_latency_ticks == kUndisturbed);
    REQUIRE(result.losses.size() == 6);
    CHECK(result.losses.front() == "link 1: down in BX 8");
    CHECK(result.losses.back() == "link 1: down in BX 13");
}

TEST_CASE("a link that is down for good loses all later events") {
    CHECK(simulate_with(fault(Kind::link_down, 1, 10)).events.lost == 40 - 8);
}

TEST_CASE("a dead board loses what it works on or sends, until a spare takes over") {
    // Dead in [180, 207): events that start there at 40 + 9 e and have left at 57 + 9 e are 14 to 18.
    const auto result = simulate_with(fault(Kind::board_dead, 1, 20, 3));
    CHECK(result.events.lost == 5);
    CHECK(result.events.completed == 35);
    CHECK(result.losses.front() == "board 1: dead in BX 14");
    CHECK(result.losses.back() == "board 1: dead in BX 18");
}

TEST_CASE("spares go to the links that fail first, and what is lost until they work is lost") {
    // Listed last, link 1 fails first. Link 2 sends event e in 51 + 9 e .. 57 + 9 e, so from crossing 20 on it loses 14 to 39.
    sim::Faults faults{0, {fault(Kind::link_down, 2, 20), fault(Kind::link_down, 1, 10)}};
    const auto without = simulate_with(two_boards(), faults);
    CHECK(without.events.completed == 8);
    CHECK(without.events.lost == 32);
    faults.spares = {1, 0, 5};
    const auto with_one = simulate_with(two_boards(), faults);
    CHECK(with_one.events.lost == 6 + 26);
    CHECK(with_one.events.completed == 8);
    CHECK(with_one.losses[5] == "link 1: down in BX 13");
    CHECK(with_one.losses[6] == "link 2: down in BX 14");
    using Outcomes = std::vector<sim::FaultOutcome>;
    CHECK(with_one.faults == Outcomes{{"link 1 of time node 0 down from BX 10 on", 15, 6, 6, 0, 0, 8, 13},
                                      {"link 2 of time node 0 down from BX 20 on", -1, 26, 26, 0, 0, 14, 39}});
    faults.spares.links = 2;
    auto with_two = simulate_with(two_boards(), faults);
    CHECK(with_two.faults[1] == sim::FaultOutcome{"link 2 of time node 0 down from BX 20 on", 25, 6, 6, 0, 0, 14, 19});
    auto passing = simulate_with(two_boards(), {0, {fault(Kind::link_down, 2, 20, 5), fault(Kind::link_down, 1, 10, 5)}});
    CHECK(with_two.events.completed == 40 - 6 - 6);
    CHECK(passing.faults[1] == sim::FaultOutcome{"link 2 of time node 0 down from BX 20 for 5 BX", -1, 6, 6, 0, 0, 14, 19});
    with_two.faults = passing.faults;
    CHECK((sim::to_json(with_two).dump() == sim::to_json(passing).dump()));
}

TEST_CASE("a spare board takes over from a dead one, and no spare from what passes or is late") {
    sim::Faults faults{0, {fault(Kind::board_dead, 1, 20)}, {9, 0, 3}};
    CHECK(simulate_with(two_boards(), faults).events.lost == 40 - 14);
    faults.spares.boards = 1;
    CHECK(simulate_with(two_boards(), faults).events.lost == 5);  // as the board that is dead for three crossings
    faults.list.insert(faults.list.begin(), fault(Kind::board_dead, 0, 0, 1));
    faults.list.push_back(fault(Kind::link_late, 1, 0));
    const auto list = sim::with_spares(faults);
    REQUIRE(list.size() == 3);
    CHECK(list[0].for_bx == 1);
    CHECK(list[1].for_bx == Fault::kForGood);
    CHECK(list[2].for_bx == 3);
}

TEST_CASE("a dead board passes nothing on either") {
    MappingBuilder builder(3);
    const auto first = builder.shard(BoardId{0}, {1, 9, 5}, {builder.input_at(BoardId{0}, kFrame)});
    const auto brought =
        builder.transfer(first, BoardId{2}, kFrame, {builder.link(BoardId{0}, BoardId{1}, 10), builder.link(BoardId{1}, BoardId{2}, 10)});
    builder.decide(builder.shard(BoardId{2}, {1, 9, 5}, {builder.over(brought)}), kFrame);
    CHECK(simulate_with(builder.mapping, {0, {fault(Kind::board_dead, 1, 0)}}).events.lost == 40);
}

TEST_CASE("a late link makes events late by as many frames, and no fewer") {
    auto late = fault(Kind::link_late, 1, 10);
    late.frames = 3;
    const auto result = simulate_with(late);
    CHECK(result.events.completed == 40);
    CHECK(result.events.late == 40 - 9);  // events from 9 on start on it after tick 90
    CHECK(result.losses.front() == "late by 3 ticks, the longest step is link, board 0 -> board 1, in BX 9");
    CHECK(result.max_latency_ticks == kUndisturbed + 3);
    double link_ns = 0;
    for (const auto& step : result.breakdown) link_ns += step.kind == "link" ? step.ns : 0;
    CHECK(std::llround(link_ns / two_boards().tick_ns()) == 17 + 3);
    CHECK(result.faults.front() == sim::FaultOutcome{"link 1 of time node 0 late by 3 frames from BX 10 on", -1, 31, 0, 0, 31, 9, 39});
}

TEST_CASE("a clock slip corrupts what is on the board's links at that tick and delays what follows") {
    auto slip = fault(Kind::clock_slip, 0, 10);
    slip.cycles = 2;
    const auto result = simulate_with(slip);
    // At tick 90 event 10 comes in (90..96) and event 8 is on the link (89..95).
    CHECK(result.events.corrupted == 2);
    REQUIRE(result.losses.size() == 2 + 20);
    CHECK(result.losses[0] == "link 1: clock slip in BX 8");
    CHECK(result.losses[1] == "link 0: clock slip in BX 10");
    CHECK(result.losses[2] == "late by 2 ticks, the longest step is link, board 0 -> board 1, in BX 9");
    CHECK(result.events.completed == 38);
    CHECK(result.events.late == 38 - 8);
    CHECK(result.max_latency_ticks == kUndisturbed + 2);
    CHECK(result.faults.front() == sim::FaultOutcome{"board 0 of time node 0 slips by 2 cycles in BX 10", -1, 32, 0, 2, 30, 8, 39});
}

TEST_CASE("only the time node that is hit suffers") {
    auto down = fault(Kind::link_down, 1, 0);
    down.time_node = 2;
    const auto result = simulate_with(chain(2, 4, {1, 9, 11}, 17, 4), {0, {down}});
    CHECK(result.events.lost == 10);
    CHECK(result.losses.front() == "link 1: down in BX 2");
}

TEST_CASE("a fault on a way that no decision depends on costs no event") {
    MappingBuilder builder(2);
    const auto first = builder.shard(BoardId{0}, {1, 9, 5}, {builder.input_at(BoardId{0}, kFrame)});
    const auto aside = builder.transfer(first, BoardId{1}, kFrame, {builder.link(BoardId{0}, BoardId{1}, 10)});
    builder.shard(BoardId{1}, {1, 9, 5}, {builder.over(aside)});
    builder.decide(first, kFrame);
    CHECK(simulate_with(builder.mapping, {0, {fault(Kind::link_down, 1, 0)}}).events.completed == 40);
}

TEST_CASE("corrupted events come at the rate that the bit error rate gives") {
    constexpr std::int64_t kEvents = 50'000;
    // Three links of 6 frames of 64 bit: an event is good when 1152 bits are.
    for (const double rate : {1e-6, 1e-5, 1e-4, 1e-3}) {
        CAPTURE(rate);
        const auto result = simulate_with(two_boards(), {rate, {}}, kEvents);
        const double p = 1 - std::pow(1 - rate, 3 * 6 * 64);
        const double sigma = std::sqrt(static_cast<double>(kEvents) * p * (1 - p));
        CHECK(std::abs(static_cast<double>(result.events.corrupted) - static_cast<double>(kEvents) * p) < 3 * sigma);
        CHECK(result.events.completed + result.events.corrupted == kEvents);
    }
}

TEST_CASE("a link's own error rate takes the place of the general one, on all its lanes") {
    constexpr std::int64_t kEvents = 50'000;
    auto mapping = two_boards();
    mapping.links[1].lanes = 4;  // one frame of payload, header and CRC on each: 3 frames of 256 bit
    auto noisy = fault(Kind::bit_errors, 1, 0);
    noisy.rate = 1e-4;
    const auto result = simulate_with(mapping, {0, {noisy}}, kEvents);
    const double p = 1 - std::pow(1 - noisy.rate, 3 * 256);
    CHECK(std::abs(static_cast<double>(result.events.corrupted) - kEvents * p) < 3 * std::sqrt(kEvents * p * (1 - p)));
    auto clean = noisy;
    clean.rate = 0;
    CHECK(simulate_with(mapping, {0, {clean}}, 100).events.corrupted == 0);
}

TEST_CASE("certain errors corrupt every event; another seed hits other events") {
    CHECK(simulate_with(two_boards(), {1, {}}).events.corrupted == 40);
    sim::Options options;
    options.bunch_crossings = 1000;
    options.faults.bit_error_rate = 1e-4;
    const auto first = sim::simulate(two_boards(), options).losses;
    CHECK(sim::simulate(two_boards(), options).losses == first);
    options.seed = 2;
    CHECK(sim::simulate(two_boards(), options).losses != first);
}

namespace {

/// Up to five faults anywhere in a mapping; bit errors and spares half of the time.
sim::Faults random_faults(const partition::Mapping& mapping, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto number = [&](std::size_t count) { return static_cast<std::uint32_t>(random() % count); };
    sim::Faults faults;
    if (number(2) == 0) faults.bit_error_rate = std::pow(10.0, -2.0 - number(5));
    for (auto n = number(6); n > 0; --n) {
        auto made = fault(static_cast<Kind>(number(5)), 0, number(60), number(3) == 0 ? Fault::kForGood : 1 + number(30));
        const bool of_board = made.kind == Kind::board_dead || made.kind == Kind::clock_slip;
        made.place = number(of_board ? mapping.boards.size() : mapping.links.size());
        made.time_node = static_cast<int>(number(static_cast<std::size_t>(mapping.tmux_period_bx)));
        made.rate = made.kind == Kind::bit_errors ? 1e-3 : 0;
        made.frames = made.kind == Kind::link_late ? 1 + number(20) : 0;
        made.cycles = made.kind == Kind::clock_slip ? 1 + number(20) : 0;
        faults.list.push_back(made);
    }
    if (number(2) == 0) faults.spares = {number(3), number(3), 1 + number(20)};
    return faults;
}

}  // namespace

TEST_CASE("300 random fault studies: every event is accounted for, in either mode and any order of construction") {
    std::int64_t lost = 0, corrupted = 0, late = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        auto mapping = RandomMapping(seed).make();
        mapping.tmux_period_bx = 1 + static_cast<int>(seed % 4);
        for (auto& link : mapping.links) link.buffer_frames = seed % 2 == 0 ? 10'000 : 40;
        sim::Options options;
        options.bunch_crossings = 80;
        options.faults = random_faults(mapping, seed);
        options.late_after_ns = 2000;
        options.seed = seed;
        const auto result = sim::simulate(mapping, options);
        const auto& events = result.events;
        CHECK(events.injected == 80);
        CHECK(events.completed + events.lost + events.corrupted + events.in_flight == events.injected);
        CHECK(events.in_flight == 0);
        CHECK(events.late <= events.completed);
        if (events.lost + events.corrupted > 0) CHECK_FALSE(result.losses.empty());
        lost += events.lost, corrupted += events.corrupted, late += events.late;
        const auto text = sim::to_json(result).dump();
        options.mode = sim::Mode::detailed;
        options.shuffle_construction = true;
        CHECK((sim::to_json(sim::simulate(mapping, options)).dump() == text));
    }
    CHECK(lost > 1000);
    CHECK(corrupted > 1000);
    CHECK(late > 1000);
}

TEST_CASE("faults as a study writes them") {
    const auto faults = sim::read_faults(JsonReader::from_text("study.json", R"({"bit_error_rate": 1e-9, "list": [
        {"kind": "bit_errors", "link": 3, "rate": 0.5}, {"kind": "link_down", "link": 4, "time_node": 2, "from_bx": 7, "for_bx": 9},
        {"kind": "link_late", "link": 5, "frames": 6}, {"kind": "board_dead", "board": 1, "from_bx": 3},
        {"kind": "clock_slip", "board": 2, "cycles": 4}], "spares": {"links": 2, "takeover_bx": 40}})"));
    CHECK(faults.bit_error_rate == 1e-9);
    REQUIRE(faults.list.size() == 5);
    CHECK(faults.list[0].rate == 0.5);
    CHECK(faults.list[1].kind == Kind::link_down);
    CHECK(faults.list[1].place == 4);
    CHECK(faults.list[1].time_node == 2);
    CHECK(faults.list[1].from_bx == 7);
    CHECK(faults.list[1].for_bx == 9);
    CHECK(faults.list[2].frames == 6);
    CHECK(faults.list[3].for_bx == Fault::kForGood);
    CHECK(faults.list[4].cycles == 4);
    CHECK(faults.spares.links == 2);
    CHECK(faults.spares.boards == 0);
    CHECK(faults.spares.takeover_bx == 40);
}

TEST_CASE("what is no fault is rejected with its place") {
    CHECK(rejection(R"({"bit_error_rate": 2})") == "study.json: /bit_error_rate: found 2; expected a number from 0.0 to 1.0");
    CHECK(rejection(R"({"list": [{"kind": "fire"}]})") ==
          "study.json: /list/0/kind: found \"fire\"; expected one of \"bit_errors\" \"link_down\" \"link_late\" \"board_dead\" "
          "\"clock_slip\"");
    CHECK(rejection(R"({"list": [{"kind": "link_down", "board": 1}]})") == "study.json: /list/0: key \"link\" is missing");
    CHECK(rejection(R"({"list": [{"kind": "link_late", "link": 1, "frames": 2, "for_bx": 3}]})").find("unknown key \"for_bx\"") !=
          std::string::npos);
    CHECK(rejection(R"({"spares": {"links": 1}})") == "study.json: /spares: key \"takeover_bx\" is missing");
    CHECK(rejection(R"({"spares": {"boards": -1, "takeover_bx": 3}})").starts_with("study.json: /spares/boards: found -1; expected "));
}

TEST_CASE("a fault of something that is not there is refused") {
    CHECK_THROWS_WITH_AS(simulate_with(fault(Kind::link_down, 3, 0)), "simulation: /faults/list: link 3; expected one of 3", InputError);
    CHECK_THROWS_WITH_AS(simulate_with(fault(Kind::board_dead, 2, 0)), "simulation: /faults/list: board 2; expected one of 2", InputError);
    auto down = fault(Kind::link_down, 0, 0);
    down.time_node = 1;
    CHECK_THROWS_WITH_AS(simulate_with(down), "simulation: /faults/list: time node 1; expected one of 1", InputError);
}

}  // namespace tessera::tests
