#include "partition/board_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace tessera::partition {

Resources smallest_slr(const boards::Stock& stock) {
    Resources least = stock.front().board.slr_capacity();
    for (const auto& each : stock) least = smaller(least, each.board.slr_capacity());
    return least;
}

Resources largest_slr(const boards::Stock& stock) {
    Resources most = stock.front().board.slr_capacity();
    for (const auto& each : stock) most = larger(most, each.board.slr_capacity());
    return most;
}

Resources mean_board(const boards::Stock& stock) {
    double boards = 0;
    for (const auto& each : stock) boards += each.boards;
    const Resources first = stock.front().board.capacity();
    Resources mean = first;
    for (std::size_t t = 1; t < stock.size(); ++t) mean += (stock[t].board.capacity() - first) * (stock[t].boards / boards);
    return mean;
}

int fewest_ports(const boards::Stock& stock) {
    int least = stock.front().board.ports;
    for (const auto& each : stock) least = std::min(least, each.board.ports);
    return least;
}

int boards_in_node(const boards::Stock& stock, int tmux_period_bx) {
    return std::accumulate(stock.begin(), stock.end(), 0, [&](int sum, const auto& each) { return sum + each.boards / tmux_period_bx; });
}

std::uint32_t type_at_place(const boards::Stock& stock, int tmux_period_bx, const topologies::BoardRoles& roles, std::size_t place) {
    const auto last = static_cast<std::uint32_t>(stock.size() - 1);
    std::uint32_t type = 0;
    if (!roles.types.empty()) {
        const std::string& name = roles.types[place % roles.types.size()];
        while (type < last && stock[type].board.name != name) ++type;
        return type;
    }
    for (; type < last; ++type) {
        const auto there = static_cast<std::size_t>(stock[type].boards / tmux_period_bx);
        if (place < there) break;
        place -= there;
    }
    return type;
}

std::vector<std::size_t> boards_by_type(const Mapping& mapping, const boards::Stock& stock) {
    std::vector<std::size_t> of_type(mapping.board_types.size(), 0), count(stock.size(), 0);
    for (std::size_t t = 0; t < of_type.size(); ++t) {
        const BoardType& type = mapping.board_types[t];
        while (of_type[t] + 1 < stock.size() && type_name(stock[of_type[t]].board, type.is_switch) != type.name) ++of_type[t];
    }
    for (const std::uint32_t type : mapping.boards) ++count[of_type[type]];
    return count;
}

std::string type_name(const boards::Board& board, bool is_switch) { return is_switch ? board.name + " (switch)" : board.name; }

std::string names_of(const boards::Stock& stock) {
    if (stock.size() == 1) return stock.front().board.name;
    std::string names;
    for (std::size_t t = 0; t < stock.size(); ++t) {
        if (t > 0) names += t + 1 == stock.size() ? " and " : ", ";
        names += fmt::format("{} ({})", stock[t].board.name, stock[t].boards);
    }
    return names;
}

std::vector<double> priced_sizes(const boards::Stock& stock, const std::array<double, 5>& prices) {
    const auto mean = mean_board(stock).values();
    std::vector<double> sizes;
    for (const auto& each : stock) {
        const auto capacity = each.board.capacity().values();
        double size = 1;  // as the prices sum to 1, it is 1 and what the board has more of than the mean
        for (std::size_t r = 0; r < prices.size(); ++r) size += mean[r] > 0 ? prices[r] * (capacity[r] / mean[r] - 1) : 0;
        sizes.push_back(size);
    }
    return sizes;
}

double priced_size(const Mapping& mapping, const boards::Stock& stock, const std::array<double, 5>& prices) {
    const auto sizes = priced_sizes(stock, prices);
    double sum = 0;
    for (const std::uint32_t type : mapping.boards) sum += type < sizes.size() ? sizes[type] : 1;
    return sum;
}

double fewest_boards(double needed, const std::vector<double>& held, const boards::Stock& stock, int tmux_period_bx) {
    std::vector<std::size_t> order(held.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return held[a] > held[b]; });
    double boards = 0;
    for (const std::size_t type : order) {
        const int there = stock[type].boards / tmux_period_bx;
        if (needed <= there * held[type]) return boards + needed / held[type];
        boards += there, needed -= there * held[type];
    }
    return boards + needed / held[order.front()];
}

}  // namespace tessera::partition
