#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"

namespace tessera::sim {

/// How many objects (particles, tracks, clusters) the detector finds in a crossing. A network takes so many at
/// the most; the rest are cut off, as the hardware has to.
struct Traffic {
    enum class Kind {
        full,     ///< as many as the network takes, in every event: the worst case
        pile_up,  ///< drawn from the distribution of a pile-up
        listed,   ///< those of given events in turn, over and over
    };
    Kind kind = Kind::full;
    double pile_up = 0;  ///< mean number of collisions in a crossing
    double objects_per_collision = 0;
    std::vector<std::int64_t> objects;  ///< of the listed events
    std::string source;                 ///< of the distribution or the list
};

/// `"full"`, `{"pile_up": 140}`, also with `"objects_per_collision"`, or `{"file": "events.json"}` with
/// `{"source": TEXT, "objects": [83, 101, ...]}` in the file, relative to the study.
/// @throws InputError
Traffic read_traffic(const JsonReader& reader);

/// The objects of each crossing. It is drawn from a hash of the seed and the crossing, so it does not depend on
/// the order in which crossings are looked at.
class Occupancy {
  public:
    /// @param most objects that the network takes
    Occupancy(const Traffic& traffic, std::int64_t most, std::uint64_t seed);

    /// What the detector finds, which may be more than the network takes.
    /// @param number of the event, from 0
    std::int64_t objects(std::int64_t bx, std::int64_t number) const;

  private:
    const Traffic& traffic_;
    std::int64_t most_;
    std::uint64_t seed_;
    std::vector<double> cumulative_;  ///< of pile_up: the probability of so many objects or fewer
};

}  // namespace tessera::sim
