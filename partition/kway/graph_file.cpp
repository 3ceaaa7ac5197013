#include "partition/kway/graph_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "core/error.h"
#include "core/files.h"

namespace tessera::partition::kway {

namespace {

/// The lines of a file that are not comments, as rows of whole numbers.
class Rows {
  public:
    explicit Rows(const std::filesystem::path& path) : path_(path), text_(read_file(path)), rest_(text_) {}

    /// The next row; a graph's vertex without edges has an empty one.
    const std::vector<Weight>& next(const std::string& expected) {
        do {
            if (rest_.empty()) throw InputError(path_.string(), fmt::format("line {}", line_ + 1), "end of the file", expected);
            const auto end = rest_.find('\n');
            row_ = rest_.substr(0, end);
            rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
            ++line_;
        } while (!row_.empty() && row_.front() == '%');
        parse();
        return numbers_;
    }

    [[noreturn]] void fail(const std::string& found, const std::string& expected) const {
        throw InputError(path_.string(), fmt::format("line {}", line_), found, expected);
    }

    Weight checked(Weight value, Weight least, Weight most, const std::string& what) const {
        if (value < least || value > most) fail(fmt::format("{} {}", what, value), fmt::format("{} to {}", least, most));
        return value;
    }

  private:
    void parse() {
        numbers_.clear();
        const char* at = row_.data();
        const char* const end = at + row_.size();
        while (true) {
            while (at != end && (*at == ' ' || *at == '\t' || *at == '\r')) ++at;
            if (at == end) return;
            Weight value = 0;
            const auto [after, error] = std::from_chars(at, end, value);
            if (error != std::errc{})
                fail(fmt::format("\"{}\"", std::string_view(at, static_cast<std::size_t>(std::min<std::ptrdiff_t>(end - at, 20)))),
                     "a whole number");
            numbers_.push_back(value);
            at = after;
        }
    }

    std::filesystem::path path_;
    std::string text_;
    std::string_view rest_, row_;
    std::vector<Weight> numbers_;
    std::size_t line_ = 0;
};

constexpr Weight kMostVertices = 1'000'000'000;
constexpr Weight kMostWeight = std::numeric_limits<std::int32_t>::max();

Hypergraph read_metis(Rows& rows) {
    const auto header = rows.next("the numbers of vertices and edges");
    if (header.size() < 2 || header.size() > 4) rows.fail(fmt::format("{} numbers", header.size()), "vertices, edges, [format, [weights]]");
    const auto vertices = static_cast<std::size_t>(rows.checked(header[0], 0, kMostVertices, "vertices"));
    const Weight edges = rows.checked(header[1], 0, kMostVertices, "edges");
    const Weight format = header.size() > 2 ? header[2] : 0;
    const bool sizes = format / 100 % 10 == 1, vertex_weights = format / 10 % 10 == 1, edge_weights = format % 10 == 1;
    const auto constraints = static_cast<std::size_t>(header.size() > 3 ? rows.checked(header[3], 1, 64, "weights") : 1);
    const std::size_t skipped = (sizes ? 1 : 0) + (vertex_weights ? constraints : 0), step = edge_weights ? 2 : 1;

    std::vector<Weight> weights(vertices, 1);
    std::vector<Hypergraph::Pins> nets;
    std::vector<std::size_t> listed_later(vertices, 0);  // ends at vertices after their own
    for (std::size_t v = 0; v < vertices; ++v) {
        const auto& row = rows.next(fmt::format("{} vertices", vertices));
        if (row.size() < skipped || (row.size() - skipped) % step != 0)
            rows.fail(fmt::format("{} numbers", row.size()), "weights, then edges");
        if (vertex_weights) weights[v] = rows.checked(row[sizes ? 1 : 0], 0, kMostWeight, "weight");
        for (std::size_t i = skipped; i < row.size(); i += step) {
            const auto other = static_cast<std::size_t>(rows.checked(row[i], 1, header[0], "vertex")) - 1;
            const Weight weight = edge_weights ? rows.checked(row[i + 1], 1, kMostWeight, "edge weight") : 1;
            if (other == v) rows.fail("an edge from a vertex to itself", "two different vertices");
            if (other > v) {
                nets.push_back({{static_cast<Vertex>(v), static_cast<Vertex>(other)}, weight});
                ++listed_later[other];
            } else if (listed_later[v]-- == 0) {
                rows.fail(fmt::format("an edge to vertex {} that does not list it", other + 1), "every edge at both ends");
            }
        }
        if (listed_later[v] != 0) rows.fail("fewer edges than earlier vertices have to this one", "every edge at both ends");
    }
    if (static_cast<Weight>(nets.size()) != edges)
        rows.fail(fmt::format("{} edges", nets.size()), fmt::format("the {} of the first line", edges));
    return {std::move(weights), nets};
}

Hypergraph read_hmetis(Rows& rows) {
    const auto header = rows.next("the numbers of nets and vertices");
    if (header.size() < 2 || header.size() > 3) rows.fail(fmt::format("{} numbers", header.size()), "nets, vertices, [format]");
    const auto net_count = static_cast<std::size_t>(rows.checked(header[0], 0, kMostVertices, "nets"));
    const auto vertices = static_cast<std::size_t>(rows.checked(header[1], 0, kMostVertices, "vertices"));
    const Weight format = header.size() > 2 ? header[2] : 0;
    const bool net_weights = format % 10 == 1, vertex_weights = format / 10 % 10 == 1;

    std::vector<Hypergraph::Pins> nets;
    for (std::size_t n = 0; n < net_count; ++n) {
        const auto& row = rows.next(fmt::format("{} nets", net_count));
        if (row.size() < (net_weights ? 2U : 1U)) rows.fail("an empty net", "one pin or more");
        Hypergraph::Pins net{{}, net_weights ? rows.checked(row[0], 1, kMostWeight, "net weight") : 1};
        for (std::size_t i = net_weights ? 1 : 0; i < row.size(); ++i) {
            net.vertices.push_back(static_cast<Vertex>(rows.checked(row[i], 1, header[1], "vertex")) - 1);
        }
        std::sort(net.vertices.begin(), net.vertices.end());
        net.vertices.erase(std::unique(net.vertices.begin(), net.vertices.end()), net.vertices.end());
        if (net.vertices.size() > 1) nets.push_back(std::move(net));
    }
    std::vector<Weight> weights(vertices, 1);
    for (std::size_t v = 0; vertex_weights && v < vertices; ++v) {
        const auto& row = rows.next(fmt::format("weights of {} vertices", vertices));
        if (row.size() != 1) rows.fail(fmt::format("{} numbers", row.size()), "the weight of one vertex");
        weights[v] = rows.checked(row[0], 0, kMostWeight, "weight");
    }
    return {std::move(weights), nets};
}

}  // namespace

Hypergraph read_graph(const std::filesystem::path& path) {
    Rows rows(path);
    return path.extension() == ".hgr" ? read_hmetis(rows) : read_metis(rows);
}

}  // namespace tessera::partition::kway
