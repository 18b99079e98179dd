# What we issue before those who are to believe it, each in a network namespace
# of its own: judges that share no code with us, and a RADIUS server.
if(TARGET amtkeeper)
  foreach(name issued radius)
    add_test(NAME integration_${name}
      COMMAND ${alone} /usr/bin/python3
        ${CMAKE_CURRENT_LIST_DIR}/pki/${name}.py
        $<TARGET_FILE:amtkeeper>)
    set_tests_properties(integration_${name} PROPERTIES TIMEOUT 900
      LABELS integration COST 15 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
  endforeach()
endif()
