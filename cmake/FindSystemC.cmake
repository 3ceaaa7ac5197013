# SystemC::systemc from Debian's libsystemc-dev, which ships pkg-config files but no CMake package.
# The library was built as C++17; C++20 code links with it only under SC_CPLUSPLUS=201703L.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMC REQUIRED IMPORTED_TARGET systemc>=2.3.4 tlm)
if(NOT TARGET SystemC::systemc)
    add_library(SystemC::systemc INTERFACE IMPORTED)
    target_link_libraries(SystemC::systemc INTERFACE PkgConfig::SYSTEMC)
    target_compile_definitions(SystemC::systemc INTERFACE SC_CPLUSPLUS=201703L)
endif()
set(SystemC_FOUND TRUE)
