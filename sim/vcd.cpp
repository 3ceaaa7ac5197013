#include <fmt/format.h>

#include <bitset>
#include <cmath>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "sim/trace.h"

namespace tessera::sim {

namespace {

/// Signals by name and what they change to, tick by tick.
class Waves {
  public:
    void busy(const std::string& name, const TraceRecord& record) {
        set(name + "_busy", record.start_tick + record.ticks, 0);
        set(name + "_busy", record.start_tick, 1);
        set(name + "_bx", record.start_tick, record.bx);
    }
    void count(const std::string& name, const TraceRecord& record) {
        steps_[name][record.start_tick] += 1;
        steps_[name][record.start_tick + record.ticks] -= 1;
    }

    void write(double tick_ns, std::ostream& out) {
        for (const auto& [name, steps] : steps_) {
            std::int64_t value = 0;
            for (const auto& [tick, step] : steps) changes_[name][tick] = value += step;
        }
        out << "$timescale 1 ps $end\n$scope module tessera $end\n";
        std::map<std::int64_t, std::string> lines;
        for (const auto& [name, changes] : changes_) {
            const std::string id = identifier();
            const bool bit = name.ends_with("_busy");
            out << fmt::format("$var wire {} {} {} $end\n", bit ? 1 : 32, id, name);
            for (const auto& [tick, value] : changes) lines[tick] += text(bit, value, id);
        }
        out << "$upscope $end\n$enddefinitions $end\n";
        for (const auto& [tick, text] : lines) out << '#' << std::llround(static_cast<double>(tick) * tick_ns * 1000) << '\n' << text;
    }

  private:
    /// A chunk that begins when the one before ends keeps the signal high.
    void set(const std::string& name, std::int64_t tick, std::int64_t value) {
        auto& known = changes_[name];
        if (value == 0 && known.contains(tick)) return;
        known[tick] = value;
    }
    /// Short names of printable characters, as the format has them.
    std::string identifier() {
        std::string id;
        for (std::size_t n = signals_++ + 1; n > 0; n /= 90) id += static_cast<char>('!' + n % 90);
        return id;
    }
    static std::string text(bool bit, std::int64_t value, const std::string& id) {
        if (bit) return fmt::format("{}{}\n", value, id);
        return fmt::format("b{} {}\n", std::bitset<32>(static_cast<unsigned long long>(value)).to_string(), id);
    }

    std::map<std::string, std::map<std::int64_t, std::int64_t>> changes_, steps_;
    std::size_t signals_ = 0;
};

}  // namespace

void write_vcd(const Trace& trace, const partition::Mapping& mapping, std::ostream& out) {
    Waves waves;
    for (const auto& record : trace.records(mapping)) {
        if (record.hop == TraceRecord::kInShard) {
            const auto board = mapping.shards[record.id].board;
            if (board != kOutside) waves.count(fmt::format("node{}_board{}_shards", record.time_node, index(board)), record);
        } else {
            const auto link = index(mapping.transfers[record.id].route[static_cast<std::size_t>(record.hop)]);
            waves.busy(fmt::format("node{}_link{}", record.time_node, link), record);
        }
    }
    waves.write(mapping.tick_ns(), out);
}

}  // namespace tessera::sim
