#include "partition/entrances.h"

#include <doctest/doctest.h>

#include <set>

#include "partition/patch_panel.h"

namespace tessera::partition {
namespace {

Shard shard_on(BoardId board) {
    Shard shard;
    shard.board = board;
    return shard;
}

/// Two inputs of 640 bits, one read on boards 0, 1 and 2 and one on board 2, which reads more so; boards 3 and 4 make outputs.
Mapping readers(int ports) {
    Mapping mapping;
    mapping.board_types = {{"card", "device", 1, {}, {}, ports, 0, false}};
    mapping.boards = {0, 0, 0, 0, 0};
    mapping.shards = {shard_on(kOutside), shard_on(kOutside), shard_on(BoardId{3}), shard_on(BoardId{4})};
    mapping.transfers = {{ShardId{0}, BoardId{0}, 640, {}, 0}, {ShardId{0}, BoardId{1}, 640, {}, 0}, {ShardId{0}, BoardId{2}, 640, {}, 0},
                         {ShardId{1}, BoardId{2}, 640, {}, 0}, {ShardId{2}, kOutside, 64, {}, 0},    {ShardId{3}, kOutside, 192, {}, 0}};
    return mapping;
}

topologies::BoardRoles roles_of(const std::string& keys) {
    return topologies::read_board_roles(JsonReader::from_text("topology", R"({"kind": "patch_panel", )" + keys + "}"));
}

/// Every transfer's route is a chain from where its result is to where it is needed, and the outside's lanes are where they may be.
void check_plugged(const Mapping& mapping, const topologies::BoardRoles& roles) {
    for (const Transfer& transfer : mapping.transfers) {
        BoardId at = mapping.shards[index(transfer.from)].board;
        for (const LinkId id : transfer.route) {
            const Link& link = mapping.links[index(id)];
            CHECK(link.from == at);
            at = link.to;
        }
        CHECK(at == transfer.to);
    }
    for (const Link& link : mapping.links) {
        if (link.from == kOutside) CHECK(roles.may_enter(BoardId{mapping.positions[index(link.to)]}));
        if (link.to == kOutside) CHECK(roles.may_leave(BoardId{mapping.positions[index(link.from)]}));
    }
    CHECK(std::set(mapping.positions.begin(), mapping.positions.end()).size() == mapping.boards.size());
}

std::optional<PortShortage> plug(Mapping& mapping, const Entrances& entrances) {
    mapping.positions = entrances.positions;
    mapping.boards.insert(mapping.boards.end(), entrances.added, 0);
    return allocate_patch_panel(mapping, 9, 5, 45, entrances.via);
}

}  // namespace

TEST_CASE("boards that read most of the inputs take the numbers at which these enter, and forward what others read") {
    const auto roles = roles_of(R"("inputs_at": [7, 1], "decision_at": 3)");
    Mapping mapping = readers(64);
    const auto entrances = choose_entrances(mapping, roles, false);
    CHECK(entrances.added == 0);
    CHECK(entrances.positions == std::vector<std::uint32_t>{7, 0, 1, 2, 3});  // board 2 reads most, board 0 comes first of the others
    CHECK(entrances.via[0] == kOutside);
    CHECK(entrances.via[1] == BoardId{0});  // it reads less itself
    CHECK(entrances.via[4] == BoardId{4});
    CHECK(entrances.via[5] == kOutside);
    CHECK_FALSE(plug(mapping, entrances));
    check_plugged(mapping, roles);
    CHECK(mapping.transfers[1].route.size() == 2);
    CHECK(mapping.transfers[4].route.size() == 2);
}

TEST_CASE("boards may be added that carry nothing but what enters and leaves") {
    for (const char* keys : {R"("inputs_at": [0], "decision_at": 1)", R"("inputs_at": [2, 5], "decision_at": 5)",
                             R"("inputs_at": [0, 1, 2])", R"("decision_at": 0)"}) {
        CAPTURE(keys);
        const auto roles = roles_of(keys);
        Mapping mapping = readers(64);
        const auto entrances = choose_entrances(mapping, roles, true);
        CHECK(entrances.added >= 1);
        CHECK(entrances.added <= 2);
        for (std::size_t t = 0; t < mapping.transfers.size(); ++t) {
            const bool from_outside = mapping.shards[index(mapping.transfers[t].from)].board == kOutside;
            const bool bound = from_outside ? !roles.inputs_at.empty() : roles.decision_at.has_value();
            CHECK((entrances.via[t] != kOutside) == bound);
            if (bound) CHECK(index(entrances.via[t]) >= 5);
        }
        CHECK_FALSE(plug(mapping, entrances));
        check_plugged(mapping, roles);
    }
}

TEST_CASE("one board alone does not stand at two numbers") {
    Mapping mapping = readers(64);
    mapping.boards = {0};
    for (Shard& shard : mapping.shards) shard.board = shard.board == kOutside ? kOutside : BoardId{0};
    mapping.transfers = {{ShardId{0}, BoardId{0}, 640, {}, 0}, {ShardId{2}, kOutside, 64, {}, 0}};
    const auto roles = roles_of(R"("inputs_at": [0], "decision_at": 1)");
    const auto entrances = choose_entrances(mapping, roles, false);
    CHECK(entrances.added == 1);
    CHECK_FALSE(plug(mapping, entrances));
    check_plugged(mapping, roles);
    CHECK(choose_entrances(readers(64), roles_of(R"("inputs_at": [4], "decision_at": 4)"), false).positions.back() == 4);
}

TEST_CASE("lanes that a board forwards count among its ports") {
    // 640 bits take two lanes of 9 frames a crossing: the board reads two such transfers itself, and forwards as many to two others.
    const auto roles = roles_of(R"("inputs_at": [0])");
    for (const int ports : {8, 7}) {
        CAPTURE(ports);
        Mapping straight = readers(ports), mapping = readers(ports);
        CHECK_FALSE(allocate_patch_panel(straight, 9, 5, 45));
        const auto shortage = plug(mapping, choose_entrances(mapping, roles, false));
        REQUIRE(shortage.has_value() == (ports == 7));
        if (shortage) CHECK(shortage->needed == 8);
        if (!shortage) check_plugged(mapping, roles);
    }
}

}  // namespace tessera::partition
