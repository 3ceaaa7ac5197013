#pragma once

#include <optional>

#include "partition/refinement.h"

namespace tessera::partition {

/// The same shards on fewer boards, each built as suits its new board; nothing where they did not fit.
///
/// Boards beyond `boards` are taken apart, the emptiest first, and their shards go to their neighbours' boards, room or not; where there
/// are not as many of a type, boards become of another, or fewer. Then
/// simulated annealing moves shards and builds them anew, while what SLRs are overfull by gets dearer (penalties that grow as in
/// Connolly, J. Oper. Res. Soc. 43, 1992): fills that are uneven in their resources, which growth cannot help where whole stages
/// of the pipeline need the same one, even out.
/// Wires, ports and hops cost what they do in `refine`. Deterministic for a seed.
/// @param tries where one misses by a hair, as often happens, up to this many with seeds from settings.seed on
std::optional<Placement> squeeze(const ShardGraph& graph, const BoardSpace& space, const Placement& placement, std::size_t boards,
                                 const RefinementSettings& settings, int tries);

/// The same on the boards that it has, some of which are overfull.
std::optional<Placement> relieve(const ShardGraph& graph, const BoardSpace& space, const Placement& placement,
                                 const RefinementSettings& settings);

}  // namespace tessera::partition
