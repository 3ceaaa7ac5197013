#include <fmt/format.h>

#include "apps/report_sections.h"

namespace tessera::apps {

namespace {

/// A fraction of the time and the rest of it.
void add_busy(Json& entry, double busy) {
    entry["busy"] = rounded(busy);
    entry["idle"] = rounded(std::max(0.0, 1 - busy));
}

Json words_of(const std::vector<sim::LinkStatistics>& links) {
    sim::LinkWords sum;
    for (const auto& [utilisation, peak, lost, words] : links) {
        sum.header += words.header, sum.payload += words.payload, sum.crc += words.crc;
        sum.idle += words.idle, sum.marker += words.marker, sum.filler += words.filler;
    }
    return {{"header", sum.header}, {"payload", sum.payload}, {"crc", sum.crc},
            {"idle", sum.idle},     {"marker", sum.marker},   {"filler", sum.filler}};
}

}  // namespace

Json activity_section(const partition::Mapping& mapping, const std::optional<sim::Result>& result) {
    Json boards = Json::array();
    Json links = Json::array();
    if (!result) return {{"boards", boards}, {"links", links}, {"line_words", words_of({})}};
    for (std::size_t b = 0; b < result->boards.size(); ++b) {
        const auto& seen = result->boards[b];
        Json board{{"board", b}};
        add_busy(board, seen.busy_fraction);
        board["peak_buffer_chunks"] = seen.peak_buffer_chunks;
        board["buffer_chunks"] = seen.buffer_chunks;
        board["lost_chunks"] = seen.lost_chunks;
        boards.push_back(std::move(board));
    }
    for (std::size_t l = 0; l < result->links.size(); ++l) {
        const auto& seen = result->links[l];
        Json link{{"link", l}};
        add_busy(link, seen.utilisation);
        link["peak_buffer_frames"] = seen.peak_buffer_frames;
        link["buffer_frames"] = mapping.links[l].buffer_frames;
        link["lost_chunks"] = seen.lost_chunks;
        links.push_back(std::move(link));
    }
    return {{"boards", std::move(boards)}, {"links", std::move(links)}, {"line_words", words_of(result->links)}};
}

}  // namespace tessera::apps
