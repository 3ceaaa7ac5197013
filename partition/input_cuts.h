#pragma once

#include <optional>
#include <vector>

#include "models/input_split.h"
#include "partition/mapper.h"

namespace tessera::partition {

/// The cuts along input channels without which the network has no mapping: of each dense operator of which at no TMUX period of the
/// problem the smallest piece, one output channel for one token, fits an SLR. Each has the fewest parts with which it does at the
/// longest period. Operators for which the study fixes `input_parts` stay as they are, and those that no number of parts helps.
///
/// In the order in which `models::split_inputs` takes them: all ids are those of the problem's network.
std::vector<models::InputCut> needed_input_cuts(const MappingProblem& problem);

/// More cuts to try, where boards read very many inputs: the operator of which a piece reads the most is cut into twice as many parts
/// as `cuts` say. Each then reads half, and sends partial sums. Nothing where no piece reads more than a quarter of what a board's
/// ports carry of an event at the shortest period, or the sums would be more than a quarter of it.
std::optional<std::vector<models::InputCut>> wider_input_cuts(const MappingProblem& problem, std::vector<models::InputCut> cuts);

}  // namespace tessera::partition
