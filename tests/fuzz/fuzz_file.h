#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace tessera::tests {

/// A file in memory with the fuzzer's bytes, for readers that take a path. It vanishes with its name.
class FuzzFile {
  public:
    FuzzFile(const std::uint8_t* data, std::size_t size) : descriptor_(::memfd_create("fuzz", 0)) {
        if (descriptor_ < 0 || ::write(descriptor_, data, size) != static_cast<ssize_t>(size))
            throw std::runtime_error("no file in memory");
        path = "/proc/self/fd/" + std::to_string(descriptor_);
    }
    ~FuzzFile() { ::close(descriptor_); }
    FuzzFile(const FuzzFile&) = delete;
    FuzzFile& operator=(const FuzzFile&) = delete;

    std::filesystem::path path;

  private:
    int descriptor_;
};

}  // namespace tessera::tests
