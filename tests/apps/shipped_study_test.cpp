#include "apps/study.h"
#include "tests/apps/command.h"

/// Studies of the trigger's own systems and of other fields, simulated for a part of their time.
namespace tessera::tests {

namespace {

/// Networks that stand beside the checkout; a study without its file is skipped, and the test says so.
bool network_is_there(const Json& study) {
    for (const char* kind : {"onnx", "conifer"}) {
        if (!study["network"].contains(kind)) continue;
        const std::filesystem::path file = study["network"][kind].get<std::string>();
        if (std::filesystem::exists(file)) continue;
        MESSAGE("skipped: " << file.lexically_normal().string() << " is not there");
        return false;
    }
    return true;
}

}  // namespace

TEST_CASE("studies end as their page says, with every event accounted for") {
    struct Expected {
        std::string study;
        int code;
        int most_boards;
    };
    for (const auto& [study, code, most_boards] : {
             Expected{"conifer_egamma_id", 0, 1},
             Expected{"conifer_track_quality", 0, 1},
             Expected{"qkeras_jet_tagger", 0, 1},
             Expected{"axol1tl", 2, 1},  // 50 ns are not met: each layer takes registers, and the links their own time
             Expected{"econ_t", 0, 1},
             Expected{"dune_data_selection", 0, 1},
             Expected{"magnet_quench", 0, 1},
             Expected{"mlperf_tiny_keywords", 0, 1},
             Expected{"hl_lhc_level1", 0, 718},
             Expected{"cms_interaction_network", 0, 100},
             Expected{"cms_deepdoublex", 0, 300},
             Expected{"cms_particlenet_hlt", 0, 500},
         }) {
        CAPTURE(study);
        Json asked = apps::portable_study(shipped_study(study), "");
        if (!network_is_there(asked)) continue;
        asked["simulation"] = {{"bunch_crossings", 300}};
        const TemporaryFolder folder;
        const auto outcome = tessera("run " + quoted(write_study(folder, asked)) + " -o " + quoted(folder / "out"));
        CAPTURE(outcome.err);
        REQUIRE(outcome.code == code);
        const auto report = read_json(folder / "out" / "report.json");
        const auto& events = report["events"];
        CHECK(events["injected"].get<std::int64_t>() > 0);
        CHECK(events["completed"] == events["injected"]);
        CHECK(report["boards"]["used"].get<int>() <= most_boards);
        double explained_ns = 0;
        for (const auto& step : report["latency_ns"]["breakdown"]) explained_ns += step["ns"].get<double>();
        CHECK(explained_ns == doctest::Approx(report["latency_ns"]["simulated"]["max"].get<double>()).epsilon(1e-6));
    }
}

}  // namespace tessera::tests
