#include "apps/study.h"
#include "core/error.h"
#include "tests/fuzz/fuzz_file.h"

/// Any bytes are a study, which can then be made portable, or give an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const tessera::tests::FuzzFile file(data, size);
    try {
        tessera::apps::read_study(file.path);
        tessera::apps::portable_study(file.path, "");
    } catch (const tessera::InputError&) {
        return 0;  // refused, as bad input should be
    }
    return 0;
}
