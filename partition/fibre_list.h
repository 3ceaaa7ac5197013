#pragma once

#include <string>

#include "partition/mapping.h"

namespace tessera::partition {

/// The fibres to plug at a patch panel, as CSV: one line for each lane of each link of every time node.
///
/// Columns: fibre (from 0), time_node, link, lane, from_board, from_port, to_board, to_port, length_m. Ports are counted from 0 for
/// transmitters and receivers apart, in the order of the links, so that bonded lanes sit side by side. An end outside the
/// system (`outside`, a detector or the decision) has no port.
std::string fibre_list_csv(const Mapping& mapping);

}  // namespace tessera::partition
