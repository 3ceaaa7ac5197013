#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/statistics.h"

namespace tessera::sim {

/// Chunks of a shard's results that follow one another, over the borders of events: as the shard makes
/// them, or on a link of their way. In detailed mode every chunk goes over a link on its own.
struct Run {
    std::int64_t event = 0;    ///< of the first chunk: its number within the time node
    std::uint32_t number = 0;  ///< of the first chunk, among those of the event
    std::uint32_t hop = 0;     ///< that they are about to take or have taken; those of a transfer follow one another
    std::vector<Arrival> chunks;
};

/// Splits chunks that follow one another where events begin: `piece` gets the event, the number of its first chunk, and its
/// chunks.
template <class Chunks, class Piece>
void for_each_event(std::int64_t event, std::uint32_t number, std::uint32_t chunks_of_event, Chunks chunks, Piece piece) {
    for (std::size_t begun = 0; begun < chunks.size(); number = 0, ++event) {
        const auto count = std::min<std::size_t>(chunks.size() - begun, chunks_of_event - number);
        piece(event, number, chunks.subspan(begun, count));
        begun += count;
    }
}

/// What a payload carries beside its bytes: which chunks it stands for.
struct RunExtension : tlm::tlm_extension<RunExtension> {
    Run run;

    tlm_extension_base* clone() const override { return new RunExtension(*this); }
    void copy_from(const tlm_extension_base& other) override { *this = static_cast<const RunExtension&>(other); }
};

/// Payloads that are used again and again, so that a chunk costs no allocation.
class PayloadPool : public tlm::tlm_mm_interface {
  public:
    ~PayloadPool() override {
        for (auto* payload : free_) delete payload;  // its extension goes with it
    }

    /// A payload with a reference count of one and an empty run.
    tlm::tlm_generic_payload& acquire() {
        if (free_.empty()) {
            auto* made = new tlm::tlm_generic_payload(this);
            made->set_extension(new RunExtension);
            made->set_command(tlm::TLM_WRITE_COMMAND);
            free_.push_back(made);
        }
        auto* payload = free_.back();
        free_.pop_back();
        payload->acquire();
        run_of(*payload).chunks.clear();
        return *payload;
    }
    static Run& run_of(tlm::tlm_generic_payload& payload) { return payload.get_extension<RunExtension>()->run; }

    /// Called by the payload when its last user has released it.
    void free(tlm::tlm_generic_payload* payload) override { free_.push_back(payload); }

  private:
    std::vector<tlm::tlm_generic_payload*> free_;
};

}  // namespace tessera::sim
