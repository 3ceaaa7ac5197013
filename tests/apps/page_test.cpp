#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

/// The page as a browser makes it, and what its console said; the headings tell which drawings were made.
Outcome opened_in_browser(const std::filesystem::path& page, const TemporaryFolder& profile) {
    return shell(
        "chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
        "--disable-sync --enable-logging=stderr --user-data-dir=" +
            quoted(profile.path) + " --dump-dom " + tests::quoted("file://" + page.string()),
        profile.path);
}

}  // namespace

TEST_CASE("the page of a run draws all of its sections in a browser, without an error") {
    const TemporaryFolder folder, profile;
    if (shell("command -v chromium", folder.path).code != 0) {
        MESSAGE("skipped: chromium is not there");
        return;
    }
    REQUIRE(tessera("--quiet run " + quoted(shipped_study("jet_mlp")) + " -o " + quoted(folder / "out")).code == 0);
    const Outcome page = opened_in_browser(folder / "out" / "report.html", profile);
    REQUIRE(page.code == 0);
    CAPTURE(page.err);
    CHECK(page.err.find("CONSOLE") == std::string::npos);
    for (const auto* heading :
         {"Latency waterfall of the slowest event", "Board utilisation", "Floor plan", "Links", "What the verdict rests on"}) {
        CAPTURE(heading);
        CHECK(page.out.find(heading) != std::string::npos);
    }
}

}  // namespace tessera::tests
