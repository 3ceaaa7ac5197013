// Topologies in which all boards are alike: patch panel, ring, torus, hypercube, layers.

#include <algorithm>
#include <string>
#include <utility>

#include "core/arithmetic.h"
#include "topologies/cabling.h"
#include "topologies/generators.h"
#include "topologies/places.h"

namespace tessera::topologies {

namespace {

/// The smallest whole number whose power is at least `value`.
std::size_t root_up(std::size_t value, std::size_t power) {
    for (std::size_t root = 1;; ++root) {
        std::size_t product = 1;
        for (std::size_t i = 0; i < power; ++i) product *= root;
        if (product >= value) return root;
    }
}

Topology cabled(const std::string& kind, std::size_t boards, const std::string& shape, const Cabling& cabling, const Request& request) {
    const int lanes = cabling.lanes(request);
    Topology topology = uncabled(kind, boards, boards);
    topology.description = shape + " of " + std::to_string(boards) + " boards, " + std::to_string(lanes) + " lanes a cable";
    cabling.plug(topology, lanes, request.length_m);
    return topology;
}

/// As near to a cube as the number of boards allows, the longest side first.
std::vector<std::size_t> near_cube(std::size_t boards, std::size_t dimensions) {
    std::vector<std::size_t> shape;
    for (std::size_t left = dimensions; left > 0; --left) {
        shape.push_back(root_up(boards, left));
        boards = divide_up(boards, shape.back());
    }
    return shape;
}

/// Links between two boards of a torus, on average, times its boards over those that are asked for: cables of positions that nobody takes
/// carry nothing.
double links_to_cross(const std::vector<std::size_t>& shape, std::size_t boards_asked_for) {
    double links = 0, boards = 1;
    for (const std::size_t side : shape) {
        const std::size_t from_one_to_all = side * side / 4;
        links += static_cast<double>(from_one_to_all) / static_cast<double>(side);
        boards *= static_cast<double>(side);
    }
    return boards < 2 ? 0 : links * boards / (boards - 1) * boards / static_cast<double>(boards_asked_for);
}

/// The shape with the fewest links to cross: that near to a cube, or one with fewer positions to spare, which is longer.
std::vector<std::size_t> default_shape(std::size_t boards, std::size_t dimensions) {
    std::vector<std::size_t> best = near_cube(boards, dimensions);
    const std::size_t middle_sides = root_up(boards, 2), short_sides = dimensions > 2 ? root_up(boards, 3) : 1;
    for (std::size_t c = 1; c <= short_sides; ++c) {
        for (std::size_t b = c; b <= middle_sides; ++b) {
            std::vector<std::size_t> shape{divide_up(boards, b * c), b, c};
            shape.resize(dimensions);
            constexpr double kRounding = 1e-9;
            if (shape[0] >= b && links_to_cross(shape, boards) < links_to_cross(best, boards) - kRounding) best = shape;
        }
    }
    return best;
}

std::vector<std::size_t> read_shape(const Request& request, std::size_t dimensions) {
    if (!request.reader.has("shape")) return default_shape(request.boards, dimensions);
    const JsonReader reader = request.reader.at("shape");
    const auto sides = reader.items();
    if (sides.size() != dimensions) reader.fail("found " + std::to_string(sides.size()) + " sides", std::to_string(dimensions) + " sides");
    std::vector<std::size_t> shape;
    std::size_t product = 1;
    for (const auto& side : sides) {
        shape.push_back(static_cast<std::size_t>(side.integer(1, 10'000)));
        product *= shape.back();
    }
    if (product < request.boards) {
        reader.fail("found room for " + std::to_string(product) + " boards",
                    "room for the " + std::to_string(request.boards) + " that are needed");
    }
    return shape;
}

}  // namespace

Topology make_patch_panel(const Request& request) {
    if (request.lanes > 0) request.reader.at("lanes").fail("lanes of a patch panel", "no such key: the mapper chooses them");
    Topology topology = uncabled("patch_panel", request.boards, request.boards);
    topology.patch_panel = true;
    topology.default_length_m = request.length_m;
    topology.description = "patch panel of " + std::to_string(request.boards) + " boards";
    return topology;
}

Topology make_ring(const Request& request) {
    Cabling cabling(request.boards);
    for (std::size_t i = 0; i < request.boards; ++i) cabling.join(i, (i + 1) % request.boards);
    Topology topology = cabled("ring", request.boards, "ring", cabling, request);
    topology.places = places_of_ring(request.boards);
    return topology;
}

Topology make_torus(const Request& request, std::size_t dimensions) {
    const auto shape = read_shape(request, dimensions);
    std::size_t boards = 1;
    std::string sides;
    for (const std::size_t side : shape) {
        boards *= side;
        sides += (sides.empty() ? "" : " x ") + std::to_string(side);
    }
    if (boards > kMostBoards) request.reader.fail("found " + std::to_string(boards) + " boards", "at most " + std::to_string(kMostBoards));
    Cabling cabling(boards);
    for (std::size_t board = 0; board < boards; ++board) {
        std::size_t stride = 1;
        for (const std::size_t side : shape) {
            const std::size_t place = board / stride % side;
            cabling.join(board, board - place * stride + (place + 1) % side * stride);
            stride *= side;
        }
    }
    Topology topology = cabled("torus" + std::to_string(dimensions) + "d", boards, sides + " torus", cabling, request);
    topology.places = places_of_torus(shape, boards);
    return topology;
}

Topology make_hypercube(const Request& request) {
    std::size_t dimensions = 0;
    while ((std::size_t{1} << dimensions) < request.boards) ++dimensions;
    const std::size_t boards = std::size_t{1} << dimensions;
    Cabling cabling(boards);
    for (std::size_t board = 0; board < boards; ++board) {
        for (std::size_t d = 0; d < dimensions; ++d) cabling.join(board, board ^ (std::size_t{1} << d));
    }
    Topology topology = cabled("hypercube", boards, std::to_string(dimensions) + "-dimensional hypercube", cabling, request);
    topology.places = places_in_rows(boards, std::size_t{1} << (dimensions + 1) / 2);
    return topology;
}

Topology make_layered(const Request& request) {
    const auto most = static_cast<std::int64_t>(kMostBoards);
    const auto fallback = static_cast<std::int64_t>(root_up(request.boards, 2));
    const auto width = static_cast<std::size_t>(request.reader.integer("boards_per_stage", fallback, 1, most));
    const std::size_t stages = divide_up(request.boards, width);
    const auto reach = std::min(width, static_cast<std::size_t>(std::max(1, request.ports / 2)));
    const auto fan_out =
        static_cast<std::size_t>(request.reader.integer("fan_out", static_cast<std::int64_t>(reach), 1, static_cast<std::int64_t>(width)));
    Cabling cabling(stages * width);
    for (std::size_t stage = 0; stage + 1 < stages; ++stage) {
        for (std::size_t board = 0; board < width; ++board) {
            for (std::size_t k = 0; k < fan_out; ++k) cabling.join(stage * width + board, (stage + 1) * width + (board + k) % width);
        }
    }
    const std::string shape = std::to_string(stages) + " stages of " + std::to_string(width) + ", fan-out " + std::to_string(fan_out) + ",";
    Topology topology = cabled("layered", stages * width, shape, cabling, request);
    topology.places = places_in_rows(stages * width, width);
    for (auto& place : topology.places) std::swap(place.column, place.row);  // stages from left to right
    return topology;
}

}  // namespace tessera::topologies
