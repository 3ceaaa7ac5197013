# What every target of the project shares, and two functions that make one from the files of its folder.

find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(tessera_flags INTERFACE)
target_compile_features(tessera_flags INTERFACE cxx_std_20)
target_compile_options(tessera_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
target_include_directories(tessera_flags INTERFACE ${CMAKE_SOURCE_DIR})
# GCC 12 sees an overlap in inlined std::string operators where there is none (GCC bug 105651).
target_compile_options(tessera_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(TESSERA_WARNINGS_AS_ERRORS)
    target_compile_options(tessera_flags INTERFACE -Werror)
endif()
if(TESSERA_SANITIZE)
    target_compile_options(tessera_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(tessera_flags INTERFACE -fsanitize=address,undefined)
endif()
if(TESSERA_FUZZ)
    target_compile_options(tessera_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Most of a build is headers read again: with CMAKE_UNITY_BUILD, six files of a folder are compiled as one.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 6)

# tessera_library(NAME [LIBRARIES...]): a static library of all sources in this folder and below.
function(tessera_library name)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC tessera_flags ${ARGN})
endfunction()

# tessera_test(FOLDER LIBRARIES...): tests/FOLDER/*.cpp as the doctest program and ctest test FOLDER.
function(tessera_test folder)
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_executable(test_${folder} doctest_main.cpp ${sources})
    set_source_files_properties(doctest_main.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    target_link_libraries(test_${folder} PRIVATE doctest::doctest tessera_flags ${ARGN})
    target_compile_options(test_${folder} PRIVATE $<$<CONFIG:Release>:-O0>)  # what they test is optimised; compiling them is half of a build
    target_compile_definitions(test_${folder} PRIVATE TESSERA_SHARED_DIR="${TESSERA_SHARED_DIR}")
    add_test(NAME ${folder} COMMAND test_${folder} --test-suite-exclude=full_size WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

# tessera_npm(TARGET FOR): the packages that this folder's package-lock.json fixes to the byte, fetched by the build into node_modules of the
# build's folder. Without npm, or without its registry, the build goes on and says what it is without them.
function(tessera_npm target for)
    find_program(NPM npm)
    if(NOT NPM)
        message(WARNING "npm is missing (Debian package npm): ${for}")
        return()
    endif()
    set(stamp ${CMAKE_CURRENT_BINARY_DIR}/npm_fetched)
    add_custom_command(
        OUTPUT ${stamp}
        DEPENDS package.json package-lock.json
        COMMAND ${CMAKE_COMMAND} -E copy package.json package-lock.json ${CMAKE_CURRENT_BINARY_DIR}
        COMMAND ${NPM} ci --prefix ${CMAKE_CURRENT_BINARY_DIR} --silent --ignore-scripts --no-audit --no-fund
                && ${CMAKE_COMMAND} -E touch ${stamp}
                || echo "npm cannot fetch its packages: ${for} until a build can"
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
        COMMENT "Fetching npm packages: ${target}"
        VERBATIM)
    add_custom_target(${target} ALL DEPENDS ${stamp})
endfunction()
