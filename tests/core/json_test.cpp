#include "core/json.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "core/error.h"

using namespace tessera;

namespace {

/// The message of the InputError that `action` raises; empty where it raises none.
template <typename Action>
std::string message_of(Action action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a reader gives values by key and by position") {
    const auto root = JsonReader::from_text("study.json", R"({"name": "a", "boards": [{"ports": 124}], "on": true})");
    CHECK(root.at("name").text() == "a");
    CHECK(root.at("boards").items()[0].at("ports").integer(1, 200) == 124);
    CHECK(root.boolean("on", false));
    CHECK(root.number("missing", 0.7, 0, 1) == 0.7);
    CHECK_NOTHROW(root.done());
}

TEST_CASE("malformed JSON is named by file and line") {
    const auto message = message_of([] { JsonReader::from_text("study.json", "{\n  \"name\": \n}"); });
    CHECK(message == "study.json: line 3: malformed JSON (byte 14); expected a JSON document");
}

TEST_CASE("what is found and what was expected stand in the message, with the path") {
    const auto root = JsonReader::from_text("study.json", R"({"boards": [{"ports": -3, "type": 7}]})");
    const auto board = root.at("boards").items()[0];
    CHECK(message_of([&] { board.at("ports").integer(0, 10); }) ==
          "study.json: /boards/0/ports: found -3; expected a whole number from 0 to 10");
    CHECK(message_of([&] { board.at("type").text(); }) == "study.json: /boards/0/type: found 7; expected a string");
    CHECK(message_of([&] { board.at("links"); }) == "study.json: /boards/0: key \"links\" is missing");
    CHECK(message_of([&] {
              board.at("ports").one_of({"a", "b"});
          }) == "study.json: /boards/0/ports: found -3; expected one of \"a\" \"b\"");
}

TEST_CASE("numbers that do not fit are rejected, not wrapped") {
    const auto root = JsonReader::from_text("x", R"({"huge": 18446744073709551615, "real": 1.5, "tiny": 1e-400})");
    CHECK_THROWS_AS(root.at("huge").integer(0, INT64_MAX), InputError);
    CHECK_THROWS_AS(root.at("real").integer(0, 10), InputError);
    CHECK(root.at("tiny").number(0, 1) == 0);
}

TEST_CASE("a key that nobody asked for is an error that suggests the nearest") {
    const auto root = JsonReader::from_text("study.json", R"({"latency_ns": 1, "latncy_ns": 2})");
    root.number("latency_ns", 0, 0, 10);
    CHECK(message_of([&] { root.done(); }) ==
          "study.json: /: unknown key \"latncy_ns\" (did you mean \"latency_ns\"?); expected one of: latency_ns");
}

TEST_CASE("hostile documents are input errors") {
    CHECK_THROWS_AS(JsonReader::from_text("x", ""), InputError);
    CHECK_THROWS_AS(JsonReader::from_text("x", "\xff\xfe"), InputError);
    CHECK_THROWS_AS(JsonReader::from_text("x", "[1e999999]"), InputError);
    CHECK_THROWS_AS(JsonReader::from_text("x", "[1, 2]").at("key"), InputError);
    const std::size_t deep = 1'000'000;
    CHECK_THROWS_AS(JsonReader::from_text("x", std::string(deep, '[') + std::string(deep, ']')), InputError);
    CHECK_THROWS_AS(JsonReader::from_file("no/such/file.json"), InputError);
}

TEST_CASE("threads may read the same place, and every key that one of them asks for counts") {
    constexpr int kThreads = 4;
    constexpr int kKeys = 500;
    Json object;
    for (int i = 0; i < kThreads * kKeys; ++i) object["key " + std::to_string(i)] = i;
    const auto root = JsonReader::from_text("study.json", object.dump());
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&root, thread] {
            for (int i = thread; i < kThreads * kKeys; i += kThreads) root.has("key " + std::to_string(i));
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(message_of([&] { root.done(); }).empty());
}
