#include "models/zoo_blocks.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace tessera::models::zoo {

namespace {

constexpr std::int64_t kMostRows = 1 << 24;

std::string read_activation(const JsonReader& block, const std::string& key, const std::string& otherwise) {
    if (!block.has(key)) return otherwise;
    return block.at(key).one_of({"Relu", "Gelu", "Swish", "Sigmoid", "Tanh", "Softmax", "none"});
}

TensorId squared_norm(NetworkBuilder& network, const std::string& name, TensorId from) {
    return network.reduce_channels(name + ".sum", "ReduceSum", network.elementwise(name + ".square", "Mul", {from, from}));
}

TensorId pool(NetworkBuilder& network, const std::string& name, const std::string& operation, TensorId from) {
    const std::string type = operation == "mean" ? "ReduceMean" : operation == "max" ? "ReduceMax" : "ReduceSum";
    return network.reduce_tokens(name, type, from);
}

void add_embedding(Assembly& assembly, const std::string& name, const JsonReader& block) {
    if (assembly.network.stream(assembly.current).channels != 1)
        block.fail("the block's input has more than one channel", "a number for each token");
    const std::int64_t rows = block.at("vocabulary").integer(1, kMostRows);
    assembly.current = add_table(assembly.network, name, assembly.current, rows, block.at("embed").integer(1, kMostChannels));
}

void add_interaction(Assembly& assembly, const std::string& name, const JsonReader& block) {
    NetworkBuilder& network = assembly.network;
    const TensorId nodes = assembly.current;
    const std::int64_t others = network.stream(nodes).tokens - 1;
    if (others < 1) block.fail("the block's input has one token", "two or more, to make pairs of");
    const TensorId receivers = network.pair_rows(name + ".receivers", nodes, false);
    const TensorId senders = network.pair_columns(name + ".senders", nodes, false);
    const TensorId edges = network.concatenate_channels(name + ".edges", {receivers, senders});
    DenseStack stack = read_dense_stack(block);
    const TensorId effects = add_dense_stack(network, name + ".effects", edges, stack);
    const TensorId sums = network.reduce_tokens(name + ".sum", "ReduceSum", effects, others);
    assembly.current = network.concatenate_channels(name + ".nodes", {nodes, sums});
}

void add_convolution(Assembly& assembly, const std::string& name, const JsonReader& block) {
    BuilderConvolution shape;
    shape.rows = block.at("rows").integer(1, kMostChannels);
    shape.columns = block.at("columns").integer(1, kMostChannels);
    shape.filters = block.at("filters").integer(1, kMostChannels);
    shape.kernel = block.at("kernel").integer(1, 64);
    shape.stride = block.integer("stride", 1, 1, 64);
    const std::int64_t tokens = assembly.network.stream(assembly.current).tokens;
    if (shape.rows * shape.columns != tokens) {
        block.fail("found " + std::to_string(shape.rows) + " x " + std::to_string(shape.columns),
                   std::to_string(tokens) + " pixels in all");
    }
    const TensorId made = assembly.network.convolution(name, assembly.current, shape);
    assembly.current = add_activation(assembly.network, name, read_activation(block, "activation", "none"), made);
}

void add_recurrent(Assembly& assembly, const std::string& name, const JsonReader& block) {
    const std::string type = block.at("type").one_of({"GRU", "LSTM"});
    const bool all = block.at("states").one_of({"all", "last"}) == "all";
    assembly.current = assembly.network.recurrent(name, type, assembly.current, block.at("units").integer(1, kMostChannels));
    if (!all) assembly.current = assembly.network.last_token(name + ".last", assembly.current);
}

/// Inputs of different kinds become tokens of one width; a last layer without activation brings each there.
void add_modalities(Assembly& assembly, const std::string& name, const JsonReader& block) {
    const std::int64_t embed = block.at("embed").integer(1, kMostChannels);
    const std::string activation = read_activation(block, "activation", "none");
    const std::string prefix = name + ".";
    std::vector<TensorId> tokens;
    for (const auto& [input, layers] : block.at("layers").members()) {
        const auto found = assembly.inputs.find(input);
        if (found == assembly.inputs.end()) layers.fail("no input \"" + input + "\"", "a name of \"inputs\"");
        DenseStack stack{.layers = {}, .activation = activation, .last_activation = "none"};
        for (const JsonReader& layer : layers.items()) stack.layers.push_back(layer.integer(1, kMostChannels));
        stack.layers.push_back(embed);
        tokens.push_back(add_dense_stack(assembly.network, prefix + input, found->second, stack));
    }
    assembly.current = assembly.network.concatenate_tokens(name, tokens);
}

void add_head(Assembly& assembly, const std::string& name, const Head& head, TensorId tokens, std::optional<TensorId>& pooled) {
    if (!head.on_tokens && !pooled) pooled = pool(assembly.network, "pooled", "mean", tokens);
    const TensorId from = head.on_tokens ? tokens : pooled.value_or(tokens);
    const TensorId made = add_dense_stack(assembly.network, name, from, head.stack);
    assembly.network.output(name + "_output", head.scored ? squared_norm(assembly.network, name + ".score", made) : made);
}

void add_heads(Assembly& assembly, const JsonReader& block) {
    std::optional<TensorId> pooled;
    for (const auto& [name, head] : block.at("heads").members()) add_head(assembly, name, read_head(head), assembly.current, pooled);
    assembly.has_output = true;
}

void add_simple_block(Assembly& assembly, const std::string& kind, const std::string& name, const JsonReader& block) {
    NetworkBuilder& network = assembly.network;
    if (kind == "dense_stack") assembly.current = add_dense_stack(network, name, assembly.current, read_dense_stack(block));
    if (kind == "normalisation") assembly.current = network.layer_normalisation(name, assembly.current);
    if (kind == "flatten") assembly.current = network.flatten(name, assembly.current);
    if (kind == "squared_norm") assembly.current = squared_norm(network, name, assembly.current);
    if (kind == "pool") assembly.current = pool(network, name, block.at("operation").one_of({"mean", "max", "sum"}), assembly.current);
}

}  // namespace

