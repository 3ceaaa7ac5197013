#include "apps/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "boards/catalogue.h"
#include "core/error.h"
#include "models/common_device.h"
#include "partition/board_mix.h"
#include "sim/filling.h"
#include "topologies/board_roles.h"

namespace tessera::apps {

namespace {

constexpr int kMostBoards = 100'000;
// Other experiments than the LHC's have crossings, samples or frames of up to some milliseconds.
constexpr double kLeastFrequencyMhz = 1e-4;
constexpr int kMostCycles = 4'000'000;
constexpr std::int64_t kMostBunchCrossings = std::int64_t{1000} * kBunchCrossingsPerOrbit;

LhcClock read_clock(const JsonReader& study) {
    LhcClock clock;
    if (!study.has("clock")) return clock;
    const auto reader = study.at("clock");
    clock.bunch_frequency_mhz = reader.number("bunch_frequency_mhz", clock.bunch_frequency_mhz, kLeastFrequencyMhz, 1000);
    clock.cycles_per_bx = static_cast<int>(reader.integer("cycles_per_bx", clock.cycles_per_bx, 1, kMostCycles));
    reader.done();
    return clock;
}

void read_requirements(const JsonReader& root, Study& study) {
    if (!root.has("requirements")) return;
    const auto reader = root.at("requirements");
    study.latency_budget_ns = reader.number("latency_ns", study.latency_budget_ns, 1, 1e9);
    study.interval_bx = reader.number("interval_bx", study.interval_bx, 0.01, kBunchCrossingsPerOrbit);
    reader.done();
}

void read_simulation(const JsonReader& root, Study& study) {
    if (!root.has("simulation")) return;
    const auto reader = root.at("simulation");
    if (reader.has("orbits") && reader.has("bunch_crossings")) reader.fail("both \"orbits\" and \"bunch_crossings\"", "one of them");
    const auto orbits = reader.integer("orbits", 1, 1, 1000);
    study.bunch_crossings = reader.integer("bunch_crossings", orbits * kBunchCrossingsPerOrbit, 1, kMostBunchCrossings);
    study.filling = reader.text("filling", study.filling);
    if (reader.has("traffic")) study.traffic = sim::read_traffic(reader.at("traffic"));
    if (reader.has("faults")) study.faults = sim::read_faults(reader.at("faults"));
    reader.done();
    sim::read_filling(study.filling);  // an unknown scheme is an error now, not after the mapping
}

/// All times are whole ticks, of which a cycle and a frame are multiples; the simulation counts them in 32 bits.
void check_ticks(const JsonReader& root, const Study& study) {
    const std::int64_t frames = std::max(1, study.link.frames_per_bx(study.clock));
    const double ticks_per_bx = static_cast<double>(std::lcm(frames, std::int64_t{study.clock.cycles_per_bx}));
    const double budget_bx = study.latency_budget_ns / study.clock.bx_ns();
    if (ticks_per_bx * (1 + 4 * budget_bx) < INT32_MAX) return;
    const auto where = root.has("clock") ? root.at("clock") : root;
    where.fail(std::to_string(study.clock.cycles_per_bx) + " cycles and " + std::to_string(frames) + " frames of the link in a BX",
               "numbers of which one divides the other, or nearly");
}

/// No implementation holds above the clock at which the device closes timing.
void check_clock(const JsonReader& root, const Study& study) {
    const double clock_mhz = 1000 / study.clock.cycle_ns();
    const boards::Device device = models::common_device(study.boards);
    const double most_mhz = device.max_clock_mhz;
    if (clock_mhz <= most_mhz) return;
    const auto where = root.has("clock") ? root.at("clock") : root;
    where.fail(fmt::format("a processing clock of {:.1f} MHz", clock_mhz),
               fmt::format("at most {:g} MHz, up to which {} closes timing", most_mhz, device.name));
}

std::vector<int> read_periods(const JsonReader& root) {
    std::vector<int> periods{1, 2, 3, 6, 9, 18};
    if (!root.has("tmux_periods_bx")) return periods;
    periods.clear();
    for (const auto& item : root.at("tmux_periods_bx").items())
        periods.push_back(static_cast<int>(item.integer(1, kBunchCrossingsPerOrbit)));
    if (periods.empty()) root.at("tmux_periods_bx").fail("found no period", "at least one");
    return periods;
}

partition::Objective read_objective(const JsonReader& root) {
    using partition::Objective;
    static const std::map<std::string, Objective> kObjectives{
        {"boards", Objective::boards}, {"latency", Objective::latency}, {"pareto", Objective::pareto}};
    const auto name = root.text("objective", "boards");
    const auto known = kObjectives.find(name);
    if (known == kObjectives.end()) root.at("objective").fail("found " + name, "boards, latency or pareto");
    return known->second;
}

/// One type of board, or several with how many there are of each.
void read_boards(const JsonReader& root, Study& study) {
    const JsonReader reader = root.at("board");
    const auto catalogue = boards::load_catalogue();
    if (!reader.raw().is_array()) {
        study.boards_available = static_cast<int>(root.integer("boards_available", study.boards_available, 1, kMostBoards));
        study.boards = {{boards::read_board(reader, catalogue), study.boards_available}};
        return;
    }
    study.boards = boards::read_stock(reader, catalogue);
    int there = 0;
    for (const auto& stock : study.boards) there += stock.boards;
    study.boards_available = std::min(there, static_cast<int>(root.integer("boards_available", there, 1, kMostBoards)));
}

/// What is said of single boards of the topology is of boards that are there, and of types that there are.
void check_board_roles(const JsonReader& root, const Study& study) {
    const auto roles = topologies::read_board_roles(study.topology);
    for (std::size_t t = 0; t < roles.types.size(); ++t) {
        const auto named = [&](const boards::BoardStock& stock) { return stock.board.name == roles.types[t]; };
        if (std::any_of(study.boards.begin(), study.boards.end(), named)) continue;
        study.topology.at("types").items()[t].fail("found " + roles.types[t], "the name of a type of \"board\"");
    }
    const bool given_size = study.topology.has("file") || study.topology.has("shape") || study.topology.has("children");
    if (!given_size && roles.boards_named() > static_cast<std::size_t>(study.boards_available))
        study.topology.fail(fmt::format("board {} named", roles.boards_named() - 1),
                            fmt::format("numbers below that of the {} boards available", study.boards_available));
    if (roles.bind_outside() && !study.stages.empty())
        root.at("stages").fail("stages beside \"" + roles.description() + "\" of the topology",
                               "one of the two: stages bring the inputs and take the outputs on boards of their own");
}

/// Stages, which are of the first type, and spare boards, of which each type has as many, leave some to a layout.
void check_reserved_boards(const JsonReader& root, const Study& study) {
    const int stages = boards_of(study.stages);
    const auto spares = study.faults.spares.boards;
    const auto& first = study.boards.front();
    if (stages >= study.boards_available)
        root.at("stages").fail(fmt::format("{} boards in stages", stages),
                               fmt::format("fewer than the {} boards available", study.boards_available));
    if (stages > first.boards)
        root.at("stages").fail(fmt::format("{} boards in stages", stages),
                               fmt::format("at most the {} of the first type, {}", first.boards, first.board.name));
    const auto too_few = [&](const boards::BoardStock& stock) { return spares > stock.boards; };
    if (study.layout_boards() <= stages || spares + stages > first.boards || std::any_of(study.boards.begin(), study.boards.end(), too_few))
        root.at("simulation")
            .fail(fmt::format("{} spare boards", spares), "fewer than the boards available that no stage takes, of each type");
}

/// A file that a study names, as it is found from the study's folder.
std::string absolute_path(const std::filesystem::path& study_file, const std::string& named) {
    const auto path = std::filesystem::absolute(study_file).parent_path() / named;
    return path.lexically_normal().string();
}

/// Makes the files of a network, or of several, absolute.
void make_portable(Json& network, const std::filesystem::path& study_file, const std::filesystem::path& replacement) {
    for (const char* key : {"onnx", "conifer"}) {
        if (!network.contains(key)) continue;
        network[key] = replacement.empty() ? absolute_path(study_file, network[key].get<std::string>())
                                           : std::filesystem::absolute(replacement).lexically_normal().string();
    }
    if (!network.contains("networks")) return;
    for (Json& part : network["networks"]) make_portable(part, study_file, replacement);
}

/// One precision, or a list of them.
std::vector<models::Precision> read_precisions(const JsonReader& reader) {
    if (!reader.raw().is_array()) return {models::read_precision(reader)};
    std::vector<models::Precision> precisions;
    for (const auto& item : reader.items()) precisions.push_back(models::read_precision(item));
    if (precisions.empty()) reader.fail("an empty list", "a precision, or some to choose from");
    return precisions;
}

}  // namespace

boards::Stock Study::layout_stock() const {
    auto stock = boards;
    for (auto& each : stock) each.boards -= static_cast<int>(faults.spares.boards);
    return stock;
}

std::size_t Study::type_named(const std::string& type) const {
    const auto named = [&](const auto& stock) { return type == stock.board.name || type == partition::type_name(stock.board, true); };
    const auto found = std::find_if(boards.begin(), boards.end(), named);
    return found == boards.end() ? 0 : static_cast<std::size_t>(found - boards.begin());
}

Study read_study(const std::filesystem::path& file) { return read_study(JsonReader::from_file(file)); }

Study read_study(const JsonReader& root) {
    Study study;
    study.name = root.at("name").text();
    study.question = root.text("question", "");
    study.network = root.at("network");
    study.topology = root.has("topology") ? root.at("topology") : JsonReader::from_text(root.file(), R"({"kind": "patch_panel"})");
    if (root.has("precision")) study.precisions = read_precisions(root.at("precision"));
    if (root.has("arrival_ns")) study.arrivals = models::read_arrivals(root.at("arrival_ns"));
    if (root.has("stages")) study.stages = partition::read_stages(root.at("stages"));
    if (root.has("strategy")) study.strategies = models::read_strategies(root.at("strategy"));
    if (root.has("compression")) study.compressions = models::read_compressions(root.at("compression"));
    read_boards(root, study);
    study.link = topologies::read_link_protocol(root.has("link") ? root.at("link") : JsonReader::from_text(root.file(), "\"25g-64b66b\""));
    study.clock = read_clock(root);
    study.tmux_periods_bx = read_periods(root);
    study.input_bits = static_cast<int>(root.integer("input_bits", study.input_bits, 1, 64));
    read_requirements(root, study);
    study.objective = read_objective(root);
    check_board_roles(root, study);
    check_clock(root, study);
    check_ticks(root, study);
    read_simulation(root, study);
    check_reserved_boards(root, study);
    study.seed = static_cast<std::uint64_t>(root.integer("seed", 1, 0, INT64_MAX));
    if (root.has("published")) study.published = read_published(root.at("published"));
    root.done();
    return study;
}

Json portable_study(const std::filesystem::path& file, const std::filesystem::path& network) {
    Json study = JsonReader::from_file(file).raw();
    make_portable(study["network"], file, network);
    if (study.contains("simulation") && study["simulation"].contains("traffic") && study["simulation"]["traffic"].contains("file")) {
        auto& traffic = study["simulation"]["traffic"]["file"];
        traffic = absolute_path(file, traffic.get<std::string>());
    }
    if (study.contains("topology") && study["topology"].contains("file")) {
        study["topology"]["file"] = absolute_path(file, study["topology"]["file"].get<std::string>());
    }
    return study;
}

}  // namespace tessera::apps
