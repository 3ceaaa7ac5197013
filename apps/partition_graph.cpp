#include <fmt/format.h>

#include "apps/commands.h"
#include "core/files.h"
#include "partition/kway/graph_file.h"
#include "partition/kway/kway.h"

namespace tessera::apps {

int partition_graph(const PartitionOptions& options, const Console& console) {
    const auto graph = partition::kway::read_graph(options.graph);
    const partition::kway::KwayOptions kway{static_cast<partition::kway::Block>(options.blocks), options.imbalance, options.seed};
    const auto result = partition::kway::partition_kway(graph, kway);
    std::string lines;
    for (const auto block : result.block_of) lines += fmt::format("{}\n", block);
    write_file(options.out, lines);
    if (console.json) {
        const Json json{{"vertices", graph.vertices()},
                        {"nets", graph.nets()},
                        {"blocks", options.blocks},
                        {"cut", result.cut},
                        {"connectivity", result.connectivity},
                        {"heaviest_block", result.heaviest_block},
                        {"allowed_block", result.allowed_block}};
        fmt::print("{}\n", json.dump(1));
    } else {
        fmt::print("{} vertices in {} blocks: cut {}, connectivity {}, the heaviest block {} of {} allowed: {}\n", graph.vertices(),
                   options.blocks, result.cut, result.connectivity, result.heaviest_block, result.allowed_block, options.out.string());
    }
    return 0;
}

}  // namespace tessera::apps
