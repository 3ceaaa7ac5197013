#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "boards/board.h"
#include "models/network.h"
#include "partition/mapper.h"

/// Small networks and boards that the tests of the mapper share, and what every result has to hold.
namespace tessera::partition {

/// Layers of a convolution with an autoencoder between them, on the channels of each pixel.
models::Network compressed_image();

models::Network quantised(models::Network network);

/// Attention over `tokens` particles, then a decision; if asked, also an energy.
models::Network small_transformer(std::int64_t tokens, std::int64_t channels, int heads, int layers, bool with_energy = false);

models::Network perceptron(std::int64_t inputs, std::int64_t hidden);

boards::Board board_of(double lut, int slrs, int ports);

MappingProblem problem_of(const models::Network& network, const boards::Board& board, const std::string& topology, int available);

inline constexpr const char* kPatchPanel = R"({"kind": "patch_panel"})";

/// All that every result has to hold.
void check_result(const MappingProblem& problem, const MappingResult& result);

const MappingResult& mapped(const std::variant<MappingResult, NoMapping>& outcome);

}  // namespace tessera::partition
