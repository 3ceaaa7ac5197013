#include "partition/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/arithmetic.h"
#include "core/error.h"
#include "models/operator_pattern.h"
#include "partition/layout.h"
#include "partition/link_frames.h"
#include "partition/patch_panel.h"
#include "partition/schedule.h"

namespace tessera::partition {

namespace {

bool reads_network(const Stage& stage, const std::set<std::string>& behind) {
    return std::any_of(stage.inputs.begin(), stage.inputs.end(),
                       [&](const StageInput& input) { return input.from == kFromNetwork || behind.contains(input.from); });
}

/// Names of the stages that wait for the mapped network.
std::set<std::string> stages_behind_network(const std::vector<Stage>& stages) {
    std::set<std::string> behind;
    for (const Stage& stage : stages) {
        if (reads_network(stage, behind)) behind.insert(stage.name);
    }
    return behind;
}

/// Elements that part a of `parts` shares with part b of `others`, of `amount` that both divide evenly; rounded up.
std::int64_t common_amount(std::int64_t amount, std::int64_t a, std::int64_t parts, std::int64_t b, std::int64_t others) {
    const std::int64_t common = std::min((a + 1) * others, (b + 1) * parts) - std::max(a * others, b * parts);
    return common <= 0 ? 0 : divide_up(amount * common, parts * others);
}

class SystemBuilder {
  public:
    SystemBuilder(const Mapping& mapping, const models::Network& network, const std::vector<Stage>& stages,
                  const topologies::LinkProtocol& link)
        : part_(mapping), network_(network), stages_(stages), system_(mapping) {
        system_.shards.clear(), system_.transfers.clear();
        fibre_m_ = link.fibre_m;
        link_ticks_ = link_latency_ticks(mapping, link, link.fibre_m);
    }

    Mapping build() {
        const auto behind = stages_behind_network(stages_);
        for (std::size_t s = 0; s < stages_.size(); ++s) {
            if (!behind.contains(stages_[s].name)) add_stage(s);
        }
        add_network();
        for (std::size_t s = 0; s < stages_.size(); ++s) {
            if (behind.contains(stages_[s].name)) add_stage(s);
        }
        decide();
        system_.places.clear();  // the shape of the network's boards is not that of the system
        size_buffers(system_);
        apply(expected_schedule(system_), system_);
        return std::move(system_);
    }

  private:
    struct Delivery {
        ShardId from;
        std::int64_t bits;
    };

    std::int64_t boards_in_node(const Stage& stage) const {
        if (stage.boards % system_.tmux_period_bx != 0) {
            throw InputError("study", "/stages", fmt::format("{} boards of {}", stage.boards, stage.name),
                             fmt::format("a multiple of the TMUX period of {} BX", system_.tmux_period_bx));
        }
        return stage.boards / system_.tmux_period_bx;
    }

    int cycles(double ns) const { return static_cast<int>(std::ceil(ns / system_.clock.cycle_ns() - 1e-9)); }

    ShardId add_shard(const Stage& stage, std::size_t op, std::int64_t token, std::int64_t boards, BoardId board, int latency_cycles) {
        Shard shard;
        shard.name = fmt::format("{}{} [board {} of {}]", stage.name, board == kOutside ? " input" : "", token % boards, boards);
        shard.op = static_cast<std::uint32_t>(network_.operators.size() + op);
        shard.token_begin = token, shard.token_end = token + 1;
        shard.channel_end = 1;
        shard.kind = shard.strategy = kExternal;
        shard.board = board;
        shard.latency_cycles = latency_cycles;
        system_.shards.push_back(std::move(shard));
        return id_at<ShardId>(system_.shards.size() - 1);
    }

    TransferId add_transfer(ShardId from, BoardId to, std::int64_t bits) {
        Transfer transfer;
        transfer.from = from, transfer.to = to, transfer.bits = std::max<std::int64_t>(1, bits);
        transfer.route = {add_link(system_.shards[index(from)], to, transfer.bits)};
        system_.transfers.push_back(std::move(transfer));
        return id_at<TransferId>(system_.transfers.size() - 1);
    }

    /// A link of its own with the fewest lanes that carry it; what fits no number of lanes is left to the checker.
    LinkId add_link(const Shard& from, BoardId to, std::int64_t bits) {
        const std::int64_t frames = system_.ticks_per_bx * system_.tmux_period_bx / system_.link_timing.ticks_per_frame;
        Link link;
        link.from = from.board, link.to = to;
        link.lanes = std::max(1, lanes_for(bits, from.chunks, frames, system_.link_timing));
        const bool outside = link.from == kOutside || to == kOutside;
        link.fibre_m = outside ? 0 : fibre_m_;
        link.latency_ticks = outside ? 0 : link_ticks_;
        system_.links.push_back(link);
        return id_at<LinkId>(system_.links.size() - 1);
    }

