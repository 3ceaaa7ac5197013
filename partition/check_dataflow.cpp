#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/arithmetic.h"
#include "models/dataflow.h"
#include "partition/check_rectangles.h"
#include "partition/check_rules.h"

namespace tessera::partition {

using models::Flow;
using models::Network;
using models::OperatorKind;
using models::Range;
using models::Region;

namespace {

/// Follows every flow of the network through the mapping.
class FlowCheck {
  public:
    FlowCheck(const Mapping& mapping, const Network& network, Violations& found) : mapping_(mapping), network_(network), found_(found) {
        shards_of_.resize(network.operators.size());
        for (std::uint32_t s = 0; s < mapping.shards.size(); ++s) {
            if (mapping.shards[s].kind != kExternal) {
                shards_of_[mapping.shards[s].op].push_back(s);
                continue;
            }
            for (const ShardInput& input : mapping.shards[s].inputs) {
                if (input.transfer) delivery_of_[input.from] = *input.transfer;
            }
        }
        for (std::uint32_t t = 0; t < mapping.transfers.size(); ++t) {
            if (mapping.transfers[t].to == kOutside) delivery_of_[mapping.transfers[t].from] = id_at<TransferId>(t);
        }
    }

    void run() {
        const auto flows = models::dataflow(network_);
        for (std::size_t first = 0; first < flows.size();) {
            std::size_t last = first;
            while (last < flows.size() && flows[last].consumer == flows[first].consumer) ++last;
            check_consumer({flows.begin() + static_cast<std::ptrdiff_t>(first), flows.begin() + static_cast<std::ptrdiff_t>(last)});
            first = last;
        }
        check_bits();
    }

  private:
    using InputsByOperator = std::map<std::uint32_t, std::vector<const ShardInput*>>;

    void check_consumer(const std::vector<Flow>& flows) {
        const auto& consumer = network_.op(flows.front().consumer);
        if (consumer.kind == OperatorKind::output) {
            for (const Flow& flow : flows) check_delivery(flow);
            return;
        }
        for (const std::uint32_t s : shards_of_[index(consumer.id)]) {
            const InputsByOperator inputs = inputs_of(mapping_.shards[s]);
            for (const Flow& flow : flows) check_shard(flow, s, inputs);
        }
    }

    /// The inputs of a shard by the operator that they come from, each producer once: of its stripes the one that is waited for least.
    InputsByOperator inputs_of(const Shard& shard) const {
        std::map<std::pair<ShardId, std::optional<TransferId>>, const ShardInput*> ways;
        for (const ShardInput& input : shard.inputs) {
            const auto [place, fresh] = ways.try_emplace({input.from, input.transfer}, &input);
            if (!fresh && input.barrier) place->second = &input;
        }
        std::map<ShardId, const ShardInput*> unique;
        for (const auto& [way, input] : ways) {
            const auto [place, fresh] = unique.try_emplace(way.first, input);
            if (!fresh && !input->barrier) place->second = input;
        }
        InputsByOperator by_operator;
        for (const auto& [from, input] : unique) by_operator[mapping_.shards[index(from)].op].push_back(input);
        return by_operator;
    }

    void check_shard(const Flow& flow, std::uint32_t s, const InputsByOperator& inputs) {
        const Shard& shard = mapping_.shards[s];
        const Region needed = models::needed(flow, region_of(shard));
        if (area(needed) == 0) return;
        const auto from = inputs.find(static_cast<std::uint32_t>(index(flow.producer)));
        std::int64_t fed = 0;
        if (from != inputs.end()) {
            const std::vector<std::int64_t> ends = needed_ends(flow, shard);
            for (const ShardInput* input : from->second) {
                const Region part = common_part(needed, region_of(mapping_.shards[index(input->from)]));
                if (area(part) == 0) continue;
                fed += area(part);
                check_barrier(flow, s, *input, ends);
                if (input->transfer) carried_[{ends_of(*input->transfer), flow.tensor}].push_back(part);
            }
        }
        if (fed >= area(needed)) return;
        found_.push_back({"flow", place_of(mapping_, id_at<ShardId>(s)),
                          fmt::format("{} of the {} elements that it needs of {} ({}) are fed", fed, area(needed),
                                      network_.op(flow.producer).name, text_of(needed))});
    }

