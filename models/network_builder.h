#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/network.h"

namespace tessera::models {

/// Constants of a dense or convolution operator as the builder takes them.
struct BuilderWeights {
    bool bias = true;
    std::vector<float> values;  ///< output by output; empty: not trained, a distribution stands for them
};

/// A two-dimensional convolution over an image whose tokens run row by row.
struct BuilderConvolution {
    std::int64_t rows = 1;     ///< of the input image
    std::int64_t columns = 1;  ///< rows x columns are the input's tokens
    std::int64_t filters = 1;
    std::int64_t kernel = 3;  ///< square
    std::int64_t stride = 1;
    bool same_padding = true;  ///< false: no padding
    std::int64_t groups = 1;
};

/// All trees of an ensemble together.
struct BuilderTrees {
    std::int64_t trees = 1;
    std::int64_t nodes = 1;  ///< inner ones
    int depth = 1;
};

/// Makes a network operator by operator, so that ids, shapes, access, parameters and
/// multiply-accumulates are right by construction. Every tensor has the shape
/// {1, tokens, channels} with the middle axis as tokens.
///
/// Each function adds one operator and returns its output. `producer` and `tensor` give access to
/// what was made, for what the functions do not say (formats, real weights).
/// Broadcasting follows ONNX: an operand with one token or one channel serves all.
class NetworkBuilder {
  public:
    explicit NetworkBuilder(std::string name, std::string source = "");

    TensorId input(const std::string& name, StreamShape shape);
    void output(const std::string& name, TensorId from);

    /// Any re-arrangement: what a token or channel range of the result reads of each input is `tokens`, `channels`.
    TensorId wiring(const std::string& name, const std::string& type, const std::vector<TensorId>& from, StreamShape result, Access tokens,
                    Access channels);
    TensorId concatenate_tokens(const std::string& name, const std::vector<TensorId>& from);
    TensorId concatenate_channels(const std::string& name, const std::vector<TensorId>& from);
    /// The channels [begin, begin + count).
    TensorId slice_channels(const std::string& name, TensorId from, std::int64_t begin, std::int64_t count);
    /// All tokens as the channels of one.
    TensorId flatten(const std::string& name, TensorId from);
    /// Of n tokens all pairs (i, j), i outer, as token i (`pair_rows`) or token j (`pair_columns`): n x n of
    /// them, or n x (n - 1) where a token makes no pair with itself.
    TensorId pair_rows(const std::string& name, TensorId from, bool with_itself);
    TensorId pair_columns(const std::string& name, TensorId from, bool with_itself);

    TensorId dense(const std::string& name, TensorId from, std::int64_t outputs, const BuilderWeights& weights = {});
    TensorId convolution(const std::string& name, TensorId from, const BuilderConvolution& shape, const BuilderWeights& weights = {});
    /// A "GRU" or "LSTM" of `units` that makes its state after each token, and the state after the last.
    TensorId recurrent(const std::string& name, const std::string& type, TensorId from, std::int64_t units);
    TensorId last_token(const std::string& name, TensorId from);
    /// An embedding table with `rows` rows, looked up by the token's one channel.
    TensorId embedding(const std::string& name, TensorId from, std::int64_t rows, std::int64_t channels);

    /// Decision trees over the token's channels, their values summed for each of `outputs` scores.
    TensorId tree_ensemble(const std::string& name, TensorId from, std::int64_t outputs, const BuilderTrees& trees);

    /// Scores of each query token with every key token, head by head: tokens of `queries`, heads x tokens of `keys` channels.
    TensorId attention_scores(const std::string& name, TensorId queries, TensorId keys, int heads);
    /// Weighted sums of the tokens of `values`: tokens of `weights`, channels of `values`.
    TensorId attention_values(const std::string& name, TensorId weights, TensorId values, int heads);
    TensorId softmax(const std::string& name, TensorId from, int heads = 1);

    TensorId layer_normalisation(const std::string& name, TensorId from);
    TensorId batch_normalisation(const std::string& name, TensorId from);
    /// A constant factor for each channel.
    TensorId channel_scale(const std::string& name, TensorId from);
    TensorId activation(const std::string& name, const std::string& type, TensorId from);
    TensorId elementwise(const std::string& name, const std::string& type, const std::vector<TensorId>& operands);
    /// Over groups of `group` tokens that follow one another; 0: over all.
    TensorId reduce_tokens(const std::string& name, const std::string& type, TensorId from, std::int64_t group = 0);
    TensorId reduce_channels(const std::string& name, const std::string& type, TensorId from);

    Operator& producer(TensorId id) { return network_.operators[index(producers_[index(id)])]; }
    Tensor& tensor(TensorId id) { return network_.tensors[index(id)]; }
    StreamShape stream(TensorId id) const;

    /// The network so far, with its parameters counted. @throws InputError as `verify` does
    Network build() const;

  private:
    Operator& add(const std::string& name, const std::string& type, OperatorKind kind, const std::vector<Input>& inputs);
    TensorId add_output(const Operator& op, StreamShape shape);

    Network network_;
    std::vector<OperatorId> producers_;  ///< by TensorId
};

}  // namespace tessera::models
