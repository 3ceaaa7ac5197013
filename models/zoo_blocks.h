#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/json.h"
#include "models/network_builder.h"

/// The blocks of which the zoo's descriptions are made.
namespace tessera::models::zoo {

/// The most channels that a description may ask for.
inline constexpr std::int64_t kMostChannels = 1 << 16;

/// A network under construction: each block reads `current` and leaves its result there.
struct Assembly {
    NetworkBuilder network;
    std::map<std::string, TensorId> inputs;  ///< by name
    TensorId current{};
    std::optional<TensorId> pair_bias;  ///< of a pair embedding, for the attention that follows
    bool has_output = false;            ///< a block of heads made the network's outputs
    std::map<std::string, int> names;   ///< how often each block's name was used

    /// "transformer" for the first block of that name, "transformer_2" for the second.
    std::string unique_name(const std::string& block);
};

/// Layers of neurons: `layers` of all dense operators, an activation after each ("none": no
/// operator) and another after the last.
struct DenseStack {
    std::vector<std::int64_t> layers;
    std::string activation;
    std::string last_activation;
    bool normalise = false;  ///< a LayerNormalization before each
};
DenseStack read_dense_stack(const JsonReader& block);
TensorId add_dense_stack(NetworkBuilder& network, const std::string& name, TensorId from, const DenseStack& stack);

/// An output of its own: layers on each token, or on the mean of all; `scored` by the squared norm of what they make.
struct Head {
    bool on_tokens = false;
    DenseStack stack;
    bool scored = false;
};
Head read_head(const JsonReader& head);

/// One of "Relu", "Gelu", ..., "Softmax"; "none" adds nothing.
TensorId add_activation(NetworkBuilder& network, const std::string& name, const std::string& type, TensorId from);

/// A table whose rows `from` numbers; it gets the format that its numbers need, whatever a study says.
TensorId add_table(NetworkBuilder& network, const std::string& name, TensorId from, std::int64_t rows, std::int64_t channels);

/// Reads one element of "blocks" and adds its operators. The kinds:
///
/// - dense_stack: {layers: [64, 32], activation, last_activation, normalise}
/// - embedding: {vocabulary, embed}: table look-up of the token's number
/// - modalities: {layers: {INPUT: [64], ...}, embed: 128, activation}: an embedding for each input, their tokens behind one another
/// - normalisation: {}: LayerNormalization
/// - pair_embedding: {input, layers, heads, activation}: features of all pairs of particles, a bias of the attention
/// - transformer: {layers, embed, heads, feed_forward, activation, norm: "before" | "after", query_bias, extra_norms, pair_bias}
/// - class_attention: the same; a learned token asks, the tokens and itself answer
/// - interaction: {layers, activation}: effects between all pairs of different tokens, summed for each and put beside it
/// - convolution: {rows, columns, filters, kernel, stride, activation}
/// - recurrent: {type: "GRU" | "LSTM", units, states: "all" | "last"}: the state after each token, or after the last
/// - pool: {operation: "mean" | "max" | "sum"}: over all tokens; flatten: {}; squared_norm: {}: sum of squares of the channels
/// - heads: {heads: {NAME: {on: "tokens" | "pooled", layers, activation, last_activation, score}}}: an output each
void add_block(Assembly& assembly, const JsonReader& block);

/// Of zoo_attention.cpp: pair_embedding, transformer and class_attention.
void add_pair_embedding(Assembly& assembly, const std::string& name, const JsonReader& block);
void add_transformer(Assembly& assembly, const std::string& name, const JsonReader& block);
void add_class_attention(Assembly& assembly, const std::string& name, const JsonReader& block);

}  // namespace tessera::models::zoo
