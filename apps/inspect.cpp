#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "apps/commands.h"
#include "core/error.h"
#include "models/import.h"
#include "models/precision.h"

namespace tessera::apps {

namespace {

models::Network import_model(const InspectOptions& options) {
    const std::filesystem::path file = options.model;
    if (file.extension() == ".onnx") return models::import_onnx(file, options.bindings);
    if (file.extension() == ".json") return models::import_conifer(file);
    return models::read_network(JsonReader::from_text("command line", Json{{"zoo", options.model}}.dump()), "");
}

/// Gives what the file leaves in floating point the same width, so that bits can be counted.
void quantise(models::Network& network, int bits) {
    const Json precision{{"weights", bits}, {"activations", bits}};
    models::apply_precision(network, models::read_precision(JsonReader::from_text("command line", precision.dump())));
}

/// One operator with hardware: its size, its widths, what its weights are really like.
Json layer(const models::Network& network, const models::Operator& op) {
    const auto stream = network.stream(op.id);
    Json json{{"name", op.name},         {"type", op.type},
              {"tokens", stream.tokens}, {"channels", stream.channels},
              {"macs", op.macs},         {"ebops", std::round(models::effective_bit_operations(network, op))}};
    if (!op.outputs.empty()) {
        const auto& tensor = network.tensor(op.outputs[0]);
        json["format"] = tensor.format.text();
        json["format_from_file"] = tensor.format_from_file;
    }
    if (op.weights.count > 0) {
        const auto seen = models::summarise_weights(op);
        json["weights"] = op.weights.count;
        json["weight_format"] = op.weights.format.text();
        json["weight_format_from_file"] = op.weights.format_from_file;
        json["zero_fraction"] = seen.zero_fraction;
        json["mean_effective_bits"] = seen.mean_effective_bits;
    }
    return json;
}

/// How many parameters the file holds in each width, and how many tensors it quantises to each.
Json widths_in_file(const models::Network& network) {
    Json weights = Json::object();
    Json activations = Json::object();
    const auto count = [](Json& counts, int width, std::int64_t number) {
        const auto key = std::to_string(width);
        counts[key] = counts.value(key, std::int64_t{0}) + number;
    };
    for (const auto& op : network.operators) {
        if (op.weights.count > 0 && op.weights.format_from_file)
            count(weights, op.weights.format.width, op.weights.inputs * op.weights.outputs);
    }
    for (const auto& tensor : network.tensors) {
        if (tensor.format_from_file) count(activations, tensor.format.width, 1);
    }
    return {{"weights", weights}, {"activations", activations}};
}

Json summary(const models::Network& network, const InspectOptions& options) {
    Json json;
    json["name"] = network.name;
    json["source"] = network.source;
    json["parameters"] = network.parameters;
    json["macs"] = network.macs();
    double ebops = 0;
    double zeros = 0;
    double weights = 0;
    for (const auto& op : network.operators) {
        ebops += models::effective_bit_operations(network, op);
        if (op.weights.count == 0) continue;
        const auto seen = models::summarise_weights(op);
        zeros += seen.zero_fraction * static_cast<double>(seen.count);
        weights += static_cast<double>(seen.count);
    }
    json["ebops"] = std::round(ebops);
    json["zero_fraction"] = weights > 0 ? zeros / weights : 0.0;
    json["bits_where_the_file_has_none"] = options.bits;
    json["bits_in_the_file"] = widths_in_file(network);
    json["operators"] = Json::object();
    for (const auto& [type, count] : network.operator_counts()) json["operators"][type] = count;
    json["layers"] = Json::array();
    for (const auto& op : network.operators) {
        if (op.kind != models::OperatorKind::wiring && op.kind != models::OperatorKind::output)
            json["layers"].push_back(layer(network, op));
    }
    return json;
}

void print_table(const models::Network& network) {
    fmt::print("{:<40} {:<18} {:>8} {:>8} {:>10} {:>12} {:>12} {:>12} {:>6} {:>6} {:>12}\n", "operator", "type", "tokens", "channels",
               "weights", "MAC", "result", "weights", "bits", "zeros", "EBOPs");
    for (const auto& op : network.operators) {
        if (op.kind == models::OperatorKind::wiring || op.kind == models::OperatorKind::output) continue;
        const auto stream = network.stream(op.id);
        const auto weights = models::summarise_weights(op);
        const bool constant = op.weights.count > 0;
        const auto format = op.outputs.empty() ? std::string() : network.tensor(op.outputs[0]).format.text();
        fmt::print("{:<40} {:<18} {:>8} {:>8} {:>10} {:>12} {:>12} {:>12} {:>6} {:>6} {:>12.4g}\n", op.name.substr(0, 40),
                   op.type.substr(0, 18), stream.tokens, stream.channels, constant ? std::to_string(op.weights.count) : "", op.macs, format,
                   constant ? op.weights.format.text() : "", constant ? fmt::format("{:.1f}", weights.mean_effective_bits) : "",
                   constant ? fmt::format("{:.0f}%", 100 * weights.zero_fraction) : "", models::effective_bit_operations(network, op));
    }
}

}  // namespace

int inspect(const InspectOptions& options, const Console& console) {
    auto network = import_model(options);
    quantise(network, options.bits);
    const Json json = summary(network, options);
    if (console.json) {
        fmt::print("{}\n", json.dump(1));
        return 0;
    }
    print_table(network);
    fmt::print("\n{}: {} parameters, {} MAC and {:.4g} EBOPs an event, {:.1f} % of the weights are zero\n", network.name,
               network.parameters, network.macs(), json["ebops"].get<double>(), 100 * json["zero_fraction"].get<double>());
    for (const auto& [type, count] : network.operator_counts()) fmt::print("  {:>5} {}\n", count, type);
    for (const auto& each : network.assumptions) fmt::print("  assumes {}: {} ({})\n", each.what, each.value, each.source);
    return 0;
}

}  // namespace tessera::apps
