#include <fmt/format.h>

#include <sstream>
#include <vector>

#include "tests/apps/command.h"

namespace tessera::tests {

namespace {

/// The blocks of a Markdown file that are fenced as shell.
std::vector<std::string> shell_blocks(const std::filesystem::path& file) {
    std::vector<std::string> blocks;
    std::istringstream text(read_file(file));
    bool inside = false;
    for (std::string line; std::getline(text, line);) {
        if (!inside && line == "```sh") {
            inside = true;
            blocks.emplace_back();
        } else if (inside && line == "```") {
            inside = false;
        } else if (inside) {
            blocks.back() += line + "\n";
        }
    }
    return blocks;
}

/// Why a block is not run here; empty where it is.
std::string reason_to_skip(const std::string& block) {
    if (block.find("./quickstart.sh") != std::string::npos) return "sets up the machine";
    if (block.find("./test.sh") != std::string::npos) return "runs this test";
    if (block.find(".onnx") != std::string::npos) return "needs a network that is not shipped";
    if (block.find("cms_particle_transformer") != std::string::npos) return "needs a network that is not shipped";
    if (block.find("foundation_model_seventh_head") != std::string::npos) return "run by incremental_test.cpp";
    for (const char* long_one : {"technique_ladder", "large_models", "link_rate", "board_count", "foundation_model_frontier"}) {
        if (block.find(long_one) != std::string::npos) return "takes minutes";
    }
    return "";
}

/// Runs the examples of a page in a folder where only `apps` stands, as it does in a checkout.
void run_examples(const std::filesystem::path& page) {
    const TemporaryFolder folder;
    std::filesystem::create_directory_symlink(source_folder() / "apps", folder / "apps");
    int run = 0;
    for (const auto& block : shell_blocks(page)) {
        if (const auto reason = reason_to_skip(block); !reason.empty()) {
            MESSAGE("skipped, " << reason << ": " << block);
            continue;
        }
        const auto outcome = shell("set -e\n" + block, folder.path);
        CAPTURE(block);
        CAPTURE(outcome.err);
        CHECK(outcome.code == 0);
        ++run;
    }
    CHECK(run > 0);
}

}  // namespace

TEST_CASE("the examples of README.md run") { run_examples(source_folder() / "README.md"); }
TEST_CASE("the examples of apps/README.md run") { run_examples(source_folder() / "apps" / "README.md"); }
TEST_CASE("the examples of apps/studies/README.md run") { run_examples(source_folder() / "apps" / "studies" / "README.md"); }

TEST_CASE("the grammar of studies names every shipped study") {
    const auto page = read_file(source_folder() / "apps" / "studies" / "README.md");
    for (const auto& entry : std::filesystem::directory_iterator(source_folder() / "apps" / "studies")) {
        if (entry.path().extension() != ".json") continue;
        CAPTURE(entry.path().string());
        CHECK(page.find("`" + entry.path().filename().string() + "`") != std::string::npos);
    }
}

}  // namespace tessera::tests
