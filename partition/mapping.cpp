#include "partition/mapping.h"

namespace tessera::partition {

namespace {

constexpr const char* kSchema = "tessera.mapping/1";
constexpr const char* kOutsideText = "outside";

// Far above any real system, and small enough that no product of two of them that the checker or
// the simulation forms leaves 64 bits.
constexpr std::int64_t kMostIds = 10'000'000;
constexpr std::int64_t kMostCycles = 1'000'000'000;
constexpr std::int64_t kMostTicks = 1'000'000'000'000;
constexpr std::int64_t kMostBits = 1'000'000'000'000;
constexpr std::int64_t kMostElements = 1'000'000'000'000;
constexpr std::int64_t kMostSmall = 1'000'000;
constexpr double kMostResource = 1e12;

int small_integer(const JsonReader& reader, std::int64_t least, std::int64_t most = kMostSmall) {
    return static_cast<int>(reader.integer(least, most));
}

/// An id of something of which there are `count`.
template <typename Id>
Id read_id(const JsonReader& reader, std::size_t count, const std::string& what) {
    const std::int64_t value = reader.integer(0, kMostIds);
    if (static_cast<std::size_t>(value) >= count) {
        reader.fail(what + " " + std::to_string(value), "one of the " + std::to_string(count) + " that are there");
    }
    return id_at<Id>(static_cast<std::size_t>(value));
}

Json to_json(BoardId board) { return board == kOutside ? Json(kOutsideText) : Json(index(board)); }

BoardId read_place(const JsonReader& reader, std::size_t boards) {
    if (reader.raw().is_string()) {
        reader.one_of({kOutsideText});
        return kOutside;
    }
    return read_id<BoardId>(reader, boards, "board");
}

Json to_json(const Resources& resources) {
    return {{"lut", resources.lut}, {"ff", resources.ff}, {"dsp", resources.dsp}, {"bram36", resources.bram36}, {"uram", resources.uram}};
}

Resources read_resources(const JsonReader& reader) {
    Resources resources;
    resources.lut = reader.at("lut").number(0, kMostResource);
    resources.ff = reader.at("ff").number(0, kMostResource);
    resources.dsp = reader.at("dsp").number(0, kMostResource);
    resources.bram36 = reader.at("bram36").number(0, kMostResource);
    resources.uram = reader.at("uram").number(0, kMostResource);
    reader.done();
    return resources;
}

Json to_json(const LhcClock& clock) { return {{"bunch_frequency_mhz", clock.bunch_frequency_mhz}, {"cycles_per_bx", clock.cycles_per_bx}}; }

LhcClock read_clock(const JsonReader& reader) {
    LhcClock clock;
    clock.bunch_frequency_mhz = reader.at("bunch_frequency_mhz").number(1e-3, 1e6);
    clock.cycles_per_bx = small_integer(reader.at("cycles_per_bx"), 1);
    reader.done();
    return clock;
}

Json to_json(const LinkTiming& timing) {
    return {{"protocol", timing.protocol},
            {"frame_bits", timing.frame_bits},
            {"header_frames", timing.header_frames},
            {"crc_frames", timing.crc_frames},
            {"ticks_per_frame", timing.ticks_per_frame},
            {"line_rate_gbps", timing.line_rate_gbps},
            {"line_bits_per_frame", timing.line_bits_per_frame}};
}

LinkTiming read_link_timing(const JsonReader& reader) {
    LinkTiming timing;
    timing.protocol = reader.at("protocol").text();
    timing.frame_bits = small_integer(reader.at("frame_bits"), 1);
    timing.header_frames = small_integer(reader.at("header_frames"), 0);
    timing.crc_frames = small_integer(reader.at("crc_frames"), 0);
    timing.ticks_per_frame = reader.at("ticks_per_frame").integer(1, kMostSmall);
    timing.line_rate_gbps = reader.number("line_rate_gbps", 0, 0, 1e6);
    timing.line_bits_per_frame = static_cast<int>(reader.integer("line_bits_per_frame", timing.frame_bits, timing.frame_bits, kMostSmall));
    reader.done();
    return timing;
}

Json to_json(const BoardType& type) {
    return {{"name", type.name},
            {"device", type.device},
            {"slrs", type.slrs},
            {"slr_capacity", to_json(type.slr_capacity)},
            {"slr_total", to_json(type.device_total)},
            {"ports_lanes", type.ports},
            {"slr_crossing_cycles", type.slr_crossing_cycles},
            {"is_switch", type.is_switch}};
}

BoardType read_board_type(const JsonReader& reader) {
    BoardType type;
    type.name = reader.at("name").text();
    type.device = reader.at("device").text();
    type.slrs = small_integer(reader.at("slrs"), 1, 1024);
    type.slr_capacity = read_resources(reader.at("slr_capacity"));
    type.device_total = read_resources(reader.at("slr_total"));
    type.ports = small_integer(reader.at("ports_lanes"), 0);
    type.slr_crossing_cycles = small_integer(reader.at("slr_crossing_cycles"), 0);
    type.is_switch = reader.at("is_switch").boolean();
    reader.done();
    return type;
}

Json to_json(const Link& link) {
    return {{"from", to_json(link.from)},
            {"to", to_json(link.to)},
            {"lanes", link.lanes},
            {"fibre_m", link.fibre_m},
            {"latency_ticks", link.latency_ticks},
            {"buffer_frames", link.buffer_frames}};
}

Link read_link(const JsonReader& reader, std::size_t boards) {
    Link link;
    link.from = read_place(reader.at("from"), boards);
    link.to = read_place(reader.at("to"), boards);
    link.lanes = small_integer(reader.at("lanes"), 1);
    link.fibre_m = reader.at("fibre_m").number(0, 1e6);
    link.latency_ticks = reader.at("latency_ticks").integer(0, kMostTicks);
    link.buffer_frames = reader.at("buffer_frames").integer(0, kMostBits);
    reader.done();
    return link;
}

Json to_json(const ShardInput& input) {
    Json json{{"from", index(input.from)}, {"barrier", input.barrier}};
    if (input.transfer) json["transfer"] = index(*input.transfer);
    json["slr_crossings"] = input.slr_crossings;
    json["buffer_chunks"] = input.buffer_chunks;
    return json;
}

ShardInput read_input(const JsonReader& reader, std::size_t shards, std::size_t transfers) {
    ShardInput input;
    input.from = read_id<ShardId>(reader.at("from"), shards, "shard");
    input.barrier = reader.at("barrier").boolean();
    if (reader.has("transfer")) input.transfer = read_id<TransferId>(reader.at("transfer"), transfers, "transfer");
    input.slr_crossings = small_integer(reader.at("slr_crossings"), 0, 1024);
    input.buffer_chunks = reader.integer("buffer_chunks", 0, 0, kMostTicks);
    reader.done();
    return input;
}

Json range_to_json(std::int64_t begin, std::int64_t end) { return Json::array({begin, end}); }

/// A half-open range, written [begin, end].
void read_range(const JsonReader& reader, std::int64_t& begin, std::int64_t& end) {
    const auto ends = reader.items();
    if (ends.size() != 2) reader.fail("found " + std::to_string(ends.size()) + " elements", "[begin, end]");
    begin = ends[0].integer(0, kMostElements);
    end = ends[1].integer(begin, kMostElements);
}

Json to_json(const Shard& shard) {
    Json json{{"name", shard.name},
              {"op", shard.op},
              {"tokens", range_to_json(shard.token_begin, shard.token_end)},
              {"channels", range_to_json(shard.channel_begin, shard.channel_end)},
              {"kind", shard.kind},
              {"strategy", shard.strategy},
              {"engines", shard.engines},
              {"reuse_factor", shard.reuse_factor},
              {"board", to_json(shard.board)},
              {"slr", shard.slr},
              {"resources", to_json(shard.resources)},
              {"chunks", shard.chunks},
              {"chunk_interval_cycles", shard.chunk_interval_cycles},
              {"latency_cycles", shard.latency_cycles},
              {"inputs", Json::array()},
              {"start_cycle", shard.start_cycle}};
    for (const auto& input : shard.inputs) json["inputs"].push_back(to_json(input));
    return json;
}

Shard read_shard(const JsonReader& reader, std::size_t boards, std::size_t shards, std::size_t transfers) {
    Shard shard;
    shard.name = reader.at("name").text();
    shard.op = static_cast<std::uint32_t>(reader.at("op").integer(0, kMostIds));
    read_range(reader.at("tokens"), shard.token_begin, shard.token_end);
    read_range(reader.at("channels"), shard.channel_begin, shard.channel_end);
    shard.kind = reader.at("kind").text();
    shard.strategy = reader.at("strategy").text();
    shard.engines = small_integer(reader.at("engines"), 0, kMostCycles);
    shard.reuse_factor = small_integer(reader.at("reuse_factor"), 0, kMostCycles);
    shard.board = read_place(reader.at("board"), boards);
    shard.slr = small_integer(reader.at("slr"), 0, 1024);
    shard.resources = read_resources(reader.at("resources"));
    shard.chunks = small_integer(reader.at("chunks"), 1);
    shard.chunk_interval_cycles = small_integer(reader.at("chunk_interval_cycles"), 0, kMostCycles);
    shard.latency_cycles = small_integer(reader.at("latency_cycles"), 0, kMostCycles);
    for (const auto& input : reader.at("inputs").items()) shard.inputs.push_back(read_input(input, shards, transfers));
    shard.start_cycle = reader.at("start_cycle").integer(0, kMostTicks);
    reader.done();
    return shard;
}

Json to_json(const Transfer& transfer) {
    Json json{{"from", index(transfer.from)},
              {"to", to_json(transfer.to)},
              {"bits", transfer.bits},
              {"route", Json::array()},
              {"start_tick", transfer.start_tick}};
    for (const LinkId link : transfer.route) json["route"].push_back(index(link));
    return json;
}

Transfer read_transfer(const JsonReader& reader, std::size_t boards, std::size_t shards, std::size_t links) {
    Transfer transfer;
    transfer.from = read_id<ShardId>(reader.at("from"), shards, "shard");
    transfer.to = read_place(reader.at("to"), boards);
    transfer.bits = reader.at("bits").integer(0, kMostBits);
    for (const auto& link : reader.at("route").items()) transfer.route.push_back(read_id<LinkId>(link, links, "link"));
    transfer.start_tick = reader.at("start_tick").integer(0, kMostTicks);
    reader.done();
    return transfer;
}

std::vector<std::uint32_t> read_positions(const JsonReader& reader, std::size_t boards) {
    std::vector<std::uint32_t> positions;
    for (const auto& position : reader.items()) positions.push_back(static_cast<std::uint32_t>(position.integer(0, kMostSmall)));
    if (positions.size() > boards) {
        reader.fail("found " + std::to_string(positions.size()) + " positions", "no more than the " + std::to_string(boards) + " boards");
    }
    return positions;
}

template <typename Item>
Json array_of(const std::vector<Item>& items) {
    Json all = Json::array();
    for (const auto& item : items) all.push_back(to_json(item));
    return all;
}

}  // namespace

Json to_json(const Mapping& mapping) {
    Json json{{"schema", kSchema},
              {"network", mapping.network},
              {"clock", to_json(mapping.clock)},
              {"tmux_period_bx", mapping.tmux_period_bx},
              {"ticks_per_bx", mapping.ticks_per_bx},
              {"link_timing", to_json(mapping.link_timing)},
              {"switch_latency_cycles", mapping.switch_latency_cycles},
              {"topology", mapping.topology}};
    json["board_types"] = array_of(mapping.board_types);
    json["boards"] = mapping.boards;
    if (!mapping.positions.empty()) json["positions"] = mapping.positions;
    if (!mapping.places.empty()) json["places"] = topologies::to_json(mapping.places);
    json["links"] = array_of(mapping.links);
    json["shards"] = array_of(mapping.shards);
    json["transfers"] = array_of(mapping.transfers);
    json["analytic_latency_ticks"] = mapping.analytic_latency_ticks;
    return json;
}

Mapping read_mapping(const JsonReader& reader) {
    reader.at("schema").one_of({kSchema});
    Mapping mapping;
    mapping.network = reader.at("network").text();
    mapping.clock = read_clock(reader.at("clock"));
    mapping.tmux_period_bx = small_integer(reader.at("tmux_period_bx"), 1, kBunchCrossingsPerOrbit);
    mapping.ticks_per_bx = reader.at("ticks_per_bx").integer(1, kMostSmall);
    if (mapping.ticks_per_bx % mapping.clock.cycles_per_bx != 0) {
        reader.at("ticks_per_bx")
            .fail("found " + std::to_string(mapping.ticks_per_bx),
                  "a multiple of clock/cycles_per_bx, " + std::to_string(mapping.clock.cycles_per_bx));
    }
    mapping.link_timing = read_link_timing(reader.at("link_timing"));
    mapping.switch_latency_cycles = small_integer(reader.at("switch_latency_cycles"), 0);
    mapping.topology = reader.at("topology").text();
    for (const auto& type : reader.at("board_types").items()) mapping.board_types.push_back(read_board_type(type));
    for (const auto& board : reader.at("boards").items()) {
        mapping.boards.push_back(static_cast<std::uint32_t>(read_id<BoardId>(board, mapping.board_types.size(), "board type")));
    }
    if (reader.has("positions")) mapping.positions = read_positions(reader.at("positions"), mapping.boards.size());
    if (reader.has("places")) mapping.places = topologies::read_places(reader.at("places"), mapping.boards.size());
    const auto links = reader.at("links").items();
    const auto shards = reader.at("shards").items();
    const auto transfers = reader.at("transfers").items();
    const std::size_t boards = mapping.boards.size();
    for (const auto& link : links) mapping.links.push_back(read_link(link, boards));
    for (const auto& shard : shards) mapping.shards.push_back(read_shard(shard, boards, shards.size(), transfers.size()));
    for (const auto& transfer : transfers) mapping.transfers.push_back(read_transfer(transfer, boards, shards.size(), links.size()));
    mapping.analytic_latency_ticks = reader.at("analytic_latency_ticks").integer(0, kMostTicks);
    reader.done();
    return mapping;
}

}  // namespace tessera::partition
