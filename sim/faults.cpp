#include "sim/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"
#include "core/lhc_clock.h"
#include "sim/hash.h"

namespace tessera::sim {

namespace {

using Kind = Fault::Kind;

constexpr std::int64_t kMostBx = std::int64_t{1000} * kBunchCrossingsPerOrbit;
constexpr std::int64_t kMostIds = INT32_MAX;
const std::vector<std::string> kKinds{"bit_errors", "link_down", "link_late", "board_dead", "clock_slip"};  // as Fault::Kind

bool is_of_board(Kind kind) { return kind == Kind::board_dead || kind == Kind::clock_slip; }

/// Later for a while and then in time again would let chunks overtake one another.
bool is_for_good(Kind kind) { return kind == Kind::link_late || kind == Kind::clock_slip; }

Fault read_fault(const JsonReader& reader) {
    Fault fault;
    const auto kind = reader.at("kind").one_of(kKinds);
    fault.kind = static_cast<Kind>(std::find(kKinds.begin(), kKinds.end(), kind) - kKinds.begin());
    fault.place = static_cast<std::uint32_t>(reader.at(is_of_board(fault.kind) ? "board" : "link").integer(0, kMostIds));
    fault.time_node = static_cast<int>(reader.integer("time_node", 0, 0, kBunchCrossingsPerOrbit));
    fault.from_bx = reader.integer("from_bx", 0, 0, kMostBx);
    if (!is_for_good(fault.kind)) fault.for_bx = reader.integer("for_bx", Fault::kForGood, 1, Fault::kForGood);
    if (fault.kind == Kind::bit_errors) fault.rate = reader.at("rate").number(0, 1);
    if (fault.kind == Kind::link_late) fault.frames = reader.at("frames").integer(1, kMostIds);
    if (fault.kind == Kind::clock_slip) fault.cycles = reader.at("cycles").integer(1, kMostIds);
    reader.done();
    return fault;
}

Spares read_spares(const JsonReader& reader) {
    Spares spares;
    spares.links = reader.integer("links", 0, 0, kMostIds);
    spares.boards = reader.integer("boards", 0, 0, kMostIds);
    spares.takeover_bx = reader.at("takeover_bx").integer(1, kMostBx);
    reader.done();
    return spares;
}

}  // namespace

Faults read_faults(const JsonReader& reader) {
    Faults faults;
    faults.bit_error_rate = reader.number("bit_error_rate", 0, 0, 1);
    if (reader.has("list")) {
        for (const auto& item : reader.at("list").items()) faults.list.push_back(read_fault(item));
    }
    if (reader.has("spares")) faults.spares = read_spares(reader.at("spares"));
    reader.done();
    return faults;
}

namespace {

std::string description(const Fault& fault) {
    auto what = fmt::format("{} {} of time node {}", is_of_board(fault.kind) ? "board" : "link", fault.place, fault.time_node);
    const auto when = fmt::format("BX {}", fault.from_bx);
    const bool passes = fault.for_bx != Fault::kForGood && !fault.by_spare;
    const auto span = when + (passes ? fmt::format(" for {} BX", fault.for_bx) : " on");
    switch (fault.kind) {
        case Kind::bit_errors:
            return fmt::format("{} with bit errors at a rate of {:g} from {}", what, fault.rate, span);
        case Kind::link_down:
            return fmt::format("{} down from {}", what, span);
        case Kind::link_late:
            return fmt::format("{} late by {} frames from {} on", what, fault.frames, when);
        case Kind::board_dead:
            return fmt::format("{} dead from {}", what, span);
        case Kind::clock_slip:
            return fmt::format("{} slips by {} cycles in {}", what, fault.cycles, when);
    }
    return what;
}

}  // namespace

std::vector<Fault> with_spares(const Faults& faults) {
    auto list = faults.list;
    std::stable_sort(list.begin(), list.end(), [](const Fault& a, const Fault& b) { return a.from_bx < b.from_bx; });
    auto left = faults.spares;
    for (auto& fault : list) {
        if (fault.for_bx != Fault::kForGood || (fault.kind != Kind::link_down && fault.kind != Kind::board_dead)) continue;
        auto& spares = fault.kind == Kind::link_down ? left.links : left.boards;
        if (spares == 0) continue;
        --spares;
        fault.for_bx = left.takeover_bx;
        fault.by_spare = true;
    }
    return list;
}

std::vector<FaultOutcome> outcomes_of(const Faults& faults) {
    std::vector<FaultOutcome> outcomes;
    for (const auto& fault : with_spares(faults)) {
        FaultOutcome outcome{.what = description(fault)};
        if (fault.by_spare) outcome.takeover_bx = fault.from_bx + fault.for_bx;
        outcomes.push_back(std::move(outcome));
    }
    if (faults.bit_error_rate > 0)
        outcomes.push_back({.what = fmt::format("bit errors at a rate of {:g} on every link", faults.bit_error_rate)});
    return outcomes;
}

FaultTable::FaultTable(const Tables& tables, int time_nodes, const Faults& faults, std::uint64_t seed)
    : empty_(faults.list.empty() && faults.bit_error_rate == 0),
      seed_(mixed(seed)),
      log_good_bit_(std::log1p(-faults.bit_error_rate)),
      bits_per_tick_(static_cast<double>(tables.line_bits_per_frame) / static_cast<double>(tables.ticks_per_frame)),
      station_count_(tables.stations) {
    for (const auto& link : tables.links) lanes_.push_back(link.lanes);
    links_.resize(tables.links.size() * static_cast<std::size_t>(time_nodes));
    stations_.resize(tables.stations * static_cast<std::size_t>(time_nodes));
    for (const auto& fault : with_spares(faults)) add(tables, time_nodes, fault, general_++);
}

void FaultTable::add(const Tables& tables, int time_nodes, const Fault& fault, std::uint32_t number) {
    const auto require = [](bool holds, const char* what, std::int64_t found, std::size_t count) {
        if (!holds)
            throw InputError("simulation", "/faults/list", std::string(what) + " " + std::to_string(found),
                             "one of " + std::to_string(count));
    };
    require(fault.time_node < time_nodes, "time node", fault.time_node, static_cast<std::size_t>(time_nodes));
    Window window{fault.kind, fault.from_bx * tables.ticks_per_bx, Fault::kForGood, std::log1p(-fault.rate), 0, number};
    if (fault.for_bx < kMostBx && !is_for_good(fault.kind)) window.to = window.from + fault.for_bx * tables.ticks_per_bx;
    window.late_ticks = fault.frames * tables.ticks_per_frame + fault.cycles * tables.ticks_per_cycle;
    if (!is_of_board(fault.kind)) {
        require(fault.place < tables.links.size(), "link", fault.place, tables.links.size());
        return of_link(fault.time_node, fault.place).push_back(window);
    }
    require(fault.place < tables.outside, "board", fault.place, tables.outside);
    if (fault.kind == Kind::board_dead)
        return stations_[static_cast<std::size_t>(fault.time_node) * station_count_ + fault.place].push_back(window);
    const Window slip{Kind::clock_slip, window.from, window.from + 1, 0, 0, number};
    const Window late{Kind::link_late, window.from, Fault::kForGood, 0, window.late_ticks, number};
    for (std::uint32_t l = 0; l < tables.links.size(); ++l) {
        if (tables.links[l].from == fault.place) of_link(fault.time_node, l).push_back(late);
        if (tables.links[l].from == fault.place || tables.links[l].to == fault.place) of_link(fault.time_node, l).push_back(slip);
    }
}

FaultTable::Passage FaultTable::pass(std::size_t node, std::uint32_t link, std::int64_t start, std::int64_t end,
                                     std::uint64_t chunk) const {
    Passage passage;
    double log_good_bit = log_good_bit_;
    std::uint32_t of_bit_errors = general_;
    const auto worsen = [&](Health health, const char* cause, std::uint32_t fault) {
        if (health > passage.health) passage.health = health, passage.cause = cause;
        passage.blame.take({health, fault});
    };
    for (const auto& window : links_[node * lanes_.size() + link]) {
        if (window.to <= start || end <= window.from) continue;
        if (window.kind == Kind::bit_errors) log_good_bit = window.log_good_bit, of_bit_errors = window.fault;
        if (window.kind == Kind::link_late && window.from <= start) {
            passage.late_ticks += window.late_ticks;
            passage.blame.take({Health::good, window.fault});
        }
        if (window.kind == Kind::clock_slip) worsen(Health::corrupted, "clock slip", window.fault);
        if (window.kind == Kind::link_down) worsen(Health::lost, "down", window.fault);
    }
    if (log_good_bit < 0) {
        const double bits = static_cast<double>(end - start) * bits_per_tick_ * lanes_[link];
        const double hit = -std::expm1(bits * log_good_bit);
        if (unit_interval(mixed(chunk ^ seed_)) < hit) worsen(Health::corrupted, "bit error", of_bit_errors);
    }
    return passage;
}

std::uint32_t FaultTable::death(std::size_t node, std::uint32_t station, std::int64_t start, std::int64_t end) const {
    const auto& windows = stations_[node * station_count_ + station];
    const auto now = std::find_if(windows.begin(), windows.end(), [&](const Window& each) { return start < each.to && each.from < end; });
    return now == windows.end() ? Blame::kNobody : now->fault;
}

}  // namespace tessera::sim
