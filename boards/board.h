#pragma once

#include <string>
#include <vector>

#include "core/assumption.h"
#include "core/resources.h"

namespace tessera::boards {

/// An FPGA: what it offers, die by die.
struct Device {
    std::string name;               ///< "VU13P"
    std::string family;             ///< "virtex-ultrascale+"
    Resources total;                ///< of the whole device
    int slrs = 1;                   ///< super logic regions (dies); resources are divided evenly among them
    int slr_crossing_cycles = 0;    ///< pipeline registers that a signal takes to the next SLR
    int sll_per_crossing = 0;       ///< wires between neighbouring SLRs; 0 where there is one die
    std::string dsp;                ///< "DSP48E2", "DSP58", "agilex-dsp"
    int int8_products_per_dsp = 1;  ///< independent 8 x 8 bit products of one DSP slice per cycle
    int int4_products_per_dsp = 1;
    double max_clock_mhz = 0;         ///< at which a well pipelined design closes timing
    double static_power_w = 0;        ///< of a cool device, junction at about 30 degrees
    std::vector<Assumption> sources;  ///< one for every number above

    Resources per_slr() const { return total * (1.0 / slrs); }
};

/// A card with one or more FPGAs of one kind and optical or electrical ports.
struct Board {
    std::string name;  ///< "Serenity-S1"
    Device device;
    int devices = 1;                            ///< FPGAs on the card
    int ports = 0;                              ///< bidirectional serial links usable from board to board, over all devices
    double port_max_gbps = 0;                   ///< the fastest line rate of a port
    Resources usable{0.7, 0.7, 0.7, 0.7, 0.7};  ///< fraction of each resource that a design may fill
    double power_limit_w = 0;                   ///< what the card can be cooled for
    std::vector<Assumption> sources;

    /// SLRs of the whole card, each with `slr_capacity()`.
    int slrs() const { return devices * device.slrs; }
    /// What a design may use of one SLR.
    Resources slr_capacity() const { return device.per_slr().scaled(usable); }
    /// What a design may use of the whole card.
    Resources capacity() const { return slr_capacity() * slrs(); }
};

/// Boards of one type, and how many of them there are over all time nodes.
struct BoardStock {
    Board board;
    int boards = 0;
};

/// What a system may be built of: at least one type, each once, in the order in which they are used.
using Stock = std::vector<BoardStock>;

}  // namespace tessera::boards
