#pragma once

#include <filesystem>
#include <string>

#include "apps/commands.h"

namespace tessera::apps::serve {

struct Options {
    std::filesystem::path studies;   ///< folder of study files; empty: those that ship
    std::filesystem::path out;       ///< for the runs; empty: a temporary folder that vanishes at the end
    std::string host = "127.0.0.1";  ///< the machine itself alone
    int port = 8080;                 ///< 0: any that is free
};

/// Serves a page on which users change a study and see what becomes of it, until Ctrl-C. Prints the page's address on stdout.
///
///     GET  /             the page, with all studies
///     POST /estimate     a study: bounds, at once (apps/serve/estimate.h)
///     POST /run          a study: {"id": ID}; it is mapped and simulated, and what was asked before is given up
///     GET  /answer/ID    what has become of it (apps/serve/live_run.h)
///     GET  /points/ID/report.html
///
/// Bad studies are answered with status 400 and {"error": MESSAGE}.
/// @throws InputError where the port is taken
int serve(const Options& options, const Console& console);

}  // namespace tessera::apps::serve
