#include "topologies/cabling.h"

#include <algorithm>

namespace tessera::topologies {

Topology uncabled(const std::string& kind, std::size_t compute_boards, std::size_t board_count) {
    Topology topology;
    topology.kind = kind;
    topology.compute_boards = compute_boards;
    topology.board_count = board_count;
    return topology;
}

void Cabling::join(std::size_t a, std::size_t b) {
    if (a == b || !pairs_.emplace(std::min(a, b), std::max(a, b)).second) return;
    ++degree_[a];
    ++degree_[b];
}

std::size_t Cabling::degree() const { return degree_.empty() ? 0 : *std::max_element(degree_.begin(), degree_.end()); }

int Cabling::lanes(const Request& request) const {
    if (request.lanes > 0) return request.lanes;
    const std::size_t most = std::max<std::size_t>(1, degree());
    const auto lanes = static_cast<std::size_t>(request.ports) / most;
    if (lanes == 0) {
        request.reader.fail("a board has " + std::to_string(most) + " cables", "at most its " + std::to_string(request.ports) + " ports");
    }
    return static_cast<int>(lanes);
}

void Cabling::plug(Topology& topology, int lanes, double length_m) const {
    for (const auto& [a, b] : pairs_) topology.cables.push_back({id_at<BoardId>(a), id_at<BoardId>(b), lanes, length_m});
    std::sort(topology.cables.begin(), topology.cables.end(),
              [](const Cable& x, const Cable& y) { return std::pair(x.a, x.b) < std::pair(y.a, y.b); });
}

}  // namespace tessera::topologies