TensorId add_table(NetworkBuilder& network, const std::string& name, TensorId from, std::int64_t rows, std::int64_t channels) {
    const int bits = std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(rows - 1))));
    network.tensor(from).format = {bits, bits, false};
    network.tensor(from).format_from_file = true;
    return network.embedding(name, from, rows, channels);
}

std::string Assembly::unique_name(const std::string& block) {
    const int used = ++names[block];
    return used == 1 ? block : block + "_" + std::to_string(used);
}

DenseStack read_dense_stack(const JsonReader& block) {
    DenseStack stack;
    for (const JsonReader& layer : block.at("layers").items()) stack.layers.push_back(layer.integer(1, kMostChannels));
    if (stack.layers.empty()) block.at("layers").fail("found no layer", "a width for each layer");
    stack.activation = read_activation(block, "activation", "none");
    stack.last_activation = read_activation(block, "last_activation", stack.activation);
    stack.normalise = block.boolean("normalise", false);
    return stack;
}

Head read_head(const JsonReader& head) {
    const bool on_tokens = head.at("on").one_of({"tokens", "pooled"}) == "tokens";
    const bool scored = head.has("score");
    if (scored) head.at("score").one_of({"squared_norm"});
    Head read{on_tokens, read_dense_stack(head), scored};
    head.done();
    return read;
}

TensorId add_activation(NetworkBuilder& network, const std::string& name, const std::string& type, TensorId from) {
    if (type == "none") return from;
    return type == "Softmax" ? network.softmax(name + ".softmax", from) : network.activation(name + ".activation", type, from);
}

TensorId add_dense_stack(NetworkBuilder& network, const std::string& name, TensorId from, const DenseStack& stack) {
    TensorId made = from;
    for (std::size_t i = 0; i < stack.layers.size(); ++i) {
        const std::string layer = name + "." + std::to_string(i);
        if (stack.normalise) made = network.layer_normalisation(layer + ".norm", made);
        made = network.dense(layer, made, stack.layers[i]);
        made = add_activation(network, layer, i + 1 < stack.layers.size() ? stack.activation : stack.last_activation, made);
    }
    return made;
}

void add_block(Assembly& assembly, const JsonReader& block) {
    const std::string kind = block.at("block").one_of({"dense_stack", "embedding", "modalities", "normalisation", "pair_embedding",
                                                       "transformer", "class_attention", "interaction", "convolution", "recurrent", "pool",
                                                       "flatten", "squared_norm", "heads"});
    if (assembly.has_output) block.fail("a block after \"heads\"", "\"heads\" as the last block");
    const std::string name = assembly.unique_name(kind);
    if (kind == "embedding") {
        add_embedding(assembly, name, block);
    } else if (kind == "modalities") {
        add_modalities(assembly, name, block);
    } else if (kind == "pair_embedding") {
        add_pair_embedding(assembly, name, block);
    } else if (kind == "transformer") {
        add_transformer(assembly, name, block);
    } else if (kind == "class_attention") {
        add_class_attention(assembly, name, block);
    } else if (kind == "interaction") {
        add_interaction(assembly, name, block);
    } else if (kind == "convolution") {
        add_convolution(assembly, name, block);
    } else if (kind == "recurrent") {
        add_recurrent(assembly, name, block);
    } else if (kind == "heads") {
        add_heads(assembly, block);
    } else {
        add_simple_block(assembly, kind, name, block);
    }
    block.done();
}

}  // namespace tessera::models::zoo
