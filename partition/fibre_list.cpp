#include "partition/fibre_list.h"

#include <fmt/format.h>

#include <vector>

namespace tessera::partition {

namespace {

/// Numbers the ports of each board as they are taken.
class PortNumbers {
  public:
    explicit PortNumbers(std::size_t boards) : next_(boards, 0) {}

    /// Board and port, as two columns.
    std::string take(BoardId board) { return board == kOutside ? "outside," : fmt::format("{},{}", index(board), next_[index(board)]++); }

  private:
    std::vector<int> next_;
};

}  // namespace

std::string fibre_list_csv(const Mapping& mapping) {
    std::string csv = "fibre,time_node,link,lane,from_board,from_port,to_board,to_port,length_m\n";
    std::size_t fibre = 0;
    for (int node = 0; node < mapping.tmux_period_bx; ++node) {
        PortNumbers senders(mapping.boards.size()), receivers(mapping.boards.size());
        for (std::size_t l = 0; l < mapping.links.size(); ++l) {
            const Link& link = mapping.links[l];
            for (int lane = 0; lane < link.lanes; ++lane) {
                csv += fmt::format("{},{},{},{},{},{},{}\n", fibre++, node, l, lane, senders.take(link.from), receivers.take(link.to),
                                   link.fibre_m);
            }
        }
    }
    return csv;
}

}  // namespace tessera::partition
