#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "boards/board.h"
#include "core/json.h"

namespace tessera::boards {

/// All devices and boards of the catalogue folder (`boards/catalogue/{devices,boards}/*.json`), sorted by name.
struct Catalogue {
    std::vector<Device> devices;
    std::vector<Board> boards;

    /// @throws InputError at `where`, naming what there is, when there is no such board.
    const Board& board(const std::string& name, const JsonReader& where) const;
};

/// Reads the catalogue that ships with Tessera. @throws InputError where a file is malformed or a
/// number stands without its source.
Catalogue load_catalogue();

/// The same from another folder that holds `devices` and `boards`.
Catalogue read_catalogue(const std::filesystem::path& folder);

/// A board as a study writes it: a name of the catalogue, or an object
/// `{"type": NAME, "usable": 0.7 | {"lut": ..}, "ports": 124}` that changes a part of it.
Board read_board(const JsonReader& reader, const Catalogue& catalogue);

/// Several types of board, each as an object with how many `"boards"` of it there are. Each type stands once.
Stock read_stock(const JsonReader& list, const Catalogue& catalogue);

}  // namespace tessera::boards
