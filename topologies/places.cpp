#include "topologies/places.h"

#include <algorithm>

#include "core/arithmetic.h"

namespace tessera::topologies {

namespace {

Place place(std::size_t column, std::size_t row) { return {static_cast<double>(column), static_cast<double>(row)}; }

/// Side of the smallest square that holds so many.
std::size_t square_side(std::size_t count) {
    std::size_t side = 1;
    while (side * side < count) ++side;
    return side;
}

}  // namespace

std::vector<Place> places_in_rows(std::size_t boards, std::size_t width) {
    std::vector<Place> places;
    for (std::size_t board = 0; board < boards; ++board) places.push_back(place(board % width, board / width));
    return places;
}

std::vector<Place> places_of_ring(std::size_t boards) {
    std::vector<Place> places;
    const std::size_t there = divide_up(boards, std::size_t{2});
    for (std::size_t board = 0; board < boards; ++board) places.push_back(board < there ? place(board, 0) : place(boards - 1 - board, 1));
    return places;
}

std::vector<Place> places_of_torus(const std::vector<std::size_t>& shape, std::size_t boards) {
    std::vector<Place> places;
    for (std::size_t board = 0; board < boards; ++board) {
        const std::size_t slice = board / (shape[0] * shape[1]);
        places.push_back(place(slice * (shape[0] + 1) + board % shape[0], board / shape[0] % shape[1]));
    }
    return places;
}

std::vector<Place> places_in_groups(std::size_t groups, std::size_t size) {
    std::vector<Place> places;
    const std::size_t side = square_side(size), across = square_side(groups);
    for (std::size_t board = 0; board < groups * size; ++board) {
        const std::size_t group = board / size, member = board % size;
        places.push_back(place(group % across * (side + 1) + member % side, group / across * (side + 1) + member / side));
    }
    return places;
}

std::vector<Place> places_in_levels(const std::vector<std::size_t>& boards_by_level) {
    std::vector<Place> places;
    const auto widest = static_cast<double>(*std::max_element(boards_by_level.begin(), boards_by_level.end()));
    for (std::size_t level = 0; level < boards_by_level.size(); ++level) {
        const auto boards = static_cast<double>(boards_by_level[level]);
        for (std::size_t board = 0; board < boards_by_level[level]; ++board)
            places.push_back(
                {(static_cast<double>(board) + 0.5) * widest / boards - 0.5, static_cast<double>(boards_by_level.size() - 1 - level)});
    }
    return places;
}

Json to_json(const std::vector<Place>& places) {
    Json json = Json::array();
    for (const auto& each : places) json.push_back({each.column, each.row});
    return json;
}

std::vector<Place> read_places(const JsonReader& reader, std::size_t boards) {
    constexpr double kFarthest = 1e6;
    std::vector<Place> places;
    for (const auto& item : reader.items()) {
        const auto pair = item.items();
        if (pair.size() != 2) item.fail("found " + std::to_string(pair.size()) + " numbers", "column and row");
        places.push_back({pair[0].number(-kFarthest, kFarthest), pair[1].number(-kFarthest, kFarthest)});
    }
    if (places.size() != boards)
        reader.fail("found " + std::to_string(places.size()) + " places", std::to_string(boards) + ", one a board");
    return places;
}

}  // namespace tessera::topologies
