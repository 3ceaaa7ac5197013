#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "models/network.h"
#include "models/zoo_blocks.h"

namespace tessera::models {

/// One entry of a study's `"compression"`: an autoencoder that may stand between what makes a tensor and what reads it, so that
/// fewer bits cross the links between boards. Both halves work on each token alone.
struct Compression {
    std::string tensor;  ///< name pattern of the operator that makes it
    zoo::DenseStack encoder;
    zoo::DenseStack decoder;  ///< its last layer has as many channels as the tensor
    std::string file;         ///< where the entry stands, for messages
    std::string path;
};

/// Reads `[{"tensor": "features", "encoder": {"layers": [32, 8]}, "decoder": {"layers": [32, 64]}}, ...]`; encoder and decoder are
/// as the block "dense_stack" of the zoo. @throws InputError
std::vector<Compression> read_compressions(const JsonReader& list);

/// The network with the autoencoder in the way of the tensor: operators `MAKER.encoder.*` and `MAKER.decoder.*` behind its maker, and
/// all that read the tensor read what the decoder makes. Neither half is trained: a distribution stands for their weights, as in
/// the zoo, and an assumption says so.
/// @throws InputError where the pattern matches no operator or several, and where the decoder makes another number of channels
Network compressed(const Network& network, const Compression& compression);

}  // namespace tessera::models
