#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/steps.h"

namespace tessera::apps {

/// What all commands share: where they talk to.
struct Console {
    bool json = false;   ///< machine-readable output alone on stdout
    bool quiet = false;  ///< nothing on stderr but errors
    Progress progress;   ///< shown on a terminal
};

/// Each command returns its exit code: 0, 2 or 3; bad input is an InputError.
///
/// A run's folder holds study.json (as it can be run again), search.json, mapping.json,
/// fibres.csv (of a patch panel), simulation.json and report.{json,md,html}; check, simulate and report work from it alone.

/// @param threads that search, for the same answer sooner; 0: one for each processor
int run(const std::filesystem::path& study, const std::filesystem::path& out, const std::filesystem::path& network, const Console& console,
        int threads = 0);
/// run with a network that was imported already and on one thread, for many questions to one network.
int run_imported(const std::filesystem::path& study, const std::filesystem::path& out, models::Network network, const Console& console);

/// What to map, and who divides the shards among the boards.
struct MapOptions {
    std::filesystem::path study;
    std::filesystem::path out;
    std::filesystem::path network;  ///< as in run
    partition::Partitioner partitioner = partition::Partitioner::tessera;
    bool refine = false;         ///< what another partitioner divides, too
    std::filesystem::path from;  ///< folder of an earlier run whose mapping is kept as far as it holds; empty: none
    double time_limit_s = 0;     ///< after which the best mapping found so far is taken; 0: none
    int threads = 0;             ///< as in run
};
/// Ctrl-C also ends the search with the best mapping found so far, as in run.
int map(const MapOptions& options, const Console& console);
int check(const std::filesystem::path& out, const Console& console);

/// What a simulation records for people to look at; an empty path: nothing.
struct TraceOptions {
    std::filesystem::path chrome;  ///< for Perfetto
    std::filesystem::path vcd;
    std::int64_t from_bx = 0;
    std::int64_t crossings = 20;
    std::vector<std::uint32_t> boards;  ///< of a time node, with their links; nothing chosen: all
    std::vector<std::uint32_t> links;   ///< beside them
};
int simulate(const std::filesystem::path& out, const TraceOptions& options, const Console& console);

int report(const std::filesystem::path& out, const Console& console);
/// Writes boards and links of OUT/report.json for other programs: boards.csv, links.csv, boards.dot, boards.graphml.
int export_boards(const std::filesystem::path& out, const Console& console);

/// What to inspect: an ONNX or conifer file, or a name of the zoo.
struct InspectOptions {
    std::string model;
    std::map<std::string, std::int64_t> bindings;
    int bits = 8;  ///< of weights and activations that the file does not quantise
};
int inspect(const InspectOptions& options, const Console& console);

/// Plain k-way partition of a METIS (.graph) or hMETIS (.hgr) file.
struct PartitionOptions {
    std::filesystem::path graph;
    std::filesystem::path out;  ///< the block of each vertex, one a line
    int blocks = 2;
    double imbalance = 0.03;
    std::uint64_t seed = 1;
};
int partition_graph(const PartitionOptions& options, const Console& console);

/// Prints what is published for the studies of some runs beside what Tessera says, as a table in Markdown;
/// with `page` it also takes the place of the one in that file.
int compare(const std::vector<std::filesystem::path>& outs, const std::filesystem::path& page, const Console& console);

/// @param what boards, links, topologies or networks
int list(const std::string& what, const Console& console);

/// Compares the cost models with published hardware results and with the baselines that others use.
int validate(const Console& console);

}  // namespace tessera::apps
