#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/json.h"
#include "sim/tables.h"

namespace tessera::sim {

/// What goes wrong in a system, as a study lists it. Ids are those of one time node's mapping.
struct Fault {
    enum class Kind {
        bit_errors,  ///< a link's own bit error rate, in the place of the general one
        link_down,   ///< what is on the link is lost
        link_late,   ///< what it carries comes later by `frames`, from then on
        board_dead,  ///< what the board works on or passes on is lost
        clock_slip,  ///< what is on the board's links at that moment is corrupted, what it sends comes `cycles` later
    };
    Kind kind = Kind::link_down;
    std::uint32_t place = 0;  ///< LinkId or BoardId
    int time_node = 0;
    std::int64_t from_bx = 0;
    std::int64_t for_bx = kForGood;  ///< until it works again; what is late stays late
    double rate = 0;                 ///< of bit_errors: probability that a bit arrives wrong
    std::int64_t frames = 0;         ///< of link_late
    std::int64_t cycles = 0;         ///< of clock_slip: of the processing clock
    bool by_spare = false;           ///< a spare ends it, see with_spares

    static constexpr std::int64_t kForGood = std::numeric_limits<std::int64_t>::max();
};

/// What stands by. The first links that go down for good, and the first boards that die for good, each get a spare as long
/// as there are any: joined and set up as what it replaces, it works `takeover_bx` after the fault.
struct Spares {
    std::int64_t links = 0, boards = 0;  ///< of the whole system
    std::int64_t takeover_bx = 1;
};

struct Faults {
    double bit_error_rate = 0;  ///< of the line of every link; header, CRC and line code count as bits too
    std::vector<Fault> list;
    Spares spares = {};
};

/// `{"bit_error_rate": 1e-12, "list": [{"kind": "link_down", "link": 3, "time_node": 0, "from_bx": 100, "for_bx": 50}],
/// "spares": {"links": 2, "boards": 1, "takeover_bx": 40}}`.
/// @throws InputError
Faults read_faults(const JsonReader& reader);

/// The list by time, as it is with the spares: faults that one ends are for `takeover_bx` only, and say so.
std::vector<Fault> with_spares(const Faults& faults);

/// What has become of a fault.
struct FaultOutcome {
    std::string what;               ///< for people: "link 3 of time node 0 down from BX 100 on"
    std::int64_t takeover_bx = -1;  ///< from this crossing on a spare works in its place; -1: none does
    /// Events that it reached, and what of them was lost, corrupted or over the latency budget; of several faults the one that did
    /// worst counts, then the first in time.
    std::int64_t reached = 0, lost = 0, corrupted = 0, late = 0;
    std::int64_t first_bx = -1, last_bx = -1;  ///< of the events that it reached; -1: none

    friend bool operator==(const FaultOutcome&, const FaultOutcome&) = default;
};

/// One for each fault of `with_spares`, and behind them one for the general rate of bit errors where there is one.
std::vector<FaultOutcome> outcomes_of(const Faults& faults);

/// What has become of a chunk, or of an event: each is as bad as the worst that it was made from.
enum class Health : std::uint8_t { good, corrupted, lost };

/// The fault that did worst to an event so far, by its place among the outcomes.
struct Blame {
    static constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();
    Health health = Health::good;
    std::uint32_t fault = kNobody;

    void take(const Blame& other) {
        if (other.health > health || (other.health == health && other.fault < fault)) *this = other;
    }
};

/// The faults of a mapping, ready to be asked for every chunk.
///
/// Whether a bit error hits is a hash of the seed and of which chunk it is, so it does not depend on
/// the order in which chunks are looked at. A chunk that is hit fails its CRC: the receiver knows.
class FaultTable {
  public:
    /// @throws InputError for a link, board or time node that is not there
    FaultTable(const Tables& tables, int time_nodes, const Faults& faults, std::uint64_t seed);

    /// What a link does to a chunk.
    struct Passage {
        Health health = Health::good;
        std::int64_t late_ticks = 0;
        const char* cause = "";  ///< for people
        Blame blame;
    };
    /// @param start,end ticks of its first and after its last frame
    /// @param chunk a number of its own among all chunks of all events
    Passage pass(std::size_t node, std::uint32_t link, std::int64_t start, std::int64_t end, std::uint64_t chunk) const;

    /// The fault by which a station is dead at some tick of [start, end); kNobody where it is not.
    std::uint32_t death(std::size_t node, std::uint32_t station, std::int64_t start, std::int64_t end) const;

    bool empty() const { return empty_; }

  private:
    struct Window {
        Fault::Kind kind;
        std::int64_t from = 0, to = 0;  ///< ticks
        double log_good_bit = 0;        ///< logarithm of the probability that a bit is not hit
        std::int64_t late_ticks = 0;
        std::uint32_t fault = 0;
    };
    void add(const Tables& tables, int time_nodes, const Fault& fault, std::uint32_t number);
    std::vector<Window>& of_link(int node, std::uint32_t link) { return links_[static_cast<std::size_t>(node) * lanes_.size() + link]; }

    bool empty_;
    std::uint64_t seed_;
    double log_good_bit_;
    std::uint32_t general_ = 0;                  ///< number of the general rate among the outcomes
    double bits_per_tick_;                       ///< of a lane, as the line code has them
    std::vector<int> lanes_;                     ///< by link
    std::vector<std::vector<Window>> links_;     ///< by time node and link
    std::vector<std::vector<Window>> stations_;  ///< by time node and station
    std::size_t station_count_;
};

}  // namespace tessera::sim