    void feed(ShardId to, ShardId from, std::int64_t bits) {
        const TransferId transfer = add_transfer(from, system_.shards[index(to)].board, bits);
        system_.shards[index(to)].inputs.push_back({from, true, transfer, 0});
    }

    void add_stage(std::size_t position) {
        const Stage& stage = stages_[position];
        const std::int64_t boards = boards_in_node(stage);
        auto& shards = shards_of_[stage.name];
        std::vector<std::vector<ShardId>> sources(static_cast<std::size_t>(boards));
        std::int64_t token = 0;
        for (const StageInput& input : stage.inputs) {
            if (input.from != kFromDetector) continue;
            for (auto& of_board : sources)
                of_board.push_back(add_shard(stage, 2 * position + 1, token++, boards, kOutside, cycles(input.arrival_ns)));
        }
        const int gathering_bx = std::max(0, stage.tmux_period_bx - system_.tmux_period_bx);
        const int latency = cycles(stage.latency_ns) + gathering_bx * system_.clock.cycles_per_bx;
        for (std::int64_t b = 0; b < boards; ++b) {
            system_.boards.push_back(0);
            shards.push_back(add_shard(stage, 2 * position, b, boards, id_at<BoardId>(system_.boards.size() - 1), latency));
            auto& shard = system_.shards.back();
            shard.chunk_interval_cycles = cycles(stage.interval_bx * system_.clock.bx_ns());
        }
        for (std::int64_t b = 0; b < boards; ++b) read_inputs(stage, b, boards, sources[static_cast<std::size_t>(b)]);
    }

    void read_inputs(const Stage& stage, std::int64_t b, std::int64_t boards, const std::vector<ShardId>& sources) {
        const ShardId to = shards_of_.at(stage.name)[static_cast<std::size_t>(b)];
        auto source = sources.begin();
        for (const StageInput& input : stage.inputs) {
            if (input.from == kFromDetector) {
                feed(to, *source++, common_amount(input.words * system_.link_timing.frame_bits, b, boards, b, boards));
            } else if (input.from == kFromNetwork) {
                for (const Delivery& delivery : deliveries_) feed(to, delivery.from, delivery.bits);
            } else {
                read_stage(to, input, b, boards);
            }
        }
    }

    void read_stage(ShardId to, const StageInput& input, std::int64_t b, std::int64_t boards) {
        const auto& from = shards_of_.at(input.from);
        const auto parts = static_cast<std::int64_t>(from.size());
        const std::int64_t bits = stage_named(input.from).words * system_.link_timing.frame_bits;
        for (std::int64_t a = 0; a < parts; ++a) {
            const std::int64_t read = input.whole ? divide_up(bits, parts) : common_amount(bits, a, parts, b, boards);
            if (read > 0) feed(to, from[static_cast<std::size_t>(a)], read);
        }
    }

    const Stage& stage_named(const std::string& name) const {
        return *std::find_if(stages_.begin(), stages_.end(), [&](const Stage& stage) { return stage.name == name; });
    }

    /// The mapped network as it is, but for what stages feed and read.
    void add_network() {
        const auto first = static_cast<std::uint32_t>(system_.shards.size());
        const bool read = std::any_of(stages_.begin(), stages_.end(), [](const Stage& stage) { return reads_network(stage, {}); });
        system_.shards.insert(system_.shards.end(), part_.shards.begin(), part_.shards.end());
        for (std::size_t s = first; s < system_.shards.size(); ++s) move_onto_stage(id_at<ShardId>(s));
        std::vector<TransferId> moved(part_.transfers.size());
        for (std::size_t t = 0; t < part_.transfers.size(); ++t) {
            Transfer transfer = part_.transfers[t];
            transfer.from = id_at<ShardId>(index(transfer.from) + first);
            if (transfer.to == kOutside && read) {
                deliveries_.push_back({transfer.from, transfer.bits});
                continue;
            }
            const Shard& from = system_.shards[index(transfer.from)];
            if (fed_.contains(transfer.from)) transfer.route = {add_link(from, transfer.to, transfer.bits)};
            moved[t] = id_at<TransferId>(system_.transfers.size());
            system_.transfers.push_back(std::move(transfer));
        }
        for (std::size_t s = first; s < system_.shards.size(); ++s) {
            if (fed_.contains(id_at<ShardId>(s))) continue;
            for (ShardInput& input : system_.shards[s].inputs) {
                input.from = id_at<ShardId>(index(input.from) + first);
                if (input.transfer) input.transfer = moved[index(*input.transfer)];
            }
        }
        remove_unused_links();
    }

