#include "models/published_network.h"

#include <algorithm>
#include <utility>

#include "models/precision.h"
#include "models/zoo_blocks.h"

namespace tessera::models {

namespace {

TensorId global_sum(NetworkBuilder& network, const std::string& name, TensorId x, std::int64_t outputs) {
    const TensorId total = network.reduce_tokens(name + ".total", "ReduceSum", x);
    const TensorId own = network.dense(name + ".own", x, outputs);
    const TensorId all = network.dense(name + ".all", total, outputs);
    return network.activation(name + ".relu", "Relu", network.elementwise(name + ".add", "Add", {own, all}));
}

TensorId plain_transformer(NetworkBuilder& network, const std::string& name, TensorId x, const JsonReader& block) {
    const auto layers = block.at("layers").integer(1, 64);
    const int heads = static_cast<int>(block.at("heads").integer(1, 64));
    const auto feed_forward = block.at("feed_forward").integer(1, zoo::kMostChannels);
    const bool normalise = block.boolean("normalise", false);
    for (std::int64_t layer = 0; layer < layers; ++layer) {
        const std::string at = name + "." + std::to_string(layer);
        const std::int64_t embed = network.stream(x).channels;
        const auto norm = [&](const char* where, TensorId from) {
            return normalise ? network.layer_normalisation(at + where, from) : from;
        };
        const TensorId attending = norm(".norm", x);
        const TensorId q = network.dense(at + ".q", attending, embed);
        const TensorId k = network.dense(at + ".k", attending, embed);
        const TensorId v = network.dense(at + ".v", attending, embed);
        const TensorId weights = network.softmax(at + ".softmax", network.attention_scores(at + ".scores", q, k, heads), heads);
        const TensorId values = norm(".values_norm", network.attention_values(at + ".values", weights, v, heads));
        x = network.elementwise(at + ".add", "Add", {x, network.dense(at + ".out", values, embed)});
        const TensorId up = network.dense(at + ".up", norm(".up_norm", x), feed_forward);
        const TensorId hidden = norm(".hidden_norm", network.activation(at + ".relu", "Relu", up));
        x = network.elementwise(at + ".add2", "Add", {x, network.dense(at + ".down", hidden, embed)});
    }
    return x;
}

/// Over a square of pixels; what does not fill the last windows of a row or column is left out.
TensorId max_pool(NetworkBuilder& network, const std::string& name, TensorId from, const JsonReader& block) {
    const auto side = block.at("side").integer(1, zoo::kMostChannels);
    const auto kernel = block.at("kernel").integer(1, 64);
    const std::int64_t windows = side / kernel;
    const StreamShape whole{windows * windows * kernel * kernel, network.stream(from).channels};
    const TensorId covered =
        network.stream(from) == whole ? from : network.wiring(name + ".crop", "Slice", {from}, whole, Access::aligned, Access::aligned);
    return network.reduce_tokens(name, "ReduceMax", covered, kernel * kernel);
}

TensorId valid_convolution(NetworkBuilder& network, const std::string& name, TensorId from, const JsonReader& block) {
    BuilderConvolution shape;
    shape.rows = shape.columns = block.at("side").integer(1, zoo::kMostChannels);
    shape.filters = block.at("filters").integer(1, zoo::kMostChannels);
    shape.kernel = block.at("kernel").integer(1, 64);
    shape.same_padding = false;
    return network.activation(name + ".relu", "Relu", network.convolution(name, from, shape));
}

TensorId trees(NetworkBuilder& network, const std::string& name, TensorId from, const JsonReader& block) {
    const auto outputs = block.at("outputs").integer(1, zoo::kMostChannels);
    const std::int64_t trees = outputs * block.at("rounds").integer(1, 1 << 20);
    const int depth = static_cast<int>(block.at("depth").integer(1, 24));
    return network.tree_ensemble(name, from, outputs, {trees, trees * ((std::int64_t{1} << depth) - 1), depth});
}

void add_layer(zoo::Assembly& assembly, const JsonReader& block) {
    const std::string kind = block.at("block").text();
    if (kind == "global_sum") {
        assembly.current =
            global_sum(assembly.network, assembly.unique_name(kind), assembly.current, block.at("outputs").integer(1, zoo::kMostChannels));
        block.done();
    } else if (kind == "plain_transformer") {
        assembly.current = plain_transformer(assembly.network, assembly.unique_name(kind), assembly.current, block);
        block.done();
    } else if (kind == "max_pool") {
        assembly.current = max_pool(assembly.network, assembly.unique_name(kind), assembly.current, block);
        block.done();
    } else if (kind == "valid_convolution") {
        assembly.current = valid_convolution(assembly.network, assembly.unique_name(kind), assembly.current, block);
        block.done();
    } else if (kind == "trees") {
        assembly.current = trees(assembly.network, assembly.unique_name(kind), assembly.current, block);
        block.done();
    } else if (kind == "activation") {
        assembly.current = assembly.network.activation(assembly.unique_name(kind), block.at("type").text(), assembly.current);
        block.done();
    } else {
        zoo::add_block(assembly, block);
    }
}

/// Gives every constant matrix, in order, its entry of a list.
template <typename Use>
void for_each_matrix(Network& network, const JsonReader& list, const Use& use) {
    const auto items = list.items();
    std::size_t next = 0;
    for (Operator& op : network.operators) {
        if (!is_matrix(op)) continue;
        if (next == items.size()) list.fail("found too few entries", "one for each constant matrix");
        use(op, items[next++]);
    }
    if (next != items.size()) list.fail("found too many entries", "one for each constant matrix");
}

void set_counted_weights(Network& network, const JsonReader& counts) {
    for_each_matrix(network, counts, [](Operator& op, const JsonReader& entry) {
        std::vector<double> values;
        for (const JsonReader& item : entry.items()) values.push_back(item.number(0, 1e9));
        if (values.size() != 5) entry.fail("found " + std::to_string(values.size()) + " numbers", "five");
        for (double& value : values) value /= static_cast<double>(op.weights.outputs);
        op.weights.channels = {{values[0], values[1], values[2], values[3], values[4]}};
    });
}

/// The same fraction of weights of the given bits and digits in every matrix, so that the effective bit operations agree.
void set_weights_of_ebops(Network& network, const JsonReader& hgq) {
    const double ebops = hgq.at("ebops").number(1, 1e12);
    const double bits = hgq.at("bits").number(1, 64);
    const double digits = hgq.at("digits").number(1, 64);
    hgq.done();
    double of_all = 0;
    for (const Operator& op : network.operators)
        if (is_matrix(op)) of_all += static_cast<double>(op.macs) * bits * network.tensor(op.inputs[0].tensor).format.width;
    const double kept = std::min(1.0, ebops / of_all);
    for (Operator& op : network.operators) {
        const double nonzero = kept * static_cast<double>(op.weights.inputs);
        if (is_matrix(op)) op.weights.channels = {{nonzero, nonzero * digits, nonzero * bits}};
    }
}

void set_reuse_factors(Network& network, const JsonReader& factors) {
    for_each_matrix(network, factors,
                    [](Operator& op, const JsonReader& entry) { op.fixed.reuse_factor = static_cast<int>(entry.integer(1, 1 << 20)); });
}

/// Outputs and inputs at a time: [PE, SIMD].
std::pair<std::int64_t, std::int64_t> read_unit(const JsonReader& item) {
    const auto numbers = item.items();
    if (numbers.size() != 2) item.fail("found " + std::to_string(numbers.size()) + " numbers", "PE and SIMD");
    return {numbers[0].integer(1, 1 << 20), numbers[1].integer(1, 1 << 20)};
}

/// FINN's folding of every constant matrix.
void set_folding(Network& network, const JsonReader& folding) {
    for_each_matrix(network, folding, [](Operator& op, const JsonReader& entry) {
        const auto [pe, simd] = read_unit(entry);
        if (op.weights.outputs % pe != 0 || op.weights.inputs % simd != 0)
            entry.fail("found " + std::to_string(pe) + " of " + std::to_string(op.weights.outputs) + " outputs and " +
                           std::to_string(simd) + " of " + std::to_string(op.weights.inputs) + " inputs",
                       "divisors");
        op.fixed.reuse_factor = static_cast<int>(op.weights.outputs / pe * (op.weights.inputs / simd));
    });
}

void set_binary_weights(Network& network) {
    for (Operator& op : network.operators) {
        if (!is_matrix(op)) continue;
        const auto inputs = static_cast<double>(op.weights.inputs);
        op.weights.format = {1, 1, true};
        op.weights.channels = {{inputs, inputs, inputs}};
    }
}

}  // namespace

Network read_published_network(const JsonReader& row, const std::string& name) {
    zoo::Assembly assembly{
        .network = NetworkBuilder(name), .inputs = {}, .current = {}, .pair_bias = std::nullopt, .has_output = false, .names = {}};
    const JsonReader input = row.at("input");
    assembly.current = assembly.network.input("input", {input.at("tokens").integer(1, 1 << 20), input.at("channels").integer(1, 1 << 20)});
    input.done();
    for (const JsonReader& block : row.at("layers").items()) add_layer(assembly, block);
    assembly.network.output("output", assembly.current);
    Network network = assembly.network.build();
    apply_precision(network, read_precision(row.at("precision")));
    if (row.has("weights")) set_counted_weights(network, row.at("weights"));
    if (row.has("hgq")) set_weights_of_ebops(network, row.at("hgq"));
    if (row.boolean("binary", false)) set_binary_weights(network);
    if (row.has("reuse_factors")) set_reuse_factors(network, row.at("reuse_factors"));
    if (row.has("folding")) set_folding(network, row.at("folding"));
    return network;
}

std::vector<int> read_processing_elements(const JsonReader& row) {
    std::vector<int> elements;
    if (!row.has("folding")) return elements;
    for (const JsonReader& item : row.at("folding").items()) elements.push_back(static_cast<int>(read_unit(item).first));
    return elements;
}

}  // namespace tessera::models
