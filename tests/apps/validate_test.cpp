#include <fstream>
#include <iterator>

#include "core/json.h"
#include "tests/apps/command.h"

namespace tessera::tests {

TEST_CASE("validate compares with published results, as JSON and for people") {
    const auto machine = tessera("--json validate");
    REQUIRE(machine.code == 0);
    const Json json = Json::parse(machine.out);
    for (const char* part : {"test", "fit", "all"}) {
        for (const char* metric : {"lut", "ff", "dsp", "bram", "latency"}) {
            const auto& of = json[part][metric];
            CHECK(of["count"].get<int>() > 0);
            CHECK(of["median_ape"].get<double>() <= of["p90_ape"].get<double>());
            CHECK(of.contains("rank_correlation"));
        }
        CHECK(json[part]["ii"]["count"].get<int>() > 0);
        CHECK(json[part]["ii"]["exact"].get<double>() > 0);
    }
    CHECK(json["all"]["dsp"]["count"] == json["test"]["dsp"]["count"].get<int>() + json["fit"]["dsp"]["count"].get<int>());
    for (const char* baseline : {"ebops", "multiplications over RF", "finn"}) CHECK(json["baselines"].contains(baseline));
    CHECK(json["jet_taggers"].size() == 9);
    CHECK(json["on_chip"].size() == 4);
    CHECK(json["power"].size() == 5);
    CHECK(json["power"][4]["kind"] == "measured");
    const auto people = tessera("validate");
    CHECK(people.code == 0);
    CHECK(people.out.find("test part") != std::string::npos);
    CHECK(people.out.find("DeepSets 32 constituents") != std::string::npos);
    CHECK(people.err.empty());
}

TEST_CASE("the validation tables of COSTS.md are what the command prints") {
    const std::string printed = tessera("validate").out;
    std::ifstream page(data_root() / "models" / "COSTS.md");
    const std::string text{std::istreambuf_iterator<char>(page), {}};
    for (const char* title : {"Estimates beside", "Power beside"}) {
        const std::size_t begin = printed.find("\n\n", printed.find(title)) + 2;
        const std::string table = printed.substr(begin, printed.find("\n\n", begin) - begin);
        REQUIRE(table.size() > 100);
        CHECK_MESSAGE(text.find(table) != std::string::npos, "copy this to models/COSTS.md:\n" << table);
    }
}

}  // namespace tessera::tests
