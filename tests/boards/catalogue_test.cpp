#include "boards/catalogue.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"

using namespace tessera;
using namespace tessera::boards;

namespace {

const char* const kDevice = R"({
  "name": "D1", "family": "test", "dsp_type": "DSP48E2",
  "documents": {"sheet": "The data sheet of D1"},
  "lut": {"value": 1000, "source": "sheet"}, "ff": {"value": 2000, "source": "sheet"},
  "dsp": {"value": 10, "source": "sheet"}, "bram36": {"value": 5, "source": "sheet"}, "uram": {"value": 0, "source": "sheet"},
  "slrs": {"value": 2, "source": "sheet"}, "slr_crossing_cycles": {"value": 1, "source": "sheet"},
  "sll_per_crossing": {"value": 100, "source": "sheet"},
  "int8_products_per_dsp": {"value": 2, "source": "sheet"}, "int4_products_per_dsp": {"value": 4, "source": "sheet"},
  "max_clock_mhz": {"value": 500, "source": "sheet"}, "static_power_w": {"value": 1, "source": "assumed", "note": "small"}
})";

const char* const kBoard = R"({
  "name": "B1", "device": "D1", "documents": {},
  "devices": {"value": 1, "source": "assumed", "note": "test"}, "ports": {"value": 8, "source": "assumed", "note": "test"},
  "port_max_gbps": {"value": 25, "source": "assumed", "note": "test"}, "usable": {"value": 0.7, "source": "assumed", "note": "test"},
  "power_limit_w": {"value": 100, "source": "assumed", "note": "test"}
})";

