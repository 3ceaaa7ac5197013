#include "sim/statistics.h"

#include <algorithm>
#include <numeric>

#include "sim/hash.h"

namespace tessera::sim {

namespace {

constexpr std::size_t kMostNotes = 20;  // named in the report; all are counted

/// Keeps the first by BX, whatever the order in which they come.
void note(Statistics::Notes& notes, std::int64_t bx, const std::string& what) {
    notes.emplace(bx, what + " in BX " + std::to_string(bx));
    if (notes.size() > kMostNotes) notes.erase(std::prev(notes.end()));
}

}  // namespace

void Record::set_health(std::size_t position, Health health) {
    healths.resize(stamps.size(), Health::good);
    healths[position] = health;
}

Statistics::Statistics(const Tables& tables, std::int64_t late_after_ticks)
    : intervals(tables.shards.size()), tables_(tables), late_after_ticks_(late_after_ticks) {
    for (std::uint64_t position = 0; position < tables.stamps_per_event; ++position) weights_.push_back(mixed(position));
}

void Statistics::note_loss(std::int64_t bx, const std::string& where) { note(losses, bx, where); }

void Statistics::note_late(const Record& record, std::int64_t late_ticks) {
    if (late_notes.size() == kMostNotes && record.bx > late_notes.rbegin()->first) return;  // as many came before it
    const auto steps = trace_back(tables_, record);
    const auto longest = std::max_element(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.ns < b.ns; });
    const auto stage = longest->stage.starts_with('#') ? "shard " + longest->stage.substr(1) : longest->stage;
    note(late_notes, record.bx,
         "late by " + std::to_string(late_ticks) + " ticks, the longest step is " + longest->kind + ", " + stage + ",");
}

std::int64_t Statistics::count_objects(std::int64_t found) {
    const std::int64_t taken = std::min(found, tables_.objects_per_event);
    objects += found;
    max_objects = std::max(max_objects, found);
    truncated += taken < found ? 1 : 0;
    objects_cut += found - taken;
    return taken;
}

void Statistics::count(const Record& record) {
    last_tick = std::max(last_tick, record.decided.tick);
    count_fault(record);
    if (record.decided.health == Health::lost) ++lost;
    if (record.decided.health == Health::corrupted) ++corrupted;
    if (record.decided.health != Health::good) return;
    const std::int64_t latency = record.decided.tick - record.start_tick;
    ++completed;
    if (latency > late_after_ticks_) {
        ++late;
        note_late(record, latency - late_after_ticks_);
    }
    ++latencies[latency];
    const bool slower = latency > max_latency_ticks;
    if (!slower && (latency < max_latency_ticks || record.bx > slowest_bx)) return;
    max_latency_ticks = latency;
    slowest_bx = record.bx;
    breakdown = trace_back(tables_, record);
}

void Statistics::count_fault(const Record& record) {
    if (record.blame.fault >= faults.size()) return;
    auto& fault = faults[record.blame.fault];
    ++fault.reached;
    fault.first_bx = fault.first_bx < 0 ? record.bx : std::min(fault.first_bx, record.bx);
    fault.last_bx = std::max(fault.last_bx, record.bx);
    const bool good = record.decided.health == Health::good;
    fault.lost += record.decided.health == Health::lost ? 1 : 0;
    fault.corrupted += record.decided.health == Health::corrupted ? 1 : 0;
    fault.late += good && record.decided.tick - record.start_tick > late_after_ticks_ ? 1 : 0;
}

void Statistics::mark(const Record& record) {
    // A multilinear hash (Carter and Wegman: Universal classes of hash functions, 1979) of the event's stamps.
    const auto trajectory = std::inner_product(
        record.stamps.begin(), record.stamps.end(), weights_.begin(), std::uint64_t{0}, std::plus<>(),
        [](std::int32_t stamp, std::uint64_t weight) { return static_cast<std::uint64_t>(std::int64_t{stamp}) * weight; });
    fingerprint += mixed(mixed(static_cast<std::uint64_t>(record.bx)) + trajectory);
}

}  // namespace tessera::sim
