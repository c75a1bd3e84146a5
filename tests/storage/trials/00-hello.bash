try_hello() {
  on a 'df /run/shared/*; hostname; cat /proc/sys/kernel/random/boot_id; ps ax; echo hi > /run/shared/replica/x; psl-admin --version'
  on b 'hostname;cat /proc/sys/kernel/random/boot_id; cat /run/shared/replica/x; ip a; /usr/bin/python3 $HERE/lib/reach.py 192.0.2.10 7000 hostname'
}
