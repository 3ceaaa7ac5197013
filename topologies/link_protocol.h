#pragma once

#include <string>
#include <vector>

#include "core/assumption.h"
#include "core/json.h"
#include "core/lhc_clock.h"

namespace tessera::topologies {

/// What travels on one lane of a serial link that is synchronous to the LHC.
struct LinkProtocol {
    std::string name;                   ///< "25g-64b66b"
    double line_rate_gbps = 0;          ///< 25.78125
    int line_bits_per_frame = 66;       ///< on the line, for one frame (64b/66b; with FEC its share)
    int frame_bits = 64;                ///< a frame is one word of the protocol
    int header_frames = 1;              ///< of each packet, on each lane
    int crc_frames = 1;                 ///< of each packet, on each lane
    double transceiver_latency_ns = 0;  ///< transmitter and receiver together, fixed
    double fibre_ns_per_m = 5;
    double fibre_m = 5;        ///< of a link whose length nobody gave
    int alignment_frames = 0;  ///< depth of the buffer that aligns a link to the slowest at the receiver
    std::vector<Assumption> sources;

    /// Whole frames that a lane carries in one BX; the remainder of the line rate is filler.
    int frames_per_bx(const LhcClock& clock) const;
    /// Payload bits a lane carries in `bx` crossings as one packet: header and CRC taken off.
    double payload_bits(const LhcClock& clock, int bx) const;
};

/// The protocols that ship with Tessera (`topologies/catalogue/links.json`), sorted by name.
std::vector<LinkProtocol> load_link_protocols();

/// A protocol as a study writes it: a name, or `{"type": NAME, "fibre_m": 20, ...}` that changes a part.
LinkProtocol read_link_protocol(const JsonReader& reader);

}  // namespace tessera::topologies
