#include <cstdlib>

#include "core/error.h"
#include "partition/mapping.h"
#include "tests/fuzz/fuzz_file.h"

/// Any bytes are a mapping, which then round-trips, or give an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tessera;
    const tests::FuzzFile file(data, size);
    const auto text_of = [](const partition::Mapping& mapping) {
        return partition::to_json(mapping).dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    try {
        const auto text = text_of(partition::read_mapping(JsonReader::from_file(file.path)));
        if (text_of(partition::read_mapping(JsonReader::from_text("mapping.json", text))) != text) std::abort();
    } catch (const InputError&) {
        return 0;  // refused, as bad input should be
    }
    return 0;
}
