#include "partition/detours.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "partition/schedule.h"

using namespace tessera;
using namespace tessera::partition;

namespace {

/// Shards in a row behind a source, one after another, of 10 cycles each.
ShardGraph in_a_row(std::uint32_t shards) {
    ShardVariant built;
    built.token_latency_cycles = 10, built.resources.lut = 10;
    ShardGraph graph;
    graph.variants = {{built}};
    graph.shards.resize(shards + 1);
    graph.shards.front().outside = true;
    for (std::uint32_t s = 0; s <= shards; ++s) {
        graph.shards[s].op = graph.shards[s].column = s;
        graph.shards[s].region = {{0, 1}, {0, 8}};
        const bool last = s == shards;
        graph.needs.push_back({.from = s, .to = last ? ShardGraph::kNone : s + 1, .region = {}, .bits = 64, .barrier = true});
    }
    return graph;
}

/// A fibre of 50 ticks wherever a board follows another.
Mapping joined(const ShardGraph& graph, const Placement& placement) {
    Mapping mapping;
    mapping.tmux_period_bx = 100;
    mapping.link_timing = {"test", 64, 0, 0, 1};
    BoardType type;
    mapping.board_types = {type};
    mapping.boards.assign(placement.boards, 0);
    const auto board_of = [&](std::size_t s) { return graph.shards[s].outside ? kOutside : id_at<BoardId>(placement.board[s]); };
    const auto send = [&](std::size_t from, BoardId to) {
        const BoardId here = board_of(from);
        mapping.links.push_back({here, to, 1, 0, here == kOutside || to == kOutside ? 0 : 50, 100});
        mapping.transfers.push_back({id_at<ShardId>(from), to, 64, {id_at<LinkId>(mapping.links.size() - 1)}});
        return id_at<TransferId>(mapping.transfers.size() - 1);
    };
    for (std::size_t s = 0; s < graph.shards.size(); ++s) {
        Shard shard;
        shard.board = board_of(s);
        if (s > 0) {
            shard.latency_cycles = 10, shard.chunk_interval_cycles = 10;
            ShardInput input{id_at<ShardId>(s - 1), true, {}, 0};
            if (board_of(s - 1) != shard.board) input.transfer = send(s - 1, shard.board);
            shard.inputs = {input};
        }
        mapping.shards.push_back(shard);
    }
    send(graph.shards.size() - 1, kOutside);
    apply(schedule(mapping), mapping);
    return mapping;
}

struct Found {
    LaidOut before, after;
    int layouts = 0;
};

Found shortened(const ShardGraph& graph, double slr_lut, const std::vector<std::uint32_t>& boards, int most_tries) {
    BoardSpace space;
    space.types.front().slr_capacity.lut = slr_lut;
    Placement placement;
    placement.board = {Placement::kOutsideBoard};
    placement.board.insert(placement.board.end(), boards.begin(), boards.end());
    placement.slr.assign(placement.board.size(), 0), placement.variant = {std::vector<std::uint32_t>(placement.board.size(), 0)};
    placement.boards = *std::max_element(boards.begin(), boards.end()) + 1;
    Found found;
    const LayOut lay_out = [&](const Placement& moved) -> std::optional<LaidOut> {
        ++found.layouts;
        return LaidOut{moved, joined(graph, moved)};
    };
    found.before = {placement, joined(graph, placement)};
    found.after = without_detours(graph, space, {}, found.before, lay_out, most_tries);
    return found;
}

}  // namespace

TEST_CASE("a shard of the slowest path goes back to the board that it is waited for on") {
    // Boards 0, 1, 0, 1, 1: the second shard makes the way two hops longer.
    const auto found = shortened(in_a_row(5), 50, {0, 1, 0, 1, 1}, 100);
    CHECK(found.after.mapping.analytic_latency_ticks == found.before.mapping.analytic_latency_ticks - 2 * 51);
    CHECK(found.after.placement.boards == 2);
}

TEST_CASE("where a board is full another shard makes room") {
    const auto found = shortened(in_a_row(6), 31, {0, 1, 0, 1, 0, 1}, 100);
    CHECK(found.after.mapping.analytic_latency_ticks < found.before.mapping.analytic_latency_ticks);
    for (const std::uint32_t board : {0U, 1U})
        CHECK(std::count(found.after.placement.board.begin(), found.after.placement.board.end(), board) == 3);
}

TEST_CASE("no more layouts are made than asked for, and none is worse") {
    const auto graph = in_a_row(6);
    CHECK(shortened(graph, 60, {0, 1, 0, 1, 0, 1}, 1).layouts == 1);
    const auto found = shortened(graph, 60, {0, 0, 0, 1, 1, 1}, 100);
    CHECK(found.after.mapping.analytic_latency_ticks <= found.before.mapping.analytic_latency_ticks);
}
