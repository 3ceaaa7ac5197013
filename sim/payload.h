#pragma once

#include <compare>
#include <cstdint>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/faults.h"

namespace tessera::sim {

/// A chunk of a transfer at a hop of its route.
struct Chunk {
    std::int64_t event = 0;  ///< number within its time node
    std::uint32_t transfer = 0;
    std::uint32_t number = 0;  ///< among the event's
    std::uint16_t hop = 0;     ///< of the route: the link that it waits for or has crossed
    Health health = Health::good;

    friend auto operator<=>(const Chunk&, const Chunk&) = default;
};

/// What a payload carries beside its bytes: which chunk it is.
struct ChunkExtension : tlm::tlm_extension<ChunkExtension> {
    Chunk chunk;

    tlm_extension_base* clone() const override { return new ChunkExtension(*this); }
    void copy_from(const tlm_extension_base& other) override { *this = static_cast<const ChunkExtension&>(other); }
};

/// Payloads that are used again and again, so that a chunk costs no allocation.
class PayloadPool : public tlm::tlm_mm_interface {
  public:
    ~PayloadPool() override {
        for (auto* payload : free_) delete payload;  // its extension goes with it
    }

    /// A payload with a reference count of one and a ChunkExtension.
    tlm::tlm_generic_payload& acquire() {
        if (free_.empty()) {
            auto* made = new tlm::tlm_generic_payload(this);
            made->set_extension(new ChunkExtension);
            made->set_command(tlm::TLM_WRITE_COMMAND);
            free_.push_back(made);
        }
        auto* payload = free_.back();
        free_.pop_back();
        payload->acquire();
        return *payload;
    }

    /// Called by the payload when its last user has released it.
    void free(tlm::tlm_generic_payload* payload) override { free_.push_back(payload); }

  private:
    std::vector<tlm::tlm_generic_payload*> free_;
};

}  // namespace tessera::sim
