#pragma once

#include <sys/types.h>

#include <filesystem>
#include <mutex>
#include <string>

#include "core/json.h"

namespace tessera::apps::serve {

/// Runs the latest question, one at a time, each in a process of its own. What was asked before and is not answered yet is given up:
/// nobody waits for it any more. Safe to use from several threads.
class LiveRun {
  public:
    /// Runs go to `folder`/points/ID, where ID names the question: what is there already is not run again.
    explicit LiveRun(std::filesystem::path folder) : folder_(std::move(folder)) {}
    ~LiveRun();
    LiveRun(const LiveRun&) = delete;
    LiveRun& operator=(const LiveRun&) = delete;

    /// @return the question's ID
    std::string ask(const Json& study);

    /// {"state": "running"}, {"state": "given up"} or {"state": "ended", ... as a point of explore.json}.
    Json answer(const std::string& id);

  private:
    void give_up();
    bool runs();  ///< whether the process is still there; notes its end

    std::mutex mutex_;
    std::filesystem::path folder_;
    std::string id_;      ///< of the question that runs
    pid_t process_ = -1;  ///< -1: none
};

}  // namespace tessera::apps::serve
