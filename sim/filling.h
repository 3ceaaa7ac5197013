#pragma once

#include <string>
#include <vector>

namespace tessera::sim {

/// "all", and the names of the files in sim/filling without ".json", sorted. LHC schemes have the names that the LHC
/// Programme Coordination gives them (https://lpc.web.cern.ch, naming of filling schemes).
std::vector<std::string> filling_schemes();

/// Which of the 3564 bunch crossings of an orbit have collisions.
///
/// A crossing is filled where bunches of both beams meet in ATLAS and CMS; crossings count from 0, the abort gap is last.
///
/// @param scheme one of filling_schemes()
/// @throws InputError for a scheme that does not exist, naming those that do
std::vector<bool> read_filling(const std::string& scheme);

}  // namespace tessera::sim
