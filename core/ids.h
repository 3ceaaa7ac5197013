#pragma once

#include <cstddef>
#include <cstdint>

namespace tessera {

/// Ids are positions in the vector that holds the thing, so that no look-up is needed. They are
/// distinct types: a BoardId never stands where a LinkId is meant.
enum class TensorId : std::uint32_t {};
enum class OperatorId : std::uint32_t {};
enum class ShardId : std::uint32_t {};
enum class BoardId : std::uint32_t {};
enum class LinkId : std::uint32_t {};
enum class TransferId : std::uint32_t {};

/// The world outside the boards: where the detector's data come from and the decision goes to.
inline constexpr BoardId kOutside{0xffffffffU};

/// The position that an id stands for.
template <typename Id>
constexpr std::size_t index(Id id) {
    return static_cast<std::size_t>(id);
}

/// The id of a position.
template <typename Id>
constexpr Id id_at(std::size_t position) {
    return static_cast<Id>(position);
}

}  // namespace tessera
