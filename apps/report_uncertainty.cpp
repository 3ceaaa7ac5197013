#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/report_sections.h"
#include "models/cost_model.h"
#include "models/power.h"

/// What the verdict is worth: the same at pessimistic costs, and the power that the boards take.
namespace tessera::apps {

namespace {

/// Used and usable resources and lanes of each board of one time node.
struct Usage {
    Resources used;
    Resources usable;
    int lanes = 0;
};

std::vector<Usage> usage_of_boards(const partition::Mapping& mapping) {
    std::vector<Usage> all(mapping.boards.size());
    for (std::size_t board = 0; board < all.size(); ++board) {
        const auto& type = mapping.board_types[mapping.boards[board]];
        all[board].usable = type.slr_capacity * type.slrs;
    }
    for (const auto& shard : mapping.shards)
        if (shard.board != kOutside) all[index(shard.board)].used += shard.resources;
    std::vector<std::array<int, 2>> lanes(all.size(), {0, 0});  // a transceiver pair serves one lane out and one in
    for (const auto& link : mapping.links) {
        if (link.from != kOutside) lanes[index(link.from)][0] += link.lanes;
        if (link.to != kOutside) lanes[index(link.to)][1] += link.lanes;
    }
    for (std::size_t board = 0; board < all.size(); ++board) all[board].lanes = std::max(lanes[board][0], lanes[board][1]);
    return all;
}

Resources pessimistic_factors() {
    const auto& ranges = models::cost_data().ranges;
    // An UltraRAM is used like a block RAM: nobody published enough of them for a range of their own.
    const auto factor = [](const models::EstimateRange& range) { return std::max(1.0, range.high); };
    return {factor(ranges.lut), factor(ranges.ff), factor(ranges.dsp), factor(ranges.bram), factor(ranges.bram)};
}

/// 1 where every board still holds its shards; else by how much the scarcest resource grows, so that as many more
/// boards would be filled as well as now.
double growth_of_boards(const std::vector<Usage>& boards, const Resources& factors) {
    const auto holds = [&](const Usage& board) { return board.used.scaled(factors).fits(board.usable); };
    if (std::all_of(boards.begin(), boards.end(), holds)) return 1;
    Resources used;
    Resources usable;
    for (const Usage& board : boards) used += board.used, usable += board.usable;
    const double now = used.max_fraction(usable);
    return now > 0 && std::isfinite(now) ? std::max(1.0, used.scaled(factors).max_fraction(usable) / now) : 1;
}

/// What a board of the mapping holds in boards of the smallest type, in the mean: more boards may be of that.
double mean_size(const Study& study, const partition::Mapping& mapping) {
    if (mapping.boards.empty()) return 1;
    Resources smallest = study.boards.front().board.capacity();
    for (const auto& stock : study.boards) smallest = smaller(smallest, stock.board.capacity());
    double sum = 0;
    for (const auto type : mapping.boards) {
        const auto& board = study.boards[study.type_named(mapping.board_types[type].name)].board;
        sum += board.capacity().max_fraction(smallest);
    }
    return sum / static_cast<double>(mapping.boards.size());
}

/// The slowest event with its compute time stretched; that of external stages is declared, not estimated.
double pessimistic_latency_ns(const sim::Result& result, const std::vector<partition::Stage>& stages) {
    double compute = 0;
    for (const auto& step : result.breakdown) {
        const bool declared = std::any_of(stages.begin(), stages.end(), [&](const auto& stage) { return stage.name == step.stage; });
        if (step.kind == "compute" && !declared) compute += step.ns;
    }
    return result.latency_ns.max + (std::max(1.0, models::cost_data().ranges.latency.high) - 1) * compute;
}

}  // namespace

Json uncertainty_section(const ReportInput& input, bool pass) {
    const Resources factors = pessimistic_factors();
    const int declared = boards_of(input.study.stages);  // black boxes: their boards are not estimated
    const double mapped = static_cast<double>(input.mapping.boards_in_system()) - declared;
    const double more = (growth_of_boards(usage_of_boards(input.mapping), factors) - 1) * mean_size(input.study, input.mapping);
    const double boards = declared + std::ceil(mapped * (1 + more) - 1e-9);
    const double latency = input.result ? pessimistic_latency_ns(*input.result, input.study.stages) : 0.0;
    const bool still = pass && boards <= input.study.layout_boards() && latency <= input.study.latency_budget_ns;
    Json json;
    json["percentile"] = 90;
    json["source"] = "measured over estimated of published designs (tessera validate)";
    json["factors"] = Json::object();
    for (std::size_t i = 0; i < Resources::names.size(); ++i) json["factors"][Resources::names[i]] = rounded(factors.values()[i]);
    json["factors"]["latency"] = rounded(models::cost_data().ranges.latency.high);
    json["boards"] = {{"central", input.mapping.boards_in_system()}, {"pessimistic", static_cast<std::int64_t>(boards)}};
    json["latency_ns"] = {{"central", input.result ? rounded(input.result->latency_ns.max) : 0.0}, {"pessimistic", rounded(latency)}};
    json["pass_at_pessimistic_cost"] = still;
    json["verdict_survives"] = still == pass;
    return json;
}

namespace {

/// What the boards of one time node take, and the one that is nearest to what it can be cooled for.
struct PowerOfBoards {
    double limit_w = 0, hottest_w = 0;
    models::Power all = {};

    void add(const models::Power& board, double board_limit_w) {
        if (board.total_w() * limit_w > hottest_w * board_limit_w) hottest_w = board.total_w(), limit_w = board_limit_w;
        all.static_w += board.static_w, all.dynamic_w += board.dynamic_w, all.links_w += board.links_w;
    }

    void write(int copies, Json& section) const {
        section["hottest_board_w"] = rounded(hottest_w, 1);
        section["board_limit_w"] = limit_w;
        section["static_w"] = rounded(all.static_w * copies, 1);
        section["dynamic_w"] = rounded(all.dynamic_w * copies, 1);
        section["links_w"] = rounded(all.links_w * copies, 1);
        section["total_w"] = rounded(all.total_w() * copies, 1);
    }
};

}  // namespace

Json power_section(const ReportInput& input) {
    const auto& study = input.study;
    const auto usage = usage_of_boards(input.mapping);
    PowerOfBoards all{study.boards.front().board.power_limit_w};
    std::vector<PowerOfBoards> by_type;
    for (const auto& stock : study.boards) by_type.push_back({stock.board.power_limit_w});
    for (std::size_t b = 0; b < usage.size(); ++b) {
        const std::size_t type = study.type_named(input.mapping.board_types[input.mapping.boards[b]].name);
        const boards::Board& board = study.boards[type].board;
        const auto power = models::board_power(usage[b].used, usage[b].lanes, board, study.clock.processing_mhz());
        all.add(power, board.power_limit_w);
        by_type[type].add(power, board.power_limit_w);
    }
    Json section, types = Json::array();
    all.write(input.mapping.tmux_period_bx, section);
    for (std::size_t t = 0; t < by_type.size(); ++t) {
        Json of_type{{"type", study.boards[t].board.name}};
        by_type[t].write(input.mapping.tmux_period_bx, of_type);
        types.push_back(std::move(of_type));
    }
    section["types"] = std::move(types);
    return section;
}

}  // namespace tessera::apps