    /// An input of the network that a stage makes stands on the stage's board that lies opposite.
    void move_onto_stage(ShardId id) {
        Shard& shard = system_.shards[index(id)];
        if (shard.board != kOutside) return;
        const auto& op = network_.operators[shard.op];
        for (const Stage& stage : stages_) {
            const auto matches = [&](const std::string& pattern) { return models::matches(pattern, op); };
            if (std::none_of(stage.feeds.begin(), stage.feeds.end(), matches)) continue;
            const auto& makers = shards_of_.at(stage.name);
            const auto at = shard.token_begin * static_cast<std::int64_t>(makers.size()) / network_.stream(op.id).tokens;
            const ShardId maker = makers[static_cast<std::size_t>(at)];
            shard.board = system_.shards[index(maker)].board;
            shard.latency_cycles = 0;
            shard.inputs = {{maker, true, std::nullopt, 0}};
            fed_.insert(id);
            return;
        }
    }

    void remove_unused_links() {
        std::vector<bool> used(system_.links.size(), false);
        for (const Transfer& transfer : system_.transfers)
            for (const LinkId link : transfer.route) used[index(link)] = true;
        std::vector<LinkId> moved(system_.links.size());
        std::vector<Link> kept;
        for (std::size_t l = 0; l < used.size(); ++l) {
            moved[l] = id_at<LinkId>(kept.size());
            if (used[l]) kept.push_back(system_.links[l]);
        }
        system_.links = std::move(kept);
        for (Transfer& transfer : system_.transfers)
            for (LinkId& link : transfer.route) link = moved[index(link)];
    }

    /// What nobody reads leaves the system.
    void decide() {
        std::set<std::string> read;
        for (const Stage& stage : stages_) {
            for (const StageInput& input : stage.inputs) read.insert(input.from);
            if (!stage.feeds.empty()) read.insert(stage.name);
        }
        for (const Stage& stage : stages_) {
            if (read.contains(stage.name)) continue;
            const auto& shards = shards_of_.at(stage.name);
            const auto parts = static_cast<std::int64_t>(shards.size());
            for (const ShardId shard : shards)
                add_transfer(shard, kOutside, divide_up(stage.words * system_.link_timing.frame_bits, parts));
        }
    }

    const Mapping& part_;
    const models::Network& network_;
    const std::vector<Stage>& stages_;
    Mapping system_;
    double fibre_m_ = 0;
    std::int64_t link_ticks_ = 0;
    std::map<std::string, std::vector<ShardId>> shards_of_;  ///< by stage, board after board
    std::vector<Delivery> deliveries_;                       ///< outputs of the network that stages read
    std::set<ShardId> fed_;                                  ///< inputs of the network that stages make
};

}  // namespace

Mapping add_stages(const Mapping& network_mapping, const models::Network& network, const std::vector<Stage>& stages,
                   const topologies::LinkProtocol& link) {
    return SystemBuilder(network_mapping, network, stages, link).build();
}

double bound_latency_ns(const std::vector<Stage>& stages, double network_ns) {
    const auto behind = stages_behind_network(stages);
    std::map<std::string, double> done{{kFromNetwork, 0}, {kFromDetector, 0}};
    double slowest = 0;
    for (const bool after : {false, true}) {
        for (const Stage& stage : stages) {
            if (behind.contains(stage.name) != after) continue;
            double start = 0;
            for (const StageInput& input : stage.inputs) start = std::max({start, input.arrival_ns, done.at(input.from)});
            done[stage.name] = start + stage.latency_ns;
            if (!stage.feeds.empty()) done[kFromNetwork] = std::max(done[kFromNetwork], done[stage.name]);
            slowest = std::max(slowest, done[stage.name]);
        }
        if (!after) done[kFromNetwork] += network_ns, slowest = std::max(slowest, done[kFromNetwork]);
    }
    return slowest;
}

int boards_of(const std::vector<Stage>& stages) {
    int sum = 0;
    for (const Stage& stage : stages) sum += stage.boards;
    return sum;
}

std::vector<Assumption> assumptions_of(const std::vector<Stage>& stages) {
    std::vector<Assumption> all;
    for (const Stage& stage : stages) {
        std::string reads;
        for (const StageInput& input : stage.inputs) {
            if (input.from == kFromDetector) reads += fmt::format(", {} words in after {:.0f} ns", input.words, input.arrival_ns);
        }
        all.push_back({"stage " + stage.name,
                       fmt::format("{} boards, {:.0f} ns, an event every {} BX{}, {} words out", stage.boards, stage.latency_ns,
                                   stage.interval_bx, reads, stage.words),
                       stage.source});
    }
    return all;
}

}  // namespace tessera::partition
