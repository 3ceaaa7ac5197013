#include <fmt/format.h>

#include <map>
#include <ostream>
#include <set>
#include <string>
#include <tuple>

#include "core/json.h"
#include "sim/trace.h"

namespace tessera::sim {

namespace {

/// Writes the events of a trace one by one. Processes and threads are numbers in this format; links
/// stand behind the shards of their board.
class ChromeWriter {
  public:
    ChromeWriter(const partition::Mapping& mapping, std::ostream& out) : mapping_(mapping), out_(out) {}

    void write(const std::vector<TraceRecord>& records) {
        out_ << R"({"displayTimeUnit": "ns", "traceEvents": [)";
        for (const auto& record : records) slice(record);
        for (const auto& record : records) arrows(record);
        if (!records.empty()) orbits(records.front().bx, records.back().bx);
        for (const auto& [process, thread] : threads_) names(process, thread);
        out_ << "\n]}\n";
    }

  private:
    void line(const std::string& text) {
        out_ << (first_ ? "\n" : ",\n") << text;
        first_ = false;
    }
    bool in_shard(const TraceRecord& record) const { return record.hop == TraceRecord::kInShard; }
    std::size_t link_of(const TraceRecord& record) const {
        return index(mapping_.transfers[record.id].route[static_cast<std::size_t>(record.hop)]);
    }
    /// 0 is the world outside a time node, then come its boards.
    std::size_t process(const TraceRecord& record) const {
        const auto board = in_shard(record) ? mapping_.shards[record.id].board : mapping_.links[link_of(record)].from;
        return record.time_node * (mapping_.boards.size() + 1) + (board == kOutside ? 0 : 1 + index(board));
    }
    std::size_t thread(const TraceRecord& record) const { return in_shard(record) ? record.id : mapping_.shards.size() + link_of(record); }
    double microseconds(std::int64_t ticks) const { return static_cast<double>(ticks) * mapping_.tick_ns() / 1000; }
    std::string thread_name(std::size_t thread) const {
        if (thread < mapping_.shards.size()) return mapping_.shards[thread].name;
        const auto& link = mapping_.links[thread - mapping_.shards.size()];
        return fmt::format("link {} to {}", thread - mapping_.shards.size(),
                           link.to == kOutside ? "outside" : fmt::format("board {}", index(link.to)));
    }

    void slice(const TraceRecord& record) {
        threads_.emplace(process(record), thread(record));
        line(fmt::format(R"({{"ph": "X", "name": "BX {} chunk {}", "cat": "{}", "pid": {}, "tid": {}, "ts": {:.6f}, "dur": {:.6f}, )"
                         R"("args": {{"bx": {}, "orbit": {}}}}})",
                         record.bx, record.chunk, in_shard(record) ? "compute" : "link", process(record), thread(record),
                         microseconds(record.start_tick), microseconds(record.ticks), record.bx % kBunchCrossingsPerOrbit,
                         record.bx / kBunchCrossingsPerOrbit));
    }

    /// The orbit markers that links send (see line.h) within some crossings.
    void orbits(std::int64_t first_bx, std::int64_t last_bx) {
        for (std::int64_t orbit = (first_bx + kBunchCrossingsPerOrbit - 1) / kBunchCrossingsPerOrbit;
             orbit * kBunchCrossingsPerOrbit <= last_bx; ++orbit) {
            for (const auto& [process, thread] : threads_) {
                if (thread < mapping_.shards.size()) continue;
                line(fmt::format(R"({{"ph": "i", "s": "t", "name": "orbit {}", "cat": "orbit", "pid": {}, "tid": {}, "ts": {:.6f}}})",
                                 orbit, process, thread, microseconds(orbit * kBunchCrossingsPerOrbit * mapping_.ticks_per_bx)));
            }
        }
    }

    /// From the first chunk of a shard to that of each of its transfers, hop by hop, and to the shards that take it.
    void arrows(const TraceRecord& record) {
        if (record.chunk != 0) return;
        if (in_shard(record)) {
            for (const auto& input : mapping_.shards[record.id].inputs) {
                if (input.transfer) {
                    const auto last = static_cast<std::int16_t>(mapping_.transfers[index(*input.transfer)].route.size() - 1);
                    finish(record, {record.bx, static_cast<std::uint32_t>(index(*input.transfer)), last});
                } else {
                    finish(record, {record.bx, static_cast<std::uint32_t>(index(input.from)), TraceRecord::kInShard});
                }
            }
        } else if (record.hop > 0) {
            finish(record, {record.bx, record.id, static_cast<std::int16_t>(record.hop - 1)});
        } else {
            finish(record, {record.bx, static_cast<std::uint32_t>(index(mapping_.transfers[record.id].from)), TraceRecord::kInShard});
        }
        begun_[{record.bx, record.id, record.hop}] = record;
    }

    using Step = std::tuple<std::int64_t, std::uint32_t, std::int16_t>;  ///< BX, shard or transfer, hop

    void finish(const TraceRecord& to, const Step& from) {
        const auto found = begun_.find(from);
        if (found == begun_.end()) return;  // not recorded, or a source
        const auto end = [&](const char* kind, const TraceRecord& at) {
            line(fmt::format(R"({{"ph": "{}", "bp": "e", "name": "event", "cat": "flow", "id": {}, "pid": {}, "tid": {}, "ts": {:.6f}}})",
                             kind, arrows_, process(at), thread(at), microseconds(at.start_tick)));
        };
        end("s", found->second);
        end("f", to);
        ++arrows_;
    }

    void names(std::size_t process, std::size_t thread) {
        const auto name = [&](const char* what, const std::string& text) {
            line(fmt::format(R"({{"ph": "M", "name": "{}", "pid": {}, "tid": {}, "args": {{"name": {}}}}})", what, process, thread,
                             Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)));
        };
        const std::size_t place = process % (mapping_.boards.size() + 1);
        const std::size_t node = process / (mapping_.boards.size() + 1);
        name("process_name", fmt::format("time node {}, {}", node, place == 0 ? "outside" : fmt::format("board {}", place - 1)));
        name("thread_name", thread_name(thread));
    }

    const partition::Mapping& mapping_;
    std::ostream& out_;
    bool first_ = true;
    std::set<std::pair<std::size_t, std::size_t>> threads_;
    std::map<Step, TraceRecord> begun_;
    std::int64_t arrows_ = 1;
};

}  // namespace

void write_chrome_trace(const Trace& trace, const partition::Mapping& mapping, std::ostream& out) {
    ChromeWriter(mapping, out).write(trace.records(mapping));
}

}  // namespace tessera::sim
