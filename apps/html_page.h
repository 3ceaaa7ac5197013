#pragma once

#include <string>

#include "core/json.h"

namespace tessera::apps {

/// A page of apps/pages/ as one file that needs no network: `data` inside, with the style and the functions that all pages share.
/// The chart library is inside a page that has a place for it, where the build could fetch it; else such a page has tables alone.
/// @throws InputError where the page is missing or has no place for one of them
std::string html_page(const std::string& name, const Json& data);

}  // namespace tessera::apps
