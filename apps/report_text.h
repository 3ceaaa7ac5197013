#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace tessera::apps {

/// What the renderings of report.json for people share.

inline double real(const Json& json) { return json.get<double>(); }
inline std::string text(const Json& json) { return json.get<std::string>(); }
inline std::int64_t count(const Json& json) { return json.get<std::int64_t>(); }

/// JSON that may stand inside a script element: no "</" and no "<!--" can close or confuse it.
std::string script_safe(const Json& json);

/// "PASS", "FAIL" or "NO MAPPING".
std::string verdict_word(const Json& report);

/// "1.12 x the lower bound", where there is a bound.
std::string over_bound(double value, double bound);

/// What each kind of step adds up to along the critical path of the slowest event, longest first.
std::vector<std::pair<std::string, double>> time_by_kind(const Json& report);

/// "at pessimistic costs 300 boards and 1900.0 ns: the verdict stands"
std::string doubt(const Json& report);

/// "7 boards, 887.1 ns, 499 lanes", or "no mapping": one side of a compression that was tried.
std::string layout_figures(const Json& figures);

/// "of the shards 268 stay where an earlier mapping has them, 0 move, 5 are new"
std::string reuse_text(const Json& reuse);

/// "8 to 13": of the first and the last event that a fault reached; "-" where it reached none.
std::string crossings_of(const Json& fault);

/// "a spare from BX 500 on", or nothing.
std::string takeover_of(const Json& fault);

/// "20 of 20 Apollo at 3.2 kW, 31 of 100 Serenity-S1 at 2.9 kW" where there are several types of board; else nothing.
std::string boards_by_type(const Json& report);

/// "58.3 W on the hottest board of 300 W, 9.1 kW in all"
std::string power(const Json& report);

}  // namespace tessera::apps
