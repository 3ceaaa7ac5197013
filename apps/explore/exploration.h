#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/explore/axis.h"

namespace tessera::apps::explore {

/// Many questions that differ from one study in a few parameters. The grammar stands in
/// apps/studies/README.md.
struct Exploration {
    std::string name;
    std::string question;
    Json study;  ///< what the points start from, as it can be run from any folder
    std::vector<Axis> axes;
    std::int64_t sample = 0;  ///< of the grid, this many points drawn without repetition; 0 takes all
    std::uint64_t seed = 1;   ///< of random axes and of the sample
};

/// One question: the study with a value of each axis.
struct Point {
    std::string id;    ///< 16 hexadecimal digits, from the study without its name: the same question has the same id everywhere
    Json coordinates;  ///< axis name: label of the value
    Json study;
};

/// @param network takes the place of the study's network file where it is not empty
/// @throws InputError
Exploration read_exploration(const std::filesystem::path& file, const std::filesystem::path& network);

/// The study with these changes, and what they are called.
Point make_point(const Exploration& exploration, Json coordinates, const std::vector<const Change*>& changes);

/// The point with the id of its study.
Point identified(Point point);

/// The unchanged study, each value of each axis alone, and each two axes together at their first and last
/// values: what a sensitivity study asks.
std::vector<Point> neighbours(const Exploration& exploration);

/// All combinations of the axes' values, the last axis fastest, or the sample of them. Combinations
/// that make the same study are one point.
std::vector<Point> grid(const Exploration& exploration);

}  // namespace tessera::apps::explore
