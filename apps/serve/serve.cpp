#include "apps/serve/serve.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include "apps/html_page.h"
#include "apps/interruption.h"
#include "apps/serve/estimate.h"
#include "apps/serve/live_run.h"
#include "apps/steps.h"
#include "core/error.h"
#include "core/files.h"

namespace tessera::apps::serve {

namespace {

constexpr const char* kJson = "application/json";

/// A folder that is gone when this is.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        auto pattern = (std::filesystem::temp_directory_path() / "tessera_serve.XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw InputError(pattern, "", "cannot be made", "a folder for the runs");
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// All studies of a folder, by name of their files; explorations lie there too and are left out.
Json read_studies(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".json" && JsonReader::from_file(entry.path()).raw().contains("network"))
            files.push_back(entry.path());
    }
    if (files.empty()) throw InputError(folder.string(), "", "holds no study", "a folder of study files");
    std::sort(files.begin(), files.end());
    Json studies = Json::array();
    for (const auto& file : files) studies.push_back({{"file", file.stem().string()}, {"study", portable_study(file, "")}});
    return studies;
}

/// Estimates, one at a time; the network stays imported while questions are about the same one.
class Estimates {
  public:
    Json operator()(const Json& json) {
        const std::lock_guard lock(mutex_);
        const auto study = read_study(JsonReader::from_text("study", json.dump()));
        if (!network_ || json["network"] != imported_) network_ = import_network(study, ""), imported_ = json["network"];
        return to_json(estimate(study, *network_));
    }

  private:
    std::mutex mutex_;
    Json imported_;
    std::optional<models::Network> network_;
};

/// Answers a study with what `reply` makes of it. Only a page of this server can send JSON here: browsers let no other do so unasked.
template <typename Reply>
httplib::Server::Handler for_study(Reply reply) {
    return [reply](const httplib::Request& request, httplib::Response& response) {
        try {
            if (request.get_header_value("Content-Type") != kJson) throw InputError("request", "", "found another content type", kJson);
            response.set_content(reply(JsonReader::from_text("study", request.body).raw()).dump(), kJson);
        } catch (const std::exception& error) {
            response.status = 400;
            response.set_content(Json{{"error", error.what()}}.dump(), kJson);
        }
    };
}

}  // namespace

int serve(const Options& options, const Console& console) {
    const auto page = html_page("serve.html", read_studies(options.studies.empty() ? data_root() / "apps" / "studies" : options.studies));
    const TemporaryFolder temporary;
    const auto out = options.out.empty() ? temporary.path() : options.out;
    std::filesystem::create_directories(out / "points");
    Estimates estimates;
    LiveRun live(out);

    httplib::Server server;
    server.set_keep_alive_timeout(1);  // of a connection that says nothing: Ctrl-C waits for it
    server.Get("/", [&](const httplib::Request&, httplib::Response& response) { response.set_content(page, "text/html; charset=utf-8"); });
    server.Post("/estimate", for_study([&](const Json& study) { return estimates(study); }));
    server.Post("/run", for_study([&](const Json& study) { return Json{{"id", live.ask(study)}}; }));
    server.Get(R"(/answer/([0-9a-f]{16}))", [&](const httplib::Request& request, httplib::Response& response) {
        response.set_content(live.answer(request.matches[1]).dump(), kJson);
    });
    server.set_mount_point("/points", (out / "points").string());

    const int port = options.port == 0                                 ? server.bind_to_any_port(options.host)
                     : server.bind_to_port(options.host, options.port) ? options.port
                                                                       : -1;
    if (port < 0) throw InputError("command line", "--port", fmt::format("{}:{} cannot be used", options.host, options.port), "another");
    const Interruption interruption;
    std::thread listening([&] { server.listen_after_bind(); });
    fmt::print("http://{}:{}/\n", options.host, port);
    std::fflush(stdout);
    if (!console.quiet) fmt::print(stderr, "serving until Ctrl-C\n");
    while (!interruption.requested()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    server.stop();
    listening.join();
    return 0;
}

}  // namespace tessera::apps::serve
