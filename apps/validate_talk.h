#pragma once

#include <vector>

#include "core/json.h"
#include "models/validation.h"

namespace tessera::apps {

/// The two tables of the design talk, ours beside theirs.
///
/// Jet taggers on a VU13P at 200 MHz (Odagiu et al., arXiv:2402.01876): multilayer perceptron, Deep Sets and interaction
/// network with 8, 16 and 32 constituents; `estimates` belong to `designs` by position.
Json jet_tagger_table(const std::vector<models::PublishedDesign>& designs, const models::Estimates& estimates);

/// Operations and weights on a VU13P by width, with 70 % of it filled.
Json on_chip_table();

/// Both for a terminal.
void print_talk(const Json& jet_taggers, const Json& on_chip);

}  // namespace tessera::apps
