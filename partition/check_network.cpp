#include <fmt/format.h>

#include <algorithm>

#include "models/common_device.h"
#include "partition/check_rectangles.h"
#include "partition/check_rules.h"

namespace tessera::partition {

using models::Network;
using models::OperatorKind;

namespace {

bool takes_hardware(OperatorKind kind) {
    return kind != OperatorKind::input && kind != OperatorKind::output && kind != OperatorKind::wiring;
}

/// A board type offers no more than the board that it stands for.
void check_board_type(const BoardType& type, const std::string& where, const boards::Board& board, Violations& found) {
    const auto no_more = [&](const std::string& what, double value, double allowed) {
        if (value > allowed * (1 + 1e-9))
            found.push_back({"board_type", where, fmt::format("{} {}, {} has {}", value, what, board.name, allowed)});
    };
    for (std::size_t r = 0; r < Resources::names.size(); ++r) {
        no_more(std::string(Resources::names[r]) + " of an SLR", type.slr_capacity.values()[r], board.slr_capacity().values()[r]);
    }
    no_more("SLRs", type.slrs, board.slrs());
    no_more("ports", type.ports, board.ports);
    if (type.slr_crossing_cycles >= board.device.slr_crossing_cycles) return;
    found.push_back(
        {"board_type", where,
         fmt::format("crosses an SLR in {} cycles, {} takes {}", type.slr_crossing_cycles, board.name, board.device.slr_crossing_cycles)});
}

/// The position in the stock of what a board type stands for; its size where that is nothing.
std::size_t stands_for(const BoardType& type, const boards::Stock& stock) {
    if (stock.size() == 1) return 0;
    const auto named = [&](const boards::BoardStock& each) { return each.board.name + (type.is_switch ? " (switch)" : "") == type.name; };
    return static_cast<std::size_t>(std::find_if(stock.begin(), stock.end(), named) - stock.begin());
}

/// Every board is of a type that there is, and there are as many of it. Where there is one type, switch boards are of it as well; else of
/// that which they are named after.
void check_board_types(const Mapping& mapping, const boards::Stock& stock, Violations& found) {
    std::vector<std::int64_t> taken(stock.size() + 1, 0);
    std::vector<std::size_t> of_type;
    for (std::size_t t = 0; t < mapping.board_types.size(); ++t) {
        const BoardType& type = mapping.board_types[t];
        const std::string where = fmt::format("board type {} ({})", t, type.name);
        of_type.push_back(stands_for(type, stock));
        if (of_type.back() == stock.size()) {
            found.push_back({"board_type", where, fmt::format("none of the {} that there are", stock.size())});
        } else if (!type.is_switch) {
            check_board_type(type, where, stock[of_type.back()].board, found);
        }
    }
    for (const std::uint32_t type : mapping.boards) taken[of_type[type]] += mapping.tmux_period_bx;
    for (std::size_t s = 0; s < stock.size(); ++s) {
        if (taken[s] <= stock[s].boards) continue;
        found.push_back({"board_type", stock[s].board.name, fmt::format("{} boards, {} are there", taken[s], stock[s].boards)});
    }
}

/// True for the shards of external stages, which the network does not know.
bool is_external(const Shard& shard, const Network& network) { return shard.op >= network.operators.size() && shard.kind == kExternal; }

/// True where an input of the network stands on a board because an external stage there makes it.
bool made_by_stage(const Mapping& mapping, const Shard& input, const Network& network) {
    return std::any_of(input.inputs.begin(), input.inputs.end(),
                       [&](const ShardInput& from) { return !from.transfer && is_external(mapping.shards[index(from.from)], network); });
}

/// Every shard is a piece of an operator of the network.
void check_operators(const Mapping& mapping, const Network& network, Violations& found) {
    for (std::size_t s = 0; s < mapping.shards.size(); ++s) {
        const Shard& shard = mapping.shards[s];
        const std::string where = place_of(mapping, id_at<ShardId>(s));
        if (is_external(shard, network)) continue;
        if (shard.op >= network.operators.size()) {
            found.push_back({"operator", where, fmt::format("operator {} named, {} there", shard.op, network.operators.size())});
            continue;
        }
        const auto& op = network.operators[shard.op];
        const bool outside = shard.board == kOutside || made_by_stage(mapping, shard, network);
        if (outside != (op.kind == OperatorKind::input) || (!outside && !takes_hardware(op.kind))) {
            found.push_back({"operator", where, fmt::format("{} {} stands {}", models::name_of(op.kind), op.name, place_of(shard.board))});
        }
        if (shard.kind != models::name_of(op.kind)) {
            found.push_back({"operator", where, fmt::format("kind \"{}\", {} is \"{}\"", shard.kind, op.name, models::name_of(op.kind))});
        }
        const models::StreamShape stream = network.stream(op.id);
        if (shard.token_end > stream.tokens || shard.channel_end > stream.channels) {
            found.push_back({"operator", where,
                             fmt::format("makes {} of {} tokens, {} channels", text_of(region_of(shard)), stream.tokens, stream.channels)});
        }
    }
}

/// Every operator with hardware is made whole. That nothing is made twice is the rule "overlap" of `check`.
void check_coverage(const Mapping& mapping, const Network& network, Violations& found) {
    std::vector<std::int64_t> made(network.operators.size());
    for (const Shard& shard : mapping.shards) {
        if (!is_external(shard, network)) made[shard.op] += area(region_of(shard));
    }
    for (const auto& op : network.operators) {
        const std::int64_t elements = network.stream(op.id).elements();
        if (!takes_hardware(op.kind) || made[index(op.id)] == elements) continue;
        found.push_back({"coverage", fmt::format("operator {} ({})", index(op.id), op.name),
                         fmt::format("{} of {} elements are made", made[index(op.id)], elements)});
    }
}

}  // namespace

std::vector<Violation> check_against(const Mapping& mapping, const Network& network, const boards::Stock& stock) {
    Violations found;
    check_values(mapping, found);
    check_ids(mapping, found);
    if (!found.empty()) return found;
    check_board_types(mapping, stock, found);
    check_operators(mapping, network, found);
    if (!found.empty()) return found;  // the rules below look shards up in the network
    check_coverage(mapping, network, found);
    check_dataflow(mapping, network, found);
    check_costs(mapping, network, models::common_device(stock), found);
    return found;
}

}  // namespace tessera::partition
