#include "topologies/link_protocol.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "boards/sourced.h"
#include "core/files.h"

namespace tessera::topologies {

namespace {

// A line rate that is an exact multiple of the frame rate must not lose a frame to rounding.
constexpr double kRoundingSlack = 1e-9;

LinkProtocol read_catalogue_protocol(const JsonReader& reader, const JsonReader& documents, std::set<std::string>& cited) {
    LinkProtocol protocol;
    protocol.name = reader.at("name").text();
    boards::SourcedReader numbers(protocol.name, documents);
    protocol.line_rate_gbps = numbers.number(reader, "line_rate_gbps", 0.01, 10'000);
    protocol.line_bits_per_frame = static_cast<int>(numbers.integer(reader, "line_bits_per_frame", 1, 100'000));
    protocol.frame_bits = static_cast<int>(numbers.integer(reader, "frame_bits", 1, protocol.line_bits_per_frame));
    protocol.header_frames = static_cast<int>(numbers.integer(reader, "header_frames", 0, 1000));
    protocol.crc_frames = static_cast<int>(numbers.integer(reader, "crc_frames", 0, 1000));
    protocol.transceiver_latency_ns = numbers.number(reader, "transceiver_latency_ns", 0, 1e6);
    protocol.fibre_ns_per_m = numbers.number(reader, "fibre_ns_per_m", 0, 100);
    protocol.fibre_m = numbers.number(reader, "fibre_m", 0, 1e6);
    protocol.alignment_frames = static_cast<int>(numbers.integer(reader, "alignment_frames", 0, 100'000));
    reader.done();
    protocol.sources = numbers.sources();
    cited.insert(numbers.cited().begin(), numbers.cited().end());
    return protocol;
}

void change_number(LinkProtocol& protocol, const JsonReader& reader, const std::string& key, double& member, double least, double most) {
    if (!reader.has(key)) return;
    member = reader.at(key).number(least, most);
    boards::cite_study(protocol.sources, protocol.name, key, reader.at(key));
}

void change_integer(LinkProtocol& protocol, const JsonReader& reader, const std::string& key, int& member, std::int64_t least) {
    if (!reader.has(key)) return;
    member = static_cast<int>(reader.at(key).integer(least, 100'000));
    boards::cite_study(protocol.sources, protocol.name, key, reader.at(key));
}

LinkProtocol find_protocol(const JsonReader& name) {
    const auto protocols = load_link_protocols();
    std::vector<std::string> names;
    names.reserve(protocols.size());
    for (const auto& protocol : protocols) names.push_back(protocol.name);
    const auto place = std::find(names.begin(), names.end(), name.one_of(names));
    return protocols[static_cast<std::size_t>(place - names.begin())];
}

}  // namespace

int LinkProtocol::frames_per_bx(const LhcClock& clock) const {
    const double line_bits_per_bx = line_rate_gbps * clock.bx_ns();
    return static_cast<int>(std::floor(line_bits_per_bx / line_bits_per_frame + kRoundingSlack));
}

double LinkProtocol::payload_bits(const LhcClock& clock, int bx) const {
    const double frames = static_cast<double>(frames_per_bx(clock)) * bx - header_frames - crc_frames;
    return std::max(0.0, frames) * frame_bits;
}

std::vector<LinkProtocol> load_link_protocols() {
    const JsonReader reader = JsonReader::from_file(data_root() / "topologies" / "catalogue" / "links.json");
    const JsonReader documents = reader.at("documents");
    std::vector<LinkProtocol> protocols;
    std::set<std::string> cited;
    for (const auto& each : reader.at("protocols").items()) protocols.push_back(read_catalogue_protocol(each, documents, cited));
    reader.done();
    boards::check_all_cited(documents, cited);
    std::sort(protocols.begin(), protocols.end(), [](const LinkProtocol& a, const LinkProtocol& b) { return a.name < b.name; });
    return protocols;
}

LinkProtocol read_link_protocol(const JsonReader& reader) {
    if (reader.raw().is_string()) return find_protocol(reader);
    LinkProtocol protocol = find_protocol(reader.at("type"));
    change_number(protocol, reader, "line_rate_gbps", protocol.line_rate_gbps, 0.01, 10'000);
    change_integer(protocol, reader, "header_frames", protocol.header_frames, 0);
    change_integer(protocol, reader, "crc_frames", protocol.crc_frames, 0);
    change_number(protocol, reader, "transceiver_latency_ns", protocol.transceiver_latency_ns, 0, 1e6);
    change_number(protocol, reader, "fibre_ns_per_m", protocol.fibre_ns_per_m, 0, 100);
    change_number(protocol, reader, "fibre_m", protocol.fibre_m, 0, 1e6);
    change_integer(protocol, reader, "alignment_frames", protocol.alignment_frames, 0);
    reader.done();
    return protocol;
}

}  // namespace tessera::topologies
