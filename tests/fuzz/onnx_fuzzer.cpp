#include "core/error.h"
#include "models/import.h"
#include "models/precision.h"
#include "tests/fuzz/fuzz_file.h"

/// Any bytes are an ONNX model that imports, or give an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const tessera::tests::FuzzFile file(data, size);
    try {
        auto network = tessera::models::import_onnx(file.path, {});
        tessera::models::PrecisionRule eight_bits;
        eight_bits.weight_bits = eight_bits.activation_bits = 8;
        tessera::models::apply_precision(network, {.rules = {eight_bits}});
    } catch (const tessera::InputError&) {
        return 0;  // refused, as bad input should be
    }
    return 0;
}
