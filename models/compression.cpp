#include "models/compression.h"

#include <fmt/format.h>

#include "core/error.h"
#include "models/append.h"
#include "models/network_builder.h"
#include "models/operator_pattern.h"

namespace tessera::models {

namespace {

zoo::DenseStack read_coder(const JsonReader& reader) {
    auto stack = zoo::read_dense_stack(reader);
    reader.done();
    return stack;
}

const Operator& maker_of(const Network& network, const Compression& compression) {
    const Operator* maker = nullptr;
    std::string matching;
    for (const Operator& op : network.operators) {
        if (op.outputs.empty() || !matches(compression.tensor, op)) continue;
        maker = &op;
        matching += (matching.empty() ? "" : ", ") + op.name;
    }
    if (maker == nullptr || maker->name != matching)
        throw InputError(
            compression.file, compression.path + "/tensor",
            fmt::format("\"{}\" matches {} of {}", compression.tensor, maker == nullptr ? "no operator" : matching, network.name),
            "the name of one operator");
    return *maker;
}

/// Encoder and decoder by themselves, from "tensor" to "decoded".
Network autoencoder(const Compression& compression, const std::string& maker, StreamShape stream) {
    NetworkBuilder network("autoencoder of " + maker, compression.file);
    const TensorId code = zoo::add_dense_stack(network, "encoder", network.input("tensor", stream), compression.encoder);
    const TensorId decoded = zoo::add_dense_stack(network, "decoder", code, compression.decoder);
    network.output("decoded", decoded);
    if (network.stream(decoded).channels != stream.channels)
        throw InputError(compression.file, compression.path + "/decoder",
                         fmt::format("{} channels at its end", network.stream(decoded).channels),
                         fmt::format("{}, those of {}", stream.channels, maker));
    Network built = network.build();
    built.assumptions.push_back(
        {"weights of the " + built.name, "not trained: normal distribution, four standard deviations fill the format", "assumed"});
    return built;
}

}  // namespace

std::vector<Compression> read_compressions(const JsonReader& list) {
    std::vector<Compression> all;
    for (const auto& item : list.items()) {
        all.push_back({item.at("tensor").text(), read_coder(item.at("encoder")), read_coder(item.at("decoder")), item.file(), item.path()});
        item.done();
    }
    return all;
}

Network compressed(const Network& network, const Compression& compression) {
    const Operator& maker = maker_of(network, compression);
    const TensorId tensor = maker.outputs.front();
    Network made = network;
    made.operators.clear();
    TensorId readable = tensor;  // what stands for the tensor to those that read it
    for (const Operator& op : network.operators) {
        Operator& kept = made.operators.emplace_back(op);
        kept.id = id_at<OperatorId>(made.operators.size() - 1);
        for (Input& input : kept.inputs)
            if (input.tensor == tensor) input.tensor = readable;
        if (op.id != maker.id) continue;
        const auto pair = autoencoder(compression, maker.name, network.tensor(tensor).stream());
        readable = append(made, pair, maker.name + ".", {{"tensor", tensor}}).at("decoded");
    }
    verify(made);
    return made;
}

}  // namespace tessera::models
