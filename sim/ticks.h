#pragma once

#include <cstdint>
#include <systemc>

namespace tessera::sim {

/// One tick is SystemC's time resolution.
inline std::int64_t now_ticks() { return static_cast<std::int64_t>(sc_core::sc_time_stamp().value()); }
inline sc_core::sc_time ticks(std::int64_t count) { return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(count)); }

}  // namespace tessera::sim
