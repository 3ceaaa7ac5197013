#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/assumption.h"
#include "core/ids.h"
#include "models/fixed_point.h"
#include "models/strategy.h"

namespace tessera::models {

/// A half-open range [begin, end).
struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;

    std::int64_t size() const { return end - begin; }
    bool empty() const { return end <= begin; }
    friend bool operator==(const Range&, const Range&) = default;
};

/// A tensor as a stream: `tokens` positions (particles, pixels, pairs, time steps) that arrive one
/// after another, each with `channels` elements. tokens x channels is the number of elements.
struct StreamShape {
    std::int64_t tokens = 1;
    std::int64_t channels = 1;

    std::int64_t elements() const { return tokens * channels; }
    friend bool operator==(const StreamShape&, const StreamShape&) = default;
};

/// A rectangle of a stream.
struct Region {
    Range tokens;
    Range channels;

    std::int64_t elements() const { return tokens.size() * channels.size(); }
    friend bool operator==(const Region&, const Region&) = default;
};

/// A value that flows through the network: static shape, one producer, any number of consumers.
struct Tensor {
    std::string name;
    std::vector<std::int64_t> shape;  ///< as in the file, batch dimension (1) included
    std::vector<bool> token_axes;     ///< which axes of `shape` count as tokens; the others are channels
    FixedPoint format;                ///< width 0 until the file or the study gives one
    bool format_from_file = false;    ///< the file quantises it

    StreamShape stream() const;
};

/// The kinds of hardware an operator needs; the cost models know these and no others.
enum class OperatorKind {
    input,        ///< network input: no hardware
    output,       ///< network output: no hardware
    wiring,       ///< Reshape, Transpose, Concat, Slice, ...: no hardware
    dense,        ///< constant matrix times each token: MatMul, Gemm, 1x1 Conv
    convolution,  ///< 1D/2D, grouped or depthwise, over neighbouring tokens
    matmul,       ///< product of two activations: attention scores and values
    softmax,
    normalisation,  ///< LayerNormalization and the like: mean and variance over the channels
    scale_shift,    ///< BatchNormalization: per channel x * a + b
    activation,     ///< a function of one value: Relu, Gelu, Sigmoid, Exp, Sqrt, ...
    elementwise,    ///< Add, Sub, Mul, Div, Max, Min, Where, ... of two or more operands
    reduction,      ///< over tokens or channels: ReduceSum, ReduceMean, ...
    pooling,        ///< over a window of tokens
    gather,         ///< embedding tables and neighbour lookup
    scatter,
    top_k,          ///< sorting network: TopK, nearest neighbours
    recurrent,      ///< LSTM, GRU
    quantise,       ///< Quant, BipolarQuant, Trunc, QuantizeLinear, DynamicQuantizeLinear
    tree_ensemble,  ///< conifer
};
const char* name_of(OperatorKind kind);

/// Which part of an operator's input one of its output elements needs, axis by axis.
enum class Access {
    aligned,  ///< output range i of n needs input range i of n (proportional where the sizes differ)
    whole,    ///< every output element needs the whole axis
};

/// One input of an operator: a tensor, and how the operator reads it.
struct Input {
    TensorId tensor;
    Access tokens = Access::aligned;  ///< output token range -> input token range
    Access channels = Access::whole;  ///< output channel range -> input channel range
};

/// What the cost models need to know of the constants of one output channel.
struct ChannelWeights {
    double nonzero = 0;         ///< weights that are not 0 after quantisation
    double signed_digits = 0;   ///< non-zero digits of all weights in canonical signed digit form
    double effective_bits = 0;  ///< sum of the widths after trimming leading and trailing zeros
    double heavy = 0;           ///< weights of three signed digits or more, which a multiplier serves as well as adders
    double heavy_digits = 0;    ///< the digits of those
};

/// The constants of an operator: a matrix of `inputs` x `outputs` (for a convolution `inputs` is
/// kernel elements x input channels of the group).
///
/// `values` holds the real weights, output by output (values[o * inputs + i]); it is empty for a
/// network of the zoo, whose weights are not trained and stand as a distribution instead.
struct Weights {
    std::int64_t inputs = 0;
    std::int64_t outputs = 0;
    std::int64_t count = 0;  ///< parameters, bias included
    std::vector<float> values;
    std::vector<float> bias;
    FixedPoint format;  ///< width 0 until the file or the study gives one
    bool format_from_file = false;
    bool power_of_two_scales = true;       ///< false: a quantised file whose scale needs a multiplier per channel
    double assumed_zero_fraction = 0;      ///< of the zoo: where `values` is empty
    std::vector<ChannelWeights> channels;  ///< by output; one entry for all where it has size 1; filled by apply_precision
};

/// A function of one value for `activation`; "relu" needs no table.
struct Operator {
    OperatorId id{};
    std::string name;  ///< of the node in the file
    std::string type;  ///< as the field calls it: "MatMul", "LayerNormalization", "Gelu"
    OperatorKind kind = OperatorKind::wiring;
    std::vector<Input> inputs;
    std::vector<TensorId> outputs;     ///< one, but for Split, TopK, LSTM and the like
    Weights weights;                   ///< count 0 where there are none
    std::int64_t macs = 0;             ///< multiply-accumulates of one event
    int heads = 1;                     ///< of a matmul or softmax: independent blocks of channels
    std::int64_t contraction = 0;      ///< of a matmul: products summed for one output element; reduction: elements per output
    std::vector<std::int64_t> window;  ///< kernel of a convolution or pooling, in tokens per axis; top_k: {k}
    std::vector<std::int64_t> strides;
    std::int64_t groups = 1;      ///< of a convolution
    std::int64_t trees = 0;       ///< tree_ensemble
    std::int64_t tree_nodes = 0;  ///< inner nodes of all trees
    int tree_depth = 0;
    int row_length = 0;            ///< convolution: tokens in a row of the image (line buffers)
    std::int64_t slice_begin = 0;  ///< wiring of type Slice: where the piece begins on the axis that it cuts
    FixedPoint accumulator;        ///< width 0: derived so that nothing overflows
    double arrival_ns = 0;         ///< input: when its data are there, after the crossing
    StrategyChoice fixed;          ///< what a study fixes of the implementation; empty: the mapper chooses
};

/// A product with a matrix of constants.
inline bool is_matrix(const Operator& op) { return op.kind == OperatorKind::dense || op.kind == OperatorKind::convolution; }

/// An imported model: operators in topological order joined by tensors of static shape.
struct Network {
    std::string name;
    std::string source;               ///< file or zoo entry, with its reference
    std::vector<Tensor> tensors;      ///< by TensorId
    std::vector<Operator> operators;  ///< by OperatorId; topological order
    std::int64_t parameters = 0;
    double clock_mhz = 360.71;            ///< processing clock of the hardware it is costed for: 9 x 40.0789 MHz, or as a study sets it
    std::vector<Assumption> assumptions;  ///< what the importer had to assume

    const Tensor& tensor(TensorId id) const { return tensors[index(id)]; }
    const Operator& op(OperatorId id) const { return operators[index(id)]; }
    /// The stream an operator makes: that of its first output (of its tensor for `output`).
    StreamShape stream(OperatorId id) const;
    std::int64_t macs() const;
    std::map<std::string, std::int64_t> operator_counts() const;  ///< by type; wiring included
};

/// Checks the invariants above: ids match positions, every tensor has one producer that comes
/// before its consumers, shapes are positive, macs and weights agree with the kinds.
/// @throws InputError naming the node.
void verify(const Network& network);

}  // namespace tessera::models
