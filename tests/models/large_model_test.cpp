#include <sys/resource.h>

#include <sstream>

#include "models/precision.h"
#include "tests/models/lowering_fixture.h"
#include "tests/shared_files.h"

/// Files as large as Tessera takes them, and real files with damage.
namespace tessera::tests {

namespace {

/// Processor time of this process in seconds: the wall clock would judge the machine's load.
double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1000;
}

/// Dense layers one after another, `layers` of `width` x `width` float32 weights and a bias.
std::string tower(int layers, std::int64_t width) {
    OnnxFile file;
    file.input("x0", {1, static_cast<int>(width)});
    std::string raw(static_cast<std::size_t>(width * width) * sizeof(float), '\0');
    for (std::size_t i = 1; i < raw.size(); i += 2) raw[i] = static_cast<char>(i * 2654435761U >> 24 & 0x3F);  // small positive floats
    for (int layer = 0; layer < layers; ++layer) {
        const auto number = std::to_string(layer);
        TensorProto weights;
        weights.set_data_type(TensorProto::FLOAT);
        weights.add_dims(width), weights.add_dims(width);
        weights.set_raw_data(raw);
        file.constant("w" + number, std::move(weights)).constant("b" + number, counting({width}));
        file.node("MatMul", {"x" + number, "w" + number}, {"p" + number}).node("Add", {"p" + number, "b" + number}, {"s" + number});
        file.node("Relu", {"s" + number}, {"x" + std::to_string(layer + 1)});
    }
    return file.output("x" + std::to_string(layers)).bytes();
}

}  // namespace

TEST_CASE("a model of almost 200 MB imports in seconds and within a few times its size") {
    const TemporaryFile file(tower(12, 2040));
    const double megabytes = static_cast<double>(std::filesystem::file_size(file.path)) / 1e6;
    CHECK(megabytes > 195);
    CHECK(megabytes < 200);
    const double memory = peak_megabytes();
    const double start = processor_seconds();
    const auto network = models::import_onnx(file.path, {});
    const double seconds = processor_seconds() - start;
    MESSAGE(megabytes << " MB imported in " << seconds << " s of processor time, peak memory " << memory << " -> " << peak_megabytes()
                      << " MB");
    CHECK(network.parameters == 12 * (2040 * 2040 + 2040));
    CHECK(network.macs() == 12 * 2040 * 2040);
    CHECK(kinds_of(network) == Kinds{{"dense", 12}, {"activation", 12}});
    CHECK(seconds < 10);
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory and shadows the rest
    CHECK(peak_megabytes() < 1000);
#endif
}

TEST_CASE("the time of an import grows with the nodes, not with their square") {
    const auto seconds_for = [](int layers) {
        const TemporaryFile file(tower(layers, 4));
        const double start = processor_seconds();
        CHECK(models::import_onnx(file.path, {}).operators.size() == 2 * static_cast<std::size_t>(layers) + 2);
        return processor_seconds() - start;
    };
    const double few = seconds_for(2000);
    const double many = seconds_for(8000);
    MESSAGE("6000 nodes: " << few << " s, 24000 nodes: " << many << " s");
    CHECK(many < 8 * few + 0.1);  // four times the nodes; sixteen times the time would be the square
}

TEST_CASE("the CMS Particle Transformer is imported and quantised in a small part of 3 s") {
    const auto file = shared_file("models/cms_particletransformer_AK4.onnx");
    if (!file) return;
    const double start = processor_seconds();
    auto network = models::import_onnx(
        *file, {{"n_input_1", 64}, {"n_input_2", 48}, {"n_input_3", 16}, {"n_input_4", 64}, {"n_input_5", 48}, {"n_input_6", 16}});
    models::PrecisionRule rule;
    rule.weight_bits = rule.activation_bits = 8;
    models::apply_precision(network, {.rules = {rule}});
    const double seconds = processor_seconds() - start;
    MESSAGE("imported and quantised in " << seconds << " s of processor time");
    CHECK(seconds < 3);
}

TEST_CASE("a model above 200 MB is refused before it is read") {
    const TemporaryFile file("");
    std::filesystem::resize_file(file.path, 200'000'001);
    CHECK_THROWS_WITH_AS(models::import_onnx(file.path, {}), doctest::Contains("200000001 bytes; expected at most 200000000 bytes"),
                         InputError);
}

TEST_CASE("a real file with damage is read or refused with one message") {
    for (const std::string name : {"qzoo_qkeras_jettagging", "em_conv2d_small_keras", "qonnx_sdp"}) {
        CAPTURE(name);
        const auto file = shared_file("models/" + name + ".onnx");
        if (!file) continue;
        std::ostringstream content;
        content << std::ifstream(*file, std::ios::binary).rdbuf();
        const std::string whole = content.str();
        std::uint64_t state = 1;  // a linear congruential generator (Knuth, MMIX)
        const auto next = [&](std::size_t below) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            return static_cast<std::size_t>(state >> 33) % below;
        };
        int refused = 0;
        for (int round = 0; round < 300; ++round) {
            auto bytes = whole;
            for (std::size_t flips = next(4); flips < 4; ++flips) bytes[next(bytes.size())] = static_cast<char>(next(256));
            if (round % 3 == 0) bytes.resize(next(bytes.size()));
            const auto message = import_message(bytes);
            CHECK(message.find('\n') == std::string::npos);
            refused += message == "accepted" ? 0 : 1;
        }
        CHECK(refused > 100);  // every truncation at least
        CHECK(import_message(whole) == "accepted");
    }
}

}  // namespace tessera::tests
