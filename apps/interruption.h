#pragma once

#include <csignal>

namespace tessera::apps {

/// While it lives, the first Ctrl-C is a request to come to an end, and a second one does what Ctrl-C did before.
/// One at a time.
class Interruption {
  public:
    Interruption() : before_(std::signal(SIGINT, &note)) { request = 0, handler = before_; }
    ~Interruption() { std::signal(SIGINT, before_); }
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    bool requested() const { return request != 0; }

  private:
    using Handler = void (*)(int);

    static void note(int) {
        request = 1;
        std::signal(SIGINT, handler);
    }

    // A signal handler reaches nothing but statics.
    static inline volatile std::sig_atomic_t request = 0;
    static inline Handler handler = SIG_DFL;

    Handler before_;
};

}  // namespace tessera::apps