/// A catalogue folder of one device and one board, removed at the end.
class CatalogueFolder {
  public:
    CatalogueFolder(const std::string& device, const std::string& board) {
        write_file(path_ / "devices" / "d1.json", device);
        write_file(path_ / "boards" / "b1.json", board);
    }
    ~CatalogueFolder() { std::filesystem::remove_all(path_); }
    CatalogueFolder(const CatalogueFolder&) = delete;
    CatalogueFolder& operator=(const CatalogueFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_ = std::filesystem::temp_directory_path() / ("tessera_catalogue_" + std::to_string(::getpid()));
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

/// The message with which a catalogue is rejected.
std::string rejection(const std::string& device, const std::string& board) {
    const CatalogueFolder folder(device, board);
    try {
        read_catalogue(folder.path());
    } catch (const InputError& error) {
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const Device& device_named(const Catalogue& catalogue, const std::string& name) {
    const auto found =
        std::find_if(catalogue.devices.begin(), catalogue.devices.end(), [&](const Device& device) { return device.name == name; });
    REQUIRE(found != catalogue.devices.end());
    return *found;
}

}  // namespace

TEST_CASE("the devices that ship have the resources of their data sheets") {
    const Catalogue catalogue = load_catalogue();
    // AMD DS890; VP1802: vendor's utilisation reports; VP1902: product brief and DS950.
    CHECK(device_named(catalogue, "VU13P").total == Resources{1728000, 3456000, 12288, 2688, 1280});
    CHECK(device_named(catalogue, "VU9P").total == Resources{1182240, 2364480, 6840, 2160, 960});
    CHECK(device_named(catalogue, "VU19P").total == Resources{4085760, 8171520, 3840, 2160, 320});
    CHECK(device_named(catalogue, "KU15P").total == Resources{522720, 1045440, 1968, 984, 128});
    CHECK(device_named(catalogue, "VU37P").total == Resources{1303680, 2607360, 9024, 2016, 960});
    CHECK(device_named(catalogue, "VP1802").total == Resources{3360896, 6721792, 14352, 4941, 2549});
    CHECK(device_named(catalogue, "VP1902").total == Resources{8460288, 16920576, 6864, 6808, 2200});
    CHECK(device_named(catalogue, "VU13P").slrs == 4);
    CHECK(device_named(catalogue, "VU9P").slrs == 3);
    CHECK(device_named(catalogue, "KU15P").slrs == 1);
    CHECK(device_named(catalogue, "VU13P").per_slr() == Resources{432000, 864000, 3072, 672, 320});
}

TEST_CASE("every family has two flip-flops a look-up table and every number its source") {
    const Catalogue catalogue = load_catalogue();
    CHECK(catalogue.devices.size() >= 9);
    for (const auto& device : catalogue.devices) {
        CAPTURE(device.name);
        CHECK(device.total.ff == 2 * device.total.lut);
        CHECK(device.sources.size() == 12);
        for (const auto& source : device.sources) CHECK_FALSE(source.source.empty());
        if (device.slrs == 1) CHECK(device.sll_per_crossing == 0);
        if (device.slrs > 1) CHECK(device.slr_crossing_cycles > 0);
    }
    for (const auto& board : catalogue.boards) {
        CAPTURE(board.name);
        CHECK(board.sources.size() == 5);
        CHECK(board.usable.lut == doctest::Approx(0.7));
    }
}

TEST_CASE("the cards of the CMS Phase-2 upgrade and one generic card a device are there") {
    const Catalogue catalogue = load_catalogue();
    const JsonReader where = JsonReader::from_text("test", "{}");
    for (const char* name : {"Serenity-S1", "X2O", "APx-F", "Apollo", "Alveo-U55C", "VU13P", "VU9P", "VU19P", "KU15P", "VU37P", "VP1802",
                             "VP1902", "AGI027"}) {
        CHECK(catalogue.board(name, where).name == name);
    }
    const Board& serenity = catalogue.board("Serenity-S1", where);
    CHECK(serenity.ports == 124);
    CHECK(serenity.device.name == "VU13P");
    CHECK(serenity.capacity().lut == doctest::Approx(0.7 * 1728000));
    CHECK(catalogue.board("Apollo", where).slrs() == 8);
    CHECK(std::is_sorted(catalogue.boards.begin(), catalogue.boards.end(), [](const Board& a, const Board& b) { return a.name < b.name; }));
}

TEST_CASE("a study names a board or changes a part of one") {
    const Catalogue catalogue = load_catalogue();
    CHECK(read_board(JsonReader::from_text("study.json", "\"Serenity-S1\""), catalogue).ports == 124);
    const Board changed =
        read_board(JsonReader::from_text("study.json", R"({"type": "Serenity-S1", "usable": {"lut": 0.5}, "ports": 96})"), catalogue);
    CHECK(changed.ports == 96);
    CHECK(changed.usable.lut == 0.5);
    CHECK(changed.usable.ff == doctest::Approx(0.7));
    const auto cited = [&](const Assumption& source) { return source == Assumption{"Serenity-S1 ports", "96", "study study.json /ports"}; };
    CHECK(std::count_if(changed.sources.begin(), changed.sources.end(), cited) == 1);
    CHECK(changed.sources.size() == 5);
    CHECK(read_board(JsonReader::from_text("study.json", R"({"type": "VU13P", "usable": 0.6})"), catalogue).usable ==
          Resources{0.6, 0.6, 0.6, 0.6, 0.6});
}

TEST_CASE("a study's mistakes are named") {
    const Catalogue catalogue = load_catalogue();
    for (const char* text :
         {R"("Serenity")", R"({"type": "VU13P", "prots": 3})", R"({"type": "VU13P", "ports": 0})", R"({"type": "VU13P", "usable": 1.5})",
          R"({"type": "VU13P", "usable": {"luts": 0.5}})", R"({"ports": 3})", "[]", "3"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(read_board(JsonReader::from_text("study.json", text), catalogue), InputError);
    }
}

TEST_CASE("a catalogue file is accepted with all sources and rejected without one") {
    CHECK(rejection(kDevice, kBoard) == "accepted");
    CHECK(contains(rejection(replaced(kDevice, R"({"value": 1000, "source": "sheet"})", "1000"), kBoard),
                   "/lut: found 1000; expected an object"));
    CHECK(contains(rejection(replaced(kDevice, R"({"value": 1000, "source": "sheet"})", R"({"value": 1000})"), kBoard),
                   "key \"source\" is missing"));
    CHECK(contains(rejection(replaced(kDevice, R"("source": "sheet")", R"("source": "book")"), kBoard),
                   "expected \"assumed\" or a key of /documents"));
    CHECK(contains(rejection(replaced(kDevice, R"(, "note": "small")", ""), kBoard), "an assumed number without a note"));
    CHECK(contains(rejection(replaced(kDevice, R"("The data sheet of D1")", R"("The data sheet of D1", "other": "Unused")"), kBoard),
                   "cited nowhere"));
}

TEST_CASE("a catalogue file with wrong values is rejected by path") {
    CHECK(contains(rejection(replaced(kDevice, "1000", "-1"), kBoard), "/lut/value: found -1"));
    CHECK(contains(rejection(replaced(kDevice, R"("value": 2,)", R"("value": 2.5,)"), kBoard), "found 2.5; expected a whole number"));
    CHECK(contains(rejection(replaced(kDevice, R"("family")", R"("familiy")"), kBoard), "key \"family\" is missing"));
    CHECK(contains(rejection(replaced(kDevice, R"("uram")", R"("hbm": 1, "uram")"), kBoard), "unknown key \"hbm\""));
    CHECK(contains(rejection(kDevice, replaced(kBoard, R"("device": "D1")", R"("device": "D2")")),
                   "/device: found \"D2\"; expected one of \"D1\""));
    CHECK(contains(rejection(kDevice, replaced(kBoard, "0.7", "1.7")), "/usable/value: found 1.7"));
    CHECK_THROWS_AS(read_catalogue("/no/such/folder"), InputError);
}
