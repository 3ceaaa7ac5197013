#include <fmt/format.h>

#include "sim/simulation.h"

namespace tessera::sim {

namespace {

constexpr double kMost = 1e18;
constexpr std::int64_t kMostCount = INT64_MAX;

std::int64_t count(const JsonReader& reader, const std::string& key) { return reader.at(key).integer(0, kMostCount); }
double real(const JsonReader& reader, const std::string& key) { return reader.at(key).number(0, kMost); }

Json to_json(const LinkWords& words) {
    return {{"header", words.header}, {"payload", words.payload}, {"crc", words.crc},
            {"idle", words.idle},     {"marker", words.marker},   {"filler", words.filler}};
}

LinkWords read_words(const JsonReader& reader) {
    return {count(reader, "header"), count(reader, "payload"), count(reader, "crc"),
            count(reader, "idle"),   count(reader, "marker"),  count(reader, "filler")};
}

Json to_json(const FaultOutcome& fault) {
    return {{"what", fault.what},         {"takeover_bx", fault.takeover_bx}, {"reached", fault.reached},
            {"lost", fault.lost},         {"corrupted", fault.corrupted},     {"late", fault.late},
            {"first_bx", fault.first_bx}, {"last_bx", fault.last_bx}};
}

FaultOutcome read_fault(const JsonReader& reader) {
    const auto crossing = [&](const char* key) { return reader.at(key).integer(-1, kMostCount); };
    return {reader.at("what").text(),   crossing("takeover_bx"), count(reader, "reached"), count(reader, "lost"),
            count(reader, "corrupted"), count(reader, "late"),   crossing("first_bx"),     crossing("last_bx")};
}

}  // namespace

Json to_json(const Result& result) {
    Json json;
    json["schema"] = "tessera.simulation/1";
    json["bunch_crossings"] = result.bunch_crossings;
    json["events"] = {{"injected", result.events.injected},   {"completed", result.events.completed}, {"lost", result.events.lost},
                      {"corrupted", result.events.corrupted}, {"in_flight", result.events.in_flight}, {"late", result.events.late}};
    json["traffic"] = {{"capacity_objects", result.traffic.capacity},
                       {"mean_objects", result.traffic.mean_objects},
                       {"max_objects", result.traffic.max_objects},
                       {"truncated_events", result.traffic.truncated_events},
                       {"objects_cut", result.traffic.objects_cut}};
    json["latency_ns"] = {{"min", result.latency_ns.min},
                          {"mean", result.latency_ns.mean},
                          {"p50", result.latency_ns.p50},
                          {"p99", result.latency_ns.p99},
                          {"max", result.latency_ns.max}};
    json["max_latency_ticks"] = result.max_latency_ticks;
    json["latency_histogram_upto_ns_events"] = result.latency_histogram;
    json["max_interval_ns"] = result.max_interval_ns;
    json["longest_stage_interval_ns"] = result.longest_stage_interval_ns;
    json["slowest_stage"] = result.slowest_stage;
    json["stage_intervals"] = Json::array();
    for (const auto& each : result.stages)
        json["stage_intervals"].push_back({{"stage", each.stage}, {"min_ns", each.min_ns}, {"max_ns", each.max_ns}});
    json["breakdown"] = Json::array();
    for (const auto& step : result.breakdown) json["breakdown"].push_back({{"stage", step.stage}, {"kind", step.kind}, {"ns", step.ns}});
    json["boards"] = Json::array();
    for (const auto& board : result.boards) {
        json["boards"].push_back({{"busy_fraction", board.busy_fraction},
                                  {"peak_buffer_chunks", board.peak_buffer_chunks},
                                  {"buffer_chunks", board.buffer_chunks},
                                  {"lost_chunks", board.lost_chunks}});
    }
    json["links"] = Json::array();
    for (const auto& link : result.links) {
        json["links"].push_back({{"utilisation", link.utilisation},
                                 {"peak_buffer_frames", link.peak_buffer_frames},
                                 {"lost_chunks", link.lost_chunks},
                                 {"words", to_json(link.words)}});
    }
    json["losses"] = result.losses;
    json["faults"] = Json::array();
    for (const auto& fault : result.faults) json["faults"].push_back(to_json(fault));
    json["link_chunks"] = result.link_chunks;
    json["fingerprint"] = fmt::format("{:016x}", result.fingerprint);
    return json;
}

Result read_result(const JsonReader& reader) {
    if (reader.at("schema").text() != "tessera.simulation/1") reader.at("schema").fail("found another schema", "tessera.simulation/1");
    Result result;
    result.bunch_crossings = count(reader, "bunch_crossings");
    const auto events = reader.at("events");
    result.events = {count(events, "injected"),  count(events, "completed"), count(events, "lost"),
                     count(events, "corrupted"), count(events, "in_flight"), count(events, "late")};
    const auto traffic = reader.at("traffic");
    result.traffic = {count(traffic, "capacity_objects"), real(traffic, "mean_objects"), count(traffic, "max_objects"),
                      count(traffic, "truncated_events"), count(traffic, "objects_cut")};
    const auto latency = reader.at("latency_ns");
    result.latency_ns = {real(latency, "min"), real(latency, "mean"), real(latency, "p50"), real(latency, "p99"), real(latency, "max")};
    result.max_latency_ticks = count(reader, "max_latency_ticks");
    for (const auto& bin : reader.at("latency_histogram_upto_ns_events").items()) {
        const auto pair = bin.items();
        if (pair.size() != 2) bin.fail("found " + std::to_string(pair.size()) + " values", "an edge in ns and a count");
        result.latency_histogram.emplace_back(pair[0].number(0, kMost), pair[1].integer(0, kMostCount));
    }
    result.max_interval_ns = real(reader, "max_interval_ns");
    result.longest_stage_interval_ns = real(reader, "longest_stage_interval_ns");
    result.slowest_stage = reader.at("slowest_stage").text();
    for (const auto& each : reader.at("stage_intervals").items())
        result.stages.push_back({each.at("stage").text(), real(each, "min_ns"), real(each, "max_ns")});
    for (const auto& step : reader.at("breakdown").items()) {
        result.breakdown.push_back({step.at("stage").text(),
                                    step.at("kind").one_of({"input", "compute", "serialise", "link", "switch", "wait"}),
                                    step.at("ns").number(0, kMost)});
    }
    for (const auto& board : reader.at("boards").items()) {
        result.boards.push_back(
            {real(board, "busy_fraction"), count(board, "peak_buffer_chunks"), count(board, "buffer_chunks"), count(board, "lost_chunks")});
    }
    for (const auto& link : reader.at("links").items()) {
        result.links.push_back(
            {real(link, "utilisation"), count(link, "peak_buffer_frames"), count(link, "lost_chunks"), read_words(link.at("words"))});
    }
    for (const auto& loss : reader.at("losses").items()) result.losses.push_back(loss.text());
    for (const auto& fault : reader.at("faults").items()) result.faults.push_back(read_fault(fault));
    result.link_chunks = count(reader, "link_chunks");
    try {
        result.fingerprint = std::stoull(reader.at("fingerprint").text(), nullptr, 16);
    } catch (const std::logic_error&) {
        reader.at("fingerprint").fail("found " + reader.at("fingerprint").text(), "a hexadecimal number");
    }
    reader.done();
    return result;
}

}  // namespace tessera::sim
