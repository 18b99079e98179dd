# Warnings are errors with both compilers; -D AMTKEEPER_WERROR=OFF for
# compilers we have not met.
option(AMTKEEPER_WERROR "Treat warnings as errors" ON)

add_library(warnings INTERFACE)
target_compile_definitions(warnings INTERFACE _GNU_SOURCE)
if(AMTKEEPER_FAULTS)
  target_compile_definitions(warnings INTERFACE AMTKEEPER_FAULTS)
endif()
target_compile_options(warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes
  -Wold-style-definition -Wmissing-prototypes -Wmissing-declarations
  -Wredundant-decls -Wnested-externs -Wwrite-strings -Wpointer-arith
  -Wcast-qual -Wcast-align -Wconversion -Wsign-conversion -Wformat=2 -Wundef
  -Wvla -Wfloat-equal -Wdouble-promotion -Wnull-dereference
  -Wimplicit-fallthrough -Wswitch-enum -Wunused-macros -Wbad-function-cast
  -Wdeclaration-after-statement)
if(AMTKEEPER_WERROR)
  target_compile_options(warnings INTERFACE -Werror)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
  target_compile_options(warnings INTERFACE
    -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wjump-misses-init
    -Wtrampolines -Wformat-signedness -Wformat-overflow=2
    -Wformat-truncation=2 -Walloc-zero -Warith-conversion -Wshift-overflow=2
    -Wstringop-overflow=4 -Wunused-const-variable=2)
elseif(CMAKE_C_COMPILER_ID MATCHES Clang)
  target_compile_options(warnings INTERFACE
    -Wcomma -Wassign-enum -Wconditional-uninitialized -Wshorten-64-to-32
    -Wextra-semi-stmt -Wmissing-variable-declarations -Wloop-analysis
    -Wthread-safety -Wcast-function-type)
endif()

# Asserts stay in releases: with a journal a crash is cheap, a wrong step is not.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")

# Release hardening, after Debian's own flags.
if(CMAKE_BUILD_TYPE STREQUAL Release OR CMAKE_BUILD_TYPE STREQUAL RelWithDebInfo)
  target_compile_options(warnings INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
    -fstack-clash-protection -fcf-protection=full -fno-strict-overflow)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
