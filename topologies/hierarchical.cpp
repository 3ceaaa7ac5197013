// Topologies of groups of boards: dragonfly, crates, fat tree.

#include <algorithm>
#include <string>

#include "core/arithmetic.h"
#include "topologies/cabling.h"
#include "topologies/generators.h"
#include "topologies/places.h"

namespace tessera::topologies {

namespace {

std::size_t parameter(const Request& request, const std::string& key, std::size_t otherwise, std::size_t most) {
    return static_cast<std::size_t>(request.reader.integer(key, static_cast<std::int64_t>(otherwise), 1, static_cast<std::int64_t>(most)));
}

/// Groups of equal size, each a full mesh inside; every pair of groups is joined by cables that are
/// spread evenly over the boards of both.
struct Groups {
    std::size_t count = 1;
    std::size_t size = 1;
    std::size_t cables_per_pair = 1;

    std::size_t boards() const { return count * size; }
};

Cabling mesh_inside(const Groups& groups) {
    Cabling cabling(groups.boards());
    for (std::size_t group = 0; group < groups.count; ++group) {
        for (std::size_t a = 0; a < groups.size; ++a) {
            for (std::size_t b = a + 1; b < groups.size; ++b) cabling.join(group * groups.size + a, group * groups.size + b);
        }
    }
    return cabling;
}

/// Pair (i, j) takes, at i, the slots of the (j-1)-th and at j of the i-th peer (i < j).
void join_groups(Cabling& cabling, const Groups& groups) {
    for (std::size_t i = 0; i < groups.count; ++i) {
        for (std::size_t j = i + 1; j < groups.count; ++j) {
            for (std::size_t cable = 0; cable < groups.cables_per_pair; ++cable) {
                const std::size_t at_i = ((j - 1) * groups.cables_per_pair + cable) % groups.size;
                const std::size_t at_j = (i * groups.cables_per_pair + cable) % groups.size;
                cabling.join(i * groups.size + at_i, j * groups.size + at_j);
            }
        }
    }
}

/// Groups for all boards. By default as many cables a pair as give every board at least one.
Groups read_groups(const Request& request, std::size_t size, const std::string& cables_key) {
    Groups groups{divide_up(request.boards, size), size, 1};
    if (groups.boards() > kMostBoards) {
        request.reader.fail("found " + std::to_string(groups.boards()) + " boards", "at most " + std::to_string(kMostBoards));
    }
    groups.cables_per_pair = parameter(request, cables_key, divide_up(size, std::max<std::size_t>(1, groups.count - 1)), size);
    return groups;
}

}  // namespace

namespace {

/// Balanced, or up to half larger where that leaves fewer positions to spare.
std::size_t default_group(std::size_t boards) {
    // Balanced: a group of a boards with a / 2 global cables each reaches a * a / 2 other groups
    // (Kim, Dally, Scott, Abts, Technology-Driven, Highly-Scalable Dragonfly Topology, ISCA 2008).
    std::size_t balanced = 1;
    while (balanced * balanced * balanced < 2 * boards) ++balanced;
    const auto all = [&](std::size_t size) { return divide_up(boards, size) * size; };
    std::size_t best = std::min(balanced, boards);
    for (std::size_t size = best + 1; size <= std::min(balanced + balanced / 2, boards); ++size) {
        if (all(size) < all(best)) best = size;
    }
    return best;
}

}  // namespace

Topology make_dragonfly(const Request& request) {
    const std::size_t size = parameter(request, "boards_per_group", default_group(request.boards), kMostBoards);
    const Groups groups = read_groups(request, size, "cables_per_group_pair");
    Cabling cabling = mesh_inside(groups);
    join_groups(cabling, groups);
    const int lanes = cabling.lanes(request);
    Topology topology = uncabled("dragonfly", groups.boards(), groups.boards());
    topology.description = "dragonfly of " + std::to_string(groups.count) + " groups of " + std::to_string(size) + " boards, " +
                           std::to_string(lanes) + " lanes a cable";
    topology.places = places_in_groups(groups.count, size);
    cabling.plug(topology, lanes, request.length_m);
    return topology;
}

Topology make_crates(const Request& request) {
    // An ATCA shelf has 14 slots, two of them for hubs; a channel of its fabric interface has 4 lanes (PICMG 3.0).
    const std::size_t size = parameter(request, "boards_per_crate", std::min<std::size_t>(12, request.boards), kMostBoards);
    const auto backplane_lanes = static_cast<int>(parameter(request, "backplane_lanes", 4, 1'000));
    const double backplane_m = request.reader.number("backplane_m", kBackplaneM, 0, 100);
    const Groups groups = read_groups(request, size, "cables_per_crate_pair");
    Cabling optical(groups.boards());
    join_groups(optical, groups);
    const int left = request.ports - backplane_lanes * static_cast<int>(size - 1);
    if (left < static_cast<int>(optical.degree())) {
        request.reader.fail("the backplane takes " + std::to_string(request.ports - left) + " ports of a board",
                            "at most " + std::to_string(request.ports) + ", with " + std::to_string(optical.degree()) + " left for fibres");
    }
    Request outside = request;
    outside.ports = left;
    const int lanes = optical.degree() == 0 ? 0 : optical.lanes(outside);
    Topology topology = uncabled("crates", groups.boards(), groups.boards());
    topology.description = std::to_string(groups.count) + " crates of " + std::to_string(size) + " boards, " +
                           std::to_string(backplane_lanes) + " backplane lanes and " + std::to_string(lanes) + " lanes a fibre cable";
    topology.places = places_in_groups(groups.count, size);
    mesh_inside(groups).plug(topology, backplane_lanes, backplane_m);
    optical.plug(topology, lanes, request.length_m);
    return topology;
}

namespace {

/// An extended generalised fat tree (Ohring, Ibel, Das, Kumar, On Generalized Fat Trees, IPPS 1995):
/// a node of level l has `children[l-1]` nodes below it and `parents[l]` above.
struct FatTree {
    std::vector<std::size_t> children;
    std::vector<std::size_t> parents;
    std::size_t boards = 1;
    int switch_ports = 1;

    std::size_t levels() const { return children.size(); }
    /// Compute boards below a node of a level.
    std::size_t span(std::size_t level) const { return product(children, level); }
    /// Nodes of a level that stand above the same compute boards.
    std::size_t twins(std::size_t level) const { return product(parents, level); }
    /// Nodes without a compute board below are left out.
    std::size_t nodes(std::size_t level) const { return divide_up(boards, span(level)) * twins(level); }

    /// Of the first `level` counts; stops where it exceeds what any topology may have.
    static std::size_t product(const std::vector<std::size_t>& counts, std::size_t level) {
        std::size_t all = 1;
        for (std::size_t l = 0; l < level; ++l) all = std::min(all * counts[l], kMostBoards + 1);
        return all;
    }
};

/// Where a switch reaches all boards, one level: as many switches side by side as take a board's ports; a layout uses those that it
/// needs. Else levels, with one switch above a board.
FatTree default_fat_tree(std::size_t boards, int board_ports, int switch_ports) {
    FatTree tree{.children = {}, .parents = {}, .boards = boards, .switch_ports = switch_ports};
    if (boards <= static_cast<std::size_t>(switch_ports)) {
        const int lanes = std::min(switch_ports / static_cast<int>(boards), std::max(1, board_ports / 2));
        tree.children = {boards};
        tree.parents = {static_cast<std::size_t>(std::max(1, board_ports / lanes))};
        return tree;
    }
    const auto leaf = static_cast<std::size_t>(std::clamp(switch_ports / 16, 2, 8));
    const auto middle = static_cast<std::size_t>(std::clamp(switch_ports / 4, 2, 16));
    std::size_t left = divide_up(boards, leaf);
    tree.children.push_back(std::min(leaf, boards));
    for (; left > middle; left = divide_up(left, middle)) tree.children.push_back(middle);
    if (left > 1) tree.children.push_back(left);
    tree.parents.assign(tree.children.size(), static_cast<std::size_t>(std::clamp(switch_ports / 2, 1, 4)));
    tree.parents[0] = 1;
    return tree;
}

std::vector<std::size_t> read_counts(const JsonReader& reader, std::size_t levels) {
    std::vector<std::size_t> counts;
    for (const auto& count : reader.items()) counts.push_back(static_cast<std::size_t>(count.integer(1, 10'000)));
    if (counts.empty() || counts.size() > 8 || (levels != 0 && counts.size() != levels)) {
        reader.fail("found " + std::to_string(counts.size()) + " levels",
                    levels == 0 ? "1 to 8 levels" : std::to_string(levels) + " levels");
    }
    return counts;
}

FatTree read_fat_tree(const Request& request) {
    const auto switch_ports = static_cast<int>(parameter(request, "switch_ports", static_cast<std::size_t>(request.ports), 100'000));
    FatTree tree = default_fat_tree(request.boards, request.ports, switch_ports);
    if (request.reader.has("children") != request.reader.has("parents")) request.reader.fail("one of children and parents", "both or none");
    if (request.reader.has("children")) {
        const JsonReader children = request.reader.at("children");
        tree.children = read_counts(children, 0);
        tree.parents = read_counts(request.reader.at("parents"), tree.levels());
        std::size_t room = 1;
        for (const std::size_t count : tree.children) room = std::min(room * count, kMostBoards);
        if (room < request.boards) {
            children.fail("found room for " + std::to_string(room) + " boards",
                          "room for the " + std::to_string(request.boards) + " that are needed");
        }
    }
    std::size_t all = 0;
    for (std::size_t level = 0; level <= tree.levels(); ++level) {
        all += tree.nodes(level);
        if (all > kMostBoards) request.reader.fail("more boards and switches than " + std::to_string(kMostBoards), "fewer parents");
    }
    return tree;
}

/// Lanes of a cable from level - 1 to level: half of a switch's ports go down and half up, all of
/// the topmost go down.
int level_lanes(const Request& request, const FatTree& tree, std::size_t level) {
    if (level == 1 && request.lanes > 0) return request.lanes;
    const int below = (level == 1 ? request.ports : tree.switch_ports / 2) / static_cast<int>(tree.parents[level - 1]);
    const int above = (level == tree.levels() ? tree.switch_ports : tree.switch_ports / 2) / static_cast<int>(tree.children[level - 1]);
    const int lanes = std::min(below, above);
    if (lanes < 1) {
        request.reader.fail("no port left for a cable to level " + std::to_string(level),
                            "more switch_ports than " + std::to_string(tree.switch_ports) + ", fewer children or fewer parents");
    }
    return lanes;
}

}  // namespace

Topology make_fat_tree(const Request& request) {
    const FatTree tree = read_fat_tree(request);
    Topology topology = uncabled("fat_tree", request.boards, request.boards);
    topology.switch_ports = tree.switch_ports;
    std::string lanes_text;
    std::size_t base = 0;
    std::vector<std::size_t> boards_by_level{tree.nodes(0)};
    for (std::size_t level = 1; level <= tree.levels(); ++level) {
        const std::size_t below = tree.nodes(level - 1);
        const std::size_t twins = tree.twins(level - 1);
        const std::size_t parents = tree.parents[level - 1];
        const int lanes = level_lanes(request, tree, level);
        Cabling cabling(base + below + tree.nodes(level));
        for (std::size_t node = 0; node < below; ++node) {
            const std::size_t group = node / twins / tree.children[level - 1];
            for (std::size_t k = 0; k < parents; ++k) {
                cabling.join(base + node, base + below + group * twins * parents + node % twins * parents + k);
            }
        }
        cabling.plug(topology, lanes, request.length_m);
        lanes_text += (lanes_text.empty() ? "" : ", ") + std::to_string(lanes);
        base += below;
        boards_by_level.push_back(tree.nodes(level));
    }
    topology.places = places_in_levels(boards_by_level);
    topology.board_count = base + tree.nodes(tree.levels());
    topology.description = "fat tree of " + std::to_string(request.boards) + " boards under " +
                           std::to_string(topology.board_count - request.boards) + " switches in " + std::to_string(tree.levels()) +
                           " levels, lanes a cable from below: " + lanes_text;
    return topology;
}

}  // namespace tessera::topologies
