#include "boards/catalogue.h"

#include <algorithm>
#include <system_error>

#include "boards/sourced.h"
#include "core/error.h"
#include "core/files.h"

namespace tessera::boards {

namespace {

constexpr double kMostAmount = 1e9;

Resources read_amounts(const JsonReader& reader, SourcedReader& numbers) {
    Resources amounts;
    amounts.lut = numbers.number(reader, "lut", 0, kMostAmount);
    amounts.ff = numbers.number(reader, "ff", 0, kMostAmount);
    amounts.dsp = numbers.number(reader, "dsp", 0, kMostAmount);
    amounts.bram36 = numbers.number(reader, "bram36", 0, kMostAmount);
    amounts.uram = numbers.number(reader, "uram", 0, kMostAmount);
    return amounts;
}

Device read_device(const JsonReader& reader) {
    Device device;
    device.name = reader.at("name").text();
    device.family = reader.at("family").text();
    device.dsp = reader.at("dsp_type").text();
    const JsonReader documents = reader.at("documents");
    SourcedReader numbers(device.name, documents);
    device.total = read_amounts(reader, numbers);
    device.slrs = static_cast<int>(numbers.integer(reader, "slrs", 1, 64));
    device.slr_crossing_cycles = static_cast<int>(numbers.integer(reader, "slr_crossing_cycles", 0, 1000));
    device.sll_per_crossing = static_cast<int>(numbers.integer(reader, "sll_per_crossing", 0, 10'000'000));
    device.int8_products_per_dsp = static_cast<int>(numbers.integer(reader, "int8_products_per_dsp", 1, 1000));
    device.int4_products_per_dsp = static_cast<int>(numbers.integer(reader, "int4_products_per_dsp", 1, 1000));
    device.max_clock_mhz = numbers.number(reader, "max_clock_mhz", 1, 10'000);
    device.static_power_w = numbers.number(reader, "static_power_w", 0, 10'000);
    reader.done();
    check_all_cited(documents, numbers.cited());
    device.sources = numbers.sources();
    return device;
}

const Device& find_device(const std::vector<Device>& devices, const JsonReader& where) {
    std::vector<std::string> names;
    names.reserve(devices.size());
    for (const auto& device : devices) names.push_back(device.name);
    const std::string name = where.one_of(names);
    return *std::find_if(devices.begin(), devices.end(), [&](const Device& device) { return device.name == name; });
}

Board read_catalogue_board(const JsonReader& reader, const std::vector<Device>& devices) {
    Board board;
    board.name = reader.at("name").text();
    board.device = find_device(devices, reader.at("device"));
    const JsonReader documents = reader.at("documents");
    SourcedReader numbers(board.name, documents);
    board.devices = static_cast<int>(numbers.integer(reader, "devices", 1, 64));
    board.ports = static_cast<int>(numbers.integer(reader, "ports", 1, 100'000));
    board.port_max_gbps = numbers.number(reader, "port_max_gbps", 0.1, 10'000);
    const double usable = numbers.number(reader, "usable", 0.01, 1);
    board.usable = {usable, usable, usable, usable, usable};
    board.power_limit_w = numbers.number(reader, "power_limit_w", 1, 100'000);
    reader.done();
    check_all_cited(documents, numbers.cited());
    board.sources = numbers.sources();
    return board;
}

/// The *.json files of a folder, sorted by name.
std::vector<std::filesystem::path> json_files(const std::filesystem::path& folder) {
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end; each.increment(error)) {
        if (each->path().extension() == ".json") files.push_back(each->path());
    }
    if (error) throw InputError(folder.string(), "", "cannot be listed: " + error.message(), "a folder of the catalogue");
    std::sort(files.begin(), files.end());
    return files;
}

template <typename Item>
void insert_by_name(std::vector<Item>& items, Item item, const JsonReader& reader) {
    const auto place =
        std::lower_bound(items.begin(), items.end(), item.name, [](const Item& a, const std::string& b) { return a.name < b; });
    if (place != items.end() && place->name == item.name) reader.at("name").fail("a second \"" + item.name + "\"", "each name once");
    items.insert(place, std::move(item));
}

/// A fraction for all resources, or an object that changes some of them.
Resources read_usable(const JsonReader& reader, Resources usable) {
    if (!reader.raw().is_object()) {
        const double all = reader.number(0.01, 1);
        return {all, all, all, all, all};
    }
    usable.lut = reader.number("lut", usable.lut, 0, 1);
    usable.ff = reader.number("ff", usable.ff, 0, 1);
    usable.dsp = reader.number("dsp", usable.dsp, 0, 1);
    usable.bram36 = reader.number("bram", usable.bram36, 0, 1);
    usable.uram = reader.number("uram", usable.uram, 0, 1);
    reader.done();
    return usable;
}

}  // namespace

const Board& Catalogue::board(const std::string& name, const JsonReader& where) const {
    const auto found = std::find_if(boards.begin(), boards.end(), [&](const Board& each) { return each.name == name; });
    if (found != boards.end()) return *found;
    std::string names;
    for (const auto& each : boards) names += (names.empty() ? "" : ", ") + each.name;
    where.fail("found no board \"" + name + "\"", "one of: " + names);
}

Catalogue read_catalogue(const std::filesystem::path& folder) {
    Catalogue catalogue;
    for (const auto& file : json_files(folder / "devices")) {
        const JsonReader reader = JsonReader::from_file(file);
        insert_by_name(catalogue.devices, read_device(reader), reader);
    }
    for (const auto& file : json_files(folder / "boards")) {
        const JsonReader reader = JsonReader::from_file(file);
        insert_by_name(catalogue.boards, read_catalogue_board(reader, catalogue.devices), reader);
    }
    return catalogue;
}

Catalogue load_catalogue() { return read_catalogue(data_root() / "boards" / "catalogue"); }

Board read_board(const JsonReader& reader, const Catalogue& catalogue) {
    if (reader.raw().is_string()) return catalogue.board(reader.text(), reader);
    const JsonReader type = reader.at("type");
    Board board = catalogue.board(type.text(), type);
    if (reader.has("usable")) {
        const JsonReader usable = reader.at("usable");
        board.usable = read_usable(usable, board.usable);
        cite_study(board.sources, board.name, "usable", usable);
    }
    if (reader.has("ports")) {
        const JsonReader ports = reader.at("ports");
        board.ports = static_cast<int>(ports.integer(1, 100'000));
        cite_study(board.sources, board.name, "ports", ports);
    }
    reader.done();
    return board;
}

Stock read_stock(const JsonReader& list, const Catalogue& catalogue) {
    constexpr int kMostBoards = 100'000;
    Stock stock;
    for (const auto& item : list.items()) {
        const int boards = static_cast<int>(item.at("boards").integer(1, kMostBoards));
        Board board = read_board(item, catalogue);
        const auto same = [&](const BoardStock& each) { return each.board.name == board.name; };
        if (std::any_of(stock.begin(), stock.end(), same)) item.at("type").fail("a second \"" + board.name + "\"", "each type once");
        stock.push_back({std::move(board), boards});
    }
    if (stock.empty()) list.fail("an empty list", "types of board, each with how many there are");
    return stock;
}

}  // namespace tessera::boards
