#include "core/files.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "core/error.h"

namespace tessera {

namespace {

/// Holds back signals while it lives, so that Ctrl-C comes before or after a file is written and leaves no piece of it.
class SignalsHeld {
  public:
    SignalsHeld() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace

std::string read_file(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) throw InputError(path.string(), "", "no such file");
    if (!std::filesystem::is_regular_file(path, error)) throw InputError(path.string(), "", "not a regular file");
    std::ifstream in(path, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    if (!in) throw InputError(path.string(), "", "cannot be read");
    return std::move(content).str();
}

void write_file(const std::filesystem::path& path, const std::string& content) {
    std::error_code error;
    if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
    if (error) throw InputError(path.string(), "", "its folder cannot be made: " + error.message());
    const SignalsHeld held;
    std::filesystem::path temporary = path;
    temporary += "." + std::to_string(::getpid()) + ".tmp";
    {
        std::ofstream out(temporary, std::ios::binary);
        out.write(content.data(), static_cast<std::streamsize>(content.size()));
        out.close();
        if (!out) {
            std::filesystem::remove(temporary, error);
            throw InputError(path.string(), "", "cannot be written");
        }
    }
    std::filesystem::rename(temporary, path, error);
    if (error) {
        const std::string why = error.message();
        std::filesystem::remove(temporary, error);
        throw InputError(path.string(), "", "cannot be written: " + why);
    }
}

std::filesystem::path data_root() {
    if (const char* root = std::getenv("TESSERA_DATA")) return root;
    return TESSERA_SOURCE_DIR;
}

}  // namespace tessera
