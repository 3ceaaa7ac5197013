#include <map>
#include <set>

#include "models/precision.h"
#include "tests/models/cost_fixture.h"
#include "tests/models/lowering_fixture.h"
#include "tests/shared_files.h"

/// The real pretrained networks that stand beside the checkout: parameters as published with them, MACs derived by hand.
namespace tessera::tests {

namespace {

struct RealNetwork {
    std::string file;
    models::onnx::Bindings bindings;
    std::int64_t parameters;  ///< as the table beside the files says: elements of all initialisers and Constant nodes
    std::int64_t held;        ///< constants that operators hold in the end
    std::int64_t macs;        ///< derived below
};

/// MACs of a chain of dense layers for one token: 16-64-32 has 16 x 64 + 64 x 32.
std::int64_t chain(const Integers& widths) {
    std::int64_t sum = 0;
    for (std::size_t i = 1; i < widths.size(); ++i) sum += widths[i - 1] * widths[i];
    return sum;
}

/// Three inputs of 64, 48 and 16 tokens through their own embeddings to 128 channels; all 128 x 127 / 2 pairs of
/// tokens through 4-64-64-8; three attention layers of 128 tokens (queries, keys, values, two products, projection,
/// 128-512-128); one layer with a class token (keys and values of 129 tokens; the token's query is a constant,
/// folded); six classes.
std::int64_t particle_transformer() {
    const std::int64_t embedding = 64 * chain({16, 128, 128, 128}) + 48 * chain({8, 128, 128}) + 16 * chain({14, 128, 128, 128});
    const std::int64_t pairs = 128 * 127 / 2 * chain({4, 64, 64, 8});
    const std::int64_t layer = 128 * (4 * 128 * 128 + chain({128, 512, 128})) + 2 * 128 * 128 * 128;
    const std::int64_t classes = 129 * 2 * 128 * 128 + 2 * 129 * 128 + 128 * 128 + chain({128, 512, 128}) + 128 * 6;
    return embedding + pairs + 3 * layer + classes;
}

/// One second at 16 kHz: convolutions of 127 / 64, 7 / 3 and 3 / 2 (kernel / stride) leave 249, 81 and 40 tokens; six
/// layers of 288 channels: four projections, two products of all pairs of tokens, 288-1152-288.
std::int64_t moonshine() {
    const std::int64_t stem = 249 * 127 * 288 + 81 * 7 * 288 * 576 + 40 * 3 * 576 * 288;
    return stem + 6 * (40 * (4 * 288 * 288 + chain({288, 1152, 288})) + 2 * 40 * 40 * 288);
}

/// 60 points (50 + 10); three edge convolutions over 16, 14 and 12 neighbours found by the products of all pairs of
/// positions; a shortcut; the fusion of three blocks; 128-128-96-64-7.
std::int64_t particle_net() {
    const std::int64_t features = 50 * 23 * 48 + 10 * 11 * 48;
    const std::int64_t neighbours = 60 * 60 * (2 + 64 + 64);
    const std::int64_t edges = 60 * 16 * chain({96, 128, 96, 64}) + 60 * (14 + 12) * chain({128, 128, 96, 64});
    return features + neighbours + edges + 60 * 48 * 64 + 60 * 192 * 128 + chain({128, 128, 96, 64, 7});
}

/// 60 tracks of 30 features and 5 vertices of 14: all ordered pairs are made and summed by products with constant
/// incidence matrices, as the file does (receivers and senders of 3540 pairs; tracks and vertices of 300).
std::int64_t interaction_network() {
    const std::int64_t tracks = 2 * 30 * 60 * 3540 + 3540 * chain({60, 60, 30, 20}) + 20 * 3540 * 60;
    const std::int64_t vertices = 30 * 60 * 300 + 14 * 5 * 300 + 300 * chain({44, 60, 30, 20}) + 20 * 300 * 60;
    return tracks + vertices + 60 * chain({70, 60, 30, 24}) + 24 * 2;
}

/// Pointwise layers over 60, 40 and 5 candidates, then a GRU of 50 units each (three gates on 32 inputs and 50 states).
std::int64_t double_x() {
    const std::int64_t pointwise = 60 * chain({8, 32, 32}) + 40 * chain({21, 32, 32}) + 5 * chain({7, 32, 32});
    return pointwise + (60 + 40 + 5) * 3 * 50 * (32 + 50) + chain({155, 100, 2});
}

/// 128 x 128 pixels through kernels of 5, 3, 3 and 3.
std::int64_t espcn() { return 128 * 128 * (25 * 3 * 64 + 9 * 64 * 64 + 9 * 64 * 32 + 9 * 32 * 12); }

/// Depthwise (9 a channel) and pointwise layers in turn over 256 x 256 and 128 x 128 pixels.
std::int64_t branched() {
    const std::int64_t full = 9 * 3 + 3 * 32 + 9 * 32 + 32 * 32 + 9 * 64 + 64 * 32 + 9 * 32 + 32 * 2;
    const std::int64_t half = 9 * 32 + 32 * 32 + 9 * 32 + 32 * 64 + 9 * 64 + 64 * 32;
    return 256 * 256 * full + 128 * 128 * half;
}

/// What operators hold differs from what the file holds. Less: shape constants, scales, zero points and widths are folded
/// away (the Particle Transformer also folds its class token's query, 128 x 128 weights and more). More: a table that two
/// operators read is held by each (Moonshine's rotary positions).
const std::vector<RealNetwork>& real_models() {
    static const std::vector<RealNetwork> models = {
        {"cms_DeepDoubleX_BvL", {}, 57996, 57990, double_x()},
        {"cms_HLT_ParticleNetAK4", {{"n_pf", 50}, {"n_sv", 10}}, 166561, 166483, particle_net()},
        {"cms_higgsInteractionNet", {}, 692889, 692844, interaction_network()},
        {"cms_particletransformer_AK4",
         {{"n_input_1", 64}, {"n_input_2", 48}, {"n_input_3", 16}, {"n_input_4", 64}, {"n_input_5", 48}, {"n_input_6", 16}},
         896134,
         879049,
         particle_transformer()},
        {"em_branched_model_ch_last", {}, 11027, 10909, branched()},
        {"em_conv2d_small_keras", {}, 1310, 1310, 64 * 9 * 2 + 128 * 10},
        {"em_three_layer_keras", {}, 4389, 4389, chain({16, 64, 32, 32, 5})},
        {"moonshine_tiny_encoder_q8", {{"num_samples", 16000}}, 7681372, 7712018, moonshine()},
        {"qonnx_espcn_subpixel_quant", {}, 64533, 64352, espcn()},
        {"qonnx_sdp", {}, 30, 1, 2 * 64 * 64 * 128},
        {"qzoo_TFC_2W2A", {}, 59809, 59782, chain({784, 64, 64, 64, 10})},
        {"qzoo_kwsmlp_w3a3", {}, 263445, 262656, chain({490, 256, 256, 256, 12})},
        {"qzoo_qkeras_jettagging", {}, 4422, 4389, chain({16, 64, 32, 32, 5})},
    };
    return models;
}

std::optional<Network> import_real(const std::string& name) {
    for (const auto& model : real_models()) {
        if (model.file != name) continue;
        const auto file = shared_file("models/" + name + ".onnx");
        return file ? std::optional(models::import_onnx(*file, model.bindings)) : std::nullopt;
    }
    FAIL("no such model: " << name);
    return std::nullopt;
}

/// Constants by the width that the file gives them, and quantised tensors likewise.
struct Widths {
    std::map<int, std::int64_t> weights;
    std::map<int, int> activations;
};

Widths widths_of(const Network& network) {
    Widths widths;
    for (const auto& op : network.operators) {
        if (op.weights.format_from_file) widths.weights[op.weights.format.width] += op.weights.inputs * op.weights.outputs;
    }
    for (const auto& tensor : network.tensors) {
        if (tensor.format_from_file) ++widths.activations[tensor.format.width];
    }
    return widths;
}

models::Precision eight_bits() {
    models::PrecisionRule rule;
    rule.weight_bits = 8;
    rule.activation_bits = 8;
    return {.rules = {rule}};
}

}  // namespace

TEST_CASE("real networks: parameters as published, MACs as derived by hand") {
    for (const auto& model : real_models()) {
        INFO(model.file);
        const auto network = import_real(model.file);
        if (!network) continue;
        std::int64_t held = 0;
        for (const auto& op : network->operators) held += op.weights.count;
        CHECK(network->parameters == model.parameters);
        CHECK(network->macs() == model.macs);
        CHECK(held == model.held);
    }
}

TEST_CASE("quantised files keep their widths") {
    if (const auto network = import_real("qzoo_TFC_2W2A")) {
        const auto widths = widths_of(*network);
        CHECK(widths.weights == std::map<int, std::int64_t>{{2, 784 * 64 + 2 * 64 * 64 + 640}});
        CHECK(widths.activations == std::map<int, int>{{2, 4}});
    }
    if (const auto network = import_real("qzoo_kwsmlp_w3a3")) {
        const auto widths = widths_of(*network);
        CHECK(widths.weights == std::map<int, std::int64_t>{{3, 259584}});
        CHECK(widths.activations == std::map<int, int>{{3, 3}, {8, 1}});  // the input comes with eight bits
    }
    if (const auto network = import_real("qzoo_qkeras_jettagging")) {
        const auto widths = widths_of(*network);
        CHECK(widths.weights == std::map<int, std::int64_t>{{6, 4256}});
        CHECK(widths.activations == std::map<int, int>{{6, 3}});
    }
    if (const auto network = import_real("qonnx_espcn_subpixel_quant")) {
        const auto widths = widths_of(*network);
        CHECK(widths.weights == std::map<int, std::int64_t>{{4, 55296}, {8, 4800 + 3456}});
        CHECK(widths.activations == std::map<int, int>{{4, 3}, {8, 1}});
    }
    if (const auto network = import_real("em_branched_model_ch_last")) {
        const auto widths = widths_of(*network);
        CHECK(widths.weights == std::map<int, std::int64_t>{{4, 10683}});
        CHECK(widths.activations == std::map<int, int>{{4, 17}});
    }
    if (const auto network = import_real("moonshine_tiny_encoder_q8")) {
        const auto widths = widths_of(*network);
        // Stored in 8 bits; their zero points are not in the middle, so that the differences have a bit more.
        CHECK(widths.weights == std::map<int, std::int64_t>{{9, 7667424}});
        CHECK(widths.activations == std::map<int, int>{{8, 24}});
    }
}

TEST_CASE("real networks can be quantised, and each piece of hardware costs something") {
    for (const auto& model : real_models()) {
        INFO(model.file);
        auto network = import_real(model.file);
        if (!network) continue;
        models::apply_precision(*network, eight_bits());
        double ebops = 0;
        for (const auto& op : network->operators) ebops += models::effective_bit_operations(*network, op);
        CHECK(ebops > 0);
        for (const auto& op : network->operators) {
            const bool free = op.kind == OperatorKind::input || op.kind == OperatorKind::output || op.kind == OperatorKind::wiring;
            if (free) continue;
            INFO(op.name);
            const auto candidates = cost(*network, op, 1, 1 << 20);
            REQUIRE_FALSE(candidates.empty());
            for (const auto& candidate : candidates)
                CHECK(candidate.resources.lut + candidate.resources.dsp + candidate.resources.bram36 > 0);
        }
    }
}

TEST_CASE("conifer ensembles: trees, nodes and leaves as the files list them") {
    struct Ensemble {
        std::string file;
        std::int64_t trees;
        std::int64_t nodes;  ///< that compare: the second file pads its trees with others to full depth
        int depth;           ///< of the trees as they are: the first file's max_depth of 6 is not theirs
    };
    for (const auto& ensemble :
         {Ensemble{"conifer_L1EG_compositeID_EB_v1", 14, 1038, 15}, Ensemble{"conifer_L1_TrackQuality_GBDT", 60, 394, 3}}) {
        INFO(ensemble.file);
        const auto file = shared_file("models/" + ensemble.file + ".json");
        if (!file) continue;
        const auto network = models::import_conifer(*file);
        const auto& op = only(network, OperatorKind::tree_ensemble);
        CHECK(op.trees == ensemble.trees);
        CHECK(op.tree_nodes == ensemble.nodes);
        CHECK(op.tree_depth == ensemble.depth);
        // A binary tree has a leaf more than inner nodes.
        CHECK(network.parameters == 2 * ensemble.nodes + ensemble.trees);
    }
}

}  // namespace tessera::tests