    /// For each chunk of the consumer: the end of the producer's tokens that it and those before need.
    static std::vector<std::int64_t> needed_ends(const Flow& flow, const Shard& consumer) {
        std::vector<std::int64_t> ends;
        const Region all = region_of(consumer);
        for (std::int64_t chunk = 1; chunk <= consumer.chunks; ++chunk) {
            const Range tokens{all.tokens.begin, all.tokens.begin + divide_up(all.tokens.size() * chunk, consumer.chunks)};
            const Region needed = models::needed(flow, {tokens, all.channels});
            ends.push_back(area(needed) == 0 ? 0 : needed.tokens.end);
        }
        return ends;
    }

    /// Without a barrier, chunk k of n waits for the first ceil((k+1) m / n) of m chunks (rule 1 of
    /// mapping.h): the tokens that it needs must be among theirs.
    void check_barrier(const Flow& flow, std::uint32_t s, const ShardInput& input, const std::vector<std::int64_t>& ends) {
        const Shard& consumer = mapping_.shards[s];
        const Shard& producer = mapping_.shards[index(input.from)];
        if (input.barrier || consumer.chunks == 1 || producer.chunks == 1) return;  // it waits for all anyway
        const std::string where = place_of(mapping_, id_at<ShardId>(s));
        if (flow.tokens == models::Access::whole) {
            found_.push_back(
                {"barrier", where, fmt::format("its first chunk needs all of shard {}, and does not wait for it", index(input.from))});
            return;
        }
        const std::int64_t tokens = producer.token_end - producer.token_begin;
        for (std::int64_t chunk = 0; chunk < consumer.chunks; ++chunk) {
            const std::int64_t waits_for = divide_up((chunk + 1) * producer.chunks, consumer.chunks);
            const std::int64_t there = producer.token_begin + divide_up(tokens * waits_for, producer.chunks);
            const std::int64_t end = std::min(ends[static_cast<std::size_t>(chunk)], producer.token_end);
            if (end <= there) continue;
            found_.push_back({"barrier", where,
                              fmt::format("chunk {} needs the tokens of shard {} before {}, and waits for those before {}", chunk,
                                          index(input.from), end, there)});
            return;
        }
    }

    /// A network output leaves the boards whole; an input that goes straight out never entered.
    void check_delivery(const Flow& flow) {
        if (network_.op(flow.producer).kind == OperatorKind::input) return;
        for (const std::uint32_t s : shards_of_[index(flow.producer)]) {
            const Region part = common_part(flow.from, region_of(mapping_.shards[s]));
            if (area(part) == 0) continue;
            const auto delivery = delivery_of_.find(id_at<ShardId>(s));
            if (delivery != delivery_of_.end()) {
                carried_[{ends_of(delivery->second), flow.tensor}].push_back(part);
                continue;
            }
            found_.push_back({"flow", place_of(mapping_, id_at<ShardId>(s)),
                              fmt::format("{} of the output {} do not leave", text_of(part), network_.op(flow.consumer).name)});
        }
    }

    /// What carries a shard's result to a board: a transfer, or the stripes of it together.
    using Ends = std::pair<ShardId, BoardId>;

    Ends ends_of(TransferId transfer) const { return {mapping_.transfers[index(transfer)].from, mapping_.transfers[index(transfer)].to}; }

    /// Each transfer has room for all that its users need of the shard; an element takes a bit at least.
    void check_bits() {
        std::map<Ends, std::int64_t> needed, there;
        std::map<Ends, TransferId> first;
        for (const auto& [key, regions] : carried_) {
            needed[key.first] += union_area(regions) * std::max(1, network_.tensor(key.second).format.width);
        }
        for (std::uint32_t t = 0; t < mapping_.transfers.size(); ++t) {
            const Ends ends = ends_of(id_at<TransferId>(t));
            there[ends] += mapping_.transfers[t].bits;
            first.try_emplace(ends, id_at<TransferId>(t));
        }
        for (const auto& [ends, bits] : needed) {
            if (there[ends] >= bits) continue;
            found_.push_back(
                {"bits", place_of(mapping_, first.at(ends)), fmt::format("{} bits an event, at least {} needed", there[ends], bits)});
        }
    }

    const Mapping& mapping_;
    const Network& network_;
    Violations& found_;
    std::vector<std::vector<std::uint32_t>> shards_of_;                 ///< by operator
    std::map<ShardId, TransferId> delivery_of_;                         ///< transfers to the outside, or to an external stage
    std::map<std::pair<Ends, TensorId>, std::vector<Region>> carried_;  ///< what the users of a transfer need
};

}  // namespace

void check_dataflow(const Mapping& mapping, const Network& network, Violations& found) { FlowCheck(mapping, network, found).run(); }

}  // namespace tessera::partition
