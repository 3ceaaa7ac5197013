#include "apps/serve/live_run.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "apps/explore/point_run.h"
#include "core/error.h"
#include "core/files.h"

namespace tessera::apps::serve {

namespace {

/// Starts this program anew: `tessera --quiet point FOLDER`.
pid_t start_run(const std::filesystem::path& folder) {
    const auto out = folder.string();
    const std::array<const char*, 5> words{"tessera", "--quiet", "point", out.c_str(), nullptr};
    const pid_t process = ::fork();
    if (process < 0) throw InputError("serve", "", "no process can be started", "a higher limit of processes");
    if (process > 0) return process;
    // Other threads do not exist here and may have held any lock: from here on only calls that are safe in a signal handler.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
    ::dup2(STDOUT_FILENO, STDERR_FILENO);
    ::execv("/proc/self/exe", const_cast<char* const*>(words.data()));
    ::_exit(1);
}

}  // namespace

LiveRun::~LiveRun() { give_up(); }

void LiveRun::give_up() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
}

bool LiveRun::runs() {
    if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) == process_) process_ = -1;
    return process_ > 0;
}

std::string LiveRun::ask(const Json& study) {
    const std::lock_guard lock(mutex_);
    const auto point = explore::identified({.id = "", .coordinates = Json::object(), .study = study});
    if (runs() && id_ == point.id) return id_;
    give_up();
    id_ = point.id;
    const auto folder = explore::point_folder(folder_, id_);
    if (explore::has_ended(folder)) return id_;
    write_file(folder / "study.json", study.dump(1));
    process_ = start_run(folder);
    return id_;
}

Json LiveRun::answer(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const auto folder = explore::point_folder(folder_, id);
    if (id == id_ && runs()) return {{"state", "running"}};
    if (id != id_ && !explore::has_ended(folder)) return {{"state", "given up"}};
    Json answer = explore::to_json(explore::gather({.id = id, .coordinates = Json::object(), .study = Json::object()}, folder));
    answer["state"] = "ended";
    return answer;
}

}  // namespace tessera::apps::serve
