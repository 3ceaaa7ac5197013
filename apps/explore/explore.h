#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/commands.h"

namespace tessera::apps::explore {

struct Options {
    std::filesystem::path exploration;
    std::filesystem::path out;
    std::filesystem::path network;                           ///< takes the place of the study's network file where it is not empty
    int jobs = 1;                                            ///< points that run at a time on this machine
    std::string executor = "local";                          ///< or "slurm" or "htcondor"
    bool dry_run = false;                                    ///< writes the files for the batch system and runs nothing
    bool sensitivity = false;                                ///< one and two parameters at a time instead of the whole grid
    std::string minimise;                                    ///< "boards" or empty
    std::string maximise;                                    ///< name of a measure or empty
    std::vector<std::string> frontier{"boards", "latency"};  ///< names of measures
};

/// Answers an exploration into a folder: explore.sqlite, points.csv, explore.json, explore.html, and
/// points/ID with the run of each point. Points that explore.sqlite already answers are not run again.
/// Returns 0 where a point passes, 2 where points are mapped but none passes, 3 where none is mapped.
/// @throws InputError also where every point is an error; its message is that of the first
int explore(const Options& options, const Console& console);

}  // namespace tessera::apps::explore
