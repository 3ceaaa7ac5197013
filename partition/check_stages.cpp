#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/operator_pattern.h"
#include "partition/check_rules.h"

namespace tessera::partition {

namespace {

/// Holds the shards of every external stage against what the stage is declared to be.
class StageCheck {
  public:
    StageCheck(const Mapping& mapping, const models::Network& network, const std::vector<Stage>& stages, Violations& found)
        : mapping_(mapping), network_(network), stages_(stages), found_(found) {
        for (std::uint32_t s = 0; s < mapping.shards.size(); ++s) shards_of_[mapping.shards[s].op].push_back(s);
    }

    void run() {
        for (std::size_t s = 0; s < stages_.size(); ++s) {
            check_boards(s);
            for (const std::uint32_t shard : shards_of(s)) check_times(s, shard);
            for (const StageInput& input : stages_[s].inputs) check_input(s, input);
            check_feeds(s);
            check_decision(s);
        }
    }

  private:
    std::uint32_t op_of(std::size_t stage) const { return static_cast<std::uint32_t>(network_.operators.size() + 2 * stage); }
    const std::vector<std::uint32_t>& shards_of(std::size_t stage) { return shards_of_[op_of(stage)]; }

    void violate(std::size_t stage, const std::string& what) { found_.push_back({"stage", stages_[stage].name, what}); }

    void check_boards(std::size_t s) {
        std::set<BoardId> boards;
        for (const std::uint32_t shard : shards_of(s)) boards.insert(mapping_.shards[shard].board);
        boards.erase(kOutside);
        const auto in_system = boards.size() * static_cast<std::size_t>(mapping_.tmux_period_bx);
        if (in_system != static_cast<std::size_t>(stages_[s].boards) || shards_of(s).size() != boards.size())
            violate(s, fmt::format("stands on {} boards with {} shards, {} boards declared", in_system,
                                   shards_of(s).size() * static_cast<std::size_t>(mapping_.tmux_period_bx), stages_[s].boards));
    }

    void check_times(std::size_t s, std::uint32_t position) {
        const Stage& stage = stages_[s];
        const Shard& shard = mapping_.shards[position];
        const double gathering_ns = std::max(0, stage.tmux_period_bx - mapping_.tmux_period_bx) * mapping_.clock.bx_ns();
        const double latency_ns = shard.latency_cycles * mapping_.clock.cycle_ns();
        if (latency_ns < stage.latency_ns + gathering_ns - kRounding)
            violate(s, fmt::format("takes {:.1f} ns, {:.1f} ns declared", latency_ns, stage.latency_ns + gathering_ns));
        const double interval_ns = shard.chunks * shard.chunk_interval_cycles * mapping_.clock.cycle_ns();
        if (interval_ns < stage.interval_bx * mapping_.clock.bx_ns() - kRounding)
            violate(s, fmt::format("takes an event every {:.1f} ns, {} BX declared", interval_ns, stage.interval_bx));
    }

    /// Bits of one event that a shard is fed by others of which `wanted` is true.
    template <typename Wanted>
    std::int64_t bits_fed(std::uint32_t shard, const Wanted& wanted) const {
        std::int64_t bits = 0;
        for (const ShardInput& input : mapping_.shards[shard].inputs) {
            if (input.transfer && wanted(mapping_.shards[index(input.from)])) bits += mapping_.transfers[index(*input.transfer)].bits;
        }
        return bits;
    }

    void check_input(std::size_t s, const StageInput& input) {
        if (input.from == kFromNetwork) return check_network_input(s);
        std::int64_t declared = input.words * mapping_.link_timing.frame_bits;
        std::uint32_t producer = op_of(s) + 1;
        if (input.from != kFromDetector) {
            const auto from = std::find_if(stages_.begin(), stages_.end(), [&](const Stage& each) { return each.name == input.from; });
            declared = from->words * mapping_.link_timing.frame_bits;
            producer = op_of(static_cast<std::size_t>(from - stages_.begin()));
        }
        const auto wanted = [&](const Shard& from) {
            const double there_ns = from.latency_cycles * mapping_.clock.cycle_ns();
            return from.op == producer && (input.from != kFromDetector || there_ns >= input.arrival_ns - kRounding);
        };
        std::int64_t all = 0;
        for (const std::uint32_t shard : shards_of(s)) {
            const std::int64_t bits = bits_fed(shard, wanted);
            all += bits;
            if (input.whole && bits < declared)
                violate(s, fmt::format("{} is fed {} bits of {}, {} needed", place_of(mapping_, id_at<ShardId>(shard)), bits, input.from,
                                       declared));
        }
        if (all < declared) violate(s, fmt::format("is fed {} bits of {} an event, {} declared", all, input.from, declared));
    }

    void check_network_input(std::size_t s) {
        const auto of_network = [&](const Shard& from) { return from.op < network_.operators.size(); };
        for (const std::uint32_t shard : shards_of(s)) {
            if (bits_fed(shard, of_network) == 0)
                violate(s, fmt::format("{} reads nothing of the network", place_of(mapping_, id_at<ShardId>(shard))));
        }
    }

    void check_feeds(std::size_t s) {
        for (const std::string& pattern : stages_[s].feeds) {
            bool used = false;
            for (const auto& op : network_.operators) {
                if (op.kind != models::OperatorKind::input || !models::matches(pattern, op)) continue;
                used = true;
                for (const std::uint32_t shard : shards_of_[static_cast<std::uint32_t>(index(op.id))]) check_fed(s, shard);
            }
            if (!used) violate(s, fmt::format("feeds \"{}\", which is no input of {}", pattern, network_.name));
        }
    }

    void check_fed(std::size_t s, std::uint32_t shard) {
        const auto& inputs = mapping_.shards[shard].inputs;
        const auto made = [&](const ShardInput& input) { return mapping_.shards[index(input.from)].op == op_of(s); };
        if (!std::any_of(inputs.begin(), inputs.end(), made))
            violate(s, fmt::format("does not make {}", place_of(mapping_, id_at<ShardId>(shard))));
    }

    void check_decision(std::size_t s) {
        const auto reads = [&](const Stage& other) {
            return std::any_of(other.inputs.begin(), other.inputs.end(),
                               [&](const StageInput& input) { return input.from == stages_[s].name; });
        };
        if (!stages_[s].feeds.empty() || std::any_of(stages_.begin(), stages_.end(), reads)) return;
        std::int64_t bits = 0;
        for (const Transfer& transfer : mapping_.transfers) {
            if (transfer.to == kOutside && mapping_.shards[index(transfer.from)].op == op_of(s)) bits += transfer.bits;
        }
        const std::int64_t declared = stages_[s].words * mapping_.link_timing.frame_bits;
        if (bits < declared) violate(s, fmt::format("{} bits of its decision leave, {} declared", bits, declared));
    }

    static constexpr double kRounding = 1e-6;  // ns

    const Mapping& mapping_;
    const models::Network& network_;
    const std::vector<Stage>& stages_;
    Violations& found_;
    std::map<std::uint32_t, std::vector<std::uint32_t>> shards_of_;  ///< by operator
};

}  // namespace

std::vector<Violation> check_stages(const Mapping& mapping, const models::Network& network, const std::vector<Stage>& stages) {
    Violations found;
    check_values(mapping, found);
    check_ids(mapping, found);
    if (found.empty()) StageCheck(mapping, network, stages, found).run();
    return found;
}

}  // namespace tessera::partition
