# The firmware half of amtkeeper-sim: included by CMakeLists.txt beside it,
# which makes a static library "simfirmware" of these files.
set(firmware_sources
  soap.c fault.c firmware.c
  fw_xml.c fw_text.c fw_schema.c fw_header.c fw_operation.c fw_enumeration.c
  fw_option.c fw_clock.c fw_account.c fw_keypool.c fw_store.c fw_der.c
  fw_cert.c fw_krbkey.c
  class_table.c class_time.c class_general.c class_ethernet.c class_store.c
  class_keys.c class_tls.c class_setup.c class_acl.c class_kerberos.c
  class_cim.c class_misc.c)
