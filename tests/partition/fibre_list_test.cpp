#include "partition/fibre_list.h"

#include <doctest/doctest.h>

using namespace tessera;
using namespace tessera::partition;

TEST_CASE("a technician finds every fibre once, and every port taken once") {
    Mapping mapping;
    mapping.tmux_period_bx = 2;
    mapping.boards = {0, 0};
    const BoardId first{0}, second{1};
    mapping.links = {
        {kOutside, first, 1, 0, 0, 0}, {first, second, 2, 5, 36, 0}, {first, second, 1, 5, 36, 0}, {second, kOutside, 1, 0, 0, 0}};
    CHECK(fibre_list_csv(mapping) ==
          "fibre,time_node,link,lane,from_board,from_port,to_board,to_port,length_m\n"
          "0,0,0,0,outside,,0,0,0\n"
          "1,0,1,0,0,0,1,0,5\n"
          "2,0,1,1,0,1,1,1,5\n"
          "3,0,2,0,0,2,1,2,5\n"
          "4,0,3,0,1,0,outside,,0\n"
          "5,1,0,0,outside,,0,0,0\n"
          "6,1,1,0,0,0,1,0,5\n"
          "7,1,1,1,0,1,1,1,5\n"
          "8,1,2,0,0,2,1,2,5\n"
          "9,1,3,0,1,0,outside,,0\n");
}
