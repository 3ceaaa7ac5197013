#include "models/zoo_blocks.h"

namespace tessera::models::zoo {

namespace {

struct AttentionShape {
    std::int64_t layers = 1;
    std::int64_t embed = 0;
    int heads = 1;
    std::int64_t feed_forward = 0;
    std::string activation;
    bool norm_after = false;   ///< LayerNormalization after each sum (GPT-1) and not before each branch
    bool query_bias = true;    ///< biases of queries, keys and values
    bool extra_norms = false;  ///< NormFormer (arXiv:2110.09456) as in ParT: norms after the attention and inside the
                               ///< feed-forward part, a factor for each head and for each residual channel
};

AttentionShape read_shape(const Assembly& assembly, const JsonReader& block) {
    AttentionShape shape;
    shape.layers = block.at("layers").integer(1, 1000);
    shape.embed = block.at("embed").integer(1, kMostChannels);
    shape.heads = static_cast<int>(block.at("heads").integer(1, 1024));
    shape.feed_forward = block.at("feed_forward").integer(1, kMostChannels);
    shape.activation = block.at("activation").one_of({"Relu", "Gelu", "Swish"});
    shape.norm_after = block.has("norm") && block.at("norm").one_of({"before", "after"}) == "after";
    shape.query_bias = block.boolean("query_bias", true);
    shape.extra_norms = block.boolean("extra_norms", false);
    const std::int64_t channels = assembly.network.stream(assembly.current).channels;
    if (shape.embed != channels) {
        block.at("embed").fail("found " + std::to_string(shape.embed),
                               std::to_string(channels) + ", the channels that the blocks before make");
    }
    if (shape.embed % shape.heads != 0) {
        block.at("heads").fail("found " + std::to_string(shape.heads), "a divisor of " + std::to_string(shape.embed));
    }
    return shape;
}

/// Attention of `asking` to `answering`, with its output projection.
TensorId attention(NetworkBuilder& network, const std::string& name, const AttentionShape& shape, TensorId asking, TensorId answering,
                   std::optional<TensorId> bias) {
    const BuilderWeights projection{.bias = shape.query_bias, .values = {}};
    const TensorId queries = network.dense(name + ".query", asking, shape.embed, projection);
    const TensorId keys = network.dense(name + ".key", answering, shape.embed, projection);
    const TensorId values = network.dense(name + ".value", answering, shape.embed, projection);
    // The scale by one over the square root of the head's width is folded into the query's weights.
    TensorId scores = network.attention_scores(name + ".scores", queries, keys, shape.heads);
    if (bias) scores = network.elementwise(name + ".bias", "Add", {scores, *bias});
    const TensorId weights = network.softmax(name + ".softmax", scores, shape.heads);
    const TensorId mixed = network.attention_values(name + ".mix", weights, values, shape.heads);
    const TensorId out = network.dense(name + ".out", mixed, shape.embed);
    // The factor for each head is folded into the output's weights; it stays a parameter.
    if (shape.extra_norms) network.producer(out).weights.count += shape.heads;
    return out;
}

TensorId feed_forward(NetworkBuilder& network, const std::string& name, const AttentionShape& shape, TensorId from) {
    TensorId hidden = network.dense(name + ".up", from, shape.feed_forward);
    hidden = network.activation(name + ".activation", shape.activation, hidden);
    if (shape.extra_norms) hidden = network.layer_normalisation(name + ".norm", hidden);
    return network.dense(name + ".down", hidden, shape.embed);
}

/// One layer: attention and feed-forward part, each with its residual sum. With `context` the
/// tokens of `x` ask, and those of `x` and `context` answer.
TensorId layer(NetworkBuilder& network, const std::string& name, const AttentionShape& shape, TensorId x, std::optional<TensorId> context,
               std::optional<TensorId> bias) {
    TensorId answering = context ? network.concatenate_tokens(name + ".context", {x, *context}) : x;
    if (!shape.norm_after) answering = network.layer_normalisation(name + ".attention_norm", answering);
    TensorId branch = attention(network, name, shape, context ? x : answering, answering, bias);
    if (shape.extra_norms) branch = network.layer_normalisation(name + ".after_attention_norm", branch);
    x = network.elementwise(name + ".attention_sum", "Add", {branch, x});
    if (shape.norm_after) x = network.layer_normalisation(name + ".attention_norm", x);
    const TensorId in = shape.norm_after ? x : network.layer_normalisation(name + ".feed_forward_norm", x);
    branch = feed_forward(network, name + ".feed_forward", shape, in);
    if (shape.extra_norms) x = network.channel_scale(name + ".residual_scale", x);
    x = network.elementwise(name + ".feed_forward_sum", "Add", {branch, x});
    return shape.norm_after ? network.layer_normalisation(name + ".feed_forward_norm", x) : x;
}

/// ln of Delta, kT, z and m^2 of all pairs of particles with pT, rapidity and azimuth (arXiv:2202.03772,
/// equation 3; massless particles: m^2 = 2 pT pT (cosh dy - cos dphi)). Constant terms and factors
/// are folded into the weights that follow.
TensorId pair_features(NetworkBuilder& network, const std::string& name, TensorId kinematics) {
    const auto column = [&](const std::string& what, std::int64_t position) {
        return network.slice_channels(name + "." + what, kinematics, position, 1);
    };
    const auto of_pair = [&](const std::string& what, const std::string& operation, TensorId from) {
        const TensorId first = network.pair_rows(name + "." + what + "_i", from, true);
        const TensorId second = network.pair_columns(name + "." + what + "_j", from, true);
        return network.elementwise(name + "." + what + "_" + operation, operation, {first, second});
    };
    const auto log = [&](const std::string& what, TensorId from) { return network.activation(name + ".log_" + what, "Log", from); };
    const TensorId pt = column("pt", 0);
    const TensorId log_pt = log("pt", pt);
    const TensorId dy = of_pair("rapidity", "Sub", column("rapidity", 1));
    const TensorId dphi = of_pair("azimuth", "Sub", column("azimuth", 2));
    const TensorId dy_squared = network.elementwise(name + ".dy_squared", "Mul", {dy, dy});
    const TensorId dphi_squared = network.elementwise(name + ".dphi_squared", "Mul", {dphi, dphi});
    const TensorId log_delta = log("delta", network.elementwise(name + ".delta_squared", "Add", {dy_squared, dphi_squared}));
    const TensorId log_least = of_pair("log_pt", "Min", log_pt);
    const TensorId log_kt = network.elementwise(name + ".log_kt", "Add", {log_least, log_delta});
    const TensorId log_sum = log("pt_sum", of_pair("pt", "Add", pt));
    const TensorId log_z = network.elementwise(name + ".log_z", "Sub", {log_least, log_sum});
    const TensorId cosh = network.activation(name + ".cosh", "Cosh", dy);
    const TensorId cos = network.activation(name + ".cos", "Cos", dphi);
    const TensorId log_angle = log("angle", network.elementwise(name + ".angle", "Sub", {cosh, cos}));
    const TensorId log_product = of_pair("log_pt_both", "Add", log_pt);
    const TensorId log_mass = network.elementwise(name + ".log_mass", "Add", {log_product, log_angle});
    return network.concatenate_channels(name + ".features", {log_delta, log_kt, log_z, log_mass});
}

}  // namespace

void add_pair_embedding(Assembly& assembly, const std::string& name, const JsonReader& block) {
    NetworkBuilder& network = assembly.network;
    const std::string input = block.at("input").text();
    const auto found = assembly.inputs.find(input);
    if (found == assembly.inputs.end()) block.at("input").fail("no input \"" + input + "\"", "a name of \"inputs\"");
    if (network.stream(found->second).channels != 3)
        block.at("input").fail("an input of other than 3 channels", "pT, rapidity and azimuth");
    DenseStack stack = read_dense_stack(block);
    const std::int64_t heads = block.at("heads").integer(1, 1024);
    stack.layers.push_back(heads);
    const TensorId made = add_dense_stack(network, name, pair_features(network, name, found->second), stack);
    const std::int64_t tokens = network.stream(found->second).tokens;
    assembly.pair_bias = network.wiring(name + ".bias", "Reshape", {made}, {tokens, tokens * heads}, Access::aligned, Access::aligned);
}

void add_transformer(Assembly& assembly, const std::string& name, const JsonReader& block) {
    NetworkBuilder& network = assembly.network;
    const AttentionShape shape = read_shape(assembly, block);
    std::optional<TensorId> bias;
    if (block.boolean("pair_bias", false)) {
        if (!assembly.pair_bias) block.at("pair_bias").fail("no pair_embedding before this block");
        const std::int64_t tokens = network.stream(assembly.current).tokens;
        const StreamShape needed{tokens, tokens * shape.heads};
        if (network.stream(*assembly.pair_bias) != needed) block.fail("other tokens or heads than the pair_embedding");
        bias = assembly.pair_bias;
    }
    for (std::int64_t i = 0; i < shape.layers; ++i) {
        assembly.current = layer(network, name + "." + std::to_string(i), shape, assembly.current, std::nullopt, bias);
    }
}

void add_class_attention(Assembly& assembly, const std::string& name, const JsonReader& block) {
    NetworkBuilder& network = assembly.network;
    const AttentionShape shape = read_shape(assembly, block);
    // The learned token is the one row of a table, so that it is a value like any other.
    TensorId token = add_table(network, name + ".token", network.input(name + ".class_index", {1, 1}), 1, shape.embed);
    for (std::int64_t i = 0; i < shape.layers; ++i) {
        token = layer(network, name + "." + std::to_string(i), shape, token, assembly.current, std::nullopt);
    }
    assembly.current = token;
}

}  // namespace tessera::models::zoo
