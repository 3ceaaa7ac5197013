#pragma once

#include <stdexcept>
#include <string>

namespace tessera {

/// Input that Tessera cannot accept: a malformed file, an unknown key, an unsupported operator.
///
/// The command catches it in one place, prints `what()` as its single message and exits with
/// code 1. Anything else that is thrown is a defect of Tessera, not of its input.
class InputError : public std::runtime_error {
  public:
    /// @param file what was read: a path, or a name such as "command line"
    /// @param where the JSON path (`/boards/0/type`), ONNX node or line inside it; may be empty
    /// @param found what stands there, or what happened
    /// @param expected what would have been accepted; may be empty
    InputError(const std::string& file, const std::string& where, const std::string& found, const std::string& expected = "");
};

}  // namespace tessera
